"""What is asked of the books: chart, months, entries and pages of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting.figures import (
    opening_balance,
    profit_and_loss,
    trial_balance,
    trial_balance_by_currency,
)
from app.accounting.ledger import Book
from app.accounting.values import (
    Account,
    AccountPage,
    AccountRow,
    Counterparty,
    CurrencyRow,
    DimensionValue,
    Entry,
    EntryRow,
    Journal,
    JournalPage,
    Period,
    PlRow,
    PlSection,
    Posting,
    ProfitAndLoss,
    TaxCode,
    TrialBalance,
    TrialBalanceRow,
)
from app.kernel.db import session
from app.kernel.errors import Conflict, NotFound

__all__ = [
    "Account",
    "AccountPage",
    "AccountRow",
    "Book",
    "Counterparty",
    "CurrencyRow",
    "DimensionValue",
    "Entry",
    "EntryRow",
    "Journal",
    "JournalPage",
    "Period",
    "PlRow",
    "PlSection",
    "Posting",
    "ProfitAndLoss",
    "TaxCode",
    "TrialBalance",
    "TrialBalanceRow",
    "account",
    "account_by_code",
    "account_by_subtype",
    "account_page",
    "accounts",
    "book",
    "books_version",
    "counterparties",
    "dimension_values",
    "entries_of",
    "entry",
    "find_entries",
    "journal_page",
    "journals",
    "period_on",
    "periods",
    "profit_and_loss",
    "tax_codes",
    "trial_balance",
    "trial_balance_by_currency",
]

ZERO = UUID(int=0)
_ACCOUNT = (
    "select id, code, name, type, subtype, currency, control, tax_code,"
    " archived_at is not null as archived from ledger.account"
)
_ENTRY_ROW = (
    "select e.id, e.entry_date as date, e.journal, e.fiscal_year, e.number, e.description,"
    " (select coalesce(sum(greatest(p.base, 0)), 0) from ledger.posting p"
    "   where p.tenant_id = e.tenant_id and p.entry_id = e.id)::bigint as amount,"
    " e.kind, e.in_review, exists (select from ledger.entry r where r.tenant_id = e.tenant_id"
    "   and r.reverses_id = e.id) as reversed, e.source_type, e.source_id from ledger.entry e"
)


def book() -> Book:
    """The client's books; raises Conflict (no-books) before they are opened."""
    row = session.execute(
        sa.text("select base_currency, fiscal_start_month from ledger.book")
    ).one_or_none()
    if row is None:
        raise Conflict("no-books")
    return Book(row.base_currency, row.fiscal_start_month)


def accounts(*, include_archived: bool = False) -> list[Account]:
    """The chart in the order of its codes."""
    where = "" if include_archived else " where archived_at is null"
    rows = session.execute(sa.text(f"{_ACCOUNT}{where} order by code")).mappings()
    return [Account(**row) for row in rows]


def _one_account(where: str, **values: Any) -> Account | None:
    row = session.execute(
        sa.text(f"{_ACCOUNT} where {where} order by archived_at nulls first, code limit 1"), values
    ).mappings()
    found = row.one_or_none()
    return Account(**found) if found else None


def account(account_id: UUID) -> Account:
    """One account; raises NotFound."""
    found = _one_account("id = :id", id=account_id)
    if found is None:
        raise NotFound("account-unknown")
    return found


def account_by_code(code: str) -> Account | None:
    """The account of a code."""
    return _one_account("code = :code", code=code)


def account_by_subtype(subtype: str) -> Account | None:
    """The first living account of a report section, such as suspense."""
    return _one_account("subtype = :subtype and archived_at is null", subtype=subtype)


def periods() -> list[Period]:
    """All months, oldest first."""
    rows = session.execute(
        sa.text("select id, fiscal_year, starts, ends, state from ledger.period order by starts")
    ).mappings()
    return [Period(**row) for row in rows]


def period_on(day: dt.date) -> Period | None:
    """The month a day falls in, where the books have it."""
    row = session.execute(
        sa.text(
            "select id, fiscal_year, starts, ends, state from ledger.period"
            " where :day between starts and ends"
        ),
        {"day": day},
    ).mappings()
    found = row.one_or_none()
    return Period(**found) if found else None


