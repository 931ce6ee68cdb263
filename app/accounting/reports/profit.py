"""Profit and loss: of any days, month by month, compared, or as shares of income."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.accounting import queries
from app.accounting.reports import amounts as report_amounts
from app.accounting.reports.amounts import Marks
from app.accounting.values import Account
from app.kernel import words
from app.kernel.words import gettext as _now
from app.reports.document import (
    Bar,
    Column,
    Figure,
    Part,
    Report,
    Row,
    RowKind,
    Source,
    change_in_percent,
    share_in_tenths,
)
from app.reports.period import month_start, months_before

TREND_MONTHS = 12
MOST_COLUMNS = 24
_SECTIONS = ("income", "cost_of_sales", "operating_expense", "other_income", "other_expense", "tax")
_EARNED = frozenset({"income", "other_income"})
_RESULTS: dict[str, tuple[tuple[str, int], ...]] = {
    "gross_profit": (("income", 1), ("cost_of_sales", -1)),
    "net_profit": (
        ("gross_profit", 1),
        ("operating_expense", -1),
        ("other_income", 1),
        ("other_expense", -1),
        ("tax", -1),
    ),
}
_OPTIONAL = frozenset({"other_income", "other_expense", "tax"})


def section_of(account: Account) -> str:
    """The section of an income or expense account."""
    if account.type == "income":
        return "other_income" if account.subtype == "other_income" else "income"
    chosen = ("cost_of_sales", "other_expense", "tax")
    return account.subtype if account.subtype in chosen else "operating_expense"


def _titles() -> dict[str, str]:
    return {
        "income": _now("Income"),
        "cost_of_sales": _now("Cost of sales"),
        "gross_profit": _now("Gross profit"),
        "operating_expense": _now("Operating expenses"),
        "other_income": _now("Other income"),
        "other_expense": _now("Other expenses"),
        "tax": _now("Taxes on income"),
        "net_profit": _now("Net profit"),
    }


def profit_and_loss(first: date, last: date, comparison: str) -> Report:
    """Income and expense of a span of days.

    `comparison` holds words with commas: `previous`, `year`, `months` (side by side, with the
    total), `share` (of income).
    """
    stand = report_amounts.marks()
    wanted = set(comparison.split(","))
    if "months" in wanted and month_start(first) == month_start(last):
        first = report_amounts.year_start(last)
    table = _Table.of(first, last, wanted)
    return _drawn(table, stand, comparison)


def _drawn(table: _Table, stand: Marks, comparison: str) -> Report:
    rows = table.rows()
    return Report(
        key="profit-and-loss",
        title=_now("Profit and loss"),
        currency=queries.book().base_currency,
        first=table.first,
        last=table.last,
        comparison=comparison,
        columns=table.columns,
        rows=tuple(rows),
        figures=_figures(table),
        bars=_bars(table),
        books_version=stand.books_version,
        marks=stand.marks,
    )


def columns_of(first: date, last: date, wanted: set[str]) -> tuple[Column, ...]:
    """The columns asked for: the span, what it is compared with, months, shares of income."""
    now = Column("now", span_title(first, last), first=first, last=last)
    columns: list[Column] = []
    if "months" in wanted and month_start(first) != month_start(last):
        parts = report_amounts.months_in(first, last)[-MOST_COLUMNS:]
        columns = [Column(f"{a:%Y-%m}", span_title(a, b), first=a, last=b) for a, b in parts]
        now = Column("now", _now("Total"), first=parts[0][0], last=last)
    columns.append(now)
    if "share" in wanted:
        columns.append(Column("share", _now("Of income"), "share", of=("now",), base="income"))
    for word in ("previous", "year"):
        if word in wanted:
            a, b = report_amounts.earlier_span(first, last, back=word)
            columns += [
                Column("before", span_title(a, b), first=a, last=b),
                Column("change", _now("Change"), "percent", of=("now", "before")),
            ]
            break
    return tuple(columns)


def span_title(first: date, last: date) -> str:
    """A span as a head of a column: `Oct 2026`, or its first and last month or day."""
    if not report_amounts.is_whole(first, last):
        return f"{words.format_date(first)} – {words.format_date(last)}"
    if month_start(first) == month_start(last):
        return words.format_short_month(last)
    return f"{words.format_short_month(first)} – {words.format_short_month(last)}"


@dataclass(slots=True)
class _Table:
    """The figures of every account and section in every column, and their last twelve months."""

    first: date
    last: date
    columns: tuple[Column, ...]
    accounts: dict[str, list[Account]]
    amounts: dict[str | UUID, list[int]]
    trends: dict[str | UUID, tuple[int, ...]]

    @classmethod
    def of(cls, first: date, last: date, wanted: set[str]) -> _Table:
        """Fetches and adds up what the columns need."""
        columns = columns_of(first, last, wanted)
        spans = [(c.first or first, c.last or last) for c in columns if c.kind == "amount"]
        trend = months_before(last, TREND_MONTHS - 1)
        since = min([trend, *(month_start(a) for a, _ in spans)])
        by_month = report_amounts.earned_by_month(since, last)
        moved = {}
        if not all(report_amounts.is_whole(a, b) for a, b in spans):
            moved = report_amounts.movements(spans)
        table = cls(spans[0][0], last, columns, {}, {}, {})
        months = [months_before(last, TREND_MONTHS - 1 - back) for back in range(TREND_MONTHS)]
        for account in queries.accounts(include_archived=True):
            if account.id not in by_month and account.id not in moved:
                continue
            if account.type not in ("income", "expense"):
                continue
            key = section_of(account)
            sign = 1 if key in _EARNED else -1
            earned = by_month.get(account.id, {})
            if moved:
                sums = [-sign * amount for amount in moved.get(account.id, [0] * len(spans))]
            else:
                sums = [sign * _between(earned, a, b) for a, b in spans]
            table.amounts[account.id] = sums
            table.trends[account.id] = tuple(sign * earned.get(month, 0) for month in months)
            table.accounts.setdefault(key, []).append(account)
        table._add_up(len(spans))
        table.first = first if "months" not in wanted else spans[0][0]
        return table

    def _add_up(self, width: int) -> None:
        for key in _SECTIONS:
            ids: list[tuple[str | UUID, int]] = [(one.id, 1) for one in self.accounts.get(key, ())]
            self._sum(key, ids, width)
        for key, parts in _RESULTS.items():
            self._sum(key, list(parts), width)

    def _sum(self, key: str, parts: list[tuple[str | UUID, int]], width: int) -> None:
        self.amounts[key] = [
            sum(sign * self.amounts[part][place] for part, sign in parts) for place in range(width)
        ]
        self.trends[key] = tuple(
            sum(sign * self.trends[part][place] for part, sign in parts)
            for place in range(TREND_MONTHS)
        )

    def cells(self, key: str | UUID) -> tuple[int | None, ...]:
        """A row's cells in the order of the columns."""
        sums = dict(zip(self._amount_keys(), self.amounts[key], strict=True))
        income = dict(zip(self._amount_keys(), self.amounts["income"], strict=True))
        cells: list[int | None] = []
        for column in self.columns:
            if column.kind == "amount":
                cells.append(sums[column.key])
            elif column.kind == "share":
                cells.append(share_in_tenths(sums["now"], income["now"]))
            else:
                cells.append(change_in_percent(sums["now"], sums["before"]))
        return tuple(cells)

    def _amount_keys(self) -> list[str]:
        return [column.key for column in self.columns if column.kind == "amount"]

    def now(self, key: str) -> int:
        """The figure of the span itself."""
        return self.amounts[key][self._amount_keys().index("now")]

    def before(self, key: str) -> int | None:
        """The figure compared with."""
        keys = self._amount_keys()
        return self.amounts[key][keys.index("before")] if "before" in keys else None

    def rows(self) -> list[Row]:
        """All rows: sections with their accounts and totals, and the results between them."""
        titles = _titles()
        rows: list[Row] = []
        order = ("income", "cost_of_sales", "gross_profit", *_SECTIONS[2:], "net_profit")
        for key in order:
            shown = [one for one in self.accounts.get(key, ()) if self._moves(one.id)]
            if key in _OPTIONAL and not shown:
                continue
            rows += self._section(key, titles[key], shown)
        return rows

    def _moves(self, account_id: UUID) -> bool:
        return any(self.amounts[account_id]) or any(self.trends[account_id])

    def _section(self, key: str, title: str, shown: list[Account]) -> list[Row]:
        rows = [Row(RowKind.GROUP, title, key=f"group:{key}")] if shown else []
        good_up = key in _EARNED or key in _RESULTS
        rows += [
            Row(
                RowKind.FIGURE,
                account.name,
                self.cells(account.id),
                code=account.code,
                account_id=account.id,
                trend=self.trends[account.id],
                good_up=good_up,
                key=account.id.hex,
                sources=(Source(account.id, -1 if key in _EARNED else 1),),
            )
            for account in shown
        ]
        parts = _RESULTS.get(key) or [(row.key, 1) for row in rows if row.account_id]
        rows.append(
            Row(
                RowKind.TOTAL if key == "net_profit" else RowKind.SUBTOTAL,
                _now("Total %(of)s", of=inside(title)) if shown else title,
                self.cells(key),
                trend=self.trends[key],
                good_up=good_up,
                key=key,
                parts=tuple(Part(name, sign) for name, sign in parts if self._is_shown(name)),
            )
        )
        return rows

    def _is_shown(self, name: str) -> bool:
        if name not in _OPTIONAL:
            return True
        return any(self._moves(one.id) for one in self.accounts.get(name, ()))


def _between(earned: dict[date, int], first: date, last: date) -> int:
    return sum(amount for month, amount in earned.items() if first <= month <= last)


def inside(title: str) -> str:
    """A title within another: German keeps the capitals of its nouns."""
    return title if words.locale() == "de" else title.lower()


def _figures(table: _Table) -> tuple[Figure, ...]:
    titles = _titles()
    chosen = (("income", True), ("gross_profit", True), ("operating_expense", False),
              ("net_profit", True))  # fmt: skip
    return tuple(
        Figure(key, titles[key], table.now(key), table.before(key), good_up=good_up)
        for key, good_up in chosen
    )


def _bars(table: _Table) -> tuple[Bar, ...]:
    """Income, costs and result of the last twelve months."""
    months = [months_before(table.last, TREND_MONTHS - 1 - back) for back in range(TREND_MONTHS)]
    income = table.trends["income"]
    result = table.trends["net_profit"]
    other = table.trends["other_income"]
    return tuple(
        Bar(month, income[place], result[place], income[place] + other[place] - result[place])
        for place, month in enumerate(months)
    )
