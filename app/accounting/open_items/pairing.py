"""Which open items settle each other: by reference and amount, by amount, then oldest first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from app.accounting.open_items.values import OpenItem, Pairing

_DIGITS = re.compile(r"[0-9]{4,}")
Group = tuple[UUID, str]


def suggested(items: Iterable[OpenItem]) -> tuple[Pairing, ...]:
    """Pairs that a person would make without doubt: whole items of one account and currency.

    A debit and a credit item of the same amount pair when their references share a number of four
    digits or more, or when no other item has that amount. Nothing is paired in part.
    """
    found: list[Pairing] = []
    for debits, credits_ in _groups(items):
        found += _equal(debits, credits_)
    return tuple(found)


def oldest_first(items: Iterable[OpenItem]) -> tuple[Pairing, ...]:
    """Pairs of all that is given, the longest due first, the last one in part where it must be."""
    found: list[Pairing] = []
    for debits, credits_ in _groups(items):
        found += _in_order(debits, credits_)
    return tuple(found)


def _groups(items: Iterable[OpenItem]) -> list[tuple[list[OpenItem], list[OpenItem]]]:
    """Debits and credits of each account and currency, the longest due first."""
    grouped: dict[Group, tuple[list[OpenItem], list[OpenItem]]] = defaultdict(lambda: ([], []))
    for item in sorted(items, key=lambda one: (one.due_on, one.entry_id, one.no)):
        if item.residual:
            grouped[item.account_id, item.currency][item.side < 0].append(item)
    return list(grouped.values())


def _equal(debits: Sequence[OpenItem], credits_: Sequence[OpenItem]) -> list[Pairing]:
    found: list[Pairing] = []
    used: set[tuple[UUID, int]] = set()
    for credit in credits_:
        fitting = [
            one for one in debits if one.residual == -credit.residual and one.key not in used
        ]
        named = [one for one in fitting if _numbers(one) & _numbers(credit)]
        rivals = sum(one.residual == credit.residual for one in credits_)
        chosen = named if len(named) == 1 else fitting if len(fitting) == 1 == rivals else []
        if chosen:
            used.add(chosen[0].key)
            found.append(Pairing(chosen[0].key, credit.key, chosen[0].residual))
    return found


def _numbers(item: OpenItem) -> set[str]:
    return set(_DIGITS.findall(item.reference))


def _in_order(debits: Sequence[OpenItem], credits_: Sequence[OpenItem]) -> list[Pairing]:
    found: list[Pairing] = []
    left = {one.key: abs(one.residual) for one in (*debits, *credits_)}
    waiting = list(debits)
    for credit in credits_:
        while waiting and left[credit.key]:
            debit = waiting[0]
            amount = min(left[debit.key], left[credit.key])
            found.append(Pairing(debit.key, credit.key, amount))
            left[debit.key] -= amount
            left[credit.key] -= amount
            if not left[debit.key]:
                waiting.pop(0)
    return found
