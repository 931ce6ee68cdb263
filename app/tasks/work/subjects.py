"""Tasks in words, for the papers, notes, questions and hours that stand at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from flask import has_request_context, url_for

from app.documents import subjects
from app.kernel import scope, words
from app.kernel.db import session
from app.kernel.registry import Subject, SubjectSource

_TASKS = sa.text(
    "select t.id, t.line, t.title, t.due_on, c.slug from app.task t"
    " left join app.client c on c.tenant_id = t.tenant_id where t.id = any(:ids)"
)


def tasks(keys: Sequence[str]) -> Mapping[str, Subject]:
    """Tasks: title and due day, with their page where one is drawn; client people see none."""
    ids = [found for found in map(subjects.as_uuid, keys) if found is not None]
    shown = has_request_context() and scope.current().rights.side != "client"
    return {
        str(row.id): Subject(
            str(row.id),
            row.title,
            words.gettext("due %(day)s", day=words.format_date(row.due_on)),
            url_for("work.show", client=row.slug, task_id=row.id) if shown and row.slug else "",
            line=row.line,
        )
        for row in session.execute(_TASKS, {"ids": ids})
    }


SOURCE = SubjectSource("task", "accounting", tasks)
