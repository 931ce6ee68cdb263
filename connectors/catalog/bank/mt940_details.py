"""What MT940 says about a movement beyond its amount: structured :86: texts and references.

Three families are read: the German subfields (`?20…`, also `>20…`), the slash words of Dutch and
Polish banks (`/EREF/…`), and the SEPA words inside either (`EREF+…`). Anything else is plain text.
"""

from __future__ import annotations

import re
from dataclasses import replace

from connectors.catalog.bank.statement import BankTransaction

_SUBFIELD = re.compile(r"[?>](00|10|2\d|3[0-8]|6\d|7\d)", re.ASCII)
_SUBFIELDS = re.compile(r"\d{3}\s*[?>]\d\d", re.ASCII)
_SLASH = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|KREF|CNTP|MARF|CSID|ORDP|BENM|ADDR|ISDT|TRCD|PURP|OCMT|CHGS"
    r"|ID|SVCL|PREF|RTRN|ULTD|ULTB|ULTC|EXCH|INIT|BO|BO1|RREF|TXTS)(?=/|\Z)"
)
_SEPA = re.compile(
    r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|COAM|OAMT|IREF|PURP|RREF|ANAM)\+"
)
_PURPOSE = tuple(f"2{digit}" for digit in range(10))
_MORE = tuple(f"6{digit}" for digit in range(10))
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}\Z")
_CURRENCY_AT_END = re.compile(r"\s*([A-Z]{3})\Z")
_NOTHING = {"", "NONREF", "NOTPROVIDED", "EREF", "KREF+", "KREF", "MARF", "NOT PROVIDED", "PREF"}


def account(text: str) -> tuple[str | None, str | None]:
    """The account of :25: and its currency; `bank code/number` keeps both parts.

    A currency is set behind the number by some banks, after a slash or not.
    """
    plain = text.partition("\n")[0].strip()
    found = _CURRENCY_AT_END.search(plain)
    currency = None
    if found and (any(mark.isdigit() for mark in plain[: found.start()])):
        currency, plain = found[1], plain[: found.start()].rstrip("/ ")
    return plain.replace(" ", "") or None, currency


def references(kind: str | None, rest: str) -> tuple[str | None, str | None, str]:
    """Customer reference, bank reference and what follows them in the first line of :61:.

    The type takes four places; what a bank writes shorter still ends there.
    """
    customer, _, bank = rest.partition("//")
    tail = ""
    parts = re.split(r"\s{3,}", customer.strip(), maxsplit=1)
    if len(parts) == 2:
        customer, tail = parts
    if kind is not None and rest[:1] not in ("", " ") and len(kind.rstrip()) < 4:
        customer = customer.lstrip()
    return given(customer), given(bank), tail.strip()


def given(value: str | None) -> str | None:
    """A reference, or None for the words banks write where there is none."""
    plain = (value or "").strip()
    return None if plain.upper() in _NOTHING else plain


def described(
    one: BankTransaction, words: list[tuple[str, str]], own: str | None
) -> BankTransaction:
    """The movement with what its :86:, :NS: and the lines after :61: say.

    Some banks write the number of the account itself where the other one belongs; it is left out.
    """
    found = _described(one, words)
    number = found.counterparty_account
    if number and own and own.endswith(number):
        return replace(found, counterparty_account=None)
    return found


def _described(one: BankTransaction, words: list[tuple[str, str]]) -> BankTransaction:
    after = [line.strip() for tag, line in words if tag == "61"]
    details = [line for tag, line in words if tag == "86"]
    free = [line for tag, line in words if tag == "NS"]
    one = _after(one, after)
    if free:
        one = _numbered(one, _split_numbered(free))
    if not details:
        return replace(one, text=_folded(one.text))
    joined = "".join(details)
    if _SUBFIELDS.match(joined.lstrip()) and _SUBFIELD.search(joined):
        return _numbered(one, _subfields(joined))
    if _SLASH.search(joined[:200]):
        return _slashed(one, joined)
    return replace(one, text=_folded(" ".join([one.text, *details])))


def _after(one: BankTransaction, lines: list[str]) -> BankTransaction:
    """Supplementary details of :61:; some banks write the other account's number there."""
    number = one.counterparty_account
    texts: list[str] = []
    for line in lines:
        if number is None and _IBAN.match(line):
            number = line
        elif not line.startswith("/TRCD/"):
            texts.append(line)
    return replace(one, counterparty_account=number, text=_folded(" ".join([one.text, *texts])))


