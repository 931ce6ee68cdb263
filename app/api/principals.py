"""Who calls: a bearer token, or the browser's own session with a form token."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app, g, request
from flask_wtf.csrf import validate_csrf
from wtforms.validators import ValidationError  # type: ignore[import-untyped]  # ships no types

from app.kernel import db
from app.kernel.clients import PrincipalRef
from app.kernel.errors import Forbidden, SignInNeeded
from app.kernel.scope import Scope, secret_hash

REMEMBERED_SECONDS = 60.0
MOST_REMEMBERED = 10_000
_PRINCIPAL_FOR = sa.text(
    "select id, kind, user_id, tenant_id from guard.principal_for()"
    " where kind in ('person', 'token')"
)


class Memory:
    """Principals seen in the last minute, by the hash of their secret.

    Only who it is is remembered, never a right: a revoked token is refused by the database with
    the transaction that follows.
    """

    def __init__(self) -> None:
        self._found: OrderedDict[str, tuple[float, PrincipalRef]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> PrincipalRef | None:
        """The principal of a hash, when it was seen within the last minute."""
        with self._lock:
            entry = self._found.get(key)
        return entry[1] if entry and entry[0] > time.monotonic() else None

    def keep(self, key: str, found: PrincipalRef) -> None:
        """Remembers a principal for a minute."""
        with self._lock:
            self._found[key] = (time.monotonic() + REMEMBERED_SECONDS, found)
            self._found.move_to_end(key)
            while len(self._found) > MOST_REMEMBERED:
                self._found.popitem(last=False)

    def forget(self, key: str) -> None:
        """Drops one."""
        with self._lock:
            self._found.pop(key, None)


def _memory() -> Memory:
    found = current_app.extensions.setdefault("api-principals", Memory())
    assert isinstance(found, Memory)
    return found


def bearer() -> str | None:
    """The token of the Authorization header; None without one."""
    header = request.headers.get("Authorization", "")
    kind, _, value = header.partition(" ")
    if not header:
        return None
    if kind.lower() != "bearer" or not value.strip() or len(value) > 500:
        raise SignInNeeded("bad-authorization")
    return value.strip()


def identify() -> PrincipalRef:
    """Who calls; raises SignInNeeded, or Forbidden for a forged form."""
    token = bearer()
    if token is not None:
        return _find(token, kind="token")
    cookie = request.cookies.get(current_app.config["API_SESSION_COOKIE"], "")
    if not cookie:
        raise SignInNeeded("sign-in-needed")
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        _check_origin()
    return _find(cookie, kind="person")


def forget() -> None:
    """Drops what is remembered of this request's secret, after the database has refused it."""
    secret = g.get("api_secret_hash")
    if secret:
        _memory().forget(secret)


def _find(secret: str, *, kind: str) -> PrincipalRef:
    key = g.api_secret_hash = secret_hash("prin", secret)
    found = _memory().get(key)
    if found is None:
        found = _ask(secret)
    if found is None or found.kind != kind:
        raise SignInNeeded("session-ended")
    _memory().keep(key, found)
    return found


def _ask(secret: str) -> PrincipalRef | None:
    scope = Scope.login_by_hash("prin", secret, request_id=g.get("request_id", ""))
    with db.transaction(scope, read_only=True):
        row = db.session.execute(_PRINCIPAL_FOR).one_or_none()
    if row is None:
        return None
    return PrincipalRef(row.id, row.user_id, row.kind, row.tenant_id)


def _check_origin() -> None:
    """A cookie alone is no proof of will: the call must come from one of our own pages."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None and site not in {"same-origin", "none"}:
        raise Forbidden("foreign-form")
    if site is None and origin and urlsplit(origin).netloc != request.host:
        raise Forbidden("foreign-form")
    if not current_app.config.get("WTF_CSRF_ENABLED", True):
        return
    try:
        validate_csrf(request.headers.get("X-CSRF-Token"))
    except ValidationError as error:
        raise Forbidden("form-expired") from error
