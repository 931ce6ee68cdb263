"""Share links: one paper for whoever holds the link; it ends by time, by views, or by hand."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.documents import queries
from app.kernel import audit, db, ids, storage
from app.kernel.db import session
from app.kernel.errors import Invalid, NotFound, SignInNeeded
from app.kernel.scope import Scope, secret_hash

MOST_DAYS = 30
KIND = "document_share"
SECRET_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Share:
    """A link to a paper as its makers see it."""

    id: UUID
    document_id: UUID
    label: str
    expires_at: datetime
    most_views: int | None
    views: int
    made_by: UUID
    made_at: datetime
    ended_at: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class ShareView:
    """One time that the paper was shown or handed out by a link."""

    share_id: UUID
    act: str
    agent: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SharedPaper:
    """What the holder of a link learns before anything is counted."""

    name: str
    media_type: str
    size: int
    expires_at: datetime
    views_left: int | None


@dataclass(frozen=True, slots=True)
class SharedContent:
    """What a view shows: the content's hash, and those of the pictures of its pages."""

    name: str
    media_type: str
    size: int
    sha256: str
    pictures: Sequence[str]
    picture_type: str | None


def share(
    document_id: UUID, *, days: int, most_views: int | None = None, label: str = ""
) -> tuple[UUID, str]:
    """Makes a link to a paper; returns its id and the secret, which nothing shows again.

    Raises NotFound for a paper or class that is not the caller's, Forbidden without
    `document.share`, Invalid at `days`.
    """
    if not 1 <= days <= MOST_DAYS:
        raise Invalid.of("days", "share-days")
    head = queries.head(document_id)
    made, secret = ids.uuid7(), secrets.token_hex(SECRET_LENGTH // 2)
    values = {
        "id": made,
        "document": head.id,
        "days": days,
        "most": most_views,
        "label": label[:200],
        "sha": secret_hash("prin", secret),
    }
    session.execute(_SHARE, values)
    audit.note("document.shared", subject_type="document", subject_id=head.id, line=head.line)
    return made, secret


def end(share_id: UUID) -> None:
    """Ends a link at once; raises NotFound."""
    session.execute(_END, {"id": share_id})


def of(document_id: UUID, *, before: UUID | None = None, limit: int = 50) -> list[Share]:
    """The links of a paper, the newest first, `before` an id."""
    values = {"id": document_id, "before": before, "limit": limit}
    rows = session.execute(_OF, values).mappings()
    return [Share(**row) for row in rows]


def views(document_id: UUID, *, limit: int = 50) -> list[ShareView]:
    """When a paper was opened by its links, the newest first."""
    rows = session.execute(_VIEWS, {"id": document_id, "limit": limit}).mappings()
    return [ShareView(**row) for row in rows]


@contextmanager
def held_by(secret: str, *, request_id: str, read_only: bool) -> Iterator[None]:
    """A transaction of the holder of a link; raises NotFound for a secret that opens nothing."""
    if len(secret) != SECRET_LENGTH:
        raise NotFound
    step = Scope.login_by_hash("prin", secret, request_id=request_id)
    with db.transaction(step, read_only=True):
        row = session.execute(_PRINCIPAL, {"kind": KIND}).one_or_none()
    if row is None:
        raise NotFound
    scope = Scope("t", row.tenant_id, None, row.id, request_id=request_id)
    try:
        with db.transaction(scope, read_only=read_only):
            yield
    except SignInNeeded as error:
        raise NotFound from error


def shared_paper() -> SharedPaper:
    """The paper of the link in whose transaction we are; raises NotFound when it has ended."""
    row = session.execute(_PAPER).mappings().first()
    if row is None:
        raise NotFound
    return SharedPaper(**row)


def opened(act: str, *, visit: UUID, agent: str) -> SharedContent:
    """Counts a view, once a visit, and says what is shown; raises NotFound when none is left."""
    values = {"act": act, "visit": visit, "agent": agent}
    row = session.execute(_OPEN, values).mappings().first()
    if row is None:
        raise NotFound
    return SharedContent(**row)


def content(sha256: str) -> Iterator[bytes]:
    """The bytes behind a hash that a view has just named."""
    return storage.open_content(sha256)


_SHARE = sa.text("select app.share_document(:id, :document, :days, :most, :label, :sha)")
_END = sa.text("select app.end_share(:id)")
_OF = sa.text(
    "select id, document_id, label, expires_at, most_views, views, made_by, made_at, ended_at,"
    " ended_at is null and expires_at > now() and views < coalesce(most_views, views + 1)"
    " as is_open from app.document_share where tenant_id = (select guard.tenant_id())"
    " and document_id = :id and (cast(:before as uuid) is null or id < :before)"
    " order by id desc limit :limit"
)
_VIEWS = sa.text(
    "select w.share_id, w.act, w.agent, w.at from app.document_share s"
    " join app.document_share_view w on w.tenant_id = s.tenant_id and w.share_id = s.id"
    " where s.tenant_id = (select guard.tenant_id()) and s.document_id = :id"
    " order by w.id desc limit :limit"
)
_PRINCIPAL = sa.text(
    "select id, tenant_id from guard.principal_for() where kind = 'link' and object_type = :kind"
)
_PAPER = sa.text("select name, media_type, size, expires_at, views_left from app.shared_paper()")
_OPEN = sa.text(
    "select name, media_type, size, sha256, pictures, picture_type"
    " from app.open_shared_paper(:act, :visit, :agent)"
)
