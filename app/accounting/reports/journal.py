"""General ledger: every account that moved in a span, with its postings."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.accounting import queries
from app.accounting.reports import amounts as report_amounts
from app.kernel import words
from app.kernel.db import session
from app.kernel.words import gettext as _now
from app.reports.document import Column, Part, Reach, Report, Row, RowKind, Source

ON_A_PAGE = 1_000  # postings; beyond it a page shows the accounts only, a file still holds all

# What the journal and the account page leave out too: the rule of ledger.folds().
_FOLDS = (
    "(exists (select from ledger.entry o where o.tenant_id = e.tenant_id and o.id = e.reverses_id"
    " and o.period_id = e.period_id and o.entry_date between :first and :last)"
    " or exists (select from ledger.entry r where r.tenant_id = e.tenant_id"
    " and r.reverses_id = e.id and r.period_id = e.period_id"
    " and r.entry_date between :first and :last))"
)
_COUNT = sa.text(
    "select coalesce(sum(posting_count), 0) from ledger.entry"
    " where entry_date between :first and :last"
)
_POSTINGS = sa.text(
    "select p.account_id, p.entry_id, p.no, p.entry_date, p.base, p.memo, e.journal, e.number,"
    f" e.fiscal_year, e.description, c.name as counterparty, {_FOLDS} as folded"
    " from ledger.entry e"
    " join ledger.posting p on p.tenant_id = e.tenant_id and p.entry_id = e.id"
    " left join ledger.counterparty c on c.tenant_id = p.tenant_id and c.id = p.counterparty_id"
    " where e.entry_date between :first and :last"
    " order by p.account_id, p.entry_date, p.entry_id, p.no"
)


def postings(first: date, last: date) -> int:
    """How many postings the days hold, corrected ones too."""
    found: int = session.execute(_COUNT, {"first": first, "last": last}).scalar_one()
    return int(found)


def general_ledger(first: date, last: date, comparison: str) -> Report:
    """Opening balance, postings and closing balance of every account that moved or holds money.

    A span with more than 1,000 postings shows each account's movement instead, unless `all` is
    among the words of `comparison` (a file; who asks for one bounds it). Entries and their
    reversals of one month are one line that adds up to nothing, unless `corrected` is among them.
    """
    stand = report_amounts.marks()
    asked = comparison.split(",")
    count = postings(first, last)
    fits = count <= ON_A_PAGE or "all" in asked
    found = _postings(first, last, fold="corrected" not in asked) if fits else {}
    notes = () if fits else (_too_many(count),)
    return Report(
        key="general-ledger",
        title=_now("General ledger"),
        currency=queries.book().base_currency,
        first=first,
        last=last,
        comparison=comparison,
        columns=(
            Column("debit", _now("Debit"), first=first, last=last),
            Column("credit", _now("Credit"), first=first, last=last),
            Column("balance", _now("Balance"), first=first, last=last),
        ),
        rows=tuple(_rows(first, last, found)),
        books_version=stand.books_version,
        marks=stand.marks,
        notes=notes,
    )


def _postings(first: date, last: date, *, fold: bool) -> dict[UUID, list[Row]]:
    """The rows of each account; what folds away is one row at the end, so that sums hold."""
    shown: dict[UUID, list[Row]] = {}
    folded: dict[UUID, list[Row]] = {}
    for found in session.execute(_POSTINGS, {"first": first, "last": last}):
        rows = folded if fold and found.folded else shown
        rows.setdefault(found.account_id, []).append(_posting(found))
    for account_id, taken in folded.items():
        shown.setdefault(account_id, []).append(_folded(account_id, taken))
    return shown


def _folded(account_id: UUID, rows: list[Row]) -> Row:
    debit = sum(row.amounts[0] or 0 for row in rows)
    credit = sum(row.amounts[1] or 0 for row in rows)
    return Row(
        RowKind.FIGURE,
        _now("Corrected in the same month"),
        (debit, credit, None),
        key=f"{account_id.hex}.folded",
        sources=tuple(source for row in rows for source in row.sources),
    )


def _too_many(count: int) -> str:
    return _now(
        "%(n)s postings are too many for one page, so each account shows its movement."
        " Choose a shorter span, or take the file: it holds every posting.",
        n=words.format_number(count),
    )


def _posting(found: sa.Row[tuple[object, ...]]) -> Row:
    text = (
        f"{found.description} · {found.counterparty}" if found.counterparty else found.description
    )
    return Row(
        RowKind.FIGURE,
        text if not found.memo else f"{text} · {found.memo}",
        (found.base if found.base > 0 else None, -found.base if found.base < 0 else None, None),
        code=f"{found.journal} {found.fiscal_year}/{found.number}",
        key=f"{found.entry_id.hex}.{found.no}",
        sources=(Source(found.account_id, 1, Reach.SPAN, True, found.entry_id, found.no),),
        on=found.entry_date,
    )


def _rows(first: date, last: date, by_account: dict[UUID, list[Row]]) -> list[Row]:
    before = {row.account_id: row.balance for row in
              queries.trial_balance(on=first - timedelta(1)).rows}  # fmt: skip
    moved = {row.account_id: row for row in queries.trial_balance(on=last, since=first).rows}
    rows: list[Row] = []
    for account in queries.accounts(include_archived=True):
        turn = moved.get(account.id)
        opening = before.get(account.id, 0)
        if turn is None and not opening:
            continue
        own = by_account.get(account.id, [])
        debit, credit = (turn.debit, turn.credit) if turn else (0, 0)
        rows += _account(account.id, f"{account.code} {account.name}", opening, own, debit, credit)
    return rows


def _account(
    account_id: UUID, title: str, opening: int, own: list[Row], debit: int, credit: int
) -> list[Row]:
    key = account_id.hex
    parts = tuple(Part(row.key) for row in own)
    return [
        Row(RowKind.GROUP, title, key=f"group:{key}", account_id=account_id),
        Row(
            RowKind.FIGURE,
            _now("Opening balance"),
            (None, None, opening),
            key=f"{key}.opening",
            sources=(Source(account_id, 1, Reach.BEFORE),),
        ),
        *own,
        Row(
            RowKind.FIGURE,
            _now("Movement"),
            (debit, credit, None),
            key=f"{key}.movement",
            sources=() if parts else (Source(account_id, 1, Reach.SPAN, True),),
            parts=parts,
        ),
        Row(
            RowKind.SUBTOTAL,
            _now("Closing balance"),
            (None, None, opening + debit - credit),
            key=f"{key}.closing",
            account_id=account_id,
            sources=(Source(account_id, 1, Reach.SINCE),),
        ),
    ]
