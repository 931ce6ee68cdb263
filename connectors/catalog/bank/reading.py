"""Finding out what a bank file is and having it read: the one door of this package."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from app.kernel import collector
from connectors.catalog.bank.statement import (
    MAX_BYTES,
    Notes,
    StatementFile,
    StatementRefused,
    _,
)

READERS = {name: name for name in ("camt", "mt940", "ofx", "qif", "bai2", "coda", "n43")}
"""The formats that are read, and the module of each; loaded when first needed."""

TABLES = frozenset({"csv", "xlsx", "unknown"})
"""What the reader of tables (`table.py`) is asked about when no other format fits."""

_KNOWN_LATER = {
    "pain": "pain (payment orders)",
    "xlsx": "Excel",
    "zip": "ZIP",
    "pdf": "PDF",
    "csv": "CSV",
    "nacha": "NACHA",
}
_CAMT = re.compile(rb"<(?:[\w.-]+:)?(BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn))[\s>/]|camt\.05[234]")
_MT = re.compile(
    rb"(?m)^[^\n:]{0,3}:(?:20|25P?|28C?|60[FM]|61|62[FM]|64|86|NS|940|942):|\{1:F\d\d|^\{4:"
)
_QIF = re.compile(
    rb"(?:#[^\n]*\n\s*)*(?:!(?:Type|Account|Option|Clear)"
    rb"|D *\d[\d ./'-]{4,14}\r?\n(?:[A-Z$][^\n]*\n){1,40}\^)",
    re.IGNORECASE,
)


def read(data: bytes, *, mapping: object | None = None) -> StatementFile:
    """Read a bank file of any format there is a reader for.

    `mapping` says what the columns of a table are (`table.read`); other formats need none.
    Raises StatementRefused, and nothing else, for anything that cannot be taken whole.
    """
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise StatementRefused("empty-file", _("The file is empty."), line=None)
    if len(data) > MAX_BYTES:
        raise StatementRefused(
            "file-too-large",
            _(
                "The file has %(size)s bytes; at most %(most)s are read. Split it by date.",
                size=len(data),
                most=MAX_BYTES,
            ),
        )
    name = detect(data)
    if name in TABLES and find_spec("connectors.catalog.bank.table") is not None:
        return _table(data, name, mapping)
    if name not in READERS:
        raise _not_read(name)
    notes = Notes()
    reader: Callable[[bytes, Notes], StatementFile] = _module(READERS[name]).read
    with collector.paused():
        found = reader(data, notes)
    return replace(found, warnings=tuple(notes.found))


def _table(data: bytes, name: str, mapping: object | None) -> StatementFile:
    """A table by its mapping; what looked like no format and is no table either is unknown."""
    table: Callable[..., StatementFile] = _module("table").read
    try:
        return table(data, mapping=mapping)
    except StatementRefused as refused:
        if name == "unknown" and refused.code in ("table-none", "table-no-date"):
            raise _not_read(name) from refused
        raise


def _module(name: str) -> ModuleType:
    return import_module(f"connectors.catalog.bank.{name}")


def _not_read(name: str) -> StatementRefused:
    if name == "unknown":
        return StatementRefused(
            "format-unknown",
            _(
                "This is not a bank file of a format that is read"
                " (camt, MT940, MT942, OFX, QIF, BAI2, CODA, Norma 43)."
            ),
            line=1,
        )
    return StatementRefused(
        "format-not-read",
        _(
            "This is a %(format)s file; this format is not read yet."
            " Ask the bank for camt.053 or MT940.",
            format=_KNOWN_LATER[name],
        ),
        line=1,
        kind=name,
    )


def detect(data: bytes) -> str:
    """The format by what the file holds, never by its name; `unknown` where nothing fits."""
    head = _plain(data[:65536])
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "xlsx" if b"xl/" in data[:4096] or b"[Content_Types]" in data[:4096] else "zip"
    if head.startswith(b"%PDF"):
        return "pdf"
    text = head.lstrip()
    if b"OFXHEADER" in head[:2000] or re.search(rb"<OFX[\s>]", head, re.IGNORECASE):
        return "ofx"
    if text.startswith(b"<"):
        return _xml(head)
    return _lines(text)


def _plain(head: bytes) -> bytes:
    """ASCII as it would stand in a file of one byte a character."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or (len(head) > 8 and head[:8].count(0) >= 3):
        head = head.replace(b"\x00", b"")
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        head = head.removeprefix(mark)
    return head


def _xml(head: bytes) -> str:
    if _CAMT.search(head):
        return "camt"
    if re.search(rb"pain\.00[128]|CstmrCdtTrfInitn|CstmrDrctDbtInitn|CstmrPmtStsRpt", head):
        return "pain"
    return "camt" if b"<!DOCTYPE" in head or b"<!ENTITY" in head else "unknown"


def _lines(text: bytes) -> str:
    if _MT.search(text):
        return "mt940"
    first = text.split(b"\n", 1)[0].rstrip(b"\r")
    if _QIF.match(text):
        return "qif"
    if re.match(rb"01,[^,]*,[^,]*,", text):
        return "bai2"
    if re.match(rb"0{5}\d{6}\d{3}05", text):
        return "coda"
    if re.match(rb"11\d{18}", text):
        return "n43"
    if re.match(rb"101[ \d]\d{9}", text) and len(first) == 94:
        return "nacha"
    if any(first.count(mark) >= 2 for mark in (b",", b";", b"\t", b"|")):
        return "csv"
    return "unknown"
