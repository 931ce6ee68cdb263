"""Questions and lists for the client in words, for the hours that are written at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from flask import has_request_context, url_for

from app.documents import subjects
from app.kernel import scope
from app.kernel.db import session
from app.kernel.registry import Subject, SubjectSource

_QUESTIONS = sa.text(
    "select q.id, q.line, left(q.text, 120) as title, c.slug from app.question q"
    " left join app.client c on c.tenant_id = q.tenant_id where q.id = any(:ids)"
)
_LISTS = sa.text(
    "select l.id, l.line, l.title, c.slug from app.request_list l"
    " left join app.client c on c.tenant_id = l.tenant_id where l.id = any(:ids)"
)


def questions(keys: Sequence[str]) -> Mapping[str, Subject]:
    """Questions: how they begin, with their page for staff."""
    return _told(_QUESTIONS, keys, "questions.show", "question_id")


def lists(keys: Sequence[str]) -> Mapping[str, Subject]:
    """Lists for the client by their titles, with their page for staff."""
    return _told(_LISTS, keys, "client_requests.show", "list_id")


def _told(
    statement: sa.TextClause, keys: Sequence[str], endpoint: str, name: str
) -> Mapping[str, Subject]:
    ids = [found for found in map(subjects.as_uuid, keys) if found is not None]
    shown = has_request_context() and scope.current().rights.side != "client"
    return {
        str(row.id): Subject(
            str(row.id),
            row.title,
            url=url_for(endpoint, client=row.slug, **{name: row.id}) if shown and row.slug else "",
            line=row.line,
        )
        for row in session.execute(statement, {"ids": ids})
    }


SOURCES = (
    SubjectSource("question", "accounting", questions),
    SubjectSource("request_list", "accounting", lists),
)
