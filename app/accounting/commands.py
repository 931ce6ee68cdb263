"""What changes the books: post, reverse, close and reopen months, keep the chart.

Everything goes through the doors of the schema ledger, one statement each: a session flush may
split an entry over statements, which the database refuses.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.accounting.ledger import EntryDraft, PostedEntry, PostingInput, some
from app.kernel.db import session
from app.kernel.errors import Invalid, NotFound

# Driver SQL and array literals: compiling text and binding arrays item by item in Python cost as
# much as the post itself.
_POSTINGS = """%(account)s::uuid[], %(currency)s::text[], %(amount)s::bigint[], %(base)s::bigint[],
  %(counterparty)s::uuid[], %(tax)s::text[], %(dim1)s::uuid[], %(dim2)s::uuid[], %(memo)s::text[]"""
_POST = f"""
select entry_id, number, fiscal_year, replayed
from ledger.post(%(journal)s, %(date)s, %(description)s, %(key)s, {_POSTINGS}, %(kind)s,
  %(source_type)s, %(source_id)s, %(approved_ref)s)"""
_POST_MANY = f"""
select entry_id, number, fiscal_year, replayed
from ledger.post_many(%(journal)s, %(dates)s::date[], %(descriptions)s::text[], %(keys)s::text[],
  %(of)s::integer[], {_POSTINGS}, %(kind)s, %(source_type)s, %(source_ids)s::uuid[]) order by o"""
_REVERSE = sa.text(
    "select entry_id, number, fiscal_year, replayed, journal"
    " from ledger.reverse(:entry_id, :key, :date, :description)"
).bindparams(sa.bindparam("date", type_=sa.Date()), sa.bindparam("entry_id", type_=sa.Uuid()))
BATCH = 2000


@dataclass(frozen=True, slots=True)
class AccountInput:
    """An account to be made; `subtype` is its report section, `control` asks for counterparties."""

    code: str
    name: str
    type: str
    subtype: str | None = None
    currency: str | None = None
    control: str | None = None
    tax_code: str | None = None


def _array(values: Iterable[object]) -> str:
    """The values as PostgreSQL reads an array."""
    return "{" + ",".join(map(_item, values)) + "}"


def _item(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _optional(values: list[Any]) -> str | None:
    found = some(values)
    return None if found is None else _array(found)


def _columns(postings: Sequence[PostingInput]) -> dict[str, str | None]:
    return {
        "account": _array([p.account_id for p in postings]),
        "currency": _array([p.currency for p in postings]),
        "amount": _array([p.amount for p in postings]),
        "base": _array([p.base for p in postings]),
        "counterparty": _optional([p.counterparty_id for p in postings]),
        "tax": _optional([p.tax_code for p in postings]),
        "dim1": _optional([p.dim1_id for p in postings]),
        "dim2": _optional([p.dim2_id for p in postings]),
        "memo": _optional([p.memo for p in postings]),
    }


def post_entry(
    *,
    journal: str,
    date: dt.date,
    description: str,
    postings: Sequence[PostingInput],
    key: str,
    kind: str = "normal",
    source_type: str | None = None,
    source_id: UUID | None = None,
    approved_ref: UUID | None = None,
) -> PostedEntry:
    """Posts one balanced entry; the same key with the same content answers the earlier one.

    Raises Invalid (unbalanced, account-unknown, …), Locked (period-closed, period-in-review) and
    Conflict (idempotency-key-reused) when the transaction's statement is refused.
    """
    row = (
        session.connection()
        .exec_driver_sql(
            _POST,
            {
                "journal": journal,
                "date": date,
                "description": description,
                "key": key,
                "kind": kind,
                "source_type": source_type,
                "source_id": source_id,
                "approved_ref": approved_ref,
                **_columns(postings),
            },
        )
        .one()
    )
    return PostedEntry(row.entry_id, row.number, row.replayed, journal, row.fiscal_year)


def post_many(*, drafts: Sequence[EntryDraft]) -> list[PostedEntry]:
    """Posts many entries, all or none, and answers them in the order given.

    Drafts that refer to an approval go through `post_entry` one by one.
    """
    found: dict[int, PostedEntry] = {}
    groups: dict[tuple[str, str, str | None], list[int]] = {}
    for place, draft in enumerate(drafts):
        if draft.approved_ref:
            raise Invalid("approval-one-by-one")
        groups.setdefault((draft.journal, draft.kind, draft.source_type), []).append(place)
    for (journal, kind, source_type), places in groups.items():
        for start in range(0, len(places), BATCH):
            batch = places[start : start + BATCH]
            rows = _post_batch(journal, kind, source_type, [drafts[i] for i in batch])
            found |= dict(zip(batch, rows, strict=True))
    return [found[place] for place in range(len(drafts))]


def _post_batch(
    journal: str, kind: str, source_type: str | None, drafts: Sequence[EntryDraft]
) -> list[PostedEntry]:
    postings = [posting for draft in drafts for posting in draft.postings]
    rows = (
        session.connection()
        .exec_driver_sql(
            _POST_MANY,
            {
                "journal": journal,
                "dates": _array([draft.date for draft in drafts]),
                "descriptions": _array([draft.description for draft in drafts]),
                "keys": _array([draft.key for draft in drafts]),
                "of": _array([n for n, draft in enumerate(drafts, 1) for _ in draft.postings]),
                "kind": kind,
                "source_type": source_type,
                "source_ids": _optional([draft.source_id for draft in drafts]),
                **_columns(postings),
            },
        )
        .all()
    )
    return [PostedEntry(r.entry_id, r.number, r.replayed, journal, r.fiscal_year) for r in rows]


def reverse_entry(
    *, entry_id: UUID, key: str, date: dt.date | None = None, description: str | None = None
) -> PostedEntry:
    """Takes an entry back by a new one with the other signs.

    Without a date it is the entry's own day while that month is open, else the first open day
    after it. What the entry was booked from, such as a bank line, is to do again afterwards.
    Raises NotFound (entry-unknown) and Conflict (already-reversed).
    """
    row = session.execute(
        _REVERSE, {"entry_id": entry_id, "key": key, "date": date, "description": description}
    ).one()
    return PostedEntry(row.entry_id, row.number, row.replayed, row.journal, row.fiscal_year)


def ensure_periods(*, first: dt.date, last: dt.date) -> int:
    """Makes the fiscal years and months of a span; answers how many months are new."""
    made: int = session.execute(
        sa.text("select ledger.ensure_periods(:first, :last)"), {"first": first, "last": last}
    ).scalar_one()
    return made


def _set_period(period_id: int, state: str, reason: str) -> None:
    if not 0 < period_id < 2**31:
        raise NotFound("period-unknown")
    session.execute(
        sa.text("select ledger.set_period(:period, :state, :reason)"),
        {"period": period_id, "state": state, "reason": reason},
    )


def review_period(*, period_id: int, reason: str = "") -> None:
    """Puts a month in review: only people with accounting.post_in_review post into it."""
    _set_period(period_id, "in_review", reason)


def close_period(*, period_id: int, reason: str = "") -> None:
    """Closes a month: nobody posts into it. Its checks are counted in the same transaction."""
    _set_period(period_id, "closed", reason)


def reopen_period(*, period_id: int, reason: str = "") -> None:
    """Opens a month again; a closed one wants accounting.reopen."""
    _set_period(period_id, "open", reason)


def open_books(
    *, base_currency: str, fiscal_start_month: int, first: dt.date, last: dt.date
) -> None:
    """Opens a client's books with journals and the months of a span."""
    session.execute(
        sa.text("select ledger.open_book(:currency, :month)"),
        {"currency": base_currency, "month": fiscal_start_month},
    )
    ensure_periods(first=first, last=last)


