"""The checks of a month that the ledger itself ticks, and the count over all registered ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from app.accounting.close import queries as close_queries
from app.accounting.close.values import Month, Result, Step, Unusual
from app.kernel import registry, words
from app.kernel.db import session
from app.kernel.registry import CloseCheck, CloseMonth
from app.kernel.words import _

_EARLIER = sa.text(
    "select count(*) from ledger.period p where p.state <> 'closed' and p.starts <"
    " (select starts from ledger.period where id = :period) and exists (select from ledger.entry e"
    " where e.tenant_id = p.tenant_id and e.period_id = p.id)"
)
_UNBALANCED = sa.text(
    "select coalesce(sum(t.base_debit), 0) <> coalesce(sum(t.base_credit), 0) as off"
    " from ledger.turnover(null, (select ends from ledger.period where id = :period)) t"
)
# What a counter says was given against the numbers that stand in the books of its fiscal year.
_GAPS = sa.text("""
select coalesce(sum(abs(c.n - coalesce(e.found, 0))), 0)::bigint as missing
from ledger.counter c
left join lateral (select count(*) as found from ledger.entry e
  where e.tenant_id = c.tenant_id and e.journal = c.journal and e.fiscal_year = c.fiscal_year) e
  on true
where c.fiscal_year = (select fiscal_year from ledger.period where id = :period)
""")
_WAITING = sa.text(
    "select count(*) from app.approval where line = 'accounting' and state = 'pending'"
    " and subject_type <> 'access' and kind <> 'period.close'"  # which waits for this very check
)
_KEEP = sa.text(
    "update app.close_month set figures = cast(:figures as jsonb), blocking = :blocking,"
    " warnings = :warnings, counted_at = now(), counted_version = ledger.books_version()"
    " where period_id = :period"
)


def _count(statement: sa.TextClause, period_id: int) -> int:
    return int(session.execute(statement, {"period": period_id}).scalar_one())


def drafts(period_id: int) -> int:
    """Entries and other things of the books that wait for somebody's approval."""
    del period_id  # what waits has no month yet
    return int(session.execute(_WAITING).scalar_one())


def earlier(period_id: int) -> int:
    """Months before it with entries that are not closed."""
    return _count(_EARLIER, period_id)


def balanced(period_id: int) -> int:
    """1 where debit and credit differ at the month's end; the ledger never lets it."""
    return _count(_UNBALANCED, period_id)


def numbers(period_id: int) -> int:
    """Numbers missing in the journals of the month's fiscal year."""
    return _count(_GAPS, period_id)


def changes(period_id: int) -> int:
    """Unusual changes that nobody has explained."""
    found = close_queries.unusual_changes(close_queries.month(period_id))
    return known(found, ())["changes"]


def steps(period_id: int) -> int:
    """Steps of the client's own list that nobody has ticked."""
    found = close_queries.steps(close_queries.month(period_id))
    return known((), found)["steps"]


def _this_month(month: CloseMonth) -> dict[str, str]:
    return {"period_id": str(month.period_id)}


def _at(focus: str) -> Any:
    return lambda month: {"period_id": str(month.period_id), "focus": focus}


CHECKS = (
    CloseCheck(
        "earlier",
        _("The months before are closed"),
        "accounting",
        earlier,
        "accounting.months",
        zero=_("All closed"),
        left=lambda n: words.ngettext("%(n)s month is open", "%(n)s months are open", n),
        short=_("Before"),
        order=5,
    ),
    CloseCheck(
        "drafts",
        _("Nothing waits for approval"),
        "accounting",
        drafts,
        "tasks.index",
        zero=_("Nothing waits"),
        left=lambda n: words.ngettext("%(n)s waits", "%(n)s wait", n),
        short=_("Drafts"),
        order=60,
    ),
    CloseCheck(
        "changes",
        _("Unusual changes are explained"),
        "accounting",
        changes,
        "accounting_close.month",
        zero=_("Nothing unusual is left unexplained"),
        left=lambda n: words.ngettext("%(n)s change", "%(n)s changes", n),
        values=_at("changes"),
        short=_("Changes"),
        order=70,
    ),
    CloseCheck(
        "steps",
        _("The client's own steps are done"),
        "accounting",
        steps,
        "accounting_close.month",
        zero=_("All done"),
        left=lambda n: words.ngettext("%(n)s step", "%(n)s steps", n),
        values=_at("steps"),
        short=_("Steps"),
        order=80,
    ),
    CloseCheck(
        "balanced",
        _("The trial balance is in balance"),
        "accounting",
        balanced,
        "accounting_close.month",
        zero=_("Debit equals credit"),
        left=lambda _n: words.gettext("Debit and credit differ"),
        values=_this_month,
        short=_("Balance"),
        order=90,
    ),
    CloseCheck(
        "numbers",
        _("The books' numbers have no gap"),
        "accounting",
        numbers,
        "accounting.journal",
        zero=_("No number is missing"),
        left=lambda n: words.ngettext("%(n)s number is missing", "%(n)s numbers are missing", n),
        short=_("Numbers"),
        order=95,
    ),
)


def all_checks() -> list[CloseCheck]:
    """Every registered check, in order."""
    return registry.current().all(CloseCheck)


def over_text(checks: Mapping[str, int]) -> str:
    """The checks a month was closed over, in words."""
    titles = {one.key: one.title for one in all_checks()}
    return "; ".join(f"{titles.get(key, key)}: {n}" for key, n in checks.items())


def results(period_id: int, *, known: Mapping[str, int] | None = None) -> list[Result]:
    """How many things each check leaves in a month; what is `known` by key is not asked again."""
    counted = known or {}
    return [
        Result(check, counted[check.key] if check.key in counted else _left(check, period_id))
        for check in all_checks()
    ]


def _left(check: CloseCheck, period_id: int) -> int:
    return max(0, check.count_left(period_id))


def known(changes: Sequence[Unusual], steps: Sequence[Step]) -> dict[str, int]:
    """What a page that shows a month's changes and steps has counted with them."""
    return {
        "changes": sum(1 for one in changes if not one.explained),
        "steps": sum(1 for one in steps if not one.done),
    }


def keep(month: Month, found: Sequence[Result]) -> None:
    """Keeps what was counted for the close board."""
    session.execute(
        _KEEP,
        {
            "period": month.period_id,
            "figures": json.dumps({one.check.key: one.n for one in found}),
            "blocking": sum(one.n for one in found if one.red),
            "warnings": sum(one.n for one in found if not one.red),
        },
    )


def count(period_id: int) -> list[Result]:
    """Counts a month's checks and keeps the figures; for acts and jobs, never for a page."""
    found = results(period_id)
    keep(close_queries.month(period_id), found)
    return found
