"""What an import would do: accounts, contacts and entries of a file, and what speaks against it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date

from app.accounting import ledger
from app.accounting.ledger import Book
from app.accounting.moving import taxes as moving_taxes
from app.accounting.moving.accounts import Remembered, Target, targets
from app.accounting.moving.taxes import Side, TaxTarget
from app.accounting.moving.values import Content, Draft, Fault, Part, Settings
from app.accounting.values import Account, TaxCode

ITEMS_AN_ENTRY = 1_900
MOST_MINOR = 10**14


@dataclass(frozen=True, slots=True)
class Books:
    """What of the client's books a plan needs to know."""

    book: Book
    chart: Sequence[Account]
    contacts: AbstractSet[str]
    closed: AbstractSet[int]
    remembered: Mapping[str, Remembered]
    tax_codes: Sequence[TaxCode] = ()
    remembered_taxes: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """An import before it is done: `entries` that can be held, `refused` with their reasons."""

    settings: Settings
    content: Content
    targets: dict[str, Target]
    faults: list[Fault] = field(default_factory=list)
    entries: list[Draft] = field(default_factory=list)
    refused: list[Draft] = field(default_factory=list)
    difference: int = 0
    taxes: dict[tuple[str, Side], TaxTarget] = field(default_factory=dict)

    @property
    def blocked(self) -> bool:
        """Whether the file as a whole cannot be taken yet."""
        return any(fault.row == 0 and not fault.warning for fault in self.faults)


def make(content: Content, settings: Settings, books: Books) -> Plan:
    """Works out what the file would do to these books."""
    sums = sums_of(content)
    found = targets(content.sources.values(), books.chart, books.remembered, sums)
    plan = Plan(settings, content, {one.source.key: one for one in found}, list(content.faults))
    _give_currencies(plan, books.book.base_currency)
    _name_people(plan)
    if settings.kind in ("opening", "items"):
        _check_day(plan, books)
    if settings.kind == "opening":
        _opening(plan, books.book.base_currency)
    elif settings.kind == "items":
        _items(plan, books)
    elif settings.kind == "ledger":
        _ledger(plan, books)
        _taxes(plan, books)
    elif settings.kind == "chart":
        _default_taxes(plan, books)
    _check_signs(plan, sums)
    return plan


def sums_of(content: Content) -> dict[str, int]:
    """Balances in base by source key."""
    found: dict[str, int] = defaultdict(int)
    for part in _parts(content):
        found[part.source] += part.amount
    return found


def foreign_sums(content: Content) -> dict[str, dict[str, int]]:
    """Balances in other currencies by source key."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for part in _parts(content):
        if part.currency:
            found[part.source][part.currency] += part.foreign
    return found


def _check_day(plan: Plan, books: Books) -> None:
    on = plan.settings.on
    if on is None:
        plan.faults.append(Fault(0, "moving-day-missing"))
    elif _closed(on, books):
        plan.faults.append(Fault(0, "period-closed", {"date": str(on)}))


def _closed(day: date, books: Books) -> bool:
    return ledger.period_of(day, books.book.fiscal_start_month) in books.closed


def _parts(content: Content) -> Iterator[Part]:
    yield from content.balances
    for entry in content.entries:
        yield from entry.parts


def _give_currencies(plan: Plan, home: str) -> None:
    """A new bank account keeps the one currency that all its rows are in."""
    kept: dict[str, set[str]] = defaultdict(set)
    for part in _parts(plan.content):
        kept[part.source].add(part.currency)
    for key, one in plan.targets.items():
        currencies = kept.get(key, set())
        if one.account_id is None and one.subtype == "bank" and len(currencies) == 1:
            plan.targets[key] = replace(one, currency=max(currencies) or None)
    for parts in (plan.content.balances, *(entry.parts for entry in plan.content.entries)):
        for place, part in enumerate(parts):
            if part.currency and plan.targets[part.source].currency == home:
                parts[place] = replace(part, currency="", foreign=0)


def _name_people(plan: Plan) -> None:
    """Postings on a personal account are of the person it is named after."""
    for parts in (plan.content.balances, *(entry.parts for entry in plan.content.entries)):
        for place, part in enumerate(parts):
            name = plan.targets[part.source].contact[:200]
            if name and not part.contact:
                parts[place] = replace(part, contact=name)
                plan.content.contacts.setdefault(name.casefold(), name)


def _currency_fault(part: Part, target: Target, home: str) -> Fault | None:
    """An account that keeps another currency takes no other."""
    fixed = target.currency
    if fixed is None or fixed == (part.currency or home):
        return None
    other = part.currency or home
    params = {"account": target.code, "currency": fixed, "other": other, "row": part.row}
    return Fault(part.row, "moving-account-currency", params)


def _taxes(plan: Plan, books: Books) -> None:
    counted = Counter(
        (part.tax, side_of(plan, entry, part))
        for entry in plan.entries
        for part in entry.parts
        if part.tax
    )
    plan.taxes = moving_taxes.tax_targets(counted, books.tax_codes, books.remembered_taxes)


def _default_taxes(plan: Plan, books: Books) -> None:
    """What accounts are coded with by default; control and tax accounts have none."""
    counted = Counter(
        (one.source.tax, moving_taxes.side_of(one.type, ()))
        for one in plan.targets.values()
        if one.source.tax and not one.control
    )
    plan.taxes = moving_taxes.tax_targets(counted, books.tax_codes, books.remembered_taxes)


def default_tax_of(plan: Plan, one: Target) -> str | None:
    """The tax code that an account of a chart is coded with, by what was shown and decided."""
    if not one.source.tax or one.control:
        return None
    found = plan.taxes.get((one.source.tax, moving_taxes.side_of(one.type, ())))
    return found.code if found else None


def side_of(plan: Plan, entry: Draft, part: Part) -> Side:
    """On which side a posting's tax stands."""
    others = (plan.targets[other.source].type for other in entry.parts)
    return moving_taxes.side_of(plan.targets[part.source].type, others)


