"""One camt entry as bank transactions: its amount, dates, parties, references and words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from lxml import etree

from connectors.catalog.bank import amounts, camt_path
from connectors.catalog.bank.amounts import Amount
from connectors.catalog.bank.statement import BankTransaction, Notes, StatementRefused, Status, _

_STATUS = {"BOOK": Status.BOOKED, "PDNG": Status.PENDING, "FUTR": Status.PENDING}
_INFORMATION = "INFO"
_DIRECTIONS = {"CRDT": 1, "DBIT": -1}
_NOTHING = {"NOTPROVIDED", "NOT PROVIDED", "NOTAVAILABLE"}


def transactions(entry: etree._Element, notes: Notes) -> list[BankTransaction]:
    """The transactions of a `Ntry`: one, or one a detail where the details are the entry.

    A batch is split only where every detail states its amount in the entry's currency and they
    add up to the entry (rulings 45); else the entry stands for all of them.
    """
    head = _head(entry, notes)
    details = [
        detail
        for group in camt_path.children(entry, "NtryDtls")
        for detail in camt_path.children(group, "TxDtls")
    ]
    if len(details) == 1:
        return [_with_detail(head, entry, details[0])]
    shares = _shares(head, details, notes) if details else None
    if shares is None:
        return [replace(head, text=_entry_text(entry, details))]
    return [
        _with_detail(replace(head, amount_minor=share.minor, amount=share.written), entry, detail)
        for detail, share in zip(details, shares, strict=True)
    ]


def _head(entry: etree._Element, notes: Notes) -> BankTransaction:
    line = camt_path.line(entry)
    amount = camt_path.find(entry, "Amt")
    currency = camt_path.currency(amount)
    read = _signed(
        amounts.read_amount(camt_path.text(amount) or "", currency, notes, line=line),
        _direction(entry),
    )
    value_on = _day(entry, "ValDt", notes)
    booked_on = _day(entry, "BookgDt", notes) or value_on
    return BankTransaction(
        booked_on=booked_on,
        value_on=value_on,
        amount_minor=read.minor,
        amount=read.written,
        currency=currency,
        status=_status(entry, notes),
        bank_id=camt_path.first(entry, "AcctSvcrRef", "NtryRef"),
        charges=_charges(entry),
        foreign=_foreign(entry, currency),
        line=line,
    )


def _signed(amount: Amount, direction: int) -> Amount:
    if direction > 0:
        return amount
    written = amount.written
    if written is not None:
        written = written[1:] if written.startswith("-") else f"-{written}"
    return Amount(-amount.minor, written)


def _direction(element: etree._Element) -> int:
    """Credit or debit of the account as stated; the reversal mark says why, not which way."""
    mark = camt_path.text(element, "CdtDbtInd")
    if mark not in _DIRECTIONS:
        raise StatementRefused(
            "direction-missing",
            _(
                "The entry does not say whether money came in or went out"
                " (CdtDbtInd: CRDT or DBIT)."
            ),
            line=camt_path.line(element),
        )
    return _DIRECTIONS[mark]


def _status(entry: etree._Element, notes: Notes) -> Status:
    code = camt_path.first(entry, "Sts", "Sts/Cd", "Sts/Prtry")
    if code is None or code in _STATUS:
        return _STATUS[code or "BOOK"]
    if code != _INFORMATION:
        notes.warn(
            "status-unknown",
            _(
                "The status “%(code)s” is not known; the entry counts as information.",
                code=code[:20],
            ),
            line=camt_path.line(entry),
        )
    return Status.INFORMATION


def _day(entry: etree._Element, name: str, notes: Notes) -> date | None:
    found = camt_path.first(entry, f"{name}/Dt", f"{name}/DtTm", name)
    return amounts.iso_date(found, notes, line=camt_path.line(entry)) if found else None


def _shares(
    head: BankTransaction, details: list[etree._Element], notes: Notes
) -> list[Amount] | None:
    """What each detail contributes, or None where that is not fully stated."""
    plain: list[Amount] = []
    signed: list[Amount] = []
    direction = 1 if head.amount_minor >= 0 else -1
    quiet = Notes()
    for detail in details:
        amount = _own_amount(detail, head.currency)
        if amount is None:
            return None
        read = amounts.read_amount(
            camt_path.text(amount) or "", head.currency, quiet, line=camt_path.line(detail)
        )
        own = _DIRECTIONS.get(camt_path.text(detail, "CdtDbtInd") or "", direction)
        signed.append(_signed(read, own))
        plain.append(_signed(read, direction))
    for shares in (signed, plain):
        if sum(one.minor for one in shares) == head.amount_minor:
            for doubt in quiet.found:
                notes.warn(doubt.code, doubt.message, line=doubt.line)
            return shares
    return None


def _own_amount(detail: etree._Element, currency: str | None) -> etree._Element | None:
    """The detail's amount in the account's currency; an instructed foreign amount is not one."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        amount = camt_path.find(detail, path)
        if amount is not None and camt_path.currency(amount) == currency:
            return amount
    return None


