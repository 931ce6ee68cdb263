"""Seals small secrets (password hashes, TOTP seeds, short cookies) with a key the database lacks.

The database may be read by an injection in the web process: what `credential_for` hands out
must be worthless without the key-encryption key, which lives in the settings only.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_NONCE_BYTES = 12


class Unsealable(Exception):
    """The blob was not sealed by us, for another purpose or owner, or it is too old."""


class Vault:
    """Seals and opens blobs; each is bound to a purpose and to its owner (AES-256-GCM, AAD)."""

    def __init__(self, kek: bytes) -> None:
        if len(kek) != 32:
            raise ValueError("the key-encryption key has 32 bytes")
        self._kek = kek

    @classmethod
    def from_hex(cls, kek: str) -> Vault:
        """The vault of a key written in hex, as the settings hold it."""
        return cls(bytes.fromhex(kek))

    def _cipher(self, purpose: str) -> AESGCM:
        derive = HKDF(SHA256(), 32, salt=None, info=b"backoffice/identity/" + purpose.encode())
        return AESGCM(derive.derive(self._kek))

    def seal(self, data: bytes, *, purpose: str, owner: str) -> bytes:
        """`data` sealed for one purpose and owner; the owner is not readable from the blob."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(purpose).encrypt(nonce, data, f"{purpose}|{owner}".encode())
        return _VERSION + nonce + sealed

    def open(self, blob: bytes, *, purpose: str, owner: str) -> bytes:
        """What was sealed; raises Unsealable for anything not sealed for this purpose and owner."""
        if blob[:1] != _VERSION or len(blob) < 1 + _NONCE_BYTES + 16:
            raise Unsealable("not a sealed blob")
        nonce, sealed = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
        try:
            return self._cipher(purpose).decrypt(nonce, sealed, f"{purpose}|{owner}".encode())
        except InvalidTag as failure:
            raise Unsealable("sealed for another purpose, owner or key") from failure

    def seal_state(self, state: dict[str, Any], *, purpose: str, seconds: int) -> str:
        """A short-lived state as text for a cookie; it ends `seconds` from now."""
        body = json.dumps(state | {"until": int(time.time()) + seconds}).encode()
        return self.seal(body, purpose=purpose, owner="cookie").hex()

    def open_state(self, text: str, *, purpose: str) -> dict[str, Any]:
        """The state of a cookie; raises Unsealable when forged, of another purpose or too old."""
        try:
            blob = bytes.fromhex(text)
        except ValueError as failure:
            raise Unsealable("not a sealed state") from failure
        state: dict[str, Any] = json.loads(self.open(blob, purpose=purpose, owner="cookie"))
        if state.pop("until", 0) < time.time():
            raise Unsealable("too old")
        return state
