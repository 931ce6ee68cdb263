"""A client's export over the API: ordered as a job, fetched as a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g, request, url_for

from app.api import Accepted, Api, Download, Out, Page, PageRequest, accepted
from app.kernel import paging, storage
from app.kernel.errors import FreshSignInNeeded, Invalid
from app.web.fresh import is_fresh
from tenants.leaving import jobs

api = Api("leaving")


class ExportOut(Out):
    """An export that can be fetched; `size` in bytes, `sha256` of the whole file."""

    id: UUID
    name: str
    size: int
    sha256: str
    made_at: datetime


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
