"""Figures of the books from their rolled-up balances: trial balance and profit and loss."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from app.accounting.values import (
    CurrencyRow,
    PlRow,
    PlSection,
    ProfitAndLoss,
    TrialBalance,
    TrialBalanceRow,
)
from app.kernel.db import session
from app.kernel.errors import Conflict
from app.kernel.words import gettext as _now

Compare = Literal["none", "previous", "year"]

_TURNOVER = sa.text(
    "select a.id as account_id, a.code, a.name, a.type, a.subtype,"
    " sum(t.base_debit)::bigint as debit, sum(t.base_credit)::bigint as credit"
    " from ledger.turnover(:since, :on) t join ledger.account a on a.id = t.account_id"
    " group by 1, 2, 3, 4, 5 order by a.code"
).bindparams(sa.bindparam("since", type_=sa.Date()), sa.bindparam("on", type_=sa.Date()))
_BY_CURRENCY = sa.text(
    "select a.id as account_id, a.code, a.name, t.currency, t.debit, t.credit"
    " from ledger.turnover(null, :on) t join ledger.account a on a.id = t.account_id"
    " order by a.code, t.currency"
).bindparams(sa.bindparam("on", type_=sa.Date()))
_BY_MONTH = sa.text(
    "select a.id as account_id, a.code, a.name, a.type, a.subtype, t.month,"
    " t.base_credit - t.base_debit as earned"
    " from ledger.turnover_by_month(:first, :last) t join ledger.account a on a.id = t.account_id"
    " order by a.code, t.month"
).bindparams(sa.bindparam("first", type_=sa.Date()), sa.bindparam("last", type_=sa.Date()))


def base_currency() -> str:
    """The currency the books are kept in; raises Conflict (no-books) before they are opened."""
    found: str | None = session.execute(
        sa.text("select base_currency from ledger.book")
    ).scalar_one_or_none()
    if found is None:
        raise Conflict("no-books")
    return found


def trial_balance(*, on: dt.date, since: dt.date | None = None) -> TrialBalance:
    """Balances at the end of a day or, with `since`, turnovers of a span, in base currency."""
    rows = []
    for row in session.execute(_TURNOVER, {"on": on, "since": since}).mappings():
        balance = row["debit"] - row["credit"]
        debit, credit = (row["debit"], row["credit"]) if since else _sides(balance)
        rows.append(TrialBalanceRow(**{**row, "debit": debit, "credit": credit}, balance=balance))
    return TrialBalance(
        on=on,
        since=since,
        currency=base_currency(),
        rows=tuple(rows),
        debit=sum(row.debit for row in rows),
        credit=sum(row.credit for row in rows),
    )


def _sides(balance: int) -> tuple[int, int]:
    return max(balance, 0), max(-balance, 0)


def trial_balance_by_currency(*, on: dt.date) -> list[CurrencyRow]:
    """Balances at the end of a day in the currencies of the postings."""
    found = []
    for row in session.execute(_BY_CURRENCY, {"on": on}).mappings():
        balance = row["debit"] - row["credit"]
        debit, credit = _sides(balance)
        found.append(CurrencyRow(**{**row, "debit": debit, "credit": credit}, balance=balance))
    return found


def opening_balance(account_id: UUID, day: dt.date) -> int:
    """The balance of an account before a day, in base currency."""
    found: int = session.execute(
        sa.text(
            "select coalesce(sum(base_debit - base_credit), 0)::bigint"
            " from ledger.turnover(null, :on) where account_id = :account"
        ).bindparams(sa.bindparam("on", type_=sa.Date())),
        {"account": account_id, "on": day - dt.timedelta(days=1)},
    ).scalar_one()
    return found


def months_of(first: dt.date, last: dt.date) -> list[dt.date]:
    """The first day of every calendar month that a span touches."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    start = first.year * 12 + first.month - 1
    return [dt.date((start + i) // 12, (start + i) % 12 + 1, 1) for i in range(count)]


def compared_span(
    first: dt.date, last: dt.date, compare: Compare
) -> tuple[dt.date, dt.date] | None:
    """The whole months compared with: as many before, or the same ones a year before."""
    if compare == "none":
        return None
    months = len(months_of(first, last))
    back = 12 if compare == "year" else months
    start = first.year * 12 + first.month - 1 - back
    ends = start + months - 1
    return (
        dt.date(start // 12, start % 12 + 1, 1),
        dt.date((ends + 1) // 12, (ends + 1) % 12 + 1, 1) - dt.timedelta(days=1),
    )


def _section_key(type_: str, subtype: str | None) -> str:
    if type_ == "income":
        return "other_income" if subtype == "other_income" else "income"
    return subtype if subtype in ("cost_of_sales", "other_expense", "tax") else "operating_expense"


def profit_and_loss(*, first: dt.date, last: dt.date, compare: Compare = "none") -> ProfitAndLoss:
    """Income and expense by whole calendar months, with section sums and results.

    Income, other income and results are positive when earned; costs are positive when spent.
    """
    months = months_of(first, last)
    span = compared_span(first, last, compare)
    since = min(first, span[0]) if span else first
    earned: dict[str, dict[UUID, dict[dt.date, int]]] = {}
    names: dict[UUID, tuple[str, str]] = {}
    for row in session.execute(_BY_MONTH, {"first": since, "last": last}):
        key = _section_key(row.type, row.subtype)
        earned.setdefault(key, {}).setdefault(row.account_id, {})[row.month] = row.earned
        names[row.account_id] = (row.code, row.name)
    compared = months_of(*span) if span else None
    sections = _sections(earned, names, months, compared)
    return ProfitAndLoss(base_currency(), first, last, months, tuple(sections))


def _sections(
    earned: dict[str, dict[UUID, dict[dt.date, int]]],
    names: dict[UUID, tuple[str, str]],
    months: Sequence[dt.date],
    compared: Sequence[dt.date] | None,
) -> Iterable[PlSection]:
    def group(key: str, title: str, sign: int) -> PlSection:
        rows = [
            _pl_row(account, *names[account], by_month, sign, months, compared)
            for account, by_month in earned.get(key, {}).items()
        ]
        rows.sort(key=lambda row: row.code)
        return _summed(key, title, tuple(rows), [(row, 1) for row in rows], len(months), compared)

    def result(key: str, title: str, parts: Sequence[tuple[PlSection, int]]) -> PlSection:
        return _summed(key, title, (), parts, len(months), compared)

    return _layout(group, result)


def _layout(
    group: Callable[[str, str, int], PlSection],
    result: Callable[[str, str, Sequence[tuple[PlSection, int]]], PlSection],
) -> list[PlSection]:
    income = group("income", _now("Income"), 1)
    cost = group("cost_of_sales", _now("Cost of sales"), -1)
    gross = result("gross_profit", _now("Gross profit"), [(income, 1), (cost, -1)])
    operating = group("operating_expense", _now("Operating expenses"), -1)
    other = group("other_income", _now("Other income"), 1)
    charges = group("other_expense", _now("Other expenses"), -1)
    tax = group("tax", _now("Taxes on income"), -1)
    net = result(
        "net_profit",
        _now("Net profit"),
        [(gross, 1), (operating, -1), (other, 1), (charges, -1), (tax, -1)],
    )
    optional = [section for section in (other, charges, tax) if section.rows]
    return [income, cost, gross, operating, *optional, net]


def _pl_row(
    account_id: UUID,
    code: str,
    name: str,
    by_month: dict[dt.date, int],
    sign: int,
    months: Sequence[dt.date],
    compared: Sequence[dt.date] | None,
) -> PlRow:
    amounts = [sign * by_month.get(month, 0) for month in months]
    before = sum(sign * by_month.get(month, 0) for month in compared) if compared else None
    return PlRow(account_id, code, name, amounts, sum(amounts), before)


def _summed(
    key: str,
    title: str,
    rows: tuple[PlRow, ...],
    parts: Sequence[tuple[PlRow | PlSection, int]],
    width: int,
    compared: Sequence[dt.date] | None,
) -> PlSection:
    amounts = [sum(sign * part.amounts[i] for part, sign in parts) for i in range(width)]
    before = sum(sign * (part.compare or 0) for part, sign in parts) if compared else None
    return PlSection(key, title, rows, amounts, sum(amounts), before)
