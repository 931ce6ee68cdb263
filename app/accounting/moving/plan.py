"""What an import would do: accounts, contacts and entries of a file, and what speaks against it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.accounting import ledger
from app.accounting.ledger import Book
from app.accounting.moving.accounts import Remembered, Target, targets
from app.accounting.moving.values import Content, Draft, Fault, Part, Settings
from app.accounting.values import Account

ITEMS_AN_ENTRY = 1_900
MOST_TOLD = 200
MOST_MINOR = 10**14


@dataclass(frozen=True, slots=True)
class Books:
    """What of the client's books a plan needs to know."""

    book: Book
    chart: Sequence[Account]
    contacts: AbstractSet[str]
    closed: AbstractSet[int]
    remembered: Mapping[str, Remembered]


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

    @property
    def blocked(self) -> bool:
        """Whether the file as a whole cannot be taken yet."""
        return any(fault.row == 0 and not fault.warning for fault in self.faults)


def make(content: Content, settings: Settings, books: Books) -> Plan:
    """Works out what the file would do to these books."""
    sums = _sums(content)
    found = targets(content.sources.values(), books.chart, books.remembered, sums)
    plan = Plan(settings, content, {one.source.key: one for one in found}, list(content.faults))
    if settings.kind in ("opening", "items"):
        _check_day(plan, books)
    if settings.kind == "opening":
        _opening(plan)
    elif settings.kind == "items":
        _items(plan, books)
    elif settings.kind == "ledger":
        _ledger(plan, books)
    _check_signs(plan, sums)
    return plan


def _sums(content: Content) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    parts = [*content.balances, *(part for entry in content.entries for part in entry.parts)]
    for part in parts:
        found[part.source] += part.amount
    return found


def _check_day(plan: Plan, books: Books) -> None:
    on = plan.settings.on
    if on is None:
        plan.faults.append(Fault(0, "moving-day-missing"))
    elif _closed(on, books):
        plan.faults.append(Fault(0, "period-closed", {"date": str(on)}))


def _closed(day: date, books: Books) -> bool:
    return ledger.period_of(day, books.book.fiscal_start_month) in books.closed


def _opening(plan: Plan) -> None:
    balances = _added_up(plan.content.balances)
    plan.difference = sum(part.amount for part in balances)
    if plan.difference and not plan.settings.suspense:
        params = {"difference_minor": plan.difference}
        plan.faults.append(Fault(0, "opening-unbalanced", params))
    if len(balances) >= ledger.MAX_POSTINGS:
        plan.faults.append(Fault(0, "too-many-postings", {"most": ledger.MAX_POSTINGS}))
    if balances and plan.settings.on is not None:
        plan.entries.append(Draft(balances[0].row, plan.settings.on, "Opening balances", balances))


def _added_up(parts: Iterable[Part]) -> list[Part]:
    """An account that stands in two rows has one balance."""
    rows: dict[str, int] = {}
    sums: dict[str, int] = defaultdict(int)
    for part in parts:
        rows.setdefault(part.source, part.row)
        sums[part.source] += part.amount
    return [Part(rows[key], key, amount) for key, amount in sums.items() if amount]


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


def _entry_fault(entry: Draft, plan: Plan, books: Books) -> Fault | None:
    if _closed(entry.day, books):
        return Fault(entry.row, "period-closed", {"date": str(entry.day)})
    for part in entry.parts:
        if plan.targets[part.source].control and not (part.contact or plan.settings.contact):
            return Fault(part.row, "counterparty-required")
        if abs(part.amount) > MOST_MINOR:
            return Fault(part.row, "amount-too-large")
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
        parts = [[p.source, p.amount, p.contact, p.memo] for p in entry.parts]
        content = json.dumps([str(entry.day), entry.text, parts])
        digest = hashlib.sha256(content.encode()).hexdigest()
        seen[digest] += 1
        found.append(f"moving:{digest}:{seen[digest]}")
    return found


def told(plan: Plan, *, rows: int, contacts: AbstractSet[str]) -> dict[str, Any]:
    """The plan as its page shows it; long lists are cut and counted."""
    content = plan.content
    sums = _sums(content)
    wrong = [entry.fault for entry in plan.refused if entry.fault]
    faults = [*plan.faults, *wrong]
    days = [entry.day for entry in content.entries]
    return {
        "rows": rows,
        "skipped": content.skipped,
        "faults": [_fault_told(fault) for fault in faults[:MOST_TOLD]],
        "faults_total": len(faults),
        "accounts": [_target_told(one, sums) for one in plan.targets.values()],
        "contacts": len(content.contacts),
        "contacts_new": len(content.contacts.keys() - contacts),
        "entries": len(plan.entries),
        "refused": len(plan.refused),
        "items": len(content.items),
        "difference": plan.difference,
        "debit": sum(max(p.amount, 0) for e in plan.entries for p in e.parts)
        or sum(max(item.amount, 0) for item in content.items),
        "first": str(min(days)) if days else None,
        "last": str(max(days)) if days else None,
        "sample": [_entry_told(entry) for entry in plan.entries[:5]] if days else [],
    }


def _fault_told(fault: Fault) -> dict[str, Any]:
    return {
        "row": fault.row,
        "code": fault.code,
        "params": dict(fault.params),
        "warning": fault.warning,
    }


def _target_told(one: Target, sums: Mapping[str, int]) -> dict[str, Any]:
    return {
        "key": one.source.key,
        "source": " ".join(dict.fromkeys(t for t in (one.source.code, one.source.name) if t)),
        "account_id": str(one.account_id) if one.account_id else None,
        "code": one.code,
        "name": one.name,
        "type": one.type,
        "certainty": one.certainty,
        "balance": sums.get(one.source.key, 0),
    }


def _entry_told(entry: Draft) -> dict[str, Any]:
    return {
        "day": str(entry.day),
        "text": entry.text,
        "parts": [[part.source, part.amount, part.contact] for part in entry.parts[:8]],
    }
