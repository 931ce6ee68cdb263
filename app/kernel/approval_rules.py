"""Policies of approvals and their delegation: who has to decide what, and who decides meanwhile.

A policy of the provider holds in every client, a client's own holds there; what matches is
all met, so the stricter wins. Versions are only added; an open request keeps its steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import db
from app.kernel.errors import NotFound

PERMISSION = "approval.policy"
Order = Literal["beside", "provider", "client"]
_COLUMNS = (
    "id, version, kind, title, limits, provider_needed, provider_people, client_needed,"
    " client_people, sequence, second_factor, days, ended, side, made_by, made_at"
)
_KEEP = sa.text(
    "select app.keep_approval_policy(:id, :version, :kind, :title, :limits, :provider_needed,"
    " cast(:provider_people as uuid[]), :client_needed, cast(:client_people as uuid[]), :sequence,"
    " :second_factor, :days, :ended)"
).bindparams(
    sa.bindparam("limits", type_=JSONB),
    sa.bindparam("second_factor", type_=JSONB(none_as_null=True)),
    sa.bindparam("days", type_=sa.Integer()),
)


@dataclass(frozen=True, slots=True)
class PolicyIn:
    """A policy as it is written. `limits` are minor units by currency from which on it asks, empty
    for always; a currency that is not named is always asked about. So is `second_factor`, None for
    never. `provider_people` and `client_people` empty: whoever holds `approve.<kind>`.
    """

    kind: str
    title: str
    provider_needed: int = 1
    client_needed: int = 0
    limits: Mapping[str, int] = field(default_factory=dict)
    provider_people: tuple[UUID, ...] = ()
    client_people: tuple[UUID, ...] = ()
    sequence: Order = "beside"
    second_factor: Mapping[str, int] | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a policy; `side` is whose rule it is, `ended` its last version."""

    id: UUID
    version: int
    kind: str
    title: str
    limits: dict[str, int]
    provider_needed: int
    provider_people: list[UUID]
    client_needed: int
    client_people: list[UUID]
    sequence: Order
    second_factor: dict[str, int] | None
    days: int | None
    ended: bool
    side: str
    made_by: UUID
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Delegation:
    """`to_person` decides in `owner_id`'s stead between two moments, unless ended before."""

    id: UUID
    owner_id: UUID
    to_person: UUID
    from_at: datetime
    until_at: datetime
    reason: str
    ended_at: datetime | None


def keep(policy_id: UUID, wanted: PolicyIn, *, version: int = 0, ended: bool = False) -> int:
    """Writes the next version of a policy, or with `version` 0 its first; answers its number.

    For requests from now on. Raises Forbidden, FreshSignInNeeded, Conflict (changed-meanwhile),
    Invalid (approval-people, approval-limits, approval-nobody, approval-kind-unknown).
    """
    made: int = db.session.execute(
        _KEEP,
        {
            "id": policy_id,
            "version": version,
            "kind": wanted.kind,
            "title": wanted.title,
            "limits": dict(wanted.limits),
            "provider_needed": wanted.provider_needed,
            "provider_people": [str(one) for one in wanted.provider_people],
            "client_needed": wanted.client_needed,
            "client_people": [str(one) for one in wanted.client_people],
            "sequence": wanted.sequence,
            "second_factor": None if wanted.second_factor is None else dict(wanted.second_factor),
            "days": wanted.days,
            "ended": ended,
        },
    ).scalar_one()
    return made


def end(policy_id: UUID, *, version: int) -> int:
    """Ends a policy for requests from now on; raises as `keep`, and NotFound."""
    found = newest(policy_id)
    wanted = PolicyIn(
        kind=found.kind,
        title=found.title,
        provider_needed=found.provider_needed,
        client_needed=found.client_needed,
        limits=found.limits,
        provider_people=tuple(found.provider_people),
        client_people=tuple(found.client_people),
        sequence=found.sequence,
        second_factor=found.second_factor,
        days=found.days,
    )
    return keep(policy_id, wanted, version=version, ended=True)


def own(*, ended: bool = False) -> list[Policy]:
    """The policies of the open tenant in their newest version, by kind."""
    rows = db.session.execute(
        sa.text(
            f"select * from (select distinct on (id) {_COLUMNS} from app.approval_policy"
            " where tenant_id = (select guard.tenant_id()) order by id, version desc) p"
            " where not p.ended or :ended order by p.ended, p.kind, p.id limit 500"
        ),
        {"ended": ended},
    ).mappings()
    return [Policy(**row) for row in rows]


def above() -> list[Policy]:
    """The provider's policies, which hold in the open client as well."""
    rows = db.session.execute(
        sa.text(f"select {_COLUMNS} from app.approval_rules_above()")
    ).mappings()
    return [Policy(**row) for row in rows]


def versions(policy_id: UUID) -> list[Policy]:
    """Every version of a policy of the open tenant, the newest first; raises NotFound."""
    rows = db.session.execute(
        sa.text(
            f"select {_COLUMNS} from app.approval_policy"
            " where tenant_id = (select guard.tenant_id()) and id = :id"
            " order by version desc limit 200"
        ),
        {"id": policy_id},
    ).mappings()
    found = [Policy(**row) for row in rows]
    if not found:
        raise NotFound
    return found


def newest(policy_id: UUID) -> Policy:
    """The newest version of a policy; raises NotFound."""
    return versions(policy_id)[0]


def people() -> dict[str, list[UUID]]:
    """Whom policies of the open tenant can name, by side; nobody for who may not write policies."""
    found: dict[str, list[UUID]] = {"provider": [], "client": []}
    for row in db.session.execute(sa.text("select person_id, side from app.approval_people()")):
        found[row.side].append(row.person_id)
    return found


def delegate(*, to: UUID, from_at: datetime, until_at: datetime, reason: str = "") -> UUID:
    """Lets a colleague decide in the acting person's stead, for at most 92 days.

    Raises Invalid (delegate-colleague, delegate-days) and Conflict (delegated-already).
    """
    made: UUID = db.session.execute(
        sa.text("select app.delegate_approvals(:to, :from_at, :until_at, :reason)"),
        {"to": to, "from_at": from_at, "until_at": until_at, "reason": reason},
    ).scalar_one()
    return made


def end_delegation(delegation_id: UUID) -> None:
    """Ends one's own delegation at once; raises NotFound."""
    db.session.execute(sa.text("select app.end_delegation(:id)"), {"id": delegation_id})


def delegations() -> list[Delegation]:
    """What the acting person delegated and was given, the newest first."""
    rows = db.session.execute(sa.text("select * from app.my_delegations()")).mappings()
    return [Delegation(**row) for row in rows]
