"""Carries an import of another package's file out, and takes it back, set by set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting import commands, queries
from app.accounting.ledger import EntryDraft, PostedEntry, PostingInput
from app.accounting.moving import plan as moving_plan
from app.accounting.moving import settling as moving_settling
from app.accounting.moving.plan import ITEMS_AN_ENTRY, Plan
from app.accounting.moving.queries import MovingFile
from app.accounting.moving.settling import REST, Rest
from app.accounting.moving.values import Draft
from app.accounting.open_items import commands as open_items_commands
from app.kernel import usage
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, Locked

AT_ONCE = 2_000
"""Entries that are undone at once; more take a job."""
CHUNK = 2_000
"""Entries that one statement reverses."""
METER = "moving_entry"
SOURCE = "moving_file"
_ids = ARRAY(sa.Uuid())
_CONTACTS = sa.text("""
insert into ledger.counterparty (tenant_id, name, kind)
select (select guard.tenant_id()), n, k
from unnest(cast(:names as text[]), cast(:kinds as text[])) x(n, k)
returning id, name
""")
# Each key, with a number more for each time that its entry was undone.
_FREE = sa.text("""
with recursive tried (o, key, first, again) as (
  select o, k, k, 1 from unnest(cast(:keys as text[])) with ordinality u(k, o)
  union all
  select t.o, t.first || ':' || (t.again + 1), t.first, t.again + 1 from tried t
  where t.again < 50 and exists (select from ledger.entry e join ledger.entry r
    on r.tenant_id = e.tenant_id and r.reverses_id = e.id where e.idem_key = t.key)
)
select distinct on (o) key, again from tried order by o, again desc
""")
_HERE = sa.text("select idem_key from ledger.entry where idem_key = any (cast(:keys as text[]))")
_REMEMBER = sa.text("""
insert into app.moving_account as m (tenant_id, source, account_id, decided_by)
select (select guard.tenant_id()), s, a, (select guard.user_id())
from unnest(cast(:sources as text[]), :accounts) x(s, a)
on conflict (tenant_id, source) do update set account_id = excluded.account_id, type = null
""").bindparams(sa.bindparam("accounts", type_=_ids))
_OF_FILE = """
ledger.entry e where e.source_type = 'moving_file' and e.source_id = :file
  and e.kind <> 'reversal' and not exists (select from ledger.entry r
    where r.tenant_id = e.tenant_id and r.reverses_id = e.id)
"""
_NOT_OPEN = sa.text(
    f"select p.starts from ledger.period p where p.state <> 'open' and p.id in"
    f" (select e.period_id from {_OF_FILE}) order by p.starts limit 1"
)
_REVERSE = sa.text(
    "select ledger.reverse_many(array(select o.id from"
    f" (select e.id from {_OF_FILE} order by e.id limit :most) o), 'moving-undo')"
)
# Bank lines matched to an entry of the file are let go by the door, piece by piece; they are locked
# before the book, as in booking.
_LOCK_LINES = sa.text(
    "select t.id from app.bank_transaction t"
    " join ledger.entry e on e.tenant_id = t.tenant_id and (e.id = t.entry_id or e.id in"
    "  (select m.entry_id from app.bank_line_entry m where m.tenant_id = t.tenant_id"
    "   and m.line_id = t.id))"
    " where t.tenant_id = (select guard.tenant_id()) and t.entry_id is not null"
    " and e.source_type = 'moving_file' and e.source_id = :file order by t.id for update of t"
)
_RESTORE_ACCOUNTS = sa.text(
    "select count(ledger.archive_account(a, false)) from unnest(:ids) a"
).bindparams(sa.bindparam("ids", type_=_ids))
_ARCHIVE_ACCOUNTS = sa.text("""
select count(ledger.archive_account(a)) from unnest(:ids) a
where not exists (select from ledger.posting p join ledger.entry e
  on e.tenant_id = p.tenant_id and e.id = p.entry_id
  where p.account_id = a and e.source_id is distinct from :file)
""").bindparams(sa.bindparam("ids", type_=_ids))
_ARCHIVE_CONTACTS = sa.text("""
update ledger.counterparty c set archived_at = now() where c.id = any (:ids)
  and not exists (select from ledger.posting p join ledger.entry e
    on e.tenant_id = p.tenant_id and e.id = p.entry_id
    where p.counterparty_id = c.id and e.source_id is distinct from :file)
