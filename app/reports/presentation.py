"""Turns a report's trends and bars into what the charts of the face draw."""

from __future__ import annotations

from collections.abc import Sequence

from app.kernel import money, words
from app.reports.document import Report
from app.web.chart import Bar, ChartData


def trend_in_units(values: Sequence[int], currency: str) -> list[int]:
    """Whole currency units, which is what a sparkline's words should say."""
    return [money.round_half_up(money.to_decimal(value, currency)) for value in values]


def chart_of(report: Report) -> ChartData:
    """The report's months as bars with the result as a line."""
    return ChartData(
        title=words.gettext("Income and net profit, %(n)s months", n=len(report.bars)),
        unit=report.currency,
        bars=[
            Bar(
                label=words.format_short_month(bar.month).split()[0],
                value=money.round_half_up(money.to_decimal(bar.amount, report.currency)),
                text=words.format_money(bar.amount, report.currency),
                line=money.round_half_up(money.to_decimal(bar.line, report.currency)),
            )
            for bar in report.bars
        ],
    )
