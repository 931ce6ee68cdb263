"""The command palette: clients, screens, commands and objects by number, amount or words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request, url_for

from app.kernel import registry, scope
from app.kernel.registry import PaletteCommand, PaletteHit, PaletteSource
from app.kernel.words import _
from app.web import context, shell
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import is_partial, render

pages = Pages("palette", __name__, surface=Surface.DESK)

MOST_CLIENTS = 7
MOST_SCREENS = 6
MOST_HITS = 5
MOST_COMMANDS = 6
MAX_QUERY = 80


@dataclass(frozen=True, slots=True)
class Command:
    """A command as drawn: a link, or with `post` a form of one button."""

    title: Any
    icon: str
    url: str
    post: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind."""

    title: Any
    hits: Sequence[PaletteHit]
    clients: Sequence[context.Pin] = ()
    commands: Sequence[Command] = ()


@pages.get("/palette", needs=SIGNED_IN)
def search() -> Response:
    """The palette over all clients."""
    return _answer("desk")


@pages.get("/c/<client>/palette", needs=SIGNED_IN, surface=Surface.CLIENT, endpoint="search_client")
def search_client() -> Response:
    """The palette within a client: its objects come on top."""
    return _answer("client")


KEYS = (
    (_("Ctrl K"), _("Search or jump")),
    ("J  K", _("Next or previous row")),
    ("↵", _("Open the row")),
    (_("Space"), _("Peek at the row")),
    ("X", _("Select the row")),
    (_("Shift J  Shift K"), _("Extend the selection")),
    ("/", _("Filter")),
    ("Z", _("Undo the last act")),
    ("[  ]", _("Previous or next client, same screen")),
)


@pages.get("/keys", needs=SIGNED_IN)
def keys() -> Response:
    """The keys that work on every screen; the overlay adds those of the screen below it."""
    return render("web/keys.html", fragment="keys_text", keys=KEYS)


def _answer(surface: str) -> Response:
    query = request.args.get("q", "").strip()[:MAX_QUERY].replace("\0", "")
    fragment = "options" if "q" in request.args else "content"
    groups = _groups(query, surface)
    return render(
        "web/palette.html", fragment=fragment, query=query, groups=groups, over=is_partial()
    )


def _groups(query: str, surface: str) -> list[Group]:
    found = [_clients(query), _screens(query), _commands(query, surface)]
    found += _objects(query, surface) if query else []
    return [group for group in found if group.hits or group.clients or group.commands]


def _fits(query: str, text: str) -> bool:
    """Whether each word of the query begins or is inside some word of the text."""
    return all(word in text.lower() for word in query.lower().split())


def _clients(query: str) -> Group:
    fitting = [pin for pin in context.place().clients if _fits(query, f"{pin.name} {pin.slug}")]
    return Group(_("Clients"), (), fitting[:MOST_CLIENTS])


def _screens(query: str) -> Group:
    drawn = shell.build()
    entries = [*drawn.client, *drawn.desk, *drawn.account]
    hits = [
        PaletteHit(entry.title, entry.key, entry.url, entry.icon)
        for entry in entries
        if _fits(query, str(entry.title))
    ]
    return Group(_("Screens"), hits[:MOST_SCREENS])


def _commands(query: str, surface: str) -> Group:
    fitting = [
        Command(one.title, one.icon, url_for(one.endpoint, **dict[str, Any](one.values)), one.post)
        for one in registry.current().all(PaletteCommand)
        if _fits(query, f"{one.title} {one.words}") and _offered(one, surface)
    ]
    return Group(_("Commands"), (), (), fitting[:MOST_COMMANDS])


def _offered(one: PaletteCommand, surface: str) -> bool:
    """Whether the reader may give a command here; within a client the desk's are left out."""
    known = one.endpoint in current_app.view_functions
    allowed = one.permission is None or scope.current().rights.may(one.permission)
    return known and allowed and one.surface in {surface, "account"}


def _objects(query: str, surface: str) -> list[Group]:
    rights = scope.current().rights
    return [
        Group(source.title, list(source.find(query, MOST_HITS))[:MOST_HITS])
        for source in registry.current().all(PaletteSource)
        if source.surface == surface
        and (source.permission is None or rights.may(source.permission))
    ]


def same_screen(slug: str, endpoint: str, kept: Mapping[str, str] | None = None) -> str:
    """The address of a screen in another client; its home where the screen names an object.

    `kept` is what a screen names that every client has, such as a month or a report.
    """
    values = kept or {}
    for rule in current_app.url_map.iter_rules(endpoint) if endpoint in _known() else ():
        if "GET" in (rule.methods or ()) and rule.arguments <= {"client", *values}:
            return url_for(endpoint, client=slug, **dict[str, Any](values))
    return url_for("workspace.home", client=slug)


def _known() -> frozenset[str]:
    return frozenset(current_app.view_functions)
