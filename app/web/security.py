"""Headers, content policy, forged-request checks and the login cookie; refuses open routes."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from app.kernel.errors import Forbidden
from app.kernel.settings import Settings
from app.web import context

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
FRAME_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; sandbox; "
    "frame-ancestors 'self'"
)
HTMX_CONFIG = '{"includeIndicatorCSS":false,"noSwap":[204,304,"4xx","5xx"]}'
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

PUBLIC = "public"

csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    """Sets cookies, limits and the headers of every answer."""
    settings: Settings = app.extensions["settings"]
    prefix = "__Host-" if settings.secure else ""
    app.config.setdefault("SECRET_KEY", settings.secret_key)
    app.config.update(
        SESSION_COOKIE_NAME=f"{prefix}page",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_HEADERS=["X-CSRF-Token"],
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=4_000,
    )
    csrf.init_app(app)
    app.before_request(_name_request)
    app.after_request(_harden)


def _name_request() -> None:
    g.setdefault("request_id", secrets.token_hex(8))


def _harden(response: Response) -> Response:
    """The headers of every answer; exactly one of the two policies."""
    policy = FRAME_POLICY if context.place().frame else PAGE_POLICY
    headers = response.headers
    headers["Content-Security-Policy"] = policy
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
    headers["X-Request-Id"] = g.get("request_id", "")
    settings: Settings = current_app.extensions["settings"]
    if settings.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def private(response: Response) -> Response:
    """Marks an answer as one reader's own: no store keeps it, caches tell fragments apart."""
    response.headers["Cache-Control"] = "private, no-store"
    response.vary.update(("HX-Request-Type", "Cookie"))
    return response


def check_origin() -> None:
    """Refuses an unsafe request that did not come from one of our own pages.

    Both the browser's word (Sec-Fetch-Site, else Origin) and the form's token are asked.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        raise Forbidden("foreign-form")
    origin = request.headers.get("Origin")
    if site is None and origin and urlsplit(origin).netloc != request.host:
        raise Forbidden("foreign-form")
    if not current_app.config.get("WTF_CSRF_ENABLED", True):
        return
    try:
        csrf.protect()
    except CSRFError as error:
        raise Forbidden("form-expired") from error


def login_cookie_name() -> str:
    """The name of the login cookie; `__Host-` wherever people reach us by https."""
    settings: Settings = current_app.extensions["settings"]
    return "__Host-login" if settings.secure else "login"


def login_cookie() -> str:
    """The secret the browser sent, or an empty text."""
    return request.cookies.get(login_cookie_name(), "")


def set_login_cookie(response: Response, value: str) -> Response:
    """Hands the browser its login secret; it ends with the server-side session, not by itself."""
    settings: Settings = current_app.extensions["settings"]
    response.set_cookie(
        login_cookie_name(),
        value,
        max_age=12 * 3600,
        secure=settings.secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def clear_login_cookie(response: Response) -> Response:
    """Takes the login secret back."""
    settings: Settings = current_app.extensions["settings"]
    response.delete_cookie(
        login_cookie_name(), path="/", secure=settings.secure, httponly=True, samesite="Lax"
    )
    return response


def refuse_unguarded(app: Flask) -> None:
    """Stops the start when any route declares neither a permission nor that it is public.

    A guarded view carries `access`, whatever its toolkit puts there; the static files that a
    blueprint serves from its own folder need none.
    Raises RuntimeError naming the routes.
    """
    bare = sorted(
        f"{rule.rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.endswith(".static")
        and getattr(app.view_functions[rule.endpoint], "access", None) is None
    )
    if bare:
        raise RuntimeError("routes without a declared permission: " + ", ".join(bare))
