"""Scanned pages and photos are read like printed ones, upright or not."""

from __future__ import annotations

import io

import pypdfium2
import pytest
from PIL import Image, ImageFilter

from app.documents import ocr
from app.documents.printed import reading, totals
from tests.documents.printed import papers

pytestmark = pytest.mark.skipif(
    ocr.program() is None, reason="tesseract is not installed: apt-get install tesseract-ocr"
)


def photo(*, turned: int = 0) -> Image.Image:
    """The German invoice as a phone takes it: a little askew and blurred."""
    page = Image.open(io.BytesIO(papers.typeset(papers.GERMAN, form="png"))).convert("L")
    askew = page.rotate(0.4, fillcolor=255).filter(ImageFilter.GaussianBlur(0.5))
    return askew.rotate(turned, expand=True)


def saved(page: Image.Image, form: str) -> bytes:
    made = io.BytesIO()
    page.save(made, form)
    return made.getvalue()


@pytest.mark.parametrize("turned", [0, 90])
def test_a_photo_is_read_upright_or_on_its_side(turned: int) -> None:
    said = reading.read(ocr.words(saved(photo(turned=turned), "JPEG")), source="ocr")
    assert (said.fields.invoice_number, said.fields.total_minor) == ("RE-77120", 226_100)
    assert said.fields.seller_iban == "DE02500105170137075030"
    assert said.confidence["total_minor"] == totals.PROVEN


def test_a_scanned_pdf_is_read_page_by_page() -> None:
    words = ocr.words(saved(photo(), "PDF"))
    assert reading.read(words, source="ocr").fields.total_minor == 226_100


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ocr.NotAPicture):
        ocr.words(b"\x89PNG and nothing else")
    document = pypdfium2.PdfDocument.new()
    document.new_page(14_000, 14_000)
    made = io.BytesIO()
    document.save(made)
    document.close()
    with pytest.raises(ocr.NotAPicture):
        ocr.words(made.getvalue())


def test_an_empty_page_has_no_words() -> None:
    assert ocr.words(saved(Image.new("L", (900, 1_200), 255), "PNG")) == ()
