"""Publishing a report to the client, and taking it back."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import approvals, notices, scope, undo, usage, words
from app.kernel.db import session
from app.kernel.errors import Invalid
from app.kernel.notices import Told
from app.reports import stored
from app.reports.document import Report

METER = "report_published"
UNDO_WITHDRAW = "published.withdraw"
MAX_NOTE = 10_000
APPROVAL = "report.publish"
SUBJECT = "report"
_SHA = sa.text("select app.publishing_sha(:content, :note)").bindparams(
    sa.bindparam("content", type_=JSONB)
)

_PUBLISH = sa.text(
    "select app.publish_report(:line, :key, :title, :first, :last, :currency, :books_version,"
    " :content, :note)"
).bindparams(sa.bindparam("content", type_=JSONB))


def publish_report(report: Report, *, line: str, note: str = "") -> UUID:
    """Freezes the report as it stands and shows it at the portal; returns its id.

    The figures are stored with the version of the books they came from, so that a later change
    of the books is seen. Raises Invalid for an empty report or a note above 10,000 characters.
    """
    if report.is_empty:
        raise Invalid("report-empty")
    if len(note) > MAX_NOTE:
        raise Invalid.of("note", "too-long", longest=MAX_NOTE)
    published: UUID = session.execute(
        _PUBLISH,
        {
            "line": line,
            "key": report.key,
            "title": report.title,
            "first": report.first,
            "last": report.last,
            "currency": report.currency,
            "books_version": report.books_version,
            "content": stored.to_json(report),
            "note": note.strip(),
        },
    ).scalar_one()
    usage.record(
        METER,
        1,
        key=f"report:{published}",
        evidence=usage.Evidence("published_report", published, report.title),
        line=line,
    )
    tell_published("published_report", published, line)
    return published


def tell_published(subject_type: str, published: UUID, line: str) -> None:
    """Tells the client's people who read what the line shows; by mail they have the day's mail."""
    told = Told(
        "report.pack" if subject_type == "published_pack" else "report.published",
        subject_type,
        str(published),
        line,
        permission="document.read",
        side="client",
    )
    notices.tell([told])


def ask_report(report: Report, *, line: str, note: str = "") -> UUID | None:
    """Asks for the approval that a policy wants before this is published; None where it may be.

    It covers figures and note exactly: what changed meanwhile is asked anew.
    """
    if not approvals.needed(APPROVAL):
        return None
    sha: str = session.execute(
        _SHA, {"content": stored.to_json(report), "note": note.strip()}
    ).scalar_one()
    days = f"{report.first}/{report.last}"
    told = {
        "report": report.title,
        "from": words.format_date(report.first),
        "to": words.format_date(report.last),
        "note": note.strip(),
    }
    return _ask(f"{report.key}/{days}", sha, line=line, title=report.title, told=told)


def ask_pack(
    pack_id: UUID, reports: list[dict[str, Any]], *, line: str, version: int, title: str
) -> UUID | None:
    """The same for a pack: its reports as rows of `publish_pack`, and the version of its words."""
    if not approvals.needed(APPROVAL):
        return None
    sha: str = session.execute(
        _SHA, {"content": reports, "note": f"{pack_id}/{version}"}
    ).scalar_one()
    told = {"report": title, "parts": [one["title"] for one in reports]}
    return _ask(str(pack_id), sha, line=line, title=title, told=told)


def _ask(key: str, sha: str, *, line: str, title: str, told: dict[str, Any]) -> UUID | None:
    asked = approvals.ask_once(
        APPROVAL,
        subject_type=SUBJECT,
        subject_id=uuid5(NAMESPACE_URL, f"{scope.current().tenant_id}/{line}/{key}"),
        line=line,
        title=words.gettext("Publish %(report)s", report=title),
        content=told,
        content_sha=sha,
    )
    return None if asked.granted else asked.id


def withdraw_report(report_id: UUID, *, line: str) -> UUID:
    """Takes a report from the portal, it stays on record; returns the way back. NotFound."""
    session.execute(
        sa.text("select app.withdraw_report(:line, :id)"), {"line": line, "id": report_id}
    )
    return undo.offer(UNDO_WITHDRAW, {"line": line, "id": str(report_id)})


@undo.handler(UNDO_WITHDRAW)
def _show_again(args: dict[str, Any]) -> None:
    session.execute(sa.text("select app.show_again(:line, :id)"), args)
