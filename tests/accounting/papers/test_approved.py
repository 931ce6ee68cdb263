"""What was approved is posted whoever decided last; what cannot be ends, and is told."""

from __future__ import annotations

from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from app.accounting import queries
from app.accounting.ledger import PostingInput
from app.accounting.papers import approved, commands
from app.kernel import approval_rules, approvals, clock, ids
from app.kernel.approval_rules import PolicyIn
from app.kernel.db import session
from app.kernel.errors import Conflict
from tests import factories
from tests.accounting.papers.scenes import drafted, invoice
from tests.documents.printed import papers
from tests.documents.readings import stage
from tests.factories import Session
from tests.tasks import request_stage
from tests.tasks.request_stage import Place


def asked_about(place: Place, document: UUID, cents: int, key: str) -> tuple[UUID, str]:
    """An entry of a paper that waits for an approval; the approval and its hash."""
    with place.acting(place.staff):
        chart = [one for one in queries.accounts() if one.control is None]
        costs = [one for one in chart if one.type == "expense"]
        made = approved.ask(
            commands.draft(
                document,
                on=clock.today(),
                description="Harrow Press",
                postings=[
                    PostingInput(costs[0].id, cents, "GBP"),
                    PostingInput(costs[1].id, -cents, "GBP"),
                ],
                key=key,
            )
        )
        return made, approvals.one(made).content_sha


def decided(place: Place, session: Session, asked: tuple[UUID, str]) -> None:
    """Somebody approves, and what follows is done."""
    with place.acting(session):
        assert approvals.decide(asked[0], "approve", content_sha=asked[1]) == "approved"
    stage.work(place)


def test_an_approved_entry_of_a_paper_booked_meanwhile_ends_and_says_why(
    place: Place, admin: psycopg.Connection
) -> None:
    made = stage.add(place, papers.typeset(invoice(90_011, number="HP-9011", sign="£")), "m.pdf")
    asked = asked_about(place, made, 90_011, "approved-late")
    staff = place.browser(place.staff)
    booked = staff.post(
        f"/c/{place.slug}/documents/{made}/books/entry",
        drafted(place, made, 90_011, "booked-first"),
    )
    assert booked.status_code == 303, booked.text[:800]
    other = factories.staff(admin, place.tenant, role="operations_manager")
    decided(place, other, asked)
    with place.acting(place.staff):
        label = queries.entry(queries.entries_of("document", [made])[made]).label
        count = sa.text("select count(*) from ledger.entry where source_id = :id")
        assert session.execute(count, {"id": made}).scalar_one() == 1
    told = admin.execute(
        "select owner_id from app.notice where subject_key = %s and kind = 'approval.failed'",
        (str(asked[0]),),
    )
    assert {row[0] for row in told} == {place.staff.person_id, other.person_id}
    left = admin.execute(
        "select state from app.job where tenant_id = %s and kind = 'approval.carry-out'"
        " and key like %s",
        (place.tenant, f"approved:{asked[0]}:%"),
    )
    assert [row[0] for row in left] == ["done"]
    for who in (staff, place.browser(other)):
        page = who.get(f"/c/{place.slug}/approvals/{asked[0]}").text
        assert "Not carried out" in page
        assert f"This document is booked already: {label}." in page
        assert "Take my decision back" not in page


def test_what_the_client_approves_is_posted_though_they_post_nothing_themselves(
    place: Place, admin: psycopg.Connection
) -> None:
    ours = request_stage.build(place.app, place.worker_app, admin, "Clientlast")
    made = stage.add(ours, papers.typeset(invoice(90_012, number="HP-9012", sign="£")), "n.pdf")
    with ours.acting(ours.owner):
        approval_rules.keep(
            ids.uuid7(),
            PolicyIn(kind=approved.KIND, title="Of us", provider_needed=0, client_needed=1),
        )
    asked = asked_about(ours, made, 90_012, "of-the-client")
    decided(ours, ours.owner, asked)
    with ours.acting(ours.staff):
        entry = queries.entry(queries.entries_of("document", [made])[made])
    assert (entry.made_by, entry.approved_ref) == (ours.staff.person_id, asked[0])


@pytest.mark.parametrize("change", ["valid_to = now()", "may_write = false"])
def test_nothing_is_posted_for_whoever_may_not_post_any_more(
    place: Place, admin: psycopg.Connection, change: LiteralString
) -> None:
    left = request_stage.build(place.app, place.worker_app, admin, "Makerleft")
    made = stage.add(left, papers.typeset(invoice(90_013, number="HP-9013", sign="£")), "o.pdf")
    asked = asked_about(left, made, 90_013, "of-who-left")
    admin.execute(
        f"update guard.membership set {change} where user_id = %s and tenant_id = %s",
        (left.staff.person_id, left.tenant),
    )
    admin.commit()
    other = factories.staff(admin, left.tenant, role="operations_manager")
    decided(left, other, asked)
    page = left.browser(other).get(f"/c/{left.slug}/approvals/{asked[0]}").text
    assert "Whoever drafted this may not post entries any more." in page
    with left.acting(other):
        assert queries.entries_of("document", [made]) == {}


def retold(place: Place, asked: tuple[UUID, str], change: str, **values: Any) -> None:
    """The maker asks again past the pages: other words or another draft under the same hash."""
    with place.acting(place.staff):
        found = approvals.one(asked[0])
        content = {**found.content, **values}
        if change:
            content["_draft"] = {**content["_draft"], "description": change}
        approvals.change(asked[0], title=found.title, content=content, content_sha=asked[1])


def test_a_decider_reads_the_draft_that_is_posted_and_no_words_written_beside_it(
    place: Place, admin: psycopg.Connection
) -> None:
    made = stage.add(place, papers.typeset(invoice(90_021, number="HP-9021", sign="£")), "w.pdf")
    asked = asked_about(place, made, 90_021, "approved-words")
    retold(place, asked, "", description="Stamps", postings=["5000 Stamps: £3.00"])
    other = factories.staff(admin, place.tenant, role="operations_manager")
    page = place.browser(other).get(f"/c/{place.slug}/approvals/{asked[0]}").text
    assert "Stamps" not in page
    assert "Harrow Press" in page
    assert "900.21" in page
    answer = place.browser(other).get(f"/api/v1/clients/{place.slug}/approvals/{asked[0]}")
    assert answer.get_json()["content"]["description"] == "Harrow Press"


def test_what_the_hash_does_not_cover_is_approved_by_nobody(
    place: Place, admin: psycopg.Connection
) -> None:
    made = stage.add(place, papers.typeset(invoice(90_031, number="HP-9031", sign="£")), "h.pdf")
    asked = asked_about(place, made, 90_031, "approved-other")
    retold(place, asked, "Harrow Press, a smaller one")
    other = factories.staff(admin, place.tenant, role="operations_manager")
    page = place.browser(other).get(f"/c/{place.slug}/approvals/{asked[0]}").text
    assert "a smaller one" not in page
    with place.acting(other), pytest.raises(Conflict) as refused:
        approvals.decide(asked[0], "approve", content_sha=asked[1])
    assert refused.value.code == "approval-content-changed"
    with place.acting(other):
        told = approvals.decide(asked[0], "refuse", content_sha=asked[1], reason="Not what it says")
    assert told == "refused"
