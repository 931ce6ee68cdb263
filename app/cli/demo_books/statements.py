"""Bank statements of the demo: camt.053 and MT940 files whose balances agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

from app.cli.demo_books.firms import Bank
from app.kernel import money

_CAMT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
_REPORT = "urn:iso:std:iso:20022:tech:xsd:camt.052.001.08"


@dataclass(frozen=True, slots=True)
class Payment:
    """A line of a statement; the amount is positive for money into the account."""

    on: date
    amount: int
    payee: str
    text: str
    code: str
    reference: str
    customer: str = ""


def write(bank: Bank, number: int, opening: int, payments: Sequence[Payment], last: date) -> bytes:
    """One statement in the account's format."""
    closing = opening + sum(one.amount for one in payments)
    first = payments[0].on if payments else last
    if bank.format == "mt940":
        return _mt940(bank, number, opening, closing, payments, first, last)
    return _camt(bank, number, opening, closing, payments, first, last)


def _decimal(minor: int, currency: str, point: str = ".") -> str:
    return f"{money.to_decimal(abs(minor), currency)}".replace(".", point)


def _mt940(
    bank: Bank,
    number: int,
    opening: int,
    closing: int,
    payments: Sequence[Payment],
    first: date,
    last: date,
) -> bytes:
    def balance(tag: str, minor: int, on: date) -> str:
        mark = "D" if minor < 0 else "C"
        return f":{tag}:{mark}{on:%y%m%d}{bank.currency}{_decimal(minor, bank.currency, ',')}\r\n"

    text = f":20:S{number:04d}\r\n:25:{bank.number}\r\n:28C:{number}/1\r\n"
    text += balance("60F", opening, first)
    for one in payments:
        mark = "D" if one.amount < 0 else "C"
        amount = _decimal(one.amount, bank.currency, ",")
        text += f":61:{one.on:%y%m%d}{one.on:%m%d}{mark}{amount}NTRF{one.reference}\r\n"
        text += f":86:{one.payee} {one.text}\r\n"
    return (text + balance("62F", closing, last) + "-\r\n").encode()


def _camt(
    bank: Bank,
    number: int,
    opening: int,
    closing: int,
    payments: Sequence[Payment],
    first: date,
    last: date,
) -> bytes:
    entries = "".join(_entry(bank, one) for one in payments)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{_CAMT}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>{bank.number}-{number}</MsgId><CreDtTm>{last}T20:00:00Z</CreDtTm></GrpHdr>"
        f"<Stmt><Id>{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>"
        f"<CreDtTm>{last}T20:00:00Z</CreDtTm><Acct><Id><IBAN>{bank.number}</IBAN></Id>"
        f"<Ccy>{bank.currency}</Ccy></Acct>"
        f"{_balance(bank, 'OPBD', opening, first)}{_balance(bank, 'CLBD', closing, last)}"
        f"{entries}</Stmt></BkToCstmrStmt></Document>\n"
    ).encode()


def _balance(bank: Bank, code: str, minor: int, on: date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(bank, minor)}"
        f"<Dt><Dt>{on}</Dt></Dt></Bal>"
    )


def _amount(bank: Bank, minor: int) -> str:
    mark = "DBIT" if minor < 0 else "CRDT"
    amount = _decimal(minor, bank.currency)
    return f'<Amt Ccy="{bank.currency}">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd>'


def announced(bank: Bank, number: int, payments: Sequence[Payment]) -> bytes:
    """What the bank has seen of the day and not booked yet: a camt.052 report."""
    entries = "".join(_entry(bank, one, status="PDNG") for one in payments)
    day = payments[0].on
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{_REPORT}">'
        f"<BkToCstmrAcctRpt><GrpHdr><MsgId>{bank.number}-{number}-{day}</MsgId>"
        f"<CreDtTm>{day}T11:00:00Z</CreDtTm></GrpHdr><Rpt><Id>{number}</Id>"
        f"<CreDtTm>{day}T11:00:00Z</CreDtTm><Acct><Id><IBAN>{bank.number}</IBAN></Id>"
        f"<Ccy>{bank.currency}</Ccy></Acct>{entries}</Rpt></BkToCstmrAcctRpt></Document>\n"
    ).encode()


def _entry(bank: Bank, one: Payment, *, status: str = "BOOK") -> str:
    party = "Cdtr" if one.amount < 0 else "Dbtr"
    return (
        f"<Ntry>{_amount(bank, one.amount)}<Sts><Cd>{status}</Cd></Sts>"
        f"<BookgDt><Dt>{one.on}</Dt></BookgDt><ValDt><Dt>{one.on}</Dt></ValDt>"
        f"<AcctSvcrRef>{one.reference}</AcctSvcrRef><BkTxCd><Prtry><Cd>NTRF</Cd></Prtry></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{one.reference}</EndToEndId></Refs>"
        f"<RltdPties><{party}><Pty><Nm>{escape(one.payee)}</Nm></Pty></{party}></RltdPties>"
        f"<RmtInf><Ustrd>{escape(one.text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
