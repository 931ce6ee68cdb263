"""The close board on the desk: every client's month, what is left in each step, and whose it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from markupsafe import Markup, escape

from app.accounting.close import board_queries
from app.accounting.close import checks as close_checks
from app.accounting.close import commands as close_commands
from app.accounting.close import jobs as close_jobs
from app.accounting.close import queries as close_queries
from app.accounting.close.board_queries import BoardRow, Sums, Wanted
from app.accounting.close.views import STATES
from app.kernel import clock, db, jobs, people, scope, words
from app.kernel.errors import DomainError, Invalid, NotFound
from app.kernel.registry import CloseCheck
from app.kernel.words import _
from app.web import context, lists
from app.web.context import initials
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import redirect_back, render, toast

pages = Pages("accounting_close_desk", __name__, surface=Surface.DESK)
AT_ONCE = 20
MOST = 200
MONTHS = 8
_NOT_COUNTED = Markup('<span class="mut" aria-hidden="true">–</span>')


def _first(day: date) -> date:
    return day.replace(day=1)


def _months(today: date) -> list[date]:
    """The months to choose from, the newest that is over first."""
    start = today.year * 12 + today.month - 1
    return [date(m // 12, m % 12 + 1, 1) for m in range(start, start - MONTHS, -1)]


@pages.get("/desk/close", needs=SIGNED_IN)
def board() -> Response:
    """The board of the newest month that is over."""
    today = clock.today(words.time_zone())
    return _draw(_first(_first(today) - timedelta(days=1)), today)


@pages.get("/desk/close/<month>", needs=SIGNED_IN)
def board_of(month: str) -> Response:
    """The board of one month, written 2026-10."""
    try:
        found = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise NotFound from None
    return _draw(found, clock.today(words.time_zone()))


def _draw(month: date, today: date) -> Response:
    asked = _table({}, today).read()
    wanted = Wanted(
        month,
        today,
        context.actor().person_id,
        view=asked.view or "all",
        text=asked.filters.get("q", ""),
        owner=_owner(request.args.get("owner", "")),
        step=asked.filters.get("step", ""),
    )
    found, sums = board_queries.read(
        wanted,
        sort=asked.sort or "name",
        descending=asked.descending,
        after=asked.after,
        limit=asked.limit,
    )
    table = _table(people.names(set(sums.owners)), today)
    asked = table.read()  # again, now that the persons to choose from are known
    return render(
        "accounting/close_board.html",
        fragment="list",
        page=table.page(asked, found, counts=_counts(sums)),
        month=month,
        months=_months(today),
        sums=sums,
        kpis=_kpis(sums),
    )


def _owner(text: str) -> str:
    """The person filtered by; what is none is left aside."""
    if text == "nobody":
        return text
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _counts(sums: Sums) -> dict[str, int]:
    return {
        name: getattr(sums, name) for name in ("all", "open", "review", "closed", "late", "mine")
    }


def _kpis(sums: Sums) -> list[lists.Kpi]:
    number = words.format_number
    return [
        lists.Kpi(_("Closed"), number(sums.closed), _("of %(n)s clients", n=number(sums.all))),
        lists.Kpi(_("In review"), number(sums.review)),
        lists.Kpi(_("Late"), number(sums.late), tone="bad" if sums.late else ""),
        lists.Kpi(_("Things left"), number(sums.left), _("in months that are not closed")),
    ]


def _table(names: dict[UUID, str], today: date) -> lists.ListView:
    checks = close_checks.all_checks()
    columns = [
        lists.Column("name", _("Client"), cell=_badge, main=True, sort=True, phone="t1"),
        *(
            lists.Column(f"c-{one.key}", one.short or one.title, cell=_cell(one), kind="number")
            for one in checks
        ),
        lists.Column("left", _("Left"), cell=_left, kind="number", sort=True, phone="r1"),
        lists.Column("state", _("State"), cell=lambda row: STATES[row.state], phone="r2"),
        lists.Column("due", _("Due"), cell=lambda row: _due(row, today), sort=True, phone="l2"),
        lists.Column("owner", _("Owner"), cell=lambda row: names.get(row.owner_id, "")),
    ]
    return lists.ListView(
        id="close-board",
        caption=_("Close board"),
        columns=tuple(columns),
        key=lambda row: row.key,
        href=_href(),
        name=lambda row: row.name,
        filters=(
            lists.Filter("q", _("Name"), kind="search"),
            lists.Filter("owner", _("Person"), options=_owners(names)),
            lists.Filter("step", _("Step"), options=[(c.key, c.short or c.title) for c in checks]),
        ),
        views=(
            lists.View("all", _("All clients")),
            lists.View("late", _("Late")),
            lists.View("open", _("Open")),
            lists.View("review", _("In review")),
            lists.View("closed", _("Closed")),
            lists.View("mine", _("Mine")),
        ),
        actions=(
            lists.Action(
                "hand-in", _("Hand in"), "accounting_close_desk.hand_in", key="E", icon="check"
            ),
            lists.Action("take", _("Mine"), "accounting_close_desk.take", key="A", icon="user"),
            lists.Action(
                "count", _("Count again"), "accounting_close_desk.count", icon="refresh-cw"
            ),
        ),
        empty=lists.Empty("calendar", _("No client of yours has books in this month.")),
        limit=100,
    )


def _owners(names: dict[UUID, str]) -> Sequence[tuple[str, Any]]:
    known = sorted(names.items(), key=lambda pair: pair[1].lower())
    return [*((str(key), name) for key, name in known), ("nobody", _("Nobody"))]


def _badge(row: BoardRow) -> lists.Badge:
    return lists.Badge(row.name, initials(row.name), row.colour)


def _left(row: BoardRow) -> Any:
    if row.counted_at is None:
        return _NOT_COUNTED
    return words.format_number(row.blocking) if row.blocking else _ticked()


def _due(row: BoardRow, today: date) -> Any:
    text = words.format_day_month(row.due_on)
    if row.state != "closed" and row.due_on < today:
        return lists.Tag(text, "bad")
    return text


def _ticked() -> Markup:
    return Markup('<span class="good-t">{}<span class="vh">{}</span></span>').format(
        words.gettext("✓"), words.gettext("Done")
    )


def _href() -> Callable[[BoardRow], str]:
    made: dict[int, Callable[[str], str]] = {}

    def href(row: BoardRow) -> str:
        if row.period_id not in made:
            made[row.period_id] = _maker("accounting_close.month", {"period_id": row.period_id})
        return made[row.period_id](row.slug)

    return href


def _maker(endpoint: str, values: dict[str, Any]) -> Callable[[str], str]:
    """Addresses of one screen that differ in the client only."""
    hole = "client-of-the-row"
    address = url_for(endpoint, client=hole, **values)
    return lambda slug: address.replace(hole, slug, 1)


def _cell(check: CloseCheck) -> Callable[[BoardRow], Any]:
    """A number that leads to the things left, a tick where none is."""
    made: dict[int, Callable[[str], str]] = {}
    title, ticked = escape(check.title), _ticked()
    tone = "" if check.severity == "blocking" else ' class="warn-t"'

    def cell(row: BoardRow) -> Any:
        n = row.figures.get(check.key)
        if n is None:
            return _NOT_COUNTED
        if not n:
            return ticked
        if row.period_id not in made:
            values = dict(check.values(row.span)) if check.values else {}
            made[row.period_id] = _maker(check.endpoint, values)
        href, number = escape(made[row.period_id](row.slug)), words.format_number(n)
        return Markup(  # noqa: S704  # escaped above
            f'<a{tone} href="{href}">{number}<span class="vh"> {title}</span></a>'
        )

    return cell


def _ticked_rows() -> list[tuple[UUID, int]]:
    """The ticked clients with their periods; raises Invalid for none, too many or no such keys."""
    texts = list(dict.fromkeys(request.form.getlist("ids")))
    if not texts:
        raise Invalid("nothing-selected")
    if len(texts) > MOST:
        raise Invalid("too-many-selected", most=MOST)
    found = []
    for text in texts:
        tenant, _sign, period = text.partition("_")
        try:
            found.append((UUID(tenant), int(period[:9])))
        except ValueError:
            raise Invalid("not-an-id") from None
    return found


def _each(act: Callable[[int], None], wanted: Sequence[tuple[UUID, int]]) -> list[tuple[UUID, str]]:
    """One transaction a client; answers those refused, with the reason."""
    refused = []
    for tenant, period in wanted:
        try:
            with db.transaction(context.scope_in(tenant)):
                act(period)
        except DomainError as error:
            refused.append((tenant, words.error_text(error.code, error.params)))
    return refused


def _told(done: int, refused: Sequence[tuple[UUID, str]], *, undo: str | None = None) -> Response:
    names = {pin.tenant_id: pin.name for pin in context.place().clients}
    if done:
        toast(words.ngettext("Done for %(n)s client.", "Done for %(n)s clients.", done), undo=undo)
    for tenant, why in refused[:2]:
        toast(f"{names.get(tenant, '')}: {why}", tone="bad")
    if len(refused) > 2:
        toast(_("%(n)s more were refused.", n=len(refused) - 2), tone="bad")
    return redirect_back(url_for(".board"))


@pages.post("/desk/close/hand-in", needs=SIGNED_IN)
def hand_in() -> Response:
    """Hands many clients' months in: up to twenty at once, more as a job for each client."""
    wanted = _ticked_rows()
    act = _hand_in_now if len(wanted) <= AT_ONCE else _hand_in_later
    refused = _each(act, wanted)
    kept = {tenant for tenant, _why in refused}
    done = [pair for pair in wanted if pair[0] not in kept]
    back = None
    if done and len(wanted) <= AT_ONCE:
        back = url_for(".take_back", ids=[f"{tenant}_{period}" for tenant, period in done])
    return _told(len(done), refused, undo=back)


