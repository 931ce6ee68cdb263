"""The words of a PDF that was born digital, with their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pypdfium2

from app.documents.pdf_attachments import opened
from app.documents.printed.page import Box, Word, around
from app.documents.printed.sheet import Sheet

MOST_PAGES = 30
MOST_LETTERS = 60_000


def words(data: bytes) -> tuple[Word, ...]:
    """The words of the first thirty pages; none where the pages are pictures.

    Hostile files may crash or hang the parser: the product calls this in a process of its own.
    Raises PdfUnreadable.
    """
    document = opened(data)
    try:
        pages = range(min(len(document), MOST_PAGES))
        return tuple(word for sheet in sheets(document, pages) for word in sheet.words)
    finally:
        document.close()


def sheets(document: Any, numbers: Iterable[int]) -> Iterator[Sheet]:
    """These pages (counted from 0) of an open document with their words; unreadable ones are left
    out."""
    for number in numbers:
        try:
            page = document[number]
            text = page.get_textpage()
        except pypdfium2.PdfiumError:
            continue  # a page that cannot be read has no words; the others have
        size = page.get_width(), page.get_height()
        yield Sheet(number, *size, tuple(_words(text, _Frame(number, page))))


def text(document: Any, number: int) -> str:
    """The letters of one page, in the order of the file; empty where it cannot be read."""
    try:
        found: str = document[number].get_textpage().get_text_range()
    except pypdfium2.PdfiumError:
        return ""
    return found


class _Frame:
    """Where letters stand on a page as it is shown: its box moved to 0, its rotation applied."""

    def __init__(self, number: int, page: Any) -> None:
        self.number = number
        self.turned = page.get_rotation()
        left, bottom, right, top = page.get_cropbox()
        self.left, self.bottom = left, bottom
        self.width, self.height = right - left, top - bottom

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """The place of a letter given in the file's own coordinates."""
        left, right = left - self.left, right - self.left
        bottom, top = bottom - self.bottom, top - self.bottom
        if self.turned == 90:
            return Box(self.number, bottom, left, top, right)
        if self.turned == 180:
            return Box(self.number, self.width - right, bottom, self.width - left, top)
        if self.turned == 270:
            return Box(
                self.number,
                self.height - top,
                self.width - right,
                self.height - bottom,
                self.width - left,
            )
        return Box(self.number, left, self.height - top, right, self.height - bottom)


def _words(text: Any, frame: _Frame) -> Iterator[Word]:
    letters = text.get_text_range()
    word: list[tuple[str, Box]] = []
    for place, letter in enumerate(letters[:MOST_LETTERS]):
        if letter.isspace() or not letter.isprintable():
            yield from _word(word)
            word = []
            continue
        box = frame.box(*text.get_charbox(place, loose=True))
        if word and _apart(word[-1][1], box):
            yield from _word(word)
            word = []
        word.append((letter, box))
    yield from _word(word)


def _apart(one: Box, other: Box) -> bool:
    """Letters in another line, or further away than a space is wide."""
    return other.top > one.bottom or other.left - one.right > max(one.height, 4) * 0.6


def _word(letters: list[tuple[str, Box]]) -> Iterator[Word]:
    if letters:
        yield Word("".join(letter for letter, _box in letters), around(box for _, box in letters))
