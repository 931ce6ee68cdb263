"""How long a paper is kept, written from the law's words and not from the SQL."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

LAW: dict[str, dict[str, tuple[tuple[int, str], ...]]] = {
    "DE": {
        "payroll": ((8, "calendar"),),
        "any": ((10, "calendar"), (8, "calendar"), (6, "calendar")),
    },
    "GB": {
        "payroll": ((6, "fiscal"), (3, "tax")),
        "any": ((3, "paper"), (6, "fiscal"), (6, "paper"), (3, "tax")),
    },
    "FR": {"payroll": (), "any": ((10, "fiscal"),)},
    "BR": {"payroll": (), "any": ()},
}
FOREVER = date.max


def later(day: date, years: int) -> date:
    """The same day years later; 29 February becomes the 28th."""
    last = calendar.monthrange(day.year + years, day.month)[1]
    return date(day.year + years, day.month, min(day.day, last))


def runs_out(years: int, start: str, day: date, first_month: int) -> date:
    """Until when a rule keeps a paper of a day, in a client that is still served."""
    if start == "engagement":
        return FOREVER
    if start == "calendar":
        day = date(day.year, 12, 31)
    elif start == "tax":
        day = date(day.year + (day > date(day.year, 4, 5)), 4, 5)
    elif start == "fiscal":
        year = day.year - (day.month < first_month) + 1
        day = date(year, first_month, 1) - timedelta(days=1)
    return later(day, years)
