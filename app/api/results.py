"""What an operation answers: a page of rows, a made object, an accepted job, a download."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import Field

from app.api.schema import In

Row = TypeVar("Row")
DEFAULT_LIMIT = 50


class PageRequest(In):
    """Which rows are asked for: at most `limit`, behind the cursor `after` of the page before."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=200)
    after: str | None = Field(None, max_length=1_000)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page and the cursor of the next; None on the last."""

    items: Sequence[Row]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """201: what was made and where it is found."""

    body: Any
    location: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """202: the job that does it."""

    job_id: UUID


@dataclass(frozen=True, slots=True)
class Download:
    """Bytes streamed as a file."""

    chunks: Iterator[bytes]
    media_type: str
    name: str


def created(body: Any, location: str) -> Created:
    """Answers 201 with a Location."""
    return Created(body, location)


def accepted(job_id: UUID) -> Accepted:
    """Answers 202 with the job as body and Location."""
    return Accepted(job_id)
