"""Replies that came by mail and answer no single thing: staff place them, or put them aside."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for

from app.documents import queries as papers
from app.kernel import people, reads, undo
from app.kernel.words import _
from app.tasks.mail_replies import commands, queries
from app.tasks.mail_replies.forms import PlaceForm
from app.web import forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_back, redirect_to, render, toast

pages = Pages("mail_replies", __name__, surface=Surface.CLIENT)
ROWS = 20


def index() -> Response:
    """What came by mail and waits to be placed, the oldest first."""
    reads.leave(reads.Look("mail_replies", "member"))
    page = queries.to_place(after=request.args.get("after"), limit=ROWS)
    return render(
        "mail_replies/index.html",
        found=page.rows,
        after=page.next,
        names=people.names({one.person_id for one in page.rows if one.person_id}),
        papers=papers.linked(commands.SUBJECT, [one.id for one in page.rows]),
        decided=queries.decided((commands.UNDO_PLACE, commands.UNDO_PUT_ASIDE)),
        targets=queries.every_target(),
        form=forms.current(PlaceForm),
    )


pages.get("/c/<client>/requests/mail", needs="request.ask", endpoint="index")(index)


def _again(reply_id: UUID) -> Response:
    del reply_id  # the page shows every reply that waits
    return index()


@pages.post("/c/<client>/requests/mail/<uuid:reply_id>/place", needs="request.ask", again=_again)
def place(reply_id: UUID) -> Response:
    """Gives a reply for the thing that was chosen."""
    form = forms.bind(PlaceForm)
    token = commands.place_at(reply_id, item_id=form.item_id, confirmed=form.confirmed)
    placed = _("Placed. It stands there in the name of whom it came from.")
    toast(placed, undo=url_for(".take_back", token=token))
    return redirect_to(".index")


@pages.post("/c/<client>/requests/mail/<uuid:reply_id>/aside", needs="request.ask", again=_again)
def put_aside(reply_id: UUID) -> Response:
    """Puts a reply aside that answers nothing."""
    token = commands.put_aside(reply_id)
    toast(_("Put aside."), undo=url_for(".take_back", token=token))
    return redirect_to(".index")


@pages.post("/c/<client>/requests/mail/undo/<uuid:token>", needs="request.ask")
def take_back(token: UUID) -> Response:
    """Takes the last act on a reply back."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back(url_for(".index"))


def waiting_by_client() -> dict[UUID, int]:
    """How many replies wait in each of my clients, for the desk's page of lists."""
    return queries.waiting_by_client()


def waiting() -> int:
    """How many replies wait, for the banner of the lists."""
    return queries.waiting()
