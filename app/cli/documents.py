"""`backoffice documents`: read papers without a database or the web application."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from app.documents import checks, fields, ocr, pdf_attachments, pdf_words
from app.documents.einvoice import reading as einvoice
from app.documents.einvoice.sheet import Fault, NotAnInvoice
from app.documents.ocr_packages import PACKAGES
from app.documents.printed import reading as printed
from app.documents.printed.page import Word
from app.kernel.errors import Invalid

_FILE = click.Path(path_type=Path)
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
_WORDS = {
    "file-unreadable": "The file cannot be read.",
    "xml-broken": "The XML is broken: {what}. Ask the sender for the file again.",
    "xml-entities": "The XML declares a document type, which no invoice needs; remove the DOCTYPE.",
    "not-an-invoice": "This is no invoice (found: {what}).",
    "no-text": "The pages hold no words.",
    "ocr-missing": "The pages are pictures; to read them: apt-get install " + " ".join(PACKAGES),
    "file-not-drawn": "The pages cannot be drawn, or are too large.",
    "an-order": "This is an order, not an invoice.",
    "file-damaged": "The PDF is damaged. Ask the sender for the file again.",
    "file-locked": "The PDF needs a password. Remove it and try again.",
    "file-virus": "A file inside it is a test virus.",
    "rule-broken": "The invoice contradicts itself: {what}.",
    "file-empty": "The file is empty.",
    "file-too-large": "The file is too large.",
}


class _Refused(Exception):
    def __init__(self, code: str, *, what: str = "", line: int | None = None) -> None:
        super().__init__(code)
        self.error = {
            "code": code,
            "line": line,
            "message": _WORDS.get(code, "The file is not taken.").format(what=what),
        }


@dataclass(frozen=True, slots=True)
class _Found:
    kind: str
    readings: tuple[fields.Reading, ...]
    faults: tuple[Fault, ...] = ()


@click.group()
def documents() -> None:
    """Read papers (offline)."""


@documents.command()
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, one line a file.")
@click.pass_context
def extract(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Say what the invoices FILES say; exit 1 when one of them is refused or contradicts itself.

    Amounts are in minor units of the invoice's currency.
    """
    refused = False
    for path in files:
        answer = _answer(path)
        refused = refused or answer["error"] is not None
        click.echo(_json(answer) if as_json else _told(answer))
    context.exit(1 if refused else 0)


def _answer(path: Path) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "file": str(path), "kind": None, "fields": {}, "confidence": 0.0, "source": None,
        "faults": [], "error": None,
    }  # fmt: skip
    try:
        found = _read(_bytes(path))
    except _Refused as refused:
        answer["error"] = refused.error
        return answer
    first, *others = found.readings
    answer |= {
        "kind": found.kind,
        "source": first.source,
        "fields": asdict(first.fields),
        "confidence": first.overall,
        "confidences": dict(first.confidence),
        "faults": [asdict(one) for one in found.faults],
    }
    if others:
        answer["others"] = [asdict(one.fields) for one in others]
    if found.faults:
        answer["error"] = _broken(found.faults)
    return answer


def _broken(faults: tuple[Fault, ...]) -> dict[str, Any]:
    what = "; ".join(f"{one.rule} {one.what}" for one in faults[:5])
    return _Refused("rule-broken", what=what, line=faults[0].line).error


def _bytes(path: Path) -> bytes:
    """The file's bytes, one more than may be read at most, so that too large is noticed."""
    try:
        with path.open("rb") as stream:
            data = stream.read(checks.MOST_BYTES + 1)
    except OSError as fault:
        raise _Refused("file-unreadable") from fault
    if not data:
        raise _Refused("file-empty")
    if len(data) > checks.MOST_BYTES:
        raise _Refused("file-too-large")
    return data


def _read(data: bytes) -> _Found:
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return _pdf(data)
    if data.startswith(_PICTURES) or data[8:12] == b"WEBP":
        return _Found("image", (_printed(_scanned(data), source="ocr"),))
    return _einvoice(data)


def _pdf(data: bytes) -> _Found:
    """The invoice's XML inside, else the text of the pages, else what is seen on them."""
    try:
        for name, content in pdf_attachments.attachments(data):
            if name.lower().endswith(".xml") and einvoice.is_invoice(content):
                return _einvoice(content)
        words = pdf_words.words(data)
    except pdf_attachments.PdfUnreadable as fault:
        raise _Refused(fault.code) from fault
    if words:
        return _Found("pdf", (_printed(words, source="text"),))
    return _Found("pdf", (_printed(_scanned(data), source="ocr"),))


def _scanned(data: bytes) -> tuple[Word, ...]:
    try:
        return ocr.words(data)
    except ocr.OcrMissing as fault:
        raise _Refused("ocr-missing") from fault
    except ocr.NotAPicture as fault:
        raise _Refused("file-not-drawn") from fault


def _printed(words: tuple[Word, ...], *, source: fields.Source) -> fields.Reading:
    if not words:
        raise _Refused("no-text")
    reading = printed.read(words, source=source)
    if reading.fields.invoice_number is None and reading.fields.total_minor is None:
        raise _Refused("not-an-invoice", what="neither a number nor a total")
    return reading


def _einvoice(data: bytes) -> _Found:
    if b"<" not in data[:200]:
        raise _Refused("not-an-invoice", what="neither PDF nor XML")
    try:
        found = einvoice.read(data)
    except NotAnInvoice as fault:
        raise _Refused(fault.code, what=fault.what, line=fault.line) from fault
    except Invalid as fault:
        raise _Refused(fault.fields["file"][0].code) from fault
    return _Found(
        found.syntax, tuple(fields.of_invoice(one) for one in found.invoices), found.faults
    )


def _json(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, default=_plain)


def _plain(value: date | Decimal) -> str:
    return value.isoformat() if isinstance(value, date) else format(value.normalize(), "f")


def _told(answer: dict[str, Any]) -> str:
    """The answer for a person: a line an invoice, then what is wrong."""
    error = answer["error"]
    said = answer["fields"]
    if not said:
        return f"{answer['file']}: refused: {error['message']}"
    head = (
        f"{answer['file']}: {answer['kind']} {said['invoice_number']} of {said['issue_date']},"
        f" {said['seller_name']}: {said['payable_minor']} {said['currency']} (minor units)"
    )
    return head if error is None else f"{head}\n  {error['message']}"
