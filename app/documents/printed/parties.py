"""Who sends a printed invoice and who gets it: by label, by number, by a firm's legal form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from stdnum import iban
from stdnum.eu import vat

from app.documents.printed import labels, values
from app.documents.printed.page import Cell, Row

_VAT = re.compile(
    r"(?<![A-Z0-9])(?:AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE"
    r"|SI|SK)[ .]?[A-Z0-9](?:[ .]?[A-Z0-9+*]){7,11}(?![A-Z0-9])"
)
_ANY_VAT = re.compile(r"(?<![A-Z0-9])[A-Z]{2,3}[- .]?\d(?:[ .]?[A-Z0-9]){5,12}(?![A-Z0-9])")
_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Z0-9])")
_FORM = re.compile(
    r"\b(gmbh|ag|kg|ohg|ug|e\.?k|se|ltd|limited|plc|llp|llc|inc|corp|b\.?v|n\.?v|sarl|sas|sa"
    r"|s\.?r\.?l|s\.?p\.?a|oy|ab|as|aps|a/s|kft|sp\. ?z ?o\.? ?o|s\.?l|pvt|e\.?v|a\.?g)\b\.?",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(r"@|www\.|https?:|\d{5,}|^\W*$|:$|^[\d(]")
_ATTENTION = re.compile(r"^(?:attn|z\. ?hd|att)\W+", re.IGNORECASE)
_NAMES = ("name", "firma", "company", "company name", "nom", "raison sociale", "ragione sociale")
_BLOCK = 10
"""So many rows under its label belong to a party at most."""
_ALIGNED = 40.0
"""Points by which a line of an address may begin beside its label."""


@dataclass(frozen=True, slots=True)
class Number:
    """A VAT or account number; `sure` when its check digits are right and it is the only one."""

    text: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Parties:
    """What was found of both sides."""

    seller: str | None
    seller_labelled: bool
    buyer: str | None
    vat: Number | None
    iban: Number | None


@dataclass(frozen=True, slots=True)
class _Block:
    """A party: the cell with its label, what stands behind it, and the rows under it."""

    label: labels.Beside
    rows: tuple[Row, ...]


def find(rows: list[Row]) -> Parties:
    """Seller, buyer, the seller's VAT number and account.

    A VAT number is sure only where the buyer's address was found too, and so left out.
    """
    blocks = list(_blocks(rows, labels.BUYER))
    buyer = next((name for block in blocks if (name := _name(block))), None)
    named = next((name for one in _blocks(rows, labels.SELLER) if (name := _name(one))), None)
    theirs = {id(row) for block in blocks for row in block.rows if _beneath(row, block)}
    own = [row for row in rows if id(row) not in theirs]
    return Parties(
        seller=named or _sender(own, buyer=buyer),
        seller_labelled=named is not None,
        buyer=buyer,
        vat=_only(_vats(own), sure=buyer is not None)
        or _labelled(own, labels.VAT_NUMBER, _ANY_VAT),
        iban=_only(_ibans(rows)) or _labelled(rows, labels.IBAN, _IBAN),
    )


def _only(numbers: Iterator[str], *, sure: bool = True) -> Number | None:
    found = list(dict.fromkeys(numbers))
    return Number(found[0], sure and len(found) == 1) if found else None


def _labelled(rows: list[Row], phrases: tuple[str, ...], pattern: re.Pattern[str]) -> Number | None:
    """A number behind its label whose check digits nobody can confirm."""
    for label in labels.beside(rows, phrases):
        for text in (label.rest, label.right.text if label.right else ""):
            for number in values.tokens(text, pattern):
                return Number(number, sure=False)
    return None


def _vats(rows: list[Row]) -> Iterator[str]:
    for text in _cells(rows):
        yield from filter(vat.is_valid, values.tokens(text, _VAT))


def _ibans(rows: list[Row]) -> Iterator[str]:
    """Numbers with right check digits; a match may run into the next word, so ends are tried."""
    for text in _cells(rows):
        for found in values.tokens(text, _IBAN):
            ends = (found[:size] for size in range(len(found), 14, -1))
            yield from list(filter(iban.is_valid, ends))[:1]


def _cells(rows: list[Row]) -> Iterator[str]:
    return (cell.text for row in rows for cell in row.cells)


def _blocks(rows: list[Row], phrases: tuple[str, ...]) -> Iterator[_Block]:
    """Each party that carries such a label, up to the next party's label below."""
    starts = {id(found.own) for found in labels.beside(rows, (*labels.BUYER, *labels.SELLER))}
    for found in labels.beside(rows, phrases):
        at = next(place for place, row in enumerate(rows) if found.own in row.cells)
        under: list[Row] = []
        for row in rows[at + 1 : at + 1 + _BLOCK]:
            next_party = any(id(cell) in starts and _aligned(cell, found.own) for cell in row.cells)
            if row.page != rows[at].page or next_party:
                break
            under.append(row)
        yield _Block(found, tuple(under))


def _aligned(cell: Cell, label: Cell) -> bool:
    return abs(cell.box.left - label.box.left) < _ALIGNED


def _beneath(row: Row, block: _Block) -> bool:
    return any(_aligned(cell, block.label.own) for cell in row.cells)


def _name(block: _Block) -> str | None:
    """What stands behind `Name:`, else behind the party's label, else the first line under it."""
    for found in labels.beside(list(block.rows), _NAMES):
        said = found.rest or (found.right.text if found.right else "")
        if said and _aligned(found.own, block.label.own):
            return said
    under = (
        cell.text
        for row in block.rows[:4]
        for cell in row.cells
        if _aligned(cell, block.label.own) and cell.box.over(block.label.own.box)
    )
    for text in (block.label.rest, *under):
        plain = _ATTENTION.sub("", text).strip(" ,")
        if len(plain) > 2 and not _NOT_A_NAME.search(plain):
            return plain.strip(" :")
    return None


def _sender(rows: list[Row], *, buyer: str | None) -> str | None:
    """The firm that stands first on the page, or in the small line above the address."""
    for text in _cells(rows):
        head = re.split(r"\s+[-–·•|]\s+|,\s", text)[0].strip()
        is_name = _FORM.search(head) and not _NOT_A_NAME.search(head)
        if is_name and head != buyer and len(head) < 60:
            return head
    return None
