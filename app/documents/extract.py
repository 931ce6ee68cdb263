"""What a file says, whatever it is: an e-invoice's XML first, then a PDF's text, then its picture.

Pure: no database, no web. Hostile files may crash or hang the parsers below, so the product calls
this in a process of its own (`readings.child`).
"""

from __future__ import annotations

from dataclasses import dataclass

from app.documents import fields, ocr, pdf_attachments, pdf_words
from app.documents.einvoice import reading as einvoice
from app.documents.einvoice.sheet import Fault, NotAnInvoice
from app.documents.printed import reading as printed
from app.documents.printed.page import Word
from app.kernel.errors import Invalid

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
_BEFORE_XML = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"
"""Marks of an encoding, and blanks, also of two bytes each."""
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")


class Refused(ValueError):
    """The file says nothing that can be read; `code` says why, `line` where in its XML."""

    def __init__(self, code: str, *, what: str = "", line: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.what = what
        self.line = line


@dataclass(frozen=True, slots=True)
class Found:
    """The invoices of a file, mostly one, and what is wrong in them."""

    kind: str
    readings: tuple[fields.Reading, ...]
    faults: tuple[Fault, ...] = ()


def read(data: bytes) -> Found:
    """The invoices that a file holds; raises Refused."""
    if is_pdf(data):
        return _pdf(data)
    if is_picture(data):
        return Found("image", (of_words(_seen(data), source="ocr"),))
    return of_xml(data)


def is_pdf(data: bytes) -> bool:
    """Whether it begins as a PDF does."""
    return data[:1024].lstrip().startswith(b"%PDF-")


def is_picture(data: bytes) -> bool:
    """Whether it is a picture that can be read, by its first bytes."""
    return (
        data.startswith(_PICTURES)
        or data[8:12] == b"WEBP"
        or (data[4:8] == b"ftyp" and data[8:12] in _HEIF)
    )


def embedded(data: bytes) -> Found | None:
    """The invoice in a PDF's attached XML; None where it carries none. Raises Refused."""
    try:
        files = pdf_attachments.attachments(data)
    except pdf_attachments.PdfUnreadable as fault:
        raise Refused(fault.code) from fault
    for name, content in files:
        if name.lower().endswith(".xml") and (found := _attached(content)):
            return found
    return None


def _attached(content: bytes) -> Found | None:
    """An attached XML's invoice; None where it is no invoice by its root, or broken."""
    try:
        return of_xml(content)
    except Refused as fault:
        if fault.code in einvoice.NO_INVOICE:
            return None
        raise


def of_xml(data: bytes) -> Found:
    """The invoices of an XML file; raises Refused."""
    if not data.lstrip(_BEFORE_XML).startswith(b"<") and b"<?xml" not in data[:200]:
        raise Refused("not-an-invoice", what="neither PDF nor XML")
    try:
        found = einvoice.read(data)
    except NotAnInvoice as fault:
        raise Refused(fault.code, what=fault.what, line=fault.line) from fault
    except Invalid as fault:
        raise Refused(fault.fields["file"][0].code) from fault
    return Found(
        found.syntax, tuple(fields.of_invoice(one) for one in found.invoices), found.faults
    )


def of_words(words: tuple[Word, ...], *, source: fields.Source) -> fields.Reading:
    """The invoice that printed words make; raises Refused where they make none."""
    if not words:
        raise Refused("no-text")
    reading = printed.read(words, source=source)
    if reading.fields.invoice_number is None and reading.fields.total_minor is None:
        raise Refused("not-an-invoice", what="neither a number nor a total")
    return reading


def _pdf(data: bytes) -> Found:
    """The invoice's XML inside, else the text of the pages, else what is seen on them."""
    if found := embedded(data):
        return found
    try:
        words = pdf_words.words(data)
    except pdf_attachments.PdfUnreadable as fault:
        raise Refused(fault.code) from fault
    if words:
        return Found("pdf", (of_words(words, source="text"),))
    return Found("pdf", (of_words(_seen(data), source="ocr"),))


def _seen(data: bytes) -> tuple[Word, ...]:
    try:
        return ocr.words(data)
    except ocr.OcrMissing as fault:
        raise Refused("ocr-missing") from fault
    except ocr.NotAPicture as fault:
        raise Refused("file-not-drawn") from fault
    except pdf_attachments.PdfUnreadable as fault:
        raise Refused(fault.code) from fault
