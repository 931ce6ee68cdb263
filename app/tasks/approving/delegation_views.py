"""Delegating one's own approvals for a time, on the person's own page."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Response

from app.kernel import approval_rules, clock, people, scope, words
from app.kernel.db import session
from app.kernel.words import _
from app.tasks.approving import schemas
from app.web import forms
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import redirect_to, render, toast

pages = Pages("delegation", __name__, surface=Surface.ME)
_PEOPLE = sa.text("select id, name, side from guard.people() order by name, id")


def index() -> Response:
    """Who decides in one's stead, for whom one decides, and the form of a new delegation."""
    found = approval_rules.delegations()
    me = scope.current().person_id
    today = clock.today(words.time_zone())
    rows = session.execute(_PEOPLE).all()
    side = next((row.side for row in rows if row.id == me), None)
    return render(
        "tasks/approving/delegation.html",
        given=[one for one in found if one.owner_id == me],
        taken=[one for one in found if one.to_person == me],
        names=people.names({x for one in found for x in (one.owner_id, one.to_person)}),
        colleagues=[(row.id, row.name) for row in rows if row.side == side and row.id != me],
        now=clock.now(),
        form=forms.current(
            schemas.DelegationForm,
            values={"from_on": today.isoformat(), "until_on": today + timedelta(days=7)},
        ),
    )


pages.get("/me/approvals", needs=SIGNED_IN, endpoint="index")(index)


@pages.post("/me/approvals", needs=SIGNED_IN, again=index)
def add() -> Response:
    """Delegates from the first day's begin to the last day's end, in one's own time zone."""
    form = forms.bind(schemas.DelegationForm)
    zone = ZoneInfo(words.time_zone())
    until = datetime.combine(form.until_on + timedelta(days=1), time(), zone)
    approval_rules.delegate(
        to=form.to_person,
        from_at=datetime.combine(form.from_on, time(), zone),
        until_at=until,
        reason=form.reason,
    )
    toast(_("Delegated. It ends by itself."))
    return redirect_to(".index")


def _again(delegation_id: UUID) -> Response:
    del delegation_id
    return index()


@pages.post("/me/approvals/<uuid:delegation_id>/end", needs=SIGNED_IN, again=_again)
def end(delegation_id: UUID) -> Response:
    """Ends one's own delegation at once."""
    forms.bind(schemas.NoForm)
    approval_rules.end_delegation(delegation_id)
    toast(_("Ended."))
    return redirect_to(".index")
