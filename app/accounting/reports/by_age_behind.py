"""The open items behind a figure by contact and age, as they stood at the end of its day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import url_for

from app.accounting import queries
from app.accounting.open_items import queries as open_items_queries
from app.accounting.open_items.values import Aged, AgedRow, OpenItem
from app.accounting.reports import behind as report_behind
from app.accounting.reports import origins
from app.accounting.reports.origins import Origin
from app.kernel import people, words
from app.kernel.db import session
from app.kernel.words import gettext as _now
from app.reports.behind import Behind, Cursor, Line, Share, Slice

TOTAL = "total"
_AGES = {"days_30": (30, 1), "days_60": (60, 31), "days_90": (90, 61)}
_PLACES = {"not_due": (0, 1), "days_30": (2,), "days_60": (3,), "days_90": (4,), "older": (5,)}
_ENTRIES = sa.text(
    "select e.id, e.description, e.made_by from ledger.entry e"
    " where e.id = any(cast(:ids as uuid[]))"
)
# Postings of contacts on control accounts, of entries beyond the marks of a publication.
_FRESH = sa.text(
    "select i.account_id, i.entry_id, i.no from ledger.open_item i"
    " join ledger.entry e on e.id = i.entry_id"
    " left join unnest(cast(:journals as text[]), cast(:years as int[]),"
    "  cast(:numbers as bigint[])) as m(journal, year, number)"
    "  on m.journal = e.journal and m.year = e.fiscal_year"
    " where i.control = :control and i.booked_on <= :last"
    " and e.number > coalesce(m.number, 0)"
    " and i.counterparty_id in (select x.id from ledger.counterparty x"
    "  where x.id = any(cast(:contacts as uuid[]))"
    "  or x.merged_into_id = any(cast(:contacts as uuid[])))"
)


def due_days(side: str, on: date) -> tuple[date | None, date | None]:
    """The first and last day that items of an age are due on, both included; None is no bound."""
    if side == "not_due":
        return on, None
    if side == "older":
        return None, on - timedelta(91)
    if side == TOTAL:
        return None, None
    back, until = _AGES[side]
    return on - timedelta(back), on - timedelta(until)


def behind(
    control: str,
    slices: Sequence[Slice],
    *,
    after: Cursor | None,
    limit: int,
    marks: Mapping[str, int] | None = None,
) -> Behind:
    """Open items by contact, or postings of the control accounts; both only for their proof."""
    known = {one.id for one in queries.accounts(include_archived=True)}
    accounts = [one for one in slices if one.account_id in known]
    contacts = [one for one in slices if one.account_id not in known]
    if marks is not None:
        asked = accounts or _fresh(control, contacts, marks)
        return report_behind.behind(asked, after, limit, marks)
    if not contacts:
        return report_behind.behind(accounts, after, limit)
    aged = open_items_queries.aged(control=control, on=contacts[0].last)
    shares = _shares(aged, contacts)
    if accounts:
        ledger = report_behind.behind(accounts, None, 1)
        total = ledger.total + sum(share.amount for share in shares)
        return Behind(total, (*shares, *ledger.shares), (), None)
    return _items(control, contacts, shares, after=after, limit=limit)


def _fresh(control: str, contacts: Sequence[Slice], marks: Mapping[str, int]) -> list[Slice]:
    last = max(one.last for one in contacts)
    names = [name.rpartition("/") for name in marks]
    values = {
        "control": control,
        "last": last,
        "contacts": [one.account_id for one in contacts],
        "journals": [journal for journal, _, _ in names],
        "years": [int(year) for _, _, year in names],
        "numbers": list(marks.values()),
    }
    sign = contacts[0].sign
    return [
        Slice(row.account_id, sign, None, last, "", row.entry_id, row.no)
        for row in session.execute(_FRESH, values)
    ]


def _shares(aged: Aged, contacts: Sequence[Slice]) -> tuple[Share, ...]:
    wanted = {one.account_id: one for one in contacts}
    return tuple(
        Share(
            row.counterparty_id,
            "",
            row.name,
            asked.sign * _of_age(row, asked.side),
            url_for("accounting_contacts.contact", counterparty_id=row.counterparty_id),
        )
        for row in aged.rows
        if (asked := wanted.get(row.counterparty_id)) and _has_age(row, asked.side)
    )


def _of_age(row: AgedRow, side: str) -> int:
    return row.total if side == TOTAL else sum(row.buckets[place] for place in _PLACES[side])


def _has_age(row: AgedRow, side: str) -> bool:
    return side == TOTAL or any(row.buckets[place] for place in _PLACES[side])


def _items(
    control: str,
    contacts: Sequence[Slice],
    shares: tuple[Share, ...],
    *,
    after: Cursor | None,
    limit: int,
) -> Behind:
    one = contacts[0]
    page = open_items_queries.page(
        control=control,
        on=one.last,
        after=after,
        limit=limit,
        counterparty_ids=[each.account_id for each in contacts],
        due=due_days(one.side, one.last),
    )
    return Behind(
        total=sum(share.amount for share in shares),
        shares=shares,
        lines=_lines(page.rows, one.sign),
        next=page.next,
    )


def _lines(items: Sequence[OpenItem], sign: int) -> tuple[Line, ...]:
    asked = {"ids": [item.entry_id for item in items]}
    entries = {row.id: row for row in session.execute(_ENTRIES, asked)}
    names = people.names([row.made_by for row in entries.values()])
    accounts = {one.id: one for one in queries.accounts(include_archived=True)}
    came = origins.of([item.entry_id for item in items])
    return tuple(
        _line(
            item,
            sign,
            entries[item.entry_id],
            accounts[item.account_id],
            who=names.get(entries[item.entry_id].made_by, ""),
            came=came.get(item.entry_id, origins.NOWHERE),
        )
        for item in items
    )


def _line(item: OpenItem, sign: int, entry: Any, account: Any, *, who: str, came: Origin) -> Line:
    text = item.reference or entry.description
    return Line(
        entry_id=item.entry_id,
        no=item.no,
        on=item.booked_on,
        label=item.label,
        text=f"{text} · {_now('due %(day)s', day=words.format_date(item.due_on))}",
        code=account.code,
        account=account.name,
        counterparty=item.counterparty,
        amount=sign * item.residual_base,
        who=who,
        address=url_for("accounting.entry", entry_id=item.entry_id),
        source_address=came.line_address,
        document_address=came.document_address,
    )
