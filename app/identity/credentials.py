"""A person's ways in, as the guard keeps them: sealed, and opened only in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.identity import passkeys, passwords, recovery
from app.kernel import sealing
from app.kernel.db import session
from app.kernel.rewrapping import Sealed
from app.kernel.scope import secret_hash

SEALED = Sealed(
    "ways to sign in",
    "select id, sealed, context from guard.credentials_to_reseal(:after, :most)",
    "select guard.reseal_credential(:id, :old, :new)",
    of_clients=False,
)


@dataclass(frozen=True, slots=True)
class Totp:
    """The seed of an authenticator app and the hashes of the recovery codes still unused."""

    seed: str
    recovery: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passkey:
    """A registered key: its handle and the public key that proves it."""

    handle: str
    public_key: bytes


@dataclass(frozen=True, slots=True)
class WaysIn:
    """Everything a person may prove themselves with."""

    person_id: UUID
    side: str
    password_hash: bytes | None = None
    totp: Totp | None = None
    passkeys: tuple[Passkey, ...] = field(default=())

    def passkey(self, handle: str) -> Passkey | None:
        """The key of this handle."""
        return next((key for key in self.passkeys if key.handle == handle), None)


def ways_in() -> WaysIn | None:
    """What the person named by the open login step has; None for an unknown address or key."""
    rows = session.execute(sa.text("select * from guard.credential_for()")).all()
    if not rows:
        return None
    person_id, side = rows[0].person_id, rows[0].side
    password, totp = None, None
    keys: list[Passkey] = []
    for row in rows:
        if row.kind is None:
            continue
        try:
            plain = opened(row.kind, row.secret, person_id=person_id)
        except sealing.Unsealable:
            continue  # sealed with a key we no longer have: it opens nothing
        if row.kind == "password":
            password = plain
        elif row.kind == "totp":
            totp = _totp(plain)
        elif row.public is not None:
            keys.append(Passkey(plain.decode(), bytes(row.public)))
    return WaysIn(person_id, side, password, totp, tuple(keys))


def _totp(plain: bytes) -> Totp:
    found = json.loads(plain)
    return Totp(found["seed"], tuple(found["recovery"]))


def open_totp(secret: bytes, *, person_id: UUID) -> Totp:
    """The seed and recovery hashes behind a person's own sealed credential."""
    return _totp(opened("totp", secret, person_id=person_id))


def opened(kind: str, secret: bytes, *, person_id: UUID) -> bytes:
    """A person's own sealed secret in the clear; raises Unsealable for anything else."""
    return sealing.unseal(bytes(secret), f"{kind}|{person_id}")


def _sealed(kind: str, plain: bytes, person_id: UUID) -> dict[str, Any]:
    secret = sealing.seal(plain, f"{kind}|{person_id}")
    return {"kind": kind, "secret": secret.hex()}


def of_password(password: str, *, person_id: UUID) -> dict[str, Any]:
    """A password as the guard takes it: argon2id, then sealed."""
    return _sealed("password", passwords.hash_of(password), person_id)


def of_totp(seed: str, codes: tuple[str, ...], *, person_id: UUID) -> dict[str, Any]:
    """An authenticator with fresh recovery codes as the guard takes it."""
    return of_totp_hashes(
        seed, tuple(recovery.hash_of(code) for code in codes), person_id=person_id
    )


def of_totp_hashes(seed: str, hashes: tuple[str, ...], *, person_id: UUID) -> dict[str, Any]:
    """An authenticator with the recovery hashes that are left."""
    plain = json.dumps({"seed": seed, "recovery": hashes}).encode()
    return _sealed("totp", plain, person_id)


def of_passkey(key: passkeys.Registered, name: str, *, person_id: UUID) -> dict[str, Any]:
    """A passkey as the guard takes it; only the hash of its handle is readable there."""
    return _sealed("passkey", key.handle.encode(), person_id) | {
        "public": key.public_key.hex(),
        "handle_sha": secret_hash("key", key.handle),
        "name": name[:80] or "Passkey",
        "sign_count": key.sign_count,
    }
