"""One line that is several entries of the books, and several lines that are one entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.accounting.matching import documents, scoring, subsets
from app.accounting.matching import text as texts
from app.accounting.matching.parties import Likeness
from app.accounting.matching.prepared import Ready, Seen
from app.accounting.matching.values import Entry

BEFORE, AFTER = 31, 7
"""Entries from so many days before a line to so many after it may be part of it."""
LINE_BEFORE, LINE_AFTER = 3, 7
"""Lines from so many days before an entry to so many after it may be part of it."""
DAYS = LINE_BEFORE + LINE_AFTER
"""So far apart two lines of one entry may lie."""
SEARCHES = 60
"""So many searches for sums in one call; with more open than that, people look themselves."""
_CHANCE = 0.001
_FAMILIES = 8
_LEAST_WORD = 4


@dataclass(frozen=True, slots=True)
class Together:
    """A line with the entries it is; `lines` are all that make up the one entry, else empty."""

    seen: Seen
    entries: tuple[Entry, ...]
    features: scoring.Features
    lines: tuple[UUID, ...] = ()

    @property
    def odds(self) -> float:
        """The log odds of its features."""
        return scoring.log_odds(self.features)


def of_all(left: Sequence[Seen], ours: Collection[UUID], ready: Ready) -> Iterator[Together]:
    """What lines that nothing explains alone are together with others, for those asked (`ours`)."""
    entries: dict[UUID, list[Entry]] = defaultdict(list)
    for (account, _amount), listed in ready.entries.items():
        entries[account] += listed
    if not entries:
        return
    searches = SEARCHES
    for seen in left:
        near = _near_line(seen, entries.get(seen.line.account_id, ()))
        if seen.line.id not in ours or len(near) < 2 or not searches:
            continue
        searches -= 1
        yield from _of_line(seen, near)
    by_account: dict[UUID, list[Seen]] = defaultdict(list)
    for seen in left:
        by_account[seen.line.account_id].append(seen)
    for account, lines in by_account.items():
        for entry in sorted(entries.get(account, ()), key=lambda one: (one.booked_on, one.id)):
            near_lines = _near_entry(entry, lines)
            if len(near_lines) < 2 or not searches:
                continue
            searches -= 1
            yield from _of_entry(entry, near_lines, ours)


def _near_line(seen: Seen, entries: Iterable[Entry]) -> list[Entry]:
    """The entries that may be part of a line: its sign, smaller, near its day; the nearest."""
    line = seen.line
    found = [
        one
        for one in entries
        if (one.amount_minor > 0) == (line.amount_minor > 0)
        and one.currency == line.currency
        and abs(one.amount_minor) < abs(line.amount_minor)
        and -AFTER <= (line.booked_on - one.booked_on).days <= BEFORE
    ]
    found.sort(key=lambda one: (abs((line.booked_on - one.booked_on).days), one.id))
    return found[: subsets.LARGEST]


def _of_line(seen: Seen, near: Sequence[Entry]) -> Iterator[Together]:
    sizes = [abs(one.amount_minor) for one in near]
    if sum(sizes) < abs(seen.line.amount_minor):
        return
    chosen = subsets.choices(sizes, abs(seen.line.amount_minor))
    for places in chosen:
        some = tuple(near[place] for place in places)
        far = max(abs((seen.line.booked_on - one.booked_on).days) for one in some)
        features: scoring.Features = {"entry-start": 1, "amount-equal": 1}
        features["days-apart"] = min(far, 20)
        # what entries of several parties are called says little: only likeness counts
        like = min(documents.entry_name(seen, one) or 0.0 for one in some)
        if like > 0.4:
            features |= documents.party_features(Likeness(like, None))
        if subsets.by_chance(len(near), sum(sizes)) > _CHANCE:
            features["group-chance"] = 1
        if len(chosen) > 1:
            features["rival"] = 1
        yield Together(seen, some, features)


def _near_entry(entry: Entry, lines: Iterable[Seen]) -> list[Seen]:
    first = entry.booked_on - timedelta(days=LINE_BEFORE)
    last = entry.booked_on + timedelta(days=LINE_AFTER)
    return sorted(
        (
            seen
            for seen in lines
            if first <= seen.line.booked_on <= last
            and seen.line.currency == entry.currency
            and (seen.line.amount_minor > 0) == (entry.amount_minor > 0)
            and abs(seen.line.amount_minor) < abs(entry.amount_minor)
        ),
        key=lambda seen: (seen.line.booked_on, seen.line.id),
    )


def _of_entry(entry: Entry, near: Sequence[Seen], ours: Collection[UUID]) -> Iterator[Together]:
    """The lines that are an entry: all that share a word of their purpose, else the one choice."""
    total = abs(entry.amount_minor)
    for family in _families(near).values():
        if sum(abs(one.line.amount_minor) for one in family) == total:
            yield from _told(entry, family, {"group-shared": 1}, ours)
            return
    if len(near) > subsets.LARGEST:
        return
    sizes = [abs(one.line.amount_minor) for one in near]
    chosen = subsets.choices(sizes, total) if sum(sizes) >= total else []
    if len(chosen) != 1:
        return
    features: scoring.Features = {"group-some": 1}
    if subsets.by_chance(len(near), sum(sizes)) > _CHANCE:
        features["group-chance"] = 1
    yield from _told(entry, [near[place] for place in chosen[0]], features, ours)


def _families(near: Sequence[Seen]) -> Mapping[str, list[Seen]]:
    """Lines by the words they share, the most shared ones; beside these all lines together."""
    found: dict[str, list[Seen]] = defaultdict(list)
    for seen in near:
        for word in dict.fromkeys(texts.words(texts.clean(seen.line.text))):
            if len(word) >= _LEAST_WORD and word.isalpha():
                found[word].append(seen)
    shared = sorted((word for word in found if len(found[word]) > 1), key=lambda w: -len(found[w]))
    return {word: found[word] for word in shared[:_FAMILIES]}


def _told(
    entry: Entry, lines: Sequence[Seen], features: scoring.Features, ours: Collection[UUID]
) -> Iterator[Together]:
    ids = tuple(one.line.id for one in lines)
    for seen in lines:
        if seen.line.id in ours:
            days = abs((seen.line.booked_on - entry.booked_on).days)
            own = {"entry-start": 1.0, "amount-equal": 1.0, "days-apart": float(days), **features}
            yield Together(seen, (entry,), own, ids)