def _hand_in_now(period_id: int) -> None:
    close_commands.hand_in(period_id=period_id)


def _hand_in_later(period_id: int) -> None:
    month = close_queries.month(period_id)
    jobs.enqueue(
        close_jobs.HAND_IN,
        {"period_id": period_id},
        key=f"hand-in:{period_id}:{month.version}",
        title=words.gettext("Hand in %(month)s", month=words.format_month(month.starts)),
    )


@pages.post("/desk/close/take-back", needs=SIGNED_IN)
def take_back() -> Response:
    """Undoes a hand-in of many."""
    wanted = []
    for text in request.args.getlist("ids")[:AT_ONCE]:
        tenant, _sign, period = text.partition("_")
        with suppress(ValueError):
            wanted.append((UUID(tenant), int(period[:9])))
    refused = _each(lambda period: close_commands.take_back(period_id=period), wanted)
    return _told(len(wanted) - len(refused), refused)


@pages.post("/desk/close/take", needs=SIGNED_IN)
def take() -> Response:
    """Makes the acting person the one who prepares the ticked months."""
    wanted = _ticked_rows()
    refused = _each(_take_one, wanted)
    return _told(len(wanted) - len(refused), refused)


def _take_one(period_id: int) -> None:
    close_commands.assign(
        period_id=period_id,
        owner_id=scope.current().person_id,
        due_on=None,
        version=close_queries.month(period_id).version,
    )


@pages.post("/desk/close/count", needs=SIGNED_IN)
def count() -> Response:
    """Counts the ticked clients again, each as a job."""
    wanted = _ticked_rows()
    refused = _each(_count_later, wanted)
    return _told(len(wanted) - len(refused), refused)


def _count_later(period_id: int) -> None:
    del period_id
    jobs.enqueue(close_jobs.COUNT_NOW, {}, title=words.gettext("Count what is left to close"))
