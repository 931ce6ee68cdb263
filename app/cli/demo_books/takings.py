"""Lines of the demo that are more than one thing: payouts less a fee, slips, a bill from abroad."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from app.accounting import queries
from app.accounting.bank import queries as bank_queries
from app.accounting.bank.queries import LineFilter
from app.accounting.coding import Part
from app.accounting.contacts import commands as contacts_commands
from app.accounting.ledger import EntryDraft, PostingInput
from app.accounting.reconcile import accept
from app.accounting.suggest import queries as suggest_queries
from app.cli.demo_books.firms import Bank, Firm
from app.cli.demo_books.statements import Payment
from app.kernel import db
from app.kernel.scope import Scope

OPEN, BOOKED = "Zettle Payments", "SumUp Payments"
SOLD = ((9, 18_450), (9, 6_200), (8, 31_900), (4, 12_750), (4, 44_000), (3, 9_995))
"""Invoices paid by card at the counter: so many days ago, over so much."""
PAID = ((7, 56_550), (1, 66_745))
"""What they make together, and when the processor pays it, less 1.75 %."""
TAKEN = ((6, 27_300), (5, 41_150))
"""Takings booked on the bank's account before the money came."""
CHEQUES = ((5, 64_000, "Larch House Hotel"), (5, 38_250, "Mill Road School"))
BONUS = ((2, 45_000, "Ada Reed"), (2, 37_500, "Jon Shaw"))


def has(firm: Firm) -> bool:
    """Whether a firm sells by card: it says where the fees go."""
    return "fees" in firm.ledger


def drafts(firm: Firm, bank: Bank, today: date) -> Iterator[EntryDraft]:
    """Sales by card, and what was booked on the bank's account before its lines came."""
    accounts = {one.code: one.id for one in queries.accounts()}
    sales, money = accounts[firm.ledger["sales"]], accounts[bank.code]
    # card sales are booked on the processor, which owes them until it pays
    counter = contacts_commands.create(name=OPEN, kind="customer", terms_days=14)
    claims = accounts[firm.ledger["receivable"]]
    for place, (ago, amount) in enumerate(SOLD, 1):
        number = f"C{place:03d}"
        claim = PostingInput(claims, amount, bank.currency, counterparty_id=counter, memo=number)
        text = f"Invoice {number}, paid by card"
        yield _draft(text, today - timedelta(days=ago), claim, sales, number)
    for place, (ago, amount) in enumerate(TAKEN, 1):
        taken = PostingInput(money, amount, bank.currency)
        yield _draft("SumUp takings", today - timedelta(days=ago), taken, sales, f"taken-{place}")
    for ago, amount, who in CHEQUES:
        cheque = PostingInput(money, amount, bank.currency)
        yield _draft(
            f"Cheque of {who}", today - timedelta(days=ago), cheque, sales, f"cheque-{who}"
        )
    bonus = PostingInput(money, -sum(amount for _ago, amount, _who in BONUS), bank.currency)
    wages = accounts[next(one.code for one in bank.habits if one.payee == "Payroll")]
    yield _draft("Bonus for the spring fair", today - timedelta(days=3), bonus, wages, "bonus")


def _draft(text: str, on: date, first: PostingInput, against: UUID, key: str) -> EntryDraft:
    other = PostingInput(against, -first.amount, first.currency)
    return EntryDraft(
        journal="GEN",
        date=on,
        description=text,
        postings=(first, other),
        key=f"demo-takings:{key}",
    )


def payments(first: date, today: date) -> list[Payment]:
    """The bank's lines for it in the month that began on `first`."""
    found = [(ago, net_of(amount), OPEN, f"Payout {ago}") for ago, amount in PAID]
    found.append((4, net_of(sum(amount for _ago, amount in TAKEN)), BOOKED, "Payout 77410"))
    slip = sum(amount for _ago, amount, _who in CHEQUES)
    found.append((4, slip, "Paying-in slip", "Cheques paid in"))
    found.append((1, -56_550, "Lakeside Software", "Invoice AB-204, charges GBP 12.00"))
    found += [(ago, -amount, who, "Bonus spring fair") for ago, amount, who in BONUS]
    return [
        Payment(max(today - timedelta(days=ago), first), amount, who, text, "", f"T{place:04d}")
        for place, (ago, amount, who, text) in enumerate(found, 1)
    ]


def net_of(gross: int) -> int:
    """What is left of takings after a fee of 1.75 %, half up."""
    return gross - (gross * 175 + 5_000) // 10_000


def fill(firm: Firm, staff: Scope) -> None:
    """Books the first payout with its fee, so that the next one knows where fees go."""
    if not has(firm):
        return
    with db.transaction(staff):
        found = bank_queries.lines(LineFilter(state="to_do", text=OPEN), limit=20).rows
        oldest = min(found, key=lambda one: one.booked_on, default=None)
        guesses = suggest_queries.suggestions([oldest.id]).get(oldest.id, ()) if oldest else ()
        wanted = next((one for one in guesses if one.difference_minor and one.open_items), None)
        if oldest is None or wanted is None:
            return
        accounts = {one.code: one.id for one in queries.accounts()}
        accept.settle_with_rest(
            line_id=oldest.id,
            version=oldest.version,
            candidate=accept.mark(wanted),
            rest=Part(accounts[firm.ledger["fees"]], 0, ""),
        )
