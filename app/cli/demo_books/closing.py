"""The demo's months on their way to the close: own steps, owners, reviews, reasons; and the files
of another package that one firm moved in with."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from app.accounting.close import commands as close_commands
from app.accounting.close import jobs as close_jobs
from app.accounting.close import queries as close_queries
from app.accounting.moving import commands as moving_commands
from app.cli.demo_books.firms import Firm
from app.kernel import db
from app.kernel.scope import Scope
from app.reports.period import months_before

STEPS = {
    "harbour-lane": ("Till rolls of the month are in", "Wages agreed with June"),
    "kestrel-joinery": ("Stock of timber counted", "Hours of jobs under way agreed"),
    "voss-feinoptik": ("Umsatzsteuer-Voranmeldung vorbereitet", "Lohnjournal liegt vor"),
}
WHY = "The lines we still ask about are below the limit that was agreed"
CONTACTS = """Contact Name,Account Number,Email Address
Timber Yard Thames,S-1001,sales@timberyard.example
Brass and Hinge,S-1002,hello@brasshinge.example
Fenwick Homes,C-2001,office@fenwickhomes.example
Larch House Hotel,C-2002,accounts@larchhouse.example
"""
TRIAL_BALANCE = """Kestrel Joinery Ltd,,,
Trial Balance,,,
N/C,Name,Debit,Credit
0030,Woodworking machines,24750.00,
1100,Debtors Control Account,4180.50,
1200,Business current,31045.90,
1230,Petty Cash,150.00,
2100,Creditors Control Account,,2960.00
3000,Ordinary Shares,,10000.00
3200,Profit and Loss Account,,47106.40
Totals,,60126.40,60066.40
"""


def fill(firm: Firm, lead: Scope, bookkeeper: Scope, *, today: date) -> None:
    """One firm's months after those long closed: in review, sent back, closed over, reopened."""
    first, second, third = (months_before(today, back) for back in (3, 2, 1))
    with db.transaction(bookkeeper):
        _begin(firm, bookkeeper.person_id, first)
    if firm.slug == "harbour-lane":
        _close(lead, bookkeeper, first)
        _hand_in(bookkeeper, second, "Two receipts are still out, both asked for")
        _explain(bookkeeper, second)
    elif firm.slug == "kestrel-joinery":
        _close(lead, bookkeeper, first)
        with db.transaction(lead):
            period = _period(first)
            close_commands.reopen(
                period_id=period, reason="Timber Yard sent an invoice for August late"
            )
        _hand_in(bookkeeper, second, "")
        with db.transaction(lead):
            close_commands.send_back(
                period_id=_period(second), reason="The van's fuel of the 14th is booked twice"
            )
    else:
        _close(lead, bookkeeper, first)
        _close(lead, bookkeeper, second)
        _hand_in(bookkeeper, third, "Kurs des Dollars ist der vom Monatsende")
    with db.transaction(lead):
        close_jobs.count_open()
    if firm.slug == "kestrel-joinery":
        _move_in(lead)


def _period(day: date) -> int:
    found = close_queries.month_of(day)
    if found is None:
        raise LookupError(f"the demo's books have no month of {day}")
    return found


def _begin(firm: Firm, owner: UUID | None, first: date) -> None:
    """The client's own steps, the first of them ticked, and whose the months are."""
    period = _period(first)
    steps = [
        close_commands.add_step(period_id=period, title=title) for title in STEPS.get(firm.slug, ())
    ]
    for step in steps:
        close_commands.tick(period_id=period, step_id=step)
    month = close_queries.month(period)
    close_commands.assign(period_id=period, owner_id=owner, due_on=None, version=month.version)


def _hand_in(bookkeeper: Scope, day: date, note: str) -> None:
    with db.transaction(bookkeeper):
        period = _period(day)
        month = close_queries.month(period)
        close_commands.assign(
            period_id=period, owner_id=bookkeeper.person_id, due_on=None, version=month.version
        )
        close_commands.hand_in(period_id=period, note=note)


def _explain(bookkeeper: Scope, day: date) -> None:
    with db.transaction(bookkeeper):
        month = close_queries.month(_period(day))
        for change in close_queries.changes(month)[:1]:
            close_commands.explain(
                period_id=month.period_id,
                account_id=change.account_id,
                text="Two deliveries fell into this month, the next one will be lighter.",
                in_pack=True,
            )


def _close(lead: Scope, bookkeeper: Scope, day: date) -> None:
    _hand_in(bookkeeper, day, "")
    with db.transaction(lead):
        close_commands.close(period_id=_period(day), override=WHY)


def _move_in(lead: Scope) -> None:
    """Contacts that came over, and a trial balance that waits for a word on its difference."""
    with db.transaction(lead):
        contacts = moving_commands.upload(data=CONTACTS.encode(), name="Xero contacts.csv")
        moving_commands.confirm(file_id=contacts)
        moving_commands.upload(data=TRIAL_BALANCE.encode(), name="Sage trial balance.csv")
