"""The client workspace: its first page, pins, permalinks and the way to the next client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

from flask import Response, current_app, request, url_for

from app.kernel import registry, words
from app.kernel.errors import NotFound
from app.kernel.registry import DeskColumn, Permalink, ReportDefinition
from app.kernel.words import _
from app.web import client_rows, context, lists, palette, recall, shell
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import go, redirect_back, render, toast

pages = Pages("workspace", __name__, surface=Surface.CLIENT)
_SMALL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,29}")


@pages.get("/c/<client>/", needs=SIGNED_IN)
def home() -> Response:
    """What is left to do in this client, and the ways into its books and papers."""
    sums = client_rows.sums()
    columns = [one for one in registry.current().all(DeskColumn) if one.shows == "count"]
    figures = [_figure(column, sums) for column in columns]
    pinned = any(
        pin.pinned and pin.tenant_id == context.client().tenant_id
        for pin in context.place().clients
    )
    return render(
        "web/workspace.html",
        figures=figures,
        left=sum(sums.get(f"{column.line}/{column.figure}", 0) for column in columns),
        reports=registry.current().all(ReportDefinition),
        pinned=pinned,
        ways=shell.build().client,
    )


def _figure(column: DeskColumn, sums: Mapping[str, int]) -> lists.Kpi:
    n = sums.get(f"{column.line}/{column.figure}", 0)
    href = url_for(column.endpoint) if column.endpoint in current_app.view_functions else None
    note = words.gettext("to do") if n else words.gettext("all done")
    return lists.Kpi(column.title, words.format_number(n), note, "warn" if n else "good", href)


@pages.post("/c/<client>/pin", needs=SIGNED_IN)
def pin() -> Response:
    """Keeps this client in my sidebar."""
    who = context.actor()
    client_rows.pin(context.client().tenant_id, who.person_id)
    recall.forget_clients()
    toast(_("Pinned."), undo=url_for("workspace.unpin"))
    return redirect_back(url_for("workspace.home"))


@pages.post("/c/<client>/unpin", needs=SIGNED_IN)
def unpin() -> Response:
    """Takes this client out of my sidebar."""
    who = context.actor()
    client_rows.unpin(context.client().tenant_id, who.person_id)
    recall.forget_clients()
    toast(_("No longer pinned."), undo=url_for("workspace.pin"))
    return redirect_back(url_for("workspace.home"))


@pages.get("/c/<client>/next", needs=SIGNED_IN)
def next_client() -> Response:
    """The same screen in the next client, or the one before with `step=-1`.

    What the screen names besides the client travels along: a month, a report, the step looked at.
    """
    step = -1 if request.args.get("step") == "-1" else 1
    found = shell.neighbour(step)
    if found is None:
        raise NotFound
    at = request.args.get("at", "")
    kept = {name: text for name, text in request.args.items() if name not in ("at", "step")}
    return go(palette.same_screen(found.slug, at, kept if all(map(_plain, kept.values())) else {}))


def _plain(text: str) -> bool:
    """Whether a value is a month, a report's key or the like, and no object of one client."""
    return _SMALL.fullmatch(text) is not None


@pages.get("/x/<client>/<uuid:object_id>", needs=SIGNED_IN)
def permalink(object_id: UUID) -> Response:
    """Whatever object of this client has the id: off to its page."""
    for link in registry.current().all(Permalink):
        try:
            address = link.url_for(object_id)
        except NotFound:
            continue  # an object of another kind
        if address:
            return go(address)
    raise NotFound
