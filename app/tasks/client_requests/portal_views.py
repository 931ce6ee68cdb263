"""Lists at the portal: everything still missing on one page, each thing with its own form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from flask import Response, request, url_for

from app.documents import checks, thumbnails
from app.documents import queries as papers
from app.kernel import events, reads, scope, words
from app.kernel.registry import TodoItem
from app.kernel.words import _
from app.tasks.client_requests import commands, links, queries
from app.tasks.client_requests.forms import GiveForm, HandOnForm
from app.tasks.client_requests.happened import ItemHandedOn
from app.tasks.client_requests.models import Act, OpenedItem, RequestItem
from app.tasks.models import MOST_FILES
from app.web import context, forms
from app.web.lists import Tag
from app.web.pages import Pages, Surface
from app.web.render import redirect_to, render, toast

Item = TypeVar("Item", RequestItem, OpenedItem)
portal = Pages("client_requests_portal", __name__, surface=Surface.PORTAL)
MOST_AT_ONCE = 130 * 1024 * 1024
STATES = {
    "waiting": Tag(_("New"), "acc"),
    "given": Tag(_("Sent"), "info"),
    "accepted": Tag(_("Accepted"), "good"),
    "sent_back": Tag(_("Once more, please"), "warn"),
}


def _me() -> UUID | None:
    return scope.current().person_id


@portal.get("/portal/<client>/requests", needs="document.read")
def index() -> Response:
    """The lists that were sent to this client, the newest first."""
    reads.leave(reads.Look("request_lists", "member"))
    return render("client_requests/portal_index.html", found=queries.at_portal(_me()))


def show(list_id: UUID) -> Response:
    """One list with a form for each thing that is missing."""
    found = queries.one(list_id)
    reads.leave(reads.Look("request_list", found.line, list_id))
    items = queries.items(list_id)
    acts = queries.acts(list_id)
    came = papers.linked(commands.SUBJECT, [one.id for one in items])
    return render(
        "client_requests/portal_show.html",
        found=found,
        items=items,
        current=current(items),
        sent=[(one, a) for one in items for a in acts.get(one.id, []) if a.act == "given"],
        papers=came,
        thumbs=thumbnails.by_id(came.values(), "documents_portal.thumbnail"),
        states=STATES,
        handed={one.id: to for one in items if (to := handed_to(one, acts.get(one.id, [])))},
        most=checks.MOST_BYTES,
        form=forms.current(GiveForm),
        hand_form=forms.current(HandOnForm),
    )


def handed_to(one: RequestItem, acts: Sequence[Act]) -> str:
    """Whom a thing still to be given was handed on to last; empty where nobody has it."""
    last = acts[-1] if acts else None
    return last.text if last and last.act == "handed_on" and one.to_give else ""


def current(items: Sequence[Item]) -> Item | None:
    """The thing whose form is shown: the one asked for in the address, else the first missing."""
    wanted: str = request.values.get("item", "")
    wanted = wanted or str((request.view_args or {}).get("item_id", ""))
    for one in items:
        if str(one.id) == wanted and one.state != "accepted":
            return one
    return next((one for one in items if one.to_give), None)


portal.get("/portal/<client>/requests/<uuid:list_id>", needs="document.read", endpoint="show")(show)


def _again(item_id: UUID) -> Response:
    return show(queries.item(item_id).list_id)


@portal.post(
    "/portal/<client>/requests/items/<uuid:item_id>",
    needs="request.answer",
    again=_again,
    max_bytes=MOST_AT_ONCE,
)
def give(item_id: UUID) -> Response:
    """Keeps what is given for one thing."""
    form = forms.bind(GiveForm)
    commands.give(item_id, text=form.text, confirmed=form.confirmed, files=sent_files())
    toast(_("Thank you. We have it."))
    return redirect_to(".show", list_id=queries.item(item_id).list_id)


def sent_files() -> list[tuple[str, bytes]]:
    """The photos and files of the posted form, at most five of each."""
    return [
        (one.name, one.data)
        for field in ("photo", "files")
        for one in forms.uploads(field, max_bytes=checks.MOST_BYTES, most=MOST_FILES)
    ]


@portal.post(
    "/portal/<client>/requests/items/<uuid:item_id>/hand-on", needs="request.answer", again=_again
)
def hand_on(item_id: UUID) -> Response:
    """Hands one thing on to a colleague, who gets a mail and sees that thing alone."""
    form = forms.bind(HandOnForm)
    made = links.hand_on(item_id, address=form.address, name=form.name)
    events.emit(ItemHandedOn(made.id))
    toast(_("Handed on. %(name)s gets a mail.", name=form.name or form.address))
    return redirect_to(".show", list_id=made.list_id)


def todo() -> list[TodoItem]:
    """The portal's home: each list on which something is missing."""
    place = context.place().client
    if place is None or not scope.current().rights.may("request.answer"):
        return []
    return [
        TodoItem(
            title=one.title,
            detail=words.ngettext("%(n)s thing is missing", "%(n)s things are missing", one.left),
            url=url_for("client_requests_portal.show", client=place.slug, list_id=one.id),
            icon="list-checks",
            state="new",
            minutes=2 * one.left,
        )
        for one in queries.waiting_for_client(_me())
    ]
