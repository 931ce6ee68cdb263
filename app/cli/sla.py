"""`backoffice sla`: deadlines in opening hours, without a database or the web application."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from app.tickets.clock import business_time, schedule
from app.tickets.clock.business_time import BusinessTime, Counted
from app.tickets.clock.schedule import ClockRefused

MOST_BYTES = 5_000_000
MOST_LINE = 100_000
MOST_SPANS = 10_000
MOST_SECONDS = 30 * 366 * 86_400
_WORDS = {
    "not-a-schedule": "This is no schedule: hours by weekday, tz, holidays, breaks, shifts.",
    "unknown-field": "A schedule has hours, tz, holidays, breaks and shifts.",
    "zone": "Name a time zone such as Europe/Berlin.",
    "weekday": "Days are mon, tue, wed, thu, fri, sat, sun.",
    "dates": f"Give at most {schedule.MOST_DATES} dates as a list.",
    "date": "Write dates as 2026-12-31.",
    "spans": f'Give at most {schedule.MOST_SPANS} spans a day as {{"09:00": "17:00"}}.',
    "span-order": "A span ends after it begins; across midnight it is two, until 24:00.",
    "span-overlap": "Two spans of a day overlap.",
    "time": "Write times as 09:00 or 09:00:30.",
    "never": f"So many hours do not come in {business_time.MOST_YEARS} years.",
    "instant": f"Ask for an instant between {business_time.FIRST_YEAR + 1}"
    f" and {business_time.LAST_YEAR - 1}.",
    "not-json": "A line is one JSON object: id, schedule, start, business_seconds.",
    "unknown-schedule": "The schedule file names no such schedule.",
    "start": "Write the start as 2026-05-09T07:52:27Z, with its offset.",
    "seconds": f"business_seconds is a whole number from 0 to {MOST_SECONDS}.",
    "spans-many": f"More than {MOST_SPANS} spans would be counted.",
}


@click.group()
def sla() -> None:
    """Deadlines in opening hours (offline)."""


@sla.command()
@click.option(
    "--schedules",
    "file",
    required=True,
    type=click.Path(path_type=Path),
    help="A JSON object of schedules by name.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line (always so).")
@click.pass_context
def due(context: click.Context, file: Path, as_json: bool) -> None:
    """Read questions from standard input, one JSON a line, and say when each is due.

    A question is {id, schedule, start, business_seconds}; the answer {id, due, spans, error},
    due being the earliest instant at which so many seconds of opening hours have passed since
    the start. Exit 1 when one of them is refused, 2 when the schedules cannot be read.
    """
    schedules = _schedules(file)
    refused = False
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        answer = _answer(line, number, schedules)
        refused = refused or answer["error"] is not None
        click.echo(json.dumps(answer))
    context.exit(1 if refused else 0)


def _schedules(file: Path) -> Mapping[str, BusinessTime | ClockRefused]:
    """The schedules of a file; one that is refused is kept, for the questions that name it."""
    try:
        with file.open("rb") as stream:
            content = json.loads(stream.read(MOST_BYTES))
    except OSError as error:
        raise click.UsageError(f"{file}: {error.strerror or 'it cannot be read'}.") from error
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{file}: no JSON, or more than {MOST_BYTES} bytes.") from error
    if not isinstance(content, dict):
        raise click.UsageError(f"{file}: a JSON object of schedules by name is wanted.")
    return {name: _compiled(one) for name, one in content.items()}


def _compiled(content: Any) -> BusinessTime | ClockRefused:
    try:
        return business_time.compiled(schedule.read(content))
    except ClockRefused as refused:
        return refused


def _answer(
    line: bytes, number: int, schedules: Mapping[str, BusinessTime | ClockRefused]
) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    try:
        asked = _asked(line)
        hours = _hours(asked, schedules)
        start, seconds = _start(asked), _seconds(asked)
        found = hours.due(start, seconds)
        spans = _spans(hours, start, found)
    except ClockRefused as refused:
        place = f"{refused.where}: " if refused.where else ""
        told = {"code": refused.code, "line": number, "message": place + _WORDS[refused.code]}
        return {"id": asked.get("id"), "due": None, "spans": [], "error": told}
    return {"id": asked.get("id"), "due": _written(found), "spans": spans, "error": None}


def _asked(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line) if len(line) <= MOST_LINE else None
    except (ValueError, RecursionError) as error:
        raise ClockRefused("not-json") from error
    if not isinstance(found, dict):
        raise ClockRefused("not-json")
    return found


def _hours(
    asked: dict[str, Any], schedules: Mapping[str, BusinessTime | ClockRefused]
) -> BusinessTime:
    name = asked.get("schedule")
    found = schedules.get(name) if isinstance(name, str) else None
    if found is None:
        raise ClockRefused("unknown-schedule", "schedule")
    if isinstance(found, ClockRefused):
        raise ClockRefused(found.code, f"{name}, {found.where}")
    return found


def _start(asked: dict[str, Any]) -> int:
    try:
        found = datetime.fromisoformat(asked["start"])
    except (KeyError, TypeError, ValueError) as error:
        raise ClockRefused("start", "start") from error
    if found.tzinfo is None:
        raise ClockRefused("start", "start")
    try:
        return business_time.instant(found.astimezone(UTC))
    except OverflowError as error:
        raise ClockRefused("instant", "start") from error


def _seconds(asked: dict[str, Any]) -> int:
    found = asked.get("business_seconds")
    if type(found) is not int or not 0 <= found <= MOST_SECONDS:
        raise ClockRefused("seconds", "business_seconds")
    return found


def _spans(hours: BusinessTime, start: int, end: int) -> list[dict[str, str]]:
    found: list[Counted] = []
    for one in hours.spans(start, end):
        found.append(one)
        if len(found) > MOST_SPANS:
            raise ClockRefused("spans-many", "business_seconds")
    return [{"start": _written(one.start), "end": _written(one.end)} for one in found]


def _written(instant: int) -> str:
    return business_time.moment(instant).strftime("%Y-%m-%dT%H:%M:%SZ")
