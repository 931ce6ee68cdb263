"""Drawing pages and fragments, redirects, toasts with undo, downloads and error pages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from flask import (
    Flask,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_wtf.csrf import generate_csrf
from jinja2 import Template
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app.kernel import db, registry, scope, words
from app.kernel.errors import DomainError, NotFound, SignInNeeded, TooLarge
from app.kernel.registry import HeaderControl
from app.kernel.words import _
from app.web import addresses, chart, context, drawing, language, lists, recall, security, shell

STATIC = Path(__file__).parent / "static"
UNDO_DEPTH = 10
_LAYOUTS = {"portal": "web/portal.html", "public": "web/public.html"}


def is_partial() -> bool:
    """Whether htmx asks for a piece of the page; a history restore asks for all of it."""
    return request.headers.get("HX-Request-Type") == "partial"


def render(
    template: str, *, fragment: str = "content", status: int = 200, **values: Any
) -> Response:
    """The page, or for a partial request only its block `fragment` and any toasts."""
    if not is_partial():
        return make_response(render_template(template, **values), status)
    found = current_app.jinja_env.get_template(template)
    known: dict[str, Any] = {}
    current_app.update_template_context(known)
    known.update(values)
    text = _block(found, fragment, known) + render_template("web/_toasts.html", partial=True)
    return make_response(text, status)


def _block(template: Template, name: str, values: dict[str, Any]) -> str:
    context_ = template.new_context(values)
    return "".join(template.blocks[name](context_))


def redirect_to(endpoint: str, **values: Any) -> Response:
    """Off to another page of ours after an act; `client` comes from the path."""
    return go(url_for(endpoint, **values))


def go(address: str) -> Response:
    """Off to an address of ours: 303, or the htmx header for a partial request."""
    if is_partial():
        return make_response("", 200, {"HX-Redirect": address})
    return make_response(redirect(address, 303))


def came_from() -> str | None:
    """The address, with its query, of the page the form stood on; None for one not of ours."""
    found = urlsplit(request.referrer or "")
    if found.netloc != request.host or not found.path.startswith("/"):
        return None
    return found.path + (f"?{found.query}" if found.query else "")


def redirect_back(default: str = "/") -> Response:
    """Back to the page the form stood on, if it was ours."""
    return go(came_from() or default)


def toast(text: Any, *, undo: str | None = None, tone: str = "") -> None:
    """Says what was done, on this answer or the next page; `undo` is an address to post to."""
    waiting = g.setdefault("toasts", [])
    waiting.append({"text": str(text), "undo": undo, "tone": tone})


def _keep_toasts(response: Response) -> Response:
    """Carries unshown toasts to the next page in the signed session cookie."""
    if request.method == "POST" and response.status_code < 400:
        undone(request.full_path.rstrip("?"))
    waiting = g.pop("toasts", None)
    if waiting:
        session["toasts"] = waiting[-3:]
        _stack(waiting)
    return response


def take_toasts() -> list[dict[str, Any]]:
    """The toasts to show now; each is shown once."""
    kept: list[dict[str, Any]] = session.pop("toasts", []) if "toasts" in session else []
    fresh: list[dict[str, Any]] = g.pop("toasts", [])
    _stack(fresh)
    return kept + fresh


def _stack(items: list[dict[str, Any]]) -> None:
    """Puts the undo addresses of toasts on the reader's stack."""
    found = [item["undo"] for item in items if item["undo"]]
    if found:
        session["undo"] = (session.get("undo", []) + found)[-UNDO_DEPTH:]


def last_undo() -> str | None:
    """The address that undoes the reader's last act, if one is left."""
    stack: list[str] = session.get("undo", [])
    return stack[-1] if stack else None


def undone(address: str) -> None:
    """Takes an undo off the reader's stack once it has run."""
    stack: list[str] = session.get("undo", [])
    if address in stack:
        session["undo"] = [item for item in stack if item != address]


def download(content: Iterable[bytes] | bytes, *, name: str, media_type: str) -> Response:
    """A file to save; the name may hold any letters."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name)
    stem = name.rsplit(".", 1)
    plain = plain if len(stem) == 1 else f"{plain[: -len(stem[1]) - 1]}.{stem[1]}"
    response = Response(content, mimetype=media_type.partition(";")[0])
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    )
    return response


@lru_cache(maxsize=256)
def asset(name: str) -> str:
    """The address of a static file with its content's print, so that it may be kept for ever.

    Files do not change under a running process; a new start reads them anew.
    """
    path = STATIC / name
    if not path.exists():
        return f"/static/{name}"
    return f"/static/{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:10]}"


@lru_cache(maxsize=512)
def icon(name: str) -> Markup:
    """A drawing of the sprite, without meaning to a screen reader; a page shows dozens."""
    address = f"{asset('vendor/icons.svg')}#{escape(name)}"
    return Markup(f'<svg class="i" aria-hidden="true"><use href="{address}"/></svg>')  # noqa: S704  # escaped


def may(permission: str | None) -> bool:
    """Whether the reader holds a permission in this scope; None asks for nothing."""
    if permission is None:
        return True
    found = scope.peek()
    return found is not None and found.rights.may(permission)


def account_address() -> str:
    """The page of the reader's own account, once identity has one."""
    endpoint = context.hooks().account_endpoint
    return url_for(endpoint) if endpoint in current_app.view_functions else "/"


