"""The head of a camt statement: account, currency, balances, span and number."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

from lxml import etree

from connectors.catalog.bank import amounts, camt_path, doubts
from connectors.catalog.bank.statement import BankTransaction, Notes, Statement, Status, _

_OPENING = ("OPBD", "PRCD")
_CLOSING = ("CLBD",)
_INTERIM = "ITBD"


def statement(
    element: etree._Element, entries: tuple[BankTransaction, ...], notes: Notes, *, kind: str
) -> Statement:
    """The statement of a `Stmt`, `Rpt` or `Ntfctn` whose entries were already read."""
    line = camt_path.line(element)
    number = camt_path.account(camt_path.find(element, "Acct"))
    if number is None:
        notes.warn("account-missing", _("The statement names no account."), line=line)
    balances = [_balance(one, notes) for one in camt_path.children(element, "Bal")]
    currency = _currency(element, balances, entries)
    opening, closing = _ends(balances, currency)
    first, last = _span(element, balances, entries, notes)
    found = Statement(
        account=number,
        currency=currency,
        opening_minor=opening,
        closing_minor=closing,
        transactions=_dated(element, entries, balances, notes),
        from_on=first,
        to_on=last,
        number=camt_path.first(element, "LglSeqNb", "ElctrncSeqNb", "Id"),
        page=camt_path.first(element, "StmtPgntn/PgNb", "RptPgntn/PgNb", "NtfctnPgntn/PgNb"),
        line=line,
    )
    _doubts(found, notes, kind=kind)
    _summary(element, found, notes)
    return found


def _span(
    element: etree._Element,
    balances: list[_Balance],
    entries: tuple[BankTransaction, ...],
    notes: Notes,
) -> tuple[date | None, date | None]:
    """First and last day as stated; else the closing balance's day and the first entry's."""
    first = _day(element, notes, "FrToDt/FrDtTm", "FrToDt/FrDt")
    last = _day(element, notes, "FrToDt/ToDtTm", "FrToDt/ToDt")
    days = [one.booked_on for one in entries if one.booked_on]
    closed = [one.day for one in balances if one.code in _CLOSING and one.day]
    last = last or (closed[-1] if closed else max(days, default=None))
    first = first or min([*days, last] if last else days, default=None)
    return first, last


def _summary(element: etree._Element, found: Statement, notes: Notes) -> None:
    """The sums of credits and debits the statement states, against what its entries make."""
    summary = camt_path.find(element, "TxsSummry")
    came_in = camt_path.text(summary, "TtlCdtNtries/Sum")
    went_out = camt_path.text(summary, "TtlDbtNtries/Sum")
    if came_in is None or went_out is None:
        return
    line = camt_path.line(element)
    stated = [
        amounts.read_amount(one, found.currency, Notes(), line=line).minor
        for one in (came_in, went_out)
    ]
    made = sum(one.amount_minor for one in found.transactions)
    doubts.total(stated[0] - stated[1], made, "TxsSummry", notes, line=line, code="totals-disagree")


class _Balance:
    """One balance of a statement; `code` is its ISO type, such as OPBD."""

    __slots__ = ("code", "currency", "day", "minor")

    def __init__(self, code: str, minor: int, currency: str | None, day: date | None) -> None:
        self.code, self.minor, self.currency, self.day = code, minor, currency, day


def _balance(element: etree._Element, notes: Notes) -> _Balance:
    amount = camt_path.find(element, "Amt")
    currency = camt_path.currency(amount)
    line = camt_path.line(element)
    minor = amounts.read_amount(camt_path.text(amount) or "", currency, notes, line=line).minor
    mark = camt_path.text(element, "CdtDbtInd")
    if mark is None:
        notes.once(
            "balance-sign-missing",
            _("A balance does not say whether it is in credit; it was taken as credit."),
            line=line,
        )
    day = _day(element, notes, "Dt/Dt", "Dt/DtTm", "Dt")
    code = camt_path.first(element, "Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd") or ""
    return _Balance(code, -minor if mark == "DBIT" else minor, currency, day)


def _ends(balances: list[_Balance], currency: str | None) -> tuple[int | None, int | None]:
    """Opening and closing booked balance; interim ones bound a page of a longer statement."""
    own = [one for one in balances if one.currency == currency]
    opening = next((one.minor for code in _OPENING for one in own if one.code == code), None)
    closing = next((one.minor for code in _CLOSING for one in own if one.code == code), None)
    interim = [one.minor for one in own if one.code == _INTERIM]
    if opening is None and len(interim) > (1 if closing is None else 0):
        opening = interim[0]
        interim = interim[1:]
    if closing is None and interim:
        closing = interim[-1]
    return opening, closing


def _currency(
    element: etree._Element, balances: list[_Balance], entries: tuple[BankTransaction, ...]
) -> str | None:
    stated = camt_path.text(element, "Acct/Ccy")
    if stated:
        return stated
    for one in balances:
        if one.currency:
            return one.currency
    counted = Counter(one.currency for one in entries if one.currency)
    return counted.most_common(1)[0][0] if counted else None


def _dated(
    element: etree._Element,
    entries: tuple[BankTransaction, ...],
    balances: list[_Balance],
    notes: Notes,
) -> tuple[BankTransaction, ...]:
    """Entries without any date take the day of the statement, with a warning."""
    if all(one.booked_on for one in entries):
        return entries
    day = next((one.day for one in reversed(balances) if one.code == "CLBD" and one.day), None)
    day = day or _day(element, notes, "FrToDt/ToDtTm", "FrToDt/ToDt", "CreDtTm")
    undated = next(one for one in entries if one.booked_on is None)
    notes.warn(
        "date-missing",
        _("Entries have no date; the day of the statement was taken."),
        line=undated.line,
    )
    return tuple(one if one.booked_on else replace(one, booked_on=day) for one in entries)


def _day(element: etree._Element, notes: Notes, *paths: str) -> date | None:
    found = camt_path.first(element, *paths)
    return amounts.iso_date(found, notes, line=camt_path.line(element)) if found else None


def _doubts(found: Statement, notes: Notes, *, kind: str) -> None:
    if found.balances_agree is False:
        notes.warn(
            "balances-disagree",
            _("Opening balance and booked entries do not add up to the closing balance."),
            line=found.line,
        )
    if kind == "Stmt" and (found.opening_minor is None or found.closing_minor is None):
        notes.warn("balance-missing", _("Opening or closing balance is missing."), line=found.line)
    foreign = next(
        (
            one
            for one in found.transactions
            if one.currency != found.currency and one.status is not Status.INFORMATION
        ),
        None,
    )
    if foreign is not None:
        notes.warn(
            "currency-differs",
            _(
                "An entry is in %(currency)s, the account in %(other)s.",
                currency=foreign.currency,
                other=found.currency,
            ),
            line=foreign.line,
        )
