"""Tasks from a CSV file: read and checked line by line, shown first, taken whole or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.kernel import scope
from app.kernel.errors import Invalid, Problem
from app.tasks.work import commands, queries
from app.tasks.work.models import TaskIn

MOST_ROWS = 1_000
MAX_BYTES = 400_000
COLUMNS = (
    "title",
    "due_on",
    "kind",
    "line",
    "assignee",
    "reviewer",
    "class",
    "description",
    "checklist",
)
NEEDED = frozenset({"title", "due_on"})


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file: the task it makes, or what is wrong with it."""

    no: int
    task: TaskIn | None
    problems: tuple[tuple[str, Problem], ...] = ()


def read(data: bytes) -> list[Row]:
    """Each line of a file with its task or its faults; writes nothing.

    UTF-8 (with or without a mark), comma or semicolon, a heading of `title` and `due_on` and any of
    the other columns; people by name as they are called here, points of the checklist with `|`
    between them. Raises Invalid at `file` for what is no such table at all.
    """
    rows = _table(data)
    people: dict[str, dict[UUID, str]] = {}
    found = []
    for no, values in rows:
        line = values.get("line") or "accounting"
        if line not in people:
            people[line] = queries.people_here(line)
        found.append(_row(no, values, line, people[line]))
    return found


def take(data: bytes) -> list[UUID]:
    """Makes all tasks of a file; raises Invalid with every fault by line where there is any."""
    return commands.create(tasks(data))


def tasks(data: bytes) -> list[TaskIn]:
    """The tasks of a file without a fault; raises Invalid with every one where there is any."""
    rows = read(data)
    faults = {f"line {row.no}, {name}": [problem] for row in rows for name, problem in row.problems}
    if faults:
        raise Invalid("task-file-faults", faults, count=len(faults))
    return [row.task for row in rows if row.task is not None]


def _table(data: bytes) -> list[tuple[int, dict[str, str]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid.of("file", "task-file-letters") from None
    heading = text.partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in heading else ",", strict=True
    )
    try:
        lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    except csv.Error:
        raise Invalid.of("file", "task-file-table", no=reader.line_num) from None
    if not lines:
        raise Invalid.of("file", "file-empty")
    names = [cell.strip().lower() for cell in lines[0][1]]
    if not set(names) >= NEEDED or len(set(names)) != len(names):
        raise Invalid.of("file", "task-file-heading", columns=", ".join(COLUMNS))
    if unknown := [name for name in names if name not in COLUMNS]:
        raise Invalid.of("file", "task-file-column", column=unknown[0], columns=", ".join(COLUMNS))
    if len(lines) - 1 > MOST_ROWS:
        raise Invalid.of("file", "too-many-rows", most=MOST_ROWS)
    if len(lines) == 1:
        raise Invalid.of("file", "task-file-nothing")
    return [(no, _named(names, cells)) for no, cells in lines[1:]]


def _named(names: list[str], cells: list[str]) -> dict[str, str]:
    values = {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
    if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        values["more"] = "more"
    return values


def _row(no: int, values: Mapping[str, str], line: str, people: Mapping[UUID, str]) -> Row:
    problems: list[tuple[str, Problem]] = []
    if "more" in values:
        problems.append(("title", Problem("task-file-cells")))
    if any("\0" in cell for cell in values.values()):
        problems.append(("title", Problem("unreadable-signs")))
    if line not in scope.current().rights.lines:
        problems.append(("line", Problem("task-file-line")))
    due = _day(values.get("due_on", ""))
    if due is None:
        problems.append(("due_on", Problem("task-file-day")))
    found = {name: _person(values.get(name, ""), people) for name in ("assignee", "reviewer")}
    problems += [(name, Problem("task-person")) for name, one in found.items() if one == ""]
    task = TaskIn(
        title=values.get("title", ""),
        due_on=due or date(2000, 1, 1),
        line=line,
        kind=values.get("kind") or "task",  # type: ignore[arg-type]  # checked below
        description=values.get("description", ""),
        document_class=values.get("class") or "normal",  # type: ignore[arg-type]  # checked below
        assignee_id=found["assignee"] or None,  # type: ignore[arg-type]  # an id or nothing here
        reviewer_id=found["reviewer"] or None,  # type: ignore[arg-type]  # an id or nothing here
        checklist=_checks(values.get("checklist", "")),
    )
    try:
        commands.check(task, people)
    except Invalid as refusal:
        problems += [(name, one) for name, many in refusal.fields.items() for one in many]
    return Row(no, None if problems else task, tuple(problems))


def _checks(text: str) -> tuple[str, ...]:
    return tuple(part for part in (one.strip() for one in text.split("|")) if part)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _person(text: str, people: Mapping[UUID, str]) -> UUID | str | None:
    """Somebody by name; None for nobody named, an empty text for somebody unknown or two alike."""
    if not text:
        return None
    found = [person for person, name in people.items() if name.casefold() == text.casefold()]
    return found[0] if len(found) == 1 else ""
