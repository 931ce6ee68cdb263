"""Notes at the figures of a report: found, written from the cell, frozen when it is published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from app.kernel import people
from app.reports.document import Remark, Report
from app.tasks import notes
from app.tasks.models import Audience, Note

SUBJECT = "report_cell"


@dataclass(frozen=True, slots=True)
class Said:
    """One note as a page shows it."""

    text: str
    who: str
    at: datetime
    audience: str


def key_of(report_key: str, row: str, cell: str, *, published: UUID | None = None) -> str:
    """The name of a figure's notes; within a published report they begin with its id."""
    name = f"{report_key}:{row}:{cell}"
    return f"{published}:{name}" if published else name


def at_report(report: Report, *, published: UUID | None = None) -> dict[str, list[Said]]:
    """The notes of a report's figures by `<row>:<cell>`, the oldest first."""
    prefix = key_of(report.key, "", "", published=published).removesuffix(":")
    found = notes.starting(SUBJECT, prefix)
    names = people.names([one.written_by for one in found])
    said: dict[str, list[Said]] = {}
    for one in found:
        said.setdefault(one.subject_key.removeprefix(prefix), []).append(_said(one, names))
    return said


def _said(note: Note, names: dict[UUID, str]) -> Said:
    return Said(note.text, names.get(note.written_by, ""), note.written_at, note.audience)


def counts(said: dict[str, list[Said]]) -> dict[str, int]:
    """How many notes stand at each figure."""
    return {cell: len(found) for cell, found in said.items()}


def frozen(report: Report) -> Report:
    """The report with what has been written to the client at its figures."""
    cells = {column.cell for column in report.columns}
    rows = {row.key for row in report.rows}
    found = [
        Remark(*cell.rpartition(":")[::2], text=one.text, who=one.who, on=one.at.date())
        for cell, several in at_report(report).items()
        for one in several
        if one.audience == "client"
    ]
    order = {row.key: place for place, row in enumerate(report.rows)}
    kept = [one for one in found if one.row in rows and one.cell in cells]
    kept.sort(key=lambda one: order[one.row])
    return replace(report, remarks=tuple(kept))


def write(*, line: str, key: str, text: str, audience: Audience) -> UUID:
    """Writes a note at a figure; for `to_provider` it is a question. Raises as notes.write."""
    return notes.write(
        line=line, subject_type=SUBJECT, subject_key=key, text=text, audience=audience
    )


def marks_of(remarks: Sequence[Remark]) -> dict[str, int]:
    """How many frozen remarks stand at each figure."""
    found: dict[str, int] = {}
    for one in remarks:
        name = f"{one.row}:{one.cell}"
        found[name] = found.get(name, 0) + 1
    return found


def together(*several: dict[str, int]) -> dict[str, int]:
    """The sums of several counts."""
    names: Iterable[str] = {name for one in several for name in one}
    return {name: sum(one.get(name, 0) for one in several) for name in names}
