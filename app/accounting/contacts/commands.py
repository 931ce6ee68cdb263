"""What is done with contacts: change, archive, aliases, and merging two that are one."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting.contacts import queries as queries_
from app.accounting.contacts.queries import KINDS, Contact
from app.kernel import people, undo, words
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound

UNDO_MERGE = "accounting.merge-contacts"
MOST_DAYS = 730
_TENANT = "tenant_id = (select guard.tenant_id())"
_IDS = ARRAY(sa.Uuid())

_CHANGE = sa.text(
    "update ledger.counterparty set name = :name, kind = :kind, account_id = :account,"
    " terms_days = :days, version = version + 1"
    f" where {_TENANT} and id = :id and version = :version returning id"
).bindparams(sa.bindparam("account", type_=sa.Uuid()))
_ARCHIVE = sa.text(
    "update ledger.counterparty set archived_at ="
    " case when :archived then coalesce(archived_at, now()) end, version = version + 1"
    f" where {_TENANT} and id = :id and merged_into_id is null returning id"
)
_ADD_ALIAS = sa.text(
    "insert into ledger.counterparty_alias (tenant_id, counterparty_id, kind, value)"
    " values ((select guard.tenant_id()), :contact, :kind, :value)"
    " on conflict (tenant_id, kind, lower(value)) where archived_at is null do nothing"
    " returning id"
)
# what a person says goes before what a line taught
_UNLEARN = sa.text(
    f"update ledger.counterparty_alias set archived_at = now() where {_TENANT}"
    " and kind = :kind and lower(value) = lower(:value) and learnt_from is not null"
    " and archived_at is null returning id"
)
_REMOVE_ALIAS = sa.text(
    f"update ledger.counterparty_alias set archived_at = now() where {_TENANT}"
    " and id = :id and counterparty_id = :contact and archived_at is null returning id"
)


def create(
    *, name: str, kind: str = "other", account_id: UUID | None = None, terms_days: int = 0
) -> UUID:
    """Adds a contact; raises Invalid (contact-name, contact-kind, contact-terms)."""
    _check(name, kind, account_id, terms_days)
    made: UUID = session.execute(
        sa.text(
            "insert into ledger.counterparty (tenant_id, name, kind, account_id, terms_days)"
            " values ((select guard.tenant_id()), :name, :kind, :account, :days) returning id"
        ).bindparams(sa.bindparam("account", type_=sa.Uuid())),
        {"name": name.strip(), "kind": kind, "account": account_id, "days": terms_days},
    ).scalar_one()
    return made


def change(
    contact_id: UUID,
    *,
    version: int,
    name: str,
    kind: str,
    account_id: UUID | None,
    terms_days: int,
) -> None:
    """Changes a contact; what is booked with it stays as it is. Terms count for new postings.

    `version` is what the person has seen: where somebody changed it since, Conflict
    (contact-changed) says who did and what stands there now.
    """
    _check(name, kind, account_id, terms_days)
    values = {
        "id": contact_id,
        "version": version,
        "name": name.strip(),
        "kind": kind,
        "account": account_id,
        "days": terms_days,
    }
    if session.execute(_CHANGE, values).first() is None:
        now = queries_.contact(contact_id)
        who = people.names([now.changed_by]) if now.changed_by else {}
        differs = _different(now, values)
        raise Conflict(
            "contact-changed", who=next(iter(who.values()), "–"), what=differs or now.name
        )


def _different(now: Contact, wanted: dict[str, Any]) -> str:
    """What stands in a contact now, of the fields that would have become something else."""
    fields = (
        (words.gettext("Name"), now.name, wanted["name"]),
        (words.gettext("Kind"), now.kind, wanted["kind"]),
        (words.gettext("Days to pay"), now.terms_days, wanted["days"]),
    )
    told = [f"{name}: {here}" for name, here, new in fields if here != new]
    if now.account_id != wanted["account"]:
        none = words.gettext("None")
        told.append(f"{words.gettext('Usual account')}: {now.account or none}")
    return ", ".join(told)


def _check(name: str, kind: str, account_id: UUID | None, terms_days: int) -> None:
    if not 1 <= len(name.strip()) <= 200:
        raise Invalid.of("name", "contact-name")
    if kind not in KINDS:
        raise Invalid.of("kind", "contact-kind")
    if not 0 <= terms_days <= MOST_DAYS:
        raise Invalid.of("terms_days", "contact-terms", most=MOST_DAYS)
    if account_id is not None:
        known = sa.text("select 1 from ledger.account where id = :id and archived_at is null")
        if session.execute(known, {"id": account_id}).first() is None:
            raise Invalid.of("account", "account-unknown")


def archive(contact_id: UUID, *, archived: bool = True) -> None:
    """Takes a contact out of the lists to choose from, or back into them.

    Raises NotFound for an unknown one and one that was merged into another.
    """
    if session.execute(_ARCHIVE, {"id": contact_id, "archived": archived}).first() is None:
        raise NotFound("counterparty-unknown")


def add_alias(contact_id: UUID, *, kind: str, value: str) -> tuple[UUID, list[UUID]]:
    """Says what else a contact is known as; an IBAN is kept in capitals without blanks.

    What a bank line taught of the same value is forgotten, whoever it led to. Answers the alias
    and the forgotten ones, for the way back.

    Raises Invalid (alias-value), Conflict (alias-taken) where it leads to somebody else already.
    """
    text = re.sub(r"\s+", "", value).upper() if kind == "iban" else " ".join(value.split())
    if kind not in ("iban", "name", "token") or not 1 <= len(text) <= 200:
        raise Invalid.of("value", "alias-value")
    queries_.contact(contact_id)
    forgotten = list(session.execute(_UNLEARN, {"kind": kind, "value": text}).scalars())
    made = session.execute(
        _ADD_ALIAS, {"contact": contact_id, "kind": kind, "value": text}
    ).scalar_one_or_none()
    if made is None:
        raise Conflict("alias-taken")
    return UUID(str(made)), forgotten


def remove_alias(contact_id: UUID, alias_id: UUID) -> None:
    """A contact is no longer known by an alias; raises NotFound (alias-unknown)."""
    gone = session.execute(_REMOVE_ALIAS, {"id": alias_id, "contact": contact_id}).first()
    if gone is None:
        raise NotFound("alias-unknown")


def merge(contact_id: UUID, *, into: UUID) -> UUID:
    """Says that a contact is another one; answers the way back.

    Postings keep the contact they were made with; lists and open items show them with `into`,
    which takes over the aliases and the name as one. Raises Invalid (merge-self) and NotFound.
    """
    if contact_id == into:
        raise Invalid.of("into", "merge-self")
    session.execute(_HOLD, {"ids": [contact_id, into]})
    lost, kept = queries_.contact(contact_id), queries_.contact(into)
    if lost.merged_into_id or kept.merged_into_id:
        raise NotFound("counterparty-unknown")
    earlier = session.execute(_REPOINT, {"from": contact_id, "to": into}).scalars().all()
    session.execute(_MERGE, {"id": contact_id, "into": into})
    moved = [one.id for one in lost.aliases]
    session.execute(_MOVE, {"ids": moved, "to": into})
    named = session.execute(
        _ADD_ALIAS, {"contact": into, "kind": "name", "value": lost.name}
    ).scalar_one_or_none()
    return undo.offer(
        UNDO_MERGE,
        {
            "lost": str(contact_id),
            "kept": str(into),
            "archived": lost.archived,
            "earlier": [str(one) for one in earlier],
            "moved": [str(one) for one in moved],
            "named": str(named) if named else None,
        },
    )


@undo.handler(UNDO_MERGE)
def _unmerge(args: dict[str, Any]) -> None:
    lost = UUID(args["lost"])
    family = [lost, *(UUID(one) for one in args["earlier"])]
    if session.execute(_SETTLED_ACROSS, {"family": family}).scalar_one():
        raise Conflict("merge-settled")
    values = {"id": lost, "into": UUID(args["kept"]), "archived": args["archived"]}
    if session.execute(_UNMERGE, values).first() is None:
        raise Conflict("merge-undone")
    session.execute(_BACK, {"ids": [UUID(one) for one in args["earlier"]], "to": lost})
    session.execute(_MOVE, {"ids": [UUID(one) for one in args["moved"]], "to": lost})
    if args["named"]:
        session.execute(_REMOVE_ALIAS, {"id": UUID(args["named"]), "contact": UUID(args["kept"])})


# An item of one settled by an item of the other would be of nobody after the parting.
_SETTLED_ACROSS = sa.text(
    """
