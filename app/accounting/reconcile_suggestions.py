"""Where the screen asks for suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.accounting.matching.values import Suggestion


def suggestions(line_ids: Sequence[UUID]) -> dict[UUID, tuple[Suggestion, ...]]:
    """The best suggestions of each line."""
    return {}
