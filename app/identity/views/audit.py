"""The audit trail of a client and of the provider: rights beside facts, by person, act and day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, request

from app.identity import queries
from app.identity.views import pages
from app.identity.views.people import PLACES, where
from app.kernel import audit, words
from app.kernel.words import _
from app.web import lists
from app.web.render import render

PAGE = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One thing somebody did, from the guard's log or the audit of the tables."""

    id: str
    at: datetime
    who: str
    act: str
    what: str


def people_options() -> list[tuple[str, str]]:
    """The people of the filter."""
    return [(str(row.id), row.name) for row in queries.colleagues(everybody=True)]


TRAIL = lists.ListView(
    id="audit",
    caption=_("Audit trail"),
    columns=(
        lists.Column("at", _("When"), kind="instant", phone="r1"),
        lists.Column("who", _("Who"), wide=True, phone="l2"),
        lists.Column("act", _("Act"), main=True),
        lists.Column("what", _("What"), wide=True, phone="ax"),
    ),
    filters=(
        lists.Filter("person", _("Person"), options=people_options),
        lists.Filter("act", _("Act"), kind="search"),
        lists.Filter("day", _("Day"), kind="date"),
    ),
    views=(lists.View("all", _("Everything"), {}), lists.View("rights", _("Rights"), {})),
    empty=lists.Empty("scroll-text", _("Nothing happened in this time.")),
)


def _day(text: str) -> tuple[datetime | None, datetime | None]:
    try:
        start = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None, None
    return start, start + timedelta(days=1)


def _person(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def trail() -> Response:
    """Newest first; the guard's own log and the audit of tables in one list."""
    asked = TRAIL.read()
    since, until = _day(asked.filters.get("day", ""))
    person_id = _person(asked.filters.get("person", ""))
    act = asked.filters.get("act") or None
    before = _day_time(asked.after)
    until = min((one for one in (until, before) if one is not None), default=None)
    names = dict(people_options())
    found = [
        Line(
            str(one.id),
            one.at,
            one.actor_name or str(_("The system")),
            _act(one.act),
            _words(one.act, one.detail),
        )
        for one in queries.guard_events(
            person_id=person_id, act=act, since=since, until=until, limit=PAGE
        )
    ]
    if asked.view != "rights":
        found += _facts(person_id, act, since, until, names)
    found.sort(key=lambda one: one.at, reverse=True)
    after = found[PAGE - 1].at.isoformat() if len(found) > PAGE else None
    return render(
        "identity/audit.html",
        fragment="list",
        page=TRAIL.page(asked, found[:PAGE], after=after),
        place=where(),
        query=request.query_string.decode(),
    )


def _day_time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _facts(
    person_id: UUID | None,
    act: str | None,
    since: datetime | None,
    until: datetime | None,
    names: dict[str, str],
) -> list[Line]:
    events = audit.events(person=person_id, since=since, until=until, limit=PAGE)
    return [
        Line(
            str(one.id),
            one.at,
            names.get(str(one.actor), "") or str(_("The system")),
            _act(one.act),
            f"{one.act} · {one.subject_id or ''}".removesuffix(" · "),
        )
        for one in events
        if act is None or one.act.startswith(act)
    ]


def _act(code: str) -> str:
    """An act in words; the audit of a table says what happened to a row."""
    what, _dot, happened = code.rpartition(".")
    if happened == "added":
        return words.gettext("%(what)s: added", what=words.name_of(what))
    if happened == "changed":
        return words.gettext("%(what)s: changed", what=words.name_of(what))
    if happened == "removed":
        return words.gettext("%(what)s: removed", what=words.name_of(what))
    return words.name_of(code)


def _words(act: str, detail: dict[str, Any]) -> str:
    """The act's code, which the filter takes, and the values that say something to a person."""
    shown = ("role", "lines", "kind", "state", "slug", "line", "to", "n")
    parts = [act]
    for name in shown:
        value = detail.get(name)
        if value:
            parts.append(", ".join(map(str, value)) if isinstance(value, list) else str(value))
    return " · ".join(parts)


for _place, _path in (
    ("desk", "/desk/audit"),
    ("client", "/c/<client>/audit"),
    ("portal", "/portal/<client>/audit"),
):
    pages.get(_path, needs="audit.read", surface=PLACES[_place], endpoint=f"{_place}_audit")(trail)
