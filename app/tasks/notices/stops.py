"""The link in a mail that stops a kind: proven by its secret, without signing in.

The secret is worked out from person, kind and the installation's key; the database knows its hash
only. Opening the link changes nothing, since programs that look through mails open links; stopping
is a POST, which a mail program may send by itself (RFC 8058).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from flask import current_app

from app.kernel.db import session
from app.kernel.scope import Scope, secret_hash
from app.kernel.settings import Settings

PATH = "/n/"
_KIND = "stop"


@dataclass(frozen=True, slots=True)
class Stop:
    """What a link stops, whether it is stopped now, and the reader's language for mails."""

    kind: str
    stopped: bool
    locale: str


def secret(person_id: UUID, kind: str) -> str:
    """The secret of a person's link for a kind, the same each time."""
    settings: Settings = current_app.extensions["settings"]
    said = b"stop notices " + person_id.bytes + kind.encode()
    proof = hmac.new(settings.secret_key.encode(), said, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(proof).decode().rstrip("=")


def path(person_id: UUID, kind: str) -> str:
    """The address of the link on this installation."""
    return f"{PATH}{secret(person_id, kind)}"


def sha(person_id: UUID, kind: str) -> str:
    """The hash by which the database knows the link."""
    return secret_hash(_KIND, secret(person_id, kind))


def scope_of(text: str, *, request_id: str = "") -> Scope:
    """The scope of whoever holds a link: it reaches nothing but the doors of the link."""
    return Scope.login_by_hash(_KIND, text, request_id=request_id)


def shown() -> Stop:
    """What the link of the open scope stops; raises NotFound for one that was never mailed."""
    row = session.execute(_SHOWN).one()
    return Stop(row.kind, row.stopped, row.locale or "")


def stop(*, stopped: bool) -> None:
    """Stops the mails of the link's kind, or goes back; the same wish again changes nothing."""
    session.execute(_STOP, {"stopped": stopped})


_SHOWN = sa.text("select kind, stopped, locale from app.notice_stopped()")
_STOP = sa.text("select app.stop_notices(:stopped)")
