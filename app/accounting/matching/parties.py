"""Who a line is with: counterparties by account number, by name, and by what was booked before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from rapidfuzz import fuzz

from app.accounting.matching import text as texts
from app.accounting.matching.values import Line, Past

ALIKE = 0.8
"""From this likeness on two names are taken for one party."""
_LONGEST_LIST = 50
"""A line is compared with no more counterparties: a word that leads to more tells nobody apart."""
_TIMES = 2


@dataclass(frozen=True, slots=True)
class Alias:
    """What a counterparty is known by besides its name."""

    counterparty_id: UUID
    kind: Literal["iban", "name", "token"]
    value: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike a line's party and a counterparty are.

    `name` is from 0 to 1, None where the line names nobody; `account` is True where the number is
    the counterparty's, False where it is known to be another's, None where nothing is known.
    """

    name: float | None
    account: bool | None
    account_new: bool = False
    """Whether the party has known numbers and the line's belongs to nobody known."""

    @property
    def same(self) -> bool:
        """Whether they are taken for one party."""
        return self.account is True or (self.name or 0) >= ALIKE


@dataclass(slots=True)
class Parties:
    """The counterparties that have something open, ready to be looked up by a line."""

    names: dict[UUID, tuple[str, ...]] = field(default_factory=dict)
    _by_word: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    _by_account: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    _with_account: set[UUID] = field(default_factory=set)
    _by_history: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    _tokens: dict[UUID, tuple[str, ...]] = field(default_factory=dict)
    _seen: dict[tuple[str, str, str, UUID], Likeness] = field(default_factory=dict)

    @classmethod
    def of(
        cls, named: Mapping[UUID, str], aliases: Iterable[Alias], past: Iterable[Past]
    ) -> Parties:
        """Counterparties by name, their aliases, and whom earlier lines were booked to."""
        made = cls()
        spelt: dict[UUID, list[str]] = {one: [texts.name(said)] for one, said in named.items()}
        tokens: dict[UUID, list[str]] = defaultdict(list)
        for alias in aliases:
            if alias.kind == "iban":
                made._by_account[_number(alias.value)].add(alias.counterparty_id)
                made._with_account.add(alias.counterparty_id)
            elif alias.kind == "name" and alias.counterparty_id in spelt:
                spelt[alias.counterparty_id].append(texts.name(alias.value))
            elif alias.kind == "token":
                tokens[alias.counterparty_id].append(texts.fold(alias.value))
        made.names = {one: tuple(filter(None, said)) for one, said in spelt.items()}
        made._tokens = {one: tuple(said) for one, said in tokens.items()}
        for one, said in made.names.items():
            for word in frozenset(word for name in said for word in texts.tell_apart(name)):
                made._by_word[word].append(one)
        for row in past:
            if row.counterparty_id is not None and row.times >= _TIMES:
                made._by_history[row.party].add(row.counterparty_id)
        return made

    def near(self, line: Line, named: str, said: str) -> set[UUID]:
        """The counterparties that a line could be with; `named` and `said` as `likeness` has."""
        found = set(self._by_account.get(_number(line.counterparty_account), ()))
        found |= self._by_history.get(line.counterparty_account or "", set())
        found |= self._by_history.get(line.party_key or "", set())
        known = texts.tell_apart(named or said) & self._by_word.keys()
        told = [self._by_word[word] for word in sorted(known)]
        for listed in sorted(told, key=len):  # the rarest words first
            if len(found) + len(listed) > _LONGEST_LIST:
                break
            found.update(listed)
        return {one for one in found if self.likeness(line, named, said, one).same}

    def likeness(self, line: Line, named: str, said: str, counterparty_id: UUID) -> Likeness:
        """How alike they are: `named` is the line's party and `said` its text, as names compare."""
        key = (
            line.counterparty_account or "",
            line.party_key or "",
            named or said,
            counterparty_id,
        )
        found = self._seen.get(key)
        if found is None:
            found = self._seen[key] = self._compared(line, named, said, counterparty_id)
        return found

    def _compared(self, line: Line, named: str, said: str, counterparty_id: UUID) -> Likeness:
        owners = self._by_account.get(_number(line.counterparty_account), set())
        account = (counterparty_id in owners) if owners else None
        if account is None and line.counterparty_account:
            known = self._by_history.get(line.counterparty_account)
            account = True if known == {counterparty_id} else None
        fresh = account is None and bool(line.counterparty_account)
        return Likeness(
            self._name(line, named, said, counterparty_id),
            account,
            account_new=fresh and counterparty_id in self._with_account,
        )

    def _name(self, line: Line, named: str, said: str, counterparty_id: UUID) -> float | None:
        if self._by_history.get(line.party_key or "") == {counterparty_id}:
            return 1.0
        whole = texts.fold(f"{line.counterparty or ''} {line.text}")
        if any(token in whole for token in self._tokens.get(counterparty_id, ())):
            return 1.0
        known_names = self.names.get(counterparty_id, ())
        if named:
            return max((alike(named, one) for one in known_names), default=0.0)
        return max((_inside(one, said) for one in known_names), default=0.0) or None


def alike(one: str, other: str) -> float:
    """How alike two compared names are, from 0 to 1: shared words count, words missing count less.

    The mean of rapidfuzz's token_set_ratio, which forgives what a bank cut off or added, and
    token_sort_ratio, which does not, so that `Schmidt` alone is not `Schmidt Elektro`.
    """
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    return (fuzz.token_set_ratio(one, other) * 0.6 + fuzz.token_sort_ratio(one, other) * 0.4) / 100


def _inside(name: str, said: str) -> float:
    """Whether all words of a name occur in a text that names nobody."""
    wanted = name.split()
    if not wanted or len(name) < 6:
        return 0.0
    return 0.9 if set(wanted) <= set(said.split()) else 0.0


def _number(account: str | None) -> str:
    return "".join((account or "").split()).upper()
