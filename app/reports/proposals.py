"""What somebody asks to publish: kept as the approval's hash covers it, for the decider to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import approvals, scope, words
from app.kernel.approvals import ApprovalView
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound
from app.reports import pack_queries, stored
from app.reports.document import Report
from app.web import context

APPROVAL = "report.publish"
SUBJECT = "report"
MOST_BYTES = 16 * 1024 * 1024
_KEEP = sa.text(
    "insert into app.report_proposal (tenant_id, line, document)"
    " values ((select guard.tenant_id()), :line, :document) on conflict (tenant_id, sha) do nothing"
).bindparams(sa.bindparam("document", type_=JSONB))
_KEPT = sa.text(
    "select id, sha from app.report_proposal where sha = app.publishing_sha(:document)"
).bindparams(sa.bindparam("document", type_=JSONB))
_ONE = sa.text(
    "select p.id, p.line, p.document, (select a.id from app.approval a"
    " where a.tenant_id = p.tenant_id and a.kind = :kind and a.content_sha = p.sha"
    " order by a.id desc limit 1) as approval_id from app.report_proposal p"
    " where p.tenant_id = (select guard.tenant_id()) and (p.id = :id or p.sha = :sha)"
)


@dataclass(frozen=True, slots=True)
class Proposed:
    """One report of a proposal with its heading and the words before it."""

    title: str
    first: date
    last: date
    note: str
    report: Report


@dataclass(frozen=True, slots=True)
class Proposal:
    """A report, or a pack of several, as it will be published; days are both included.

    `subject` names what is published, whichever its figures; `approval_id` is the newest approval
    of exactly this; `narrative` are a pack's own words.
    """

    id: UUID
    line: str
    subject: UUID
    approval_id: UUID | None
    pack_id: UUID | None
    title: str
    narrative: str
    first: date
    last: date
    reports: tuple[Proposed, ...]


def ask_report(report: Report, *, line: str, note: str = "") -> UUID | None:
    """Asks for the approval that a policy wants before this is published; None where it may be.

    It covers figures, heading and note exactly: what changed meanwhile is asked anew. Raises
    Invalid (report-empty, proposal-too-large), Conflict (approval-waits-already).
    """
    if report.is_empty:
        raise Invalid("report-empty")
    if not approvals.needed(APPROVAL):
        return None
    return _ask({"line": line, **stored.as_row(report, note)})


def ask_pack(pack_id: UUID, chapters: Sequence[tuple[Report, str]], *, version: int) -> UUID | None:
    """The same for a pack, whose own words it covers too.

    Raises Conflict (somebody-else-was-first) when the draft changed since `version`.
    """
    if all(report.is_empty for report, _said in chapters):
        raise Invalid("report-empty")
    if not approvals.needed(APPROVAL):
        return None
    pack = pack_queries.pack(pack_id)
    if pack.version != version:
        raise Conflict("somebody-else-was-first")
    return _ask(
        {
            "line": pack.line,
            "pack": str(pack_id),
            "title": pack.title,
            "narrative": pack.narrative,
            "first": pack.first_on.isoformat(),
            "last": pack.last_on.isoformat(),
            "reports": [stored.as_row(report, said) for report, said in chapters],
        }
    )


def keep(document: dict[str, Any]) -> tuple[UUID, str]:
    """Keeps what is to be published, once; returns its id and the hash that an approval covers.

    Raises Invalid (proposal-too-large) above 16 MiB.
    """
    if len(stored.canonical(document)) > MOST_BYTES:
        raise Invalid("proposal-too-large")
    session.execute(_KEEP, {"line": document["line"], "document": document})
    kept = session.execute(_KEPT, {"document": document}).one()
    return kept.id, kept.sha


def _ask(document: dict[str, Any]) -> UUID | None:
    proposal_id, sha = keep(document)
    made = _read(proposal_id, document, None)
    asked = approvals.ask_once(
        APPROVAL,
        subject_type=SUBJECT,
        subject_id=made.subject,
        line=made.line,
        title=words.gettext("Publish %(report)s", report=made.title),
        content=_told(made),
        content_sha=sha,
    )
    return None if asked.granted else asked.id


def one(proposal_id: UUID) -> Proposal:
    """One proposal; raises NotFound."""
    found = _found(proposal_id, "")
    if found is None:
        raise NotFound
    return found


def shown(asked: ApprovalView) -> dict[str, Any] | None:
    """What the decider reads, drawn from the document that the hash covers and is published."""
    found = _of(asked)
    return _told(found) if found is not None else None


def page(asked: ApprovalView) -> str | None:
    """The report or pack as it will be published, in the reader's own pages."""
    address = {"client": "reports.proposed", "portal": "portal_reports.proposed"}
    surface = context.place().surface
    found = _of(asked) if surface in address else None
    return url_for(address[surface], proposal_id=found.id) if found is not None else None


def _of(asked: ApprovalView) -> Proposal | None:
    found = _found(None, asked.content_sha)
    if found is None or (found.line, found.subject) != (asked.line, asked.subject_id):
        return None
    return found


def _found(proposal_id: UUID | None, sha: str) -> Proposal | None:
    values = {"id": proposal_id, "sha": sha, "kind": APPROVAL}
    row = session.execute(_ONE, values).one_or_none()
    try:
        return _read(row.id, row.document, row.approval_id) if row is not None else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # kept past the pages: there is no report in it that could be read


def _told(found: Proposal) -> dict[str, Any]:
    told: dict[str, Any] = {
        "report": found.title,
        "from": words.format_date(found.first),
        "to": words.format_date(found.last),
        "note": found.narrative if found.pack_id else found.reports[0].note,
        "_proposal": str(found.id),
    }
    return {**told, "parts": [one.title for one in found.reports]} if found.pack_id else told


def _read(proposal_id: UUID, kept: dict[str, Any], approval_id: UUID | None) -> Proposal:
    pack_id = UUID(kept["pack"]) if "pack" in kept else None
    key = str(pack_id or f"{kept['key']}/{kept['first']}/{kept['last']}")
    return Proposal(
        id=proposal_id,
        line=kept["line"],
        subject=uuid5(NAMESPACE_URL, f"{scope.current().tenant_id}/{kept['line']}/{key}"),
        approval_id=approval_id,
        pack_id=pack_id,
        title=kept["title"],
        narrative=kept["narrative"] if pack_id else "",
        first=date.fromisoformat(kept["first"]),
        last=date.fromisoformat(kept["last"]),
        reports=tuple(map(_proposed, kept["reports"] if pack_id else [kept])),
    )


def _proposed(kept: dict[str, Any]) -> Proposed:
    return Proposed(
        title=kept["title"],
        first=date.fromisoformat(kept["first"]),
        last=date.fromisoformat(kept["last"]),
        note=kept["note"],
        report=stored.from_json(kept["content"]),
    )
