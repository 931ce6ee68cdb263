"""Doubts and bounds that every format shares, so that all say them with the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from connectors.catalog.bank.statement import (
    MAX_TRANSACTIONS,
    Notes,
    Statement,
    StatementRefused,
    _,
)


def bound(total: int, *, line: int | None) -> None:
    """Refuse a file with more movements than are read at once."""
    if total > MAX_TRANSACTIONS:
        raise StatementRefused(
            "too-many-transactions",
            _(
                "The file holds more than %(most)s transactions; split it by date.",
                most=MAX_TRANSACTIONS,
            ),
            line=line,
        )


def account(found: Statement, notes: Notes) -> None:
    """Warn where nothing says whose statement it is."""
    if found.account is None:
        notes.warn("account-missing", _("The statement names no account."), line=found.line)


def balances(found: Statement, notes: Notes) -> None:
    """Warn where opening balance and booked entries are not the closing balance."""
    if found.balances_agree is False:
        notes.warn(
            "balances-disagree",
            _("Opening balance and booked entries do not add up to the closing balance."),
            line=found.line,
        )


def sign(notes: Notes, *, line: int | None) -> None:
    """Warn that a balance does not say whether it is in credit."""
    notes.once(
        "balance-sign-missing",
        _("A balance does not say whether it is in credit; it was taken as credit."),
        line=line,
    )


def total(
    stated: int | None, counted: int, what: str, notes: Notes, *, line: int | None, code: str
) -> None:
    """Warn where a total of the file is not what its parts make; none stated is no doubt."""
    if stated is None or stated == counted:
        return
    notes.warn(
        code,
        _(
            "%(what)s: the file says %(stated)s, its records make %(counted)s."
            " Something may be missing; compare with the bank.",
            what=what,
            stated=stated,
            counted=counted,
        ),
        line=line,
    )


def cut(what: str, notes: Notes, *, line: int | None) -> None:
    """Warn that the record that ends a file or statement is not there."""
    notes.warn(
        "trailer-missing",
        _(
            "%(what)s is missing, so the file may have been cut off; compare with the bank.",
            what=what,
        ),
        line=line,
    )


def some(statements: Sequence[Statement], *, kind: str) -> None:
    """Refuse a file of a known format that holds no statement at all."""
    if not statements:
        raise StatementRefused(
            "no-statement",
            _("The file holds no account statement; export it from the bank again."),
            line=1,
            kind=kind,
        )


def spanned(found: Statement) -> Statement:
    """The statement with the span of its movements where it states none."""
    if found.from_on and found.to_on:
        return found
    days: list[date] = [one.booked_on for one in found.transactions if one.booked_on]
    return replace(
        found,
        from_on=found.from_on or min(days, default=None),
        to_on=found.to_on or max(days, default=None),
    )
