"""What accepted lines teach of contacts: the names and account numbers by which banks know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.accounting.matching import payouts
from app.accounting.reconcile.lines import Decision, HeldLine
from app.kernel.db import session

LEAST_NAME, LEAST_NUMBER = 4, 8
MOST = 200


def learn(held: Sequence[HeldLine], decisions: Mapping[UUID, Decision]) -> None:
    """Keeps how the bank calls the one contact of each line that a person has just decided.

    Lines of several contacts, of card processors and those accepted in a batch teach nothing. What
    leads to two contacts tells nobody apart: it is forgotten, and not learnt again while both
    decisions stand; nor is what a person has removed. To be called after the lines are decided.
    """
    rows = [
        {"line": str(line.id), "contact": str(contact), "kind": kind, "value": value}
        for line in held
        if (contact := _contact(decisions[line.id])) is not None
        for kind, value in _said(line)
    ]
    if not rows:
        return
    fresh = [_plain(row) for row in session.execute(_FRESH, {"rows": rows})]
    if fresh:
        session.execute(_RETIRE, {"rows": fresh})
        session.execute(_LEARN, {"rows": fresh})


def _contact(decision: Decision) -> UUID | None:
    """The one contact of a decision; None where there are none or several."""
    if decision.by == "certain_batch" or decision.coding is None:
        return None
    found = {one.counterparty_id for one in decision.coding.parts if one.counterparty_id}
    return found.pop() if len(found) == 1 else None


def _said(line: HeldLine) -> list[tuple[str, str]]:
    """The account number and the name that the bank gives, as aliases are kept."""
    name = " ".join((line.counterparty or "").split())[:MOST].strip()
    if payouts.named_processor(f"{name} {line.text}") is not None:
        return []
    number = "".join((line.counterparty_account or "").split()).upper()[:MOST]
    found = []
    if len(number) >= LEAST_NUMBER:
        found.append(("iban", number))
    if len(name) >= LEAST_NAME:
        found.append(("name", name))
    return found


def _plain(row: sa.Row[Any]) -> dict[str, str]:
    return {name: str(value) for name, value in row._mapping.items()}


_ROWS = "jsonb_to_recordset(:rows) as x(line uuid, contact uuid, kind text, value text)"
# What does not lead to the contact yet, each value once; own accounts and names are nobody's alias.
_FRESH = sa.text(
    "select distinct on (x.kind, lower(x.value)) x.line, coalesce(c.merged_into_id, c.id) as"
    f" contact, x.kind, x.value from {_ROWS} join ledger.counterparty c"
    " on c.tenant_id = (select guard.tenant_id()) and c.id = x.contact"
    " where not exists (select from ledger.living_alias a where a.tenant_id = c.tenant_id"
    " and a.kind = x.kind and lower(a.value) = lower(x.value)"
    " and (a.counterparty_id = coalesce(c.merged_into_id, c.id) or a.learnt_from is null))"
    " and not exists (select from app.bank_account_number n where n.tenant_id = c.tenant_id"
    " and x.kind = 'iban' and n.number = x.value)"
    " and not exists (select from ledger.counterparty o where o.tenant_id = c.tenant_id"
    " and x.kind = 'name' and app.folded(o.name) = app.folded(x.value))"
    " order by x.kind, lower(x.value), x.line"
).bindparams(sa.bindparam("rows", type_=JSONB()))
# What was learnt from lines since taken back, or for somebody else.
_RETIRE = sa.text(
    f"update ledger.counterparty_alias a set archived_at = now() from {_ROWS}"
    " where a.tenant_id = (select guard.tenant_id()) and a.archived_at is null"
    " and a.learnt_from is not null and a.kind = x.kind and lower(a.value) = lower(x.value)"
).bindparams(sa.bindparam("rows", type_=JSONB()))
_LEARN = sa.text(
    "insert into ledger.counterparty_alias (tenant_id, counterparty_id, kind, value, learnt_from)"
    f" select (select guard.tenant_id()), x.contact, x.kind, x.value, x.line from {_ROWS}"
    " where not exists (select from ledger.counterparty_alias a"
    " left join app.bank_transaction t on t.tenant_id = a.tenant_id and t.id = a.learnt_from"
    " where a.tenant_id = (select guard.tenant_id()) and a.archived_at is not null"
    " and a.kind = x.kind and lower(a.value) = lower(x.value)"
    " and (a.learnt_from is null and a.counterparty_id = x.contact"
    " or t.decided_at = a.created_at))"
    " on conflict (tenant_id, kind, lower(value)) where archived_at is null do nothing"
).bindparams(sa.bindparam("rows", type_=JSONB()))
