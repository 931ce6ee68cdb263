"""What lists for clients contribute; the package's registration calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Flask, url_for

from app.api import Api
from app.documents.subjects import as_uuid
from app.kernel import words
from app.kernel.day_mail import DayMailSource
from app.kernel.registry import (
    DeskColumn,
    Meter,
    NavItem,
    PaletteCommand,
    Permalink,
    Registry,
    Subject,
    SubjectSource,
    TodoSource,
)
from app.kernel.words import _
from app.tasks.client_requests import (
    api,
    commands,
    give_api,
    link_views,
    portal_views,
    queries,
    views,
)

JOBS = ("app.tasks.client_requests.happened",)
FIGURE = "requests_given"
ERROR_TEXTS = {
    "client-rests": _("The work for this client rests, so nothing is taken in. Please ask us."),
    "request-answer-missing": _("Write your answer."),
    "request-confirmation-missing": _("Choose yes or no."),
    "request-file-missing": _("Take a photo or choose a file."),
    "request-file-refused": _(
        "%(file)s: %(why)s None of the %(n)s files was kept. Send the others without this one."
    ),
    "request-handed-on-often": _("This was handed on ten times already. Ask us instead."),
    "request-item-accepted": _("This was accepted already. Nothing more is needed."),
    "request-item-given": _("Something was given for this already. Accept it or send it back."),
    "request-item-moves": _("This was changed meanwhile. Load the page again."),
    "request-item-not-given": _("Nothing was given for this yet."),
    "request-items": _("Ask for 1 to %(most)s things."),
    "request-list-draft": _("This list was not sent yet. Send it first."),
    "request-list-ended": _("This list has ended."),
    "request-list-sent": _("This list was sent already. Ask for one thing more instead."),
}


def register(registry: Registry) -> None:
    """Adds navigation, figures, the portal's to-dos, the mail's source, subjects and words."""
    registry.add(*_navigation())
    registry.add(
        DeskColumn("accounting", FIGURE, _("Came in"), "client_requests.index", order=42),
        TodoSource("requests", portal_views.todo, order=4),
        DayMailSource("request_lists", queries.day_items, order=5),
        Meter(commands.METER, _("List sent to the client"), "list", "accounting"),
        Permalink("request_list", views.permalink),
        SubjectSource(commands.SUBJECT, "accounting", _describe),
    )
    words.declare_errors(ERROR_TEXTS)
    words.declare_names(
        {
            "request_list": _("List for the client"),
            "request_lists": _("Lists for the client"),
            "request_item": _("Thing asked for"),
            "request_link": _("Link to a list"),
            "requests.handed-on": _("A thing handed on is mailed"),
        }
    )


def _navigation() -> tuple[NavItem | PaletteCommand, ...]:
    title, icon = _("Lists"), "list-checks"
    return (
        NavItem(
            "requests",
            title,
            icon,
            "client_requests_desk.of_my_clients",
            "desk",
            order=32,
            figure=FIGURE,
        ),
        NavItem(
            "requests",
            title,
            icon,
            "client_requests.index",
            "client",
            permission="document.read",
            order=47,
            figure=FIGURE,
        ),
        NavItem(
            "requests",
            _("To send"),
            icon,
            "client_requests_portal.index",
            "portal",
            order=15,
            permission="document.read",
        ),
        PaletteCommand(
            "request-list",
            _("New list for the client"),
            icon,
            "client_requests.new",
            "request.ask",
            order=41,
        ),
    )


def _describe(keys: Sequence[str]) -> Mapping[str, Subject]:
    """Things of lists in words."""
    ids = [one for one in map(as_uuid, keys) if one is not None]
    return {
        str(one.id): Subject(
            key=str(one.id),
            title=one.title,
            url=url_for("client_requests.show", list_id=one.list_id),
            portal_url=url_for("client_requests_portal.show", list_id=one.list_id),
        )
        for one in queries.items_by_id(ids)
    }


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of staff, of the portal and of links."""
    return (views.desk, views.pages, portal_views.portal, link_views.pages)


def apis() -> tuple[Api, ...]:
    """The operations on lists."""
    return (api.api, give_api.api)


def install(app: Flask) -> None:
    """Gives templates the words of a thing's states."""
    app.jinja_env.globals["request_states"] = views.ITEM_STATES
