"""The words of pictures and scanned pages, read by Debian's tesseract in a process of its own."""

from __future__ import annotations

import csv
import functools
import io
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pypdfium2
from PIL import Image, ImageOps

from app.documents.ocr_packages import LANGUAGES
from app.documents.pdf_attachments import opened
from app.documents.printed.page import Box, Word
from app.documents.printed.sheet import Sheet, all_words

MOST_PAGES = 10
SECONDS_A_PAGE = 60
PIXELS_AN_INCH = 200
MOST_PIXELS = 60_000_000
_SURE = 30.0
"""Words tesseract believes less (of 100) are left out."""
_UPRIGHT = 55.0
"""A page whose words are believed less than this on average may lie on its side."""
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF")
_TURNED = re.compile(r"Rotate: (90|180|270)")


class OcrMissing(RuntimeError):
    """Tesseract is not installed; `backoffice doctor` says how to get it."""


class NotAPicture(ValueError):
    """The file cannot be drawn, or has more than 60 million pixels."""


@functools.cache
def program() -> str | None:
    """Where tesseract is; None where it is not installed."""
    return shutil.which("tesseract")


def words(data: bytes) -> tuple[Word, ...]:
    """The words of the first ten pages of a PDF or of a picture.

    Raises OcrMissing, NotAPicture and PdfUnreadable. A page that takes over a minute has no words.
    """
    if data[:1024].lstrip().startswith(b"%PDF-"):
        document = opened(data)
        try:
            return all_words(list(pages(document, range(min(len(document), MOST_PAGES)))))
        finally:
            document.close()
    return picture(data).words


def pages(
    document: Any, numbers: Iterable[int], *, seconds: float | None = None
) -> Iterator[Sheet]:
    """These pages (counted from 0) of an open PDF, as long as the time lasts.

    Raises OcrMissing, and NotAPicture for a page that cannot be drawn.
    """
    ends = None if seconds is None else time.monotonic() + seconds
    for number in numbers:
        left = SECONDS_A_PAGE if ends is None else min(SECONDS_A_PAGE, ends - time.monotonic())
        if left < 1:
            return
        yield _read(_drawn(document, number), number, seconds=left)


def picture(data: bytes, *, seconds: float = SECONDS_A_PAGE) -> Sheet:
    """A photo or scan; raises OcrMissing and NotAPicture."""
    return _read(_picture(data), 0, seconds=seconds)


def _drawn(document: Any, number: int) -> Image.Image:
    try:
        page = document[number]
        inches = page.get_width() * page.get_height() / 72**2
        if inches * PIXELS_AN_INCH**2 > MOST_PIXELS:
            raise NotAPicture
        drawn: Image.Image = page.render(scale=PIXELS_AN_INCH / 72, grayscale=True).to_pil()
    except pypdfium2.PdfiumError as fault:
        raise NotAPicture from fault
    return drawn


def _picture(data: bytes) -> Image.Image:
    """An upright picture of about the size of a page at our resolution."""
    formats = _heif() if data[4:8] == b"ftyp" else _FORMATS
    try:
        found = Image.open(io.BytesIO(data), formats=formats)
        if found.width * found.height > MOST_PIXELS:
            raise NotAPicture
        plain = ImageOps.exif_transpose(found).convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as fault:
        raise NotAPicture from fault
    edge = max(plain.size)
    if edge < 1_400:  # small letters are read better when they are larger
        plain = plain.resize((plain.width * 2, plain.height * 2))
    return plain


def _heif() -> tuple[str, ...]:
    """The formats of a phone's photos; their decoder is loaded only where one comes."""
    import pi_heif  # type: ignore[import-untyped]  # the wheel ships no stubs

    pi_heif.options.DECODE_THREADS = 1
    pi_heif.register_heif_opener(thumbnails=False)
    return "HEIF", "AVIF"


def _read(page: Image.Image, number: int, *, seconds: float) -> Sheet:
    if program() is None:
        raise OcrMissing
    ends = time.monotonic() + seconds
    found = list(_words(_run(page, "--psm", "3", "tsv", seconds=seconds), number))
    sheet = _sheet(page, number)
    believed = [sure for _word, sure in found]
    if not believed or sum(believed) / len(believed) < _UPRIGHT:
        turned = _TURNED.search(_run(page, "--psm", "0", seconds=ends - time.monotonic()))
        if turned:
            upright = page.rotate(-int(turned[1]), expand=True)
            table = _run(upright, "--psm", "3", "tsv", seconds=ends - time.monotonic())
            found = list(_words(table, number))
            sheet = _sheet(upright, number, turned=int(turned[1]))
    return replace(sheet, words=tuple(word for word, sure in found if sure >= _SURE))


def _sheet(page: Image.Image, number: int, *, turned: int = 0) -> Sheet:
    points = 72 / PIXELS_AN_INCH
    return Sheet(number, page.width * points, page.height * points, (), turned)


def _run(page: Image.Image, *options: str, seconds: float) -> str:
    if seconds <= 0:
        return ""
    made = io.BytesIO()
    page.save(made, "PNG", compress_level=1)
    command = [
        str(program()), "-", "-", "--dpi", str(PIXELS_AN_INCH), "-l", _languages(), *options,
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command,
            input=made.getvalue(),
            capture_output=True,
            timeout=seconds,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode(errors="replace")


@functools.cache
def _languages() -> str:
    """Those of our languages that are installed; English at least."""
    done = subprocess.run(
        [str(program()), "--list-langs"], capture_output=True, text=True, check=False, timeout=20
    )
    there = set(done.stdout.split())
    return "+".join(one for one in LANGUAGES if one in there) or "eng"


def _words(table: str, number: int) -> Iterator[tuple[Word, float]]:
    """Each word of tesseract's table with how far it is believed, of 100."""
    points = 72 / PIXELS_AN_INCH
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row.get("text") or "").strip()
        if row.get("level") != "5" or not text:
            continue
        left, top, width, height = (int(row[one]) for one in ("left", "top", "width", "height"))
        box = Box(
            number, left * points, top * points, (left + width) * points, (top + height) * points
        )
        yield Word(text, box), float(row["conf"])
