"""How sure a suggestion is: a small logistic model whose weights are written here and explained.

The weights are set by hand and checked by `make prove NAME=suggestions`; nothing is learned from
one client and applied to another. Each feature adds its weight to the log odds, so that a person
can be told what spoke for and against. See docs/decisions/0009-how-suggestions-are-ranked.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from app.accounting.matching.values import Certainty

CERTAIN = 0.99
"""Below this nothing is accepted without a person's eyes."""
LIKELY = 0.7
SHOWN = 0.08
"""Less is not worth a line on the screen."""
PLAUSIBLE = 0.3
"""A document this probable is named before any rule and any memory."""

WEIGHTS: Mapping[str, float] = {
    # where a candidate of equal amount starts before anything is known
    "start": -4.0,
    # the line cites the document: check digit right; word for word; its number only; two
    # signs in the wrong order; cut short
    "ref-structured": 9.0,
    "ref-exact": 7.0,
    "ref-digits": 4.0,
    "ref-swapped": 1.5,
    "ref-cut": 1.5,
    # the line cites a number of the same series that is not this one
    "ref-another": -5.5,
    # amounts: to the cent; a fee or discount explains the rest; a part of it is paid; more
    # than it is paid
    "amount-equal": 3.5,
    "amount-explained": 1.0,
    "amount-part": -1.0,
    "amount-over": -4.0,
    # of another currency: worth what was booked, to the cent; within three percent of the day's
    # rate; without a rate of the day within a tenth of the booked one
    "fx-booked": 3.5,
    "fx-day": 1.0,
    "fx-near": -1.5,
    # beside it the bank's fee: the line names it, or it is what the day's rate leaves; the bank
    # kept one of such payments before
    "fx-fee-told": 1.5,
    "fx-fee-left": -1.2,
    "fx-fee-usual": 1.8,
    # names from 0.4 to 1 alike, in proportion; both named and not alike
    "name-alike": 5.5,
    "name-differs": -4.0,
    # the account number is known to be the party's, or another's, or the party has other ones
    "account-same": 4.5,
    "account-another": -3.5,
    "account-new": -1.0,
    # paid more than three days before it was booked; long after it was due; on the day itself
    "date-before": -2.0,
    "date-late": -0.7,
    "date-old": -2.0,
    "date-near": 1.0,
    # each document or line that would fit as well
    "rival": -4.0,
    # another line goes better with it, all lines together
    "taken": -1.5,
    # a rule of the team books such lines to this document's account
    "rule-agrees": 0.5,
    # entries of the bank's account that wait for their line, and own accounts' opposite lines:
    # both name each other's account, or one does (0.4)
    "entry-start": -1.5,
    "transfer-start": -4.0,
    "transfer-number": 10.0,
    "transfer-word": 3.0,
    "days-apart": -0.25,
    # several entries that are one line, several lines that are one entry: all lines that share a
    # word; only some of them; many sums would hit by chance
    "group-shared": 2.0,
    "group-some": -1.0,
    "group-chance": -2.0,
    # a card processor's payout: the items are booked on the processor itself; the fee is the
    # share it always was, or another
    "payout-start": 0.3,
    "payout-own": 1.5,
    "payout-fee-usual": 2.7,
    "payout-fee-unusual": -2.0,
    # one or two of the days' takings are left out: they were paid otherwise
    "payout-some": -1.8,
    # a person wrote the rule for such lines
    "rule-start": 1.6,
    "rule-party": 2.5,
    "rule-both": 1.0,
    "rule-amount": 1.0,
    "rule-confirmed": 2.5,
    "rule-contradicted": -3.5,
    "rule-broad": -4.0,
    # what was done before: log of the times where it was always so, else of the times by the others
    "memory-start": -0.6,
    "memory-times": 3.3,
    "memory-share": 1.2,
    "memory-amount-usual": 1.2,
    "memory-amount-unusual": -2.2,
    "memory-text-unusual": -1.8,
    "memory-account-new": -1.5,
}

Features = dict[str, float]


def log_odds(features: Mapping[str, float]) -> float:
    """The sum of the features, each times its weight."""
    return math.fsum(WEIGHTS[name] * value for name, value in features.items())


def probability(odds: float) -> float:
    """What log odds mean from 0 to 1."""
    if odds < -30:
        return 0.0
    return 1.0 / (1.0 + math.exp(-odds))


def certainty(probable: float, *, cap: Certainty = "certain") -> Certainty:
    """The word for a probability, at most `cap`: some things are never certain."""
    if probable >= CERTAIN and cap == "certain":
        return "certain"
    if probable >= LIKELY and cap != "unsure":
        return "likely"
    return "unsure"


def strongest(features: Mapping[str, float], *, most: int = 4) -> list[tuple[str, float]]:
    """The features that moved it most, with what they added, without where it started."""
    moved = [
        (name, WEIGHTS[name] * value)
        for name, value in features.items()
        if value and not name.endswith("start")
    ]
    return sorted(moved, key=lambda one: -abs(one[1]))[:most]
