"""The movements of one account and currency of a table as a statement, with its balances."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from connectors.catalog.bank import amounts
from connectors.catalog.bank.statement import (
    BankTransaction,
    Notes,
    Statement,
    StatementRefused,
    Status,
    _,
)
from connectors.catalog.bank.table_grid import Row
from connectors.catalog.bank.table_mapping import Mapping

_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Move:
    """A movement with the balance that stands beside it."""

    one: BankTransaction
    exact: Decimal
    balance: Decimal | None


def own_account(preamble: Sequence[Row]) -> str:
    """An IBAN above the table, proved by its check digits."""
    for row in preamble:
        for index in range(len(row.cells)):
            for found in _IBAN.finditer(row.text(index).upper()):
                number = found[0].replace(" ", "")
                if _is_iban(number):
                    return number
    return ""


def _is_iban(number: str) -> bool:
    turned = number[4:] + number[:4]
    digits = "".join(str(int(sign, 36)) for sign in turned)
    return 15 <= len(number) <= 34 and int(digits) % 97 == 1


def statement(
    key: Key,
    moves: Sequence[Move],
    mapping: Mapping,
    notes: Notes,
    *,
    ends: tuple[Decimal | None, Decimal | None],
) -> Statement:
    """One account's movements; `ends` are balances the table states in columns of their own."""
    account, currency = key
    if currency and not _CURRENCY.match(currency):
        raise StatementRefused(
            "currency-invalid",
            _(
                "The currency “%(code)s” is not a code of three capital letters.",
                code=currency[:12],
            ),
            line=moves[0].one.line,
            kind=mapping.kind,
        )
    in_order = list(reversed(moves)) if mapping.newest_first else list(moves)
    opening, closing, whole = _chained(in_order, notes)
    if opening is None:
        opening, closing = ends
    days = [move.one.booked_on for move in moves if move.one.booked_on]
    booked = [
        replace(move.one, status=Status.BOOKED) if whole and _pending(move) else move.one
        for move in moves
    ]
    made = Statement(
        account=account or None,
        currency=currency or None,
        opening_minor=_minor(opening, currency, notes),
        closing_minor=_minor(closing, currency, notes),
        transactions=tuple(booked),
        from_on=min(days),
        to_on=max(days),
        line=moves[0].one.line,
    )
    if made.balances_agree is False:
        notes.once(
            "balances-disagree",
            _("Opening balance and booked entries do not add up to the closing balance."),
            line=made.line,
        )
    return made


def _pending(move: Move) -> bool:
    return move.one.status is Status.PENDING


def _minor(balance: Decimal | None, currency: str, notes: Notes) -> int | None:
    if balance is None:
        return None
    text = format(balance, "f")
    return amounts.read_amount(text, currency or None, notes, line=None).minor


def _chained(moves: Sequence[Move], notes: Notes) -> tuple[Decimal | None, Decimal | None, bool]:
    """First and last balance, and whether every movement moved it: then each one is booked."""
    if any(move.balance is None for move in moves):
        return None, None, False
    first, last = moves[0], moves[-1]
    assert first.balance is not None  # all have one
    assert last.balance is not None  # all have one
    before = first.balance
    whole = True
    for move in moves[1:]:
        assert move.balance is not None  # all have one
        if move.balance - before != move.exact:
            whole = False
            notes.warn(
                "balance-jumps",
                _("The balance does not follow from the one before it and the amount."),
                line=move.one.line,
            )
        before = move.balance
    return first.balance - first.exact, last.balance, whole
