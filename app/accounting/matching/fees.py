"""The bank's fee in a payment from or to abroad: told by the line, or left by the day's rate."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from app.accounting.matching.values import FeePast, Line
from app.kernel import money

MOST_MINOR = 5_000
MOST_SHARE = 10
"""A fee is at most 50.00, and at most a tenth of what is paid."""
_NEWEST = 20
_TOLD = re.compile(
    r"\b(?:fees?|charges?|chgs|commission|entgelte?|geb(?:ü|ue|u)hr(?:en)?|spesen|frais)\b"
    r"[\s:./-]{0,3}(?:([a-z]{3})\s?)?(\d{1,6}[.,]\d{2})(?![.,]?\d)",
    re.IGNORECASE,
)


def told(line: Line) -> int:
    """The fee that a line's text names, in minor units of its currency; nought where none is.

    A fee named in another currency is none of the line's, and a date is no fee.
    """
    found = _TOLD.search(line.text)
    if found is None or money.exponent(line.currency) != 2:
        return 0
    if found[1] and found[1].upper() != line.currency:
        return 0
    fee = int(found[2].replace(",", "").replace(".", ""))
    return fee if _may_be(fee, line.amount_minor) else 0


def left(worth: int, expected: int) -> int:
    """What a line is worth less than the day's rate says, where that may be a fee; else nought."""
    fee = expected - worth
    return fee if _may_be(fee, expected) else 0


def _may_be(fee: int, paid: int) -> bool:
    return 0 < fee <= min(MOST_MINOR, abs(paid) // MOST_SHARE)


def usual(past: Sequence[FeePast]) -> FeePast | None:
    """Where the newest fees beside items of other currencies went most often."""
    newest = past[:_NEWEST]
    if not newest:
        return None
    (where, _times), *_rest = Counter(one.where for one in newest).most_common(1)
    return next(one for one in newest if one.where == where)
