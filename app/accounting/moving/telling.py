"""A plan as its page and the API show it."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from app.accounting.moving.accounts import Target
from app.accounting.moving.plan import Plan, foreign_sums, sums_of
from app.accounting.moving.taxes import TaxTarget
from app.accounting.moving.values import Draft, Fault

MOST_TOLD = 200


def told(plan: Plan, *, rows: int, contacts: AbstractSet[str]) -> dict[str, Any]:
    """The plan as its page shows it; long lists are cut and counted."""
    content = plan.content
    sums, foreign = sums_of(content), foreign_sums(content)
    wrong = [entry.fault for entry in plan.refused if entry.fault]
    faults = [*plan.faults, *wrong]
    days = [entry.day for entry in content.entries]
    return {
        "rows": rows,
        "skipped": content.skipped,
        "faults": [_fault_told(fault) for fault in faults[:MOST_TOLD]],
        "faults_total": len(faults),
        "accounts": [_target_told(one, sums, foreign) for one in plan.targets.values()],
        "contacts": len(content.contacts),
        "contacts_new": len(content.contacts.keys() - contacts),
        "entries": len(plan.entries),
        "refused": len(plan.refused),
        "items": len(content.items),
        "rounding": _rounding(plan),
        "taxes": [_tax_told(one) for one in plan.taxes.values()],
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


def _rounding(plan: Plan) -> dict[str, int]:
    """How many entries missed their balance by rounding, and by how much in all."""
    off = [abs(entry.rounding) for entry in plan.entries if entry.rounding]
    return {"entries": len(off), "minor": sum(off)}


def _tax_told(one: TaxTarget) -> dict[str, Any]:
    return {
        "key": one.key,
        "source": one.source,
        "side": one.side,
        "code": one.code,
        "certainty": one.certainty,
        "postings": one.postings,
    }


def _target_told(
    one: Target, sums: Mapping[str, int], foreign: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    return {
        "key": one.source.key,
        "source": " ".join(dict.fromkeys(t for t in (one.source.code, one.source.name) if t)),
        "account_id": str(one.account_id) if one.account_id else None,
        "code": one.code,
        "name": one.name,
        "type": one.type,
        "certainty": one.certainty,
        "balance": sums.get(one.source.key, 0),
        "foreign": dict(foreign.get(one.source.key, {})),
    }


def _entry_told(entry: Draft) -> dict[str, Any]:
    return {
        "day": str(entry.day),
        "text": entry.text,
        "parts": [
            [part.source, part.amount, part.contact, part.currency, part.foreign]
            for part in entry.parts[:8]
        ],
    }
