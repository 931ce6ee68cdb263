"""Bank against books: two balances, and a difference explained to the last minor unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from app.kernel.db import session
from app.kernel.errors import NotFound
from app.kernel.money import Money

Kind = Literal["to_do", "skipped", "opening", "transfers", "entries", "reversed", "later"]


@dataclass(frozen=True, slots=True)
class Share:
    """One reason why bank and books differ: how many things, and how much of the difference."""

    kind: Kind
    count: int
    minor: int


@dataclass(frozen=True, slots=True)
class Balance:
    """Where a bank account stands on the day of its last line or statement.

    `difference_minor` is bank less books and always the sum of `shares`. `stated_on` is empty where
    no statement said a balance: then the bank's side is the sum of its lines.
    """

    bank_account_id: UUID
    currency: str
    on: date | None
    stated_on: date | None
    bank_minor: int
    books_minor: int
    shares: tuple[Share, ...]
    to_do: int
    skipped: int
    done: int
    pending: int
    pending_minor: int

    @property
    def difference_minor(self) -> int:
        """Bank less books."""
        return self.bank_minor - self.books_minor

    @property
    def bank(self) -> Money:
        """What the bank says."""
        return Money(self.bank_minor, self.currency)

    @property
    def books(self) -> Money:
        """What the books say."""
        return Money(self.books_minor, self.currency)

    @property
    def difference(self) -> Money:
        """Bank less books."""
        return Money(self.difference_minor, self.currency)

    @property
    def total(self) -> int:
        """All lines the bank has booked."""
        return self.to_do + self.skipped + self.done


@dataclass(frozen=True, slots=True)
class LooseEntry:
    """An entry on the bank's account that no line of it explains."""

    id: UUID
    date: date
    journal: str
    fiscal_year: int
    number: int
    description: str
    amount_minor: int
    kind: str

    @property
    def label(self) -> str:
        """The entry's human name."""
        return f"{self.journal} {self.fiscal_year}/{self.number}"


def balance(bank_account_id: UUID) -> Balance:
    """Both balances and what lies between them; at most three statements. Raises NotFound."""
    found = session.execute(_SUMS, {"bank": bank_account_id}).one_or_none()
    if found is None:
        raise NotFound
    stated = found.stated_minor is not None
    lines_minor = found.to_do_minor + found.skipped_minor + found.done_minor
    bank = found.stated_minor + found.after_minor if stated else lines_minor
    return Balance(
        bank_account_id=bank_account_id,
        currency=found.currency,
        on=found.as_of,
        stated_on=found.stated_on,
        bank_minor=bank,
        books_minor=found.books_minor,
        shares=tuple(one for one in _shares(found, bank - lines_minor) if one.count or one.minor),
        to_do=found.to_do,
        skipped=found.skipped,
        done=found.done,
        pending=found.pending,
        pending_minor=found.pending_minor,
    )


def _shares(found: sa.Row[Any], before_minor: int) -> Sequence[Share]:
    """`before_minor` is what the bank had before the first line we know."""
    simple = [
        Share("to_do", found.to_do, found.to_do_minor),
        Share("skipped", found.skipped, found.skipped_minor),
    ]
    loose = found.books_minor - found.done_minor  # entries without a line, all together
    if not loose and not before_minor:
        return simple
    rows = session.execute(
        _LOOSE_SUMS,
        {
            "bank": found.id,
            "account": found.account_id,
            "currency": found.currency,
            "on": found.as_of,
            "first": found.first_on,
        },
    )
    kinds = {row.kind: row for row in rows}
    opening = before_minor - sum(kinds[one].minor for one in kinds if one == "opening")
    rest = [
        Share(kind, kinds[kind].n, -kinds[kind].minor)
        for kind in _LOOSE_KINDS
        if kind in kinds and (kind != "reversed" or kinds[kind].minor)
    ]
    later = sum(one.minor for one in kinds.values()) - loose
    return [*simple, Share("opening", 0, opening), *rest, Share("later", 0, later)]


def loose_entries(bank_account_id: UUID, *, limit: int = 200) -> list[LooseEntry]:
    """Entries on the bank's account without a line, newest first; folded pairs are left out."""
    found = session.execute(_SUMS, {"bank": bank_account_id}).one_or_none()
    if found is None:
        raise NotFound
    values = {
        "bank": found.id,
        "account": found.account_id,
        "currency": found.currency,
        "on": found.as_of,
        "first": found.first_on,
        "limit": limit,
    }
    return [LooseEntry(**row._mapping) for row in session.execute(_LOOSE, values)]


