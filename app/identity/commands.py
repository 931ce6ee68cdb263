"""What people change about themselves and about who may see what."""

from __future__ import annotations

import json
import secrets
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.identity import credentials, passwords, queries, recovery, totp
from app.kernel import events, jobs, registry, scope, words
from app.kernel.db import session
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.registry import LeaverHook
from app.kernel.scope import secret_hash

TOKEN_PREFIX = "bo"  # noqa: S105  # how scanners know our tokens, no secret
MAX_TOKEN_DAYS = 365


@events.event("identity.access-given", line="member")
@dataclass(frozen=True)
class AccessGiven:
    """Somebody may see something new of this client; owners are told."""

    membership_ids: list[str]


@events.event("identity.access-ended", line="member")
@dataclass(frozen=True)
class AccessEnded:
    """Somebody no longer sees this client; their manager is told, with the memberships' reason."""

    membership_ids: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What is asked for or given: a person, a role, lines, document classes, and an end."""

    person_id: UUID
    role: str
    lines: tuple[str, ...]
    tenant_id: UUID | None = None
    classes: tuple[str, ...] = ()
    may_write: bool = True
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    covers: UUID | None = None
    reason: str = field(default="")

    def for_guard(self, basis: str | None = None) -> dict[str, Any]:
        """The JSON object the guard's doors take."""
        return {
            "tenant": str(self.tenant_id) if self.tenant_id else None,
            "user": str(self.person_id),
            "role": self.role,
            "lines": list(self.lines),
            "classes": list(self.classes),
            "may_write": self.may_write,
            "from": self.valid_from.isoformat() if self.valid_from else None,
            "to": self.valid_to.isoformat() if self.valid_to else None,
            "covers": str(self.covers) if self.covers else None,
            "reason": self.reason,
        } | ({"basis": basis} if basis else {})


def _call(statement: str, **values: Any) -> Any:
    return session.execute(sa.text(f"select {statement}"), values).scalar_one()


def _me() -> UUID:
    person_id = scope.current().person_id
    if person_id is None:
        raise Forbidden("forbidden")
    return person_id


def _put(made: dict[str, Any]) -> None:
    _call("guard.put_my_credential(cast(:made as jsonb))", made=json.dumps(made))


# --- the person's own account -------------------------------------------------------------------


def set_password(*, password: str) -> None:
    """Sets the person's password; needs a fresh session. Raises Invalid for a weak one."""
    if fault := passwords.fault(password, email=queries.profile().email):
        raise Invalid.of("password", fault, least=passwords.MIN_LENGTH)
    _put(credentials.of_password(password, person_id=_me()))


def set_totp(*, seed: str, code: str) -> tuple[str, ...]:
    """Sets the authenticator after a right code; returns the recovery codes, shown once."""
    if totp.step_of(seed, code) is None:
        raise Invalid.of("code", "code-refused")
    codes = recovery.new_codes()
    _put(credentials.of_totp(seed, codes, person_id=_me()))
    return codes


def renew_recovery_codes() -> tuple[str, ...]:
    """Ten new recovery codes in place of all old ones, shown once."""
    person_id = _me()
    for row in session.execute(sa.text("select * from guard.my_credentials()")):
        if row.kind == "totp":
            seed = credentials.open_totp(row.secret, person_id=person_id).seed
            codes = recovery.new_codes()
            _put(credentials.of_totp(seed, codes, person_id=person_id))
            return codes
    raise Conflict("no-authenticator")


def add_sealed_passkey(made: dict[str, Any]) -> None:
    """Adds a verified passkey, as `credentials.of_passkey` sealed it; needs a fresh session."""
    _put(made)


def rename_passkey(credential_id: UUID, *, name: str) -> None:
    """Gives a passkey another name."""
    _call("guard.name_passkey(:id, :name)", id=credential_id, name=name)


def drop_credential(credential_id: UUID) -> None:
    """Takes a way in away. Raises Conflict when staff would be left without a second factor."""
    _call("guard.drop_credential(:id)", id=credential_id)


def end_session(principal_id: UUID) -> None:
    """Ends one of the person's sessions or tokens; raises NotFound for another's."""
    own = {one.id for kind in ("person", "token") for one in queries.own_sessions(kind)}
    if principal_id not in own:
        raise NotFound
    _call("guard.revoke(:id)", id=principal_id)


def end_other_sessions() -> int:
    """Ends every session of the person but this one; returns how many."""
    ended: int = _call("guard.end_other_sessions()")
    return ended


def save_settings(
    *, locale: str, mail_locale: str, time_zone: str, theme: str, density: str, keys_on: bool
) -> None:
    """How the person wants to see the product."""
    found = {
        "locale": locale,
        "mail_locale": mail_locale,
        "time_zone": time_zone,
        "theme": theme,
        "density": density,
        "keys_on": keys_on,
    }
    _call("guard.set_settings(cast(:found as jsonb))", found=json.dumps(found))


