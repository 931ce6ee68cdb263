"""Sealing: authenticated encryption of what must not stand in the clear in database or bucket.

AES-256-GCM with a fresh 96-bit nonce (NIST SP 800-38D); keys of purposes come from the
key-encryption key by HKDF (RFC 5869). A sealed value is bound to its context: moved to another
row or another client it does not open.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

from app.kernel import db
from app.kernel import scope as scopes
from app.kernel.errors import Unavailable
from app.kernel.settings import Settings

NONCE_BYTES = 12
_CLIENT_KEY = "backoffice client key"
_VALUES = "backoffice secret"


class Unsealable(Unavailable):
    """Not sealed by us, under another key, in another context, or too old."""


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def _derived(kek: str, purpose: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    return derived.derive(bytes.fromhex(kek))


def _purpose_key(purpose: str) -> bytes:
    return _derived(_settings().kek, purpose)


def _opened(purpose: str, sealed: bytes, context: str) -> bytes:
    """Opens under the key-encryption key, or under the one before while it is being changed."""
    before = _settings().kek_before
    try:
        return _unseal(_purpose_key(purpose), sealed, context)
    except Unsealable:
        if before is None:
            raise
    return _unseal(_derived(before, purpose), sealed, context)


def _seal(key: bytes, plain: bytes, context: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def _unseal(key: bytes, sealed: bytes, context: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError) as error:
        raise Unsealable("sealed-with-another-key") from error


def seal(plain: bytes, context: str) -> bytes:
    """Seals under the installation's key, bound to `context`."""
    return _seal(_purpose_key(_VALUES), plain, context)


def unseal(sealed: bytes, context: str) -> bytes:
    """Opens what `seal` made; raises Unsealable when key or context differ."""
    return _opened(_VALUES, sealed, context)


def seal_state(state: dict[str, Any], context: str, *, seconds: int) -> str:
    """A short-lived state as text for a cookie; it ends `seconds` from now."""
    body = json.dumps(state | {"until": int(time.time()) + seconds}).encode()
    return seal(body, f"state|{context}").hex()


def unseal_state(text: str, context: str) -> dict[str, Any]:
    """The state of a cookie; raises Unsealable when forged, of another context or too old."""
    try:
        sealed = bytes.fromhex(text)
    except ValueError as error:
        raise Unsealable("sealed-with-another-key") from error
    state: dict[str, Any] = json.loads(unseal(sealed, f"state|{context}"))
    if state.pop("until", 0) < time.time():
        raise Unsealable("sealed-with-another-key")
    return state


def client_key() -> bytes:
    """The data key of the client of the open transaction, the newest; made at its first use.

    The database keeps it wrapped; losing the key-encryption key loses it, and erasing the
    wrapped key erases everything under it.
    """
    keys = client_keys()
    if keys:
        return keys[max(keys)]
    tenant = _tenant()
    keep = sa.text("select app.keep_client_key(:wrapped)")
    wrapped = db.session.execute(keep, {"wrapped": fresh_client_key(tenant)}).scalar_one()
    return _unwrapped(bytes(wrapped), tenant)


def client_keys(*, storing: bool = False) -> dict[int, bytes]:
    """Every data key of the client by its number; the highest seals, older ones only open.

    With `storing` no new key can come until the transaction ends, so that a rotation misses
    nothing that is being written. A holder of a link into the client gets them too.
    """
    tenant = _tenant()
    door = "app.sealing_keys()" if storing else "app.client_keys()"
    rows = db.session.execute(sa.text(f"select no, wrapped from {door}"))
    return {row.no: _unwrapped(bytes(row.wrapped), tenant) for row in rows}


def newest_key() -> tuple[int, bytes]:
    """Number and key that seal from now on, held until the transaction ends."""
    keys = client_keys(storing=True)
    if not keys:
        client_key()
        keys = client_keys(storing=True)
    if not keys:
        raise Unavailable("no-client-key")
    return max(keys), keys[max(keys)]


def fresh_client_key(tenant: UUID) -> bytes:
    """A new random data key of a client, wrapped."""
    return _seal(_purpose_key(_CLIENT_KEY), os.urandom(32), f"client|{tenant}")


def _unwrapped(wrapped: bytes, tenant: UUID) -> bytes:
    return _opened(_CLIENT_KEY, wrapped, f"client|{tenant}")


def sealed_anew(sealed: bytes, context: str, *, wraps_key: bool = False) -> bytes | None:
    """The same value under the key-encryption key of today; None where it stands there already.

    `wraps_key` says that it is a client's wrapped key. Raises Unsealable when neither today's key
    nor the one before opens it.
    """
    purpose = _CLIENT_KEY if wraps_key else _VALUES
    try:
        _unseal(_purpose_key(purpose), sealed, context)
    except Unsealable:
        return _seal(_purpose_key(purpose), _opened(purpose, sealed, context), context)
    return None


def _tenant() -> UUID:
    tenant = scopes.current().tenant_id
    if tenant is None:
        raise Unavailable("no-client-key")
    return tenant
