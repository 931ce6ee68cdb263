"""The words of a page with their place, in rows and cells as the eye groups them; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

CELL_GAP = 1.6
"""A gap wider than so many heights of the letters begins a new cell."""


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page (counted from 0): left, top, right, bottom in points from the top left."""

    page: int
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """How high the letters are."""
        return self.bottom - self.top

    def over(self, other: Box) -> bool:
        """Whether the two share some of their width."""
        return self.left < other.right and other.left < self.right


@dataclass(frozen=True, slots=True)
class Word:
    """Letters without a space between them."""

    text: str
    box: Box


@dataclass(frozen=True)
class Cell:
    """Words that stand close beside each other in one row.

    Text and place are asked for by every label that is looked for, and are made once.
    """

    words: tuple[Word, ...]

    @cached_property
    def text(self) -> str:
        """The words with single spaces."""
        return " ".join(word.text for word in self.words)

    @cached_property
    def box(self) -> Box:
        """The place of all its words."""
        return around(word.box for word in self.words)


@dataclass(frozen=True, slots=True)
class Row:
    """Cells on one height of a page, from the left."""

    cells: tuple[Cell, ...]

    @property
    def text(self) -> str:
        """All cells, parted by two spaces."""
        return "  ".join(cell.text for cell in self.cells)

    @property
    def page(self) -> int:
        """Which page, counted from 0."""
        return self.cells[0].box.page


def around(boxes: Iterable[Box]) -> Box:
    """The smallest place that holds these of one page."""
    all_ = list(boxes)
    return Box(
        all_[0].page,
        min(one.left for one in all_),
        min(one.top for one in all_),
        max(one.right for one in all_),
        max(one.bottom for one in all_),
    )


def rows(words: Iterable[Word]) -> list[Row]:
    """The rows of all pages, from the top: words that share half their height stand in one row."""
    found: list[list[Word]] = []
    for word in sorted(words, key=lambda one: (one.box.page, one.box.top, one.box.left)):
        for row in reversed(found[-6:]):
            if _level(row[0].box, word.box):
                row.append(word)
                break
        else:
            found.append([word])
    return [Row(tuple(_cells(row))) for row in found]


def _level(one: Box, other: Box) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return one.page == other.page and shared > 0.5 * min(one.height, other.height)


def _cells(words: list[Word]) -> Iterator[Cell]:
    ordered = sorted(words, key=lambda one: one.box.left)
    cell = [ordered[0]]
    for word in ordered[1:]:
        gap = word.box.left - cell[-1].box.right
        if gap > CELL_GAP * max(cell[-1].box.height, word.box.height, 4):
            yield Cell(tuple(cell))
            cell = []
        cell.append(word)
    yield Cell(tuple(cell))
