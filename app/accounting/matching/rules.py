"""Which rule a bank line fits: words that must occur, `*` between them, an amount, a direction.

There are no regular expressions of users: a pattern is cut at its stars into pieces that must occur
one after the other, which takes time in proportion to the text whatever was typed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from app.accounting.matching import text as texts
from app.accounting.matching.values import Line, Rule
from app.kernel.errors import Problem

LEAST = 3
"""A pattern has at least so many letters and digits; one letter of CJK counts as three."""
BROAD = 0.5
"""A rule that fits more than this share of all lines says nothing about them."""
_GRAM = 3
_IDLE = str.maketrans("", "", "* .,:;/+_&()-")


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule with its patterns cut into pieces, and its place among the rules, from 1."""

    rule: Rule
    number: int
    party: tuple[str, ...]
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What of a line rules look at, folded once for all of them."""

    line: Line
    party: str
    text: str

    @classmethod
    def of(cls, line: Line) -> Said:
        """The party is the name and its account; the text is everything the bank wrote."""
        party = texts.fold(f"{line.counterparty or ''} {line.counterparty_account or ''}")
        fields = (line.counterparty, line.text, line.reference, line.end_to_end_id)
        return cls(line, party, texts.fold(" ".join(filter(None, fields))))


def pieces(pattern: str | None) -> tuple[str, ...]:
    """The pieces of a pattern that must occur in their order."""
    return tuple(filter(None, (texts.fold(piece) for piece in (pattern or "").split("*"))))


def faults(*, party_pattern: str | None, text_pattern: str | None) -> dict[str, list[Problem]]:
    """What is wrong with the patterns of a rule, by field.

    `rule-without-pattern`: neither is given, so it would hit everything. `rule-pattern-short`: a
    pattern has fewer than three letters and digits, so it would hit nearly everything.
    """
    if not (party_pattern or "").strip() and not (text_pattern or "").strip():
        return {"text_pattern": [Problem("rule-without-pattern")]}
    return {
        field: [Problem("rule-pattern-short", {"least": LEAST})]
        for field, pattern in (("party_pattern", party_pattern), ("text_pattern", text_pattern))
        if pattern and len(pattern.translate(_IDLE).encode()) < LEAST
    }


def ready(rules: Iterable[Rule]) -> list[Ready]:
    """The rules in the order in which they are tried."""
    ordered = sorted(rules, key=lambda rule: (rule.position, rule.id))
    cut = (
        Ready(rule, number, pieces(rule.party_pattern), pieces(rule.text_pattern))
        for number, rule in enumerate(ordered, 1)
    )
    return [one for one in cut if one.party or one.text]


@dataclass(frozen=True, slots=True)
class Index:
    """Rules by three letters of theirs that few others have, so that a line meets few of them."""

    all: list[Ready]
    _by_letters: dict[str, list[Ready]]
    _short: list[Ready]

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, rules: tuple[Rule, ...]) -> Index:
        """Makes the index; rules whose pieces are all shorter are tried on every line.

        Kept for the same rules, which stand for themselves, ids and all: a changed one, or another
        client's, is another.
        """
        every = ready(rules)
        common = Counter(letters for one in every for letters in _letters_of(one))
        by_letters: dict[str, list[Ready]] = defaultdict(list)
        short: list[Ready] = []
        for one in every:
            own = _letters_of(one)
            if own:
                by_letters[min(own, key=lambda letters: (common[letters], letters))].append(one)
            else:
                short.append(one)
        return cls(every, by_letters, short)

    def fitting(self, said: Said) -> list[Ready]:
        """The rules that a line fits, in their order."""
        if not self.all:
            return []
        own = _letters(said.text) | _letters(said.party)
        met = [
            one for letters in own & self._by_letters.keys() for one in self._by_letters[letters]
        ]
        found = [one for one in (*met, *self._short) if fits(said, one)]
        return sorted(found, key=lambda one: one.number)


def _letters(text: str) -> set[str]:
    return {text[place : place + _GRAM] for place in range(len(text) - _GRAM + 1)}


def _letters_of(one: Ready) -> set[str]:
    return {letters for piece in (*one.party, *one.text) for letters in _letters(piece)}


def fits(said: Said, one: Ready) -> bool:
    """Whether a line fits everything a rule says."""
    if one.party and not _occur(one.party, said.party):
        return False
    if one.text and not _occur(one.text, said.text):
        return False
    rule, line = one.rule, said.line
    if rule.direction != "any" and (rule.direction == "in") != (line.amount_minor > 0):
        return False
    if rule.bank_account_id is not None and rule.bank_account_id != line.bank_account_id:
        return False
    if rule.currency is not None and rule.currency != line.currency:
        return False
    least, most, amount = rule.amount_from_minor, rule.amount_to_minor, abs(line.amount_minor)
    return (least is None or amount >= least) and (most is None or amount <= most)


def _occur(wanted: tuple[str, ...], text: str) -> bool:
    place = 0
    for piece in wanted:
        place = text.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return True
