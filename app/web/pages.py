"""Pages: a blueprint whose routes declare who may come in and run in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, Response, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError

from app.kernel import db, reads, scope
from app.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Locked,
    NotFound,
    SignInNeeded,
    TooLarge,
)
from app.kernel.scope import Scope
from app.web import context, drafts, forms, language, recall, security

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
Redraw = Callable[..., ResponseReturnValue]

SIGNED_IN = "signed-in"
MEBIBYTE = 1024 * 1024

_RETRIED_STATES = {"40001", "40P01", "23505"}
_REDRAWN = (Invalid, Conflict, Locked, TooLarge)


class Surface(StrEnum):
    """Which shell a page wears and in which scope it runs."""

    CLIENT = "client"
    DESK = "desk"
    PORTAL = "portal"
    ME = "me"
    PROVIDER = "provider"
    PUBLIC = "public"


_STAFF = {Surface.CLIENT, Surface.DESK, Surface.PROVIDER, Surface.ME}


@dataclass(frozen=True, slots=True)
class Access:
    """What a route declares: the permission it needs, or that it is public.

    `again` draws the page of a refused form, `opens` is False where the view opens its own
    transactions, `frame` marks what is shown inside a sandboxed frame. `first` refuses a public
    route's values before anything of the body is read. `by_mail` is a public act that a mail
    program posts too (RFC 8058): the secret in its address counts, no cookie is looked at.
    """

    needs: str | None
    public: bool
    surface: Surface
    again: Redraw | None = None
    opens: bool = True
    frame: bool = False
    by_mail: bool = False
    max_bytes: int = MEBIBYTE
    first: Callable[..., None] | None = None


class Pages(Blueprint):
    """The pages of one package; see `get` and `post`."""

    def __init__(self, name: str, import_name: str, *, surface: Surface) -> None:
        super().__init__(name, import_name, template_folder="templates")
        self.surface = surface

    def get(self, rule: str, **options: Any) -> Callable[[View], View]:  # type: ignore[override]  # the guard is ours
        """A page that only reads; HEAD comes with it."""
        return self._declare(rule, "GET", options)

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:  # type: ignore[override]  # the guard is ours
        """An act. `again` is called to draw the page anew when the input was refused."""
        return self._declare(rule, "POST", options)

    def _declare(self, rule: str, method: str, options: dict[str, Any]) -> Callable[[View], View]:
        endpoint = options.pop("endpoint", None)
        access = self._access(rule, options)

        def keep(view: View) -> View:
            name = endpoint or view.__name__
            self.add_url_rule(rule, name, guarded(view, access), methods=[method])
            return view

        return keep

    def _access(self, rule: str, options: dict[str, Any]) -> Access:
        needs, public = options.pop("needs", None), options.pop("public", False)
        if bool(needs) == bool(public):
            raise TypeError(f"{rule}: declare needs=… or public=True, and not both")
        surface = Surface.PUBLIC if public else options.pop("surface", self.surface)
        if public:
            options.setdefault("opens", False)
            surface = options.pop("surface", Surface.PUBLIC)
        return Access(needs=needs, public=public, surface=surface, **options)


def guarded(view: Callable[..., ResponseReturnValue], access: Access) -> Callable[..., Response]:
    """The view behind its guard; `access` stays readable on it for the check at start."""

    @wraps(view)
    def run(**values: Any) -> Response:
        _arrive(access, values)
        with language.spoken():
            response = _answer(view, access, values)
        return security.private(drafts.settle(response))

    run.access = access  # type: ignore[attr-defined]  # read by security.refuse_unguarded
    return run


def _arrive(access: Access, values: dict[str, Any]) -> None:
    """Fills the place of this request: brand, person; refuses forged forms and vast bodies."""
    place = context.place()
    place.surface, place.frame = access.surface, access.frame
    request.max_content_length = access.max_bytes
    place.brand = recall.find_brand()
    place.actor = recall.find_actor(security.login_cookie())
    if place.actor is not None and access.surface in _STAFF and place.actor.side == "staff":
        place.clients = recall.find_clients()
    if request.method not in security.SAFE_METHODS:
        if access.first is not None:
            access.first(**values)
        if not access.by_mail:
            security.check_origin()


def _answer(
    view: Callable[..., ResponseReturnValue], access: Access, values: dict[str, Any]
) -> Response:
    try:
        return _run(view, access, values)
    except _REDRAWN as error:
        if access.again is None:
            raise
        g.pop("toasts", None)
        forms.remember_refusal(error)
        response = _run(access.again, replace(access, again=None), values, read_only=True)
        response.status_code = error.status
        return response


def _run(
    view: Callable[..., ResponseReturnValue],
    access: Access,
    values: dict[str, Any],
    *,
    read_only: bool | None = None,
) -> Response:
    """Runs a view in its transaction, once more when another writer was in the way."""
    reading = request.method in {"GET", "HEAD"} if read_only is None else read_only
    values = dict(values)
    scoped = _scope(access, values, reading=reading)
    if scoped is None:
        return make_response(view(**values))
    try:
        return _once(view, access, values, scoped, reading=reading)
    except DBAPIError as error:
        if _state(error) not in _RETRIED_STATES:
            raise
    try:
        return _once(view, access, values, scoped, reading=reading)
    except DBAPIError as error:
        if _state(error) not in _RETRIED_STATES:
            raise
        raise Conflict("somebody-else-was-first") from error


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _once(
    view: Callable[..., ResponseReturnValue],
    access: Access,
    values: dict[str, Any],
    scoped: Scope,
    *,
    reading: bool,
) -> Response:
    reads.clear()
    try:
        with db.transaction(scoped, read_only=reading), language.spoken():
            response = _check(access) or make_response(view(**values))
    except SignInNeeded:
        recall.forget_actor(security.login_cookie())
        raise
    if reads.pending():
        reads.write(scoped)
    return response


def _check(access: Access) -> Response | None:
    """Compares the declared need with the rights the database has just given."""
    rights = scope.current().rights
    if not rights.reached:
        raise NotFound
    place = context.place()
    if rights.side == "client" and access.surface in {Surface.CLIENT, Surface.DESK}:
        return _to_portal(place)
    if access.needs != SIGNED_IN and not rights.may(str(access.needs)):
        raise Forbidden("permission-missing", permission=access.needs)
    return None


def _to_portal(place: context.Place) -> Response:
    if request.method not in {"GET", "HEAD"}:
        raise Forbidden("forbidden")
    if place.client is None:
        return make_response(redirect(url_for("portal.chooser"), 303))
    return make_response(redirect(url_for("portal.home", client=place.client.slug), 303))


def _scope(access: Access, values: dict[str, Any], *, reading: bool) -> Scope | None:
    """The scope of the route; takes `client` out of the values and into the place."""
    place = context.place()
    if access.public:
        return None
    if place.actor is None:
        raise SignInNeeded("sign-in-needed")
    if "client" in values:
        place.client = recall.find_client(values.pop("client"))
        if place.client is None:
            raise NotFound
    if not access.opens or (access.surface == Surface.DESK and not reading):
        return None
    return language.scoped(_scope_of(access, place, reading=reading))


def _scope_of(access: Access, place: context.Place, *, reading: bool) -> Scope:
    who = context.actor()
    if place.client is not None:
        return context.scope_in(place.client.tenant_id)
    home = who.home_tenant_id
    if access.surface == Surface.PROVIDER:
        if home is None or who.side != "staff":
            raise NotFound
        return context.scope_in(home)
    if access.surface == Surface.ME and not reading and home is not None:
        return context.scope_in(home)
    return Scope.worklist(
        person_id=who.person_id, principal_id=who.principal_id, request_id=context.request_id()
    )
