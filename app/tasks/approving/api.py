"""Rules of approvals and their delegation over the API; tokens read them, people write them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.api import SIGNED_IN, Api
from app.api.schema import In, Out
from app.kernel import approval_rules, ids, reads
from app.kernel.approval_rules import Order, PolicyIn

api = Api("tasks-approving")
NEEDS = approval_rules.PERMISSION
RULES = "/clients/<client>/approvals/rules"
DELEGATIONS = "/clients/<client>/approvals/delegations"
Count = Annotated[int, Field(ge=0, le=5)]
Limits = Annotated[
    dict[Annotated[str, Field(pattern="^[A-Z]{3}$")], Annotated[int, Field(ge=0, le=10**14)]],
    Field(max_length=30),
]
People = Annotated[list[UUID], Field(max_length=20)]


class RuleIn(In):
    """A rule. `limits` and `second_factor` are minor units by currency from which on it asks:
    empty for always; `second_factor` left out for never. Without named people whoever holds the
    permission `approve.<kind>` counts.
    """

    kind: Annotated[str, Field(max_length=80)]
    title: Annotated[str, Field(min_length=1, max_length=120)]
    limits: Limits = Field(default_factory=dict)
    provider_needed: Count = 1
    provider_people: People = Field(default_factory=list)
    client_needed: Count = 0
    client_people: People = Field(default_factory=list)
    sequence: Order = "beside"
    second_factor: Limits | None = None
    days: Annotated[int, Field(ge=1, le=365)] | None = None
    version: Annotated[int, Field(ge=0)] = 0
    ended: bool = False

    def policy(self) -> PolicyIn:
        """As the commands take it."""
        return PolicyIn(
            kind=self.kind,
            title=self.title,
            provider_needed=self.provider_needed,
            client_needed=self.client_needed,
            limits=self.limits,
            provider_people=tuple(self.provider_people),
            client_people=tuple(self.client_people),
            sequence=self.sequence,
            second_factor=self.second_factor,
            days=self.days,
        )


class RuleOut(Out):
    """One version of a rule; `side` is whose rule it is, and who may change it."""

    id: UUID
    version: int
    kind: str
    title: str
    limits: dict[str, int]
    provider_needed: int
    provider_people: list[UUID]
    client_needed: int
    client_people: list[UUID]
    sequence: str
    second_factor: dict[str, int] | None
    days: int | None
    ended: bool
    side: str
    made_by: UUID
    made_at: datetime


class RulesOut(Out):
    """The rules of this client, and the provider's, which hold here too."""

    own: list[RuleOut]
    above: list[RuleOut]


class VersionsOut(Out):
    """Every version of a rule, the newest first."""

    versions: list[RuleOut]


class DelegationIn(In):
    """Who decides in one's stead, and when."""

    to_person: UUID
    from_at: AwareDatetime
    until_at: AwareDatetime
    reason: Annotated[str, Field(max_length=300)] = ""


class DelegationOut(Out):
    """A delegation that one gave or was given."""

    id: UUID
    owner_id: UUID
    to_person: UUID
    from_at: datetime
    until_at: datetime
    reason: str
    ended_at: datetime | None


class DelegationsOut(Out):
    """What the caller delegated and was given, the newest first."""

    delegations: list[DelegationOut]


@api.get(RULES, needs=NEEDS, response=RulesOut, summary="Rules of approvals")
def rules() -> object:
    """Those that ended are left out."""
    reads.leave(reads.Look("approval_rules", "member"))
    return {"own": approval_rules.own(), "above": approval_rules.above()}


@api.post(
    RULES, needs=NEEDS, request=RuleIn, response=VersionsOut, status=201, summary="Make a rule"
)
def make_rule(body: RuleIn) -> object:
    """For what is asked from now on; a person with two fresh proofs, no token."""
    made = ids.uuid7()
    approval_rules.keep(made, body.policy())
    return {"versions": approval_rules.versions(made)}


@api.get(
    f"{RULES}/<uuid:approval_rule_id>",
    needs=NEEDS,
    response=VersionsOut,
    summary="A rule with its versions",
)
def rule(approval_rule_id: UUID) -> object:
    """Versions are only added."""
    reads.leave(reads.Look("approval_policy", "member", approval_rule_id))
    return {"versions": approval_rules.versions(approval_rule_id)}


@api.post(
    f"{RULES}/<uuid:approval_rule_id>",
    needs=NEEDS,
    request=RuleIn,
    response=VersionsOut,
    summary="Change or end a rule",
)
def change_rule(approval_rule_id: UUID, body: RuleIn) -> object:
    """`version` is the one that was read; 409 where there is a newer one."""
    approval_rules.keep(approval_rule_id, body.policy(), version=body.version, ended=body.ended)
    return {"versions": approval_rules.versions(approval_rule_id)}


@api.get(DELEGATIONS, needs=SIGNED_IN, response=DelegationsOut, summary="Your delegated approvals")
def delegations() -> object:
    """They hold in all clients, whichever is named in the address."""
    return {"delegations": approval_rules.delegations()}


@api.post(
    DELEGATIONS,
    needs=SIGNED_IN,
    request=DelegationIn,
    response=DelegationsOut,
    status=201,
    summary="Delegate your approvals",
)
def delegate(body: DelegationIn) -> object:
    """To a colleague of one's own side, for at most 92 days; no token."""
    approval_rules.delegate(
        to=body.to_person, from_at=body.from_at, until_at=body.until_at, reason=body.reason
    )
    return {"delegations": approval_rules.delegations()}


@api.post(
    f"{DELEGATIONS}/<uuid:delegation_id>/end",
    needs=SIGNED_IN,
    response=DelegationsOut,
    summary="End a delegation",
)
def end_delegation(delegation_id: UUID) -> object:
    """At once; one's own only."""
    approval_rules.end_delegation(delegation_id)
    return {"delegations": approval_rules.delegations()}
