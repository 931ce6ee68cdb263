"""A passkey in software: EC P-256, a counter, and the two ceremonies (WebAuthn level 3)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def text(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def data(value: str) -> bytes:
    """The bytes of base64url text."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


class Authenticator:
    """One key of one person on one device; `verified` says whether it knows its person."""

    def __init__(self, origin: str, *, verified: bool = True) -> None:
        self.origin = origin
        self.verified = verified
        self.handle = secrets.token_bytes(16)
        self.count = 0
        self.user = b""
        self._key = ec.generate_private_key(ec.SECP256R1())

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _head(self, rp_id: str, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verified else 0)
        self.count += 1
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.count)

    def create(self, options: dict[str, Any]) -> str:
        """The answer to a registration."""
        self.user = data(options["user"]["id"])
        numbers = self._key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + struct.pack(">H", len(self.handle)) + self.handle + public
        made = self._head(options["rp"]["id"], ATTESTED) + attested
        response = {
            "clientDataJSON": text(self._client("webauthn.create", options["challenge"])),
            "attestationObject": text(
                cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": made})
            ),
        }
        return self._answer(response)

    def get(self, options: dict[str, Any]) -> str:
        """The answer to a sign-in."""
        client = self._client("webauthn.get", options["challenge"])
        head = self._head(options["rpId"], 0)
        signature = self._key.sign(
            head + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256())
        )
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(head),
            "signature": text(signature),
            "userHandle": text(self.user),
        }
        return self._answer(response)

    def _answer(self, response: dict[str, str]) -> str:
        handle = text(self.handle)
        return json.dumps(
            {
                "id": handle,
                "rawId": handle,
                "type": "public-key",
                "response": response,
                "clientExtensionResults": {},
            }
        )
