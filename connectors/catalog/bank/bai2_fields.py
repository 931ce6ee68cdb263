"""Records of BAI2 taken apart: continuations, amounts with their availability, movements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.kernel import money
from connectors.catalog.bank import amounts
from connectors.catalog.bank.statement import (
    BankTransaction,
    Notes,
    StatementRefused,
    Status,
    _,
)

_NUMBER = re.compile(r"[+-]?\d{1,30}\Z", re.ASCII)
_KEYED = re.compile(r"([A-Z]{4}): ?(.*)\Z")
_FULL_LINE = 79
"""A physical line this long was cut in the middle of a word when it was continued."""
_FIXED = 4
"""So many commas stand in a movement (record 16) before its text may begin."""
_NON_MONETARY = "890"


@dataclass(frozen=True, slots=True)
class Record:
    """A record with its continuations, `physical` lines long.

    `words` are the continuations of a movement's text, each with whether its line was full.
    """

    code: str
    fields: tuple[str, ...]
    physical: int
    line: int
    words: tuple[tuple[str, bool], ...] = ()
    full: bool = False

    def get(self, place: int) -> str:
        """A field by its place, the record code being 0; empty where there is none."""
        return self.fields[place] if place < len(self.fields) else ""


def records(text: str) -> Iterator[Record]:
    """The records of a file; a continuation (88) is part of the one before it."""
    code, texts, full, start = "", list[str](), list[bool](), 0
    for number_, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        line = raw.rstrip(" \x1a\t")
        if not line.strip():
            continue
        if line[:2] == "88":
            if not code:
                raise StatementRefused(
                    "record-misplaced",
                    _("Record 88 continues a record that is not in the file."),
                    line=number_,
                )
            texts.append(line[3:])
            full.append(len(raw) >= _FULL_LINE)
            continue
        if code:
            yield _record(code, texts, full, start)
        line = line.lstrip()
        code, texts, full, start = line[:2], [line[3:]], [len(raw) >= _FULL_LINE], number_
    if code:
        yield _record(code, texts, full, start)


def _record(code: str, texts: list[str], full: list[bool], line: int) -> Record:
    if code != "16":
        plain = ",".join(one.partition("/")[0].rstrip() for one in texts[:-1])
        last = texts[-1].partition("/")[0].rstrip()
        joined = f"{plain},{last}" if plain else last
        return Record(code, joined_fields(code, joined), len(texts), line)
    head, used = texts[0].removesuffix("/"), 1
    while head.count(",") < _FIXED and used < len(texts):
        head += "," + texts[used].removesuffix("/")
        used += 1
    words = tuple(zip(texts[used:], full[used:], strict=True))
    return Record(code, joined_fields(code, head), len(texts), line, words, full[used - 1])


def joined_fields(code: str, text: str) -> tuple[str, ...]:
    """The fields of a record's text, its code first."""
    return (code, *text.split(","))


def number(text: str) -> int | None:
    """A whole number with or without a sign; None for what is left blank or is none."""
    plain = text.strip()
    return int(plain) if _NUMBER.match(plain) else None


def summaries(one: Record) -> tuple[dict[str, int], int]:
    """The balances and totals of record 03 by type code, and the sum of all its amounts."""
    found: dict[str, int] = {}
    control, at = 0, 3
    fields = one.fields
    while at < len(fields):
        code, amount = fields[at].strip(), number(one.get(at + 1))
        if amount is None and one.get(at + 1).strip():
            raise _not_an_amount(one, one.get(at + 1))
        _bounded(one, amount)
        if amount is not None:
            control += amount
            found.setdefault(code, amount)
        _kind, at = _funds(one, at + 3)
    return found, control


def _funds(one: Record, at: int) -> tuple[date | str | None, int]:
    """The availability at a place, and the place behind it.

    S has three amounts, V a date and a time, D a number of days and an amount for each.
    """
    kind = one.get(at).strip().upper()
    if kind == "S":
        return kind, at + 4
    if kind == "V":
        return one.get(at + 1).strip(), at + 3
    if kind == "D":
        pairs = number(one.get(at + 1)) or 0
        return kind, min(at + 2 + 2 * max(pairs, 0), len(one.fields) + 1)
    return kind or None, at + 1


def _bounded(one: Record, amount: int | None) -> None:
    if amount is not None and abs(amount) > money.MAX_MINOR:
        raise StatementRefused(
            "amount-too-large",
            _("The amount %(text)s is beyond what books can hold.", text=str(amount)[:40]),
            line=one.line,
        )


def _not_an_amount(one: Record, text: str) -> StatementRefused:
    return StatementRefused(
        "amount-invalid",
        _("“%(text)s” is not an amount; ask the bank for the file again.", text=text[:40]),
        line=one.line,
    )


def movement(
    one: Record, currency: str, day: date, status: Status, notes: Notes
) -> tuple[BankTransaction, int]:
    """The movement of record 16 and its amount as the control totals count it."""
    code, stated = one.get(1).strip(), one.get(2)
    amount = number(stated)
    if amount is None and stated.strip():
        raise _not_an_amount(one, stated)
    _bounded(one, amount)
    plain = amount or 0
    direction = _direction(code)
    if direction is None:
        raise StatementRefused(
            "direction-missing",
            _(
                "The type code “%(code)s” does not say whether money came in or went out"
                " (101 to 399 or 401 to 699).",
                code=code[:10],
            ),
            line=one.line,
        )
    available, at = _funds(one, 3)
    value_on = _value(available, day, notes, one.line)
    text, keyed = _text(one, at + 2)
    incoming = direction >= 0
    return (
        BankTransaction(
            booked_on=day,
            value_on=value_on,
            amount_minor=plain * direction,
            currency=currency,
            status=status if direction else Status.INFORMATION,
            counterparty=keyed.get("DBNM" if incoming else "CRNM"),
            counterparty_account=keyed.get("DACT" if incoming else "CACT"),
            reference=one.get(at + 1).strip().rstrip("/") or keyed.get("CREF"),
            end_to_end_id=keyed.get("EREF"),
            bank_id=one.get(at).strip().rstrip("/") or None,
            text=text,
            line=one.line,
        ),
        plain,
    )


def _direction(code: str) -> int | None:
    """Credit or debit by type code (BAI2, appendix A); 890 carries no money."""
    if code == _NON_MONETARY:
        return 0
    if not (len(code) == 3 and code.isascii() and code.isdigit()):
        return None
    value = int(code)
    if 101 <= value <= 399 or 721 <= value <= 759 or 920 <= value <= 959:
        return 1
    if 401 <= value <= 699 or 760 <= value <= 799 or 960 <= value <= 999:
        return -1
    return None


def _value(available: date | str | None, day: date, notes: Notes, line: int) -> date | None:
    if available == "0":
        return day
    if isinstance(available, str) and len(available) in (6, 8) and available.isdigit():
        return amounts.day_of(
            available[:-4], available[-4:-2], available[-2:], notes, line=line, written=available
        )
    return None


def _text(one: Record, at: int) -> tuple[str, dict[str, str]]:
    """The words behind the references, which may hold commas and slashes, and keyed ones."""
    pieces = [(",".join(one.fields[at:]), one.full), *one.words]
    keyed: dict[str, str] = {}
    text = ""
    for piece, full in pieces:
        found = _KEYED.match(piece)
        if found and found[2].strip():
            keyed.setdefault(found[1], found[2].strip().rstrip("/"))
        text += piece if full else piece.rstrip("/") + " "
    return " ".join(text.split())[:4000], keyed
