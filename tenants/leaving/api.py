"""Leaving over the API: a client's export as a job and a file; its erasure asked for, certified."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g, request, url_for
from pydantic import Field

from app.api import Accepted, Api, Download, In, Out, Page, PageRequest, accepted
from app.kernel import paging, storage
from app.kernel.errors import FreshSignInNeeded, Invalid
from app.web.fresh import is_fresh
from tenants.leaving import erasing, jobs

api = Api("leaving")


class ExportOut(Out):
    """An export that can be fetched; `size` in bytes, `sha256` of the whole file."""

    id: UUID
    name: str
    size: int
    sha256: str
    made_at: datetime


class ErasureIn(In):
    """Why a client is erased."""

    reason: str = Field(min_length=3, max_length=1_000)


class ErasureAskedOut(Out):
    """The approval that a second person decides."""

    approval_id: UUID


class ErasureRequestOut(Out):
    """A wish to erase a client; `state` is `pending` or `approved`, and then carried out."""

    id: UUID
    title: str
    state: str
    requested_by: UUID
    requested_at: datetime
    expires_at: datetime | None


class ErasureOut(Out):
    """The certificate of an erasure: hashes of the client's name and short name, and counts.

    `finished_at` is null while only the rows are gone. `objects_locked` and `own_locked` are held
    by a lock of the bucket; after `backups_until` no backup holds anything of it.
    """

    id: UUID
    erased_tenant_id: UUID
    name_sha256: str
    slug_sha256: str
    approval_id: UUID
    asked_by: UUID
    approved_by: UUID
    erased_at: datetime
    rows_erased: int
    objects_erased: int
    objects_locked: int
    own_locked: int
    people_erased: int
    backups_until: datetime
    finished_at: datetime | None


def _prove() -> None:
    """A token was narrowed and made with a fresh proof; a browser's session gives one now."""
    if request.authorization is None and not is_fresh():
        raise FreshSignInNeeded("fresh-sign-in-needed")


@api.post(
    "/clients/<client>/exports",
    needs=jobs.PERMISSION,
    status=202,
    summary="Order an export of everything",
)
def order_export() -> Accepted:
    """202 with the job; when it is done its `href` is the file, for a week."""
    _prove()
    slug = g.api_client.slug
    link = url_for("api_leaving.fetch_export", client=slug, stored_id=jobs.NO_ID)
    name = f"{slug}-everything.zip"
    return accepted(jobs.order(name=name, link=link, title=g.api_client.name))


@api.get(
    "/clients/<client>/exports",
    needs=jobs.PERMISSION,
    response=ExportOut,
    paged=True,
    summary="Exports that can be fetched",
)
def exports(page: PageRequest) -> Page[Any]:
    """The newest first; each is gone a week after it was made."""
    found = jobs.kept(before=_before(page.after), limit=page.limit)
    cut = paging.page(found, limit=page.limit, key=lambda one: (str(one.id),))
    return Page(cut.rows, cut.next)


def _before(cursor: str | None) -> UUID | None:
    after = paging.decode(cursor, width=1)
    try:
        return UUID(after[0]) if after else None
    except ValueError:
        raise Invalid.of("after", "bad-cursor") from None


@api.get(
    "/clients/<client>/exports/<uuid:stored_id>/file",
    needs=jobs.PERMISSION,
    summary="An export of everything",
)
def fetch_export(stored_id: UUID) -> Download:
    """Streams it; each taking is logged."""
    _prove()
    head = jobs.fetched(stored_id)
    return Download(storage.open(stored_id), head.media_type, head.name)


@api.post(
    "/directory/<slug>/erase",
    needs=erasing.KIND,
    where="provider",
    request=ErasureIn,
    response=ErasureAskedOut,
    status=201,
    summary="Ask for a client to be erased",
)
def ask_erasure(slug: str, body: ErasureIn) -> object:
    """Nothing is erased before a second person approves it. Needs a person's own session with a
    fresh sign-in: a token is refused with 403."""
    if not is_fresh():
        raise FreshSignInNeeded("fresh-sign-in-needed")
    return {"approval_id": erasing.ask(slug, reason=body.reason)}


@api.get(
    "/erasures/requests",
    needs=erasing.KIND,
    where="provider",
    response=ErasureRequestOut,
    paged=True,
    summary="Erasures that wait or are approved",
)
def erasure_requests(page: PageRequest) -> Page[Any]:
    """The newest first; those that ended or were carried out are left out."""
    before = _before(page.after)
    rows = [one for one in erasing.open_requests() if before is None or one.id < before]
    rows.sort(key=lambda one: one.id, reverse=True)
    cut = paging.page(rows[: page.limit + 1], limit=page.limit, key=lambda one: (str(one.id),))
    return Page(cut.rows, cut.next)


@api.get(
    "/erasures",
    needs=erasing.KIND,
    where="provider",
    response=ErasureOut,
    paged=True,
    summary="Certificates of erased clients",
)
def erasures(page: PageRequest) -> Page[Any]:
    """The newest first."""
    rows = erasing.certificates(before=_before(page.after), limit=page.limit + 1)
    cut = paging.page(rows, limit=page.limit, key=lambda one: (str(one["id"]),))
    return Page(cut.rows, cut.next)