def counterparties() -> list[Counterparty]:
    """Everybody the client deals with, by name."""
    rows = session.execute(
        sa.text(
            "select id, name, kind, account_id from ledger.counterparty"
            " where archived_at is null order by lower(name), id"
        )
    ).mappings()
    return [Counterparty(**row) for row in rows]


def tax_codes() -> list[TaxCode]:
    """The taxes in use."""
    rows = session.execute(
        sa.text(
            "select code, name, rate, account_id, reverse_account_id from ledger.tax_code"
            " where archived_at is null order by code"
        )
    ).mappings()
    return [TaxCode(**row) for row in rows]


def dimension_values() -> list[DimensionValue]:
    """What postings may carry in their dimensions, by slot and code."""
    rows = session.execute(
        sa.text(
            "select v.id, v.slot, d.name as dimension, v.code, v.name"
            " from ledger.dimension_value v join ledger.dimension d using (tenant_id, slot)"
            " where v.archived_at is null order by v.slot, v.code"
        )
    ).mappings()
    return [DimensionValue(**row) for row in rows]


def journals() -> list[Journal]:
    """The journals."""
    rows = session.execute(sa.text("select code, name, kind from ledger.journal order by code"))
    return [Journal(**row) for row in rows.mappings()]


def books_version() -> int:
    """How many entries the books hold; a published report stores it to know of later changes."""
    found: int = session.execute(sa.text("select ledger.books_version()")).scalar_one()
    return found


_PAGE = sa.text(
    "select p.entry_id, p.no, p.entry_date as date, e.journal, e.fiscal_year, e.number,"
    " e.description, p.memo, p.currency, p.amount, p.base, p.running, c.name as counterparty,"
    " e.source_type, e.source_id"
    " from ledger.account_page(:account, :day, :entry, :no, :last, :limit, :first, :fold) p"
    " cross join lateral (select * from ledger.entry e where e.id = p.entry_id offset 0) e"
    " left join ledger.counterparty c on c.id = p.counterparty_id"
    " order by p.entry_date, p.entry_id, p.no"
)


# The account with the currency of the books: one statement, and one look at the rights, less.
_HEAD = sa.text(
    f"select b.base_currency, a.* from ({_ACCOUNT} where id = :id) a cross join ledger.book b"
)


def account_page(
    *,
    account_id: UUID,
    first: dt.date | None = None,
    last: dt.date | None = None,
    after: tuple[dt.date, UUID, int] | None = None,
    limit: int = 50,
    fold: bool = False,
) -> AccountPage:
    """A page of an account, oldest first, with its running balance; raises NotFound.

    `fold` leaves out entries and their reversals that stand in one month of the span.
    """
    head = session.execute(_HEAD, {"id": account_id}).one_or_none()
    if head is None:
        raise NotFound("account-unknown")
    day, entry_id, no = after or (first or dt.date(1900, 1, 1), ZERO, 0)
    rows = session.execute(
        _PAGE,
        {
            "account": account_id,
            "day": day,
            "entry": entry_id,
            "no": no,
            "last": last or LAST,
            "limit": limit + 1,
            "first": first or dt.date(1900, 1, 1),
            "fold": fold,
        },
    ).mappings()
    postings = tuple(AccountRow(**row) for row in rows)
    shown = postings[:limit]
    opening = shown[0].running - shown[0].base if shown else opening_balance(account_id, day)
    end = shown[-1] if len(postings) > limit else None
    return AccountPage(
        base_currency=head.base_currency,
        account=Account(*head[1:]),
        opening=opening,
        rows=shown,
        closing=shown[-1].running if shown else opening,
        next=(end.date, end.entry_id, end.no) if end else None,
    )


_POSTINGS = sa.text(
    "select p.no, p.account_id, a.code, a.name, p.currency, p.amount, p.base, p.counterparty_id,"
    " c.name as counterparty, p.tax_code, p.dim1_id, p.dim2_id, p.memo from ledger.posting p"
    " join ledger.account a on a.tenant_id = p.tenant_id and a.id = p.account_id"
    " left join ledger.counterparty c on c.tenant_id = p.tenant_id and c.id = p.counterparty_id"
    " where p.entry_id = :id order by p.no"
)


