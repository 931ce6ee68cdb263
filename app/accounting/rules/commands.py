"""What is done with bank rules: make, change, order, archive, and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting import queries
from app.accounting.matching import rules
from app.kernel import undo
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound

UNDO_ARCHIVE = "bank-rule.archive"


@dataclass(frozen=True, slots=True)
class RuleInput:
    """Which lines a rule is for, and how it books them; amounts without sign, in minor units."""

    name: str
    account_id: UUID
    direction: str = "any"
    bank_account_id: UUID | None = None
    amount_from_minor: int | None = None
    amount_to_minor: int | None = None
    currency: str | None = None
    party_pattern: str | None = None
    text_pattern: str | None = None
    tax_code: str | None = None
    dim1_id: UUID | None = None
    dim2_id: UUID | None = None
    counterparty_id: UUID | None = None
    memo: str | None = None
    needs_document: bool = False


def create_rule(rule: RuleInput) -> UUID:
    """Adds a rule after all others. A rule only suggests; a person accepts.

    Raises Invalid: `rule-without-pattern`, `rule-pattern-short` for what would hit everything,
    `rule-amounts` for a span that ends before it begins, `account-archived`.
    """
    _check(rule)
    made: UUID = session.execute(_ADD, asdict(rule)).scalar_one()
    return made


def change_rule(*, rule_id: UUID, version: int, rule: RuleInput) -> None:
    """Changes a rule; what it booked stays. Raises Conflict `changed-meanwhile`, NotFound."""
    _check(rule)
    found = session.execute(_CHANGE, {"id": rule_id, "version": version, **asdict(rule)})
    if found.scalar_one_or_none() is None:
        _refuse_stale(rule_id)


def move_rule(*, rule_id: UUID, up: bool) -> None:
    """Puts a rule before or after its neighbour: of two that fit, the first one wins."""
    rows = session.execute(_ORDER).scalars().all()
    if rule_id not in rows:
        raise NotFound
    place = rows.index(rule_id)
    other = place - 1 if up else place + 1
    order = list(rows)
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    session.execute(_REORDER, {"ids": [str(one) for one in order]})


def archive_rule(*, rule_id: UUID, version: int) -> UUID:
    """Takes a rule out of use; answers the token of the way back. Raises Conflict, NotFound."""
    found = session.execute(_ARCHIVE, {"id": rule_id, "version": version})
    if found.scalar_one_or_none() is None:
        _refuse_stale(rule_id)
    return undo.offer(UNDO_ARCHIVE, {"rule": str(rule_id)})


def restore_rule(rule_id: UUID) -> None:
    """Takes an archived rule back into use; raises NotFound."""
    if session.execute(_RESTORE, {"id": rule_id}).scalar_one_or_none() is None:
        raise NotFound


@undo.handler(UNDO_ARCHIVE)
def _restore(args: dict[str, Any]) -> None:
    restore_rule(UUID(args["rule"]))


def _check(rule: RuleInput) -> None:
    wrong = rules.faults(party_pattern=rule.party_pattern, text_pattern=rule.text_pattern)
    if wrong:
        raise Invalid("invalid", wrong)
    low, high = rule.amount_from_minor, rule.amount_to_minor
    if low is not None and high is not None and high < low:
        raise Invalid.of("amount_to", "rule-amounts")
    if (low is not None or high is not None) and rule.currency is None:
        raise Invalid.of("currency", "currency-unknown")
    if queries.account(rule.account_id).archived:
        raise Invalid.of("account", "account-archived")


def _refuse_stale(rule_id: UUID) -> None:
    if session.execute(_KNOWN, {"id": rule_id}).scalar() is None:
        raise NotFound
    raise Conflict("changed-meanwhile")


_TENANT = "tenant_id = (select guard.tenant_id())"
_NAMES = tuple(RuleInput.__slots__)
_UUIDS = ("account_id", "bank_account_id", "dim1_id", "dim2_id", "counterparty_id")
_TYPES = [sa.bindparam(name, type_=sa.Uuid()) for name in _UUIDS]
_ADD = sa.text(
    f"insert into app.bank_rule (tenant_id, position, {', '.join(_NAMES)})"
    " values ((select guard.tenant_id()), (select coalesce(max(position), 0) + 1"
    f" from app.bank_rule where {_TENANT}), {', '.join(f':{name}' for name in _NAMES)})"
    " returning id"
).bindparams(*_TYPES)
_CHANGE = sa.text(
    f"update app.bank_rule set {', '.join(f'{name} = :{name}' for name in _NAMES)},"
    f" version = version + 1 where {_TENANT} and id = :id and version = :version returning id"
).bindparams(*_TYPES)
_ORDER = sa.text(
    f"select id from app.bank_rule where {_TENANT} and archived_at is null"
    " order by position, id for update"
)
_REORDER = sa.text(
    "update app.bank_rule r set position = x.place from unnest(cast(:ids as uuid[]))"
    " with ordinality x(id, place) where r.tenant_id = (select guard.tenant_id()) and r.id = x.id"
    " and r.position <> x.place"
)
_ARCHIVE = sa.text(
    f"update app.bank_rule set archived_at = now(), version = version + 1 where {_TENANT}"
    " and id = :id and version = :version and archived_at is null returning id"
)
_RESTORE = sa.text(
    f"update app.bank_rule set archived_at = null, version = version + 1 where {_TENANT}"
    " and id = :id and archived_at is not null returning id"
)
_KNOWN = sa.text(f"select true from app.bank_rule where {_TENANT} and id = :id")
