"""Which suggestion of a line comes first, and that nothing is certain for two lines at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from app.accounting.matching import scoring
from app.accounting.matching.values import MOST, Suggestion

_EVIDENCE = (
    "because-ref-",
    "because-name-alike",
    "because-account-same",
    "because-payout-",
)


def best(listed: list[Suggestion]) -> tuple[Suggestion, ...]:
    """The suggestions of a line worth showing, best first, one for each digit key."""
    shown = [one for one in listed if one.probability >= scoring.SHOWN]
    return tuple(sorted(shown, key=_rank)[:MOST])


def _rank(one: Suggestion) -> tuple[float, float]:
    """Own references, open documents, transfers, rules, memory; then what is hardly likely."""
    tier = 6.0
    if one.kind in ("open_item", "entry") and one.probability >= scoring.PLAUSIBLE:
        tier = 0.0 if _cites(one) else 1.0 if _has_evidence(one) else 5.0
    elif one.kind == "transfer":
        tier = 2.0 if one.probability >= scoring.LIKELY else 5.0
    elif one.kind == "rule" and one.probability >= scoring.PLAUSIBLE:
        tier = 3.0
    elif one.kind == "memory" and one.probability >= scoring.PLAUSIBLE:
        tier = 4.0
    return tier, -one.probability


def _cites(one: Suggestion) -> bool:
    return any(d.code in ("because-ref-structured", "because-ref-exact") for d in one.details)


def _has_evidence(one: Suggestion) -> bool:
    return one.kind == "entry" or any(
        d.code.startswith(_EVIDENCE) and d.params["adds"] > 0 for d in one.details
    )


def each_once(
    best: Mapping[UUID, tuple[Suggestion, ...]],
) -> dict[UUID, tuple[Suggestion, ...]]:
    """What several lines would claim for certain is certain for none; nor is what is not first."""
    claims: Counter[object] = Counter()
    for listed in best.values():
        claims.update(key for one in listed[:1] for key in _claims(one))
    return {
        line_id: tuple(
            replace(one, certainty="likely")
            if one.certainty == "certain"
            and (place or any(claims[key] > 1 for key in _claims(one)))
            else one
            for place, one in enumerate(listed)
        )
        for line_id, listed in best.items()
    }


def _claims(one: Suggestion) -> list[object]:
    if one.certainty != "certain":
        return []
    found: list[object] = [(share.entry_id, share.no) for share in one.open_items]
    if one.entry_id is not None:
        found.append(one.entry_id)
    if one.other_line_id is not None:
        found.append(one.other_line_id)
    return found
