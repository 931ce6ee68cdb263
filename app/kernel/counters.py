"""Human numbers: the next one of a client's series, without gaps."""

from __future__ import annotations

import sqlalchemy as sa

from app.kernel import db

_TAKE = sa.text("select app.take_number(:series, :line)")


def take(series: str, *, line: str) -> int:
    """The next number of a series; a rolled-back transaction gives it back.

    The series stays locked until the commit, so take it as late as possible.
    """
    return int(db.session.execute(_TAKE, {"series": series, "line": line}).scalar_one())