def _split_numbered(lines: list[str]) -> dict[str, str]:
    """:NS: numbers its lines by their first two digits."""
    parts: dict[str, str] = {}
    for line in lines:
        code = line[:2]
        if code.isdigit():
            parts[code] = (parts.get(code, "") + " " + line[2:]).strip()
    renamed = {"15": "32", "16": "33", "33": "30", "34": "31", "17": "00"}
    found = {renamed[code]: text for code, text in parts.items() if code in renamed}
    for code in sorted(parts):
        if code.isascii() and 1 <= int(code) <= 14:
            found[f"{19 + int(code)}" if int(code) <= 10 else f"{49 + int(code)}"] = parts[code]
    return found


def _subfields(text: str) -> dict[str, str]:
    marks = list(_SUBFIELD.finditer(text))
    found: dict[str, str] = {}
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        found[mark[1]] = found.get(mark[1], "") + text[mark.end() : end]
    return found


def _purpose(parts: dict[str, str], codes: tuple[str, ...]) -> str:
    """Subfields joined: a full one (27 places) runs on into the next, a shorter one ends a word."""
    pieces = [parts[code] for code in codes if code in parts]
    return "".join(piece if len(piece) >= 26 else piece + " " for piece in pieces)


def _numbered(one: BankTransaction, parts: dict[str, str]) -> BankTransaction:
    """German subfields: 00 posting text, 20-29 and 60-63 purpose, 30-33 the other party."""
    purpose, more = _purpose(parts, _PURPOSE), _purpose(parts, _MORE)
    words = _sepa(purpose)
    name = _folded(parts.get("32", "") + parts.get("33", "")) or None
    number = parts.get("31", "").replace(" ", "") or words.get("IBAN")
    if _IBAN.match(parts.get("21", "").strip()):
        number = parts["21"].strip()
    bank = parts.get("30", "").strip()
    if number and bank and not _IBAN.match(number) and bank.isdigit():
        number = f"{bank}/{number}"
    text = words.get("SVWZ") if words else purpose
    before = words.get("", "")
    return replace(
        one,
        counterparty=name or one.counterparty,
        counterparty_account=number or one.counterparty_account,
        end_to_end_id=given(words.get("EREF")) or one.end_to_end_id,
        reference=one.reference or given(words.get("KREF")) or given(words.get("MREF")),
        text=_folded(" ".join(filter(None, [parts.get("00"), before, text, more, one.text]))),
    )


def _sepa(text: str) -> dict[str, str]:
    """`EREF+…SVWZ+…` as a mapping; the text before the first word is under the empty key."""
    marks = list(_SEPA.finditer(text))
    if not marks:
        return {}
    found = {"": text[: marks[0].start()]}
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        found.setdefault(mark[1], _folded(text[mark.end() : end]))
    return found


def _slashed(one: BankTransaction, text: str) -> BankTransaction:
    marks = list(_SLASH.finditer(text))
    found: dict[str, str] = {}
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        value = text[mark.end() : end].strip("/ ") if mark[1] != "CNTP" else text[mark.end() : end]
        if value or mark[1] not in found:
            found[mark[1]] = value
    name, number = found.get("NAME"), found.get("IBAN")
    if "CNTP" in found:
        parts = found["CNTP"].removeprefix("/").split("/")
        number = parts[0] or number
        name = (parts[2] if len(parts) > 2 else None) or name
    purpose = found.get("REMI", "")
    for unstructured in ("USTD//", "STRD/CUR/"):
        purpose = purpose.removeprefix(unstructured)
    reference = found.get("MARF") or found.get("PREF")
    head = text[: marks[0].start()]
    return replace(
        one,
        counterparty=_folded(name or "") or one.counterparty,
        counterparty_account=(number or "").replace(" ", "") or one.counterparty_account,
        end_to_end_id=given(found.get("EREF")),
        reference=one.reference or given(reference),
        text=_folded(" ".join([head, found.get("TRTP", ""), purpose, one.text])),
    )


def _folded(text: str) -> str:
    return " ".join(text.split())
