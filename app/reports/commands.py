"""Publishing a report to the client, and taking it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import notices, undo, usage
from app.kernel.db import session
from app.kernel.errors import Invalid
from app.kernel.notices import Told
from app.reports import stored
from app.reports.document import Report

METER = "report_published"
UNDO_WITHDRAW = "published.withdraw"
MAX_NOTE = 10_000
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
            **stored.as_row(report, note),
            "line": line,
            "first": report.first,
            "last": report.last,
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


def withdraw_report(report_id: UUID, *, line: str) -> UUID:
    """Takes a report from the portal, it stays on record; returns the way back. NotFound."""
    session.execute(
        sa.text("select app.withdraw_report(:line, :id)"), {"line": line, "id": report_id}
    )
    return undo.offer(UNDO_WITHDRAW, {"line": line, "id": str(report_id)})


@undo.handler(UNDO_WITHDRAW)
def _show_again(args: dict[str, Any]) -> None:
    session.execute(sa.text("select app.show_again(:line, :id)"), args)
