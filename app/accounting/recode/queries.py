"""What re-coding asks: lines by filter, whole entries, and what figures would become."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting import queries
from app.accounting.coding import Tax
from app.accounting.figures import trial_balance
from app.accounting.ledger import PostingInput
from app.accounting.recode import arithmetic as recode
from app.kernel.db import session
from app.kernel.errors import NotFound

LineKey = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which lines: every part narrows. Amounts are absolute, in minor units of base."""

    account_id: UUID | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    counterparty_id: UUID | None = None
    text: str | None = None
    amount_from: int | None = None
    amount_to: int | None = None
    tax_code: str | None = None
    dimension_id: UUID | None = None
    journal: str | None = None

    @property
    def empty(self) -> bool:
        """Whether it would take everything."""
        return self == LineFilter()


@dataclass(frozen=True, slots=True)
class Line:
    """A posting with the entry it belongs to; only entries that stand, no reversals."""

    entry_id: UUID
    no: int
    date: dt.date
    journal: str
    fiscal_year: int
    number: int
    description: str
    memo: str | None
    account_id: UUID
    code: str
    account: str
    counterparty: str | None
    tax_code: str | None
    dim1: str | None
    dim2: str | None
    currency: str
    amount: int
    base: int

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.entry_id}:{self.no}"

    @property
    def label(self) -> str:
        """The entry's human name, such as BANK 2026/17."""
        return f"{self.journal} {self.fiscal_year}/{self.number}"


@dataclass(frozen=True, slots=True)
class LinePage:
    """Lines, newest first; `next` is the key of the page after."""

    rows: tuple[Line, ...]
    next: tuple[dt.date, UUID, int] | None


_FROM = """
from ledger.posting p
join ledger.entry e on e.tenant_id = p.tenant_id and e.id = p.entry_id
join ledger.account a on a.tenant_id = p.tenant_id and a.id = p.account_id
left join ledger.counterparty c on c.tenant_id = p.tenant_id and c.id = p.counterparty_id
left join ledger.dimension_value d1 on d1.tenant_id = p.tenant_id and d1.id = p.dim1_id
left join ledger.dimension_value d2 on d2.tenant_id = p.tenant_id and d2.id = p.dim2_id"""
_LINES = f"""
select p.entry_id, p.no, p.entry_date as date, e.journal, e.fiscal_year, e.number, e.description,
  p.memo, p.account_id, a.code, a.name as account, c.name as counterparty, p.tax_code,
  d1.name as dim1, d2.name as dim2, p.currency, p.amount, p.base {_FROM}
where e.kind <> 'reversal' and not exists (select from ledger.entry r
    where r.tenant_id = e.tenant_id and r.reverses_id = e.id) and {{where}}
order by p.entry_date desc, p.entry_id desc, p.no limit :limit"""
_PARTS = {
    "account_id": "p.account_id = :account_id",
    "first": "p.entry_date >= :first",
    "last": "p.entry_date <= :last",
    "counterparty_id": "p.counterparty_id = :counterparty_id",
    "text": "(strpos(lower(e.description), lower(:text)) > 0"
    " or strpos(lower(coalesce(p.memo, '')), lower(:text)) > 0"
    " or strpos(lower(coalesce(c.name, '')), lower(:text)) > 0)",
    "amount_from": "abs(p.base) >= :amount_from",
    "amount_to": "abs(p.base) <= :amount_to",
    "tax_code": "p.tax_code = :tax_code",
    "dimension_id": "(p.dim1_id = :dimension_id or p.dim2_id = :dimension_id)",
    "journal": "e.journal = :journal",
}


def _where(wanted: LineFilter) -> tuple[str, dict[str, Any]]:
    values = {name: getattr(wanted, name) for name in _PARTS if getattr(wanted, name) is not None}
    return " and ".join(["true", *(_PARTS[name] for name in values)]), values


def lines(
    wanted: LineFilter, *, after: tuple[dt.date, UUID, int] | None = None, limit: int = 100
) -> LinePage:
    """Lines of entries that stand, newest first."""
    where, values = _where(wanted)
    if after is not None:
        where += (
            " and (p.entry_date, p.entry_id) <= (:day, :entry)"
            " and ((p.entry_date, p.entry_id) < (:day, :entry) or p.no > :no)"
        )
        values |= {"day": after[0], "entry": after[1], "no": after[2]}
    found = session.execute(
        sa.text(_LINES.format(where=where)), {**values, "limit": limit + 1}
    ).mappings()
    rows = tuple(Line(**row) for row in found)
    shown = rows[:limit]
    end = shown[-1] if len(rows) > limit else None
    return LinePage(shown, (end.date, end.entry_id, end.no) if end else None)


