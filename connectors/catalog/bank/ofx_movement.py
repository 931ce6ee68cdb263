"""One OFX movement or statement from the values of its tags: amounts, days, parties, words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from html import unescape

from connectors.catalog.bank import amounts, decimals, doubts
from connectors.catalog.bank.amounts import Amount
from connectors.catalog.bank.statement import (
    BankTransaction,
    Notes,
    Statement,
    StatementRefused,
    Status,
    _,
)

INVESTMENTS = {
    "BUYDEBT",
    "BUYMF",
    "BUYOPT",
    "BUYOTHER",
    "BUYSTOCK",
    "CLOSUREOPT",
    "INCOME",
    "INVEXPENSE",
    "JRNLFUND",
    "JRNLSEC",
    "MARGININTEREST",
    "REINVEST",
    "RETOFCAP",
    "SELLDEBT",
    "SELLMF",
    "SELLOPT",
    "SELLOTHER",
    "SELLSTOCK",
    "SPLIT",
    "TRANSFER",
}
_WITHOUT_MONEY = {"REINVEST", "JRNLFUND", "JRNLSEC", "SPLIT", "TRANSFER", "CLOSUREOPT"}
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{3}\Z", re.ASCII)


@dataclass(slots=True)
class Values:
    """The values of a statement or movement by tag, `GROUP.TAG` inside of a group."""

    name: str
    line: int
    fields: dict[str, str] = field(default_factory=dict)

    def first(self, *keys: str) -> str | None:
        """The first value there is under one of the keys."""
        for key in keys:
            found = self.fields.get(key)
            if found:
                return found
        return None


def folded(value: str) -> str:
    """The text of a tag with its characters unescaped and its white space folded."""
    if "&" in value:
        value = unescape(value)
    return " ".join(value.split())


def transaction(one: Values, head: Values, notes: Notes) -> BankTransaction:
    """The movement of a `STMTTRN`, a pending `STMTTRNP` or an investment tag."""
    currency = _currency(one.first("CURRENCY.CURSYM") or head.first("CURDEF"))
    read, status = _amount(one, currency, notes)
    booked_on = _day(one.first("DTPOSTED", "DTTRAN", "DTTRADE", "DTUSER"), notes, one.line)
    booked_on = booked_on or _undated(head, notes, one.line)
    return BankTransaction(
        booked_on=booked_on,
        value_on=_day(one.first("DTAVAIL", "DTSETTLE"), notes, one.line),
        amount_minor=read.minor,
        amount=read.written,
        currency=currency,
        status=status,
        counterparty=one.first("NAME", "PAYEE.NAME", "EXTDNAME", "PAYEE"),
        counterparty_account=one.first("BANKACCTTO.ACCTID", "CCACCTTO.ACCTID"),
        reference=one.first("CHECKNUM", "REFNUM"),
        bank_id=one.first("FITID"),
        text=_words(one),
        foreign=_foreign(one, currency),
        line=one.line,
    )


def _words(one: Values) -> str:
    """The memo; of an investment also what was done with which security."""
    memo = one.first("MEMO") or ""
    if one.name not in INVESTMENTS:
        return memo[:4000]
    kind = one.first("INCOMETYPE", "BUYTYPE", "SELLTYPE") or ""
    security = one.first("SECID.UNIQUEID") or ""
    return " ".join(filter(None, [one.name, kind, security, memo]))[:4000]


def _foreign(one: Values, currency: str | None) -> str | None:
    ordered, rate = one.first("ORIGCURRENCY.CURSYM"), one.first("ORIGCURRENCY.CURRATE")
    if ordered is None or ordered == currency:
        return None
    return f"{ordered[:3]} @ {rate[:40]}" if rate else ordered[:3]


def _currency(text: str | None) -> str | None:
    return text.upper() if text and _CURRENCY.match(text) else text


def _amount(one: Values, currency: str | None, notes: Notes) -> tuple[Amount, Status]:
    status = Status.PENDING if one.name == "STMTTRNP" else Status.BOOKED
    stated = one.first("TRNAMT", "TOTAL")
    if one.name in _WITHOUT_MONEY or (stated and _outside(one)):
        status = Status.INFORMATION
    if stated is None and one.name in INVESTMENTS:
        return Amount(0), Status.INFORMATION
    if stated is None:
        raise StatementRefused(
            "amount-missing", _("The movement has no amount (TRNAMT)."), line=one.line
        )
    if not any(mark.isdigit() for mark in stated):
        notes.warn(
            "amount-missing",
            _(
                "The amount “%(text)s” says nothing; the line counts as information.",
                text=stated[:40],
            ),
            line=one.line,
        )
        return Amount(0), Status.INFORMATION
    read = decimal(stated, currency, notes, line=one.line)
    _doubt_direction(one, read, notes)
    return read, status


def _outside(one: Values) -> bool:
    """Bought with money that never was in this account, as contributions to a pension are."""
    return one.name in INVESTMENTS and one.first("SUBACCTFUND") == "OTHER"


def _doubt_direction(one: Values, read: Amount, notes: Notes) -> None:
    kind = one.first("TRNTYPE")
    if (kind == "DEBIT" and read.minor > 0) or (kind == "CREDIT" and read.minor < 0):
        notes.warn(
            "direction-doubtful",
            _(
                "The movement is called %(kind)s and its amount has the other sign;"
                " the sign was taken.",
                kind=kind,
            ),
            line=one.line,
        )


def decimal(text: str, currency: str | None, notes: Notes, *, line: int) -> Amount:
    """An amount with point or comma as decimal mark; a comma before three digits marks none."""
    mark = decimals.mark_of(decimals.bare(text))
    if mark is None:
        mark = "."
        if "," in text:
            notes.warn(
                "decimal-mark-guessed",
                _("No amount says whether point or comma marks decimals; the point was taken."),
                line=line,
            )
    return amounts.read_amount(decimals.plain(text, mark), currency, notes, line=line)


def _day(text: str | None, notes: Notes, line: int) -> date | None:
    """The day of an OFX date-time as the bank wrote it, in no other time zone."""
    if not text or not text.strip("0"):
        return None
    found = _DATE.match(text)
    if found is None:
        raise StatementRefused(
            "date-invalid", _("“%(text)s” is not a date.", text=text[:40]), line=line
        )
    return amounts.day_of(found[1], found[2], found[3], notes, line=line, written=text)


def _undated(head: Values, notes: Notes, line: int) -> date:
    day = _day(head.first("DTEND", "LEDGERBAL.DTASOF", "DTASOF"), notes, line)
    if day is None:
        raise StatementRefused("date-missing", _("The movement has no date (DTPOSTED)."), line=line)
    notes.warn(
        "date-missing", _("Entries have no date; the day of the statement was taken."), line=line
    )
    return day


def statement(head: Values, entries: tuple[BankTransaction, ...], notes: Notes) -> Statement:
    """The statement of a `STMTRS`, `CCSTMTRS` or `INVSTMTRS` whose movements were already read."""
    currency = _currency(head.first("CURDEF"))
    amounts.digits_of(currency, notes, line=head.line)
    stated = head.first("LEDGERBAL.BALAMT", "INVBAL.AVAILCASH")
    closing = decimal(stated, currency, notes, line=head.line).minor if stated else None
    if closing is None:
        notes.warn("balance-missing", _("Opening or closing balance is missing."), line=head.line)
    found = Statement(
        account=_account(head),
        currency=currency,
        closing_minor=closing,
        transactions=entries,
        from_on=_day(head.first("DTSTART"), notes, head.line),
        to_on=_day(head.first("DTEND"), notes, head.line),
        line=head.line,
    )
    doubts.account(found, notes)
    _doubt_currency(found, notes)
    return doubts.spanned(found)


def _account(head: Values) -> str | None:
    return head.first("BANKACCTFROM.ACCTID", "CCACCTFROM.ACCTID", "INVACCTFROM.ACCTID", "ACCTID")


def _doubt_currency(found: Statement, notes: Notes) -> None:
    foreign = next((one for one in found.transactions if one.currency != found.currency), None)
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
