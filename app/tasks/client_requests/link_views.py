"""The page that a link opens: one list, or one thing of it, for who does not sign in.

Opening it changes nothing, so that mail scanners and the previews of chats use nothing up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from flask import Response, url_for

from app.documents import checks, uploads
from app.kernel import db
from app.kernel.errors import NotFound
from app.kernel.words import _
from app.tasks.client_requests import commands, links
from app.tasks.client_requests.forms import GiveForm, HandOnForm
from app.tasks.client_requests.models import OpenedItem, OpenedList
from app.tasks.client_requests.portal_views import MOST_AT_ONCE, STATES, current, sent_files
from app.web import context, forms, language
from app.web.pages import Pages, Surface
from app.web.render import go, render, toast

pages = Pages("client_request_link", __name__, surface=Surface.PUBLIC)


@contextmanager
def _opened(secret: str, *, read_only: bool) -> Iterator[OpenedList]:
    scoped = links.scope_of(secret, request_id=context.request_id())
    with db.transaction(scoped, read_only=read_only), language.spoken():
        yield links.opened()


def show(secret: str, item_id: UUID | None = None) -> Response:
    """The list, with a form for each thing that is missing."""
    del item_id  # a refused form draws the whole list again
    with _opened(secret, read_only=True) as found:
        pass
    return render(
        "client_requests/link.html",
        found=found,
        current=current(found.items),
        sent=[(one, given) for one in found.items for given in one.given if given.mine],
        secret=secret,
        states=STATES,
        handed={one.id: one.handed_to for one in found.items if one.to_give and one.handed_to},
        most=checks.MOST_BYTES,
        form=forms.current(GiveForm),
        hand_form=forms.current(HandOnForm),
    )


pages.get("/r/<secret>", public=True, endpoint="show")(show)


def opens(secret: str, item_id: UUID) -> None:
    """Refuses a secret that does not open this thing, before the files that come are read."""
    with _opened(secret, read_only=True) as found:
        _item(found, item_id)


@pages.post(
    "/r/<secret>/items/<uuid:item_id>",
    public=True,
    again=show,
    max_bytes=MOST_AT_ONCE,
    first=opens,
)
def give(secret: str, item_id: UUID) -> Response:
    """Keeps what is given: words at once; a file is looked through by a job before staff see it."""
    form = forms.bind(GiveForm)
    files = _checked(sent_files())
    with _opened(secret, read_only=False) as found:
        item = _item(found, item_id)
        commands.demand_given(item.kind, text=form.text, confirmed=form.confirmed, files=len(files))
        brought: list[UUID | None] = [_bring(item_id, name, data) for name, data in files]
        for upload in brought or [None]:
            links.give(item_id, text=form.text, confirmed=form.confirmed, upload_id=upload)
    toast(_("Thank you. We have it."))
    return go(url_for(".show", secret=secret))


def _checked(sent: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    files: list[tuple[str, bytes]] = []
    for name, data in sent:
        with commands.naming(name, among=len(sent)):
            files.append((checks.check(data, name=name).name, data))
    return files


def _bring(item_id: UUID, name: str, data: bytes) -> UUID:
    made = links.open_upload(item_id, name=name, size=len(data))
    for no, start in enumerate(range(0, len(data), uploads.PART_BYTES), start=1):
        uploads.put_part(made, no, data[start : start + uploads.PART_BYTES])
    uploads.complete(made)
    return made


@pages.post("/r/<secret>/items/<uuid:item_id>/hand-on", public=True, again=show, first=opens)
def hand_on(secret: str, item_id: UUID) -> Response:
    """Hands one thing on to a colleague, who gets a mail and sees that thing alone."""
    form = forms.bind(HandOnForm)
    with _opened(secret, read_only=False):
        links.hand_on_by_link(item_id, address=form.address, name=form.name)
    toast(_("Handed on. %(name)s gets a mail.", name=form.name or form.address))
    return go(url_for(".show", secret=secret))


def _item(found: OpenedList, item_id: UUID) -> OpenedItem:
    for one in found.items:
        if one.id == item_id:
            return one
    raise NotFound
