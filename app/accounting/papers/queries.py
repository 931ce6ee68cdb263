"""Bank lines that may belong to a read paper, papers that may belong to bank lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting import queries
from app.accounting.papers import words as paper_words
from app.accounting.papers.fits import (
    CREDITS,
    EARLY,
    LATE,
    Fit,
    LineSide,
    PaperSide,
    best,
    best_papers,
    between,
    plain,
    wanted,
)
from app.documents.readings.offers import PaperFacts
from app.kernel.db import session

MOST = 50
"""So many that may fit are weighed: those that name number or account, then the nearest by day."""
SOURCE = "document"
"""What entries made of papers name as their source; see `source`."""


@dataclass(frozen=True, slots=True)
class Booked:
    """The entry of a paper: its name for people, and the key it was asked with."""

    id: UUID
    label: str
    key: str


@dataclass(frozen=True, slots=True)
class PaperFit:
    """A read paper that may belong to a bank line; `reason` says by what."""

    document_id: UUID
    name: str
    reason: str
    no: int


def side(facts: PaperFacts) -> PaperSide | None:
    """A paper's side of a payment; None where it names no amount or currency."""
    amounts = tuple(one for one in (facts.payable, facts.total) if one)
    if not amounts or facts.currency is None:
        return None
    return PaperSide(
        facts.document_id,
        amounts,
        facts.currency,
        facts.kind,
        facts.issued_on,
        facts.due_on,
        facts.seller,
        facts.seller_iban,
        facts.number,
        facts.no,
    )


def lines_for(facts: PaperFacts) -> list[tuple[Fit, LineSide]]:
    """The bank lines without a paper that fit this one, the best first."""
    paper = side(facts)
    if paper is None:
        return []
    days = between(paper)
    values = {
        "amounts": list(wanted(paper)),
        "currency": paper.currency,
        "first": days[0] if days else None,
        "last": days[1] if days else None,
        "issued": paper.issued_on,
        "due": paper.due_on,
        "number": plain(paper.number or ""),
        "account": plain(paper.seller_iban or ""),
        "most": MOST,
    }
    lines = [LineSide(**row) for row in session.execute(_LINES, values).mappings()]
    by_id = {one.id: one for one in lines}
    return [(one, by_id[one.line_id]) for one in best(paper, lines)]


def source(no: int) -> str:
    """The source of an entry of the first invoice of a paper, or of another that its file holds."""
    return SOURCE if no == 1 else f"{SOURCE}/{no}"


def no_of(source_type: str | None) -> int | None:
    """Which invoice of a paper's file a source names; None where it names none."""
    found = re.fullmatch(rf"{SOURCE}(?:/([0-9]{{1,9}}))?", source_type or "")
    return int(found[1] or 1) if found else None


def booked(document_id: UUID, *, source_type: str = SOURCE) -> Booked | None:
    """The living entry that was made of a paper."""
    found = queries.entries_of(source_type, [document_id]).get(document_id)
    if found is None:
        return None
    row = session.execute(_ENTRY, {"id": found}).mappings().one()
    return Booked(**row)


def posted(key: str) -> Booked | None:
    """The entry that was asked for by this key, reversed or not."""
    row = session.execute(_POSTED, {"key": key}).mappings().one_or_none()
    return Booked(**row) if row else None


def linked_line(facts: PaperFacts) -> LineSide | None:
    """The bank line that a paper is attached to already.

    Where its file holds several invoices, the one attached as this invoice's; else, where nobody
    said which, one that says its amount.
    """
    paper = side(facts) if facts.further else None
    amounts = list(wanted(paper)) if paper else None
    values = {"document": facts.document_id, "no": facts.no, "amounts": amounts}
    row = session.execute(_LINKED, values).mappings().first()
    return LineSide(**row) if row else None


def papers_for(line_ids: Sequence[UUID]) -> dict[UUID, list[PaperFit]]:
    """The read papers, not attached to anything booked, that fit each of these lines.

    Two statements, however many lines.
    """
    values = {"ids": list(line_ids)}
    lines = [LineSide(**row) for row in session.execute(_THESE, values).mappings()]
    if not lines:
        return {}
    columns = {
        "lines": [one.id for one in lines],
        "amounts": [one.amount_minor for one in lines],
        "currencies": [one.currency for one in lines],
        "days": [one.booked_on for one in lines],
        "said": [plain(f"{one.reference or ''} {one.text}") for one in lines],
    }
    asked = {**columns, "credits": sorted(CREDITS), "most": MOST}
    papers: dict[UUID, list[PaperSide]] = {}
    names: dict[UUID, str] = {}
    for row in session.execute(_PAPERS, asked).mappings():
        names[row["document_id"]] = row["name"]
        papers.setdefault(row["line_id"], []).append(_paper(row))
    found = {line.id: best_papers(papers.get(line.id, ()), line) for line in lines}
    return {
        line: [
            PaperFit(one.document_id, names[one.document_id], paper_words.reason(one), one.no)
            for one in fits
        ]
        for line, fits in found.items()
        if fits
    }


def _paper(row: sa.RowMapping) -> PaperSide:
    amounts = tuple(one for one in (row["payable"], row["total"]) if one)
    kept = {name: row[name] for name in PaperSide.__slots__ if name != "amounts"}
    return PaperSide(amounts=amounts, **kept)


