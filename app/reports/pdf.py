"""Reports typeset as PDF: the same content gives the same bytes, years later and anywhere.

Text reaches the template as data, never as code; fonts are those the typesetter carries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from markupsafe import Markup

from app.kernel import words
from app.reports import presentation, prose
from app.reports.document import Column, Figure, Remark, Report, Row
from app.reports.marking import Mark
from app.web import chart

TEMPLATE = Path(__file__).parent / "typeset" / "report.typ"
ACCENT = "#3a47b8"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

SECOND, LINE = "#c58f3a", "#0a7347"


@dataclass(frozen=True, slots=True)
class Chapter:
    """One report with the words before it; its remarks stand beside its figures."""

    report: Report
    words: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a long report: the first part has its head, the last its notes.

    `first_page` is the number of its first page; how many there will be nobody knows yet.
    """

    rows: tuple[Row, ...]
    first_page: int
    last: bool

    @property
    def opens(self) -> bool:
        """Whether the report begins with it."""
        return self.first_page == 1


@dataclass(frozen=True, slots=True)
class Cover:
    """What the first page says below client and title."""

    period: str
    lines: tuple[str, ...]


def typeset(
    chapters: Sequence[Chapter],
    mark: Mark,
    *,
    title: str,
    foot: str,
    cover: Cover | None = None,
    narrative: str = "",
) -> bytes:
    """The PDF in the language that is spoken now; `mark.at` is its time of making."""
    data = whole_data(chapters, mark, title=title, foot=foot, cover=cover, narrative=narrative)
    return bytes(
        typst.compile(
            TEMPLATE.read_bytes(),
            format="pdf",
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            timestamp=seconds(mark.at),
        )
    )


def whole_data(
    chapters: Sequence[Chapter],
    mark: Mark,
    *,
    title: str,
    foot: str,
    cover: Cover | None = None,
    narrative: str = "",
) -> dict[str, Any]:
    """Cover, words and reports as the template takes them, in the language spoken now."""
    accent = accent_of(mark)
    return {
        **frame(mark, title=title, foot=foot),
        "cover": None
        if cover is None
        else {
            "period": cover.period,
            "lines": list(cover.lines),
            "contents": words.gettext("Contents"),
        },
        "words": prose.data(narrative),
        "reports": [_chapter(chapter, accent) for chapter in chapters],
    }


def accent_of(mark: Mark) -> str:
    """The provider's colour, ours where it has none."""
    return mark.accent if _COLOUR.fullmatch(mark.accent) else ACCENT


def frame(mark: Mark, *, title: str, foot: str) -> dict[str, Any]:
    """What stands around the figures on every page; neither cover nor words before them."""
    before, _, after = words.gettext("Page %(page)s of %(pages)s", page="\0", pages="\1").partition(
        "\0"
    )
    return {
        "title": title,
        "client": mark.client,
        "provider": mark.provider,
        "accent": accent_of(mark),
        "lang": words.locale()[:2],
        "foot": foot,
        "page_of": [before, after.replace("\1", "")],
        "first_page": 1,
        "whole": True,
        "cover": None,
        "words": [],
    }


def part_data(chapter: Chapter, mark: Mark, part: Part, *, title: str, foot: str) -> dict[str, Any]:
    """A part of one long report as the template takes it; the page says its number only."""
    found = _chapter(
        replace(chapter, report=replace(chapter.report, rows=part.rows)), accent_of(mark)
    )
    if not part.opens:
        found |= {"title": "", "words": [], "kpis": [], "charts": []}
    if not part.last:
        found |= {"notes": [], "below": []}
    numbered = words.gettext("Page %(page)s", page="\0").partition("\0")
    return {
        **frame(mark, title=title, foot=foot),
        "page_of": [numbered[0], numbered[2]],
        "first_page": part.first_page,
        "whole": False,
        "reports": [found],
    }


