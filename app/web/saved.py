"""Saved views: a reader's own filters of a list, kept under a name and shown beside its views."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from flask import Response, url_for
from pydantic import Field

from app.kernel import saved_views, scope, undo
from app.kernel.saved_views import SavedView
from app.kernel.words import _
from app.web import context, forms, lists
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import redirect_back, toast

pages = Pages("saved", __name__, surface=Surface.ME)

UNDO = "saved-view"


class ViewForm(forms.Schema):
    """What is kept: the list, the name the reader gives, and the list's query string."""

    list: str = Field(max_length=80)
    name: str = Field(max_length=80)
    query: str = Field(max_length=2_000)


def key_of(view: lists.ListView) -> str:
    """The name a list's views are kept under: a client's lists apart from those of the desk."""
    return f"client/{view.id}" if context.place().client else f"desk/{view.id}"


def of(page: lists.ListPage) -> list[SavedView]:
    """The reader's views of a list; none where the list can be neither filtered nor sorted."""
    if context.place().surface == Surface.PORTAL or not (page.list.filters or page.list.views):
        return []
    return saved_views.of(key_of(page.list))


def may_save(page: lists.ListPage, kept: list[SavedView]) -> bool:
    """Whether the present filter is worth a name: the reader's own, and not kept yet."""
    if not (page.asked.typed or page.asked.sort) or context.place().surface == Surface.PORTAL:
        return False
    if context.place().client is not None and not scope.current().rights.may_write:
        return False
    return page.query not in {one.query for one in kept}


def address(act: str, **values: Any) -> str:
    """Where an act on a view posts to: into the client of the page, else into the home tenant."""
    place = "client_" if context.place().client else ""
    return url_for(f"saved.{place}{act}", **values)


@undo.handler(UNDO)
def _back(args: dict[str, Any]) -> None:
    """Brings a view back to what it was; one that was not there goes."""
    if args["query"] is not None:
        saved_views.save(args["list"], args["name"], args["query"])
        return
    for one in saved_views.of(args["list"]):
        if one.name == args["name"]:
            saved_views.remove(one.id)


def keep() -> Response:
    """Keeps the present filter under a name; the same name is replaced."""
    form = forms.bind(ViewForm)
    before = next((one.query for one in saved_views.of(form.list) if one.name == form.name), None)
    query = [pair for pair in parse_qsl(form.query) if pair[0] != "after"]
    saved_views.save(form.list, form.name, urlencode(query))
    toast(_("View saved."), undo=_undo(form.list, form.name, before))
    return redirect_back()


def remove(view_id: UUID) -> Response:
    """Forgets one of the reader's views."""
    found = saved_views.one(view_id)
    saved_views.remove(view_id)
    toast(_("View removed."), undo=_undo(found.list, found.name, found.query))
    return redirect_back()


def take_back(token: UUID) -> Response:
    """Undoes the last act on a view, once."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back()


def _undo(list_name: str, name: str, query: str | None) -> str:
    return address(
        "take_back", token=undo.offer(UNDO, {"list": list_name, "name": name, "query": query})
    )


for _rule, _act in (
    ("views", keep),
    ("views/<uuid:view_id>/remove", remove),
    ("views/undo/<uuid:token>", take_back),
):
    pages.post(f"/me/{_rule}", needs=SIGNED_IN, endpoint=_act.__name__)(_act)
    pages.post(
        f"/c/<client>/{_rule}",
        needs=SIGNED_IN,
        surface=Surface.CLIENT,
        endpoint=f"client_{_act.__name__}",
    )(_act)
