"""Which lines of two files are the same line: pure calculation, no database."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date

from app.kernel import collector
from connectors.catalog.bank.statement import BankTransaction, Statement, Status

_KEEP = re.compile(r"[^0-9a-z]+")
_ASCII = {code: None for code in range(128) if not chr(code).isalnum()}
"""For `str.translate`, which is much faster where all is ASCII: every sign is dropped."""
_MAX_POSITIONAL = 7


@dataclass(frozen=True, slots=True)
class Line:
    """A movement ready to be kept: `position` is the statement's place in its file."""

    position: int
    transaction: BankTransaction
    booked_on: date
    key: bytes
    occurrence: int


def normal_number(number: str | None) -> str:
    """An account number as it is compared: capitals and digits, with the slash of a bank code."""
    return re.sub(r"[^0-9A-Z/]", "", (number or "").upper())[:60]


def normal_text(text: str) -> str:
    """Words without case, accents, blanks and signs: what two exports of a bank agree on."""
    if text.isascii():
        return text.lower().translate(_ASCII)
    return _KEEP.sub("", unicodedata.normalize("NFKD", text.casefold()))


def is_positional(bank_id: str) -> bool:
    """Whether a bank id is only a running number within its file."""
    return bank_id.isdigit() and len(bank_id) <= _MAX_POSITIONAL


def dedupe_key(one: BankTransaction, booked_on: date) -> bytes:
    """What makes a line the same in two files of one account.

    Bank id, booking date, amount, currency and normalised text; a bank id that is only a running
    number within a file says nothing across files and is left out.
    """
    bank_id = one.bank_id or ""
    if is_positional(bank_id):
        bank_id = ""
    words = f"{one.text} {one.counterparty or ''} {one.end_to_end_id or ''} {one.reference or ''}"
    plain = normal_text(words)
    said = f"{bank_id}\x1f{booked_on}\x1f{one.amount_minor}\x1f{one.currency or ''}\x1f{plain}"
    return hashlib.sha256(said.encode()).digest()


def lines(statements: Sequence[Statement], accounts: Sequence[Hashable]) -> list[Line]:
    """The lines of one file with the occurrence of each among its twins of the same account.

    `accounts` says whose each statement is. Two true payments that look alike stand twice in
    every file that covers their day, so the second twin of one file is the second of every other.
    """
    with collector.paused():
        return _lines(statements, accounts)


def _lines(statements: Sequence[Statement], accounts: Sequence[Hashable]) -> list[Line]:
    seen: dict[Hashable, dict[bytes, int]] = {}
    found: list[Line] = []
    for position, (statement, account) in enumerate(zip(statements, accounts, strict=True)):
        counted = seen.setdefault(account, {})
        for one in statement.transactions:
            booked_on = one.booked_on or one.value_on
            if one.status is Status.INFORMATION or booked_on is None:
                continue
            key = dedupe_key(one, booked_on)
            counted[key] = occurrence = counted.get(key, 0) + 1
            found.append(Line(position, one, booked_on, key, occurrence))
    return found