""").bindparams(sa.bindparam("ids", type_=_ids))


@dataclass(slots=True)
class Done:
    """What an import made and what its page says of it."""

    accounts: list[UUID] = field(default_factory=list)
    contacts: list[UUID] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)


def carry_out(found: MovingFile, plan: Plan) -> Done:
    """Does everything a plan says, all or nothing; the caller has seen that nothing blocks it."""
    done = Done()
    accounts = _accounts(plan, done)
    if plan.settings.kind == "chart":
        done.told = {"posted": 0, "known": 0, "taxed": _give_taxes(plan)}
        return done
    contacts = _contacts(plan, done)
    days = [entry.day for entry in plan.entries] or [plan.settings.on or date.min]
    if plan.entries or plan.content.items:
        commands.ensure_periods(first=min(days), last=max(days))
    if plan.settings.kind == "items":
        posted = _post_items(found, plan, contacts, done)
    else:
        posted = _post(found, plan, accounts, contacts, done)
    done.told["posted"] = len(posted)
    _meter(found, done)
    return done


def _meter(found: MovingFile, done: Done) -> None:
    number, key = int(done.told["posted"]), f"moving:{found.id}:{found.version}"
    if number:
        done.told["meter"] = key
        usage.record(
            METER,
            number,
            key=key,
            evidence=usage.Evidence(SOURCE, found.id, found.name[:120]),
            line="accounting",
            unit="entry",
        )


def _accounts(plan: Plan, done: Done) -> dict[str, UUID]:
    """Every account of the file in the chart: made, taken back into use, or there already."""
    new = [one for one in plan.targets.values() if one.account_id is None]
    made = commands.create_accounts(
        accounts=[
            commands.AccountInput(
                one.code,
                one.name,
                one.type,
                one.subtype,
                one.currency,
                tax_code=moving_plan.default_tax_of(plan, one),
            )
            for one in new
        ]
    )
    done.accounts = list(made.values())
    back = [one.account_id for one in plan.targets.values() if one.archived and one.account_id]
    if back:
        session.execute(_RESTORE_ACCOUNTS, {"ids": back})
    found = {key: one.account_id or made[one.code] for key, one in plan.targets.items()}
    if found:
        values = {"sources": list(found), "accounts": list(found.values())}
        session.execute(_REMEMBER, values)
    return found


def _give_taxes(plan: Plan) -> dict[str, str]:
    """Accounts that are here already take the file's tax where they have none; by account."""
    wanted = {
        one.account_id: code
        for one in plan.targets.values()
        if one.account_id and (code := moving_plan.default_tax_of(plan, one))
    }
    given = commands.give_tax_codes(codes=wanted) if wanted else []
    return {str(one): wanted[one] for one in given}


def _contacts(plan: Plan, done: Done) -> dict[str, UUID]:
    """Every contact of the file by its folded name, made where nobody is called so yet."""
    wanted = dict(plan.content.contacts)
    if plan.settings.contact:
        wanted.setdefault(plan.settings.contact.casefold(), plan.settings.contact[:200])
    if _needs_rest(plan):
        wanted.setdefault(REST.casefold(), REST)
    known = {one.name.casefold(): one.id for one in queries.counterparties()}
    new = [name for key, name in wanted.items() if key not in known]
    kinds = _kinds(plan)
    values = {"names": new, "kinds": [kinds.get(name.casefold(), "other") for name in new]}
    rows = session.execute(_CONTACTS, values).all() if new else []
    done.contacts = [row.id for row in rows]
    return known | {row.name.casefold(): row.id for row in rows}


_KINDS = {"receivable": "customer", "payable": "supplier"}


def _kinds(plan: Plan) -> dict[str, str]:
    """Customers and suppliers by folded name: by the control account they stand on."""
    if plan.settings.kind == "items":
        kind = _KINDS[plan.settings.control]
        return {item.contact.casefold(): kind for item in plan.content.items}
    return {
        part.contact.casefold(): _KINDS[control]
        for entry in plan.entries
        for part in entry.parts
        if part.contact and (control := plan.targets[part.source].control)
    }


def _needs_rest(plan: Plan) -> bool:
    if plan.settings.kind == "items":
        return True
    return plan.settings.kind == "opening" and any(
        plan.targets[part.source].control and not part.contact
        for entry in plan.entries
        for part in entry.parts
    )


def _post(
    found: MovingFile,
    plan: Plan,
    accounts: Mapping[str, UUID],
    contacts: Mapping[str, UUID],
    done: Done,
) -> list[PostedEntry]:
    """Posts what is not there yet: the same entry of an earlier file is known."""
    opening = plan.settings.kind == "opening"
    base = queries.book().base_currency
    keys = _fresh(moving_plan.keys(plan.entries))
    here = {row.idem_key for row in session.execute(_HERE, {"keys": keys})}
    done.told["known"] = len(here)
    plan.entries = [one for one, key in zip(plan.entries, keys, strict=True) if key not in here]
    drafts = [
        EntryDraft(
            journal="OPEN" if opening else "GEN",
            date=entry.day,
            description=entry.text,
            postings=_postings(entry, plan, accounts, contacts, base),
            key=key,
            kind="opening" if opening else "normal",
            source_type=SOURCE,
            source_id=found.id,
        )
        for entry, key in zip(plan.entries, [k for k in keys if k not in here], strict=True)
    ]
    posted = commands.post_many(drafts=drafts)
    moving_settling.describe(_described(plan, posted))
    if not opening:
        done.told["settled"] = moving_settling.settle_moved(found.id, base)
    return posted


