"""Reader of camt.052, camt.053 and camt.054 in every version (ISO 20022 bank-to-customer cash).

Names are compared without their namespace, so versions 1 to 14 and banks that invent one are read
alike. The file streams through: an entry is turned into transactions and forgotten. Nothing
outside the file is fetched, and a file that declares entities is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO

from lxml import etree

from connectors.catalog.bank import camt_entry, camt_header, camt_path
from connectors.catalog.bank.camt_values import local
from connectors.catalog.bank.statement import (
    MAX_TRANSACTIONS,
    BankTransaction,
    Notes,
    Statement,
    StatementFile,
    StatementRefused,
    _,
)

_CARRIERS = {"Stmt": "camt.053", "Rpt": "camt.052", "Ntfctn": "camt.054"}
_TAGS = tuple("{*}" + name for name in (*_CARRIERS, "Ntry"))
_NAMESPACE = re.compile(rb'<Document( xmlns="[^"<&]*")(?![^<>]*\sxmlns=)[^<>]*>')
_HEAD = 2_048
"""So many bytes may stand before the end of the outermost tag for it to be found."""


@dataclass(slots=True)
class _Reading:
    """What has been gathered while the file streams by."""

    notes: Notes
    format: str = "camt"
    entries: list[BankTransaction] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    total: int = 0
    carrier: etree._Element | None = None
    before: etree._Element | None = None
    own: str | None = None


def read(data: bytes, notes: Notes) -> StatementFile:
    """Read a camt file; raises StatementRefused with the line where it cannot be held."""
    try:
        return _read(data, notes, encoding=None)
    except etree.XMLSyntaxError as fault:
        if "encoding" not in str(fault).lower() and "utf-8" not in str(fault).lower():
            raise _not_well_formed(fault) from fault
    notes.once(
        "encoding-guessed",
        _("The text is not in the encoding it declares; read as %(page)s.", page="cp1252"),
    )
    try:
        return _read(data, notes, encoding="windows-1252")
    except etree.XMLSyntaxError as fault:
        raise _not_well_formed(fault) from fault


def _not_well_formed(fault: etree.XMLSyntaxError) -> StatementRefused:
    return StatementRefused(
        "xml-broken",
        _("The XML is broken: %(fault)s. Ask the bank for the file again.", fault=fault.msg),
        line=fault.lineno or None,
        kind="camt",
    )


def _read(data: bytes, notes: Notes, *, encoding: str | None) -> StatementFile:
    reading = _Reading(notes)
    try:
        for element in _ends(data, encoding):
            _take(reading, element)
    except StatementRefused as refused:
        refused.kind = refused.kind or reading.format
        raise
    if not reading.statements:
        raise StatementRefused(
            "no-statement",
            _("The XML holds no account statement, report or notification (camt.052, 053, 054)."),
            line=1,
        )
    return StatementFile(reading.format, tuple(reading.statements))


def _ends(data: bytes, encoding: str | None) -> Iterator[etree._Element]:
    """Every closed statement and entry, in the order of the file."""
    events = etree.iterparse(
        _without_namespace(data),
        events=("end",),
        tag=("{*}Document", *_TAGS),
        encoding=encoding,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    checked = False
    for _event, element in events:
        if not checked:
            _refuse_entities(element)
            checked = True
        if local(element.tag) != "Document":
            yield element


def _without_namespace(data: bytes) -> BytesIO:
    """The bytes with blanks for the namespace, which would be part of every name that is asked for.

    Nothing moves, so that lines and columns of faults stay what they are.
    """
    stream = BytesIO(data)
    found = _NAMESPACE.search(data, 0, _HEAD)
    if found is not None:
        stream.getbuffer()[found.start(1) : found.end(1)] = b" " * len(found[1])
    return stream


def _refuse_entities(element: etree._Element) -> None:
    info = element.getroottree().docinfo
    if info.internalDTD is not None:
        raise StatementRefused(
            "xml-entities",
            _("The XML declares a document type, which no bank needs; remove the DOCTYPE."),
            line=1,
            kind="camt",
        )


def _take(reading: _Reading, element: etree._Element) -> None:
    name = local(element.tag)
    parent = element.getparent()
    if name == "Ntry":
        if parent is not None:
            _take_entry(reading, parent, element)
        return
    if parent is not None and local(parent.tag) in _CARRIERS:
        return
    reading.format = _CARRIERS[name]
    reading.statements.append(
        camt_header.statement(element, tuple(reading.entries), reading.notes, kind=name)
    )
    reading.entries = []
    reading.carrier = None
    element.clear()


def _take_entry(reading: _Reading, parent: etree._Element, element: etree._Element) -> None:
    """Read an entry and drop the one before, so that memory does not grow with the file."""
    if parent is not reading.carrier:
        if local(parent.tag) not in _CARRIERS:
            return
        _enter(reading, parent)
    found = camt_entry.transactions(element, reading.notes, own=reading.own)
    reading.total += len(found)
    _bound(reading, element)
    reading.entries.extend(found)
    element.clear()
    if reading.before is not None:
        parent.remove(reading.before)
    reading.before = element


def _enter(reading: _Reading, carrier: etree._Element) -> None:
    if reading.format == "camt":
        reading.format = _CARRIERS[local(carrier.tag)]
    reading.carrier = carrier
    reading.before = None
    reading.own = camt_path.account(camt_path.find(carrier, "Acct"))


def _bound(reading: _Reading, element: etree._Element) -> None:
    if reading.total > MAX_TRANSACTIONS:
        raise StatementRefused(
            "too-many-transactions",
            _(
                "The file holds more than %(most)s transactions; split it by date.",
                most=MAX_TRANSACTIONS,
            ),
            line=camt_path.line(element),
        )
