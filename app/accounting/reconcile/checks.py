"""What reconciling ticks of a month: lines done, bank equals books, nothing in suspense."""

from __future__ import annotations

import sqlalchemy as sa

from app.kernel import words
from app.kernel.db import session
from app.kernel.registry import CloseCheck
from app.kernel.words import _

_ENDS = "(select ends from ledger.period where id = :period)"
_LINES = sa.text(
    "select count(*) from app.bank_transaction t where t.tenant_id = (select guard.tenant_id())"
    f" and t.state = 'to_do' and t.status = 'booked' and t.booked_on <= {_ENDS}"
)
# Each bank account that has moved by the month's end: what the bank says of it then (the last
# stated balance with the lines after it, else the lines alone) against its account in the books.
_DIFFERENT = sa.text(f"""
select count(*) from app.bank_account a
left join lateral (select s.closing_minor, s.to_on from app.statement s
  where s.tenant_id = a.tenant_id and s.bank_account_id = a.id and s.closing_minor is not null
    and s.to_on <= {_ENDS} order by s.to_on desc, s.position desc limit 1) s on true
cross join lateral (select coalesce(sum(t.amount_minor), 0)::bigint as minor, count(*) as n
  from app.bank_transaction t where t.tenant_id = a.tenant_id and t.bank_account_id = a.id
    and (t.state <> 'to_do' or t.status = 'booked') and t.booked_on <= {_ENDS}
    and (s.to_on is null or t.booked_on > s.to_on)) l
cross join lateral (select coalesce(sum(b.debit - b.credit), 0)::bigint as minor
  from ledger.balance b where b.tenant_id = a.tenant_id and b.account_id = a.account_id
    and b.currency = a.currency and b.grain = 'm' and b.starts <= {_ENDS}) k
where a.tenant_id = (select guard.tenant_id()) and (s.to_on is not null or l.n > 0)
  and coalesce(s.closing_minor, 0) + l.minor <> k.minor
""")
_SUSPENSE = sa.text(f"""
select count(*) from ledger.account a
where a.tenant_id = (select guard.tenant_id()) and a.subtype = 'suspense' and coalesce((
  select sum(b.base_debit - b.base_credit) from ledger.balance b where b.tenant_id = a.tenant_id
    and b.account_id = a.id and b.grain = 'm' and b.starts <= {_ENDS}), 0) <> 0
""")


def _count(statement: sa.TextClause, period_id: int) -> int:
    return int(session.execute(statement, {"period": period_id}).scalar_one())


def lines(period_id: int) -> int:
    """Bank lines to do up to the month's end."""
    return _count(_LINES, period_id)


def different(period_id: int) -> int:
    """Bank accounts whose balance in the books is not the bank's at the month's end."""
    return _count(_DIFFERENT, period_id)


def suspense(period_id: int) -> int:
    """Suspense accounts that are not empty at the month's end."""
    return _count(_SUSPENSE, period_id)


CHECKS = (
    CloseCheck(
        "reconciled",
        _("All bank lines are reconciled"),
        "accounting",
        lines,
        "accounting_reconcile.start",
        zero=_("Every line is done"),
        left=lambda n: words.ngettext("%(n)s line to do", "%(n)s lines to do", n),
        short=_("Lines"),
        order=20,
    ),
    CloseCheck(
        "bank-equals-books",
        _("Bank equals books"),
        "accounting",
        different,
        "accounting_reconcile.start",
        zero=_("Every account agrees"),
        left=lambda n: words.ngettext("%(n)s account differs", "%(n)s accounts differ", n),
        short=_("Bank"),
        order=25,
    ),
    CloseCheck(
        "suspense",
        _("Suspense is empty"),
        "accounting",
        suspense,
        "accounting.accounts",
        zero=_("Nothing in suspense"),
        left=lambda n: words.ngettext("%(n)s account is not empty", "%(n)s are not empty", n),
        short=_("Suspense"),
        order=30,
    ),
)
