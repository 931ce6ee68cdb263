"""References in bank lines: structured ones with a check digit, and numbers of documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from stdnum import iso11649, luhn
from stdnum.be import ogm_vcs
from stdnum.ch import esr
from stdnum.exceptions import ValidationError

from app.accounting.matching import text as texts

Hit = Literal["structured", "exact", "digits", "swapped", "cut"]
LEAST = 4
"""Shorter numbers are found everywhere and prove nothing."""
_LONGEST = 35
_JOINED = 4

_RF = re.compile(r"\brf ?\d{2}(?: ?[0-9a-z]){1,21}", re.ASCII)
_OGM = re.compile(r"(?<!\d)\d{3}/\d{4}/\d{5}(?!\d)")
_ESR = re.compile(r"(?<!\d)\d{2}(?: ?\d{5}){5}(?!\d)|(?<!\d)\d{27}(?!\d)")
_DIGITS = re.compile(r"\d+")
_SHAPE = re.compile(r"([a-z]*)(\d+)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_NEAR = 500
_INVOICE = frozenset(
    "invoice inv rechnung rechnungsnr rechnungsnummer rechnungsnr rg re rnr facture fact factuur"
    " faktura fattura factura bill".split()
)
_KID_WEIGHTS = (2, 3, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True)
class References:
    """What a line cites.

    `structured` are references with a right check digit, whole and without it; `exact` are words
    and neighbouring words joined; `digits` the numbers in them without leading noughts; `ends` the
    last words joined, which a bank may have cut; `called` the numbers that the line itself calls an
    invoice.
    """

    structured: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    digits: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()


def compact(text: str | None) -> str:
    """A reference without case and separators."""
    return "".join(texts.words(texts.fold(text)))


def digits_of(compacted: str) -> str:
    """The number that tells a document apart: its longest run of digits, leading noughts gone."""
    runs = _DIGITS.findall(compacted)
    return max(runs, key=len).lstrip("0") if runs else ""


def shape(compacted: str) -> str:
    """How numbers of one series look: `gm20931` and `gm20932` are both `gm#5`; empty for others.

    Bare numbers of four digits are years as often as not and have no shape.
    """
    found = _SHAPE.fullmatch(compacted)
    if found is None or len(found[2]) < (LEAST if found[1] else LEAST + 1):
        return ""
    return f"{found[1]}#{len(found[2])}"


def of_line(*, reference: str | None, end_to_end_id: str | None, text: str) -> References:
    """Everything a line cites, from its reference fields and its text."""
    fields = [texts.fold(one) for one in (reference, end_to_end_id, text) if one]
    exact: set[str] = set()
    digits: set[str] = set()
    ends: set[str] = set()
    called: set[str] = set()
    structured: set[str] = set()
    for field in fields:
        found = texts.words(field)
        exact.update(_joined(found))
        ends.update(_ends(found))
        called.update(_called(found))
        for word in found:
            if not word.isalpha():
                digits.update(run.lstrip("0") for run in _DIGITS.findall(word))
        if any(sign.isdigit() for sign in field):
            structured.update(_structured(field))
    structured.update(_bare(fields[0] if reference else ""))
    return References(
        structured=frozenset(structured),
        exact=frozenset(exact),
        digits=frozenset(one for one in digits if LEAST <= len(one) <= _LONGEST),
        ends=frozenset(ends),
        called=frozenset(called),
    )


def _joined(found: list[str]) -> Iterator[str]:
    """Words with a digit, and neighbours joined: `gm 20931` is `gm20931`."""
    for start, first in enumerate(found):
        if first.isalpha():
            whole, has_digit = first, False
        else:
            whole, has_digit = first, True
            if len(first) >= LEAST:
                yield first
        for word in found[start + 1 : start + _JOINED]:
            whole += word
            has_digit = has_digit or not word.isalpha()
            if len(whole) > _LONGEST:
                break
            if has_digit and len(whole) > LEAST:
                yield whole


def _ends(found: list[str]) -> Iterator[str]:
    """The last words joined, where the last of them has a digit."""
    if not found or found[-1].isalpha():
        return
    for start in range(max(len(found) - _JOINED, 0), len(found)):
        whole = "".join(found[start:])
        if LEAST < len(whole) <= _LONGEST:
            yield whole


def _called(found: list[str]) -> Iterator[str]:
    """Words with a digit that stand behind a word for invoice, with what stands between."""
    for place, word in enumerate(found):
        if word in _INVOICE:
            following = found[place + 1 : place + 1 + _JOINED]
            digits = [one for one in following if not one.isalpha()]
            if digits and sum(map(len, digits)) >= LEAST:
                yield "".join(digits)


def _structured(field: str) -> Iterator[str]:
    """RF, Swiss QR and ISR, and Belgian references anywhere in a text."""
    for found in _RF.findall(field):
        yield from _longest_rf(found.replace(" ", ""))
    for pattern, valid, check in ((_OGM, ogm_vcs, 2), (_ESR, esr, 1)):
        for found in pattern.findall(field):
            plain = "".join(_DIGITS.findall(found))
            if _is_valid(valid, plain):
                yield plain
                yield plain[:-check].lstrip("0")


def _longest_rf(written: str) -> Iterator[str]:
    """The longest part that its check digits prove: words may follow without a sign."""
    for end in range(len(written), 5, -1):
        if _is_valid(iso11649, written[:end]):
            yield written[:end]
            yield written[4:end].lstrip("0")
            return


def _is_valid(kind: object, number: str) -> bool:
    try:
        kind.validate(number)  # type: ignore[attr-defined]  # stdnum brings no types
    except ValidationError:
        return False
    return True


def _bare(reference: str) -> Iterator[str]:
    """A Finnish viite or a Norwegian KID: digits only, so taken from the reference field alone."""
    plain = reference.replace(" ", "")
    if not plain.isascii() or not plain.isdigit() or not LEAST <= len(plain) <= 25:
        return
    if is_viite(plain) or is_kid(plain):
        yield plain
        yield plain[:-1].lstrip("0")


def is_viite(number: str) -> bool:
    """Whether a Finnish reference's check digit is right: weights 7, 3, 1 from the right."""
    if not 4 <= len(number) <= 20:
        return False
    total = sum(int(d) * (7, 3, 1)[i % 3] for i, d in enumerate(reversed(number[:-1])))
    return int(number[-1]) == -total % 10


