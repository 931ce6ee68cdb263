"""Packs: made, changed, published as one, withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import ids, undo, usage
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound
from app.reports import commands, pack_files, pack_queries, stored
from app.reports.commands import MAX_NOTE, METER, UNDO_WITHDRAW
from app.reports.document import Report
from app.reports.models import ReportPack
from app.reports.period import COMPARISONS

UNDO_REMOVE = "report_pack.remove"
MOST_PARTS = 40
MAX_NARRATIVE = 20_000
MAX_TITLE = 200

_PUBLISH = sa.text("select app.publish_pack(:line, :pack, :version, :reports)").bindparams(
    sa.bindparam("reports", type_=JSONB)
)


@dataclass(frozen=True, slots=True)
class Part:
    """One report of a pack: which, what stands beside, and the words before its figures."""

    key: str
    comparison: str = "previous"
    share: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a pack is to hold; `first` to `last` are whole days, both included."""

    title: str
    first: date
    last: date
    parts: tuple[Part, ...]
    narrative: str = ""


def _checked(draft: Draft) -> dict[str, Any]:
    faults: dict[str, str] = {}
    if not 1 <= len(draft.title.strip()) <= MAX_TITLE:
        faults["title"] = "pack-title"
    if draft.first > draft.last:
        faults["from"] = "span-backwards"
    if not 1 <= len(draft.parts) <= MOST_PARTS:
        faults["parts"] = "pack-empty"
    if len(draft.narrative) > MAX_NARRATIVE:
        faults["narrative"] = "pack-words-long"
    if any(len(part.words) > MAX_NOTE for part in draft.parts):
        faults["parts"] = "pack-words-long"
    if any(part.comparison not in COMPARISONS for part in draft.parts):
        faults["parts"] = "not-a-choice"
    for field, code in faults.items():
        raise Invalid.of(field, code)
    return {
        "title": draft.title.strip(),
        "narrative": draft.narrative.strip(),
        "first_on": draft.first,
        "last_on": draft.last,
        "parts": [
            {"key": one.key, "cmp": one.comparison, "share": one.share, "words": one.words.strip()}
            for one in draft.parts
        ],
    }


def create_pack(draft: Draft, *, line: str) -> UUID:
    """Writes a draft; raises Invalid with the field that is wrong."""
    made = ids.uuid7()
    values = {"id": made, "line": line, "tenant_id": sa.func.guard.tenant_id(), **_checked(draft)}
    session.execute(sa.insert(ReportPack).values(values))
    return made


def change_pack(pack_id: UUID, draft: Draft, *, version: int) -> None:
    """Changes a draft; raises Conflict when somebody else did since `version`, NotFound."""
    values = {**_checked(draft), "version": version + 1}
    done = session.execute(
        sa.update(ReportPack)
        .where(
            ReportPack.id == pack_id,
            ReportPack.version == version,
            ReportPack.removed_at.is_(None),
        )
        .values(values)
        .returning(ReportPack.id)
    ).first()
    if done is None:
        pack_queries.pack(pack_id)
        raise Conflict("somebody-else-was-first")


def remove_pack(pack_id: UUID) -> UUID:
    """Takes a draft away; what was published of it stays. Returns the way back. NotFound."""
    done = session.execute(
        sa.update(ReportPack)
        .where(ReportPack.id == pack_id, ReportPack.removed_at.is_(None))
        .values(removed_at=sa.func.now())
        .returning(ReportPack.id)
    ).first()
    if done is None:
        raise NotFound
    return undo.offer(UNDO_REMOVE, {"pack": str(pack_id)})


@undo.handler(UNDO_REMOVE)
def _restore(args: dict[str, Any]) -> None:
    session.execute(
        sa.update(ReportPack).where(ReportPack.id == UUID(args["pack"])).values(removed_at=None)
    )


def publish_pack(
    pack_id: UUID, chapters: Sequence[tuple[Report, str]], *, line: str, version: int
) -> UUID:
    """Freezes the reports of a draft, each with its words, as one; returns what was published.

    Its file is ordered with it, so that it is there when the client comes.

    Raises Invalid for a pack without a figure, Conflict when the draft changed, NotFound.
    """
    if all(report.is_empty for report, _words in chapters):
        raise Invalid("report-empty")
    reports = [stored.as_row(report, words) for report, words in chapters]
    made: UUID = session.execute(
        _PUBLISH, {"line": line, "pack": pack_id, "version": version, "reports": reports}
    ).scalar_one()
    usage.record(
        METER,
        len(reports),
        key=f"pack:{made}",
        evidence=usage.Evidence("published_pack", made, pack_queries.pack(pack_id).title),
        line=line,
    )
    pack_files.order(made, line=line)
    commands.tell_published("published_pack", made, line)
    return made


def withdraw_pack(publication_id: UUID, *, line: str) -> UUID:
    """Takes a published pack with its reports from the portal; returns the way back. NotFound."""
    session.execute(
        sa.text("select app.withdraw_pack(:line, :id)"), {"line": line, "id": publication_id}
    )
    return undo.offer(UNDO_WITHDRAW, {"line": line, "id": str(publication_id)})
