"""The front door: the first page, static files and the provider's accent as a stylesheet."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Response, make_response, redirect, request, url_for
from werkzeug.security import safe_join

from app.kernel.errors import NotFound, SignInNeeded
from app.web import accent, context, security
from app.web.pages import Pages, Surface
from app.web.render import STATIC

pages = Pages("web", __name__, surface=Surface.PUBLIC)

YEAR = 365 * 86400
ZIPPED = frozenset({".css", ".js", ".svg"})


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


@dataclass(frozen=True, slots=True)
class _File:
    """A static file as it lies in memory; they are few and small, and change with a new start."""

    content: bytes
    zipped: bytes | None
    etag: str
    media_type: str


@lru_cache(maxsize=128)
def _file(name: str) -> _File | None:
    path = safe_join(str(STATIC), name)
    if path is None or not Path(path).is_file():
        return None
    content, suffix = Path(path).read_bytes(), Path(path).suffix
    return _File(
        content,
        gzip.compress(content, 9, mtime=0) if suffix in ZIPPED else None,
        hashlib.sha256(content).hexdigest()[:20],
        mimetypes.guess_type(name)[0] or "application/octet-stream",
    )


def static_file(name: str) -> Response:
    """A file of the toolkit; one that carries its print may be kept for a year.

    Texts travel compressed where the browser takes it. Only they do: pages hold the form's token
    beside what was typed, and compressing those together would give the token away bit by bit.
    """
    found = _file(name)
    if found is None:
        raise NotFound
    zipped = found.zipped if request.accept_encodings["gzip"] > 0 else None
    response = make_response(zipped or found.content)
    response.mimetype = found.media_type
    response.set_etag(f"{found.etag}-gzip" if zipped else found.etag)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    if found.zipped:
        response.vary.add("Accept-Encoding")
    lasting = YEAR if "v" in request.args or name.endswith(".woff2") else 300
    response.headers["Cache-Control"] = f"public, max-age={lasting}" + ", immutable" * (
        lasting == YEAR
    )
    response.make_conditional(request)
    return response


static_file.access = security.PUBLIC  # type: ignore[attr-defined]  # needs neither person nor brand
pages.add_url_rule("/static/<path:name>", "static_file", static_file, methods=["GET"])
