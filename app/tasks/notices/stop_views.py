"""The page of a mail's stopping link: shows what it stops, stops it, and goes back."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from app.kernel import db, notices, words
from app.kernel.words import _
from app.tasks.notices import schemas, stops
from app.tasks.notices.queries import EVERYTHING
from app.tasks.notices.stops import Stop
from app.web import context, forms, language
from app.web.pages import Pages, Surface
from app.web.render import go, render

pages = Pages("notice_stop", __name__, surface=Surface.PUBLIC)


@pages.get("/n/<stop_secret>", public=True)
def show(stop_secret: str) -> Response:
    """What the link stops; opening it changes nothing."""
    with _opened(stop_secret, read_only=True), language.spoken():
        found = stops.shown()
    with words.speaking(found.locale or words.locale()):
        return render(
            "tasks/notices/stop.html", found=found, title=_title(found), stop_secret=stop_secret
        )


@pages.post("/n/<stop_secret>", public=True, by_mail=True)
def act(stop_secret: str) -> Response:
    """Stops the mails or goes back. A mail program posts `List-Unsubscribe=One-Click` by itself."""
    form = forms.bind(schemas.StopForm)
    with _opened(stop_secret, read_only=False), language.spoken():
        stops.stop(stopped=form.act == "stop")
    if form.one_click:
        return Response(status=200)
    return go(url_for(".show", stop_secret=stop_secret))


def _opened(stop_secret: str, *, read_only: bool) -> Any:
    scoped = stops.scope_of(stop_secret, request_id=context.request_id())
    return db.transaction(scoped, read_only=read_only)


def _title(found: Stop) -> Any:
    kind = notices.kinds().get(found.kind)
    if found.kind == EVERYTHING or kind is None:
        return _("All mails but those on the safety of your account")
    return kind.title
