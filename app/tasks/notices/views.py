"""My notices: the bell, the list, opening and reading, and how I am told."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, request, url_for

from app.documents import subjects
from app.kernel import notices, undo, words
from app.kernel.errors import NotFound
from app.kernel.notices import Wish
from app.kernel.words import _, ngettext
from app.tasks.notices import commands, digest, queries, schemas
from app.tasks.notices.queries import EVERYTHING, Hours, Wanted
from app.web import context, forms
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import go, redirect_back, redirect_to, render, toast

pages = Pages("notices", __name__, surface=Surface.ME)

SHOWN = 50
BELL = "notices"
MAILS: tuple[tuple[Wish, Any], ...] = (
    ("digest", _("In the digest")),
    ("at_once", _("At once")),
    ("off", _("Not by mail")),
)


def bell() -> dict[str, Any] | None:
    """The bell in the head of a page: how many unread notices its reader has."""
    if context.place().actor is None:
        return None
    count = queries.unread()
    most = queries.MOST_SHOWN
    return {"count": count, "told": f"{most}+" if count > most else words.format_number(count)}


def side() -> str:
    """The side the reader stands on, as kinds know it."""
    return "provider" if context.actor().side == "staff" else "client"


def _wanted() -> tuple[Wanted, str]:
    """What the address asks for, and the slug of the client it names; unknown names are left."""
    kind, slug = request.args.get("kind", ""), request.args.get("client", "")
    found = queries.client_of_mine(slug) if slug else None
    wanted = Wanted(
        unread=request.args.get("view", "") != "all",
        kind=kind if kind in notices.kinds() else None,
        client=found,
    )
    return wanted, slug if found else ""


@pages.get("/me/notices", needs=SIGNED_IN)
def index() -> Response:
    """My notices over all clients, unread ones first of all; filtered by kind and client."""
    wanted, slug = _wanted()
    found = queries.page(wanted, after=request.args.get("after") or None, limit=SHOWN)
    return render(
        "tasks/notices/index.html",
        shown=queries.shown(found.rows),
        wanted=wanted,
        slug=slug,
        following=found.next,
        kinds=[one.kind for one in queries.choices(side())],
        clients=queries.clients(),
        here={"view": "" if wanted.unread else "all", "kind": wanted.kind, "client": slug},
    )


@pages.post("/me/notices/<uuid:notice_id>/open", needs=SIGNED_IN)
def open_one(notice_id: UUID) -> Response:
    """Marks a notice read and goes to what it is about."""
    found = commands.open_notice(notice_id)
    kind = notices.kinds().get(found.kind)
    if kind is None:
        raise NotFound
    staff = context.actor().side == "staff"
    address = kind.address if staff else kind.portal
    if address is None:
        return redirect_to(".lead", notice_id=notice_id)
    return go(address(found.client, found.subject_key))


@pages.get("/me/notices/<uuid:notice_id>", needs=SIGNED_IN)
def lead(notice_id: UUID) -> Response:
    """Goes to a thing that only its own package can find; to the list where there is no page."""
    pair = queries.subject(notice_id)
    found = subjects.describe([pair]).get(pair)
    address = found.url if found is not None and context.actor().side == "staff" else ""
    if not address or urlsplit(address).netloc:
        toast(_("There is nothing more to see of this."))
        return redirect_to(".index", view="all")
    return go(address)


@pages.post("/me/notices/<uuid:notice_id>/read", needs=SIGNED_IN)
def read(notice_id: UUID) -> Response:
    """Marks one as read."""
    _count, token = commands.read([notice_id])
    toast(_("Marked as read."), undo=_undo(token))
    return redirect_back(url_for(".index"))


@pages.post("/me/notices/<uuid:notice_id>/unread", needs=SIGNED_IN)
def unread(notice_id: UUID) -> Response:
    """Marks one as unread again."""
    commands.unread([notice_id])
    toast(_("Unread again."))
    return redirect_back(url_for(".index"))


@pages.post("/me/notices/read", needs=SIGNED_IN)
def read_all() -> Response:
    """Marks all of the filter as read, with a way back."""
    form = forms.bind(schemas.ReadAllForm)
    known = queries.client_of_mine(form.client) if form.client else None
    if form.client and known is None:
        raise NotFound
    count, token = commands.read_all(Wanted(kind=form.kind or None, client=known))
    told = ngettext("%(n)s notice marked as read.", "%(n)s notices marked as read.", count, n=count)
    toast(told, undo=_undo(token))
    return redirect_to(".index")


@pages.post("/me/notices/undo/<uuid:token>", needs=SIGNED_IN)
def take_back(token: UUID) -> Response:
    """Marks them unread again."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back(url_for(".index"))


def _undo(token: UUID | None) -> str | None:
    return url_for("notices.take_back", token=token) if token else None


def settings() -> Response:
    """How I am told of each kind, and when the digest comes."""
    wanted = queries.hours()
    return render(
        "tasks/notices/settings.html",
        choices=queries.choices(side()),
        all_mails=not queries.stopped_all(),
        mails=MAILS,
        staff=side() == "provider",
        wishes=forms.current(schemas.WishesForm),
        hours=[(hour, f"{hour:02}:00") for hour in range(24)],
        form=forms.current(
            schemas.HoursForm,
            values={
                "hours": [str(one) for one in wanted.hours],
                "every_day": wanted.every_day,
                "quiet_from": wanted.quiet_from,
                "quiet_to": wanted.quiet_to,
                "paused_until": wanted.paused_until or "",
            },
        ),
        zone=digest.zone_of(context.actor().time_zone).key,
    )


pages.get("/me/notices/settings", needs=SIGNED_IN, endpoint="settings")(settings)


@pages.post("/me/notices/settings", needs=SIGNED_IN, again=settings)
def choose() -> Response:
    """Keeps how each kind is told."""
    form = forms.bind(schemas.WishesForm)
    wishes: dict[str, tuple[bool, Wish]] = {
        one.kind: (one.in_app, one.by_mail) for one in form.wishes
    }
    if side() == "provider":
        wishes[EVERYTHING] = (True, "digest" if form.all_mails else "off")
    commands.choose(wishes)
    toast(_("Saved."))
    return redirect_to(".settings")


@pages.post("/me/notices/hours", needs=SIGNED_IN, again=settings)
def set_hours() -> Response:
    """Keeps when the digest comes."""
    form = forms.bind(schemas.HoursForm)
    commands.set_hours(
        Hours(tuple(form.hours), form.every_day, form.quiet_from, form.quiet_to, form.paused_until)
    )
    toast(_("Saved."))
    return redirect_to(".settings")
