"""What is open already: open items, entries that wait for their line, lines of own accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from app.accounting.matching import references, scoring
from app.accounting.matching import text as texts
from app.accounting.matching.parties import ALIKE, Likeness, alike
from app.accounting.matching.prepared import Ready, Seen
from app.accounting.matching.references import Hit
from app.accounting.matching.values import Entry, Line, OpenItem, OwnAccount

_ONE_SIDE = 0.4
TRANSFER_DAYS = 5
ENTRY_DAYS_BEFORE, ENTRY_DAYS_AFTER = 90, 10
_FEW = 40
"""So many entries of one amount are compared, the nearest by date."""
_MOVING = frozenset(
    "transfer umbuchung ubertrag umb virement giroconto traspaso overboeking uberfuhrung sweep"
    " internal intern eigen own".split()
)
_SHARES = (10, 15, 20, 25, 30, 40, 50, 100, 150, 200)
"""Discounts and taxes held back, in thousandths."""
_WEAK = ("swapped", "cut")
_FEE_MINOR = 5000
_FEE_SHARE = 20
"""A fee is at most 50.00 and at most a twentieth."""

Fit = Literal["equal", "explained", "part", "over", "exchanged"]
"""`exchanged`: of another currency, and its worth is plausible."""


@dataclass(slots=True)
class Pair:
    """A line and a document it could pay, with what speaks for and against it."""

    seen: Seen
    target: tuple[str, UUID, int]
    features: scoring.Features
    fit: Fit
    item: OpenItem | None = None
    entry: Entry | None = None
    other: Line | None = None
    hit: Hit | None = None
    evidence: bool = False
    """Whether more than the amount speaks for it: a reference, a name, an account number."""
    same_party: bool = False
    odds: float = 0.0
    rivals: int = 0
    other_account: str = ""
    """The name of the own account that the opposite line stands on."""
    exchange_minor: int = 0
    """What the line is worth more than the item, in base currency: a gain, below nought a loss."""
    base_currency: str = ""
    fee_minor: int = 0
    """What the bank kept beside an item of another currency, in the line's currency."""

    def __post_init__(self) -> None:
        self.odds = scoring.log_odds(self.features)

    @property
    def line_id(self) -> UUID:
        """The line's id."""
        return self.seen.line.id

    def with_rivals(self, count: int) -> None:
        """One rival makes it a choice; each further one a little less sure."""
        self.rivals = count
        if count:
            self.features["rival"] = min(1 + (count - 1) * 0.15, 1.6)
            self.odds = scoring.log_odds(self.features)

    def is_taken(self) -> None:
        """The whole is better off when another line has the document."""
        self.features["taken"] = 1
        self.odds = scoring.log_odds(self.features)


def item_pairs(seen: Seen, ready: Ready) -> Iterator[Pair]:
    """The open items a line could pay, alone, wholly or in part."""
    cited = {item.key for item in ready.cited_items(seen)}
    for item in ready.items(seen).values():
        pair = _item_pair(seen, item, ready, cited)
        if pair is not None:
            yield pair


def _item_pair(
    seen: Seen, item: OpenItem, ready: Ready, cited: set[tuple[UUID, int]]
) -> Pair | None:
    line, number = seen.line, ready.cited[item.key]
    hit = references.hit(seen.references, number)
    like = ready.parties.likeness(line, seen.named, seen.said, item.counterparty_id)
    fit = _fit(line.amount_minor, item.residual_minor, known=bool(hit) or like.same, hit=hit)
    if fit is None:
        return None
    features: scoring.Features = {"start": 1, f"amount-{fit}": 1}
    if hit:
        features[f"ref-{hit}"] = 1
    if _cites_another(seen, item, ready, cited, hit=hit, fit=fit):
        features["ref-another"] = 1
    features |= party_features(like)
    features |= date_features(line.booked_on, item.booked_on, item.due_on)
    return Pair(
        seen,
        ("item", item.entry_id, item.no),
        features,
        fit,
        item=item,
        hit=hit,
        evidence=(bool(hit) and hit not in _WEAK) or like.same,
        same_party=like.same,
    )


def _cites_another(
    seen: Seen,
    item: OpenItem,
    ready: Ready,
    cited: set[tuple[UUID, int]],
    *,
    hit: Hit | None,
    fit: Fit,
) -> bool:
    """Whether the line names a document, and it is not this one, or not this one alone."""
    if hit in ("structured", "exact") and fit == "equal":
        return False
    if cited - {item.key}:
        return True
    if hit == "swapped":
        return False
    return references.cites_another(seen.references, ready.cited[item.key], ready.shapes)


def _fit(amount: int, residual: int, *, known: bool, hit: Hit | None) -> Fit | None:
    """How the amount of a line and what is open go together; None where they do not."""
    if amount == residual:
        return "equal"
    if not known:
        return None
    if is_explained(amount, residual):
        return "explained"
    if hit not in ("structured", "exact", "digits"):
        return None
    return "part" if abs(amount) < abs(residual) else "over"


