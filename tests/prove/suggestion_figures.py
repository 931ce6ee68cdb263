"""Figures about suggestions: how often right, whether probabilities are honest, what is missed."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.accounting.matching.values import Suggestion
from tests.accounting.matching_cases import Truth, right

EDGES = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Where one bin of probabilities ends and the next begins."""
_MISSES = 15


@dataclass(slots=True)
class Bin:
    """First suggestions of about the same probability."""

    count: int = 0
    predicted: float = 0.0
    right: int = 0


@dataclass(slots=True)
class Figures:
    """What is counted over all lines whose truth can be found."""

    bins: dict[int, Bin] = field(default_factory=lambda: defaultdict(Bin))
    by_kind: dict[str, Bin] = field(default_factory=lambda: defaultdict(Bin))
    plain: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    missed: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, truth: Truth, listed: Sequence[Suggestion]) -> None:
        """Counts what the suggestions of one line were worth."""
        if truth.kind == "unknown":
            return
        good = [right(one, truth) for one in listed]
        self._place("suggestions", truth, [place for place, one in enumerate(good) if one])
        if listed:
            first = listed[0]
            for found in (
                self.bins[bisect_right(EDGES, first.probability)],
                self.by_kind[first.kind],
            ):
                found.count += 1
                found.predicted += first.probability
                found.right += good[0]
        if good[:1] != [True]:
            first_kind = listed[0].kind if listed else "nothing"
            where = "listed below" if any(good) else "not listed"
            self.missed[truth.noise, first_kind, where] += 1

    def add_plain(self, name: str, truth: Truth, guesses: Sequence[UUID]) -> None:
        """Counts what a plain way guessed for one line."""
        if truth.kind == "unknown":
            return
        self._place(name, truth, [n for n, one in enumerate(guesses) if one == truth.account])

    def _place(self, name: str, truth: Truth, places: Sequence[int]) -> None:
        for group in ("all", *(["account"] if truth.kind == "account" else [])):
            self.plain[name, group, "lines"] += 1
            self.plain[name, group, "first"] += 0 in places
            self.plain[name, group, "third"] += any(place < 3 for place in places)

    def told(self) -> list[str]:
        """All of it as lines of text."""
        return [*self._ways(), *self._reliability(), *self._missed()]

    def _ways(self) -> list[str]:
        names = dict.fromkeys(name for name, _group, _what in self.plain)
        found = []
        for group in ("account", "all"):
            for name in names:
                lines = max(self.plain[name, group, "lines"], 1)
                first, third = (self.plain[name, group, one] / lines for one in ("first", "third"))
                found.append(
                    f"  {group:<8} {name:<14} {lines:>7,} lines, first right {first:>6.1%},"
                    f" in the first 3 {third:>6.1%}"
                )
        return ["ways to guess, by lines whose truth is an account, and all", *found]

    def _reliability(self) -> list[str]:
        found = ["probability of the first suggestion against how often it was right"]
        for place in range(len(EDGES) + 1):
            low = EDGES[place - 1] if place else 0.0
            high = EDGES[place] if place < len(EDGES) else 1.0
            found.append(f"  {low:.2f} to {high:.2f} {_bin(self.bins[place])}")
        found += [f"  {kind:<12} {_bin(one)}" for kind, one in sorted(self.by_kind.items())]
        off = sum(abs(one.predicted - one.right) for one in self.bins.values())
        total = max(sum(one.count for one in self.bins.values()), 1)
        return [*found, f"  off by {off / total:.1%} on average"]

    def _missed(self) -> list[str]:
        total = max(sum(self.missed.values()), 1)
        return [
            f"not right first: {sum(self.missed.values()):,}",
            *(
                f"  {noise:<16} first {kind:<10} truth {where:<13} {n:>6,} {n / total:>6.1%}"
                for (noise, kind, where), n in self.missed.most_common(_MISSES)
            ),
        ]


def _bin(one: Bin) -> str:
    if not one.count:
        return "      0 lines"
    return (
        f"{one.count:>7,} lines, said {one.predicted / one.count:>6.1%},"
        f" right {one.right / one.count:>6.1%}"
    )