_CREATE_ACCOUNTS = sa.text("select id, code from ledger.create_accounts(:accounts)").bindparams(
    sa.bindparam("accounts", type_=JSONB())
)


def create_accounts(*, accounts: Sequence[AccountInput]) -> dict[str, UUID]:
    """Makes accounts, all or none, and answers their ids by code."""
    rows = session.execute(_CREATE_ACCOUNTS, {"accounts": [asdict(one) for one in accounts]})
    return {row.code: row.id for row in rows}


def create_account(
    *,
    code: str,
    name: str,
    type: str,  # noqa: A002 - the word of the chart, and keyword-only
    subtype: str | None = None,
    currency: str | None = None,
    control: str | None = None,
    tax_code: str | None = None,
) -> UUID:
    """Makes one account; raises Conflict (account-code-taken)."""
    account = AccountInput(code, name, type, subtype, currency, control, tax_code)
    return create_accounts(accounts=[account])[code]


def rename_account(*, account_id: UUID, name: str) -> None:
    """Gives an account another name; its code stays."""
    session.execute(
        sa.text("select ledger.rename_account(:id, :name)"), {"id": account_id, "name": name}
    )


def give_tax_codes(
    *, codes: Mapping[UUID, str | None], was: Mapping[UUID, str | None] | None = None
) -> list[UUID]:
    """Gives accounts the tax code that they are coded with by default; answers those that changed.

    Only where `was` is what stands there now, none unless told. Raises Invalid (tax-code-unknown).
    """
    rows = [
        {"account": str(one), "tax_code": code, "was": (was or {}).get(one)}
        for one, code in codes.items()
    ]
    statement = sa.text("select ledger.give_tax_codes(:rows)").bindparams(
        sa.bindparam("rows", type_=JSONB())
    )
    return list(session.execute(statement, {"rows": rows}).scalars())


