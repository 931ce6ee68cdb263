"""The words of a PDF that was born digital, with their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pypdfium2
from pypdfium2 import raw as pdfium

from app.documents.pdf_attachments import opened
from app.documents.printed.page import Box, Word
from app.documents.printed.sheet import Sheet

MOST_PAGES = 30
MOST_LETTERS = 60_000
_Place = tuple[float, float, float, float]
_NOWHERE: _Place = (0.0, 0.0, 0.0, 0.0)


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
        sheet = read(document, number, words=True)[1]
        if sheet is not None:
            yield sheet


def read(document: Any, number: int, *, words: bool) -> tuple[str, Sheet | None]:
    """The letters of one page in the order of the file, and where asked for its words.

    A page that cannot be read has neither; the others have.
    """
    try:
        page = document[number]
        text = page.get_textpage()
        letters: str = text.get_text_range()
    except pypdfium2.PdfiumError:
        return "", None
    if not words:
        return letters, None
    size = page.get_width(), page.get_height()
    found = _words(text, letters[:MOST_LETTERS], _Frame(number, page))
    return letters, Sheet(number, *size, tuple(found))


class _Frame:
    """Where letters stand on a page as it is shown: its box moved to 0, its rotation applied."""

    def __init__(self, number: int, page: Any) -> None:
        self.number = number
        self.turned = page.get_rotation()
        left, bottom, right, top = page.get_cropbox()
        self.left, self.bottom = left, bottom
        self.width, self.height = right - left, top - bottom

    def place(self, left: float, bottom: float, right: float, top: float) -> _Place:
        """Left, top, right and bottom of a letter given in the file's own coordinates."""
        left, right = left - self.left, right - self.left
        bottom, top = bottom - self.bottom, top - self.bottom
        if self.turned == 90:
            return bottom, left, top, right
        if self.turned == 180:
            return self.width - right, bottom, self.width - left, top
        if self.turned == 270:
            return self.height - top, self.width - right, self.height - bottom, self.width - left
        return left, self.height - top, right, self.height - bottom


def _words(text: Any, letters: str, frame: _Frame) -> Iterator[Word]:
    begun, last, around = -1, _NOWHERE, _NOWHERE
    for at, letter in enumerate(letters):
        if letter.isspace() or not letter.isprintable():
            if begun >= 0:
                yield Word(letters[begun:at], Box(frame.number, *around))
            begun = -1
            continue
        place = frame.place(*_standing(text, at))
        if begun >= 0 and _apart(last, place):
            yield Word(letters[begun:at], Box(frame.number, *around))
            begun = -1
        around = _both(around, place) if begun >= 0 else place
        begun, last = (begun if begun >= 0 else at), place
    if begun >= 0:
        yield Word(letters[begun:], Box(frame.number, *around))


def _standing(text: Any, at: int) -> _Place:
    """Left, bottom, right and top of a letter with its font's full height.

    Asked of PDFium without the objects that `get_charbox` makes: it is asked for each letter.
    """
    box = pdfium.FS_RECTF()
    if not pdfium.FPDFText_GetLooseCharBox(text.raw, at, box):
        raise pypdfium2.PdfiumError("no box of a letter")
    return box.left, box.bottom, box.right, box.top


def _both(one: _Place, other: _Place) -> _Place:
    return (
        one[0] if one[0] < other[0] else other[0],
        one[1] if one[1] < other[1] else other[1],
        one[2] if one[2] > other[2] else other[2],
        one[3] if one[3] > other[3] else other[3],
    )


def _apart(one: _Place, other: _Place) -> bool:
    """Letters in another line, or further away than a space is wide."""
    return other[1] > one[3] or other[0] - one[2] > max(one[3] - one[1], 4) * 0.6
