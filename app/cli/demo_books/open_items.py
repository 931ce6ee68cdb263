"""Open items of the demo: suppliers that are owed, payments paired with claims, some left to do."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from app.accounting import commands, queries
from app.accounting.contacts import commands as contacts_commands
from app.accounting.contacts import queries as contacts_queries
from app.accounting.ledger import EntryDraft, PostingInput
from app.accounting.open_items import commands as open_items_commands
from app.accounting.open_items import pairing
from app.accounting.open_items import queries as open_items_queries
from app.accounting.recode import arithmetic as recode
from app.accounting.recode import commands as recode_commands
from app.accounting.recode import queries as recode_queries
from app.kernel import db
from app.kernel.scope import Scope

# What suppliers claim: name, days ago, amount in minor units, days to pay.
CLAIMS = (
    ("Northgate Supplies", 4, 184_200, 30),
    ("Northgate Supplies", 39, 96_450, 30),
    ("Harlow Print", 11, 41_900, 14),
    ("Harlow Print", 52, 38_700, 14),
    ("Tern Logistics", 21, 127_300, 7),
)
ABROAD = "Lakeside Software"
FOREIGN, FOREIGN_BASE = 60_000, 55_200
PAIRED_ALL_BUT = 2  # contacts whose payments nobody has paired yet
MOST_PAIRS = 400
RECODED = 3


def fill(staff: Scope, *, today: date) -> None:
    """Makes claims of suppliers, pairs what customers paid and re-codes a few lines."""
    with db.transaction(staff):
        _owe(today)
    with db.transaction(staff):
        _pair()
    with db.transaction(staff):
        _recode()


def _owe(today: date) -> None:
    """Invoices of suppliers in months that are open."""
    accounts = queries.accounts()
    payable = next((one for one in accounts if one.control == "payable"), None)
    cost = next((one for one in accounts if one.type == "expense" and not one.control), None)
    if payable is None or cost is None:
        return
    base = queries.book().base_currency
    states = {(one.starts.year, one.starts.month): one.state for one in queries.periods()}
    who = {name: terms for name, _days, _amount, terms in CLAIMS}
    made = {
        name: contacts_commands.create(name=name, kind="supplier", terms_days=terms)
        for name, terms in who.items()
    }
    for name, contact in made.items():
        contacts_commands.add_alias(contact, kind="token", value=name.split()[0].upper())
    drafts = [
        _claim(name, made[name], today - timedelta(days=days), amount, payable.id, cost.id, base)
        for name, days, amount, _terms in CLAIMS
    ]
    abroad = contacts_commands.create(name=ABROAD, kind="supplier", terms_days=30)
    on = today - timedelta(days=6)
    drafts.append(_from_abroad(abroad, on, payable.id, cost.id, base))
    open_ones = [one for one in drafts if states.get((one.date.year, one.date.month)) == "open"]
    if open_ones:
        commands.post_many(drafts=open_ones)


def _claim(
    name: str, contact: UUID, on: date, amount: int, payable: UUID, cost: UUID, base: str
) -> EntryDraft:
    number = f"{on:%y%j}"
    return EntryDraft(
        journal="GEN",
        date=on,
        description=f"Invoice {number} of {name}",
        postings=(
            PostingInput(cost, amount, base),
            PostingInput(payable, -amount, base, counterparty_id=contact, memo=f"Invoice {number}"),
        ),
        key=f"demo-supplier:{name}:{number}",
    )


def _from_abroad(contact: UUID, on: date, payable: UUID, cost: UUID, base: str) -> EntryDraft:
    """A service in another currency; where the books know a reverse charge, both of its sides."""
    charge = next((one for one in queries.tax_codes() if one.reverse_account_id and one.rate), None)
    code = charge.code if charge else None
    postings = [PostingInput(cost, FOREIGN_BASE, base, tax_code=code)]
    if charge and charge.account_id and charge.reverse_account_id:
        tax = int(FOREIGN_BASE * charge.rate)
        postings += [
            PostingInput(charge.account_id, tax, base, tax_code=code),
            PostingInput(charge.reverse_account_id, -tax, base, tax_code=code),
        ]
    currency = "EUR" if base == "USD" else "USD"
    claim = PostingInput(
        payable, -FOREIGN, currency, -FOREIGN_BASE, counterparty_id=contact, memo="AB-204"
    )
    return EntryDraft(
        journal="GEN",
        date=on,
        description=f"Invoice AB-204 of {ABROAD}",
        postings=(*postings, claim),
        key=f"demo-abroad:{on}",
    )


def _pair() -> None:
    """Pairs whole amounts first, then the oldest, as a clerk would; some contacts are left."""
    found = contacts_queries.contacts(state="open", kind="customer", limit=50).rows
    for contact in found[: max(0, len(found) - PAIRED_ALL_BUT)]:
        for choose in (pairing.suggested, pairing.oldest_first):
            items = open_items_queries.open_items(counterparty_id=contact.id)
            pairs = choose(items)[:MOST_PAIRS]
            if pairs:
                open_items_commands.allocate(pairs=pairs)


def _recode() -> None:
    """A few lines of one account stand on another now, so that folding has something to fold."""
    open_month = next((one for one in queries.periods() if one.state == "open"), None)
    costs = [one for one in queries.accounts() if one.type == "expense" and one.control is None]
    if open_month is None or len(costs) < 2:
        return
    wanted = recode_queries.LineFilter(account_id=costs[0].id, first=open_month.starts)
    rows = recode_queries.lines(wanted, limit=RECODED).rows
    if not rows:
        return
    chosen = recode_commands.chosen_of((row.entry_id, row.no) for row in rows)
    change = recode.Change(account_id=costs[1].id)
    if recode_commands.planned(chosen, change).anew:
        recode_commands.apply(chosen=chosen, change=change)
