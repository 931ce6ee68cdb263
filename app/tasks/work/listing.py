"""The list of tasks, over all my clients and in one: its columns, filters, views and counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import url_for

from app.kernel import clock, paging
from app.kernel.words import _
from app.tasks.work import queries, rows
from app.tasks.work.queries import View, Wanted
from app.web import client_rows, context, lists

NOBODY = "nobody"
VIEWS: dict[str, View] = {
    "day": "day",
    "mine": "mine",
    "review": "review",
    "late": "late",
    "waiting": "waiting",
    "clients": "open",
    "open": "open",
    "all": "all",
}
_VIEWS = (
    lists.View("mine", _("Mine")),
    lists.View("review", _("For me to review")),
    lists.View("late", _("Late")),
    lists.View("waiting", _("Waiting on client")),
)


def _columns(*, many: bool) -> tuple[lists.Column, ...]:
    client = lists.Column("client", _("Client"), wide=True, phone="l2")
    return (
        lists.Column("title", _("Task"), main=True, phone="t1"),
        *((client,) if many else ()),
        lists.Column("due", _("Due"), phone="r1"),
        lists.Column("assignee", _("Whose"), phone="ax" if many else "l2"),
        lists.Column("kind", _("Kind")),
        lists.Column("checks", _("Checklist"), phone="ax"),
        lists.Column("state", _("State"), phone="r2"),
    )


def _filters(people: Callable[[], Sequence[tuple[str, Any]]]) -> tuple[lists.Filter, ...]:
    return (
        lists.Filter("q", _("Title"), kind="search"),
        lists.Filter("whose", _("Whose"), options=people),
        lists.Filter("state", _("State"), options=_words(rows.STATES)),
        lists.Filter("kind", _("Kind"), options=_words(rows.KINDS)),
        lists.Filter("until", _("Due until"), kind="date"),
    )


def _words(known: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, getattr(text, "text", text)) for name, text in known.items()]


def people() -> list[tuple[str, Any]]:
    """The provider's people who work here, for a choice."""
    found = queries.people_here("member")
    return [(str(person), name) for person, name in found.items()]


def _whose() -> list[tuple[str, Any]]:
    return [(NOBODY, _("Nobody")), *people()]


def _actions(where: str) -> tuple[lists.Action, ...]:
    may = "task.write"
    return (
        lists.Action("done", _("Done"), f"{where}.finish", "E", "check", may),
        lists.Action("mine", _("Take"), f"{where}.take_over", "A", "user", may),
        lists.Action("change", _("Change"), f"{where}.change", "H", "pencil", may),
    )


DESK = lists.ListView(
    id="tasks",
    caption=_("Tasks"),
    columns=_columns(many=True),
    href=lambda row: url_for("work.show", client=row.slug, task_id=row.id),
    filters=_filters(_whose),
    views=(lists.View("day", _("My day")), *_VIEWS, lists.View("clients", _("My clients"))),
    actions=_actions("work_desk"),
    empty=lists.Empty("circle-check", _("Nothing to do here.")),
)
CLIENT = lists.ListView(
    id="client-tasks",
    caption=_("Tasks"),
    columns=_columns(many=False),
    href=lambda row: url_for("work.show", task_id=row.id),
    filters=_filters(_whose),
    views=(lists.View("open", _("Open")), *_VIEWS, lists.View("all", _("All"))),
    actions=_actions("work"),
    empty=lists.Empty("circle-check", _("No tasks here.")),
)


def wanted(asked: lists.Asked, tenants: Sequence[UUID] = ()) -> Wanted:
    """What the reader asks of a list, as the query takes it."""
    who = context.actor()
    whose = asked.filters.get("whose", "")
    return Wanted(
        view=VIEWS[asked.view],
        me=who.person_id,
        tenants=tuple(tenants),
        state=asked.filters.get("state", ""),
        kind=asked.filters.get("kind", ""),
        assignee=UUID(whose) if whose and whose != NOBODY else None,
        nobody=whose == NOBODY,
        search=asked.filters.get("q", ""),
        due_to=_day(asked.filters.get("until", "")),
        at=clock.now(),
        day_end=queries.day_end(who.time_zone or "UTC"),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def page(view: lists.ListView, tenants: Sequence[UUID] = ()) -> lists.ListPage:
    """The page of the list that the address asks for; raises Invalid for a made-up cursor."""
    asked = view.read()
    sought = wanted(asked, tenants)
    after = paging.keys(asked.after, paging.moment, UUID)
    found = queries.tasks(sought, after=after, limit=asked.limit + 1)
    cut = paging.page(found, limit=asked.limit, key=lambda one: [one.due_at.isoformat(), one.id])
    places = {pin.tenant_id: (pin.slug, pin.name) for pin in context.place().clients}
    drawn = rows.rows(cut.rows, clients=places, at=sought.at)
    shown = [row for row in drawn if row.slug] if tenants else drawn
    return view.page(asked, shown, after=cut.next, counts=_counts(sought))


def _counts(sought: Wanted) -> dict[str, int]:
    """Mine are counted; late and waiting are figures that are kept anyway."""
    here = sought.tenants or (context.client().tenant_id,)
    assert sought.day_end is not None
    found = queries.mine(here, sought.me, day_end=sought.day_end)
    sums = client_rows.sums()
    for view, figure in (("late", "tasks_late"), ("waiting", "tasks_waiting")):
        found[view] = sum(n for key, n in sums.items() if key.endswith(f"/{figure}"))
    return found