def archive_account(*, account_id: UUID) -> None:
    """Takes an account out of use: nothing can be posted to it."""
    session.execute(sa.text("select ledger.archive_account(:id)"), {"id": account_id})


def restore_account(*, account_id: UUID) -> None:
    """Takes an archived account back into use."""
    session.execute(sa.text("select ledger.archive_account(:id, false)"), {"id": account_id})


def create_tax_codes(*, codes: Sequence[tuple[str, str, str]]) -> None:
    """Makes tax codes from (code, name, rate as text such as 0.2)."""
    session.execute(
        sa.text(
            "insert into ledger.tax_code (tenant_id, code, name, rate)"
            " select (select guard.tenant_id()), c, n, r::numeric"
            " from unnest(cast(:codes as text[]), cast(:names as text[]), cast(:rates as text[]))"
            " x(c, n, r) on conflict do nothing"
        ),
        {
            "codes": [code for code, _, _ in codes],
            "names": [name for _, name, _ in codes],
            "rates": [rate for _, _, rate in codes],
        },
    )


def set_tax_accounts(
    *, accounts: Mapping[str, UUID], reverse: Mapping[str, UUID] | None = None
) -> None:
    """Says by tax code where that tax is booked, under reverse charge also where it is owed.

    Raises NotFound (tax-code-unknown).
    """
    owed = reverse or {}
    codes = list(dict.fromkeys((*accounts, *owed)))
    changed = session.connection().exec_driver_sql(
        "update ledger.tax_code c set account_id = x.account, reverse_account_id = x.reverse"
        " from unnest(%(codes)s::text[], %(accounts)s::uuid[], %(reverse)s::uuid[])"
        " x(code, account, reverse)"
        " where c.tenant_id = (select guard.tenant_id()) and c.code = x.code",
        {
            "codes": _array(codes),
            "accounts": _array([accounts.get(code) for code in codes]),
            "reverse": _array([owed.get(code) for code in codes]),
        },
    )
    if changed.rowcount != len(codes):
        raise NotFound("tax-code-unknown")


def name_dimension(*, slot: int, name: str) -> None:
    """Says what a posting's first (1) or second (2) dimension means, such as cost centre."""
    if slot not in (1, 2):
        raise Invalid("dimension-unknown")
    session.execute(
        sa.text(
            "insert into ledger.dimension as d (tenant_id, slot, name)"
            " values ((select guard.tenant_id()), :slot, :name)"
            " on conflict (tenant_id, slot) do update set name = excluded.name"
        ),
        {"slot": slot, "name": name},
    )


def create_dimension_values(*, slot: int, values: Mapping[str, str]) -> dict[str, UUID]:
    """Makes values of a named dimension from their names by code; answers their ids by code.

    A posting carries them as `dim1_id` or `dim2_id`. A code that exists keeps its id and name.
    """
    known = sa.text("select 1 from ledger.dimension where slot = :slot")
    if session.execute(known, {"slot": slot}).first() is None:
        raise NotFound("dimension-unknown")
    made = {"slot": slot, "codes": _array(values), "names": _array(values.values())}
    session.connection().exec_driver_sql(
        "insert into ledger.dimension_value (tenant_id, slot, code, name)"
        " select (select guard.tenant_id()), %(slot)s, c, n"
        " from unnest(%(codes)s::text[], %(names)s::text[]) x(c, n) on conflict do nothing",
        made,
    )
    rows = session.connection().exec_driver_sql(
        "select code, id from ledger.dimension_value"
        " where slot = %(slot)s and code = any (%(codes)s::text[])",
        made,
    )
    return {row.code: row.id for row in rows}


def create_counterparty(
    *, name: str, kind: str = "other", default_account_id: UUID | None = None
) -> UUID:
    """Adds somebody the client deals with."""
    made: UUID = session.execute(
        sa.text(
            "insert into ledger.counterparty (tenant_id, name, kind, account_id)"
            " values ((select guard.tenant_id()), :name, :kind, :account) returning id"
        ).bindparams(sa.bindparam("account", type_=sa.Uuid())),
        {"name": name, "kind": kind, "account": default_account_id},
    ).scalar_one()
    return made
