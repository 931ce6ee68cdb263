"""What settles open items and takes it back: one statement of the ledger's doors each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounting.open_items import queries as queries_
from app.accounting.open_items.values import ItemKey, Pairing
from app.kernel import undo, usage
from app.kernel.db import session

MOST_PAIRS = 500

_ALLOCATE = sa.text(
    "select ledger.allocate(:debit_entry, :debit_no, :credit_entry, :credit_no, :amount, :on,"
    " :difference, :description, :id)"
).bindparams(
    sa.bindparam("debit_entry", type_=ARRAY(sa.Uuid())),
    sa.bindparam("credit_entry", type_=ARRAY(sa.Uuid())),
    sa.bindparam("debit_no", type_=ARRAY(sa.Integer())),
    sa.bindparam("credit_no", type_=ARRAY(sa.Integer())),
    sa.bindparam("amount", type_=ARRAY(sa.BigInteger())),
    sa.bindparam("on", type_=sa.Date()),
    sa.bindparam("difference", type_=sa.Uuid()),
    sa.bindparam("id", type_=sa.Uuid()),
)
_RELEASE = sa.text("select ledger.release(:id, :on)").bindparams(
    sa.bindparam("on", type_=sa.Date()), sa.bindparam("id", type_=sa.Uuid())
)
# Where exchange differences went last; else the first account that says so in its name.
_DIFFERENCE_ACCOUNT = sa.text(
    "select coalesce((select p.account_id from ledger.entry e"
    "   join ledger.posting p on p.tenant_id = e.tenant_id and p.entry_id = e.id"
    "   join ledger.account a on a.tenant_id = p.tenant_id and a.id = p.account_id"
    "     and a.control is null and a.archived_at is null"
    "   where e.source_type = 'allocation' order by e.id desc limit 1),"
    " (select a.id from ledger.account a where a.type in ('income', 'expense')"
    "   and a.archived_at is null and a.name ilike '%exchange%' order by a.type, a.code limit 1))"
)


def difference_account() -> UUID | None:
    """Where exchange differences are booked unless said otherwise."""
    found: UUID | None = session.execute(_DIFFERENCE_ACCOUNT).scalar_one_or_none()
    return found


def allocate(
    *,
    pairs: Sequence[Pairing],
    on: dt.date | None = None,
    difference_account_id: UUID | None = None,
    description: str = "Exchange difference",
    allocation_id: UUID | None = None,
) -> UUID:
    """Settles open items with each other, all pairs or none; answers the act's id.

    Without a day it counts from the first day possible in an open month. Where the sides differ in
    base currency the difference is booked in the same transaction. The same `allocation_id` again
    answers the same act. Raises Invalid (item-unknown, items-one-side, items-contact-differs, …),
    Conflict (item-exceeded: somebody was faster) and Locked (period-closed).
    """
    made: UUID = session.execute(
        _ALLOCATE,
        {
            "debit_entry": [pair.debit[0] for pair in pairs],
            "debit_no": [pair.debit[1] for pair in pairs],
            "credit_entry": [pair.credit[0] for pair in pairs],
            "credit_no": [pair.credit[1] for pair in pairs],
            "amount": [pair.amount_minor for pair in pairs],
            "on": on,
            "difference": difference_account_id or difference_account(),
            "description": description,
            "id": allocation_id,
        },
    ).scalar_one()
    usage.record(
        "settlement",
        len(pairs),
        key=f"allocation/{made}",
        unit="pair",
        line="accounting",
        evidence=usage.Evidence("allocation", made),
    )
    return made


def release(allocation_id: UUID, *, on: dt.date | None = None) -> None:
    """Takes an act of settling back: its items are open again; twice is as well as once.

    An exchange difference booked with it is reversed. Raises NotFound (allocation-unknown) and
    Invalid (allocation-of-reversal) for the settling of an entry with its reversal.
    """
    session.execute(_RELEASE, {"id": allocation_id, "on": on})


_DESCRIBE = sa.text("select ledger.describe_item(:entry, :no, :due_on, :reference)").bindparams(
    sa.bindparam("due_on", type_=sa.Date()), sa.bindparam("entry", type_=sa.Uuid())
)


def describe(item: ItemKey, *, due_on: dt.date | None, reference: str | None) -> None:
    """Says when an item falls due and what it is known by; None leaves either as it is."""
    session.execute(
        _DESCRIBE,
        {"entry": item[0], "no": item[1], "due_on": due_on, "reference": reference},
    )


UNDO_RELEASE = "accounting.release"


def release_with_undo(allocation_id: UUID) -> UUID:
    """Takes an act of settling back and answers the way back: the same pairs settle again."""
    pairs = [
        [str(one.debit[0]), one.debit[1], str(one.credit[0]), one.credit[1], one.amount]
        for one in queries_.act(allocation_id)
        if one.amount
    ]
    release(allocation_id)
    return undo.offer(UNDO_RELEASE, {"pairs": pairs})


@undo.handler(UNDO_RELEASE)
def _settle_again(args: dict[str, Any]) -> None:
    allocate(
        pairs=[
            Pairing((UUID(debit), no), (UUID(credit), other), amount)
            for debit, no, credit, other, amount in args["pairs"]
        ]
    )
