"""Pages: take a client along whole (staff and its owner), and ask for its erasure."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for
from pydantic import Field

from app.kernel import people, scope, storage, words
from app.kernel.registry import PortalCard
from app.kernel.words import _
from app.web import context, forms
from app.web.fresh import needs_fresh
from app.web.pages import Pages, Surface
from app.web.render import download, may, redirect_to, render, toast
from tenants import queries
from tenants.form_schemas import Nothing
from tenants.leaving import erasing, jobs

pages = Pages("leaving", __name__, surface=Surface.CLIENT)
portal = Pages("leaving_portal", __name__, surface=Surface.PORTAL)
desk = Pages("erasing", __name__, surface=Surface.PROVIDER)
ERASE = "client.erase"
STATES = {
    "pending": (_("Waits for approval"), "warn"),
    "approved": (_("Approved"), "acc"),
}


class ErasureForm(forms.Schema):
    """Why a client is erased."""

    reason: str = Field(min_length=3, max_length=1_000)


def file_name() -> str:
    """`harbour-lane-everything.zip`."""
    return f"{context.client().slug}-everything.zip"


def _page(template: str) -> Response:
    return render(
        template,
        form=forms.current(Nothing),
        kept=jobs.kept(),
        running=jobs.running(),
        days=jobs.KEPT.days,
    )


def index() -> Response:
    """What an export holds, the ones that can be fetched, and the button to make one."""
    return _page("leaving/index.html")


def portal_index() -> Response:
    """The same for the client's own people."""
    return _page("leaving/portal.html")


pages.get("/c/<client>/leaving", needs=jobs.PERMISSION)(index)
portal.get("/portal/<client>/leaving", needs=jobs.PERMISSION)(portal_index)


def _order(endpoint: str) -> None:
    forms.bind(Nothing)
    link = url_for(endpoint, stored_id=jobs.NO_ID)
    title = words.gettext("Everything of %(name)s", name=context.client().name)
    jobs.order(name=file_name(), link=link, title=title)
    toast(_("The export is being made. You may leave this page; it will be here."))


@pages.post("/c/<client>/leaving/exports", needs=jobs.PERMISSION, again=index)
@needs_fresh
def order() -> Response:
    """Orders an export, by staff."""
    _order("leaving.fetch")
    return redirect_to("leaving.index")


@portal.post("/portal/<client>/leaving/exports", needs=jobs.PERMISSION, again=portal_index)
@needs_fresh
def portal_order() -> Response:
    """Orders an export, by the client's own people."""
    _order("leaving_portal.portal_fetch")
    return redirect_to("leaving_portal.portal_index")


def _fetch(stored_id: UUID) -> Response:
    head = jobs.fetched(stored_id)
    return download(storage.open(stored_id), name=head.name, media_type=head.media_type)


@pages.get("/c/<client>/leaving/exports/<uuid:stored_id>/download", needs=jobs.PERMISSION)
@needs_fresh
def fetch(stored_id: UUID) -> Response:
    """An export; each taking is logged."""
    return _fetch(stored_id)


@portal.get("/portal/<client>/leaving/exports/<uuid:stored_id>/download", needs=jobs.PERMISSION)
@needs_fresh
def portal_fetch(stored_id: UUID) -> Response:
    """An export, for the client's own people; each taking is logged."""
    return _fetch(stored_id)


def _card() -> dict[str, Any] | None:
    """The portal home's way to everything, for whoever may take it."""
    return {} if may(jobs.PERMISSION) else None


CARD = PortalCard("leaving", "leaving/_card.html", _card, order=900)


def erasures() -> Response:
    """Requests that wait or are approved, and the certificates of what was erased."""
    requests = erasing.open_requests()
    found = erasing.certificates()
    ids = [one.requested_by for one in requests]
    ids += [row[name] for row in found for name in ("asked_by", "approved_by")]
    return render(
        "leaving/erasures.html",
        requests=requests,
        certificates=found,
        names=people.names(ids),
        states=STATES,
        provider=queries.firm(_here()).slug,
    )


def _here() -> UUID:
    tenant = scope.current().tenant_id
    assert tenant is not None
    return tenant


desk.get("/desk/erasures", needs=ERASE, endpoint="index")(erasures)


def ask_page(slug: str) -> Response:
    """What erasing takes away, what stays, and the request for a second person's approval."""
    row = queries.directory_row(slug)
    return render(
        "leaving/erase.html",
        row=row,
        form=forms.current(ErasureForm),
        open=erasing.asked_about(row),
    )


desk.get("/desk/clients/<slug>/erase", needs=ERASE, endpoint="ask_page")(ask_page)


@desk.post("/desk/clients/<slug>/erase", needs=ERASE, again=ask_page)
@needs_fresh
def ask(slug: str) -> Response:
    """Asks a second person to approve; nothing is erased yet."""
    erasing.ask(slug, reason=forms.bind(ErasureForm).reason)
    toast(_("Asked. When a second person has approved it, it is carried out."))
    return redirect_to("erasing.index")