select exists (select from ledger.open_item i join ledger.allocation a on a.tenant_id = i.tenant_id
    and (i.entry_id, i.no) in ((a.debit_entry_id, a.debit_no), (a.credit_entry_id, a.credit_no))
  join ledger.open_item o on o.tenant_id = a.tenant_id and (o.entry_id, o.no) in
    ((a.debit_entry_id, a.debit_no), (a.credit_entry_id, a.credit_no))
  where i.counterparty_id = any (:family) and o.counterparty_id <> all (:family)
    and a.releases_id is null and not exists (select from ledger.allocation r
      where r.tenant_id = a.tenant_id and r.releases_id = a.id))"""
).bindparams(sa.bindparam("family", type_=_IDS))
# in one order, so that two who merge the same contacts wait for each other and see the outcome
_HOLD = sa.text(
    f"select id from ledger.counterparty where {_TENANT} and id = any (:ids)"
    " order by id for no key update"
).bindparams(sa.bindparam("ids", type_=_IDS))
_REPOINT = sa.text(
    f"update ledger.counterparty set merged_into_id = :to where {_TENANT}"
    " and merged_into_id = :from returning id"
)
_BACK = sa.text(
    f"update ledger.counterparty set merged_into_id = :to where {_TENANT} and id = any (:ids)"
).bindparams(sa.bindparam("ids", type_=_IDS))
_MERGE = sa.text(
    "update ledger.counterparty set merged_into_id = :into,"
    f" archived_at = coalesce(archived_at, now()) where {_TENANT} and id = :id"
)
_UNMERGE = sa.text(
    "update ledger.counterparty set merged_into_id = null,"
    " archived_at = case when :archived then archived_at end"
    f" where {_TENANT} and id = :id and merged_into_id = :into returning id"
)
_MOVE = sa.text(
    f"update ledger.counterparty_alias set counterparty_id = :to where {_TENANT}"
    " and id = any (:ids)"
).bindparams(sa.bindparam("ids", type_=_IDS))
