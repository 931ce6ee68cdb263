"""Previews: a job paints what a browser does not draw, in a program of its own, and keeps it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog

from app.documents import queries
from app.documents.models import DocumentHead, stored_kind
from app.documents.paint import SMALL
from app.kernel import jobs, storage, workroom
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.kernel.jobs_catalog import job
from app.kernel.jobs_progress import Progress

log = structlog.get_logger("documents")
JOB = "documents.preview"
SECONDS = 40


@dataclass(frozen=True, slots=True)
class Painting:
    """How a kind is painted: the ending that the painter knows it by, and what it makes of it."""

    source: str
    made: str
    media_type: str


PAINTED: Mapping[str, Painting] = {
    "application/pdf": Painting(".pdf", ".png", "image/png"),
    "image/heic": Painting(".heic", ".jpg", "image/jpeg"),
    "image/jpeg": Painting(".jpeg", ".jpg", "image/jpeg"),
    "image/png": Painting(".image", ".jpg", "image/jpeg"),
    "image/gif": Painting(".image", ".jpg", "image/jpeg"),
    "image/webp": Painting(".image", ".jpg", "image/jpeg"),
}
SMALL_TYPE = "image/webp"
SMALL_PAGE = 0
"""The small picture of a paper stands before its pages, and goes wherever they go."""
_PAINTER = Path(__file__).with_name("paint.py")
_KEEP = sa.text(
    "insert into app.document_preview (tenant_id, document_id, line, no, page, stored_object_id)"
    " select (select guard.tenant_id()), :id, :line, :no, p.page, p.object"
    " from unnest(cast(:objects as uuid[]), cast(:pages as integer[])) p(object, page)"
    " on conflict do nothing"
)


def order(document_id: UUID, *, line: str, media_type: str, no: int = 1) -> None:
    """Asks for the preview of a new content, where its kind is painted."""
    if media_type in PAINTED:
        key = f"preview:{document_id}:{no}"
        jobs.enqueue(JOB, {"document": str(document_id)}, key=key, line=line)


@job(JOB, queue="bulk", retries=2, lease=90)
def make(args: dict[str, Any], _progress: Progress) -> None:
    """Paints and keeps the first pages; a paper that cannot be painted just has no preview."""
    document_id = UUID(args["document"])
    try:
        head = queries.head(document_id)
    except NotFound:
        return  # removed meanwhile
    painting = PAINTED.get(head.media_type)
    if painting is None or queries.preview_pages(document_id):
        return
    pictures = paint(b"".join(queries.content(document_id)), painting)
    if not pictures.pages:
        return
    stored = _stored(pictures.pages, head, f"preview{painting.made}", painting.media_type)
    pages = list(range(1, len(stored) + 1))
    if pictures.small:
        stored += _stored([pictures.small], head, "preview.webp", SMALL_TYPE)
        pages.append(SMALL_PAGE)
    values = {"id": document_id, "line": head.line, "no": head.version}
    session.execute(_KEEP, {**values, "objects": stored, "pages": pages})


def _stored(
    contents: Sequence[bytes], head: DocumentHead, name: str, media_type: str
) -> list[UUID]:
    """Sealed as the paper itself, of its class."""
    kind = stored_kind(head.document_class)
    return storage.put_all(contents, kind=kind, name=name, media_type=media_type, line=head.line)


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a paper looks like: its first pages, and a small picture of the first for lists."""

    pages: Sequence[bytes] = ()
    small: bytes | None = None


def paint(data: bytes, painting: Painting = PAINTED["application/pdf"]) -> Pictures:
    """The pictures of a paper; none where the file cannot be drawn within the bounds."""
    with workroom.folder("preview") as folder:
        source = folder / f"paper{painting.source}"
        source.write_bytes(data)
        command = [sys.executable, "-I", str(_PAINTER), str(source), str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            log.info("preview took too long")
            return Pictures()
        if done.returncode:
            log.info("preview failed", code=done.returncode)
        pages = sorted(folder.glob(f"*{painting.made}"), key=lambda one: int(one.stem))
        small = folder / SMALL
        return Pictures(
            [one.read_bytes() for one in pages], small.read_bytes() if small.exists() else None
        )
