"""One camt entry as bank transactions: its amount, dates, parties, references and words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lxml import etree

from connectors.catalog.bank import amounts
from connectors.catalog.bank.amounts import Amount
from connectors.catalog.bank.camt_values import Taker, Values, Want, Written, wanted
from connectors.catalog.bank.statement import BankTransaction, Notes, StatementRefused, Status, _

_STATUS = {"BOOK": Status.BOOKED, "PDNG": Status.PENDING, "FUTR": Status.PENDING}
_INFORMATION = "INFO"
_DIRECTIONS = {"CRDT": 1, "DBIT": -1}
_NOTHING = {"NOTPROVIDED", "NOT PROVIDED", "NOTAVAILABLE"}
_CHARGES = ("Chrgs/TtlChrgsAndTaxAmt", "Chrgs/Amt", "Chrgs/Rcrd/Amt")
_ENTRY = wanted(
    {
        "AMOUNT": ("Amt",),
        "direction": ("CdtDbtInd",),
        "status": ("Sts", "Sts/Cd", "Sts/Prtry"),
        "booked": ("BookgDt", "BookgDt/Dt", "BookgDt/DtTm"),
        "value": ("ValDt", "ValDt/Dt", "ValDt/DtTm"),
        "servicer": ("AcctSvcrRef",),
        "entry": ("NtryRef",),
        "words": ("AddtlNtryInf",),
        "CHARGES": _CHARGES,
        "INSTRUCTED": ("AmtDtls/InstdAmt/Amt",),
        "TRANSACTION": ("AmtDtls/TxAmt/Amt",),
    }
)


def _party(role: str) -> tuple[str, ...]:
    names = (f"{role}/Nm", f"{role}/Pty/Nm", f"{role}/Agt/FinInstnId/Nm")
    return tuple(f"RltdPties/{one}" for one in (*names, f"Ultmt{role}/Nm", f"Ultmt{role}/Pty/Nm"))


def _number(role: str) -> tuple[str, ...]:
    places = ("Id/IBAN", "Id/Othr/Id", "Id/PrtryAcct/Id", "Id/BBAN", "Id/UPIC", "IBAN", "Prxy/Id")
    return tuple(f"RltdPties/{role}Acct/{one}" for one in places)


_DETAIL = wanted(
    {
        "AMOUNT": ("Amt",),
        "direction": ("CdtDbtInd",),
        "Dbtr": _party("Dbtr"),
        "Cdtr": _party("Cdtr"),
        "DbtrAcct": _number("Dbtr"),
        "CdtrAcct": _number("Cdtr"),
        "end_to_end": ("Refs/EndToEndId",),
        "servicer": ("Refs/AcctSvcrRef",),
        "creditor_reference": ("RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef"),
        "document": ("RmtInf/Strd/RfrdDocInf/Nb", "RmtInf/Strd/RfrdDocInf/RfrdDocNb"),
        "mandate": ("Refs/MndtId",),
        "cheque": ("Refs/ChqNb",),
        "instruction": ("Refs/InstrId",),
        "payment": ("Refs/PmtInfId",),
        "words": ("RmtInf/Ustrd", "RmtInf/Strd/AddtlRmtInf", "AddtlTxInf"),
        "CHARGES": _CHARGES,
        "INSTRUCTED": ("AmtDtls/InstdAmt/Amt",),
        "TRANSACTION": ("AmtDtls/TxAmt/Amt",),
    }
)
_ENTRY["TxDtls"] = Want(inside=_DETAIL, part=True)  # of the first version
_ENTRY["NtryDtls"] = Want(inside={"TxDtls": _ENTRY["TxDtls"]})
_TAKER = Taker(_ENTRY)
_REFERENCES = ("creditor_reference", "document", "mandate", "cheque", "instruction", "payment")


@dataclass(slots=True)
class _Entry:
    """What an entry says for all of its details."""

    values: Values
    amount: Amount
    currency: str | None
    booked_on: date | None
    value_on: date | None
    status: Status
    line: int | None
    own: str | None


_NONE = Values()


def transactions(entry: etree._Element, notes: Notes, *, own: str | None) -> list[BankTransaction]:
    """The transactions of a `Ntry`: one, or one a detail where the details are the entry.

    A batch is split only where every detail states its amount in the entry's currency and they
    add up to the entry (rulings 45); else the entry stands for all of them. `own` is the number
    of the account, which banks write where the other one's belongs.
    """
    found, details = _TAKER.take(entry)
    head = _head(found, notes, own)
    if len(details) == 1:
        return [_transaction(head, head.amount, details[0])]
    shares = _shares(head, details, notes) if details else None
    if shares is None:
        return [_transaction(head, head.amount, _together(details))]
    return [
        _transaction(head, share, detail) for share, detail in zip(shares, details, strict=True)
    ]


def _together(details: list[Values]) -> Values:
    """Of details that the entry stands for, only their words are kept."""
    if not details:
        return _NONE
    return Values(words=[word for one in details[:20] for word in one.words])


def _head(found: Values, notes: Notes, own: str | None) -> _Entry:
    line = found.line
    text, currency = found.amounts.get("AMOUNT", ("", None))
    read = amounts.read_amount(text, currency, notes, line=line)
    if _direction(found, line) < 0:
        read = amounts.flipped(read)
    booked, value = found.texts.get("booked"), found.texts.get("value")
    value_on = amounts.iso_date(value, notes, line=line) if value else None
    return _Entry(
        values=found,
        amount=read,
        currency=currency,
        booked_on=amounts.iso_date(booked, notes, line=line) if booked else value_on,
        value_on=value_on,
        status=_status(found.texts.get("status"), notes, line),
        line=line,
        own=own,
    )


def _direction(found: Values, line: int | None) -> int:
    """Credit or debit of the account as stated; the reversal mark says why, not which way."""
    mark = found.texts.get("direction")
    if mark not in _DIRECTIONS:
        raise StatementRefused(
            "direction-missing",
            _(
                "The entry does not say whether money came in or went out"
                " (CdtDbtInd: CRDT or DBIT)."
            ),
            line=line,
        )
    return _DIRECTIONS[mark]


def _status(code: str | None, notes: Notes, line: int | None) -> Status:
    if code is None or code in _STATUS:
        return _STATUS[code or "BOOK"]
    if code != _INFORMATION:
        notes.warn(
            "status-unknown",
            _(
                "The status “%(code)s” is not known; the entry counts as information.",
                code=code[:20],
            ),
            line=line,
        )
    return Status.INFORMATION


def _shares(head: _Entry, details: list[Values], notes: Notes) -> list[Amount] | None:
    """What each detail contributes, or None where that is not fully stated."""
    plain: list[Amount] = []
    signed: list[Amount] = []
    direction = 1 if head.amount.minor >= 0 else -1
    quiet = Notes()
    for detail in details:
        text = _own_amount(detail, head.currency)
        if text is None:
            return None
        read = amounts.read_amount(text, head.currency, quiet, line=detail.line)
        own = _DIRECTIONS.get(detail.texts.get("direction", ""), direction)
        signed.append(read if own > 0 else amounts.flipped(read))
        plain.append(read if direction > 0 else amounts.flipped(read))
    for shares in (signed, plain):
        if sum(one.minor for one in shares) == head.amount.minor:
            for doubt in quiet.found:
                notes.warn(doubt.code, doubt.message, line=doubt.line)
            return shares
    return None


def _own_amount(found: Values, currency: str | None) -> str | None:
    """The detail's amount in the account's currency; an instructed foreign amount is not one."""
    for key in ("AMOUNT", "TRANSACTION"):
        written = found.amounts.get(key)
        if written is not None and written[1] == currency:
            return written[0]
    return None


def _transaction(head: _Entry, share: Amount, found: Values) -> BankTransaction:
    entry = head.values
    texts = found.texts
    name, number = _counterparty(texts, head.own, incoming=share.minor >= 0)
    words = entry.words + found.words if found.line is None else found.words + entry.words
    if len(words) > 1:
        words = list(dict.fromkeys(words))
    return BankTransaction(
        head.booked_on,
        head.value_on,
        share.minor,
        head.currency,
        head.status,
        name,
        number,
        _reference(texts),
        _stated(texts.get("end_to_end")),
        texts.get("servicer") or entry.texts.get("servicer") or entry.texts.get("entry"),
        " ".join(words)[:4000],
        share.written,
        _foreign(found, head.currency) or _foreign(entry, head.currency),
        _charges(found) or _charges(entry),
        found.line or head.line,
    )


def _counterparty(
    texts: dict[str, str], own: str | None, *, incoming: bool
) -> tuple[str | None, str | None]:
    """The debtor of money that came in, the creditor of money that went out.

    Returned payments and some banks state only the other side, or the account itself here: then
    the other side is taken.
    """
    for role in ("Dbtr", "Cdtr") if incoming else ("Cdtr", "Dbtr"):
        name, number = texts.get(role), texts.get(f"{role}Acct")
        if number is not None:
            number = number.replace(" ", "")
        if (name or number) and (number is None or number != own):
            return name, number
    return None, None


def _reference(texts: dict[str, str]) -> str | None:
    for key in _REFERENCES:
        if key in texts:
            return _stated(texts[key])
    return None


def _stated(value: str | None) -> str | None:
    return None if value is None or value.upper() in _NOTHING else value


def _charges(found: Values) -> str | None:
    for written in found.charges:
        said = _written(written)
        if said and not said.startswith("0 "):
            return said
    return None


def _foreign(found: Values, currency: str | None) -> str | None:
    """The amount in the currency it was ordered in, where that is another one."""
    stated = found.amounts
    for key in ("INSTRUCTED", "TRANSACTION", "AMOUNT"):
        if key in stated and stated[key][1] not in (None, currency):
            return _written(stated[key])
    return None


def _written(amount: Written) -> str | None:
    value, currency = amount
    return f"{value[:40]} {currency[:3]}" if value and currency else None
