"""Reconciling in the demo: bank rules, a line set aside, a note, pending lines and one's coding."""

from __future__ import annotations

from datetime import date

from app.accounting import queries
from app.accounting.bank import intake
from app.accounting.bank import queries as bank_queries
from app.accounting.bank.queries import LineFilter
from app.accounting.coding import Coding, Part
from app.accounting.reconcile import commands as reconcile_commands
from app.accounting.reconcile import keeping
from app.accounting.rules import commands as rule_commands
from app.accounting.rules.commands import RuleInput
from app.cli.demo_books import statements
from app.cli.demo_books.firms import Bank, Firm
from app.cli.demo_books.statements import Payment
from app.kernel import db
from app.kernel.scope import Scope
from app.tasks import notes

RULES = 4
NOTED = "Same supplier as in spring? The name is spelled another way."


def fill(firm: Firm, staff: Scope, *, today: date) -> None:
    """Makes rules of the firm's habits, archives one, leaves a line skipped, noted and pending."""
    with db.transaction(staff):
        _rules(firm)
    with db.transaction(staff):
        _lines()
    bank = next((one for one in firm.banks if one.format == "camt"), None)
    if bank is not None:
        with db.transaction(staff):
            _pending(bank, today)


def _pending(bank: Bank, today: date) -> None:
    """Two payments the bank has announced; one is coded already, for when it is booked."""
    habit = next(one for one in bank.habits if one.low < 0)
    payments = (
        Payment(today, habit.low - 1_337, habit.payee, f"{habit.text}, card", habit.code, "A1"),
        Payment(today, -4_620, "Harbour Parking", "Card payment", habit.code, "A2"),
    )
    data = statements.announced(bank, 900, payments)
    intake.upload_statement(data=data, name=f"today-{bank.number}.xml")
    account = next(one.id for one in queries.accounts() if one.code == habit.code)
    wanted = LineFilter(amount_minor=payments[0].amount)
    line = next(one for one in bank_queries.lines(wanted).rows if one.status == "pending")
    parts = Coding((Part(account, -line.amount_minor, line.currency, memo="Fair in May"),))
    keeping.keep(line_id=line.id, version=line.version, parts=parts)


def _rules(firm: Firm) -> None:
    accounts = {one.code: one.id for one in queries.accounts()}
    habits = [(bank, habit) for bank in firm.banks for habit in bank.habits if habit.times <= 1]
    made = []
    for bank, habit in habits[: RULES + 1]:
        # other formats name no party: the payee stands in the bank's text
        named = bank.format == "camt"
        if habit.code not in accounts:
            continue
        made.append(
            rule_commands.create_rule(
                RuleInput(
                    name=habit.payee,
                    account_id=accounts[habit.code],
                    direction="in" if habit.low > 0 else "out",
                    party_pattern=habit.payee.lower() if named else None,
                    text_pattern=None if named else habit.payee.lower(),
                )
            )
        )
    if len(made) > RULES:
        rule_commands.archive_rule(rule_id=made[-1], version=1)


def _lines() -> None:
    found = bank_queries.lines(LineFilter(state="to_do"), limit=20).rows
    if len(found) < 4:
        return
    skipped, noted = found[-1], found[1]
    reconcile_commands.skip(
        line_id=skipped.id, version=skipped.version, why="Waits for the corrected invoice"
    )
    notes.write(
        line="accounting",
        subject_type="bank_transaction",
        subject_key=str(noted.id),
        text=NOTED,
        audience="team",
    )