def entry(entry_id: UUID) -> Entry:
    """One entry with its postings; raises NotFound (entry-unknown)."""
    head = (
        session.execute(
            sa.text(
                "select e.id, e.entry_date as date, e.journal, e.number, e.fiscal_year,"
                " e.description, e.kind, e.in_review, e.source_type, e.source_id, e.reverses_id,"
                " (select r.id from ledger.entry r where r.tenant_id = e.tenant_id"
                "   and r.reverses_id = e.id) as reversed_by_id,"
                " e.approved_ref, e.made_by, e.created_at as made_at"
                " from ledger.entry e where e.id = :id"
            ),
            {"id": entry_id},
        )
        .mappings()
        .one_or_none()
    )
    if head is None:
        raise NotFound("entry-unknown")
    rows = session.execute(_POSTINGS, {"id": entry_id}).mappings()
    return Entry(**head, postings=tuple(Posting(**row) for row in rows))


def entries_of(source_type: str, source_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The living (not reversed) entry of each source that has one."""
    rows = session.execute(
        sa.text(
            "select e.source_id, e.id from ledger.entry e"
            " where e.source_type = :type and e.source_id = any (:ids) and e.kind <> 'reversal'"
            " and not exists (select from ledger.entry r where r.tenant_id = e.tenant_id"
            "   and r.reverses_id = e.id)"
        ).bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid()))),
        {"type": source_type, "ids": list(source_ids)},
    )
    return {row.source_id: row.id for row in rows}


LAST = dt.date(2200, 12, 31)
# The same rule as ledger.folds(), which login roles do not reach.
_FOLDS = (
    "(exists (select from ledger.entry o where o.tenant_id = e.tenant_id and o.id = e.reverses_id"
    " and o.period_id = e.period_id and o.entry_date between :from_day and :to_day)"
    " or exists (select from ledger.entry r where r.tenant_id = e.tenant_id"
    " and r.reverses_id = e.id and r.period_id = e.period_id"
    " and r.entry_date between :from_day and :to_day))"
)


def journal_page(
    *,
    journal: str | None = None,
    first: dt.date | None = None,
    last: dt.date | None = None,
    after: tuple[dt.date, UUID] | None = None,
    limit: int = 50,
    fold: bool = False,
) -> JournalPage:
    """Entries, newest first, of one journal or all, of a span or ever.

    `fold` leaves out entries and their reversals that stand in one month of the span.
    """
    wanted: dict[str, Any] = {"limit": limit + 1}
    parts = ["true"]
    if fold:
        parts.append(f"not {_FOLDS}")
        wanted |= {"from_day": first or dt.date(1900, 1, 1), "to_day": last or LAST}
    for part, name, value in (
        ("e.journal = :journal", "journal", journal),
        ("e.entry_date >= :first", "first", first),
        ("e.entry_date <= :last", "last", last),
    ):
        if value is not None:
            parts.append(part)
            wanted[name] = value
    if after is not None:
        parts.append("(e.entry_date, e.id) < (:day, :id)")
        wanted |= {"day": after[0], "id": after[1]}
    statement = sa.text(
        f"{_ENTRY_ROW} where {' and '.join(parts)} order by e.entry_date desc, e.id desc"
        " limit :limit"
    )
    rows = tuple(EntryRow(**row) for row in session.execute(statement, wanted).mappings())
    shown = rows[:limit]
    return JournalPage(shown, (shown[-1].date, shown[-1].id) if len(rows) > limit else None)


def find_entries(text: str, *, limit: int = 10) -> list[EntryRow]:
    """Entries whose number is the text (17 or BANK 2026/17), for the palette."""
    journal, _, rest = text.strip().rpartition(" ")
    year, _, number = rest.rpartition("/")
    if not number.isdecimal() or len(number) > 15 or (year and not year.isdecimal()):
        return []
    statement = sa.text(
        f"{_ENTRY_ROW} where e.number = :number and (:journal = '' or e.journal = upper(:journal))"
        " and (:year = 0 or e.fiscal_year = :year) order by e.entry_date desc, e.id desc"
        " limit :limit"
    )
    values = {
        "number": int(number),
        "journal": journal,
        "year": int(year[:4] or 0) if year else 0,
        "limit": limit,
    }
    return [EntryRow(**row) for row in session.execute(statement, values).mappings()]
