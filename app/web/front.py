"""The front door: the first page, static files and the provider's accent as a stylesheet."""

from __future__ import annotations

from flask import Response, make_response, redirect, request, send_from_directory, url_for

from app.kernel.errors import NotFound, SignInNeeded
from app.web import accent, context, security
from app.web.pages import Pages, Surface
from app.web.render import STATIC

pages = Pages("web", __name__, surface=Surface.PUBLIC)

YEAR = 365 * 86400


@pages.get("/", public=True)
def first() -> Response:
    """Where a person belongs: desk or portal; strangers sign in."""
    who = context.place().actor
    if who is None:
        raise SignInNeeded("sign-in-needed")
    target = "desk.home" if who.side == "staff" else "portal.chooser"
    return make_response(redirect(url_for(target), 303))


@pages.get("/brand.css", public=True)
def brand_style() -> Response:
    """The provider's accent in both themes; an accent of too little contrast gives nothing."""
    response = make_response(accent.stylesheet(context.place().brand.accent))
    response.mimetype = "text/css"
    return response


def static_file(name: str) -> Response:
    """A file of the toolkit; one that carries its print may be kept for a year."""
    lasting = YEAR if "v" in request.args or name.endswith(".woff2") else 300
    path = STATIC / name
    if not path.is_file():
        raise NotFound
    response = send_from_directory(STATIC, name, max_age=lasting, conditional=True)
    response.headers["Cache-Control"] = f"public, max-age={lasting}" + ", immutable" * (
        lasting == YEAR
    )
    return response


static_file.access = security.PUBLIC  # type: ignore[attr-defined]  # needs neither person nor brand
pages.add_url_rule("/static/<path:name>", "static_file", static_file, methods=["GET"])