_HERE = "tenant_id = (select guard.tenant_id())"
_LINE = (
    "select t.id, t.booked_on, t.amount_minor, t.currency, t.counterparty, t.counterparty_account,"
    f" t.reference, t.text from app.bank_transaction t where t.{_HERE}"
)
_BARE = (
    " and t.status = 'booked' and t.state in ('to_do', 'booked')"
    " and not exists (select from app.document_link k where k.tenant_id = t.tenant_id"
    " and k.subject_type = 'bank_transaction' and k.subject_id = t.id)"
    " and not exists (select from app.document_link k where k.tenant_id = t.tenant_id"
    " and k.subject_type = 'entry' and k.subject_id = t.entry_id)"
)
_LINES = sa.text(
    f"{_LINE}{_BARE} and t.amount_minor = any(:amounts) and t.currency = :currency"
    " and (cast(:first as date) is null or t.booked_on between :first and :last)"
    " order by :number <> '' and strpos(regexp_replace(lower(concat(t.reference, t.text)),"
    "   '[^[:alnum:]]', '', 'g'), :number) > 0 desc,"
    " :account <> '' and regexp_replace(lower(t.counterparty_account), '[^[:alnum:]]', '', 'g')"
    "   is not distinct from :account desc,"
    " least(abs(t.booked_on - cast(:issued as date)), abs(t.booked_on - cast(:due as date))),"
    " t.booked_on desc, t.id limit :most"
).bindparams(
    sa.bindparam("amounts", type_=ARRAY(sa.BigInteger())), sa.bindparam("first", type_=sa.Date())
)
_THESE = sa.text(f"{_LINE}{_BARE} and t.id = any(:ids)").bindparams(
    sa.bindparam("ids", type_=ARRAY(sa.Uuid()))
)
_BOOKED = (
    "select e.id, e.journal || ' ' || e.fiscal_year || '/' || e.number as label, e.idem_key as key"
    f" from ledger.entry e where e.{_HERE}"
)
_ENTRY = sa.text(f"{_BOOKED} and e.id = :id")
_POSTED = sa.text(f"{_BOOKED} and e.idem_key = :key")
_LINKED = sa.text(
    f"{_LINE} and t.id in (select k.subject_id from app.document_link k where k.{_HERE}"
    " and k.document_id = :document and k.subject_type = 'bank_transaction'"
    " and (cast(:amounts as bigint[]) is null or k.part = :no"
    "  or k.part is null and t.amount_minor = any(:amounts))) order by t.id limit 1"
).bindparams(sa.bindparam("amounts", type_=ARRAY(sa.BigInteger())))
_PAPERS = sa.text(f"""
select a.line_id, c.* from unnest(:lines, :amounts, :currencies, :days, :said)
  a(line_id, amount, currency, on_day, said)
cross join lateral (
  select r.document_id, d.name, x.payable, x.total, x.currency, x.kind, x.issued_on, x.due_on,
    x.seller, x.seller_iban, x.number, r.no
  from (select distinct f.reading_id from app.document_field f where f.{_HERE}
      and f.field in ('payable_minor', 'total_minor') and f.minor in (a.amount, -a.amount)) m
  join app.document_reading r on r.{_HERE} and r.id = m.reading_id
  join app.document d on d.tenant_id = r.tenant_id and d.id = r.document_id
  cross join lateral (
    select max(n.minor) filter (where n.field = 'payable_minor') as payable,
      max(n.minor) filter (where n.field = 'total_minor') as total,
      max(n.value) filter (where n.field = 'currency') as currency,
      max(n.value) filter (where n.field = 'kind') as kind,
      max(n.on_day) filter (where n.field = 'issue_date') as issued_on,
      max(n.on_day) filter (where n.field = 'due_date') as due_on,
      max(n.value) filter (where n.field = 'seller_name') as seller,
      max(n.value) filter (where n.field = 'seller_iban') as seller_iban,
      max(n.value) filter (where n.field = 'invoice_number') as number
    from (select distinct on (f.field) f.field, f.value, f.minor, f.on_day
      from app.document_field f where f.tenant_id = r.tenant_id and f.reading_id = r.id
      order by f.field, f.no desc) n) x
  where r.is_current and r.state in ('to_check', 'machine', 'confirmed') and d.removed_at is null
    and r.line = 'accounting' and x.currency = a.currency
    and a.amount in (
      case when x.kind = any(:credits) then abs(x.payable) else -x.payable end,
      case when x.kind = any(:credits) then abs(x.total) else -x.total end)
    and (x.issued_on is null or a.on_day between x.issued_on - {EARLY.days}
      and greatest(x.issued_on, x.due_on) + {LATE.days})
    and not exists (select from app.document_link k where k.tenant_id = r.tenant_id
      and k.document_id = r.document_id and k.subject_type in ('bank_transaction', 'entry')
      and (r.further = 0 or k.part = r.no
        or k.subject_type = 'bank_transaction' and k.part is null and exists (
          select from app.bank_transaction t where t.tenant_id = k.tenant_id
          and t.id = k.subject_id and t.amount_minor = a.amount)
        or k.subject_type = 'entry' and exists (
          select from ledger.entry e where e.tenant_id = k.tenant_id and e.id = k.subject_id
          and e.source_type = case r.no when 1 then '{SOURCE}' else '{SOURCE}/' || r.no end)))
  order by strpos(a.said, nullif(regexp_replace(lower(x.number), '[^[:alnum:]]', '', 'g'), '')) > 0
      desc nulls last, abs(a.on_day - x.issued_on), r.id
  limit :most) c""").bindparams(
    sa.bindparam("lines", type_=ARRAY(sa.Uuid())),
    sa.bindparam("amounts", type_=ARRAY(sa.BigInteger())),
    sa.bindparam("currencies", type_=ARRAY(sa.Text())),
    sa.bindparam("days", type_=ARRAY(sa.Date())),
    sa.bindparam("said", type_=ARRAY(sa.Text())),
    sa.bindparam("credits", type_=ARRAY(sa.Text())),
)