_LOOSE_KINDS: tuple[Kind, ...] = ("transfers", "entries", "reversed")
_SUMS = sa.text(
    "with a as (select a.id, a.account_id, a.currency from app.bank_account a"
    "  where a.tenant_id = (select guard.tenant_id()) and a.id = :bank),"
    " s as (select closing_minor, to_on from app.statement where tenant_id = (select"
    "  guard.tenant_id()) and bank_account_id = :bank and closing_minor is not null"
    "  and to_on is not null order by to_on desc, position desc limit 1),"
    " l as (select count(*) filter (where state = 'to_do' and status = 'booked') as to_do,"
    "  count(*) filter (where state = 'skipped') as skipped,"
    "  count(*) filter (where state = 'booked') as done,"
    "  count(*) filter (where state = 'to_do' and status = 'pending') as pending,"
    "  coalesce(sum(amount_minor) filter (where state = 'to_do' and status = 'booked'), 0)::bigint"
    "   as to_do_minor,"
    "  coalesce(sum(amount_minor) filter (where state = 'skipped'), 0)::bigint as skipped_minor,"
    "  coalesce(sum(amount_minor) filter (where state = 'booked'), 0)::bigint as done_minor,"
    "  coalesce(sum(amount_minor) filter (where state = 'to_do' and status = 'pending'), 0)::bigint"
    "   as pending_minor,"
    "  coalesce(sum(amount_minor) filter (where (state <> 'to_do' or status = 'booked')"
    "   and booked_on > (select to_on from s)), 0)::bigint as after_minor,"
    "  min(booked_on) filter (where state <> 'to_do' or status = 'booked') as first_on,"
    "  max(booked_on) filter (where state <> 'to_do' or status = 'booked') as last_on"
    "  from app.bank_transaction where tenant_id = (select guard.tenant_id())"
    "  and bank_account_id = :bank),"
    " d as (select greatest((select to_on from s), l.last_on) as as_of from l)"
    " select a.id, a.account_id, a.currency, s.closing_minor as stated_minor,"
    " s.to_on as stated_on, d.as_of, l.*,"
    " (select coalesce(sum(b.debit - b.credit), 0)::bigint from ledger.balance b"
    "  where b.tenant_id = (select guard.tenant_id()) and b.account_id = a.account_id"
    "  and b.currency = a.currency and (d.as_of is null and b.grain = 'm'"
    "   or b.grain = 'm' and b.starts < date_trunc('month', d.as_of)::date"
    "   or b.grain = 'd' and b.starts >= date_trunc('month', d.as_of)::date"
    "    and b.starts <= d.as_of)) as books_minor"
    " from a cross join l cross join d left join s on true"
)
_LOOSE_FROM = (
    " from ledger.posting p join ledger.entry e on e.tenant_id = p.tenant_id and e.id = p.entry_id"
    " left join app.bank_transaction o on o.tenant_id = e.tenant_id"
    "  and e.source_type = 'bank_transaction' and o.id = e.source_id"
    " cross join lateral (select case when p.entry_date < cast(:first as date) then 'opening'"
    "   when e.kind = 'reversal' or exists (select from ledger.entry r"
    "     where r.tenant_id = e.tenant_id and r.reverses_id = e.id) then 'reversed'"
    "   when o.bank_account_id <> :bank then 'transfers' else 'entries' end as kind) k"
    " where p.tenant_id = (select guard.tenant_id()) and p.account_id = :account"
    " and p.currency = :currency"
    " and (cast(:on as date) is null or p.entry_date <= cast(:on as date))"
    " and not exists (select from app.bank_transaction t where t.tenant_id = p.tenant_id"
    "  and t.bank_account_id = :bank and t.entry_id = p.entry_id)"
    " and not exists (select from app.bank_line_entry m where m.tenant_id = p.tenant_id"
    "  and m.bank_account_id = :bank and m.entry_id = p.entry_id)"
)
_LOOSE_SUMS = sa.text(
    "select k.kind, count(distinct p.entry_id) as n, sum(p.amount)::bigint as minor"
    f"{_LOOSE_FROM} group by k.kind"
)
_LOOSE = sa.text(
    "select e.id, e.entry_date as date, e.journal, e.fiscal_year, e.number, e.description,"
    f" sum(p.amount)::bigint as amount_minor, k.kind{_LOOSE_FROM} and k.kind <> 'reversed'"
    " group by e.tenant_id, e.id, k.kind order by e.entry_date desc, e.id desc limit :limit"
)