def tax_code_of(plan: Plan, entry: Draft, part: Part) -> str | None:
    """The tax code that a posting carries, by what was shown and decided."""
    found = plan.taxes.get((part.tax, side_of(plan, entry, part))) if part.tax else None
    return found.code if found else None


def _opening(plan: Plan, home: str) -> None:
    balances = _added_up(plan.content.balances)
    for part in balances:
        fault = _currency_fault(part, plan.targets[part.source], home)
        if fault:
            plan.faults.append(Fault(0, fault.code, fault.params))
    plan.difference = sum(part.amount for part in balances)
    if plan.difference and not plan.settings.suspense:
        params = {"difference_minor": plan.difference}
        plan.faults.append(Fault(0, "opening-unbalanced", params))
    if len(balances) >= ledger.MAX_POSTINGS:
        plan.faults.append(Fault(0, "too-many-postings", {"most": ledger.MAX_POSTINGS}))
    if balances and plan.settings.on is not None:
        plan.entries.append(Draft(balances[0].row, plan.settings.on, "Opening balances", balances))


def _added_up(parts: Iterable[Part]) -> list[Part]:
    """One balance a contact and currency of an account, where it stands in two rows; items with a
    reference of their own stay apart."""
    found: dict[object, Part] = {}
    for part in parts:
        key = (part.source, part.contact.casefold(), part.currency, part.reference)
        known = found.get(key)
        found[key] = (
            part
            if known is None
            else replace(
                known, amount=known.amount + part.amount, foreign=known.foreign + part.foreign
            )
        )
    return [part for part in found.values() if part.amount or part.foreign]


def _items(plan: Plan, books: Books) -> None:
    control = next((a for a in books.chart if a.control == plan.settings.control), None)
    if control is None:
        plan.faults.append(Fault(0, "control-missing", {"control": plan.settings.control}))
    if not plan.content.items:
        plan.faults.append(Fault(0, "moving-nothing"))
    plan.difference = sum(item.amount for item in plan.content.items)


def _ledger(plan: Plan, books: Books) -> None:
    for entry in plan.content.entries:
        entry.fault = entry.fault or _entry_fault(entry, plan, books)
        (plan.refused if entry.fault else plan.entries).append(entry)
    if not plan.content.entries:
        plan.faults.append(Fault(0, "moving-nothing"))
    elif not plan.entries:
        plan.faults.append(Fault(0, "moving-none-held", {"n": len(plan.refused)}))


def _entry_fault(entry: Draft, plan: Plan, books: Books) -> Fault | None:
    if _closed(entry.day, books):
        return Fault(entry.row, "period-closed", {"date": str(entry.day)})
    for part in entry.parts:
        if plan.targets[part.source].control and not (part.contact or plan.settings.contact):
            return Fault(part.row, "counterparty-required")
        if max(abs(part.amount), abs(part.foreign)) > MOST_MINOR:
            return Fault(part.row, "amount-too-large")
        wrong = _currency_fault(part, plan.targets[part.source], books.book.base_currency)
        if wrong:
            return wrong
    return None


def _check_signs(plan: Plan, sums: Mapping[str, int]) -> None:
    """Assets and costs stand on the debit side, debts and income on the credit side."""
    if plan.settings.sure or plan.settings.kind not in ("opening", "ledger"):
        return
    by_type: Counter[str] = Counter()
    for key, amount in sums.items():
        by_type[plan.targets[key].type] += amount
    natural = {"asset": 1, "expense": 1, "liability": -1, "equity": -1, "income": -1}
    votes = [natural[type_] * amount for type_, amount in by_type.items() if amount]
    wrong = sum(1 for vote in votes if vote < 0)
    if wrong >= 2 and wrong * 2 > len(votes):
        plan.faults.append(Fault(0, "signs-flipped"))


def keys(entries: Sequence[Draft]) -> list[str]:
    """A key for each entry by its content: true twins in one file differ by their count, and the
    same entry in another file is the same thing."""
    seen: Counter[str] = Counter()
    found = []
    for entry in entries:
        parts = [
            [p.source, p.amount, p.contact, p.memo, *([p.currency, p.foreign] * bool(p.currency))]
            for p in entry.parts
        ]
        content = json.dumps([str(entry.day), entry.text, parts])
        digest = hashlib.sha256(content.encode()).hexdigest()
        seen[digest] += 1
        found.append(f"moving:{digest}:{seen[digest]}")
    return found
