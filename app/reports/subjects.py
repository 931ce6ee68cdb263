"""A report's cell in words, for the notes and questions that stand at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.kernel import registry
from app.kernel.registry import ReportDefinition, Subject, SubjectSource


def cells(keys: Sequence[str]) -> Mapping[str, Subject]:
    """Cells by `<report>:<row>:<column>`, a published report's id before it if any."""
    titles = {one.key: one.title for one in registry.current().all(ReportDefinition)}
    found = {}
    for key in keys:
        parts = key.split(":")
        inner = parts[1:] if _is_id(parts[0]) else parts
        if inner and inner[0] in titles:
            found[key] = Subject(key, titles[inner[0]], " · ".join(inner[1:]))
    return found


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


SOURCE = SubjectSource("report_cell", "accounting", cells)
