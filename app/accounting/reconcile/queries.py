"""The lines of one bank account as the Reconcile screen shows them, by tab."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting.coding import Coding
from app.accounting.matching.values import Line
from app.accounting.reconcile import papers
from app.accounting.reconcile.lines import read_coding
from app.kernel import paging
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.kernel.money import Money

Tab = Literal["to_do", "certain", "papers", "asked", "pending", "skipped", "done"]
TABS: tuple[Tab, ...] = ("to_do", "certain", "papers", "asked", "pending", "skipped", "done")


@dataclass(frozen=True, slots=True)
class ReconcileLine:
    """A bank line with what was decided about it; `decided_by` is empty while it is to do."""

    id: UUID
    version: int
    bank_account_id: UUID
    account_id: UUID
    booked_on: date
    value_on: date | None
    amount_minor: int
    currency: str
    status: str
    state: str
    counterparty: str | None
    counterparty_account: str | None
    text: str
    reference: str | None
    end_to_end_id: str | None
    party_key: str | None
    entry_id: UUID | None
    decided_by: str | None
    decided_as: str | None
    decided_by_id: UUID | None
    decided_at: datetime | None
    rule_id: UUID | None
    reason: dict[str, Any] | None
    matched: bool
    skipped_why: str | None
    coding: Coding | None
    kept: Coding | None
    kept_by_id: UUID | None
    kept_at: datetime | None

    @property
    def amount(self) -> Money:
        """Positive for money into the account."""
        return Money(self.amount_minor, self.currency)

    @property
    def title(self) -> str:
        """What a person recognises the line by."""
        return self.counterparty or self.text or self.reference or "–"

    @property
    def rest(self) -> str:
        """What the bank says beside the title."""
        return self.text if self.counterparty else ""

    @property
    def is_kept(self) -> bool:
        """Whether somebody coded it while it was pending, if by no part."""
        return self.kept_at is not None

    def to_match(self) -> Line:
        """The line as suggestions are worked out for it."""
        return Line(
            self.id,
            self.bank_account_id,
            self.account_id,
            self.booked_on,
            self.amount_minor,
            self.currency,
            self.counterparty,
            self.counterparty_account,
            self.reference,
            self.end_to_end_id,
            self.text,
            self.party_key,
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines of a bank account; `ids` narrows to those given, `group` puts payees together."""

    bank_account_id: UUID
    tab: Tab = "to_do"
    ids: Sequence[UUID] | None = None
    group: bool = False
    text: str | None = None


def page(
    wanted: Wanted, *, after: str | None = None, limit: int = 100
) -> paging.Page[ReconcileLine]:
    """A page of lines by keyset: what is to do oldest first, what is done newest first."""
    limit = paging.clamp(limit)
    order, readers = _order(wanted)
    keys = paging.keys(after, *readers.values())
    where, values = _where(wanted)
    if keys:
        where.append(_after(wanted))
        values |= dict(zip(readers, keys, strict=True))
    statement = sa.text(f"{_LINE}{''.join(f' and {one}' for one in where)}{order} limit :limit")
    if wanted.ids is not None:
        statement = statement.bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))
    rows = session.execute(statement, values | {"limit": limit + 1})
    return paging.page([_read(row) for row in rows], limit=limit, key=_key(wanted))


def line(line_id: UUID) -> ReconcileLine:
    """One line; raises NotFound."""
    row = session.execute(sa.text(f"{_LINE} and t.id = :id"), {"id": line_id}).one_or_none()
    if row is None:
        raise NotFound
    return _read(row)


def lines(
    line_ids: Sequence[UUID], *, after: tuple[date, UUID] | None = None, limit: int = 200
) -> paging.Page[ReconcileLine]:
    """A page of lines by their ids, oldest first; unknown ones are left out."""
    on, line_id = after or (date.min, UUID(int=0))
    values = {"ids": list(line_ids), "on": on, "id": line_id, "limit": limit + 1}
    rows = [_read(row) for row in session.execute(_BY_IDS, values)]
    return paging.page(rows, limit=limit, key=lambda one: (one.booked_on, one.id))


