"""Signing in: each step proves something and only the last opens a session.

The functions here open their own short transactions, because a login step has no client and no
rights; views call them with no transaction open. What opens a session is used up by a nonce in
the database: a challenge, a time step, a recovery or mail code opens one session, ever.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import current_app

from app.identity import credentials, passkeys, passwords, recovery, totp
from app.identity.credentials import WaysIn
from app.identity.passkeys import PasskeyRefused, Relying
from app.kernel import jobs, words
from app.kernel.db import session, transaction
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.scope import Scope, secret_hash
from app.kernel.settings import Settings

CODE_JOB = "mail.codes"


@dataclass(frozen=True, slots=True)
class Proof:
    """Who has proved themselves, how, and the nonce that this proof opens a session with."""

    person_id: UUID
    nonce: UUID
    factors: tuple[str, ...]
    passkey: tuple[str, int] | None = None
    recovery_hash: str | None = None


@dataclass(frozen=True, slots=True)
class HalfProof:
    """One right proof (a password, a mail code) of somebody who must also show a second factor."""

    person_id: UUID
    factor: str = "password"


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: the secret for the cookie and the principal behind it."""

    person_id: UUID
    principal_id: UUID
    secret: str


@dataclass(frozen=True, slots=True)
class CodeState:
    """What a code from a mail is for; `state` is open, used or expired."""

    purpose: str
    person_id: UUID
    side: str
    email: str
    name: str
    state: str


def nonce_of(*parts: str) -> UUID:
    """The nonce of one proof: the same proof always has the same, so it opens once."""
    return UUID(bytes=hashlib.sha256("|".join(parts).encode()).digest()[:16])


def plain_code(text: str) -> str:
    """A code as it was made: lower case letters and digits only, whatever was typed between."""
    return "".join(sign for sign in text.lower() if sign.isascii() and sign.isalnum())[:128]


def _ways(scope: Scope) -> WaysIn | None:
    with transaction(scope, read_only=True):
        return credentials.ways_in()


def ways_of(person_id: UUID) -> WaysIn | None:
    """The ways in of somebody who has proved part of who they are."""
    return _ways(Scope.login_as(person_id, nonce=UUID(bytes=secrets.token_bytes(16))))


def by_password(email: str, password: str) -> Proof | HalfProof:
    """Checks a password; as slow and as silent for an unknown address. Raises Invalid."""
    found = _ways(Scope.login_by_hash("mail", email.strip()))
    right = passwords.matches(found.password_hash if found else None, password)
    if found is None or not right:
        raise Invalid("sign-in-refused")
    return _after_password(found)


def again_by_password(person_id: UUID, password: str) -> Proof | HalfProof:
    """The password of somebody who is signed in and confirms who they are. Raises Invalid."""
    found = ways_of(person_id)
    if found is None or not passwords.matches(found.password_hash, password):
        raise Invalid("sign-in-refused")
    return _after_password(found)


def _after_password(found: WaysIn) -> Proof | HalfProof:
    if found.totp is not None:
        return HalfProof(found.person_id)
    if found.side == "provider":
        raise Invalid("second-factor-missing")
    return Proof(found.person_id, UUID(bytes=secrets.token_bytes(16)), ("password",))


def by_second_factor(person_id: UUID, code: str, *, first: str = "password") -> Proof:
    """An authenticator or recovery code after the password. Raises Invalid for a wrong one."""
    found = ways_of(person_id)
    if found is None or found.totp is None:
        raise Invalid("code-refused")
    step = totp.step_of(found.totp.seed, code)
    if step is not None:
        return Proof(person_id, nonce_of("totp", str(person_id), str(step)), (first, "totp"))
    hashed = recovery.hash_of(code)
    if hashed in found.totp.recovery:
        nonce = nonce_of("recovery", str(person_id), hashed)
        return Proof(person_id, nonce, (first, "totp"), recovery_hash=hashed)
    raise Invalid("code-refused")


def relying() -> Relying:
    """Who this installation is to a passkey."""
    settings: Settings = current_app.extensions["settings"]
    return Relying.of(settings.public_url, "Backoffice")


def passkey_options(challenge: str, *, person_id: UUID | None = None) -> dict[str, Any]:
    """What the browser's sign-in call takes; for a known person only their own keys."""
    found = ways_of(person_id) if person_id else None
    allowed = [key.handle for key in found.passkeys] if found else []
    return passkeys.request_options(relying(), challenge=challenge, allowed=allowed)


def by_passkey(answer: str, *, challenge: str) -> Proof:
    """Checks a passkey's signature over our challenge. Raises Invalid."""
    try:
        handle = passkeys.handle_of(answer)
        found = _ways(Scope.login_by_hash("key", handle))
        key = found.passkey(handle) if found else None
        if found is None or key is None:
            raise PasskeyRefused("unknown key")
        count = passkeys.verify(
            relying(),
            answer,
            challenge=challenge,
            public_key=key.public_key,
            person_id=found.person_id,
        )
    except PasskeyRefused as refusal:
        raise Invalid("passkey-refused") from refusal
    used = (secret_hash("key", handle), count)
    factors = ("passkey", "user_verified")
    return Proof(found.person_id, nonce_of("passkey", challenge), factors, passkey=used)


