"""Whether a paper and a bank line are of one payment: amount, day, name, number; pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from app.accounting.matching import text as texts
from app.accounting.matching.parties import alike

EARLY = dt.timedelta(days=5)
LATE = dt.timedelta(days=60)
"""A payment comes at most so long before the invoice's day and after its due day."""
LEAST = 0.3
CREDITS = frozenset("81 83 261 262 296 308 381 396 420 458 532".split())
"""Kinds of UNTDID 1001 that are credit notes (EN 16931, BT-3): money comes in from a supplier."""
Why = Literal["number", "iban", "name", "day", "amount"]


@dataclass(frozen=True, slots=True)
class PaperSide:
    """What a paper says of its payment; `amounts` in minor units, the amount due first.

    `no` says which of the invoices that the file holds.
    """

    document_id: UUID
    amounts: tuple[int, ...]
    currency: str
    kind: str | None
    issued_on: dt.date | None
    due_on: dt.date | None
    seller: str | None
    seller_iban: str | None
    number: str | None
    no: int = 1


@dataclass(frozen=True, slots=True)
class LineSide:
    """A line of a bank account; money out is negative."""

    id: UUID
    booked_on: dt.date
    amount_minor: int
    currency: str
    counterparty: str | None
    counterparty_account: str | None
    reference: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Fit:
    """How well they fit (0 to 1), and by what beside the amount, the strongest first."""

    line_id: UUID
    document_id: UUID
    score: float
    why: tuple[Why, ...]
    no: int = 1


def fit(paper: PaperSide, line: LineSide) -> Fit | None:
    """None where they cannot be of one payment.

    The amount is the same to the minor unit and money goes the right way: out, and in for a credit
    note or an amount below nothing. Then number, account, name and day add what they are worth.
    """
    if not _same_money(paper, line) or not _in_time(paper, line.booked_on):
        return None
    found: list[tuple[float, Why]] = []
    if _names_number(paper, line):
        found.append((0.6, "number"))
    if paper.seller_iban and plain(paper.seller_iban) == plain(line.counterparty_account or ""):
        found.append((0.5, "iban"))
    likeness = _likeness(paper, line)
    if likeness >= 0.6:
        found.append((0.45 * likeness, "name"))
    near = _nearness(paper, line.booked_on)
    if near >= 0.5:
        found.append((0.2 * near, "day"))
    named = line.counterparty and paper.seller and likeness < 0.3
    score = 0.3 + sum(worth for worth, _why in found) - (0.25 if named else 0)
    if score < LEAST:
        return None
    ordered = sorted(found, reverse=True)
    why: tuple[Why, ...] = (*(one for _worth, one in ordered), "amount")
    return Fit(line.id, paper.document_id, min(score, 1.0), why, paper.no)


def best(paper: PaperSide, lines: Iterable[LineSide], *, most: int = 3) -> list[Fit]:
    """The lines that fit a paper, the best first."""
    return _ordered((fit(paper, line) for line in lines), most)


def best_papers(papers: Iterable[PaperSide], line: LineSide, *, most: int = 3) -> list[Fit]:
    """The papers that fit a line, the best first."""
    return _ordered((fit(paper, line) for paper in papers), most)


def _ordered(found: Iterable[Fit | None], most: int) -> list[Fit]:
    there = [one for one in found if one is not None]
    return sorted(there, key=lambda one: (-one.score, one.line_id, one.document_id))[:most]


def wanted(paper: PaperSide) -> tuple[int, ...]:
    """What a bank line of its payment says: out is negative.

    A credit note brings money in, however it writes its amounts; so does an invoice over less than
    nothing, as a corrected one, or one on which more was paid than was due.
    """
    credit = paper.kind in CREDITS
    return tuple(abs(one) if credit or one < 0 else -one for one in paper.amounts if one)


def between(paper: PaperSide) -> tuple[dt.date, dt.date] | None:
    """The first and the last day on which it may be paid; None where it names no day."""
    if paper.issued_on is None:
        return None
    return paper.issued_on - EARLY, max(paper.issued_on, paper.due_on or paper.issued_on) + LATE


def _same_money(paper: PaperSide, line: LineSide) -> bool:
    return paper.currency == line.currency and line.amount_minor in wanted(paper)


def _in_time(paper: PaperSide, on: dt.date) -> bool:
    days = between(paper)
    return days is None or days[0] <= on <= days[1]


def _nearness(paper: PaperSide, on: dt.date) -> float:
    days = [abs((on - one).days) for one in (paper.issued_on, paper.due_on) if one]
    return max(0.0, 1 - min(days) / 14) if days else 0.0


def _likeness(paper: PaperSide, line: LineSide) -> float:
    name = texts.name(paper.seller)
    if not name:
        return 0.0
    if line.counterparty:
        return alike(name, texts.name(line.counterparty))
    said = texts.clean(line.text)
    words = set(name.split())
    return 0.9 if len(name) >= 4 and words <= set(said.split()) else 0.0


def _names_number(paper: PaperSide, line: LineSide) -> bool:
    number = plain(paper.number or "")
    if len(number) < 4 or not any(sign.isdigit() for sign in number):
        return False
    return number in plain(f"{line.reference or ''} {line.text}")


def plain(text: str) -> str:
    """Letters and digits only, as numbers are compared."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())
