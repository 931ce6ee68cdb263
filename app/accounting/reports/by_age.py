"""Open items by contact and age as a report, proved against the control accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from app.accounting import queries
from app.accounting.open_items import queries as open_items_queries
from app.accounting.open_items.values import PAYABLE, RECEIVABLE, Aged
from app.accounting.reports import amounts as report_amounts
from app.accounting.reports import by_age_behind
from app.accounting.reports.by_age_behind import TOTAL
from app.accounting.values import Account
from app.kernel.words import gettext as _now
from app.reports.behind import Behind, Cursor, Slice
from app.reports.document import Column, Part, Reach, Report, Row, RowKind, Source
from app.reports.period import month_start


def receivables(_first: date, last: date, _comparison: str) -> Report:
    """What customers owed at the end of a day, by how many days it was over due."""
    return _report(RECEIVABLE, _now("Receivables by age"), last)


def payables(_first: date, last: date, _comparison: str) -> Report:
    """What suppliers were owed at the end of a day, by how many days it was over due."""
    return _report(PAYABLE, _now("Payables by age"), last)


def behind_receivables(
    slices: Sequence[Slice],
    after: Cursor | None,
    limit: int,
    marks: Mapping[str, int] | None = None,
) -> Behind:
    """The open items of customers behind a figure."""
    return by_age_behind.behind(RECEIVABLE, slices, after=after, limit=limit, marks=marks)


def behind_payables(
    slices: Sequence[Slice],
    after: Cursor | None,
    limit: int,
    marks: Mapping[str, int] | None = None,
) -> Behind:
    """The open items of suppliers behind a figure."""
    return by_age_behind.behind(PAYABLE, slices, after=after, limit=limit, marks=marks)


def _report(control: str, title: str, last: date) -> Report:
    stand = report_amounts.marks()
    sign = 1 if control == RECEIVABLE else -1
    found = open_items_queries.aged(control=control, on=last)
    accounts = [one for one in queries.accounts(include_archived=True) if one.control == control]
    return Report(
        key=f"{control}s-by-age",
        title=title,
        currency=found.currency,
        first=month_start(last),
        last=last,
        columns=_columns(last),
        rows=(*_contacts(found, sign), *_proof(found, accounts, sign)),
        books_version=stand.books_version,
        marks=stand.marks,
    )


def _columns(last: date) -> tuple[Column, ...]:
    titles = {
        "not_due": _now("Not due"),
        "days_30": _now("1–30 days"),
        "days_60": _now("31–60 days"),
        "days_90": _now("61–90 days"),
        "older": _now("Over 90 days"),
        TOTAL: _now("Total"),
    }
    return tuple(Column(key, title, last=last) for key, title in titles.items())


def _contacts(found: Aged, sign: int) -> list[Row]:
    rows = [
        Row(
            RowKind.FIGURE,
            one.name,
            _cells(one.buckets, one.total, sign),
            key=one.counterparty_id.hex,
            sources=(Source(one.counterparty_id, sign, Reach.SINCE, sided=True),),
        )
        for one in found.rows
    ]
    return [
        *rows,
        Row(
            RowKind.TOTAL,
            _now("Total"),
            _cells(found.totals or (0,) * 6, found.total, sign, blank=False),
            key=TOTAL,
            parts=tuple(Part(row.key) for row in rows),
        ),
    ]


def _cells(
    buckets: Sequence[int], total: int, sign: int, *, blank: bool = True
) -> tuple[int | None, ...]:
    """What is due today is not over due: the first two ages are one column."""
    amounts = [sign * one for one in (buckets[0] + buckets[1], *buckets[2:], total)]
    shown: list[int | None] = [one or None for one in amounts[:-1]] if blank else [*amounts[:-1]]
    return (*shown, amounts[-1])


def _proof(found: Aged, accounts: list[Account], sign: int) -> list[Row]:
    """The control accounts as the ledger has them, and that nothing lies between."""
    none = (None,) * 5
    held = report_amounts.movements([(None, found.on)])
    rows = [
        Row(
            RowKind.FIGURE,
            account.name,
            (*none, sign * held[account.id][0]),
            code=account.code,
            account_id=account.id,
            key=account.id.hex,
            sources=(Source(account.id, sign, Reach.SINCE),),
        )
        for account in accounts
        if account.id in held
    ]
    balance = sum(row.amounts[-1] or 0 for row in rows)
    proof = Row(
        RowKind.FIGURE,
        _now("Proof: open items less control accounts"),
        (*none, sign * found.total - balance),
        key="proof",
        parts=(Part(TOTAL), *(Part(row.key, -1) for row in rows)),
    )
    return [*rows, proof]
