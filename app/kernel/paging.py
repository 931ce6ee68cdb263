"""Keyset paging: an opaque cursor over the sort columns, never an offset."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from app.kernel.errors import Invalid

Row = TypeVar("Row")
MAX_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page and the cursor of the next; None when this was the last."""

    rows: Sequence[Row]
    next: str | None


def encode(values: Sequence[Any]) -> str:
    """A cursor from the sort values of the last row."""
    text = json.dumps([str(value) for value in values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str | None, *, width: int) -> list[str] | None:
    """The sort values of a cursor; raises Invalid for one that we did not make."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded.encode()))
    except (ValueError, binascii.Error):
        raise Invalid.of("after", "bad-cursor") from None
    if not isinstance(values, list) or len(values) != width:
        raise Invalid.of("after", "bad-cursor")
    if not all(isinstance(value, str) and "\0" not in value for value in values):
        raise Invalid.of("after", "bad-cursor")
    return values


def keys(after: str | None, *readers: Callable[[str], Any]) -> tuple[Any, ...] | None:
    """The sort values that a page begins behind, read by one reader each, such as `UUID`.

    A reader raises ValueError for what is none of its kind. Raises Invalid for a cursor that we
    did not make; None for the first page.
    """
    found = decode(after, width=len(readers))
    if found is None:
        return None
    try:
        return tuple(read(text) for read, text in zip(readers, found, strict=True))
    except ValueError:
        raise Invalid.of("after", "bad-cursor") from None


def moment(text: str) -> datetime:
    """A moment of a cursor; raises ValueError for one without its offset."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def clamp(limit: int | None, *, default: int = 100) -> int:
    """A page size between 1 and 200."""
    return max(1, min(limit or default, MAX_LIMIT))


def page(rows: Sequence[Row], *, limit: int, key: Callable[[Row], Sequence[Any]]) -> Page[Row]:
    """Cuts `limit` rows of a query that asked for one more, and makes the cursor."""
    if len(rows) <= limit:
        return Page(rows, None)
    kept = rows[:limit]
    return Page(kept, encode(key(kept[-1])))