def is_explained(amount: int, residual: int) -> bool:
    """Whether a usual discount, a tax held back or a fee makes the difference."""
    paid, open_ = abs(amount), abs(residual)
    if paid == open_:
        return True
    if paid < open_ and any(abs(open_ * (1000 - share) - paid * 1000) <= 500 for share in _SHARES):
        return True
    return abs(open_ - paid) <= min(_FEE_MINOR, open_ // _FEE_SHARE)


def party_features(like: Likeness) -> scoring.Features:
    """What names and account numbers say."""
    found: scoring.Features = {}
    if like.account is not None:
        found["account-same" if like.account else "account-another"] = 1
    if like.account_new:
        found["account-new"] = 1
    if like.name is None:
        return found
    if like.name > 0.4:
        found["name-alike"] = (like.name - 0.4) / 0.6
    elif like.account is not True:
        found["name-differs"] = 1
    return found


def date_features(paid: date, booked: date, due: date | None) -> scoring.Features:
    """What the days say: paid before it was booked, or long after it was due."""
    if (paid - booked).days < -3:
        return {"date-before": 1}
    late = (paid - (due or booked)).days
    if late > 365:
        return {"date-old": 1}
    return {"date-late": 1} if late > 90 else {}


def entry_pairs(seen: Seen, ready: Ready) -> Iterator[Pair]:
    """The entries on the bank's account that could be this line, of the same amount."""
    line = seen.line
    near = [
        entry
        for entry in ready.entries.get((line.account_id, line.amount_minor), ())
        if -ENTRY_DAYS_AFTER <= (line.booked_on - entry.booked_on).days <= ENTRY_DAYS_BEFORE
    ]
    near.sort(key=lambda entry: (abs((line.booked_on - entry.booked_on).days), entry.id))
    for entry in near[:_FEW]:
        yield _entry_pair(seen, entry, ready)


def _entry_pair(seen: Seen, entry: Entry, ready: Ready) -> Pair:
    days = abs((seen.line.booked_on - entry.booked_on).days)
    features: scoring.Features = {
        "entry-start": 1,
        "amount-equal": 1,
        "days-apart": min(days, 20),
    }
    words = ready.entry_words.get(entry.id, frozenset())
    cites = bool(words & (seen.references.exact | seen.references.structured))
    if cites:
        features["ref-exact"] = 1
    likeness = entry_name(seen, entry)
    features |= party_features(Likeness(likeness, None))
    if days <= 1:
        features["date-near"] = 1
    evidence = cites or (likeness or 0) >= ALIKE
    hit: Hit | None = "exact" if cites else None
    return Pair(
        seen, ("entry", entry.id, 0), features, "equal", entry=entry, hit=hit, evidence=evidence
    )


def entry_name(seen: Seen, entry: Entry) -> float | None:
    """How alike the line's party and an entry's are; None where one of them says nobody."""
    told = texts.name(entry.description)
    names = [texts.name(one) for one in entry.parties]
    if not (told or names):
        return None
    mine = seen.named or seen.said
    if not mine:
        return None
    best = max((alike(mine, one) for one in (*names, told)), default=0.0)
    words = set(mine.split())
    if words and words <= set(told.split()):
        best = max(best, 0.95)
    return best if seen.named or best > 0.4 else None


def transfer_pairs(
    seen: Seen, opposite: Mapping[tuple[str, int], Sequence[Seen]], ready: Ready
) -> Iterator[Pair]:
    """Lines of other own accounts with the opposite amount within five days."""
    line = seen.line
    for other in opposite.get((line.currency, -line.amount_minor), ()):
        days = abs((other.line.booked_on - line.booked_on).days)
        if other.line.bank_account_id != line.bank_account_id and days <= TRANSFER_DAYS:
            yield _transfer_pair(seen, other, days, ready)


def _transfer_pair(seen: Seen, other: Seen, days: int, ready: Ready) -> Pair:
    mine, theirs = seen.line, other.line
    features: scoring.Features = {"transfer-start": 1, "amount-equal": 1, "days-apart": days}
    named = _names_account(mine, theirs, ready) + _names_account(theirs, mine, ready)
    if named:
        # less than half for one side: two lines that name each other go together, however well
        # each would go with another that names nobody
        features["transfer-number"] = 1 if named == 2 else _ONE_SIDE
    if _speaks_of_moving(seen, other):
        features["transfer-word"] = 1
    return Pair(
        seen,
        ("line", theirs.id, 0),
        features,
        "equal",
        other=theirs,
        evidence=len(features) > 3,
        other_account=ready.accounts[theirs.bank_account_id].name,
    )


def _names_account(line: Line, other: Line, ready: Ready) -> bool:
    """Whether the line's counterparty is the own account that the other line stands on."""
    own = ready.by_number.get(line.counterparty_account or "")
    return own is not None and own.id == other.bank_account_id


def _speaks_of_moving(one: Seen, other: Seen) -> bool:
    if one.named and alike(one.named, other.named) >= 0.95:
        return True
    return all(not _MOVING.isdisjoint(texts.words(texts.fold(s.line.text))) for s in (one, other))


def own_account(seen: Seen, ready: Ready) -> OwnAccount | None:
    """The other own account whose number stands as the line's counterparty."""
    own = ready.by_number.get(seen.line.counterparty_account or "")
    return own if own is not None and own.id != seen.line.bank_account_id else None


def opposite_lines(lines: Iterable[Seen]) -> dict[tuple[str, int], list[Seen]]:
    """Lines by currency and amount, in the order of their days."""
    found: dict[tuple[str, int], list[Seen]] = {}
    for seen in sorted(lines, key=lambda one: (one.line.booked_on, one.line.id)):
        found.setdefault((seen.line.currency, seen.line.amount_minor), []).append(seen)
    return found


def days_around(lines: Sequence[Line]) -> tuple[date, date]:
    """From when to when entries of the bank's account are looked at."""
    days = [line.booked_on for line in lines]
    return (
        min(days) - timedelta(days=ENTRY_DAYS_BEFORE),
        max(days) + timedelta(days=ENTRY_DAYS_AFTER),
    )