def next_to_do(line: ReconcileLine) -> UUID | None:
    """The line to do after this one on its bank account by date; else the oldest there is."""
    values = {"account": line.bank_account_id, "on": line.booked_on, "id": line.id}
    found: UUID | None = session.execute(_NEXT, values).scalar_one_or_none()
    return found


def _read(row: sa.Row[Any]) -> ReconcileLine:
    values = dict(row._mapping)
    values["coding"] = read_coding(values["coding"])
    values["kept"] = read_coding(values["kept"])
    return ReconcileLine(**values)


def _where(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    where = ["t.bank_account_id = :account", _STATE[wanted.tab]]
    values: dict[str, Any] = {"account": wanted.bank_account_id}
    if wanted.tab == "papers":
        values["default"] = papers.FROM
    if wanted.ids is not None:
        where.append("t.id = any(:ids)")
        values["ids"] = list(wanted.ids)
    if wanted.text:
        where.append("concat_ws(' ', t.counterparty, t.text, t.reference) ilike :text")
        escaped = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["text"] = f"%{escaped}%"
    return where, values


def _order(wanted: Wanted) -> tuple[str, dict[str, Callable[[str], Any]]]:
    """The order of a tab, and the sort values of its cursor with their readers."""
    if wanted.tab == "done":
        order = " order by t.decided_at desc, t.id desc"
        return order, {"after_at": paging.moment, "after_id": UUID}
    days: dict[str, Callable[[str], Any]] = {"after_on": date.fromisoformat, "after_id": UUID}
    if wanted.group:
        order = " order by coalesce(t.party_key, ''), t.booked_on, t.id"
        return order, {"after_party": str, **days}
    return " order by t.booked_on, t.id", days


def _after(wanted: Wanted) -> str:
    if wanted.tab == "done":
        return "(t.decided_at, t.id) < (:after_at, :after_id)"
    if wanted.group:
        return (
            "(coalesce(t.party_key, ''), t.booked_on, t.id) > (:after_party, :after_on, :after_id)"
        )
    return "(t.booked_on, t.id) > (:after_on, :after_id)"


def _key(wanted: Wanted) -> Any:
    if wanted.tab == "done":
        return lambda one: (one.decided_at, one.id)
    if wanted.group:
        return lambda one: (one.party_key or "", one.booked_on, one.id)
    return lambda one: (one.booked_on, one.id)


_NEXT = sa.text(
    "select t.id from app.bank_transaction t where t.tenant_id = (select guard.tenant_id())"
    " and t.bank_account_id = :account and t.state = 'to_do' and t.status = 'booked'"
    " and t.id <> :id order by (t.booked_on, t.id) < (cast(:on as date), cast(:id as uuid)),"
    " t.booked_on, t.id limit 1"
)
_TO_DO = "t.state = 'to_do' and t.status = 'booked'"
_STATE: dict[str, str] = {
    "to_do": _TO_DO,
    "certain": _TO_DO,
    "papers": papers.NEEDS,
    "asked": _TO_DO,
    "pending": "t.state = 'to_do' and t.status = 'pending'",
    "skipped": "t.state = 'skipped'",
    "done": "t.state = 'booked'",
}
_LINE = (
    "select t.id, t.version, t.bank_account_id, a.account_id, t.booked_on, t.value_on,"
    " t.amount_minor, t.currency, t.status, t.state, t.counterparty, t.counterparty_account,"
    " t.text, t.reference, t.end_to_end_id, t.party_key, t.entry_id, t.decided_by, t.decided_as,"
    " t.decided_by_id,"
    " t.decided_at, t.rule_id, t.reason, t.matched, t.skipped_why, t.coding,"
    " t.kept_coding as kept, t.kept_by_id, t.kept_at"
    " from app.bank_transaction t join app.bank_account a"
    " on a.tenant_id = t.tenant_id and a.id = t.bank_account_id"
    " where t.tenant_id = (select guard.tenant_id())"
)
_BY_IDS = sa.text(
    f"{_LINE} and t.id = any(:ids) and (t.booked_on, t.id) > (:on, :id)"
    " order by t.booked_on, t.id limit :limit"
).bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))