def is_kid(number: str) -> bool:
    """Whether a Norwegian KID's check digit is right, by modulus 10 or 11."""
    if not 2 <= len(number) <= 25:
        return False
    if luhn.is_valid(number):
        return True
    total = sum(int(d) * _KID_WEIGHTS[i % 6] for i, d in enumerate(reversed(number[:-1])))
    return number[-1] == "0123456789"[-total % 11] if -total % 11 < 10 else False


@dataclass(frozen=True, slots=True)
class Cited:
    """A document's own number, made ready once for all lines."""

    compacted: str
    digits: str

    @classmethod
    @lru_cache(maxsize=16_384)
    def of(cls, reference: str | None) -> Cited:
        """A number that is too short or a bare year proves nothing and is never found."""
        plain = compact(reference)
        number = digits_of(plain)
        if len(plain) < LEAST or not number or _YEAR.fullmatch(plain):
            return cls("", "")
        telling = len(number) >= LEAST and not _YEAR.fullmatch(number)
        return cls(plain, number if telling else "")


def hit(line: References, cited: Cited) -> Hit | None:
    """How surely a line cites a document; None where it does not."""
    if not cited.compacted:
        return None
    if cited.compacted in line.structured or (cited.digits and cited.digits in line.structured):
        return "structured"
    if cited.compacted in line.exact:
        return "exact"
    if cited.digits and cited.digits in line.digits:
        return "digits"
    if any(is_swapped(word, cited.compacted) for word in line.exact):
        return "swapped"
    return "cut" if any(cited.compacted.startswith(end) for end in line.ends) else None


def is_swapped(one: str, other: str) -> bool:
    """Whether two numbers differ by two neighbouring signs in the wrong order only."""
    if len(one) != len(other) or len(one) < LEAST or one == other:
        return False
    places = [place for place in range(len(one)) if one[place] != other[place]]
    if len(places) != 2 or places[1] != places[0] + 1:
        return False
    return one[places[0]] == other[places[1]] and one[places[1]] == other[places[0]]


def cites_another(line: References, cited: Cited, shapes: frozenset[str]) -> bool:
    """Whether the line names a number that is not this document's.

    It does where a word looks like the numbers of documents known (`shapes`), where a bare number
    is near this one, and where the line itself calls a number an invoice.
    """
    for word in line.exact:
        if word != cited.compacted and len(word) < 20 and shape(word) in shapes:
            return True
    if any(not _same_number(word, cited) for word in line.called):
        return True
    own = cited.digits
    return len(own) > LEAST and any(
        word != own and len(word) == len(own) and abs(int(word) - int(own)) <= _NEAR
        for word in line.digits
    )


def _same_number(called: str, cited: Cited) -> bool:
    """Whether what a line calls an invoice may be this number, or its beginning."""
    digits = "".join(_DIGITS.findall(cited.compacted))
    plain = "".join(_DIGITS.findall(called))
    return bool(plain) and (
        plain.lstrip("0") in (digits.lstrip("0"), cited.digits)
        or (len(plain) >= LEAST and digits.startswith(plain))
        or cited.compacted.startswith(called)
    )
