"""Finds a file's accounts in the chart by code, name and type, or proposes to make them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from rapidfuzz import fuzz, process

from app.accounting.moving.values import Source
from app.accounting.values import Account

Certainty = Literal["certain", "likely", "new", "unsure"]
LIKELY = 88
"""How alike two names must be, of 100, before one is proposed for the other."""

# Words of account types as packages write them, and the section of our reports they mean.
_TYPES = (
    (r"bank|cash|kasse|giro|caisse|banque|banco|caja|liquid", "asset", "bank"),
    (r"debtors|receivable|forderung|créances|clientes|crediti|debiteuren", "asset", None),
    (r"fixed|property|equipment|anlage|immobilis|inmoviliz|depreciat.*accum", "asset", None),
    (r"creditors|payable|verbindlich|dettes|proveedores|debiti|crediteuren", "liability", None),
    (r"cost of (sales|goods)|cogs|direct|wareneinsatz|material|achats", "expense", "cost_of_sales"),
    (r"equity|capital|eigenkapital|kapital|reserves|retained|patrimonio|eigen vermogen", "equity",
     None),
    (r"liabil|loan|darlehen|steuer(?!ber)|vat|accrual|rückstellung|passif|pasivo|schuld|tax due",
     "liability", None),
    (r"income|revenue|sales|erlös|ertrag|umsatz|produits|ingresos|ricavi|omzet|turnover",
     "income", None),
    (r"expense|cost|overhead|aufwand|kosten|charges|gastos|costi|depreciation|wages|rent|miete|lohn",
     "expense", None),
    (r"asset|aktiv|actif|activo|attiv|inventory|stock|prepay|vorrat|debtor", "asset", None),
)  # fmt: skip
# Names of the accounts that hold what customers owe and what is owed to suppliers.
_CONTROLS = (
    ("receivable", re.compile(
        r"(accounts|trade) receivables?|(trade )?debtors( control( account)?)?|"
        r"(sales|debtors?|customers?) (ledger )?control( account)?|debitoren|debiteuren|"
        r"forderungen (aus|a) (lieferungen und leistungen|lul|l l).*|créances clients|clients|"
        r"clientes|crediti verso clienti|kundefordringer|kundfordringar")),
    ("payable", re.compile(
        r"(accounts|trade) payables?|(trade )?creditors( control( account)?)?|"
        r"(purchase|creditors?|suppliers?) (ledger )?control( account)?|kreditoren|crediteuren|"
        r"verbindlichkeiten (aus|a) (lieferungen und leistungen|lul|l l).*|fournisseurs|"
        r"proveedores|debiti verso fornitori|leverandørgjeld|leverantörsskulder")),
)  # fmt: skip
_PLAIN = re.compile(r"[^0-9a-zà-ÿß]+")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a file's account goes: an account of the chart, or a new one of this type."""

    source: Source
    account_id: UUID | None
    code: str
    name: str
    type: str
    subtype: str | None
    certainty: Certainty
    archived: bool = False
    control: str | None = None
    currency: str | None = None
    contact: str = ""
    """Whose personal account it is, where the file keeps one a customer or supplier."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What somebody decided before: an account of the chart, or the type of a new one."""

    account_id: UUID | None
    type: str | None


def plain(text: str) -> str:
    """A name without case and signs."""
    return _PLAIN.sub(" ", text.casefold()).strip()


def type_of(words: str, code: str = "") -> tuple[str, str | None] | None:
    """Type and report section that the words tell of; by the code's first digit as a last resort,
    as most charts of Europe and America number their classes."""
    text = words.casefold()
    for pattern, type_, subtype in _TYPES:
        if re.search(pattern, text):
            return type_, subtype
    by_digit = {"1": "asset", "2": "liability", "3": "equity", "4": "income", "5": "expense",
                "6": "expense", "7": "expense", "8": "expense"}  # fmt: skip
    found = by_digit.get(code[:1]) if len(code) in (3, 4, 5) else None
    return (found, None) if found else None


