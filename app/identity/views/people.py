"""People and permissions: who is there, invitations, a person's page, and the leaver command."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from flask import Response, request, url_for

from app.identity import commands, queries, roles, schemas
from app.identity.commands import Access
from app.identity.views import pages
from app.kernel import scope
from app.kernel.errors import Invalid
from app.kernel.words import _, ngettext
from app.web import context, forms, lists
from app.web.fresh import needs_fresh
from app.web.pages import Surface
from app.web.render import redirect_to, render, toast

PLACES = {
    "desk": Surface.PROVIDER,
    "client": Surface.CLIENT,
    "portal": Surface.PORTAL,
}


def where() -> str:
    """Which of the three screens this request stands on: desk, client or portal."""
    path = request.path
    return "desk" if path.startswith("/desk/") else "client" if path.startswith("/c/") else "portal"


def page(name: str) -> str:
    """The endpoint of this screen on the surface the request stands on."""
    return f"identity.{where()}_{name}"


def days_end(day: date | None) -> datetime | None:
    """The instant a grant ends that is good up to and with this day (UTC)."""
    return datetime.combine(day + timedelta(days=1), time(), UTC) if day else None


def person_state(row: queries.PersonRow) -> lists.Tag:
    """A person's state as a tag."""
    return {
        "left": lists.Tag(_("Left"), ""),
        "invited": lists.Tag(_("Invited"), "info"),
        "lapsed": lists.Tag(_("Invitation ran out"), "warn"),
        "away": lists.Tag(_("Away"), "warn"),
        "active": lists.Tag(_("Active"), "good"),
    }[row.state]


def _roles_of(row: queries.PersonRow) -> str:
    return ", ".join(str(roles.title(name)) for name in row.roles)


def _people_list(name: str) -> lists.ListView:
    return lists.ListView(
        id=f"people-{name}",
        caption=_("People"),
        label="name",
        columns=(
            lists.Column("name", _("Name"), main=True),
            lists.Column("email", _("E-mail"), phone="l2"),
            lists.Column("roles", _("Role"), cell=_roles_of, phone="ax"),
            lists.Column("clients", _("Clients"), kind="number", phone="ax"),
            lists.Column("last_seen", _("Last seen"), kind="instant", phone="ax"),
            lists.Column("state", _("State"), cell=person_state, phone="r2"),
        ),
        href=lambda row: url_for(f"identity.{name}_person", person_id=row.id),
        filters=(lists.Filter("q", _("Search"), kind="search"),),
        views=(
            lists.View("here", _("Here"), {}),
            lists.View("invited", _("Invited"), {"state": "invited"}),
            lists.View("left", _("Left"), {"state": "left"}),
        ),
        empty=lists.Empty("users", _("Nobody here yet. Invite somebody.")),
    )


def people_page() -> Response:
    """Everybody with access here, their role and state."""
    view = _people_list(where())
    asked = view.read()
    shown = queries.people_page(
        words=asked.filters.get("q", ""),
        state=asked.view or "here",
        after=asked.after,
        limit=asked.limit,
    )
    return render(
        "identity/people.html",
        fragment="list",
        page=view.page(asked, shown),
        invite=url_for(page("invite_form")),
        place=where(),
    )


def person_page(person_id: UUID) -> Response:
    """One person: what they may see, how they sign in, and what can be done."""
    found = queries.person(person_id)
    rows = [row for row in queries.access(ended=True) if row.user_id == person_id]
    return render(
        "identity/person.html",
        person=found,
        state=person_state(found),
        access=rows,
        role_title=roles.title,
        line_title=roles.line_title,
        place=where(),
        page=page,
        is_me=person_id == scope.current().person_id,
    )


# --- invitation ---------------------------------------------------------------------------------


def _invited_side() -> str:
    """On the desk colleagues are invited, in a client its own people."""
    return "provider" if where() == "desk" else "client"


@needs_fresh
def invite_page() -> Response:
    """Who is invited, in which role, for which lines, until when."""
    side = _invited_side()
    return render(
        "identity/invite.html",
        form=forms.current(schemas.Invite, values={"role": "member" if side == "client" else ""}),
        roles=[(one.name, one.title) for one in roles.of_side(side)],
        lines=roles.line_choices(side=side, provider_tenant=side == "provider"),
        side=side,
        place=where(),
        back=url_for(page("people")),
    )


