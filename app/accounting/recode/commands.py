"""Re-codes many lines in one go and takes all of it back by one undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.accounting.commands import _array, _columns
from app.accounting.ledger import PostingInput
from app.accounting.recode import arithmetic as recode
from app.accounting.recode import queries as queries_
from app.accounting.recode.arithmetic import Anew, Change, Plan, Set
from app.accounting.reconcile.lines import written_coding
from app.kernel import ids, jobs, scope, usage
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, Problem

METER = "recode"
JOB = "accounting.recode"
AT_ONCE = 100
"""Entries re-coded while the reader waits: about half a second's work."""
CHUNK = 100

Chosen = Mapping[UUID, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Recoded:
    """What came of it: a job id where it goes on after the answer."""

    id: UUID
    lines: int
    refused: int
    job_id: UUID | None


def chosen_of(keys: Iterable[tuple[UUID, int]]) -> dict[UUID, list[int]]:
    """Lines by entry; raises Invalid for none (nothing-selected) and more than 2,000."""
    found: dict[UUID, list[int]] = {}
    for entry_id, no in dict.fromkeys(keys):
        found.setdefault(entry_id, []).append(no)
    count = sum(map(len, found.values()))
    if not count:
        raise Invalid("nothing-selected")
    if count > recode.MOST_LINES:
        raise Invalid("too-many-selected", most=recode.MOST_LINES)
    return found


def planned(chosen: Chosen, change: Change) -> Plan:
    """What re-coding these lines would do now. Raises Invalid for a change that cannot be."""
    chart = queries_.chart()
    _check(change, chart)
    may_review = scope.current().rights.may("accounting.post_in_review")
    entries = queries_.entries(list(chosen), may_review=may_review)
    plan = recode.plan(entries, chosen, change, chart)
    known = {entry.id for entry in entries}
    gone = [
        recode.Refused(entry, no, "entry-unknown")
        for entry, nos in chosen.items()
        if entry not in known
        for no in nos
    ]
    return Plan(plan.anew, (*plan.refused, *gone))


def _check(change: Change, chart: recode.Chart) -> None:
    if change.empty:
        raise Invalid("recode-nothing")
    if change.account_id in chart.control:
        raise Invalid.of("account", "recode-to-control")
    if change.account_id in chart.bank:
        raise Invalid.of("account", "recode-to-bank")
    row = session.execute(_TARGETS, _ids(change)).one()
    faults = {name: [Problem(code)] for name, code in row._mapping.items() if code}
    if faults:
        raise Invalid("invalid", faults)


def _ids(change: Change) -> dict[str, Any]:
    return {
        "account": change.account_id,
        "tax": change.tax_code.value if change.tax_code else None,
        "dim1": change.dim1_id.value if change.dim1_id else None,
        "dim2": change.dim2_id.value if change.dim2_id else None,
        "contact": change.counterparty_id.value if change.counterparty_id else None,
    }


_TARGETS = sa.text(
    """
select
  case when :account is not null then coalesce((select case when a.archived_at is not null
    then 'account-archived' end from ledger.account a where a.id = :account), case when not exists
    (select from ledger.account a where a.id = :account) then 'account-unknown' end) end as account,
  case when :tax is not null and not exists (select from ledger.tax_code t
    where t.code = :tax and t.archived_at is null) then 'tax-code-unknown' end as tax_code,
  case when :dim1 is not null and not exists (select from ledger.dimension_value d
    where d.id = :dim1 and d.slot = 1 and d.archived_at is null) then 'dimension-unknown' end
    as dim1,
  case when :dim2 is not null and not exists (select from ledger.dimension_value d
    where d.id = :dim2 and d.slot = 2 and d.archived_at is null) then 'dimension-unknown' end
    as dim2,
  case when :contact is not null and not exists (select from ledger.counterparty c
    where c.id = :contact and c.archived_at is null) then 'counterparty-unknown' end as contact"""
).bindparams(
    sa.bindparam("account", type_=sa.Uuid()),
    sa.bindparam("tax", type_=sa.Text()),
    sa.bindparam("dim1", type_=sa.Uuid()),
    sa.bindparam("dim2", type_=sa.Uuid()),
    sa.bindparam("contact", type_=sa.Uuid()),
)


def apply(*, chosen: Chosen, change: Change) -> Recoded:
    """Re-codes lines; what cannot be is listed with its reason, each entry is done or left alone.

    More entries than `AT_ONCE` go to a job. Raises Invalid where nothing can be re-coded.
    """
    plan = planned(chosen, change)
    if not plan.anew:
        raise Invalid(plan.refused[0].code if plan.refused else "nothing-selected")
    batch = _begin(chosen, change, plan)
    if len(plan.anew) <= AT_ONCE:
        done = run(batch, plan.anew)
        finish(batch)
        return Recoded(batch, done, len(queries_.batch(batch).refused), None)
    waiting = [[str(one.entry.id), list(one.nos)] for one in plan.anew]
    job_id = jobs.enqueue(JOB, {"id": str(batch)}, key=f"recode:{batch}", line="accounting")
    session.execute(_WAIT, {"id": batch, "waiting": waiting, "job": job_id})
    return Recoded(batch, plan.lines, len(plan.refused), job_id)


def _begin(chosen: Chosen, change: Change, plan: Plan) -> UUID:
    made: UUID = ids.uuid7()
    session.execute(
        _BEGIN,
        {
            "id": made,
            "change": written(change),
            "lines": sum(len(nos) for nos in chosen.values()),
            "refused": _said(plan.refused),
        },
    )
    return made


def _said(refused: Iterable[recode.Refused]) -> list[dict[str, Any]]:
    return [{"entry": str(one.entry_id), "no": one.no, "code": one.code} for one in refused]


def written(change: Change) -> dict[str, str | None]:
    """A change as JSON: fields that stay are left out, null takes a value away."""
    found: dict[str, str | None] = {}
    if change.account_id:
        found["account_id"] = str(change.account_id)
    for name in ("tax_code", "dim1_id", "dim2_id", "counterparty_id"):
        field: Set | None = getattr(change, name)
        if field is not None:
            found[name] = None if field.value is None else str(field.value)
    return found


def read(change: Mapping[str, str | None]) -> Change:
    """The change that `written` wrote."""

    def of_id(name: str) -> Set | None:
        if name not in change:
            return None
        value = change[name]
        return Set(UUID(value) if value else None)

    account = change.get("account_id")
    return Change(
        account_id=UUID(account) if account else None,
        tax_code=Set(change["tax_code"]) if "tax_code" in change else None,
        dim1_id=of_id("dim1_id"),
        dim2_id=of_id("dim2_id"),
        counterparty_id=of_id("counterparty_id"),
    )


def run(batch: UUID, anew: Sequence[Anew]) -> int:
    """Says entries anew in one statement; answers how many lines changed.

    What was booked from a bank line stays booked: the line points at the new entry.
    """
    rows = _door(batch, [(one.entry.id, one.postings) for one in anew])
    made = {row.entry_id: row for row in rows if row.refusal is None}
    done = [one for one in anew if one.entry.id in made]
    lines = sum(len(one.nos) for one in done)
    if done:
        session.execute(
            _KEEP,
            {
                "batch": batch,
                "old": [one.entry.id for one in done],
                "back": [made[one.entry.id].reversal_id for one in done],
                "new": [made[one.entry.id].new_entry_id for one in done],
                "lines": [len(one.nos) for one in done],
            },
        )
        _follow({one.entry.id: (made[one.entry.id].new_entry_id, one.postings) for one in done})
    refused = [
        recode.Refused(one.entry.id, no, row.refusal)
        for one, row in zip(anew, rows, strict=True)
        if row.refusal
        for no in one.nos
    ]
    session.execute(_DONE, {"id": batch, "lines": lines, "refused": _said(refused)})
    return lines


def _door(batch: UUID, said: Sequence[tuple[UUID, Sequence[Any]]]) -> Sequence[sa.Row[Any]]:
    session.execute(_LOCK_LINES, {"ids": [entry for entry, _postings in said]})
    postings = [posting for _entry, postings in said for posting in postings]
    return (
        session.connection()
        .exec_driver_sql(
            _RECODE,
            {
                "batch": batch,
                "entries": _array([entry for entry, _postings in said]),
                "of": _array([n for n, (_e, ps) in enumerate(said, 1) for _p in ps]),
                **_columns(postings),
            },
        )
        .all()
    )


def _follow(moved: Mapping[UUID, tuple[UUID, Sequence[PostingInput]]]) -> None:
    """Bank lines of entries that were said anew point at the new ones and read like them."""
    chart = queries_.chart()
    codings = [
        written_coding(recode.coding_of(postings, chart)) for _new, postings in moved.values()
    ]
    values = {
        "old": list(moved),
        "new": [new for new, _postings in moved.values()],
        "codings": codings,
    }
    session.execute(_FOLLOW_MORE, {name: values[name] for name in ("old", "new")})
    session.execute(_FOLLOW, values)


def finish(batch: UUID) -> None:
    """Ends an act and meters it by its lines."""
    found = queries_.batch(batch)
    session.execute(_STATE, {"id": batch, "state": "done"})
    if found.lines_done:
        usage.record(
            METER,
            found.lines_done,
            key=f"recode:{batch}",
            unit="line",
            line="accounting",
            evidence=usage.Evidence("recode", batch),
        )


def waiting(batch: UUID) -> tuple[Change, dict[UUID, list[int]]]:
    """For the job: what is asked, and the lines."""
    row = session.execute(_WAITING, {"id": batch}).one()
    return read(row.change), {UUID(entry): list(nos) for entry, nos in row.waiting}


def chunk(batch: UUID, chosen: Chosen, change: Change) -> None:
    """For the job: re-codes some of the waiting entries as they are now."""
    plan = planned(chosen, change)
    if plan.anew:
        run(batch, plan.anew)
    session.execute(_DONE, {"id": batch, "lines": 0, "refused": _said(plan.refused)})


def undo(batch: UUID) -> int:
    """Takes an act back: every entry says again what it said before; all of it or nothing.

    Answers how many entries. Raises Conflict: recode-running, recode-undone, and
    recode-undo-blocked when one of the new entries was changed or its month closed since.
    """
    found = session.execute(_LOCK, {"id": batch}).scalar_one_or_none()
    if found is None:
        queries_.batch(batch)
    if found != "done":
        raise Conflict("recode-running" if found == "running" else "recode-undone")
    pairs = [(row.entry_id, row.new_entry_id) for row in queries_.batch_entries(batch)]
    before = {
        one.id: one.postings
        for one in queries_.entries([old for old, _new in pairs], may_review=True)
    }
    rows = _door(ids.uuid7(), [(new, before[old]) for old, new in pairs])
    blocked = [row for row in rows if row.refusal]
    if blocked:
        raise Conflict("recode-undo-blocked", count=len(blocked))
    back = {row.entry_id: row.new_entry_id for row in rows}
    _follow({new: (back[new], before[old]) for old, new in pairs})
    session.execute(
        _UNDONE,
        {
            "id": batch,
            "old": [old for old, _new in pairs],
            "again": [back[new] for _old, new in pairs],
        },
    )
    session.execute(_STATE, {"id": batch, "state": "undone"})
    usage.void(f"recode:{batch}")
    return len(pairs)


_TENANT = "tenant_id = (select guard.tenant_id())"
_UUIDS = ARRAY(sa.Uuid())
_BEGIN = sa.text(
    "insert into app.recode (tenant_id, id, change, lines, refused)"
    " values ((select guard.tenant_id()), :id, :change, :lines, :refused)"
).bindparams(sa.bindparam("change", type_=JSONB), sa.bindparam("refused", type_=JSONB))
_WAIT = sa.text(
    f"update app.recode set waiting = :waiting, job_id = :job where {_TENANT} and id = :id"
).bindparams(sa.bindparam("waiting", type_=JSONB))
_WAITING = sa.text(f"select change, waiting from app.recode where {_TENANT} and id = :id")
_DONE = sa.text(
    "update app.recode set lines_done = lines_done + :lines, refused = refused || :refused"
    f" where {_TENANT} and id = :id"
).bindparams(sa.bindparam("refused", type_=JSONB))
_STATE = sa.text(
    f"update app.recode set state = :state, waiting = '[]' where {_TENANT} and id = :id"
)
_LOCK = sa.text(f"select state from app.recode where {_TENANT} and id = :id for update")
_KEEP = sa.text(
    "insert into app.recode_entry"
    " (tenant_id, recode_id, entry_id, reversal_id, new_entry_id, lines)"
    " select (select guard.tenant_id()), :batch, x.o, x.b, x.n, x.l"
    " from unnest(:old, :back, :new, :lines) x(o, b, n, l)"
).bindparams(
    sa.bindparam("old", type_=_UUIDS),
    sa.bindparam("back", type_=_UUIDS),
    sa.bindparam("new", type_=_UUIDS),
    sa.bindparam("lines", type_=ARRAY(sa.Integer())),
)
# Bank lines first and in one order, as booking and undoing do; then the book's lock in the door.
_LOCK_LINES = sa.text(
    f"select id from app.bank_transaction where {_TENANT} and entry_id = any (:ids)"
    " order by id for update"
).bindparams(sa.bindparam("ids", type_=_UUIDS))
_FOLLOW = sa.text(
    "update app.bank_transaction t set entry_id = x.n,"
    " coding = case when t.coding is not null then x.coding end"
    " from (select o, n, :codings -> (i - 1)::int as coding"
    "   from unnest(:old, :new) with ordinality y(o, n, i)) x"
    " where t.tenant_id = (select guard.tenant_id()) and t.entry_id = x.o"
).bindparams(
    sa.bindparam("old", type_=_UUIDS),
    sa.bindparam("new", type_=_UUIDS),
    sa.bindparam("codings", type_=JSONB),
)
_FOLLOW_MORE = sa.text(
    "update app.bank_line_entry m set entry_id = x.n from unnest(:old, :new) x(o, n)"
    " where m.tenant_id = (select guard.tenant_id()) and m.entry_id = x.o"
).bindparams(sa.bindparam("old", type_=_UUIDS), sa.bindparam("new", type_=_UUIDS))
_UNDONE = sa.text(
    "update app.recode_entry e set undone_entry_id = x.n from unnest(:old, :again) x(o, n)"
    " where e.tenant_id = (select guard.tenant_id()) and e.recode_id = :id and e.entry_id = x.o"
).bindparams(sa.bindparam("old", type_=_UUIDS), sa.bindparam("again", type_=_UUIDS))
_RECODE = """
select entry_id, refusal, reversal_id, new_entry_id
from ledger.recode(%(batch)s, %(entries)s::uuid[], %(of)s::integer[], %(account)s::uuid[],
  %(currency)s::text[], %(amount)s::bigint[], %(base)s::bigint[], %(counterparty)s::uuid[],
  %(tax)s::text[], %(dim1)s::uuid[], %(dim2)s::uuid[], %(memo)s::text[]) order by o"""
