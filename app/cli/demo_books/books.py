"""Fourteen months of books of one firm, made by a seeded generator through the product itself."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from app.accounting import commands, queries
from app.accounting.bank import commands as bank_commands
from app.accounting.bank import intake as bank_import
from app.accounting.bank import queries as bank_queries
from app.accounting.bank.commands import AccountCoding
from app.accounting.bank.queries import LineFilter
from app.accounting.close import commands as close_commands
from app.accounting.contacts import commands as contacts_commands
from app.accounting.ledger import EntryDraft, PostingInput
from app.cli.demo_books import packs, statements, takings
from app.cli.demo_books.firms import Bank, Firm
from app.cli.demo_books.statements import Payment
from app.kernel import db, registry
from app.kernel.registry import ReportDefinition
from app.kernel.scope import Scope
from app.reports import commands as report_commands
from app.reports.period import month_end, months_before

MONTHS = 14
INSURANCE = 16_800
LEFT_DAYS = 12  # of the present: what nobody has booked yet
CLOSED_MONTHS_AGO = 3
PUBLISHED_MONTHS = 3
ASKED_EVERY = 61  # one line in so many stays open in past months, as in life
OPEN_DAYS = 60  # older months are closed: nothing is left to ask there

LONG_CLOSED = "Closed before these books came here"


@dataclass(slots=True)
class Maker:
    """One firm's books in the making: by whom, up to which day, with which dice."""

    firm: Firm
    scope: Scope
    today: date
    dice: random.Random
    accounts: dict[str, UUID] = field(default_factory=dict)
    customers: dict[str, UUID] = field(default_factory=dict)
    owed: list[tuple[date, str, int]] = field(default_factory=list)
    balances: dict[str, int] = field(default_factory=dict)

    def open(self) -> AbstractContextManager[object]:
        """A transaction of the accountant in this client."""
        return db.transaction(self.scope)


def fill(firm: Firm, scope: Scope, *, bookkeeper: Scope, today: date) -> None:
    """Makes opening balances, entries, statements, bookings, closed months and reports.

    The bookkeeper hands old months in; whose scope it is closes them, as a second person.
    """
    dice = random.Random(f"brightwater {firm.slug}")  # noqa: S311  # invented data, no secret
    maker = Maker(firm, scope, today, dice)
    first = months_before(today, MONTHS - 1)
    with maker.open():
        banks = _prepare(maker, first)
    for back in range(MONTHS - 1, -1, -1):
        _month(maker, banks, months_before(today, back), number=MONTHS - back)
    with db.transaction(bookkeeper):
        over = _over(today)
        for period_id in over:
            commands.review_period(period_id=period_id)
    for period_id in over:
        with maker.open():  # a month is closed over the count of its own transaction
            close_commands.close(
                period_id=period_id, override="Closed before these books came here"
            )
    with maker.open():
        _publish(maker)


def _prepare(maker: Maker, first: date) -> dict[str, UUID]:
    """Accounts by code, customers, bank accounts with their opening balances, rates."""
    maker.accounts = {one.code: one.id for one in queries.accounts()}
    for name in maker.firm.customers:
        maker.customers[name] = contacts_commands.create(name=name, kind="customer", terms_days=14)
    _rates(maker, first)
    found = {}
    for bank in maker.firm.banks:
        found[bank.number] = bank_commands.create_bank_account(
            number=bank.number,
            name=bank.name,
            currency=bank.currency,
            account_id=maker.accounts[bank.code],
        )
        _opening(maker, bank, first)
    _owned(maker, first)
    return found


def _owned(maker: Maker, first: date) -> None:
    """What the firm has besides money: equipment, and insurance paid ahead."""
    ledger, accounts, base = maker.firm.ledger, maker.accounts, queries.book().base_currency
    for name, amount in (("asset", 2_475_000), ("prepaid", MONTHS * INSURANCE)):
        commands.post_entry(
            journal="OPEN",
            date=first,
            description="Opening balance",
            postings=[
                PostingInput(accounts[ledger[name]], amount, base),
                PostingInput(accounts[ledger["opening"]], -amount, base),
            ],
            key=f"demo-opening:{name}",
        )


def _rates(maker: Maker, first: date) -> None:
    """A rate for each month that wanders a little, in the firms that need one."""
    if maker.firm.rate is None:
        return
    day = first
    while day <= maker.today:
        wander = Decimal(maker.dice.randint(-180, 180)) / 10_000
        bank_commands.set_rate(currency="USD", on=day, rate=maker.firm.rate + wander)
        day = month_end(day) + timedelta(days=1)


def _opening(maker: Maker, bank: Bank, first: date) -> None:
    base = None
    if maker.firm.rate is not None and bank.currency == "USD":
        base = int((Decimal(bank.opening) * maker.firm.rate).to_integral_value())
    other = None if base is None else -base
    opening = maker.accounts[maker.firm.ledger["opening"]]
    commands.post_entry(
        journal="OPEN",
        date=first,
        description=f"Opening balance of {bank.name}",
        postings=[
            PostingInput(maker.accounts[bank.code], bank.opening, bank.currency, base),
            PostingInput(opening, -bank.opening, bank.currency, other),
        ],
        key=f"demo-opening:{bank.number}",
    )


