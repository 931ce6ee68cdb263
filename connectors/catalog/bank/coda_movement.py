"""One CODA movement: its records put together, its communication read, its details weighed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from connectors.catalog.bank.amounts import Amount
from connectors.catalog.bank.statement import BankTransaction, Notes, _

_OGM = ("101", "102")
_CREDITOR = "100"
_DIRECT_DEBIT = "127"


@dataclass(slots=True)
class Movement:
    """What records 21 to 33 say of one movement; `number` and `detail` are its places."""

    line: int
    number: str
    detail: str
    amount: Amount
    code: str
    level: str
    bank_id: str
    value_on: date | None
    booked_on: date | None
    structured: bool
    words: list[str]
    customer: str = ""
    counterparty: str = ""
    account: str = ""
    told: list[str] = field(default_factory=list)

    @property
    def is_detail(self) -> bool:
        """Details break a movement down and never count for the balance."""
        return self.detail.strip("0 ") != ""

    def more(self, record: str) -> None:
        """Take record 22 (communication, customer's reference) or 23 (the other party)."""
        if record[1] == "2":
            self.words.append(record[10:63])
            self.customer = " ".join(record[63:98].split())
            return
        number = record[10:47]
        # The last three places are the currency of the other account.
        self.account = "".join(number[:34].split())
        self.counterparty = " ".join(record[47:82].split())
        self.words.append(record[82:125])

    def informed(self, record: str) -> None:
        """Take record 31, 32 or 33: free words, or the other party's name (structure 001)."""
        article = record[1]
        text = {"1": record[40:113], "2": record[10:115], "3": record[10:100]}.get(article, "")
        if article == "1" and record[39] == "1":
            if text[:3] == "001":
                self.counterparty = self.counterparty or " ".join(text[3:73].split())
            return
        if article == "1" or self.told:
            self.told.append(text)


def transactions(
    movements: Iterable[Movement], currency: str | None, own: str | None, notes: Notes
) -> tuple[BankTransaction, ...]:
    """Each movement, or its details where the file breaks it down and they add up to it."""
    found: list[BankTransaction] = []
    for _number, group in groupby(movements, key=lambda one: one.number):
        found.extend(_transaction(one, currency, own) for one in _counted(list(group), notes))
    return tuple(found)


def _counted(group: list[Movement], notes: Notes) -> Iterator[Movement]:
    heads = [one for one in group if not one.is_detail]
    details = [one for one in group if one.is_detail]
    if not details:
        yield from heads
    elif len(heads) != 1:
        notes.warn(
            "details-without-entry",
            _("Details of a movement stand without their movement and were left out."),
            line=details[0].line,
        )
        yield from heads
    else:
        leaves = _leaves(heads[0], details)
        adds_up = sum(one.amount.minor for one in leaves) == heads[0].amount.minor
        for one in leaves:
            # A detail repeats neither the date nor the words that its head states for all.
            one.booked_on = one.booked_on or heads[0].booked_on
            one.value_on = one.value_on or heads[0].value_on
            one.counterparty = one.counterparty or heads[0].counterparty
            one.account = one.account or heads[0].account
        yield from leaves if adds_up else heads


def _leaves(head: Movement, details: list[Movement]) -> list[Movement]:
    """Details that are no totals of further details.

    A level is opened by its total and closed by its last part, which both carry its number.
    """
    opened = {head.level}
    found: list[Movement] = []
    for one in details:
        if one.level in "0 ":
            found.append(one)
        elif one.level in opened:
            opened.discard(one.level)
            found.append(one)
        else:
            opened.add(one.level)
    return found


def _transaction(one: Movement, currency: str | None, own: str | None) -> BankTransaction:
    reference, text = _communication(one)
    account = one.account if one.account and one.account != own else None
    return BankTransaction(
        booked_on=one.booked_on or one.value_on,
        value_on=one.value_on,
        amount_minor=one.amount.minor,
        amount=one.amount.written,
        currency=currency,
        counterparty=one.counterparty or None,
        counterparty_account=account,
        reference=reference,
        end_to_end_id=_given(one.customer),
        bank_id=one.bank_id or None,
        text=text[:4000],
        line=one.line,
    )


def _communication(one: Movement) -> tuple[str | None, str]:
    """Reference and words; a structured communication says by its type what it is."""
    raw = "".join(one.words)
    told = " ".join("".join(one.told).split())
    if not one.structured:
        return None, " ".join(filter(None, [" ".join(raw.split()), told]))
    kind, rest = raw[:3], raw[3:]
    if kind in _OGM and re.match(r"\d{12}", rest, re.ASCII):
        number = f"+++{rest[:3]}/{rest[3:7]}/{rest[7:12]}+++"
        after = rest[12:] if kind in _OGM and len(rest) > 12 else ""
        return number, " ".join(filter(None, [number, " ".join(after.split()), told]))
    if kind == _CREDITOR:
        number = "".join(rest[:25].split())
        return number or None, " ".join(filter(None, [number, told]))
    if kind == _DIRECT_DEBIT:
        mandate = " ".join(rest[44:79].split())
        words = [*rest[9:44].split(), *rest[44:79].split(), *rest[79:141].split()]
        return mandate or None, " ".join(filter(None, [" ".join(words), told]))
    return None, " ".join(filter(None, [" ".join(rest.split()), told]))


def _given(value: str) -> str | None:
    return None if value.upper() in ("", "NOTPROVIDED", "NOT PROVIDED") else value