_BY_KEY = f"with k as (select * from unnest(:entries, :nos) k(entry_id, no)) {_LINES}".replace(
    "from ledger.posting p\n",
    "from k join ledger.posting p on p.entry_id = k.entry_id and p.no = k.no\n",
)
_KEYS = (
    sa.bindparam("entries", type_=ARRAY(sa.Uuid())),
    sa.bindparam("nos", type_=ARRAY(sa.Integer())),
)


def lines_of(keys: Sequence[LineKey]) -> tuple[Line, ...]:
    """Lines by their keys, newest first; those that no longer stand are left out."""
    found = session.execute(
        sa.text(_BY_KEY.format(where="true")).bindparams(*_KEYS),
        {
            "entries": [key[0] for key in keys],
            "nos": [key[1] for key in keys],
            "limit": len(keys),
        },
    ).mappings()
    return tuple(Line(**row) for row in found)


_ENTRIES = sa.text(
    """
select e.id, e.journal || ' ' || e.fiscal_year || '/' || e.number as label, e.entry_date,
  e.description, e.source_type, e.approved_ref is not null as approved, e.kind, m.state,
  exists (select from ledger.entry r where r.tenant_id = e.tenant_id and r.reverses_id = e.id)
    as reversed,
  exists (select from ledger.allocation a where a.tenant_id = e.tenant_id
    and e.id in (a.debit_entry_id, a.credit_entry_id) and a.releases_id is null
    and not exists (select from ledger.allocation r where r.tenant_id = a.tenant_id
      and r.releases_id = a.id)) as settled
from ledger.entry e
join ledger.period m on m.tenant_id = e.tenant_id and m.id = e.period_id
where e.id = any (:ids) order by e.entry_date, e.id"""
).bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))
_POSTINGS = sa.text(
    "select entry_id, account_id, amount, currency, base, counterparty_id, tax_code, dim1_id,"
    " dim2_id, memo from ledger.posting where entry_id = any (:ids) order by entry_id, no"
).bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))
BANK_LINE = "bank_transaction"


def entries(ids: Sequence[UUID], *, may_review: bool) -> tuple[recode.Entry, ...]:
    """Whole entries with the reason, if any, why they cannot be said anew."""
    postings: dict[UUID, list[PostingInput]] = {}
    for row in session.execute(_POSTINGS, {"ids": list(ids)}):
        postings.setdefault(row.entry_id, []).append(PostingInput(*row[1:]))
    return tuple(
        recode.Entry(
            id=row.id,
            label=row.label,
            date=row.entry_date,
            description=row.description,
            refusal=_refusal(row, may_review),
            postings=tuple(postings[row.id]),
        )
        for row in session.execute(_ENTRIES, {"ids": list(ids)})
    )


def _refusal(row: sa.Row[Any], may_review: bool) -> str | None:
    """The same reasons as ledger.recode_refusal(), which has the last word."""
    reasons = (
        (row.kind == "reversal", "recode-reversal"),
        (row.reversed, "already-reversed"),
        (row.approved, "recode-approved"),
        (row.state == "closed", "period-closed"),
        (row.state == "in_review" and not may_review, "period-in-review"),
        (row.settled, "recode-settled"),
        (row.source_type not in (None, BANK_LINE), "recode-source"),
    )
    return next((code for holds, code in reasons if holds), None)


_FIXED = sa.text(
    "select a.id, a.control is not null as control from ledger.account a"
    " where a.control is not null or exists (select from app.bank_account b"
    "   where b.tenant_id = a.tenant_id and b.account_id = a.id)"
)
_TAXES = sa.text("select code, rate, account_id, reverse_account_id from ledger.tax_code")


