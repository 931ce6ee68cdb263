"""Bank lines under decision: locking them in order, saying what was decided, letting go again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.accounting.coding import BankSide, Coding, Part
from app.kernel import money, people, usage
from app.kernel.db import session
from app.kernel.errors import Conflict, Locked, NotFound

METER = "bank_line"
MAX_TEXT = 400

By = Literal["person", "suggestion", "certain_batch"]
As = Literal["coding", "entry", "open_item", "transfer", "rule", "memory", "skip"]


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A bank line locked in this transaction, as it stands now."""

    id: UUID
    version: int
    state: str
    status: str
    booked_on: dt.date
    amount_minor: int
    currency: str
    bank_account_id: UUID
    account_id: UUID
    account_name: str
    counterparty: str | None
    counterparty_account: str | None
    text: str
    reference: str | None
    bank_id: str | None
    entry_id: UUID | None
    matched: bool
    allocation_id: UUID | None
    metered_version: int | None
    decided_by_id: UUID | None
    decided_at: dt.datetime | None

    @property
    def described(self) -> str:
        """What the entry of this line says: who, what for."""
        parts = [part for part in (self.counterparty, self.text) if part]
        text = " · ".join(parts)[:MAX_TEXT]
        return text or self.reference or self.bank_id or self.account_name

    @property
    def side(self) -> BankSide:
        """The bank's side of an entry that explains this line."""
        return BankSide(self.account_id, self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is kept of how a line was decided; `reason` is why a machine had guessed it."""

    by: By
    kind: As
    rule_id: UUID | None = None
    coding: Coding | None = None
    reason: Mapping[str, Any] | None = None
    matched: bool = False
    allocation_id: UUID | None = None
    share: int = 1
    """Which of the lines that make up one entry together this one is, from 1."""


def hold(line_ids: Sequence[UUID]) -> dict[UUID, HeldLine]:
    """Locks lines, always in the order of their ids so that two people wait and never deadlock."""
    rows = session.execute(_HOLD, {"ids": sorted(set(line_ids))})
    return {row.id: HeldLine(**row._mapping) for row in rows}


def hold_one(line_id: UUID, version: int) -> HeldLine:
    """Locks one line to be decided; raises NotFound and Conflict as `demand` does."""
    found = hold([line_id]).get(line_id)
    if found is None:
        raise NotFound
    demand_to_do(found, version)
    return found


def demand(line: HeldLine, version: int) -> None:
    """Refuses a version that is no longer the line's, with who decided it and when."""
    if line.version != version:
        raise changed(line)


def demand_to_do(line: HeldLine, version: int) -> None:
    """Refuses a line that is decided already, or that the bank has not booked yet."""
    demand(line, version)
    if line.state != "to_do":
        raise Conflict("bank-line-booked")
    if line.status != "booked":
        raise Conflict("bank-line-pending")


def changed(line: HeldLine) -> Conflict:
    """Somebody was faster: who and when, as far as the line says it."""
    if line.decided_by_id is None or line.decided_at is None:
        return Conflict("changed-meanwhile")
    who = people.names([line.decided_by_id]).get(line.decided_by_id, "")
    return Conflict("bank-line-decided", who=who, at=line.decided_at.isoformat(), state=line.state)


def decide(entries: Mapping[UUID, UUID], decisions: Mapping[UUID, Decision]) -> None:
    """Marks locked lines as booked by these entries, and meters each; one statement for all.

    Raises Conflict (entry-amount-differs, somebody-else-was-first) from the database's own checks.
    """
    rows = [
        {"id": str(line_id), "entry": str(entry_id), **_written(decisions[line_id])}
        for line_id, entry_id in entries.items()
    ]
    done = session.execute(_BOOK, {"rows": rows}).all()
    if len(done) != len(rows):
        raise Conflict("changed-meanwhile")


def meter(lines: Sequence[HeldLine]) -> None:
    """Counts each line once for the version it was decided at; one statement for all."""
    rows = [
        {
            "key": usage_key(line.id, line.version),
            "id": str(line.id),
            "title": line.described[:120],
        }
        for line in lines
    ]
    session.execute(_METER, {"meter": METER, "rows": rows})


def demand_open(line: HeldLine) -> None:
    """Refuses to let a decided line go whose month, or whose entry's, is closed.

    Raises Locked (bank-line-month-closed); the database holds the same at the commit.
    """
    if session.execute(_CLOSED, {"id": line.id}).scalar_one():
        raise Locked("bank-line-month-closed", date=line.booked_on.isoformat())


def tie(line: HeldLine, entry_ids: Sequence[UUID]) -> None:
    """Says that entries which are there already are this line's: each once on its bank account.

    Raises Conflict from the database where somebody else was faster.
    """
    values = {"bank": line.bank_account_id, "line": line.id, "entries": list(entry_ids)}
    session.execute(_TIE, values)


def skip(line: HeldLine, why: str | None) -> None:
    """Sets a locked line aside: it needs no entry, or not now."""
    session.execute(_SKIP, {"id": line.id, "why": why})


def free(*lines: HeldLine) -> None:
    """Brings locked lines back to do together, forgets the decision and voids their use."""
    ids = {"ids": [line.id for line in lines]}
    session.execute(_FREE, ids)
    for line in lines:
        if line.metered_version is not None:
            usage.void(usage_key(line.id, line.metered_version), reason="undone")


def tied_to(entry_id: UUID) -> list[HeldLine]:
    """Locks every line that an entry explains, alone or with others: often one."""
    ids = session.execute(_TIED, {"entry": entry_id}).scalars().all()
    found = hold(ids)
    still = set(session.execute(_TIED, {"entry": entry_id}).scalars())
    return [line for line in found.values() if line.id in still]


@dataclass(frozen=True, slots=True)
class ToDo:
    """A line to do as it stands in the order of days."""

    id: UUID
    version: int
    booked_on: dt.date


def first_to_do(
    bank_account_id: UUID, limit: int, *, after: tuple[dt.date, UUID] | None = None
) -> list[ToDo]:
    """The oldest lines to do of a bank account, of those after a day and id."""
    on, line_id = after or (dt.date.min, UUID(int=0))
    values = {"account": bank_account_id, "limit": limit, "on": on, "id": line_id}
    return [ToDo(**row._mapping) for row in session.execute(_FIRST, values)]


def last_coding(bank_account_id: UUID, like: UUID | None = None) -> Coding | None:
    """The coding of a line, or of the acting person's last one on a bank account."""
    statement = _CODING_OF if like is not None else _LAST_CODING
    found = session.execute(statement, {"account": bank_account_id, "id": like})
    return read_coding(found.scalar_one_or_none())


def usage_key(line_id: UUID, version: int) -> str:
    """A line undone and booked again is metered anew, so its version is part of the key."""
    return f"bank-line:{line_id}:{version}"


def written_coding(coding: Coding) -> list[dict[str, Any]]:
    """A coding as it is kept: one object a part, without what is empty."""
    return [
        {
            name: str(value) if isinstance(value, UUID) else value
            for name in _PART_FIELDS
            if (value := getattr(part, name)) is not None
        }
        for part in coding.parts
    ]


def read_coding(parts: Sequence[Mapping[str, Any]] | None) -> Coding | None:
    """A kept coding; None where there is none."""
    if not parts:
        return None
    return Coding(tuple(_part(one) for one in parts))


def resized(coding: Coding, total_minor: int) -> Coding:
    """The same coding for a line of another amount: parts in proportion, adding up exactly."""
    weights = [abs(part.amount_minor) for part in coding.parts]
    signs = {part.amount_minor > 0 for part in coding.parts}
    if len(signs) > 1:
        raise Conflict("split-not-repeatable")
    amounts = money.split(total_minor, weights)
    return Coding(
        tuple(
            replace(part, amount_minor=amount)
            for part, amount in zip(coding.parts, amounts, strict=True)
            if amount
        )
    )


def _part(kept: Mapping[str, Any]) -> Part:
    ids = {
        name: UUID(kept[name])
        for name in ("account_id", "dim1_id", "dim2_id", "counterparty_id")
        if kept.get(name)
    }
    return Part(
        account_id=ids["account_id"],
        amount_minor=int(kept["amount_minor"]),
        currency=kept["currency"],
        tax_code=kept.get("tax_code"),
        dim1_id=ids.get("dim1_id"),
        dim2_id=ids.get("dim2_id"),
        counterparty_id=ids.get("counterparty_id"),
        memo=kept.get("memo"),
    )


def _written(decision: Decision) -> dict[str, Any]:
    return {
        "by": decision.by,
        "kind": decision.kind,
        "rule": None if decision.rule_id is None else str(decision.rule_id),
        "coding": None if decision.coding is None else written_coding(decision.coding),
        "reason": None if decision.reason is None else json.loads(_json(decision.reason)),
        "matched": decision.matched,
        "share": decision.share,
        "allocation": None if decision.allocation_id is None else str(decision.allocation_id),
    }


def _json(value: Any) -> str:
    return json.dumps(value, default=str)


_PART_FIELDS = tuple(one.name for one in fields(Part))
_TENANT = "tenant_id = (select guard.tenant_id())"
_HOLD = sa.text(
    "select t.id, t.version, t.state, t.status, t.booked_on, t.amount_minor, t.currency,"
    " t.bank_account_id, a.account_id, a.name as account_name, t.counterparty,"
    " t.counterparty_account, t.text,"
    " t.reference, t.bank_id, t.entry_id, t.matched, t.allocation_id, t.metered_version,"
    " t.decided_by_id, t.decided_at from app.bank_transaction t"
    " join app.bank_account a on a.tenant_id = t.tenant_id and a.id = t.bank_account_id"
    " where t.tenant_id = (select guard.tenant_id()) and t.id = any(:ids)"
    " order by t.id for update of t"
).bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))
_TIED = sa.text(
    f"select id from app.bank_transaction where {_TENANT} and entry_id = :entry"
    f" union select line_id from app.bank_line_entry where {_TENANT} and entry_id = :entry"
)
_TIE = sa.text(
    "insert into app.bank_line_entry (tenant_id, bank_account_id, entry_id, line_id)"
    " select (select guard.tenant_id()), :bank, x, :line from unnest(:entries) x"
).bindparams(sa.bindparam("entries", type_=ARRAY(sa.Uuid())))
_BOOK = sa.text(
    "update app.bank_transaction t set state = 'booked', entry_id = x.entry,"
    " metered_version = t.version, version = t.version + 1, decided_by = x.by,"
    " decided_as = x.kind, decided_by_id = (select guard.user_id()), decided_at = now(),"
    " rule_id = x.rule, coding = x.coding, reason = x.reason, matched = x.matched,"
    " allocation_id = x.allocation, entry_share = x.share"
    " from jsonb_to_recordset(:rows) as x(id uuid, entry uuid, by text, kind text, rule uuid,"
    " coding jsonb, reason jsonb, matched boolean, allocation uuid,"
    " share smallint)"
    " where t.tenant_id = (select guard.tenant_id()) and t.id = x.id and t.state = 'to_do'"
    " returning t.id"
).bindparams(sa.bindparam("rows", type_=JSONB()))
_METER = sa.text(
    "select app.record_usage(:meter, 1, 'line', x.key, 'bank_transaction', x.id, x.title,"
    " 'accounting', null) from jsonb_to_recordset(:rows) as x(key text, id uuid, title text)"
).bindparams(sa.bindparam("rows", type_=JSONB()))
_FIRST = sa.text(
    f"select id, version, booked_on from app.bank_transaction where {_TENANT}"
    " and state = 'to_do' and status = 'booked' and bank_account_id = :account"
    " and (booked_on, id) > (cast(:on as date), cast(:id as uuid))"
    " order by booked_on, id limit :limit"
)
_CODING_OF = sa.text(
    f"select coding from app.bank_transaction where {_TENANT} and id = :id"
    " and bank_account_id = :account and decided_as in ('coding', 'rule', 'memory')"
)
_LAST_CODING = sa.text(
    f"select coding from app.bank_transaction where {_TENANT} and bank_account_id = :account"
    " and decided_by_id = (select guard.user_id()) and decided_at is not null"
    " and decided_as in ('coding', 'rule', 'memory') order by decided_at desc, id desc limit 1"
)
_CLOSED = sa.text(
    "select exists (select from app.bank_transaction t join ledger.period p"
    " on p.tenant_id = t.tenant_id and p.state = 'closed'"
    " and (t.booked_on between p.starts and p.ends or p.id = (select e.period_id"
    "  from ledger.entry e where e.tenant_id = t.tenant_id and e.id = t.entry_id))"
    " where t.tenant_id = (select guard.tenant_id()) and t.id = :id)"
)
_SKIP = sa.text(
    "update app.bank_transaction set state = 'skipped', version = version + 1,"
    " decided_by = 'person', decided_as = 'skip', decided_by_id = (select guard.user_id()),"
    f" decided_at = now(), skipped_why = :why where {_TENANT} and id = :id"
)
_FREE = sa.text(
    "update app.bank_transaction set state = 'to_do', entry_id = null, version = version + 1,"
    " decided_by = null, decided_as = null, decided_by_id = null, decided_at = null,"
    " rule_id = null, coding = null, reason = null, matched = false, allocation_id = null,"
    " metered_version = null, skipped_why = null, entry_share = 1"
    f" where {_TENANT} and id = any(:ids)"
).bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))
