"""What the palette finds in the books: accounts, entries by number, bank lines by amount."""

from __future__ import annotations

import re
from decimal import Decimal

import sqlalchemy as sa
from flask import url_for

from app.accounting import queries
from app.kernel import money, words
from app.kernel.db import session
from app.kernel.registry import PaletteHit

_NUMBER = re.compile(
    r"(?:(?P<journal>[A-Za-z]{1,10})\s*)?(?:(?P<year>[0-9]{4})/)?(?P<number>[0-9]{1,9})"
)

_ENTRIES = sa.text(
    "select id, journal, fiscal_year, number, description, entry_date from ledger.entry"
    " where number = :number and (cast(:journal as text) is null or journal = :journal)"
    " and (cast(:year as int) is null or fiscal_year = :year)"
    " order by entry_date desc limit :limit"
)
_LINES = sa.text(
    "select id, booked_on, amount_minor, currency, coalesce(counterparty, text) as text"
    " from app.bank_transaction where abs(amount_minor) = any(cast(:amounts as bigint[]))"
    " order by booked_on desc limit :limit"
)


def accounts(text: str, limit: int) -> list[PaletteHit]:
    """Accounts whose code or name holds the text."""
    wanted = text.casefold()
    found = [
        account
        for account in queries.accounts()
        if wanted in f"{account.code} {account.name}".casefold()
    ]
    return [
        PaletteHit(
            f"{account.code} {account.name}",
            "",
            url_for("accounting.account_page", account_id=account.id),
            "list-tree",
        )
        for account in found[:limit]
    ]


def entries(text: str, limit: int) -> list[PaletteHit]:
    """Entries by number: `17`, `BANK 17` or `BANK 2026/17`."""
    asked = _NUMBER.fullmatch(text.strip())
    if asked is None:
        return []
    journal, year = asked["journal"], asked["year"]
    rows = session.execute(
        _ENTRIES,
        {
            "number": int(asked["number"]),
            "journal": journal.upper() if journal else None,
            "year": int(year) if year else None,
            "limit": limit,
        },
    )
    return [
        PaletteHit(
            f"{row.journal} {row.fiscal_year}/{row.number}",
            f"{words.format_date(row.entry_date)} · {row.description}",
            url_for("accounting.entry", entry_id=row.id),
            "book-open",
        )
        for row in rows
    ]


def bank_lines(text: str, limit: int) -> list[PaletteHit]:
    """Bank lines by their amount, in or out."""
    try:
        amount = money.parse_decimal(text, decimal_comma=words.decimal_comma())
    except money.NotAnAmount:
        return []
    rows = session.execute(_LINES, {"amounts": _minor_units(abs(amount)), "limit": limit})
    return [
        PaletteHit(
            words.format_money(row.amount_minor, row.currency),
            f"{words.format_date(row.booked_on)} · {row.text}",
            url_for("accounting_bank.line", line_id=row.id),
            "landmark",
        )
        for row in rows
    ]


def _minor_units(amount: Decimal) -> list[int]:
    """The amount in currencies of no, two and three decimals, where it is a whole number."""
    scaled = (amount.scaleb(places) for places in (0, 2, 3))
    return [int(value) for value in scaled if value == value.to_integral_value() and value < 10**15]