def chart() -> recode.Chart:
    """Accounts whose lines stay where they are, and the tax codes, archived ones too."""
    fixed = session.execute(_FIXED).all()
    return recode.Chart(
        control=frozenset(row.id for row in fixed if row.control),
        bank=frozenset(row.id for row in fixed if not row.control),
        taxes={
            row.code: Tax(row.code, row.rate, row.account_id, row.reverse_account_id)
            for row in session.execute(_TAXES)
        },
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """A figure of a report before and after, in minor units of the base currency.

    Income is positive when earned, cost when spent, assets as debit, the rest as credit.
    """

    account_id: UUID | None
    code: str
    name: str
    report: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Effects:
    """What the profit and loss of a span and the balance sheet at its end would become."""

    first: dt.date
    last: dt.date
    currency: str
    profit_and_loss: tuple[Effect, ...]
    balance_sheet: tuple[Effect, ...]
    profit_before: int
    profit_after: int


def effects(plan: recode.Plan) -> Effects | None:
    """Every report figure that changes: accounts of both reports and the profit of the span.

    The span runs from the fiscal year of the earliest line to the end of the latest line's month.
    """
    if not plan.anew:
        return None
    first, last = _span([one.entry.date for one in plan.anew])
    change = plan.effect()
    known = {one.id: one for one in queries.accounts(include_archived=True)}
    turned = trial_balance(on=last, since=first)
    moved = {row.account_id: row for row in turned.rows}
    stood = {row.account_id: row.balance for row in trial_balance(on=last).rows}
    rows = [
        _effect(known[account], moved, stood, amount)
        for account, amount in sorted(change.items(), key=lambda pair: known[pair[0]].code)
    ]
    earned = -sum(r.balance for r in turned.rows if r.type in ("income", "expense"))
    delta = -sum(by for one, by in change.items() if known[one].type in ("income", "expense"))
    return Effects(
        first=first,
        last=last,
        currency=turned.currency,
        profit_and_loss=tuple(row for row in rows if row.report == "profit-and-loss"),
        balance_sheet=tuple(row for row in rows if row.report == "balance-sheet"),
        profit_before=earned,
        profit_after=earned + delta,
    )


def _effect(
    account: queries.Account,
    moved: Mapping[UUID, queries.TrialBalanceRow],
    stood: Mapping[UUID, int],
    amount: int,
) -> Effect:
    of_year = account.type in ("income", "expense")
    row = moved.get(account.id)
    before = (row.balance if row else 0) if of_year else stood.get(account.id, 0)
    sign = 1 if account.type in ("asset", "expense") else -1
    report = "profit-and-loss" if of_year else "balance-sheet"
    return Effect(
        account.id, account.code, account.name, report, sign * before, sign * (before + amount)
    )


def _span(days: Sequence[dt.date]) -> tuple[dt.date, dt.date]:
    year, month = queries.period_on(min(days)), queries.period_on(max(days))
    if year is None or month is None:
        raise NotFound("period-unknown")
    start = min(one.starts for one in queries.periods() if one.fiscal_year == year.fiscal_year)
    return start, month.ends


@dataclass(frozen=True, slots=True)
class Batch:
    """One act of re-coding; refused holds {entry, no, code}."""

    id: UUID
    change: dict[str, Any]
    state: str
    lines: int
    lines_done: int
    refused: list[dict[str, Any]]
    job_id: UUID | None
    made_by: UUID
    made_at: dt.datetime


_BATCH = (
    "select id, change, state, lines, lines_done, refused, job_id, made_by, made_at from app.recode"
)


def batch(batch_id: UUID) -> Batch:
    """One act; raises NotFound (recode-unknown)."""
    row = session.execute(sa.text(f"{_BATCH} where id = :id"), {"id": batch_id}).mappings()
    found = row.one_or_none()
    if found is None:
        raise NotFound("recode-unknown")
    return Batch(**found)


def batches(*, limit: int = 20) -> tuple[Batch, ...]:
    """The newest acts."""
    rows = session.execute(
        sa.text(f"{_BATCH} order by made_at desc, id desc limit :limit"), {"limit": limit}
    ).mappings()
    return tuple(Batch(**row) for row in rows)


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """An entry of an act: as it was, as it is now, and how many of its lines changed."""

    entry_id: UUID
    label: str
    new_entry_id: UUID
    new_label: str
    lines: int
    undone_entry_id: UUID | None


_BATCH_ENTRIES = sa.text(
    "select b.entry_id, o.journal || ' ' || o.fiscal_year || '/' || o.number as label,"
    " b.new_entry_id, n.journal || ' ' || n.fiscal_year || '/' || n.number as new_label, b.lines,"
    " b.undone_entry_id from app.recode_entry b"
    " join ledger.entry o on o.tenant_id = b.tenant_id and o.id = b.entry_id"
    " join ledger.entry n on n.tenant_id = b.tenant_id and n.id = b.new_entry_id"
    " where b.recode_id = :id order by o.entry_date, o.id limit 2000"
)


def batch_entries(batch_id: UUID) -> tuple[BatchEntry, ...]:
    """The entries of an act, oldest first."""
    rows = session.execute(_BATCH_ENTRIES, {"id": batch_id}).mappings()
    return tuple(BatchEntry(**row) for row in rows)
