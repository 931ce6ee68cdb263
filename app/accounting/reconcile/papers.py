"""Lines that need a document: how many, which, from which amount on, and asking for them together.

A line needs one when money went out from the client's amount on, in a month that is not closed, and
nothing is attached to the line or its entry. Own transfers and lines set aside need none; what a
rule with "needs a document" coded needs one whatever its amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel.db import session
from app.kernel.errors import Invalid, NotFound
from app.tasks import questions

FROM = Decimal(100)
"""From which amount on lines need a document where a client says nothing else."""
MOST_FROM = Decimal(1_000_000_000)
MOST_ASKED = 200
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Missing:
    """How many lines of a bank account need a document; `more` where counting stopped."""

    count: int
    more: bool


def amount_from() -> Decimal:
    """The client's amount in whole units of each bank account's own currency."""
    found = session.execute(_FROM).scalar_one_or_none()
    return FROM if found is None else Decimal(found)


def set_amount_from(amount: Decimal) -> None:
    """Says from which amount on lines need a document; raises Invalid out of range."""
    if not 0 <= amount <= MOST_FROM:
        raise Invalid.of("amount", "amount-out-of-range")
    session.execute(_SET, {"amount": amount})


def missing(bank_account_id: UUID) -> Missing:
    """The count for the tab; the account was looked up already."""
    values = {"account": bank_account_id, "most": MOST_COUNTED + 1, "default": FROM}
    found = int(session.execute(_COUNT, values).scalar_one())
    return Missing(min(found, MOST_COUNTED), found > MOST_COUNTED)


def unasked(bank_account_id: UUID) -> list[UUID]:
    """Lines that need a document and were not asked about, the oldest first; at most 200."""
    values = {"account": bank_account_id, "most": MOST_ASKED, "default": FROM}
    return list(session.execute(_UNASKED, values).scalars())


def ask(bank_account_id: UUID, line_ids: Sequence[UUID], *, text: str) -> tuple[UUID, ...]:
    """Asks the client for the document of each line, one question a line; returns the questions.

    What was asked, attached or is another account's meanwhile is left out. Raises NotFound where
    nothing is left, Invalid for an empty or too long text.
    """
    values = {"account": bank_account_id, "ids": list(line_ids), "default": FROM}
    values["most"] = MOST_ASKED
    chosen = list(session.execute(_CHOSEN, values).scalars())
    if not chosen:
        raise NotFound("papers-asked-already")
    return questions.ask(
        line="accounting",
        subject_type="bank_transaction",
        subject_ids=chosen,
        text=text,
        wants_file=True,
    )


_HERE = "tenant_id = (select guard.tenant_id())"
NEEDS = (
    "t.status = 'booked' and t.state in ('to_do', 'booked') and t.amount_minor < 0"
    " and t.decided_as is distinct from 'transfer'"
    " and t.booked_on > (select coalesce(max(p.ends), '-infinity') from ledger.period p"
    f" where p.{_HERE} and p.state = 'closed')"
    " and (-t.amount_minor >= (select coalesce((select s.paper_from from app.reconcile_setting s"
    f" where s.{_HERE}), :default) * power(10::numeric, c.exponent)"
    " from app.bank_account b join app.currency c on c.code = b.currency"
    f" where b.{_HERE} and b.id = :account)"
    f" or t.rule_id in (select r.id from app.bank_rule r where r.{_HERE} and r.needs_document))"
    " and not exists (select from app.document_link k where k.tenant_id = t.tenant_id"
    " and k.subject_type = 'bank_transaction' and k.subject_id = t.id)"
    " and not exists (select from app.document_link k where k.tenant_id = t.tenant_id"
    " and k.subject_type = 'entry' and k.subject_id = t.entry_id)"
)
"""The condition on a bank line `t` of `:account`; `:default` is FROM. What holds for the whole
account is asked once, not by line."""
_UNASKED_ONLY = (
    " and not exists (select from app.question_subject s join app.question q"
    " on q.tenant_id = s.tenant_id and q.id = s.question_id"
    " where s.tenant_id = t.tenant_id and s.subject_type = 'bank_transaction'"
    " and s.subject_key = t.id::text and q.direction = 'to_client'"
    " and q.state in ('waiting', 'answered'))"
)
_LINES = (
    "select t.id from app.bank_transaction t where t.tenant_id = (select guard.tenant_id())"
    f" and t.bank_account_id = :account and {NEEDS}"
)
_ORDERED = " order by t.booked_on, t.id limit :most"
_COUNT = sa.text(f"select count(*) from ({_LINES} limit :most) some_of_them")
_UNASKED = sa.text(_LINES + _UNASKED_ONLY + _ORDERED)
_CHOSEN = sa.text(f"{_LINES} and t.id = any(:ids){_UNASKED_ONLY}{_ORDERED}").bindparams(
    sa.bindparam("ids", type_=ARRAY(sa.Uuid()))
)
_FROM = sa.text(
    "select paper_from from app.reconcile_setting where tenant_id = (select guard.tenant_id())"
)
_SET = sa.text(
    "insert into app.reconcile_setting as s (tenant_id, paper_from)"
    " values ((select guard.tenant_id()), :amount) on conflict (tenant_id) do update"
    " set paper_from = excluded.paper_from, version = s.version + 1"
)