def request_code(email: str, purpose: str) -> None:
    """Asks for a code by mail; says and costs the same for an unknown address.

    The mail is in the person's own language where they chose one, else in the one of this request.
    """
    ask = sa.text("select guard.request_code(:purpose, :locale)")
    with transaction(Scope.login_by_hash("mail", email.strip())):
        session.execute(ask, {"purpose": purpose, "locale": words.locale()})
    jobs.wake(CODE_JOB)


def code_state(code: str) -> CodeState:
    """What a code is for, without spending it. Raises NotFound for an unknown one."""
    with transaction(Scope.login_by_hash("once", plain_code(code)), read_only=True):
        row = session.execute(sa.text("select * from guard.code_state()")).one_or_none()
    if row is None:
        raise NotFound("code-unknown")
    return CodeState(row.purpose, row.person_id, row.side, row.email, row.name, row.state)


def by_mail_code(code: str) -> Proof | HalfProof:
    """A one-time code of a client person; staff sign in with a second factor instead."""
    code = plain_code(code)
    try:
        found = code_state(code)
    except NotFound as unknown:
        raise Invalid("code-refused") from unknown
    if found.purpose != "login" or found.side != "client" or found.state != "open":
        raise Invalid("code-refused")
    with transaction(Scope.login_by_hash("once", code)):
        session.execute(sa.text("select guard.redeem()"))
    ways = ways_of(found.person_id)
    if ways is not None and ways.totp is not None:
        return HalfProof(found.person_id, "mail")
    return Proof(found.person_id, nonce_of("once", code), ("mail",))


def accept(code: str, purpose: str, found: list[dict[str, Any]]) -> Proof:
    """Spends an invitation or a reset on new credentials. Raises Conflict when it is spent."""
    code = plain_code(code)
    with transaction(Scope.login_by_hash("once", code)):
        person_id: UUID = session.execute(
            sa.text("select guard.accept_code(:purpose, cast(:found as jsonb))"),
            {"purpose": purpose, "found": json.dumps(found)},
        ).scalar_one()
    kinds = tuple(str(one["kind"]) for one in found)
    factors = kinds + (("user_verified",) if "passkey" in kinds else ())
    return Proof(person_id, nonce_of("once", code), factors)


def open_session(
    proof: Proof, *, device: str = "", address: str = "", replaces: UUID | None = None
) -> Opened:
    """Opens the session a proof is good for, once; `replaces` ends the one it steps up.

    Raises Conflict for a proof that was used before, or a passkey that seems to be copied.
    """
    secret = secrets.token_urlsafe(32)
    try:
        with transaction(Scope.login_as(proof.person_id, nonce=proof.nonce)):
            principal_id = _open(proof, secret, replaces)
            session.execute(
                sa.text("select guard.session_opened(:id, :device, :address)"),
                {"id": principal_id, "device": device, "address": address},
            )
    except Forbidden as refusal:
        raise Conflict("proof-used") from refusal
    opened = Opened(proof.person_id, principal_id, secret)
    if proof.recovery_hash is not None:
        _forget_recovery(opened, proof.recovery_hash)
    return opened


def _open(proof: Proof, secret: str, replaces: UUID | None) -> UUID:
    if proof.passkey is not None:
        session.execute(
            sa.text("select guard.passkey_used(:handle, :count)"),
            {"handle": proof.passkey[0], "count": proof.passkey[1]},
        )
    principal_id: UUID = session.execute(
        sa.text(
            "select guard.open_principal(:person, :sha, p_replaces => :replaces,"
            " p_factors => :factors)"
        ),
        {
            "person": proof.person_id,
            "sha": secret_hash("prin", secret),
            "replaces": replaces,
            "factors": list(proof.factors),
        },
    ).scalar_one()
    return principal_id


def own_scope(opened: Opened) -> Scope:
    """The scope of a session just opened, for its own account only: it names no client."""
    return Scope.in_client(
        opened.person_id, person_id=opened.person_id, principal_id=opened.principal_id
    )


def _forget_recovery(opened: Opened, used: str) -> None:
    """Takes the used code off the list; the nonce has made it worthless already."""
    found = ways_of(opened.person_id)
    if found is None or found.totp is None:
        return
    left = tuple(hashed for hashed in found.totp.recovery if hashed != used)
    made = credentials.of_totp_hashes(found.totp.seed, left, person_id=opened.person_id)
    with transaction(own_scope(opened)):
        session.execute(
            sa.text("select guard.put_my_credential(cast(:made as jsonb))"),
            {"made": json.dumps(made)},
        )