def _month(maker: Maker, banks: dict[str, UUID], first: date, *, number: int) -> None:
    """One month: invoices and accruals, each bank's statement, and its booking."""
    last = min(month_end(first), maker.today)
    with maker.open():
        commands.post_many(drafts=list(_entries(maker, first, last)))
        if last == maker.today and takings.has(maker.firm):
            bank = maker.firm.banks[0]
            commands.post_many(drafts=list(takings.drafts(maker.firm, bank, maker.today)))
    for bank in maker.firm.banks:
        payments = _payments(maker, bank, first, last)
        with maker.open():
            opening = maker.balances.setdefault(bank.number, bank.opening)
            data = statements.write(bank, number, opening, payments, last)
            ending = "sta" if bank.format == "mt940" else "xml"
            bank_import.upload_statement(data=data, name=f"{bank.name} {first:%Y-%m}.{ending}")
        maker.balances[bank.number] = opening + sum(one.amount for one in payments)
        _book(maker, banks[bank.number], payments)


def _entries(maker: Maker, first: date, last: date) -> Iterator[EntryDraft]:
    """What is posted without the bank: depreciation, insurance of the month, invoices."""
    ledger, accounts = maker.firm.ledger, maker.accounts
    base = queries.book().base_currency
    for name, debit, credit, amount in (
        ("Depreciation of the month", "depreciation", "accumulated", 41_250),
        ("Insurance of the month", "insurance", "prepaid", INSURANCE),
    ):
        yield EntryDraft(
            journal="GEN",
            date=last,
            description=name,
            postings=(
                PostingInput(accounts[ledger[debit]], amount, base),
                PostingInput(accounts[ledger[credit]], -amount, base),
            ),
            key=f"demo:{first:%Y-%m}:{debit}",
        )
    if not maker.customers:
        return
    for count in range(7):
        day = first + timedelta(days=maker.dice.randint(0, (last - first).days))
        name = maker.dice.choice(maker.firm.customers)
        amount = maker.dice.randint(*maker.firm.invoices)
        maker.owed.append((day + timedelta(days=maker.dice.randint(9, 34)), name, amount))
        yield EntryDraft(
            journal="GEN",
            date=day,
            description=f"Invoice {first:%y%m}{count + 1:02d} to {name}",
            postings=(
                PostingInput(
                    accounts[ledger["receivable"]],
                    amount,
                    base,
                    counterparty_id=maker.customers[name],
                ),
                PostingInput(accounts[ledger["sales"]], -amount, base),
            ),
            key=f"demo:{first:%Y-%m}:invoice:{count}",
        )


def _payments(maker: Maker, bank: Bank, first: date, last: date) -> list[Payment]:
    """The lines of a month, by day."""
    found: list[Payment] = []
    days = (month_end(first) - first).days
    for habit in bank.habits:
        for _ in range(habit.times):
            offset = habit.day - 1 if habit.day else maker.dice.randint(0, days)
            day = first + timedelta(days=min(offset, days))
            amount = maker.dice.randint(habit.low, habit.high)
            if day <= last:
                found.append(_payment(maker, day, amount, habit.payee, habit.text, habit.code))
    if bank is maker.firm.banks[0]:
        found += _receipts(maker, last)
        if last == maker.today and takings.has(maker.firm):
            found += takings.payments(first, last)
    found.sort(key=lambda one: (one.on, one.reference))
    return found


def _payment(
    maker: Maker, day: date, amount: int, payee: str, text: str, code: str, customer: str = ""
) -> Payment:
    reference = f"R{maker.dice.randint(10**9, 10**10 - 1)}"
    return Payment(day, amount, payee, text, code, reference, customer)


def _receipts(maker: Maker, last: date) -> list[Payment]:
    """What customers pay of their invoices by the end of this month."""
    due = [one for one in maker.owed if one[0] <= last]
    maker.owed = [one for one in maker.owed if one[0] > last]
    code = maker.firm.ledger.get("receivable", "")
    return [
        _payment(maker, max(day, last.replace(day=1)), amount, name, "Invoice paid", code, name)
        for day, name, amount in due
    ]


def _book(maker: Maker, bank_account_id: UUID, payments: list[Payment]) -> None:
    """Books what a clerk would have booked by now, a line at a time, as a person does."""
    wanted = {one.reference: one for one in payments}
    with maker.open():
        asked = LineFilter(state="to_do", bank_account_id=bank_account_id)
        for line in bank_queries.lines(asked, limit=200).rows:
            found = wanted.get(line.reference or "") or wanted.get(line.bank_id or "")
            age = (maker.today - line.booked_on).days
            if found is None or age < LEFT_DAYS:
                continue
            if age < OPEN_DAYS and maker.dice.randrange(ASKED_EVERY) == 0:
                continue
            bank_commands.book_line(
                line_id=line.id,
                version=line.version,
                coding=AccountCoding(
                    account_id=maker.accounts[found.code],
                    counterparty_id=maker.customers.get(found.customer),
                ),
            )


def _over(today: date) -> list[int]:
    """The months that are long over, oldest first, and not closed."""
    edge = months_before(today, CLOSED_MONTHS_AGO)
    found = [one for one in queries.periods() if one.ends < edge and one.state != "closed"]
    return sorted(one.id for one in found)


def _publish(maker: Maker) -> None:
    """Publishes what the client reads."""
    definition = next(
        one for one in registry.current().all(ReportDefinition) if one.key == "profit-and-loss"
    )
    for back in range(PUBLISHED_MONTHS, PUBLISHED_MONTHS - 1, -1):
        first = months_before(maker.today, back)
        report = definition.build(first, month_end(first), "previous")
        report_commands.publish_report(report, line="accounting", note=_note(maker, first))
    packs.publish(
        firm=maker.firm.name,
        ledger=maker.firm.ledger,
        accounts=maker.accounts,
        today=maker.today,
    )


def _note(maker: Maker, month: date) -> str:
    return (
        f"The books of {month:%B %Y} are complete but for the lines we ask you about. "
        f"Call us when a figure surprises you. {maker.firm.name} is in good shape."
    )
