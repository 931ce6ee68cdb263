"""The desk: every client of mine on one row, its columns contributed by the lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, url_for
from markupsafe import Markup, escape

from app.kernel import registry, words
from app.kernel.errors import NotFound
from app.kernel.registry import DeskColumn
from app.kernel.words import _
from app.web import addresses, client_rows, lists
from app.web.client_rows import DeskClient
from app.web.context import initials
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import render

pages = Pages("desk", __name__, surface=Surface.DESK)

HOME = "workspace.home"
_NONE = client_rows.Figure(0)
_NOT_COUNTED = Markup('<span class="mut" aria-hidden="true">–</span>')
_NOTHING = Markup('<span class="mut">0</span>')
_TO_DO = lists.Tag(_("To do"), "info")
_DONE = lists.Tag(_("Done"), "good")
STATES = {"suspended": lists.Tag(_("Suspended"), "warn")}
COLUMN_PHONES = ("r1", "l2")


@pages.get("/desk", needs=SIGNED_IN)
def home() -> Response:
    """My clients with what is left to do in each: one statement, however many there are."""
    table = _table()
    asked = table.read()
    found = client_rows.desk(search=asked.filters.get("q"))
    columns = [one for one in registry.current().all(DeskColumn) if one.shows == "count"]
    rows = _ordered(_in_view(found, asked.view), asked)
    return render(
        "web/desk.html",
        fragment="list",
        page=table.page(asked, rows, counts=_counts(found)),
        figures=_figures(found, columns),
        total=len(found),
    )


@pages.get("/desk/peek/<slug>", needs=SIGNED_IN)
def peek(slug: str) -> Response:
    """What waits in one client, beside the list."""
    columns = registry.current().all(DeskColumn)
    found = [row for row in client_rows.desk(search=slug) if row.slug == slug]
    if not found:
        raise NotFound
    return render(
        "web/desk_peek.html",
        one=found[0],
        figures=[(column, found[0].figures.get(_key(column))) for column in columns],
        leads=_leads,
    )


def _key(column: DeskColumn) -> str:
    return f"{column.line}/{column.figure}"


def _leads(endpoint: str, slug: str) -> str:
    return url_for(_known(endpoint), client=slug)


def _known(endpoint: str) -> str:
    return endpoint if endpoint in current_app.view_functions else HOME


def _table() -> lists.ListView:
    contributed = registry.current().all(DeskColumn)
    home_of, peek_of = addresses.maker(HOME, "client"), addresses.maker("desk.peek", "slug")
    columns = [
        lists.Column("name", _("Client"), cell=_badge, main=True, sort=True),
        *(_column(place, one) for place, one in enumerate(contributed)),
        lists.Column("oldest", _("Oldest"), cell=_oldest, sort=True, phone="r2"),
        lists.Column("state", _("State"), cell=_state),
    ]
    return lists.ListView(
        id="clients",
        caption=_("My clients"),
        columns=tuple(columns),
        href=lambda row: home_of(row.slug),
        peek=lambda row: peek_of(row.slug),
        name=lambda row: row.name,
        filters=(lists.Filter("q", _("Name"), kind="search"),),
        views=(
            lists.View("all", _("All clients")),
            lists.View("todo", _("Something to do")),
            lists.View("done", _("Nothing left")),
        ),
        empty=lists.Empty("users", _("No client is yours yet. Ask a manager to give you access.")),
        limit=client_rows.MOST_CLIENTS,
    )


def _column(place: int, one: DeskColumn) -> lists.Column:
    phone = COLUMN_PHONES[place] if place < len(COLUMN_PHONES) else "ax"
    return lists.Column(
        f"{one.line}-{one.figure}",
        one.title,
        cell=_day(one) if one.shows == "date" else _count(one),
        kind="number",
        sort=True,
        phone=phone,
    )


def _count(column: DeskColumn) -> Callable[[DeskClient], Any]:
    """A cell that leads to the screen where the things are."""
    key, title = _key(column), escape(column.title)
    leads = addresses.maker(_known(column.endpoint), "client")

    def cell(row: DeskClient) -> Any:
        figure = row.figures.get(key)
        if figure is None:
            return _NOT_COUNTED
        if not figure.n:
            return _NOTHING
        href, number = escape(leads(row.slug)), words.format_number(figure.n)
        return Markup(f'<a href="{href}">{number}<span class="vh"> {title}</span></a>')  # noqa: S704  # escaped

    return cell


def _day(column: DeskColumn) -> Callable[[DeskClient], Any]:
    """A cell that says on which day the next thing is."""
    key, title = _key(column), column.title
    leads = addresses.maker(_known(column.endpoint), "client")

    def cell(row: DeskClient) -> Any:
        figure = row.figures.get(key)
        if figure is None or figure.oldest is None:
            return _NOT_COUNTED
        ends = figure.oldest - timedelta(seconds=1)  # the instant is the end of that day
        day = words.format_day_month(ends.astimezone(ZoneInfo(words.time_zone())).date())
        return Markup('<a href="{}">{}<span class="vh"> {}</span></a>').format(
            leads(row.slug), day, title
        )

    return cell


def _badge(row: DeskClient) -> lists.Badge:
    return lists.Badge(row.name, initials(row.name), row.colour)


def _oldest(row: DeskClient) -> Any:
    return lists.Tag(words.format_age(row.oldest), "") if row.oldest else ""


def _state(row: DeskClient) -> Any:
    if row.state in STATES:
        return STATES[row.state]
    return _TO_DO if row.left else _DONE


def _in_view(rows: Sequence[DeskClient], view: str) -> list[DeskClient]:
    if view == "todo":
        return [row for row in rows if row.left]
    if view == "done":
        return [row for row in rows if not row.left]
    return list(rows)


def _ordered(rows: list[DeskClient], asked: lists.Asked) -> list[DeskClient]:
    if not asked.sort or asked.sort == "name":
        return rows[::-1] if asked.descending else rows
    if asked.sort == "oldest":
        return _by_day(rows, lambda row: row.oldest, descending=asked.descending)
    key = asked.sort.replace("-", "/", 1)
    if any(_key(one) == key and one.shows == "date" for one in registry.current().all(DeskColumn)):
        return _by_day(
            rows,
            lambda row: row.figures.get(key, _NONE).oldest,
            descending=asked.descending,
        )
    return sorted(
        rows,
        key=lambda row: row.figures[key].n if key in row.figures else -1,
        reverse=asked.descending,
    )


def _by_day(
    rows: Sequence[DeskClient],
    instant: Callable[[DeskClient], datetime | None],
    *,
    descending: bool,
) -> list[DeskClient]:
    """By an instant; whoever has none comes last, whichever way."""
    dated = [(at, place, row) for place, row in enumerate(rows) if (at := instant(row))]
    dated.sort(key=lambda one: one[0], reverse=descending)
    without = [row for row in rows if not instant(row)]
    return [row for _at, _place, row in dated] + without


def _counts(rows: Sequence[DeskClient]) -> dict[str, int]:
    busy = sum(1 for row in rows if row.left)
    return {"all": len(rows), "todo": busy, "done": len(rows) - busy}


def _figures(rows: Sequence[DeskClient], columns: Sequence[DeskColumn]) -> list[lists.Kpi]:
    """The sums over all clients: at most four key figures."""
    found = []
    for column in columns[:4]:
        with_some = [row for row in rows if row.figures.get(_key(column), _NONE).n]
        total = sum(row.figures[_key(column)].n for row in with_some)
        note = words.ngettext("in %(n)s client", "in %(n)s clients", len(with_some))
        found.append(lists.Kpi(column.title, words.format_number(total), note if total else ""))
    return found
