"""Keeping in the demo: what the provider keeps longer, at one client and at all of them, a hold of
a client on a contract, and a paper that was destroyed once its time was over."""

from __future__ import annotations

from datetime import date

from app.documents import commands as papers
from app.documents import organise
from app.documents import queries as documents
from app.documents.keeping import commands as keeping
from app.documents.organise import Change
from app.kernel import approvals, db, words
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


def destroyed(keeper: Scope, lead: Scope, *, today: date) -> None:
    """A bill of long ago that one person lists for destruction and another approves, while their
    proof is fresh; the job and its certificate follow."""
    with db.transaction(keeper):
        old = papers.add(
            b"Repair of the roof, 1,240.00\n", name="roof.txt", line="accounting", source="staff"
        )
        organise.organise([old], Change(type="invoice", period=date(today.year - 20, 6, 1)))
        listed = keeping.propose_disposal([old])
    with db.transaction(lead):
        asked = next(one for one in approvals.recent() if one.subject_id == listed)
        approvals.decide(asked.id, "approve", content_sha=asked.content_sha)


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
