"""Lines and documents made ready once: what is cited, who is named, and how they are found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from app.accounting.matching import references, rules
from app.accounting.matching import text as texts
from app.accounting.matching.parties import Alias, Parties
from app.accounting.matching.references import Cited, References
from app.accounting.matching.values import Entry, FeePast, Line, OpenItem, OwnAccount, Past, Rule

CAP = 200
"""No line is compared with more documents than this."""
Key = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a client when its lines are explained."""

    items: Sequence[OpenItem] = ()
    entries: Sequence[Entry] = ()
    accounts: Sequence[OwnAccount] = ()
    rules: Sequence[Rule] = ()
    past: Sequence[Past] = ()
    aliases: Sequence[Alias] = ()
    fees: Mapping[str, Sequence[FeePast]] = field(default_factory=dict)
    """How fees of card processors were coded before, by party key, newest first."""
    fees_abroad: Sequence[FeePast] = ()
    """How fees beside items of other currencies were coded before, newest first."""
    base: str = ""
    """The base currency; empty where all that is open is of the lines' currency."""
    rates: Mapping[str, Sequence[tuple[date, Decimal]]] = field(default_factory=dict)
    """What one unit was worth in base currency by day, oldest first."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A line as the matching sees it."""

    line: Line
    references: References
    named: str
    """The party's name as names compare; empty where the bank names nobody."""
    said: str
    """The text as names compare, where nobody is named."""

    @classmethod
    def of(cls, line: Line) -> Seen:
        """Reads a line once."""
        named = texts.name(line.counterparty)
        return cls(
            line,
            references.of_line(
                reference=line.reference, end_to_end_id=line.end_to_end_id, text=line.text
            ),
            named,
            "" if named else texts.name(line.text),
        )


@dataclass(frozen=True, slots=True)
class Ready:
    """The documents and accounts of a client, each found by what a line may say of it."""

    parties: Parties
    cited: Mapping[Key, Cited]
    shapes: frozenset[str]
    by_amount: Mapping[tuple[str, int], list[OpenItem]]
    by_reference: Mapping[str, list[OpenItem]]
    by_party: Mapping[UUID, list[OpenItem]]
    entries: Mapping[tuple[UUID, int], list[Entry]]
    entry_words: Mapping[UUID, frozenset[str]]
    accounts: Mapping[UUID, OwnAccount]
    by_number: Mapping[str, OwnAccount]
    rules: rules.Index
    past: Mapping[tuple[str, bool], list[Past]]
    _near: dict[tuple[str, str, str], frozenset[UUID]] = field(default_factory=dict)

    @classmethod
    def of(cls, known: Known) -> Ready:
        """Makes the indexes; takes time in proportion to what is known."""
        cited = {item.key: Cited.of(item.reference) for item in known.items}
        named = {item.counterparty_id: item.counterparty for item in known.items}
        past: dict[tuple[str, bool], list[Past]] = defaultdict(list)
        for row in known.past:
            past[row.party, row.incoming].append(row)
        entries: dict[tuple[UUID, int], list[Entry]] = defaultdict(list)
        for entry in known.entries:
            entries[entry.account_id, entry.amount_minor].append(entry)
        by_amount, by_reference, by_party = _indexes(known.items, cited)
        return cls(
            parties=Parties.of(named, known.aliases, known.past),
            cited=cited,
            shapes=frozenset(
                filter(None, (references.shape(one.compacted) for one in cited.values()))
            ),
            by_amount=by_amount,
            by_reference=by_reference,
            by_party=by_party,
            entries=entries,
            entry_words={
                entry.id: frozenset(
                    word
                    for word in texts.words(texts.fold(entry.description))
                    if len(word) >= references.LEAST and not word.isalpha()
                )
                for entry in known.entries
            },
            accounts={one.id: one for one in known.accounts},
            by_number={number: one for one in known.accounts for number in one.numbers},
            rules=rules.Index.of(tuple(known.rules)),
            past=past,
        )

    def near(self, seen: Seen) -> frozenset[UUID]:
        """The counterparties with something open that the line is taken to be with."""
        line = seen.line
        key = (line.counterparty_account or "", line.party_key or "", seen.named or seen.said)
        found = self._near.get(key)
        if found is None:
            found = frozenset(self.parties.near(line, seen.named, seen.said))
            self._near[key] = found
        return found

    def items(self, seen: Seen) -> dict[Key, OpenItem]:
        """The open items a line could have to do with, at most CAP: cited, equal, same party."""
        line = seen.line
        found: dict[Key, OpenItem] = {}
        for item in self.cited_items(seen):
            found[item.key] = item
        for item in self.by_amount.get((line.currency, line.amount_minor), ()):
            if len(found) >= CAP:
                return found
            found[item.key] = item
        for party in self.near(seen):
            for item in self.by_party.get(party, ()):
                if len(found) >= CAP:
                    return found
                if item.currency == line.currency and _same_way(item, line):
                    found[item.key] = item
        return found

    def foreign_of(self, party: UUID, line: Line) -> list[OpenItem]:
        """What a party has open in the line's direction and in other currencies, at most CAP."""
        return [
            item
            for item in self.by_party.get(party, ())
            if item.currency != line.currency and _same_way(item, line)
        ][:CAP]

    def cited_items(self, seen: Seen, *, foreign: bool = False) -> list[OpenItem]:
        """The open items whose number the line names, in its direction and its currency.

        `foreign` asks for those of other currencies.
        """
        told = seen.references
        found: dict[Key, OpenItem] = {}
        for words in (told.structured, told.exact, told.digits):
            for word in words:
                for item in self.by_reference.get(word, ()):
                    other = item.currency != seen.line.currency
                    if other == foreign and _same_way(item, seen.line):
                        found[item.key] = item
                    if len(found) >= CAP:
                        return list(found.values())
        return list(found.values())


def _same_way(item: OpenItem, line: Line) -> bool:
    return (item.residual_minor > 0) == (line.amount_minor > 0)


def _indexes(
    items: Iterable[OpenItem], cited: Mapping[Key, Cited]
) -> tuple[
    dict[tuple[str, int], list[OpenItem]], dict[str, list[OpenItem]], dict[UUID, list[OpenItem]]
]:
    by_amount: dict[tuple[str, int], list[OpenItem]] = defaultdict(list)
    by_reference: dict[str, list[OpenItem]] = defaultdict(list)
    by_party: dict[UUID, list[OpenItem]] = defaultdict(list)
    for item in items:
        by_amount[item.currency, item.residual_minor].append(item)
        by_party[item.counterparty_id].append(item)
        number = cited[item.key]
        for word in {number.compacted, number.digits} - {""}:
            by_reference[word].append(item)
    return by_amount, by_reference, by_party
