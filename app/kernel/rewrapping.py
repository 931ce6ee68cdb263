"""After a change of the key-encryption key: everything under the one before is sealed anew.

A client at a time, each in a transaction of its own, so that a run that was cut off is simply
started again: what stands under today's key is passed by. The bucket is not touched, since the
clients' own keys stay what they are; only what wraps them changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
import structlog

from app.kernel import db, jobs_catalog, sealing
from app.kernel.scope import Scope

log = structlog.get_logger("kernel")
BATCH = 500
NOTHING = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Sealed:
    """One kind of sealed value: what reads those of a client, and what keeps one anew.

    `rows` answers id, sealed and context; `keep` takes id, old and new and says whether the value
    was still the old one. `is_lasting` says that work stands still without it. What belongs to no
    client (`of_clients` False) takes `after` and `most` in `rows`, ordered by id.
    """

    name: str
    rows: str
    keep: str
    wraps_key: bool = False
    is_lasting: bool = True
    of_clients: bool = True


@dataclass(frozen=True, slots=True)
class Done:
    """How many values of a place were sealed anew, stood so before, or open under neither key."""

    anew: int = 0
    before: int = 0
    lost: int = 0

    def __add__(self, other: Done) -> Done:
        return Done(self.anew + other.anew, self.before + other.before, self.lost + other.lost)


KEYS = Sealed(
    "client keys",
    "select id, sealed, context from app.tenant_key_sealed()",
    "select app.tenant_key_seal(:id, :old, :new)",
    wraps_key=True,
)
MAILS = Sealed(
    "sealed mails",
    "select id, sealed, context from app.mail_message_sealed()",
    "select app.mail_message_seal(:id, :old, :new)",
    is_lasting=False,
)
_PLACES = {one.name: one for one in (KEYS, MAILS)}


def declare(place: Sealed) -> None:
    """Says where a package keeps sealed values; once more changes nothing."""
    _PLACES[place.name] = place


def places(*, of_clients: bool) -> list[Sealed]:
    """What is known: of each client, or of the installation."""
    return [one for one in _PLACES.values() if one.of_clients is of_clients]


def lasting_lost(done: Mapping[str, Done]) -> bool:
    """Whether anything without which work stands still opens under neither key."""
    return any(found.lost and _PLACES[name].is_lasting for name, found in done.items())


def client(tenant_id: UUID, *, keep: bool = True) -> dict[str, Done]:
    """Seals what belongs to a client anew; all of it or nothing. Without `keep` it only counts."""
    with db.transaction(_operator(tenant_id)):
        return {one.name: _anew(one, _rows(one), keep) for one in places(of_clients=True)}


def everywhere(place: Sealed, *, home: UUID, keep: bool = True) -> Done:
    """Seals what belongs to no client anew, some hundreds at a time; `home` is the provider.

    Without `keep` it only counts.
    """
    total, after = Done(), NOTHING
    while True:
        with db.transaction(_operator(home)):
            rows = _rows(place, after=after, most=BATCH)
            total += _anew(place, rows, keep)
        if len(rows) < BATCH:
            return total
        after = rows[-1][0]


def _operator(tenant_id: UUID) -> Scope:
    person = jobs_catalog.system_user("operator")
    return Scope.system_job(tenant_id, person_id=person, request_id="cli")


def _rows(place: Sealed, **values: object) -> list[tuple[UUID, bytes, str]]:
    found = db.session.execute(sa.text(place.rows), values)
    return [(row.id, bytes(row.sealed), row.context) for row in found]


def _anew(place: Sealed, rows: Iterable[tuple[UUID, bytes, str]], keep: bool) -> Done:
    changed: list[dict[str, object]] = []
    before = lost = 0
    for value_id, old, context in rows:
        try:
            new = sealing.sealed_anew(old, context, wraps_key=place.wraps_key)
        except sealing.Unsealable:
            lost += 1
            log.error("opens under neither key", what=place.name, id=str(value_id))
            continue
        if new is None:
            before += 1
        else:
            changed.append({"id": value_id, "old": old, "new": new})
    if changed and keep:
        db.session.execute(sa.text(place.keep), changed)
    return Done(len(changed), before, lost)