def header_controls() -> list[tuple[HeaderControl, dict[str, Any]]]:
    """The small controls of the head of this page, with what each says now."""
    if not db.is_open():
        return []
    controls = registry.current().all(HeaderControl)
    return [(one, told) for one in controls if (told := one.build()) is not None]


def init_app(app: Flask) -> None:
    """Puts the toolkit into the templates and the error pages into the application."""
    environment = app.jinja_env
    drawing.install(environment)
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.globals.update(
        _=words.gettext,
        ngettext=words.ngettext,
        words=words,
        asset=asset,
        draw_icon=icon,
        may=may,
        csrf_value=generate_csrf,
        htmx_config=Markup(security.HTMX_CONFIG),  # noqa: S704  # a constant of ours
        sparkline=chart.sparkline,
        bar_chart=chart.bar_chart,
        Kpi=lists.Kpi,
        initials=context.initials,
        shell=shell.build,
        kept_values=shell.kept,
        take_toasts=take_toasts,
        last_undo=last_undo,
        request_id=context.request_id,
        account_address=account_address,
        header_controls=header_controls,
    )
    app.context_processor(_page_values)
    app.after_request(_keep_toasts)
    app.url_defaults(_fill_client)
    addresses.install(app)
    app.register_error_handler(DomainError, _refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(Exception, _fail)


def _page_values() -> dict[str, Any]:
    """What every template may read."""
    place = context.place()
    environment = current_app.jinja_env
    if "ui" not in environment.globals:
        environment.globals["ui"] = environment.get_template("web/_ui.html").module
        environment.globals["ui_list"] = environment.get_template("web/_list.html").module.ui_list  # type: ignore[attr-defined]  # a macro
    return {
        "actor": place.actor,
        "client": place.client,
        "client_name": context.name_of,
        "brand": place.brand,
        "surface": place.surface,
        "layout": _layout(place),
        "lang": words.locale().replace("_", "-"),
    }


def _layout(place: context.Place) -> str:
    surface = place.surface
    if surface == "me":
        surface = "portal" if place.actor is not None and place.actor.side == "client" else "desk"
    return _LAYOUTS.get(surface, "web/staff.html")


def _fill_client(endpoint: str, values: dict[str, Any]) -> None:
    place = context.place()
    if place.client is None or "client" in values:
        return
    if current_app.url_map.is_endpoint_expecting(endpoint, "client"):
        values["client"] = place.client.slug


def _refuse(error: DomainError) -> Response:
    """A refusal as a page, or as a short text that never swaps into anything."""
    if isinstance(error, SignInNeeded):
        return _to_sign_in()
    with language.spoken():
        return _error_page(error.status, language.error_text(error), code=error.code)


def _refuse_http(error: HTTPException) -> Response:
    if error.code is not None and 300 <= error.code < 400:
        return make_response(error)
    if isinstance(error, RequestEntityTooLarge):
        return _refuse(TooLarge("body-too-large"))
    if error.code == 404:
        return _refuse(NotFound())
    with language.spoken():
        return _error_page(error.code or 500, words.gettext("This request was not understood."))


def _fail(error: Exception) -> Response:
    """A fault of ours: logged with the request's id, never shown in detail."""
    current_app.logger.error("request %s failed", context.request_id(), exc_info=error)
    if current_app.testing and current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    with language.spoken():
        text = words.gettext("Something went wrong on our side. Nothing was changed.")
        return _error_page(500, text)


ERROR_TITLES = {
    401: _("Sign in first"),
    403: _("You may not do this"),
    404: _("Nothing here"),
    405: _("Not this way"),
    409: _("Somebody was faster"),
    413: _("Too much at once"),
    422: _("This cannot be taken"),
    423: _("This is locked"),
    429: _("Too many tries"),
    503: _("Not available just now"),
}


def _error_page(status: int, text: str, *, code: str = "") -> Response:
    title = str(ERROR_TITLES.get(status, _("Something went wrong")))
    body = (
        text
        if is_partial()
        else render_template(
            "web/error.html",
            status=status,
            title=title,
            text=text,
            code=code,
            layout="web/public.html",
            client=None,  # who lost a grant learns nothing of the client, not even its name
        )
    )
    response = make_response(body, status)
    response.headers["X-Message"] = quote(text)
    return security.private(response)


def _to_sign_in() -> Response:
    hooks = context.hooks()
    recall.forget_actor(security.login_cookie())
    here = request.full_path.rstrip("?") if request.method in security.SAFE_METHODS else None
    known = hooks.sign_in_endpoint in current_app.view_functions
    address = url_for(hooks.sign_in_endpoint, next=here) if known else "/"
    if is_partial():
        return security.private(make_response("", 401, {"HX-Redirect": address}))
    if not known:
        with language.spoken():
            return _error_page(401, language.error_text(SignInNeeded("sign-in-needed")))
    return security.private(make_response(redirect(address, 303)))
