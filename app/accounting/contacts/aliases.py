"""Changing what a contact is known as, with a way back from each change."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting.contacts import commands
from app.accounting.contacts import queries as queries_
from app.accounting.contacts.queries import Alias
from app.kernel import undo
from app.kernel.db import session
from app.kernel.errors import Conflict, NotFound

UNDO = "accounting.contact-alias"


def add(contact_id: UUID, *, kind: str, value: str) -> UUID:
    """Says what else a contact is known as; answers the way back. Raises as `add_alias` does."""
    made, forgotten = commands.add_alias(contact_id, kind=kind, value=value)
    return _offer(gone=[made], back=forgotten)


def change(contact_id: UUID, alias_id: UUID, *, kind: str, value: str) -> UUID:
    """Puts another alias in the place of one; answers the way back.

    What was learnt from a line becomes what a person says. Raises NotFound (alias-unknown) and as
    `add_alias` does.
    """
    before = _one(contact_id, alias_id)
    if (before.kind, before.value.casefold()) == (kind, value.strip().casefold()):
        raise Conflict("alias-same")
    commands.remove_alias(contact_id, alias_id)
    made, forgotten = commands.add_alias(contact_id, kind=kind, value=value)
    return _offer(gone=[made], back=[alias_id, *forgotten])


def remove(contact_id: UUID, alias_id: UUID) -> UUID:
    """A contact is no longer known by an alias; answers the way back. It is not learnt again.

    Raises NotFound (alias-unknown).
    """
    _one(contact_id, alias_id)
    commands.remove_alias(contact_id, alias_id)
    return _offer(gone=[], back=[alias_id])


def _one(contact_id: UUID, alias_id: UUID) -> Alias:
    known = queries_.contact(contact_id).aliases
    found = next((one for one in known if one.id == alias_id), None)
    if found is None:
        raise NotFound("alias-unknown")
    return found


def _offer(*, gone: list[UUID], back: list[UUID]) -> UUID:
    return undo.offer(UNDO, {"gone": [str(one) for one in gone], "back": [str(x) for x in back]})


@undo.handler(UNDO)
def _undo(args: dict[str, Any]) -> None:
    """What came goes and what went comes back; Conflict (alias-taken) where another has it now."""
    session.execute(_GO, {"ids": [UUID(one) for one in args["gone"]]})
    wanted = [UUID(one) for one in args["back"]]
    if len(session.execute(_COME_BACK, {"ids": wanted}).all()) != len(wanted):
        raise Conflict("alias-taken")


_IDS = ARRAY(sa.Uuid())
_GO = sa.text(
    "update ledger.counterparty_alias set archived_at = now()"
    " where tenant_id = (select guard.tenant_id()) and id = any(:ids) and archived_at is null"
).bindparams(sa.bindparam("ids", type_=_IDS))
_COME_BACK = sa.text(
    "update ledger.counterparty_alias a set archived_at = null"
    " where a.tenant_id = (select guard.tenant_id()) and a.id = any(:ids)"
    " and not exists (select from ledger.counterparty_alias o where o.tenant_id = a.tenant_id"
    " and o.kind = a.kind and lower(o.value) = lower(a.value) and o.archived_at is null)"
    " returning a.id"
).bindparams(sa.bindparam("ids", type_=_IDS))
