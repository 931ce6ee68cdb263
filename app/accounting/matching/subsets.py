"""Which of some amounts add up to a total, and whether only one choice does: exact, bounded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

LARGEST = 24
"""More amounts than this are not searched: 2 x 4,096 half sums stay within milliseconds."""


def choices(amounts: Sequence[int], total: int, *, most: int = 2) -> list[tuple[int, ...]]:
    """Up to `most` choices of at least two places whose amounts add up to the total exactly.

    Meets in the middle: the sums of one half are sorted and looked up for each sum of the other.
    Raises ValueError for more amounts than LARGEST.
    """
    if len(amounts) > LARGEST:
        raise ValueError("too many amounts to search")
    middle = len(amounts) // 2
    left = _sums(amounts[:middle])
    right = sorted(_sums(amounts[middle:]))
    keys = [one for one, _mask in right]
    found: list[tuple[int, ...]] = []
    for value, mask in left:
        wanted = total - value
        place = bisect_left(keys, wanted)
        while place < len(keys) and keys[place] == wanted:
            chosen = mask | right[place][1] << middle
            if chosen.bit_count() > 1:
                found.append(tuple(_places(chosen)))
                if len(found) == most:
                    return found
            place += 1
    return found


def _sums(amounts: Sequence[int]) -> list[tuple[int, int]]:
    """The sum of every choice with its bit mask; the empty one comes first."""
    found = [(0, 0)]
    for place, amount in enumerate(amounts):
        bit = 1 << place
        found += [(value + amount, mask | bit) for value, mask in found]
    return found


def _places(mask: int) -> Iterator[int]:
    place = 0
    while mask:
        if mask & 1:
            yield place
        mask >>= 1
        place += 1


def by_chance(count: int, spread: int) -> float:
    """How many choices would hit a total by chance: choices there are over totals they cover."""
    return (1 << count) / max(spread, 1)
