"""Grants: who may see what of whom, asked for, decided, given in bulk, and ended with open eyes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from uuid import UUID

from flask import Response, request, url_for

from app.identity import commands, queries, roles, schemas
from app.identity.commands import Access
from app.identity.views import pages
from app.identity.views.people import PLACES, days_end, page, where
from app.kernel import clock, reads, registry
from app.kernel.errors import Invalid
from app.kernel.registry import ServiceLine
from app.kernel.words import _, ngettext
from app.web import context, forms, lists, recall
from app.web.fresh import needs_fresh
from app.web.pages import Surface
from app.web.render import redirect_to, render, toast


def lines_of(row: queries.AccessRow | queries.AccessRequest | queries.OwnAccess) -> str:
    """The lines of a grant in words."""
    return ", ".join(str(roles.line_title(name)) for name in row.lines)


def grant_state(row: queries.AccessRow) -> lists.Tag:
    """Living, not yet begun, or without its engagement."""
    if row.living:
        return lists.Tag(_("In force"), "good")
    if row.valid_to is not None and row.valid_to <= datetime.now(UTC):
        return lists.Tag(_("Ended"), "")
    if row.valid_from > datetime.now(UTC):
        return lists.Tag(_("Not yet"), "info")
    return lists.Tag(_("No engagement"), "warn")


def _firm(row: queries.AccessRow) -> str:
    return context.name_of(row.slug)


def _grant_list(place: str) -> lists.ListView:
    client = (
        (lists.Column("slug", _("Client"), cell=_firm, wide=True, phone="l2"),)
        if place == "desk"
        else ()
    )
    return lists.ListView(
        id=f"grants-{place}",
        caption=_("Grants"),
        label="name",
        columns=(
            lists.Column("name", _("Name"), main=True),
            *client,
            lists.Column(
                "role",
                _("Role"),
                cell=lambda row: str(roles.title(row.role)),
                wide=True,
                phone="ax" if client else "l2",
            ),
            lists.Column("lines", _("Lines"), cell=lines_of, wide=True, phone="ax"),
            lists.Column("valid_to", _("Until"), kind="instant", phone="r1"),
            lists.Column("covered_by", _("Covered by"), wide=True, phone="ax"),
            lists.Column("state", _("State"), cell=grant_state, phone="r2"),
        ),
        href=lambda row: url_for(f"identity.{place}_end_form", ids=str(row.id)),
        filters=(lists.Filter("q", _("Search"), kind="search"),),
        views=(
            lists.View("living", _("In force"), {}),
            lists.View("ending", _("Ends within a month"), {"state": "ending"}),
            lists.View("all", _("Also ended"), {"state": "all"}),
        ),
        actions=(
            lists.Action(
                "end",
                _("End access"),
                f"identity.{place}_end_selected",
                key="E",
                permission="access.end",
            ),
        ),
        empty=lists.Empty("shield-check", _("Nobody has access by a grant.")),
    )


def grants_page() -> Response:
    """Every grant of this client, or from the desk of all, with what waits for a decision."""
    view = _grant_list(where())
    asked = view.read()
    shown = queries.access_page(
        words=asked.filters.get("q", ""),
        state=asked.view or "living",
        after=asked.after,
        limit=asked.limit,
    )
    return render(
        "identity/grants.html",
        fragment="list",
        page=view.page(asked, shown),
        requests=queries.requests(),
        place=where(),
        lines_of=lines_of,
        role_title=roles.title,
        decide=url_for(page("decide")),
        me=context.actor().person_id,
    )


# --- ending -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stops:
    """What ends with some grants: people, clients, and lines nobody else serves any more."""

    people: tuple[str, ...]
    clients: tuple[str, ...]
    uncovered: tuple[tuple[str, str], ...]


def what_stops(ending: list[queries.AccessRow], everything: list[queries.AccessRow]) -> Stops:
    """Which lines of which clients are left without anybody who works in them."""
    gone = {row.id for row in ending}
    service = {line.name for line in registry.current().all(ServiceLine)} or {"accounting"}
    uncovered = []
    for row in ending:
        for line in sorted(set(row.lines) & service):
            others = any(
                other.id not in gone
                and other.living
                and other.side == row.side
                and other.tenant_id == row.tenant_id
                and line in other.lines
                for other in everything
            )
            if not others and (row.slug, line) not in uncovered:
                uncovered.append((row.slug, line))
    return Stops(
        tuple(dict.fromkeys(row.name for row in ending)),
        tuple(dict.fromkeys(row.slug for row in ending)),
        tuple(uncovered),
    )


def end_page() -> Response:
    """Shows what would stop before anything does."""
    texts = request.values.getlist("ids")
    try:
        ids = [UUID(text) for text in texts][: forms.MAX_SELECTED]
    except ValueError:
        raise Invalid("not-an-id") from None
    ending = queries.access_of(ids)
    return render(
        "identity/end_access.html",
        form=forms.current(schemas.Ending, values={"when": "now"}),
        ending=ending,
        stops=what_stops(ending, queries.access()),
        role_title=roles.title,
        line_title=roles.line_title,
        lines_of=lines_of,
        action=url_for(page("end")),
        back=url_for(page("grants")),
        place=where(),
    )


def end_selected() -> Response:
    """The ticked grants of the list, on to the page that shows what would stop."""
    ids = [str(one) for one in forms.selected()]
    return redirect_to(page("end_form"), ids=ids)


def end() -> Response:
    """Ends at once, or on a day such as the one after the close."""
    form = forms.bind(schemas.Ending)
    if form.when == "later":
        if form.until is None:
            raise Invalid.of("until", "field-missing")
        until = days_end(form.until)
        assert until is not None
        commands.limit_access(form.ids, until=until)
        toast(
            ngettext(
                "%(n)s grant ends after that day.",
                "%(n)s grants end after that day.",
                len(form.ids),
            )
        )
    else:
        ended = commands.end_access(form.ids, reason=form.reason)
        toast(
            ngettext(
                "%(n)s grant has ended, also in open sessions.",
                "%(n)s grants have ended, also in open sessions.",
                ended,
            )
        )
    return redirect_to(page("grants"))


def decide() -> Response:
    """Says yes or no to the ticked requests; the database asks who may decide."""
    ids = forms.selected()
    yes = request.form.get("decision") == "yes"
    done = commands.decide(ids, yes=yes, answer=request.form.get("answer", "")[:500])
    toast(
        ngettext("%(n)s request granted.", "%(n)s requests granted.", done)
        if yes
        else ngettext("%(n)s request refused.", "%(n)s requests refused.", done)
    )
    return redirect_to(page("grants"))


def _declare() -> None:
    """The same screens on desk, client workspace and portal."""
    for place, path in (
        ("desk", "/desk/grants"),
        ("client", "/c/<client>/grants"),
        ("portal", "/portal/<client>/access"),
    ):
        here = {"surface": PLACES[place]}
        pages.get(path, needs="access.list", endpoint=f"{place}_grants", **here)(grants_page)
        pages.get(f"{path}/end", needs="access.end", endpoint=f"{place}_end_form", **here)(end_page)
        pages.post(
            f"{path}/end", needs="access.end", endpoint=f"{place}_end", again=end_page, **here
        )(end)
        pages.post(
            f"{path}/end-selected", needs="access.end", endpoint=f"{place}_end_selected", **here
        )(end_selected)
        pages.post(
            f"{path}/decide",
            needs="access.grant",
            endpoint=f"{place}_decide",
            again=grants_page,
            **here,
        )(decide)


_declare()


# --- giving and asking (staff) ------------------------------------------------------------------


@needs_fresh
def grant_page() -> Response:
    """For a team and several clients at once: on the engagement, or asked of the owners."""
    staff = [row for row in queries.people() if row.side == "provider" and row.state != "left"]
    return render(
        "identity/grant.html",
        form=forms.current(
            schemas.Grant, values={"basis": "engagement", "may_write": "true", "role": ""}
        ),
        people=[(str(row.id), _with_absence(row)) for row in staff],
        clients=[(slug, context.name_of(slug)) for slug in queries.client_slugs()],
        roles=[(one.name, one.title) for one in roles.of_side("provider")],
        lines=roles.line_choices(side="provider"),
        preset=request.args.getlist("people"),
    )


def _with_absence(row: queries.PersonRow) -> str:
    if row.away_until is None:
        return row.name
    return str(
        _(
            "%(name)s (away until %(day)s, covered by %(cover)s)",
            name=row.name,
            day=row.away_until.isoformat(),
            cover=row.covered_by or "–",
        )
    )


pages.get(
    "/desk/grants/new", needs="access.request", surface=Surface.PROVIDER, endpoint="grant_form"
)(grant_page)


@pages.post("/desk/grants/new", needs="access.request", surface=Surface.PROVIDER, again=grant_page)
def give_grants() -> Response:
    """One grant for each person in each client, all or none."""
    form = forms.bind(schemas.Grant)
    asked = _asked(form)
    if form.basis == "engagement":
        made = commands.grant_on_engagement(access=asked)
        toast(ngettext("%(n)s grant given.", "%(n)s grants given.", len(made)))
    else:
        made = commands.request(access=asked)
        toast(
            ngettext(
                "%(n)s request is with the owner.",
                "%(n)s requests are with the owners.",
                len(made),
            )
        )
    return redirect_to("identity.desk_grants")


def _asked(form: schemas.Grant) -> list[Access]:
    if form.until is not None and form.until < clock.now().date():
        raise Invalid.of("until", "in-the-past")
    return [
        Access(
            person_id=person_id,
            tenant_id=_tenant(slug),
            role=form.role,
            lines=tuple(form.lines),
            classes=tuple(word for word in form.classes.replace(",", " ").split() if word),
            may_write=form.may_write,
            valid_from=datetime.combine(form.start, time(), UTC) if form.start else None,
            valid_to=days_end(form.until),
            reason=form.reason,
        )
        for person_id in form.people
        for slug in form.clients
    ]


def _tenant(slug: str) -> UUID:
    found = recall.memories().clients.get(slug, lambda _slug: None)
    tenant_id = found.tenant_id if found else queries.tenant_of(slug)
    if tenant_id is None:
        raise Invalid.of("clients", "not-a-choice")
    return tenant_id


# --- who looked at what -------------------------------------------------------------------------


def _log() -> Response:
    names = {one.id: one.name for one in queries.colleagues(everybody=True)}
    return render("identity/access_log.html", looks=reads.viewed(), names=names)


@pages.get("/portal/<client>/access-log", needs="audit.read", surface=Surface.PORTAL)
def access_log() -> Response:
    """Who looked at what, by person, day and kind, with exports and first visits marked."""
    return _log()


@pages.get("/c/<client>/access-log", needs="audit.read", surface=Surface.CLIENT)
def client_access_log() -> Response:
    """The same page for staff with the permission."""
    return _log()
