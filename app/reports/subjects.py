"""A report's cell in words, for the notes and questions that stand at it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import has_request_context, url_for

from app.kernel import registry, scope, words
from app.kernel.registry import ReportDefinition, Subject, SubjectSource
from app.reports import queries
from app.web import context

_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_DAYS = re.compile(r"(?:[a-z]+\.\.)?([0-9-]{10})\.\.([0-9-]{10})")
_DAY = re.compile(r"(?:[a-z]+\.\.)?([0-9]{4}-[0-9]{2}-[0-9]{2})")


@dataclass(frozen=True, slots=True)
class _Key:
    """A cell's key in its parts; `published` is the report it stands in, if any."""

    published: UUID | None
    report: str
    row: str
    cell: str


def _read(key: str) -> _Key | None:
    parts = key.split(":")
    published = _id(parts[0])
    rest = parts[1:] if published else parts
    return _Key(published, *rest) if len(rest) == 3 else None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _period(cell: str) -> tuple[dict[str, str], str]:
    """The query string of a column's days, and the same in words."""
    try:
        if _MONTH.fullmatch(cell):
            month = date.fromisoformat(f"{cell}-01")
            return {"period": cell, "on": ""}, words.format_short_month(month)
        days = _DAYS.fullmatch(cell)
        if days:
            first, last = date.fromisoformat(days[1]), date.fromisoformat(days[2])
            text = f"{words.format_date(first)} – {words.format_date(last)}"
            return {"from": days[1], "to": days[2]}, text
        day = _DAY.fullmatch(cell)
        if day:
            return {"on": day[1]}, words.format_date(date.fromisoformat(day[1]))
    except ValueError:
        return {}, ""
    return {}, ""


def cells(keys: Sequence[str]) -> Mapping[str, Subject]:
    """Cells by `<report>:<row>:<days>`, a published report's id before it if any."""
    titles = {one.key: one.title for one in registry.current().all(ReportDefinition)}
    read = {key: one for key in keys if (one := _read(key)) and one.report in titles}
    names = queries.row_titles({one.published for one in read.values() if one.published})
    return {key: _subject(key, one, titles[one.report], names) for key, one in read.items()}


def _subject(key: str, one: _Key, title: object, names: Mapping[tuple[UUID, str], str]) -> Subject:
    query, days = _period(one.cell)
    cell = f"{one.row}:{one.cell}"
    if one.published:
        row = names.get((one.published, one.row), "")
        return Subject(
            key,
            title,
            " · ".join(part for part in (row, days) if part),
            _address("reports.published_cell", cell, report_id=one.published),
            _address("portal_reports.ask", cell, report_id=one.published),
        )
    asked = {name: value for name, value in query.items() if value}
    return Subject(
        key, title, days, _address("reports.drill", cell, report_key=one.report, **asked)
    )


def _address(endpoint: str, cell: str, **values: Any) -> str:
    """The page of a cell; empty in a job, and of a page of staff for client people."""
    if endpoint.startswith("reports.") and scope.current().rights.side == "client":
        return ""
    client = context.place().client if has_request_context() else None
    if client is None:
        return ""
    return url_for(endpoint, client=client.slug, cell=cell, **values)


SOURCE = SubjectSource("report_cell", "accounting", cells)
