"""A page that was read: its words, its size, and how far it was turned to be read; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.documents.printed.page import Box, Word, rows


@dataclass(frozen=True, slots=True)
class Sheet:
    """The words of one page (`no` counts from 0) and its size in points, as it was read.

    `turned` degrees clockwise, it was turned to be read: a place on it must be turned back to lie
    on the page as it is shown.
    """

    no: int
    width: float
    height: float
    words: tuple[Word, ...]
    turned: int = 0

    @property
    def text(self) -> str:
        """The words row by row."""
        return "\n".join(row.text for row in rows(self.words))


def fractions(box: Box, sheet: Sheet) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a place as parts (0 to 1) of the page as it is shown."""
    across = [_part(one, sheet.width) for one in (box.left, box.right)]
    down = [_part(one, sheet.height) for one in (box.top, box.bottom)]
    if sheet.turned == 90:
        across, down = down, [1 - one for one in across]
    elif sheet.turned == 180:
        across, down = [1 - one for one in across], [1 - one for one in down]
    elif sheet.turned == 270:
        across, down = [1 - one for one in down], across
    return min(across), min(down), max(across), max(down)


def _part(length: float, whole: float) -> float:
    return round(min(max(length / whole, 0.0), 1.0), 5) if whole > 0 else 0.0


def all_words(sheets: Sequence[Sheet]) -> tuple[Word, ...]:
    """The words of several pages."""
    return tuple(word for sheet in sheets for word in sheet.words)
