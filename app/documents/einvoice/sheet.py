"""The XML of an invoice: parsed without entities, values found by path, faults with their line."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import cast

from lxml import etree

from app.documents.einvoice.invoice import Attachment

MOST_TEXT = 2_000
"""Longer texts are cut: no name or number of an invoice is longer."""
_NUMBER = re.compile(r"[+-]?(\d{1,18}(\.\d{0,12})?|\.\d{1,12})")
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[Zz+-].*|T.*)?")


class NotAnInvoice(ValueError):
    """The XML cannot be read as an invoice; `code` and `line` say why and where."""

    def __init__(self, code: str, *, line: int | None = None, what: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.line = line
        self.what = what


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in an invoice that could be read: a value, or a rule that does not hold.

    `rule` is a rule of EN 16931 (section 6.4, as `BR-CO-15`) or `value`; `line` that of the XML.
    """

    rule: str
    what: str
    line: int | None = None


def parsed(data: bytes) -> etree._Element:
    """The root; raises NotAnInvoice (`xml-broken`, `xml-entities`) with the line."""
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, dtd_validation=False,
        attribute_defaults=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as fault:
        raise NotAnInvoice("xml-broken", line=fault.lineno, what=fault.msg or "") from fault
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotAnInvoice("xml-entities", line=1)
    return root


def line_of(element: etree._Element) -> int | None:
    """The line an element stands on."""
    return cast("int | None", element.sourceline)


def local(element: etree._Element) -> str:
    """An element's name without its namespace."""
    return etree.QName(element).localname


@dataclass(frozen=True, slots=True)
class Sheet:
    """A part of an invoice. Paths are local names, `A/B|C/D`, where `B|C` takes either.

    The empty path is the part itself.
    """

    node: etree._Element
    faults: list[Fault]

    def every(self, path: str) -> list[Sheet]:
        """All parts at a path, in the order of the file."""
        found = [self.node]
        for step in path.split("/") if path else ():
            names = frozenset(step.split("|"))
            found = [child for node in found for child in _named(node, names)]
        return [Sheet(node, self.faults) for node in found]

    def one(self, path: str) -> Sheet | None:
        """The first part at a path."""
        found = self.every(path)
        return found[0] if found else None

    def text(self, path: str = "") -> str | None:
        """The first text at a path, its white space folded; None where it is empty or missing."""
        for found in self.every(path):
            words = " ".join("".join(map(str, found.node.itertext())).split())
            if words:
                return words[:MOST_TEXT]
        return None

    def attribute(self, name: str) -> str | None:
        """An attribute of this part."""
        value = self.node.get(name)
        return str(value).strip() or None if value is not None else None

    def number(self, path: str = "") -> Decimal | None:
        """The first number at a path; one that is none becomes a fault."""
        words = self.text(path)
        if words is None:
            return None
        if _NUMBER.fullmatch(words):
            try:
                return Decimal(words)
            except InvalidOperation:
                pass  # told below, like every other text that is no number
        self._fault(path, words)
        return None

    def day(self, path: str) -> date | None:
        """The first date at a path, as `2026-01-31` or `20260131`; another text becomes a fault."""
        words = self.text(path)
        if words is None:
            return None
        found = _DAY.fullmatch(words)
        if found:
            try:
                return date(int(found[1]), int(found[2]), int(found[3]))
            except ValueError:
                pass  # no day of the calendar: told below
        self._fault(path, words)
        return None

    def in_currency(self, path: str, currency: str | None) -> Decimal | None:
        """The number at a path that is in this currency, or that names none."""
        for found in self.every(path):
            if found.attribute("currencyID") in {None, currency}:
                return found.number()
        return None

    def files(self, path: str, *, name: str | None = None) -> Iterator[Attachment]:
        """The files at a path, base64 as everywhere in invoices; a broken one becomes a fault."""
        for found in self.every(path):
            words = "".join((found.node.text or "").split())
            try:
                content = base64.b64decode(words, validate=True)
            except (binascii.Error, ValueError):
                found._fault("", "base64")
                continue
            if content:
                yield Attachment(
                    name=(name or found.attribute("filename") or "attachment")[:200],
                    media_type=found.attribute("mimeCode") or "application/octet-stream",
                    content=content,
                )

    def _fault(self, path: str, words: str) -> None:
        place = self.one(path)
        line = line_of(place.node) if place is not None else None
        name = path.rsplit("/", 1)[-1].split("|", maxsplit=1)[0] or local(self.node)
        self.faults.append(Fault("value", f"{name}: {words[:80]}", line))


def _named(node: etree._Element, names: frozenset[str]) -> Iterator[etree._Element]:
    return (child for child in node if local(child) in names)
