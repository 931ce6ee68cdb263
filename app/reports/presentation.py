"""Turns a report's trends, bars and shares into what the charts of the face draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from app.kernel import money, words
from app.reports.document import Report, Row, RowKind
from app.web.chart import Bar, ChartData, Share

SHARES = 7
TELLING = 50  # tenths of a percent


def trend_in_units(values: Sequence[int], currency: str) -> list[int]:
    """Whole currency units, which is what a sparkline's words should say."""
    return [_units(value, currency) for value in values]


def _units(minor: int, currency: str) -> int:
    return money.round_half_up(money.to_decimal(minor, currency))


def row_cells(
    row: Row,
    report: Report,
    cells: str,
    marks: Mapping[str, int] | None,
    *,
    whole: bool = False,
) -> Markup:
    """The cells of a row: figures as links where `cells` is the address before a cell's name.

    `whole` rounds each figure by itself to whole units of the currency. A wide report has a
    thousand cells; drawn by a macro each would cost more than computing them.
    """
    found = [
        _cell(row, report, place, amount, cells, marks, whole=whole)
        for place, amount in enumerate(row.amounts)
    ]
    return Markup("".join(found))  # noqa: S704  # each part is escaped or of our own making


def _cell(
    row: Row,
    report: Report,
    place: int,
    amount: int | None,
    cells: str,
    marks: Mapping[str, int] | None,
    *,
    whole: bool,
) -> str:
    column = report.columns[place]
    notes = marks.get(f"{row.key}:{column.cell}", 0) if marks else 0
    kind = "num note" if notes else "num"
    if amount is None:
        return f'<td class="{kind}"><span class="mut">–</span>{_noted(notes)}</td>'
    if column.kind == "percent":
        kind += _tone(amount, row)
        text = words.format_tenths(amount)
    elif column.kind == "share":
        kind += " t2"
        text = words.format_share(amount)
    else:
        shown = words.format_whole if whole else words.format_minor
        text = shown(amount, report.currency)
    if cells and row.key:
        address = escape(f"{cells}{row.key}:{column.key}")
        text = f'<a href="{address}" data-cell>{text}</a>'
    return f'<td class="{kind}">{text}{_noted(notes)}</td>'


def _noted(count: int) -> str:
    if not count:
        return ""
    return f'<span class="vh">{escape(words.ngettext("%(n)s note", "%(n)s notes", count))}</span>'


def _tone(value: int, row: Row) -> str:
    """Good or bad for the business, for changes of five percent and more."""
    if row.good_up is None or abs(value) < TELLING:
        return ""
    return " good-t" if (value > 0) == row.good_up else " bad-t"


def chart_of(report: Report) -> ChartData:
    """The report's months as bars with a line: income, costs and result, or money and balance."""
    cash = report.chart == "cash"
    title = (
        words.gettext("Change and balance of bank and cash, %(n)s months", n=len(report.bars))
        if cash
        else words.gettext("Income, costs and net profit, %(n)s months", n=len(report.bars))
    )
    names = (
        (words.gettext("Change"), "", words.gettext("Balance at the end"))
        if cash
        else (words.gettext("Income"), words.gettext("Costs"), words.gettext("Net profit"))
    )
    currency = report.currency
    return ChartData(
        title=title,
        unit=currency,
        names=names,
        bars=[
            Bar(
                label=words.format_short_month(bar.month).split()[0],
                value=_units(bar.amount, currency),
                text=words.format_money(bar.amount, currency),
                line=None if bar.line is None else _units(bar.line, currency),
                line_text="" if bar.line is None else words.format_money(bar.line, currency),
                second=None if bar.second is None else _units(bar.second, currency),
                second_text="" if bar.second is None else words.format_money(bar.second, currency),
            )
            for bar in report.bars
        ],
    )


def shares_of(report: Report) -> list[Share]:
    """The largest costs of a profit and loss and the rest, each with its share of all costs."""
    place = report.place("now")
    if report.key != "profit-and-loss" or place is None:
        return []
    costs = [
        (row.title, row.amounts[place] or 0)
        for row in report.rows
        if row.kind is RowKind.FIGURE and row.good_up is False
    ]
    costs = sorted(((t, a) for t, a in costs if a > 0), key=lambda pair: -pair[1])
    whole = sum(amount for _title, amount in costs)
    if len(costs) < 2:
        return []
    top = costs[:SHARES]
    rest = whole - sum(amount for _title, amount in top)
    if rest:
        top.append((words.gettext("All other costs"), rest))
    return [
        Share(title, amount, _share_text(amount, whole, report.currency)) for title, amount in top
    ]


def _share_text(amount: int, whole: int, currency: str) -> str:
    percent = words.format_number((amount * 1000 + whole // 2) // whole // 10)
    return f"{words.format_money(amount, currency)} · {percent} %"