def seconds(at: datetime) -> int:
    """An instant as the typesetter takes it."""
    return int(at.timestamp())


def _chapter(chapter: Chapter, accent: str) -> dict[str, Any]:
    report = chapter.report
    numbers = {(one.row, one.cell): str(n) for n, one in enumerate(report.remarks, 1)}
    return {
        "title": report.title,
        "subtitle": f"{words.format_date(report.first)} – {words.format_date(report.last)}",
        "unit": report.currency,
        "words": prose.data(chapter.words),
        "kpis": [_kpi(figure, report.currency) for figure in report.figures],
        "charts": _charts(report, accent),
        "columns": [column.title for column in report.columns],
        "rows": [_row(row, report, numbers) for row in report.rows],
        "notes": [_remark(one, report, numbers) for one in report.remarks],
        "below": list(report.notes),
    }


def _kpi(figure: Figure, currency: str) -> dict[str, Any]:
    change = figure.change
    up = change is not None and (change > 0) == figure.good_up
    return {
        "title": figure.title,
        "value": words.format_whole(figure.amount, currency),
        "change": "" if change is None else words.format_tenths(change),
        "good": bool(change) and up,
        "bad": bool(change) and not up,
    }


def shown(amount: int | None, column: Column, currency: str) -> str:
    """A figure as it is read; an en dash where there is none."""
    if amount is None:
        return "–"
    if column.kind == "percent":
        return words.format_tenths(amount)
    if column.kind == "share":
        return words.format_share(amount)
    return words.format_minor(amount, currency)


def _row(row: Row, report: Report, numbers: dict[tuple[str, str], str]) -> dict[str, Any]:
    day = f"{words.format_day_month(row.on)}  " if row.on else ""
    return {
        "kind": row.kind.value,
        "title": row.title,
        "code": f"{day}{row.code}",
        "cells": [
            {
                "text": shown(amount, column, report.currency),
                "note": numbers.get((row.key, column.cell), ""),
            }
            for amount, column in zip(row.amounts, report.columns, strict=False)
        ],
    }


def _remark(one: Remark, report: Report, numbers: dict[tuple[str, str], str]) -> dict[str, Any]:
    row = report.row(one.row)
    column = next((c for c in report.columns if c.cell == one.cell), None)
    amount = report.amount(one.row, column.key) if column else None
    figure = f"{column.title}: {shown(amount, column, report.currency)}" if column else ""
    return {
        "mark": numbers[one.row, one.cell],
        "title": row.title if row else "",
        "figure": figure,
        "text": one.text,
        "who": f"{one.who}, {words.format_date(one.on)}" if one.on else one.who,
    }


def _charts(report: Report, accent: str) -> list[dict[str, Any]]:
    found = []
    if report.bars:
        data = presentation.chart_of(report)
        kinds = (accent, SECOND, LINE)
        legend = [
            {"name": name, "colour": colour}
            for name, colour in zip(data.names, kinds, strict=True)
            if name
        ]
        svg = chart.bar_chart(data, width=400)
        found.append(_picture(str(data.title), svg, accent, legend))
    shares = presentation.shares_of(report)
    if shares:
        title = words.gettext("Where the money went")
        found.append(_picture(title, chart.share_chart(shares, title, width=400), accent, []))
    return found


def _picture(title: str, svg: Markup, accent: str, legend: list[dict[str, str]]) -> dict[str, Any]:
    style = (
        f".c1,.c2{{fill:{accent}}}.c2{{fill-opacity:.55}}.c3{{fill:{SECOND}}}"
        f".g{{stroke:#d9dde4}}.ln{{fill:none;stroke:{LINE};stroke-width:2}}"
        "text{fill:#5a6374;font-family:'Libertinus Serif';font-size:12px}"
    )
    drawn = str(svg).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    head, _, rest = drawn.partition(">")
    return {
        "title": title,
        "svg": f"{head}><style>{style}</style>{rest}",
        "alt": title,
        "legend": legend,
    }
