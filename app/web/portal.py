"""The portal's home: what needs me, figures at a glance, reports, and who may see my papers."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, redirect, render_template, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app.kernel import clock, registry, words
from app.kernel.registry import PortalCard, TodoItem, TodoSource
from app.kernel.words import _
from app.web import client_rows, context
from app.web.lists import Tag
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import render

pages = Pages("portal", __name__, surface=Surface.PORTAL)

MOST_TODOS = 20
STATES = {
    "todo": Tag(_("To do"), "acc"),
    "new": Tag(_("New"), "acc"),
    "late": Tag(_("Late"), "bad"),
    "soon": Tag(_("Soon"), "warn"),
    "review": Tag(_("In review"), "info"),
    "done": Tag(_("Done"), "good"),
}


@pages.get("/portal/", needs=SIGNED_IN)
def chooser() -> Response | AnyResponse:
    """The firms of the person; with only one of them, its home at once."""
    firms = [pin for pin in client_rows.reached(context.actor().person_id) if not pin.is_provider]
    if len(firms) == 1:
        return redirect(url_for("portal.home", client=firms[0].slug), 303)
    return render("web/portal_chooser.html", firms=firms, cards=_cards(firms=True))


@pages.get("/portal/<client>/", needs=SIGNED_IN)
def home() -> Response:
    """One list of what needs me, then the cards that the lines contribute."""
    todos = [item for source in registry.current().all(TodoSource) for item in source.find()][
        :MOST_TODOS
    ]
    return render(
        "web/portal_home.html",
        greeting=_greeting(),
        todos=[(item, _tag(item)) for item in todos],
        minutes=sum(item.minutes for item in todos),
        cards=_cards(),
    )


def _tag(item: TodoItem) -> Tag:
    return STATES.get(item.state, Tag(item.state))


def _cards(*, firms: bool = False) -> list[Markup]:
    """The cards of the home or of the firms as drawn, without those that have nothing to show."""
    cards = [one for one in registry.current().all(PortalCard) if one.firms == firms]
    built = [(card, card.build()) for card in cards]
    return [_card(card, values) for card, values in built if values is not None]


def _card(card: PortalCard, values: dict[str, Any]) -> Markup:
    return Markup(render_template(card.template, **values))  # noqa: S704  # drawn by our templates


def _greeting() -> str:
    """A greeting by the hour of the reader's day."""
    hour = clock.now().astimezone(ZoneInfo(words.time_zone())).hour
    name = context.actor().first_name
    if hour < 12:
        return words.gettext("Good morning, %(name)s", name=name)
    if hour < 18:
        return words.gettext("Good afternoon, %(name)s", name=name)
    return words.gettext("Good evening, %(name)s", name=name)
