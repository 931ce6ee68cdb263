"""Several entries of the books that are one bank line, and several lines that are one entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting.coding import Coding
from app.accounting.reconcile import commands as acts
from app.accounting.reconcile import lines
from app.accounting.reconcile.commands import Done
from app.accounting.reconcile.lines import Decision, HeldLine
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound

MOST = 50


def match_entries(
    *,
    line_id: UUID,
    version: int,
    entry_ids: Sequence[UUID],
    rest: Coding | None = None,
    decision: Decision | None = None,
) -> Done:
    """Says that a line is several entries together; nothing but a fee in `rest` is posted.

    With `rest` one entry is enough: its parts are what the entries leave of the line, and they are
    posted as an entry of the line's own, which taking the line back reverses.

    Raises Invalid (`entries-needed`), NotFound (`entry-unknown`), Conflict (`entry-reversed`,
    `entry-taken`, `entry-amount-differs`) beside what every act on a line raises.
    """
    least = 1 if rest else 2
    if not least <= len(set(entry_ids)) == len(entry_ids) <= MOST:
        raise Invalid.of("entries", "entries-needed", most=MOST)
    line = lines.hold_one(line_id, version)
    beside = 0 if rest is None else -rest.total_minor
    _demand_sum([line], _free_entries(line, entry_ids), beside_minor=beside)
    kept = decision or Decision("person", "entry")
    if rest is None:
        lines.tie(line, entry_ids)
        return acts.finish({line.id: entry_ids[0]}, {line.id: replace(kept, matched=True)}, [line])
    fee = acts.post(replace(line, amount_minor=beside), rest)
    lines.tie(line, [fee.id, *entry_ids])
    return acts.finish({line.id: fee.id}, {line.id: replace(kept, coding=rest)}, [line], entry=fee)


def match_lines(
    *, versions: Mapping[UUID, int | None], entry_id: UUID, decision: Decision | None = None
) -> Done:
    """Says that several lines of one bank account are one entry together; nothing is posted.

    `versions` are the lines with the version the person saw; None takes a line as it stands, where
    what was seen is held otherwise. Raises as `match_entries` does, and Invalid (`lines-needed`,
    `lines-of-one-account`).
    """
    if not 1 < len(versions) <= MOST:
        raise Invalid.of("lines", "lines-needed", most=MOST)
    held = lines.hold(list(versions))
    if len(held) != len(versions):
        raise NotFound
    for line in held.values():
        seen = versions[line.id]
        lines.demand_to_do(line, line.version if seen is None else seen)
    first, *others = held.values()
    if any(one.bank_account_id != first.bank_account_id for one in others):
        raise Invalid.of("lines", "lines-of-one-account")
    _demand_sum([first, *others], _free_entries(first, [entry_id]))
    lines.tie(first, [entry_id])
    kept = replace(decision or Decision("person", "entry"), matched=True)
    return acts.finish(
        dict.fromkeys(held, entry_id),
        {one: replace(kept, share=share) for share, one in enumerate(held, 1)},
        [first, *others],
    )


def _free_entries(line: HeldLine, entry_ids: Sequence[UUID]) -> Sequence[sa.Row[Any]]:
    """What entries move on a line's account, where none is reversed or tied to a line of it."""
    values = {
        "entries": list(entry_ids),
        "account": line.account_id,
        "bank": line.bank_account_id,
    }
    found = session.execute(_ENTRIES, values).all()
    if len(found) != len(entry_ids):
        raise NotFound("entry-unknown")
    if any(one.reversed for one in found):
        raise Conflict("entry-reversed")
    if any(one.taken for one in found):
        raise Conflict("entry-taken")
    return found


def _demand_sum(
    held: Sequence[HeldLine], entries: Sequence[sa.Row[Any]], *, beside_minor: int = 0
) -> None:
    same = {one.currency for one in held} | {one.currency for one in entries}
    total = sum(one.amount_minor for one in held) - beside_minor
    if len(same) > 1 or total != sum(one.amount for one in entries):
        raise Conflict("entry-amount-differs")


_ENTRIES = sa.text(
    "select e.id, sum(p.amount)::bigint as amount, min(p.currency) as currency,"
    " e.kind = 'reversal' or exists (select from ledger.entry r where r.tenant_id = e.tenant_id"
    "   and r.reverses_id = e.id) as reversed,"
    " exists (select from app.bank_transaction t where t.tenant_id = e.tenant_id"
    "   and t.entry_id = e.id and t.bank_account_id = :bank) or exists (select from"
    "   app.bank_line_entry m where m.tenant_id = e.tenant_id and m.bank_account_id = :bank"
    "   and m.entry_id = e.id) as taken"
    " from ledger.entry e join ledger.posting p on p.tenant_id = e.tenant_id"
    "   and p.entry_id = e.id and p.account_id = :account"
    " where e.tenant_id = (select guard.tenant_id()) and e.id = any(:entries)"
    " group by e.tenant_id, e.id, e.kind"
).bindparams(sa.bindparam("entries", type_=ARRAY(sa.Uuid())))