def _described(
    plan: Plan, posted: Sequence[PostedEntry]
) -> Iterator[tuple[UUID, int, date | None, str | None]]:
    """Due days and references of what stands on control accounts."""
    for entry, done in zip(plan.entries, posted, strict=True):
        for number, part in enumerate(entry.parts, 1):
            if plan.targets[part.source].control and (part.due or part.reference):
                yield done.id, number, part.due, part.reference or None


def _postings(
    entry: Draft,
    plan: Plan,
    accounts: Mapping[str, UUID],
    contacts: Mapping[str, UUID],
    base: str,
) -> tuple[PostingInput, ...]:
    rest = REST if plan.settings.kind == "opening" else plan.settings.contact
    postings = []
    for part in entry.parts:
        needed = rest if plan.targets[part.source].control else ""
        contact = (part.contact or needed).casefold()
        postings.append(
            PostingInput(
                accounts[part.source],
                part.foreign if part.currency else part.amount,
                part.currency or base,
                part.amount,
                counterparty_id=contacts.get(contact) if contact else None,
                tax_code=moving_plan.tax_code_of(plan, entry, part),
                memo=part.memo or None,
            )
        )
    if entry.sum:
        postings.append(PostingInput(_suspense(plan), -entry.sum, base, memo="Difference"))
    return tuple(postings)


def _suspense(plan: Plan) -> UUID:
    account = queries.account_by_code(plan.settings.suspense)
    if account is None or account.archived or account.control:
        raise Invalid.of("suspense", "account-unknown")
    return account.id


def _fresh(keys: Sequence[str]) -> list[str]:
    """The keys, each with a number more where its entry was undone: it may come again."""
    found = session.execute(_FREE, {"keys": list(keys)}).all()
    if any(row.again == 50 for row in found):
        raise Conflict("moving-undone-too-often")
    return [row.key for row in found]


def _post_items(
    found: MovingFile, plan: Plan, contacts: Mapping[str, UUID], done: Done
) -> list[PostedEntry]:
    """Splits a control account's opening balance into its items, and settles what held it."""
    control = plan.settings.control
    account = next(one for one in queries.accounts() if one.control == control)
    items = plan.content.items
    chunks = [items[at : at + ITEMS_AN_ENTRY] for at in range(0, len(items), ITEMS_AN_ENTRY)]
    rest = Rest(account.id, contacts[REST.casefold()], queries.book().base_currency)
    keys = _fresh([f"moving-items:{found.id}:{number}" for number in range(len(chunks))])
    held = moving_settling.currencies_of(rest)
    drafts = [
        EntryDraft(
            journal="OPEN",
            date=plan.settings.on or date.min,
            description="Open items taken over",
            postings=moving_settling.items_postings(
                chunk, contacts, rest, sign=1 if control == "receivable" else -1, held=held
            ),
            key=key,
            kind="opening",
            source_type=SOURCE,
            source_id=found.id,
        )
        for chunk, key in zip(chunks, keys, strict=True)
    ]
    posted = commands.post_many(drafts=drafts)
    moving_settling.describe(
        (entry.id, number, item.due or item.day, item.reference or None)
        for entry, chunk in zip(posted, chunks, strict=True)
        for number, item in enumerate(chunk, 1)
    )
    done.told["allocation"] = moving_settling.settle_rest(rest, plan.settings.on)
    return posted


def undo(found: MovingFile) -> None:
    """Reverses every living entry of a file on its own day and archives what only it used.

    Raises Locked (period-closed) naming the month when one of its months is not open.
    """
    blocked = session.execute(_NOT_OPEN, {"file": found.id}).scalar_one_or_none()
    if blocked is not None:
        raise Locked("period-closed", date=str(blocked))
    allocation = found.report.get("allocation")
    if allocation:
        open_items_commands.release(UUID(allocation))
    session.execute(_LOCK_LINES, {"file": found.id}).all()
    values = {"file": found.id, "most": CHUNK}
    while session.execute(_REVERSE, values).scalar_one() == CHUNK:
        continue
    made = session.execute(
        sa.text("select made_accounts, made_contacts from app.moving_file where id = :file"),
        {"file": found.id},
    ).one()
    taxed = {UUID(one): code for one, code in found.report.get("taxed", {}).items()}
    if taxed:
        commands.give_tax_codes(codes=dict.fromkeys(taxed), was=taxed)
    session.execute(_ARCHIVE_ACCOUNTS, {"ids": made.made_accounts, "file": found.id})
    session.execute(_ARCHIVE_CONTACTS, {"ids": made.made_contacts, "file": found.id})
    if found.report.get("meter"):
        usage.void(found.report["meter"], reason="undone")
