"""What is done about keeping: longer rules, holds and their release, lists for disposal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import get_args
from uuid import UUID

import sqlalchemy as sa

from app.documents.keeping import queries
from app.documents.keeping.models import Basis, Covers, Kind, RunsFrom
from app.kernel import approvals, ids, words
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound

DISPOSE = "document.dispose"
RELEASE = {"provider": "hold.release", "client": "hold.release_client"}
MOST_PAPERS = 500


def add_rule(
    *, kind: Kind | None, years: int, runs_from: RunsFrom, reason: str, basis: Basis = "choice"
) -> UUID:
    """Keeps papers of a kind (None: all) longer, or at all where no law says so; the rule's id.

    In the provider's own tenant it counts for all its clients, whose countries differ. The rule
    that ends last counts, so this never makes the time of a paper shorter. Raises Invalid at
    `years` where the law of the client already asks for as much, for every kind of the rule.
    """
    if not session.execute(_IS_FIRMS).scalar():
        _demand_longer(kind, years, runs_from)
    made = ids.uuid7()
    values = {"id": made, "kind": kind, "years": years, "from": runs_from}
    session.execute(_ADD_RULE, {**values, "basis": basis, "reason": reason})
    return made


def _demand_longer(kind: Kind | None, years: int, runs_from: RunsFrom) -> None:
    """What runs from the paper's own day ends no later than what runs from the end of its year."""
    law = [
        one
        for one in queries.statutes()
        if one.years >= years
        and (one.runs_from == runs_from or (runs_from == "paper" and _is_of_paper(one.runs_from)))
    ]
    wanted = {kind} if kind else set(get_args(Kind))
    if wanted <= {covered for one in law for covered in one.kinds}:
        most = law[0]  # the longest first
        raise Invalid.of("years", "retention-not-longer", years=most.years, source=most.source)


def _is_of_paper(runs_from: str) -> bool:
    return not runs_from.startswith("engagement")


def end_rule(rule_id: UUID) -> None:
    """Ends a rule of one's own side; raises NotFound, Forbidden for the other side's."""
    if session.execute(_END_RULE, {"id": rule_id}).scalar() is None:
        raise NotFound


def place_hold(
    *,
    title: str,
    reason: str,
    covers: Covers,
    from_on: date | None = None,
    to_on: date | None = None,
    papers: Sequence[UUID] = (),
) -> UUID:
    """Forbids deleting what the hold covers, from now until a second person releases it.

    Raises Invalid at `to_on` or `papers`, NotFound for a paper the acting person does not see.
    """
    if covers == "days" and (from_on is None or to_on is None or from_on > to_on):
        raise Invalid.of("to_on", "hold-days-invalid")
    if covers == "papers" and not 0 < len(papers) <= MOST_PAPERS:
        raise Invalid.of("papers", "hold-papers-missing")
    made = ids.uuid7()
    within = covers == "days"
    session.execute(
        _PLACE,
        {
            "id": made,
            "title": title,
            "reason": reason,
            "covers": covers,
            "from": from_on if within else None,
            "to": to_on if within else None,
        },
    )
    if covers == "papers":
        wanted = sorted(set(papers))
        kept = session.execute(_PLACE_ON, {"id": made, "papers": wanted}).scalars().all()
        if len(kept) != len(wanted):
            raise NotFound
    return made


def ask_release(hold_id: UUID) -> UUID:
    """Asks a second person of the side that placed a hold to release it; returns the approval.

    Raises NotFound, Conflict when it was released or asked for already.
    """
    found = queries.hold(hold_id)
    if not found.standing:
        raise Conflict("hold-released")
    if found.asked:
        raise Conflict("hold-asked-already")
    return approvals.request(
        RELEASE[found.side],
        subject_type="legal_hold",
        subject_id=hold_id,
        line="member",
        title=words.gettext("Release the hold “%(title)s”", title=found.title),
        content={"description": found.title, "reason": found.reason},
        content_sha=found.sha,
    )


def propose_disposal(papers: Sequence[UUID]) -> UUID:
    """Lists papers for disposal and asks a second person; returns the list's id.

    Raises Invalid at `ids`, Conflict when one of them is not due, is held or is not seen.
    """
    wanted = sorted(set(papers))
    if not 0 < len(wanted) <= MOST_PAPERS:
        raise Invalid.of("ids", "disposal-empty")
    listed = session.execute(_PROPOSE, {"papers": wanted}).one()
    rules = session.execute(_RULES, {"id": listed.id}).scalars().all()
    approvals.request(
        DISPOSE,
        subject_type="disposal",
        subject_id=listed.id,
        line="member",
        title=words.ngettext(
            "Destroy %(n)s document for good", "Destroy %(n)s documents for good", len(wanted)
        ),
        content={"papers": len(wanted), "rules": list(rules), "list": listed.sha},
        content_sha=listed.sha,
    )
    made: UUID = listed.id
    return made


def demand_free(tenant_id: UUID) -> None:
    """Refuses (Conflict `client-held`) while any hold stands in a client.

    For whoever erases a client or destroys its key; the database refuses each row besides.
    """
    session.execute(sa.text("select app.demand_free(:tenant)"), {"tenant": tenant_id})


_TENANT = "tenant_id = (select guard.tenant_id())"
_IS_FIRMS = sa.text("select guard.tenant_id() = guard.provider()")
_ADD_RULE = sa.text(
    "insert into app.retention_own (tenant_id, id, kind, years, runs_from, basis, reason)"
    " values ((select guard.tenant_id()), :id, :kind, :years, :from, :basis, :reason)"
)
_END_RULE = sa.text(
    f"update app.retention_own set ended_at = now() where {_TENANT} and id = :id"
    " and ended_at is null returning id"
)
_PLACE = sa.text(
    "insert into app.legal_hold (tenant_id, id, title, reason, covers, from_on, to_on)"
    " values ((select guard.tenant_id()), :id, :title, :reason, :covers, :from, :to)"
)
_PLACE_ON = sa.text(
    "insert into app.legal_hold_paper (tenant_id, hold_id, document_id)"
    f" select tenant_id, :id, id from app.document where {_TENANT} and id = any(:papers)"
    " and disposed_at is null returning document_id"
)
_PROPOSE = sa.text("select id, sha from app.propose_disposal(cast(:papers as uuid[]))")
_RULES = sa.text(
    f"select distinct source from app.disposal_item where {_TENANT} and disposal_id = :id"
    " order by source"
)