def _with_detail(
    head: BankTransaction, entry: etree._Element, detail: etree._Element
) -> BankTransaction:
    own = camt_path.account(camt_path.find(entry.getparent(), "Acct"))
    name, number = _counterparty(detail, own, incoming=head.amount_minor >= 0)
    return replace(
        head,
        counterparty=name,
        counterparty_account=number,
        reference=_reference(detail),
        end_to_end_id=_stated(camt_path.text(detail, "Refs/EndToEndId")),
        bank_id=camt_path.text(detail, "Refs/AcctSvcrRef") or head.bank_id,
        text=" ".join(_unique([*_detail_texts(detail), *_entry_texts(entry)])),
        charges=_charges(detail) or head.charges,
        foreign=_foreign(detail, head.currency) or head.foreign,
        line=camt_path.line(detail),
    )


def _counterparty(
    detail: etree._Element, own: str | None, *, incoming: bool
) -> tuple[str | None, str | None]:
    """The debtor of money that came in, the creditor of money that went out.

    Returned payments and some banks state only the other side, or the account itself here: then
    the other side is taken.
    """
    parties = camt_path.find(detail, "RltdPties")
    for role in ("Dbtr", "Cdtr") if incoming else ("Cdtr", "Dbtr"):
        name = camt_path.first(
            parties,
            f"{role}/Nm",
            f"{role}/Pty/Nm",
            f"{role}/Agt/FinInstnId/Nm",
            f"Ultmt{role}/Nm",
            f"Ultmt{role}/Pty/Nm",
        )
        number = camt_path.account(camt_path.find(parties, f"{role}Acct"))
        if (name or number) and (number is None or number != own):
            return name, number
    return None, None


def _reference(detail: etree._Element) -> str | None:
    found = camt_path.first(
        detail,
        "RmtInf/Strd/CdtrRefInf/Ref",
        "RmtInf/Strd/CdtrRefInf/CdtrRef",
        "RmtInf/Strd/RfrdDocInf/Nb",
        "RmtInf/Strd/RfrdDocInf/RfrdDocNb",
        "Refs/MndtId",
        "Refs/ChqNb",
        "Refs/InstrId",
        "Refs/PmtInfId",
    )
    return _stated(found)


def _stated(value: str | None) -> str | None:
    return None if value is None or value.upper() in _NOTHING else value


def _detail_texts(detail: etree._Element) -> Iterator[str]:
    for group in camt_path.children(detail, "RmtInf"):
        for one in camt_path.children(group, "Ustrd"):
            yield camt_path.text(one) or ""
        for structured in camt_path.children(group, "Strd"):
            yield camt_path.text(structured, "AddtlRmtInf") or ""
    yield camt_path.text(detail, "AddtlTxInf") or ""


def _entry_texts(entry: etree._Element) -> Iterator[str]:
    yield camt_path.text(entry, "AddtlNtryInf") or ""


def _entry_text(entry: etree._Element, details: list[etree._Element]) -> str:
    """The words of an entry that stands for several details."""
    found = [*_entry_texts(entry)]
    for detail in details[:20]:
        found.extend(_detail_texts(detail))
    return " ".join(_unique(found))[:4000]


def _unique(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(one for one in texts if one))


def _charges(element: etree._Element) -> str | None:
    for group in camt_path.children(element, "Chrgs"):
        for path in ("TtlChrgsAndTaxAmt", "Amt", "Rcrd/Amt"):
            found = _written(camt_path.find(group, path))
            if found and not found.startswith("0 "):
                return found
    return None


def _foreign(element: etree._Element, currency: str | None) -> str | None:
    """The amount in the currency it was ordered in, where that is another one."""
    for path in ("AmtDtls/InstdAmt/Amt", "AmtDtls/TxAmt/Amt", "Amt"):
        amount = camt_path.find(element, path)
        if camt_path.currency(amount) not in (None, currency):
            return _written(amount)
    return None


def _written(amount: etree._Element | None) -> str | None:
    value, currency = camt_path.text(amount), camt_path.currency(amount)
    return f"{value[:40]} {currency[:3]}" if value and currency else None