def set_absence(*, until: date | None, covered_by: UUID | None) -> None:
    """Away until, covered by; None ends the absence."""
    _call("guard.set_absence(:until, :cover)", until=until, cover=covered_by)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made: its text is shown once and kept nowhere."""

    id: UUID
    text: str


def token_text(token_id: UUID, secret: str) -> str:
    """`bo_<id>_<secret><checksum>`: the CRC-32 lets secret scanners tell ours from noise."""
    body = f"{TOKEN_PREFIX}_{token_id.hex}_{secret}"
    return f"{body}{zlib.crc32(body.encode()):08x}"


def make_token(
    *, name: str, lines: tuple[str, ...], permissions: tuple[str, ...], days: int
) -> NewToken:
    """An API token for the client of this scope, never wider than the person. Raises Invalid."""
    rights = scope.current().rights
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise Invalid.of("days", "too-large", most=MAX_TOKEN_DAYS)
    if not lines or not set(lines) <= rights.lines | {"member"}:
        raise Invalid.of("lines", "not-a-choice")
    if not set(permissions) <= rights.permissions:
        raise Invalid.of("permissions", "not-a-choice")
    # The id is part of the text before the database makes the row, so it is ours: a public handle.
    handle = UUID(bytes=secrets.token_bytes(16))
    text = token_text(handle, secrets.token_hex(24))
    token_id: UUID = _call(
        "guard.delegate('token', :lines, :life, :sha)",
        lines=list(lines),
        life=timedelta(days=days),
        sha=secret_hash("prin", text),
    )
    _call(
        "guard.name_token(:id, :name, :permissions)",
        id=token_id,
        name=name,
        permissions=sorted(permissions) or None,
    )
    return NewToken(token_id, text)


# --- people and who may see what ----------------------------------------------------------------


def invite(*, side: str, email: str, name: str, locale: str = "") -> UUID:
    """Adds a person and has an invitation mailed; a known address of this side is answered.

    `locale` is the mail's language; empty means the one the inviter reads.
    """
    found: UUID | None = _call(
        "guard.add_person(:side, :email, :name, :locale)",
        side=side,
        email=email.strip(),
        name=name,
        locale=locale or words.locale(),
    )
    if found is None:
        raise Invalid.of("email", "person-of-other-side")
    jobs.wake("mail.codes")
    return found


def invite_again(person_id: UUID) -> None:
    """A new invitation; it ends every older one."""
    _call("guard.invite_again(:person)", person=person_id)
    jobs.wake("mail.codes")


def give(*, access: list[Access]) -> list[UUID]:
    """The actor's own decision about the own firm; needs a fresh session."""
    made = _call(
        "guard.give_access(cast(:found as jsonb))",
        found=json.dumps([one.for_guard() for one in access]),
    )
    ids: list[UUID] = list(made)
    events.emit(AccessGiven([str(one) for one in ids]))
    return ids


def grant_on_engagement(*, access: list[Access]) -> list[UUID]:
    """Gives staff what the client's engagement covers; in the provider's tenant, fresh."""
    made = _call(
        "guard.grant_access(cast(:found as jsonb))",
        found=json.dumps([one.for_guard("engagement") for one in access]),
    )
    return list(made)


def cover(person_id: UUID, *, by: UUID, until: datetime) -> list[UUID]:
    """Lets a colleague stand in: never wider than the absent person, never longer than `until`."""
    rows = [
        row
        for row in queries.access()
        if row.user_id == person_id and row.living and row.basis == "engagement"
    ]
    if not rows:
        raise Conflict("nothing-to-cover")
    return grant_on_engagement(
        access=[
            Access(
                person_id=by,
                tenant_id=row.tenant_id,
                role=row.role,
                lines=row.lines,
                classes=row.classes,
                may_write=row.may_write,
                valid_to=min(until, row.valid_to or until),
                covers=row.id,
            )
            for row in rows
        ]
    )


def request(*, access: list[Access]) -> list[UUID]:
    """Asks the owners of clients for access, for one person or a team."""
    made = _call(
        "guard.request_access(cast(:found as jsonb))",
        found=json.dumps([one.for_guard() for one in access]),
    )
    return list(made)


def decide(ids: list[UUID], *, yes: bool, answer: str = "") -> int:
    """Says yes or no to requests, all or none; needs a fresh session."""
    done: int = _call("guard.decide_access(:ids, :yes, :answer)", ids=ids, yes=yes, answer=answer)
    return done


def end_access(ids: list[UUID], *, reason: str = "") -> int:
    """Ends grants at once: also inside open sessions, jobs and tokens."""
    ended: int = _call("guard.end_access(:ids, :reason)", ids=ids, reason=reason)
    events.emit(AccessEnded([str(one) for one in ids]))
    return ended


def limit_access(ids: list[UUID], *, until: datetime) -> int:
    """Sets an earlier end, for example after the close."""
    done: int = _call("guard.limit_access(:ids, :until)", ids=ids, until=until)
    return done


def set_role(*, role: str, permissions: frozenset[str]) -> None:
    """Makes a role this bundle of permissions; needs a fresh session in the provider's tenant."""
    unknown = permissions - registry.current().permission_names()
    if unknown:
        raise Invalid("unknown-permission", name=sorted(unknown)[0])
    _call("guard.set_role(:role, :permissions)", role=role, permissions=sorted(permissions))


def leave(person_id: UUID, *, successor: UUID | None = None) -> int:
    """Ends everything a leaver may do and hands their work over; returns how many grants ended."""
    hand_over(person_id, successor=successor)
    ended: int = _call("guard.leave(:person)", person=person_id)
    return ended


def hand_over(person_id: UUID, *, successor: UUID | None) -> int:
    """Asks every package to pass the person's work on; returns how many things moved."""
    return sum(hook.hand_over(person_id, successor) for hook in registry.current().all(LeaverHook))
