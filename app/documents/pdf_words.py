"""The words of a PDF that was born digital, with their places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pypdfium2

from app.documents.pdf_attachments import opened
from app.documents.printed.page import Box, Word, around

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
        return tuple(word for number in pages for word in _of_page(document, number))
    finally:
        document.close()


def _of_page(document: Any, number: int) -> Iterator[Word]:
    try:
        page = document[number]
        text = page.get_textpage()
    except pypdfium2.PdfiumError:
        return  # a page that cannot be read has no words; the others have
    height = page.get_height()
    letters = text.get_text_range()
    word: list[tuple[str, Box]] = []
    for place, letter in enumerate(letters[:MOST_LETTERS]):
        if letter.isspace() or not letter.isprintable():
            yield from _word(word)
            word = []
            continue
        box = _box(text, place, page=number, height=height)
        if word and _apart(word[-1][1], box):
            yield from _word(word)
            word = []
        word.append((letter, box))
    yield from _word(word)


def _box(text: Any, place: int, *, page: int, height: float) -> Box:
    left, bottom, right, top = text.get_charbox(place, loose=True)
    return Box(page, left, height - top, right, height - bottom)


def _apart(one: Box, other: Box) -> bool:
    """Letters in another line, or further away than a space is wide."""
    return other.top > one.bottom or other.left - one.right > max(one.height, 4) * 0.6


def _word(letters: list[tuple[str, Box]]) -> Iterator[Word]:
    if letters:
        yield Word("".join(letter for letter, _box in letters), around(box for _, box in letters))
