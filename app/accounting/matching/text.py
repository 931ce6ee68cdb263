"""The words of bank lines made comparable: case, accents, what banks add, masks and dates."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_BOILERPLATE = re.compile(
    # SEPA tags as German banks write them into one text, also without their plus at the end
    r"\b(?:svwz|eref|mref|kref|cred|debt|abwa|abwe|bic|iban|coam|oamt|purp|ultd|ultc)\+"
    # fields of a structured :86:
    r"|\?[0-6]\d|\b\d{3}(?=\?)"
    # words between slashes, as Dutch and Swiss banks write them
    r"|/(?:trtp|remi|ordp|benm|eref|name|iban|bic|marf|csid|rtrn|pref|ustd|strd|txt|addr|isdt)(?=/)"
    r"|\bnot ?provided\b|\bno ?ref\b|\bnonref\b"
    r"|\b(?:sepa(?:-| )?(?:uberweisung|lastschrift|gutschrift|credit transfer|direct debit))\b"
)
_MASK = re.compile(r"[x*#•]{2,}[ -]?\d{2,6}\b|\b\d{4,6}[x*#•]{4,}\d{0,4}\b|[x*#•]{4,}")
_DATE = re.compile(
    r"(?<![\d.])\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})(?![\d.])"
    r"|(?<!\d)\d{4}-\d{2}-\d{2}(?:t\d{2}:\d{2}(?::\d{2})?)?(?!\d)"
    r"|(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d)"
)
_BLANKS = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile(r"[\u0300-\u036f]")

# What a company is, not who: says nothing about which of two it is.
_FORMS = frozenset(
    "gmbh ag kg ohg gbr ug ev se co company inc incorporated corp corporation llc llp ltd limited"
    " plc bv nv sa sas sarl srl spa sl slu oy oyj ab as asa aps sro kft zrt doo sp zoo mbh"
    " haftungsbeschrankt und and et the der die das mr mrs ms herr frau dr firma"
    " payment zahlung".split()
)
_UMLAUTS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
_SPELT_OUT = re.compile(r"(?<=[aou])e(?=[^aeiou]|$)")


def fold(text: str | None) -> str:
    """The text without case, accents and double blanks. Folding twice changes nothing."""
    if not text:
        return ""
    if text.isascii():
        return _BLANKS.sub(" ", text.lower()).strip()
    while True:
        plain = unicodedata.normalize("NFKD", text.casefold()).translate(_UMLAUTS)
        plain = _BLANKS.sub(" ", _MARKS.sub("", plain)).strip()
        if plain == text:
            return plain
        text = plain


def clean(text: str | None) -> str:
    """The folded text without what the bank added: tags, masked cards, dates and times.

    Cleaning twice changes nothing. The text itself stays as the bank wrote it.
    """
    plain = fold(text)
    while True:
        less = _DATE.sub(" ", _MASK.sub(" ", _BOILERPLATE.sub(" ", plain)))
        less = _BLANKS.sub(" ", less).strip()
        if less == plain:
            return less
        plain = less


def words(text: str) -> list[str]:
    """The words and numbers of a folded text in their order."""
    return _WORD.findall(text)


@lru_cache(maxsize=16_384)
def name(text: str | None) -> str:
    """A party's name as names are compared: no legal form, no number, `ue` like `u`, sorted."""
    kept = [
        _SPELT_OUT.sub("", word)
        for word in words(clean(text))
        if word not in _FORMS and not any(sign.isdigit() for sign in word)
    ]
    return " ".join(sorted(word for word in kept if word))


def tell_apart(one: str) -> frozenset[str]:
    """The words of a compared name that can lead to it: at least four letters long."""
    return frozenset(word for word in one.split() if len(word) >= 4)
