"""The close's check of questions: none about a line or an entry of the month waits unsettled."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from app.kernel import words
from app.kernel.db import session
from app.kernel.registry import CloseCheck, CloseMonth
from app.kernel.words import _

# Open questions are few; each looks up its own records by key.
_OPEN = sa.text("""
with month as (select starts, ends from ledger.period where id = :period)
select count(*) from app.question q, month m
where q.line = 'accounting' and q.state in ('waiting', 'answered')
  and not (q.direction = 'to_provider' and q.state = 'answered')
  and exists (
    select from app.question_subject s
    left join app.bank_transaction t on t.tenant_id = s.tenant_id and t.id =
      case s.subject_type when 'bank_transaction' then cast(s.subject_key as uuid) end
    left join ledger.entry e on e.tenant_id = s.tenant_id and e.id =
      case s.subject_type when 'entry' then cast(s.subject_key as uuid) end
    where s.tenant_id = q.tenant_id and s.question_id = q.id
      and coalesce(t.booked_on, e.entry_date) between m.starts and m.ends)
""")


def unanswered(period_id: int) -> int:
    """How many questions about the month's lines and entries are not settled."""
    found: int = session.execute(_OPEN, {"period": period_id}).scalar_one()
    return found


def _waiting(_month: CloseMonth) -> Mapping[str, str]:
    return {"view": "waiting"}


CHECK = CloseCheck(
    "questions",
    _("No question is unanswered"),
    "accounting",
    unanswered,
    "questions.index",
    severity="warning",
    zero=_("All settled"),
    left=lambda n: words.ngettext("%(n)s question is open", "%(n)s questions are open", n),
    values=_waiting,
    short=_("Questions"),
    order=55,
)
