"""Prepaid credits: which grant a use burns, and what is left of each."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Grant:
    """Credits that a client bought or was given, from an instant on until another."""

    name: str
    amount: Decimal
    effective: datetime
    expires: datetime | None = None
    priority: int = 1
    """The lower one is used first."""


@dataclass(frozen=True, slots=True)
class Use:
    """So much used at an instant."""

    at: datetime
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Burned:
    """What grants are worth afterwards, and what no grant covered."""

    balances: dict[str, Decimal]
    uncovered: Decimal


def burn(grants: Sequence[Grant], uses: Iterable[Use], *, until: datetime) -> Burned:
    """Burns uses down, in the order of their time: priority, then the first to expire, then age.

    A grant is worth nothing before it is effective and once it has expired. A use that no grant
    covers stays uncovered, also by a grant that comes later.
    """
    left = {one.name: one.amount for one in grants}
    order = {one.name: number for number, one in enumerate(grants)}
    coming = sorted(grants, key=lambda one: (one.effective, order[one.name]), reverse=True)
    ready: list[tuple[int, float, datetime, int, Grant]] = []
    uncovered = ZERO
    for use in sorted((one for one in uses if one.at <= until), key=lambda one: one.at):
        while coming and coming[-1].effective <= use.at:
            grant = coming.pop()
            ends = grant.expires.timestamp() if grant.expires else float("inf")
            key = (grant.priority, ends, grant.effective, order[grant.name], grant)
            heapq.heappush(ready, key)
        wanted = use.amount
        while wanted > ZERO and ready:
            grant = ready[0][-1]
            if _expired(grant, use.at) or not left[grant.name]:
                heapq.heappop(ready)
                continue
            taken = min(left[grant.name], wanted)
            left[grant.name] -= taken
            wanted -= taken
        uncovered += wanted
    worth = {
        one.name: ZERO if one.effective > until or _expired(one, until) else left[one.name]
        for one in grants
    }
    return Burned(worth, uncovered)


def _expired(grant: Grant, at: datetime) -> bool:
    return grant.expires is not None and grant.expires <= at