def targets(
    sources: Iterable[Source],
    chart: Sequence[Account],
    remembered: Mapping[str, Remembered],
    balances: Mapping[str, int],
) -> list[Target]:
    """Where each account goes; `balances` by source key help to tell asset from liability."""
    by_id = {one.id: one for one in chart}
    by_code = {one.code.casefold(): one for one in chart}
    by_name = {plain(one.name): one for one in chart}
    controls = {one.control: one for one in chart if one.control and not one.archived}
    listed = list(sources)
    people = _personal(listed, by_code)
    found, taken = [], {one.code.casefold() for one in chart}
    for source in listed:
        said, whose = remembered.get(source.key), people.get(source.key)
        if said is not None and said.account_id in by_id:
            found.append(_known(source, by_id[said.account_id], "certain", whose))
            continue
        if said is None and whose and whose in controls:
            found.append(_known(source, controls[whose], "likely", whose))
            continue
        same = None if said is not None and said.type else _same(source, by_code, by_name)
        if said is None and same is None and (control := _control(source)) in controls:
            same = controls[control], "likely"
        if same is not None:
            found.append(_known(source, *same))
            continue
        one = _new(source, said.type if said else None, balances.get(source.key, 0), taken)
        taken.add(one.code.casefold())
        found.append(one)
    return found


def _control(source: Source) -> str | None:
    """Which control account the words of an account tell of."""
    for text in map(plain, (source.name, source.type)):
        for control, pattern in _CONTROLS:
            if pattern.fullmatch(text):
                return control
    return None


def _personal(sources: Sequence[Source], by_code: Mapping[str, Account]) -> dict[str, str]:
    """Accounts of single customers and suppliers by key, with the control account they belong to.

    Charts of four digits keep them with five: 10000 to 69999 customers, 70000 to 99999 suppliers.
    """
    if not any(re.fullmatch(r"\d{4}", one.code) for one in sources):
        return {}
    return {
        one.key: "receivable" if one.code < "70000" else "payable"
        for one in sources
        if re.fullmatch(r"[1-9]\d{4}", one.code) and one.code not in by_code
    }


def _known(
    source: Source, account: Account, certainty: Certainty, whose: str | None = None
) -> Target:
    return Target(
        source,
        account.id,
        account.code,
        account.name,
        account.type,
        account.subtype,
        certainty,
        account.archived,
        account.control,
        account.currency,
        (source.name or source.code) if whose and whose == account.control else "",
    )


def _same(
    source: Source, by_code: Mapping[str, Account], by_name: Mapping[str, Account]
) -> tuple[Account, Certainty] | None:
    """The same code with a like name, else the same name, else a very similar one of the type."""
    name = plain(source.name)
    here = by_code.get(source.code.casefold()) if source.code else None
    if here is not None:
        alike = fuzz.token_set_ratio(name, plain(here.name))
        if not name or source.name == source.code or alike >= 60:
            return here, "certain"
    if name in by_name:
        return by_name[name], "certain"
    best = process.extractOne(name, by_name.keys(), scorer=fuzz.token_sort_ratio) if name else None
    if best is not None and best[1] >= LIKELY:
        account = by_name[best[0]]
        told = type_of(source.type) if source.type else None
        if told is None or told[0] == account.type:
            return account, "likely"
    return None


def _new(source: Source, type_: str | None, balance: int, taken: set[str]) -> Target:
    guessed = type_of(source.type, "") if source.type else None
    guessed = guessed or type_of(source.name, source.code)
    certainty: Certainty = "new" if guessed or type_ else "unsure"
    kind, subtype = guessed or ("asset" if balance >= 0 else "liability", None)
    if type_ is not None and type_ != kind:
        kind, subtype = type_, None
    code = _free(source, kind, taken)
    return Target(source, None, code, source.name or source.code, kind, subtype, certainty)


_STARTS = {"asset": 1900, "liability": 2900, "equity": 3900, "income": 4900, "expense": 6900}


def _free(source: Source, kind: str, taken: set[str]) -> str:
    """The file's own code where it is free and fit, else the next free one of the type."""
    code = source.code.strip()
    if re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.\-]{0,19}", code) and code.casefold() not in taken:
        return code
    number = _STARTS[kind]
    while str(number) in taken:
        number += 1
    return str(number)
