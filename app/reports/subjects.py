"""A report's cell in words, for the notes and questions that stand at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from flask import url_for

from app.kernel import registry, scope
from app.kernel.db import session
from app.kernel.registry import ReportDefinition, Subject, SubjectSource

# The title of the row that a published figure stands in.
_ROWS = sa.text("""
select k.key, r.id, c.slug, x.row ->> 'title' as title, x.row ->> 'key' as row
from unnest(cast(:keys as text[])) k(key)
join app.published_report r on r.id::text = split_part(k.key, ':', 1)
left join app.client c on c.tenant_id = r.tenant_id
cross join lateral jsonb_array_elements(r.content -> 'rows') x(row)
where starts_with(k.key, r.id::text || ':' || r.key || ':' || (x.row ->> 'key') || ':')
""")


def cells(keys: Sequence[str]) -> Mapping[str, Subject]:
    """Cells by `<report>:<row>:<column>`, a published report's id before it if any."""
    titles = {one.key: one.title for one in registry.current().all(ReportDefinition)}
    published = [key for key in keys if _is_id(key.partition(":")[0])]
    rows = {}
    if published:
        rows = {row.key: row for row in session.execute(_ROWS, {"keys": published})}
    found = {}
    for key in keys:
        parts = key.split(":")
        inner = parts[1:] if key in published else parts
        if not inner or inner[0] not in titles or (key in published and key not in rows):
            continue
        words = [part for part in inner[1:] if not _is_id(part)]
        if key in rows:
            words = [rows[key].title, inner[-1]]
        found[key] = Subject(
            key, titles[inner[0]], " · ".join(words), _address(rows.get(key), inner)
        )
    return found


def _address(row: sa.Row[tuple[str, UUID, str, str, str]] | None, inner: Sequence[str]) -> str:
    """The published figure's page, which staff have."""
    if row is None or row.slug is None or scope.current().rights.side == "client":
        return ""
    return url_for(
        "reports.published_cell", client=row.slug, report_id=row.id, cell=":".join(inner[1:])
    )


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


SOURCE = SubjectSource("report_cell", "accounting", cells)
