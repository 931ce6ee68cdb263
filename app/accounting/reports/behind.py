"""The postings behind a figure of a report, a page at a time, with the accounts that make it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import url_for

from app.accounting.reports import origins
from app.accounting.reports.origins import Origin
from app.kernel import people
from app.kernel.db import session
from app.reports.behind import BEGINNING, Behind, Cursor, Line, Share, Slice

START: Cursor = (BEGINNING, UUID(int=0), 0)
_NEVER = date(1900, 1, 1)

_ASKED = (
    "unnest(cast(:accounts as uuid[]), cast(:signs as int[]), cast(:firsts as date[]),"
    " cast(:lasts as date[]), cast(:sides as text[]), cast(:entries as uuid[]),"
    " cast(:nos as int[])) as s(account_id, sign, first, last, side, entry_id, no)"
)
_INSIDE = (
    "p.account_id = s.account_id and p.entry_date between s.first and s.last"
    " and (s.side = '' or (s.side = 'debit') = (p.base > 0))"
)
_HEAD = (
    "select q.entry_id, q.no, q.entry_date, q.base * q.sign as amount, q.memo, a.code,"
    " a.name as account, c.name as counterparty, e.journal, e.fiscal_year, e.number,"
    " e.description, e.made_by"
)
_TAIL = (
    " join ledger.entry e on e.id = q.entry_id join ledger.account a on a.id = q.account_id"
    " left join ledger.counterparty c on c.id = q.counterparty_id"
    " order by q.entry_date, q.entry_id, q.no limit :limit"
)
# Each account gives at most a page from its index, so a figure of many years costs no more.
_PAGE = sa.text(
    f"{_HEAD} from (select s.sign, p.* from {_ASKED} cross join lateral ("
    f" select * from ledger.posting p where {_INSIDE}"
    " and (p.entry_date, p.entry_id, p.no) > (:day, :entry, :after)"
    " order by p.entry_date, p.entry_id, p.no limit :limit) p where s.entry_id is null"
    f" union all select s.sign, p.* from {_ASKED} join ledger.posting p on {_INSIDE}"
    " and p.entry_id = s.entry_id and p.no = s.no"
    " where (p.entry_date, p.entry_id, p.no) > (:day, :entry, :after)) q"
    f"{_TAIL}"
)
_LATER = sa.text(
    "with marks as (select * from unnest(cast(:journals as text[]), cast(:years as int[]),"
    " cast(:numbers as bigint[])) as m(journal, year, number)),"
    " fresh as (select e.id from ledger.entry e join marks m on m.journal = e.journal"
    " and m.year = e.fiscal_year and e.number > m.number"
    " union all select e.id from ledger.entry e where not exists (select from marks m"
    "  where m.journal = e.journal and m.year = e.fiscal_year))"
    f"{_HEAD} from (select s.sign, p.* from {_ASKED} join fresh f on true"
    f" join ledger.posting p on p.entry_id = f.id and {_INSIDE}"
    " and (s.entry_id is null or s.entry_id = p.entry_id and s.no = p.no)"
    " where (p.entry_date, p.entry_id, p.no) > (:day, :entry, :after)) q"
    f"{_TAIL}"
)
_SHARES = sa.text(
    f"with s as (select * from {_ASKED}),"
    " plain as (select s.account_id, sum(s.sign * case s.side when 'debit' then t.base_debit"
    "   when 'credit' then -t.base_credit else t.base_debit - t.base_credit end) as amount"
    "  from (select distinct first, last from s where entry_id is null) d"
    "  cross join lateral ledger.turnover(d.first, d.last) t"
    "  join s on s.account_id = t.account_id and s.entry_id is null"
    "   and (s.first, s.last) = (d.first, d.last) group by 1),"
    " single as (select s.account_id, sum(s.sign * p.base) as amount from s"
    f"  join ledger.posting p on {_INSIDE} and p.entry_id = s.entry_id and p.no = s.no"
    "  group by 1)"
    " select a.id, a.code, a.name, sum(z.amount)::bigint as amount from (select * from plain"
    "  union all select * from single) z join ledger.account a on a.id = z.account_id"
    " group by 1, 2, 3 order by a.code"
)


def behind(
    slices: Sequence[Slice],
    after: Cursor | None,
    limit: int,
    marks: Mapping[str, int] | None = None,
) -> Behind:
    """The accounts and one page of the postings a figure sums, oldest first.

    With `marks` only postings of entries beyond them count, and `total` is of this page.
    """
    asked = _asked(slices)
    day, entry, no = after or START
    values = {**asked, "day": day, "entry": entry, "after": no, "limit": limit + 1}
    if marks is None:
        rows = session.execute(_PAGE, values).all()
        shares = tuple(_share(row, slices) for row in session.execute(_SHARES, asked))
        total = sum(share.amount for share in shares)
    else:
        rows = session.execute(_LATER, {**values, **_marks(marks)}).all()
        shares, total = (), sum(row.amount for row in rows)
    shown = rows[:limit]
    end = shown[-1] if len(rows) > limit else None
    names = people.names([row.made_by for row in shown])
    came = origins.of([row.entry_id for row in shown])
    return Behind(
        total=total,
        shares=shares,
        lines=tuple(_line(row, names, came.get(row.entry_id, origins.NOWHERE)) for row in shown),
        next=(end.entry_date, end.entry_id, end.no) if end else None,
    )


def _asked(slices: Sequence[Slice]) -> dict[str, list[Any]]:
    return {
        "accounts": [one.account_id for one in slices],
        "signs": [one.sign for one in slices],
        "firsts": [one.first or _NEVER for one in slices],
        "lasts": [one.last for one in slices],
        "sides": [one.side for one in slices],
        "entries": [one.entry_id for one in slices],
        "nos": [one.no for one in slices],
    }


def _marks(marks: Mapping[str, int]) -> dict[str, list[Any]]:
    names = [name.rpartition("/") for name in marks]
    return {
        "journals": [journal for journal, _, _ in names],
        "years": [int(year) for _, _, year in names],
        "numbers": list(marks.values()),
    }


def _share(row: Any, slices: Sequence[Slice]) -> Share:
    own = [one for one in slices if one.account_id == row.id]
    first = min((one.first or _NEVER for one in own), default=_NEVER)
    address = url_for(
        "accounting.account_page",
        account_id=row.id,
        first=None if first == _NEVER else first.isoformat(),
        last=max(one.last for one in own).isoformat(),
    )
    return Share(row.id, row.code, row.name, row.amount, address)


def _line(row: Any, names: Mapping[UUID, str], came: Origin) -> Line:
    return Line(
        entry_id=row.entry_id,
        no=row.no,
        on=row.entry_date,
        label=f"{row.journal} {row.fiscal_year}/{row.number}",
        text=row.memo or row.description,
        code=row.code,
        account=row.account,
        counterparty=row.counterparty,
        amount=row.amount,
        who=names.get(row.made_by, ""),
        address=url_for("accounting.entry", entry_id=row.entry_id),
        source_address=came.line_address,
        document_address=came.document_address,
    )


_REOPENED = sa.text(
    "select p.starts, c.made_at, c.made_by, c.reason from ledger.period_change c"
    " join ledger.period p on p.tenant_id = c.tenant_id and p.id = c.period_id"
    " where c.from_state = 'closed' and c.to_state = 'open' and c.made_at > :since"
    " and p.starts <= :last order by c.made_at"
)


def reopened(last: date, since: datetime) -> list[tuple[date, datetime, str, str]]:
    """Months up to a day that were reopened after an instant: month, when, by whom, why."""
    rows = session.execute(_REOPENED, {"last": last, "since": since}).all()
    names = people.names([row.made_by for row in rows])
    return [(row.starts, row.made_at, names.get(row.made_by, ""), row.reason) for row in rows]
