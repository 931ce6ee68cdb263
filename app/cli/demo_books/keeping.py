"""Keeping in the demo: what the provider keeps longer, at one client and at all of them, and a hold
of a client on a contract."""

from __future__ import annotations

from app.documents import queries as documents
from app.documents.keeping import commands as keeping
from app.kernel import db, words
from app.kernel.scope import Scope


def at_all_clients(home: Scope) -> None:
    """A rule in the provider's own tenant, `home`, which counts at each of its clients."""
    with db.transaction(home):
        keeping.add_rule(
            kind="payroll",
            years=12,
            runs_from="calendar_year",
            basis="contract",
            reason=words.gettext("Our contracts promise twelve years of payroll records."),
        )


def fill(staff: Scope, owner: Scope) -> None:
    """A longer time for letters, and a hold on the engagement letter."""
    with db.transaction(staff):
        keeping.add_rule(
            kind="letter",
            years=10,
            runs_from="fiscal_year",
            reason=words.gettext("Our insurer asks for ten years of correspondence."),
        )
    with db.transaction(owner):
        found = documents.documents(search="engagement-letter", limit=1)
        if found:
            keeping.place_hold(
                title=words.gettext("Review of fees"),
                reason=words.gettext("We compare what was agreed with what was billed."),
                covers="papers",
                papers=[found[0].id],
            )
