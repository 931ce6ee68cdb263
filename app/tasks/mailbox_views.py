"""The demo's mailbox: what would have been mailed, readable on this machine only."""

from __future__ import annotations

from flask import Response, current_app, request

from app.kernel import mail_drop
from app.kernel.errors import NotFound
from app.kernel.settings import Settings
from app.web.pages import Pages, Surface
from app.web.render import render

pages = Pages("mailbox", __name__, surface=Surface.PUBLIC)
LOCAL = {"127.0.0.1", "::1"}


@pages.get("/dev/mail", public=True)
def index() -> Response:
    """The newest letters; there is no such page outside the demo, nor for another machine."""
    settings: Settings = current_app.extensions["settings"]
    if settings.environment != "demo" or request.remote_addr not in LOCAL:
        raise NotFound
    return render("tasks/mailbox.html", letters=mail_drop.letters(settings))