def invite() -> Response:
    """Invites, and gives the role: at once by an administrator or owner, else as a request."""
    form = forms.bind(schemas.Invite)
    side = _invited_side()
    if form.role not in {one.name for one in roles.of_side(side)}:
        raise Invalid.of("role", "not-a-choice")
    template = roles.template(form.role)
    person_id = commands.invite(side=side, email=form.email, name=form.name, locale=form.locale)
    asked = Access(
        person_id=person_id,
        role=form.role,
        lines=tuple(form.lines)
        or (template.lines if template and side == "client" else ("member",)),
        tenant_id=scope.current().tenant_id,
        may_write=template.may_write if template else False,
        valid_to=days_end(form.until),
    )
    if where() == "client":
        commands.request(access=[asked])
        toast(_("%(name)s is invited. A second colleague confirms the access.", name=form.name))
    else:
        commands.give(access=[asked])
        toast(_("%(name)s is invited. The mail is on its way.", name=form.name))
    return redirect_to(page("people"))


def invite_again(person_id: UUID) -> Response:
    """Mails a new invitation and ends the older ones."""
    forms.bind(schemas.Confirm)
    commands.invite_again(person_id)
    toast(_("A new invitation is on its way."))
    return redirect_to(page("person"), person_id=person_id)


def _declare() -> None:
    """The same screens on desk, client workspace and portal."""
    for place, path in (
        ("desk", "/desk/people"),
        ("client", "/c/<client>/people"),
        ("portal", "/portal/<client>/people"),
    ):
        surface = PLACES[place]
        here = {"surface": surface}
        one = f"{path}/<uuid:person_id>"
        pages.get(path, needs="access.list", endpoint=f"{place}_people", **here)(people_page)
        pages.get(one, needs="access.list", endpoint=f"{place}_person", **here)(person_page)
        pages.get(f"{path}/invite", needs="person.invite", endpoint=f"{place}_invite_form", **here)(
            invite_page
        )
        pages.post(
            f"{path}/invite",
            needs="person.invite",
            again=invite_page,
            endpoint=f"{place}_invite",
            **here,
        )(invite)
        pages.post(
            f"{one}/invite-again",
            needs="person.invite",
            again=person_page,
            endpoint=f"{place}_invite_again",
            **here,
        )(invite_again)


_declare()


# --- standing in --------------------------------------------------------------------------------


@pages.post(
    "/desk/people/<uuid:person_id>/cover",
    needs="access.grant",
    surface=Surface.PROVIDER,
    again=person_page,
)
def cover(person_id: UUID) -> Response:
    """Lets the colleague named by an absent person stand in, until that person is back."""
    forms.bind(schemas.Confirm)
    found = queries.person(person_id)
    by = next((row.id for row in queries.people() if row.name == found.covered_by), None)
    until = days_end(found.away_until)
    if by is None or until is None:
        raise Invalid("nothing-to-cover")
    made = commands.cover(person_id, by=by, until=until)
    toast(
        ngettext(
            "%(name)s stands in with %(n)s grant.",
            "%(name)s stands in with %(n)s grants.",
            len(made),
            name=found.covered_by,
        )
    )
    return redirect_to("identity.desk_person", person_id=person_id)


# --- leaving ------------------------------------------------------------------------------------


@needs_fresh
def leaver_page(person_id: UUID) -> Response:
    """Shows what ends and asks who takes over."""
    found = queries.person(person_id)
    rows = [row for row in queries.access() if row.user_id == person_id]
    others = [
        (str(row.id), row.name)
        for row in queries.people()
        if row.side == found.side and row.state == "active" and row.id != person_id
    ]
    return render(
        "identity/leaver.html",
        form=forms.current(schemas.Leaver),
        person=found,
        access=rows,
        successors=others,
        role_title=roles.title,
    )


pages.get(
    "/desk/people/<uuid:person_id>/leave",
    needs="person.leave",
    surface=Surface.PROVIDER,
    endpoint="leaver_form",
)(leaver_page)


@pages.post(
    "/desk/people/<uuid:person_id>/leave",
    needs="person.leave",
    surface=Surface.PROVIDER,
    again=leaver_page,
)
def leave(person_id: UUID) -> Response:
    """Ends sessions, tokens and grants of a leaver and hands the work over."""
    form = forms.bind(schemas.Leaver)
    found = queries.person(person_id)
    if form.confirm.strip().lower() != found.email.lower():
        raise Invalid.of("confirm", "not-the-address")
    if person_id == context.actor().person_id:
        raise Invalid("not-yourself")
    ended = commands.leave(person_id, successor=form.successor)
    toast(
        ngettext(
            "%(name)s has left. %(n)s grant has ended.",
            "%(name)s has left. %(n)s grants have ended.",
            ended,
            name=found.name,
        )
    )
    return redirect_to("identity.desk_people")
