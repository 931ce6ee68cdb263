"""Two plain ways to guess an account, measured beside the suggestions on the same lines.

Both learn from what each firm has booked before: the most frequent account of the counterparty as
the bank names it, and naive Bayes over the words of a line with add-one smoothing, the way of the
known importers of plain-text ledgers.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.accounting.matching import text as texts
from app.accounting.matching.values import Line

Booked = Sequence[tuple[Line, UUID]]


@dataclass(slots=True)
class Frequent:
    """The accounts of a counterparty and direction, the most frequent first."""

    times: dict[tuple[str | None, bool], Counter[UUID]] = field(
        default_factory=lambda: defaultdict(Counter)
    )

    @classmethod
    def of(cls, booked: Booked) -> Frequent:
        """Counts what was booked."""
        made = cls()
        for line, account in booked:
            made.times[line.party_key, line.amount_minor > 0][account] += 1
        return made

    def guesses(self, line: Line) -> list[UUID]:
        """The three most frequent; none for a party not seen before."""
        key = line.party_key, line.amount_minor > 0
        found = self.times.get(key, Counter()) if line.party_key else Counter()
        return [account for account, _times in found.most_common(3)]


@dataclass(slots=True)
class Bayes:
    """Naive Bayes over the words of counterparty and text, with the direction as a word."""

    accounts: Counter[UUID] = field(default_factory=Counter)
    words: dict[UUID, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    known: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, booked: Booked) -> Bayes:
        """Learns what was booked."""
        made = cls()
        for line, account in booked:
            said = _words(line)
            made.accounts[account] += 1
            made.words[account].update(said)
            made.known.update(said)
        return made

    def guesses(self, line: Line) -> list[UUID]:
        """The three most probable accounts; always some once anything was booked."""
        said = [word for word in _words(line) if word in self.known]
        ranked = sorted(self.accounts, key=lambda account: -self._odds(account, said))
        return ranked[:3]

    def _odds(self, account: UUID, said: Sequence[str]) -> float:
        counts = self.words[account]
        total = sum(counts.values()) + len(self.known)
        return math.log(self.accounts[account]) + sum(
            math.log((counts[word] + 1) / total) for word in said
        )


def _words(line: Line) -> list[str]:
    found = texts.words(texts.fold(f"{line.counterparty or ''} {line.text}"))
    return [*found, "+" if line.amount_minor > 0 else "-"]
