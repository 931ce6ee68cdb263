"""What a login step leaves with the browser: a sealed cookie, and a safe way back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, current_app, request, url_for

from app.identity import devices, sign_in
from app.identity.sign_in import Opened, Proof
from app.kernel import sealing
from app.kernel.errors import Invalid
from app.kernel.settings import Settings
from app.web import context, recall, security
from app.web.render import go

PASSKEY = "passkey"
SECOND = "second-factor"
ENROL = "enrol"
_SECONDS = {PASSKEY: 300, SECOND: 300, ENROL: 900}


def _cookie(purpose: str) -> str:
    settings: Settings = current_app.extensions["settings"]
    return f"{'__Host-' if settings.secure else ''}{purpose}"


def keep(response: Response, purpose: str, **state: Any) -> Response:
    """Seals the state of a step into its cookie; nobody but us can read or make one."""
    settings: Settings = current_app.extensions["settings"]
    seconds = _SECONDS[purpose]
    response.set_cookie(
        _cookie(purpose),
        sealing.seal_state(state, purpose, seconds=seconds),
        max_age=seconds,
        secure=settings.secure,
        httponly=True,
        samesite="Strict",
        path="/",
    )
    return response


def kept(purpose: str) -> dict[str, Any]:
    """The state of a step; raises Invalid when it took too long or was never begun."""
    try:
        return sealing.unseal_state(request.cookies.get(_cookie(purpose), ""), purpose)
    except sealing.Unsealable as failure:
        raise Invalid("step-too-old") from failure


def drop(response: Response, *purposes: str) -> Response:
    """Takes finished steps back from the browser."""
    settings: Settings = current_app.extensions["settings"]
    for purpose in purposes:
        response.delete_cookie(
            _cookie(purpose), path="/", secure=settings.secure, httponly=True, samesite="Strict"
        )
    return response


def safe(address: str) -> str:
    """The address if it is a page of ours, else the start page: no open redirect."""
    parts = urlsplit(address)
    plain = address.startswith("/") and not address.startswith(("//", "/\\"))
    if not plain or parts.netloc or parts.scheme or any(ord(sign) < 32 for sign in address):
        return "/"
    return "/" if parts.path in {"/login", "/login/again", "/logout"} else address


def network() -> str:
    """The network the request comes from, as limits count it."""
    return devices.network_of(request.remote_addr)


def finish(proof: Proof, *, next_address: str = "", replaces: UUID | None = None) -> Response:
    """Opens the session, hands over the cookie and leads back to where the person was."""
    opened = sign_in.open_session(
        proof,
        device=devices.words_of(request.headers.get("User-Agent", "")),
        address=request.remote_addr or "",
        replaces=replaces,
    )
    response = arrive(go(safe(next_address) if next_address else url_for("identity.start")), opened)
    return drop(response, PASSKEY, SECOND, ENROL)


def arrive(response: Response, opened: Opened) -> Response:
    """The response with the new session's cookie; the old one's memory is dropped."""
    recall.forget_actor(security.login_cookie())
    return security.set_login_cookie(response, opened.secret)


def acting() -> UUID:
    """The principal that is confirmed again."""
    return context.actor().principal_id
