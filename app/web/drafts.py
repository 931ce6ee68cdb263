"""Drafts: what is typed into a marked form is kept in the browser until the form was taken.

A template marks a form with `{{ draft("answer-" ~ id) }}`; `drafts.js` keeps its fields under that
name and the person's id, and sends the name along. When the act succeeded, a cookie that scripts
may read names the draft, and the script forgets it. Nothing of the content leaves the browser.
"""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, current_app, request
from markupsafe import Markup

from app.kernel.settings import Settings
from app.web import context

FIELD = "_draft"
COOKIE = "draft_done"
MOST_LETTERS = 300
MINUTES = 10


def attribute(name: str) -> Markup:
    """The attribute of a form whose fields are kept, for this person only."""
    actor = context.place().actor
    who = actor.person_id if actor is not None else ""
    return Markup('data-draft="{}:{}"').format(who, name)


def settle(response: Response) -> Response:
    """Tells the browser that the draft of this form is taken."""
    if request.method != "POST" or response.status_code >= 400:
        return response
    name = request.form.get(FIELD, "")[:MOST_LETTERS]
    if name:
        settings: Settings = current_app.extensions["settings"]
        response.set_cookie(
            COOKIE,
            quote(name, safe=""),
            max_age=MINUTES * 60,
            secure=settings.secure,
            samesite="Lax",
            path="/",
        )
    return response
