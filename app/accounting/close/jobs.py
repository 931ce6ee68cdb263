"""Counts what is left in every client's open months, for the close board."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from app.accounting.close import checks as close_checks
from app.accounting.close import commands as close_commands
from app.kernel import clock
from app.kernel.db import session
from app.kernel.jobs import Progress, job
from app.kernel.schedules import schedule

COUNT = "accounting.count-close"
COUNT_NOW = "accounting.count-close-now"
HAND_IN = "accounting.hand-in-month"
MOST_MONTHS = 4
"""The oldest open months and the newest that is over; more are counted once these are closed."""
_BEGIN = sa.text("select app.begin_close_months()")
_OPEN = sa.text("""
(select period_id, starts from app.close_month where state <> 'closed' order by starts limit :most)
union
(select period_id, starts from app.close_month where ends < :today order by starts desc limit 1)
order by starts
""")


def count_open() -> int:
    """Begins new months and counts the open ones; answers how many were counted."""
    if session.execute(sa.text("select 1 from ledger.book")).first() is None:
        return 0
    session.execute(_BEGIN)
    wanted = session.execute(_OPEN, {"most": MOST_MONTHS, "today": clock.today()}).all()
    for row in wanted:
        close_checks.count(row.period_id)
    return len(wanted)


@schedule(COUNT, every="15 minutes", tenants="clients", line="accounting", queue="bulk")
def count_by_the_clock(_args: dict[str, Any], _progress: Progress) -> None:
    """Counts one client's open months."""
    count_open()


@job(COUNT_NOW, line="accounting")
def count_now(_args: dict[str, Any], _progress: Progress) -> None:
    """Counts one client's open months because somebody asked."""
    count_open()


@job(HAND_IN, line="accounting")
def hand_in(args: dict[str, Any], _progress: Progress) -> None:
    """Hands one client's month in, as one of many."""
    close_commands.hand_in(period_id=int(args["period_id"]))
