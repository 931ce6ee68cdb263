"""Trial balance and profit and loss as report documents."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from flask import url_for

from app.accounting import queries
from app.kernel import words
from app.kernel.words import gettext as _now
from app.reports.document import Bar, Column, Figure, Report, Row, RowKind, change_in_percent
from app.reports.period import month_end, month_start, months_before

TREND_MONTHS = 12
_GOOD_UP = {
    "income": True,
    "other_income": True,
    "gross_profit": True,
    "net_profit": True,
    "cost_of_sales": False,
    "operating_expense": False,
    "tax": False,
}


def since() -> date:
    """The first day of the books."""
    return min((period.starts for period in queries.periods()), default=date.max)


def drill(account_id: UUID, first: date, last: date) -> str:
    """The entries behind a figure."""
    return url_for(
        "accounting.account_page",
        account_id=account_id,
        first=first.isoformat(),
        last=last.isoformat(),
    )


def trial_balance(_first: date, last: date, _comparison: str) -> Report:
    """Debit and credit of every account that moved, up to and including a day."""
    found = queries.trial_balance(on=last)
    beginning = date(1900, 1, 1)
    columns = (
        Column("debit", _now("Debit"), first=beginning, last=last),
        Column("credit", _now("Credit"), first=beginning, last=last),
    )
    rows = [
        Row(
            RowKind.FIGURE,
            row.name,
            (row.debit or None, row.credit or None),
            code=row.code,
            account_id=row.account_id,
        )
        for row in found.rows
    ]
    rows.append(Row(RowKind.TOTAL, _now("Total"), (found.debit, found.credit)))
    return Report(
        key="trial-balance",
        title=_now("Trial balance"),
        currency=found.currency,
        first=month_start(last),
        last=last,
        columns=columns,
        rows=tuple(rows),
        books_version=queries.books_version(),
    )


def profit_and_loss(first: date, last: date, comparison: str) -> Report:
    """Income and expense of a span, with a comparison and the twelve months behind it."""
    span = _Span.of(first, last, comparison)
    found = queries.profit_and_loss(first=span.from_month, last=last, compare="none")
    rows: list[Row] = []
    for section in found.sections:
        rows += _section(section, span)
    sections = {section.key: section for section in found.sections}
    return Report(
        key="profit-and-loss",
        title=_now("Profit and loss"),
        currency=found.currency,
        first=first,
        last=last,
        columns=span.columns(),
        rows=tuple(rows),
        figures=_figures(sections, span),
        bars=_bars(sections, span),
        books_version=queries.books_version(),
    )


class _Span:
    """Which of the queried months belong to the span, to its comparison and to the trend."""

    def __init__(self, first: date, last: date, compare: tuple[date, date] | None) -> None:
        self.first, self.last, self.compare = first, last, compare
        trend = months_before(last, TREND_MONTHS - 1)
        self.from_month = min(first, trend, compare[0] if compare else first)
        count = (last.year - self.from_month.year) * 12 + last.month - self.from_month.month + 1
        self.months = [months_before(last, count - 1 - place) for place in range(count)]

    @classmethod
    def of(cls, first: date, last: date, comparison: str) -> _Span:
        """The span with the months it is compared with."""
        length = (last.year - first.year) * 12 + last.month - first.month + 1
        if comparison == "previous":
            return cls(first, last, (months_before(first, length), first - timedelta(days=1)))
        if comparison == "year":
            return cls(first, last, (months_before(first, 12), month_end(months_before(last, 12))))
        return cls(first, last, None)

    def now(self, amounts: list[int]) -> int:
        """The span's sum."""
        return self._sum(amounts, self.first, self.last)

    def before(self, amounts: list[int]) -> int | None:
        """The comparison's sum."""
        return self._sum(amounts, *self.compare) if self.compare else None

    def trend(self, amounts: list[int]) -> tuple[int, ...]:
        """The last twelve months."""
        return tuple(amounts[-TREND_MONTHS:])

    def _sum(self, amounts: list[int], first: date, last: date) -> int:
        pairs = zip(self.months, amounts, strict=True)
        return sum(amount for month, amount in pairs if first <= month <= last)

    def columns(self) -> tuple[Column, ...]:
        """The span, and where asked for its comparison and the change."""
        now = Column("now", _title(self.first, self.last), first=self.first, last=self.last)
        if not self.compare:
            return (now,)
        first, last = self.compare
        return (
            now,
            Column("before", _title(first, last), first=first, last=last),
            Column("change", _now("Change"), "percent"),
        )

    def cells(self, amounts: list[int]) -> tuple[int | None, ...]:
        """A row's amounts in the order of the columns."""
        now, before = self.now(amounts), self.before(amounts)
        if before is None:
            return (now,)
        return (now, before, change_in_percent(now, before))


def _title(first: date, last: date) -> str:
    if month_start(first) == month_start(last):
        return words.format_short_month(last)
    return f"{words.format_short_month(first)} – {words.format_short_month(last)}"


def _inside(title: str) -> str:
    """A title within another: German keeps the capitals of its nouns."""
    return title if words.locale() == "de" else title.lower()


def _section(section: queries.PlSection, span: _Span) -> list[Row]:
    good_up = _GOOD_UP.get(section.key)
    total = Row(
        RowKind.TOTAL if section.key == "net_profit" else RowKind.SUBTOTAL,
        section.title if not section.rows else _now("Total %(of)s", of=_inside(section.title)),
        span.cells(section.amounts),
        trend=span.trend(section.amounts),
        good_up=good_up,
    )
    if not section.rows:
        return [total]
    figures = [
        Row(
            RowKind.FIGURE,
            row.name,
            span.cells(row.amounts),
            code=row.code,
            account_id=row.account_id,
            trend=span.trend(row.amounts),
            good_up=good_up,
        )
        for row in section.rows
    ]
    return [Row(RowKind.GROUP, section.title), *figures, total]


def _figures(sections: dict[str, queries.PlSection], span: _Span) -> tuple[Figure, ...]:
    chosen = [
        ("income", _now("Income"), True),
        ("gross_profit", _now("Gross profit"), True),
        ("operating_expense", _now("Operating expenses"), False),
        ("net_profit", _now("Net profit"), True),
    ]
    return tuple(
        Figure(
            key,
            title,
            span.now(sections[key].amounts),
            span.before(sections[key].amounts),
            good_up=good_up,
        )
        for key, title, good_up in chosen
        if key in sections
    )


def _bars(sections: dict[str, queries.PlSection], span: _Span) -> tuple[Bar, ...]:
    if "income" not in sections or "net_profit" not in sections:
        return ()
    income = span.trend(sections["income"].amounts)
    result = span.trend(sections["net_profit"].amounts)
    months = span.months[-TREND_MONTHS:]
    return tuple(map(Bar, months, income, result))
