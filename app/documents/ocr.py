"""The words of pictures and scanned pages, read by Debian's tesseract in a process of its own."""

from __future__ import annotations

import csv
import functools
import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator

import pypdfium2
from PIL import Image, ImageOps

from app.documents.ocr_packages import LANGUAGES
from app.documents.pdf_attachments import opened
from app.documents.printed.page import Box, Word

MOST_PAGES = 10
SECONDS_A_PAGE = 60
PIXELS_AN_INCH = 200
MOST_PIXELS = 60_000_000
_SURE = 30.0
"""Words tesseract believes less (of 100) are left out."""
_UPRIGHT = 55.0
"""A page whose words are believed less than this on average may lie on its side."""
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
    if program() is None:
        raise OcrMissing
    pages = _pages(data) if data[:1024].lstrip().startswith(b"%PDF-") else iter([_picture(data)])
    return tuple(word for number, page in enumerate(pages) for word in _read(page, number))


def _pages(data: bytes) -> Iterator[Image.Image]:
    document = opened(data)
    try:
        for number in range(min(len(document), MOST_PAGES)):
            page = document[number]
            inches = page.get_width() * page.get_height() / 72**2
            if inches * PIXELS_AN_INCH**2 > MOST_PIXELS:
                raise NotAPicture
            yield page.render(scale=PIXELS_AN_INCH / 72, grayscale=True).to_pil()
    except pypdfium2.PdfiumError as fault:
        raise NotAPicture from fault
    finally:
        document.close()


def _picture(data: bytes) -> Image.Image:
    """An upright picture of about the size of a page at our resolution."""
    try:
        found = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF", "TIFF"))
        if found.width * found.height > MOST_PIXELS:
            raise NotAPicture
        plain = ImageOps.exif_transpose(found).convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as fault:
        raise NotAPicture from fault
    edge = max(plain.size)
    if edge < 1_400:  # small letters are read better when they are larger
        plain = plain.resize((plain.width * 2, plain.height * 2))
    return plain


def _read(page: Image.Image, number: int) -> list[Word]:
    found = list(_words(_run(page, "--psm", "3", "tsv"), number))
    believed = [sure for _word, sure in found]
    if not believed or sum(believed) / len(believed) < _UPRIGHT:
        turned = _TURNED.search(_run(page, "--psm", "0"))
        if turned:
            upright = page.rotate(-int(turned[1]), expand=True)
            found = list(_words(_run(upright, "--psm", "3", "tsv"), number))
    return [word for word, sure in found if sure >= _SURE]


def _run(page: Image.Image, *options: str) -> str:
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
            timeout=SECONDS_A_PAGE,
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
