"""The check of a month's close: open items say what the control accounts say."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from app.kernel import words
from app.kernel.db import session
from app.kernel.registry import CloseCheck, CloseMonth
from app.kernel.words import _

# Both sides at the end of the month, account by account: residuals of that day against balances.
_DIFFERING = sa.text(
    """
with m as (select p.ends from ledger.period p where p.id = :period),
later as (
  select x.account_id, sum(x.base)::bigint as base from (
    select i.account_id, a.base from m, ledger.allocation a join ledger.open_item i
      on i.tenant_id = a.tenant_id and i.entry_id = a.debit_entry_id and i.no = a.debit_no
    where a.allocated_on > m.ends and i.booked_on <= m.ends
    union all
    select i.account_id, -a.base from m, ledger.allocation a join ledger.open_item i
      on i.tenant_id = a.tenant_id and i.entry_id = a.credit_entry_id and i.no = a.credit_no
    where a.allocated_on > m.ends and i.booked_on <= m.ends) x
  group by 1),
item as (
  select i.account_id, sum(i.residual_base)::bigint as base from m, ledger.open_item i
  where (i.residual <> 0 or i.residual_base <> 0) and i.booked_on <= m.ends group by 1),
books as (
  select t.account_id, sum(t.base_debit - t.base_credit)::bigint as base
  from m, lateral ledger.turnover(null, m.ends) t group by 1)
select count(*) from ledger.account a
left join item i on i.account_id = a.id
left join later l on l.account_id = a.id
left join books b on b.account_id = a.id
where a.control is not null
  and coalesce(i.base, 0) + coalesce(l.base, 0) <> coalesce(b.base, 0)"""
)


def differing(period_id: int) -> int:
    """How many control accounts differ from their open items at the end of a month."""
    found: int = session.execute(_DIFFERING, {"period": period_id}).scalar_one()
    return found


def _at_the_end(month: CloseMonth) -> Mapping[str, str]:
    return {"on": month.ends.isoformat()}


CHECK = CloseCheck(
    "open-items",
    _("Control accounts equal open items"),
    "accounting",
    differing,
    "accounting_items.aged",
    zero=_("Open items agree"),
    left=lambda n: words.ngettext("%(n)s account differs", "%(n)s accounts differ", n),
    values=_at_the_end,
    short=_("Open items"),
    order=50,
)
