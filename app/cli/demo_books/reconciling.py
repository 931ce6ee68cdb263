"""Reconciling in the demo: bank rules, a payment that cites a bill, a line set aside, a note."""

from __future__ import annotations

from app.accounting import queries
from app.accounting.bank import queries as bank_queries
from app.accounting.bank.queries import LineFilter
from app.accounting.reconcile import commands as reconcile_commands
from app.accounting.rules import commands as rule_commands
from app.accounting.rules.commands import RuleInput
from app.cli.demo_books.firms import Firm
from app.kernel import db
from app.kernel.scope import Scope
from app.tasks import notes

RULES = 4
NOTED = "Same supplier as in spring? The name is spelled another way."


def fill(firm: Firm, staff: Scope) -> None:
    """Makes rules of the firm's habits, archives one, and leaves a line skipped and one noted."""
    with db.transaction(staff):
        _rules(firm)
    with db.transaction(staff):
        _lines()


def _rules(firm: Firm) -> None:
    accounts = {one.code: one.id for one in queries.accounts()}
    habits = [habit for bank in firm.banks for habit in bank.habits if habit.times <= 1]
    made = []
    for habit in habits[: RULES + 1]:
        if habit.code not in accounts:
            continue
        made.append(
            rule_commands.create_rule(
                RuleInput(
                    name=habit.payee,
                    account_id=accounts[habit.code],
                    direction="in" if habit.low > 0 else "out",
                    party_pattern=habit.payee.lower(),
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
