"""What a hold covers nobody deletes, until a second person of its side lets it go."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import psycopg
import pytest

from app.documents.keeping import commands, queries
from app.kernel import approvals
from app.kernel.errors import Conflict, DomainError
from tests import factories
from tests.documents.keeping import stage
from tests.documents.keeping.stage import Keep


def test_a_hold_placed_after_the_approval_spares_the_paper(keep: Keep) -> None:
    made = keep.add(b"held in the last moment", name="held.txt")
    listed = keep.propose(made)
    with keep.place.acting(keep.place.staff):
        hold = commands.place_hold(
            title="Lawsuit", reason="A court asked for it", covers="papers", papers=[made]
        )
    keep.approve(listed)
    keep.work()
    assert not keep.gone(made)
    with keep.place.acting(keep.place.staff):
        (item,) = queries.items(listed)
        assert item.state == "held"
        assert made not in {one.id for one in queries.due()}
        commands.ask_release(hold)
    with pytest.raises(Conflict), keep.place.acting(keep.place.staff):
        commands.ask_release(hold)
    keep.approve(hold)
    keep.work()
    with keep.place.acting(keep.place.staff):
        found = queries.hold(hold)
        assert found.released_by == keep.second.person_id
        assert made in {one.id for one in queries.due()}


@pytest.mark.parametrize("covers", ["client", "days", "papers"])
def test_what_a_hold_covers_nobody_deletes_not_even_erasure(keep: Keep, covers: str) -> None:
    made = keep.add(f"kept by {covers}".encode(), name=f"{covers}.txt")
    day = stage.OLD if covers == "days" else None
    with keep.place.acting(keep.place.owner):
        hold = commands.place_hold(
            title=f"Audit {covers}",
            reason="The tax office comes",
            covers=covers,  # type: ignore[arg-type]  # one of the three words
            from_on=day,
            to_on=day,
            papers=[made] if covers == "papers" else [],
        )
    with pytest.raises(Conflict), keep.place.acting(keep.place.staff):
        commands.propose_disposal([made])
    for statement in (
        "delete from app.document where id = %s",
        "delete from app.document_version where document_id = %s",
        (
            "update app.stored_object set state = 'gone' where id in (select stored_object_id"
            " from app.document_version where document_id = %s)"
        ),
        (
            "delete from app.stored_object where id in (select stored_object_id"
            " from app.document_version where document_id = %s)"
        ),
        (
            "delete from app.legal_hold where tenant_id = (select tenant_id from app.document"
            " where id = %s) and released_at is null"
        ),
        (
            "delete from app.tenant_key where tenant_id = (select tenant_id from app.document"
            " where id = %s)"
        ),
    ):
        with pytest.raises(psycopg.Error) as refused:
            keep.admin.execute(statement, (made,))
        assert refused.value.sqlstate == "BO409", statement
        keep.admin.rollback()
    with pytest.raises(DomainError) as told, keep.place.job():
        commands.demand_free(keep.place.tenant)
    assert told.value.code == "client-held"
    second = factories.make_person(keep.admin, "client", "Ada Second")
    factories.grant(
        keep.admin, keep.place.tenant, second, role="approver", lines=("accounting", "tickets")
    )
    with keep.place.acting(keep.place.owner):
        commands.ask_release(hold)
    with pytest.raises(DomainError), keep.place.acting(keep.second):
        _decide(hold)
    keep.approve(hold, who=factories.sign_in(keep.admin, second))
    keep.work()
    with keep.place.job():
        commands.demand_free(keep.place.tenant)


@pytest.mark.parametrize(
    ("first", "last", "held"),
    [
        ("2015-03-10", "2015-03-20", True),  # days within the month that it belongs to
        ("2015-03-31", "2015-04-30", True),
        ("2015-02-01", "2015-03-01", True),
        ("2015-02-01", "2015-02-28", False),
        ("2015-04-01", "2015-04-30", False),
    ],
)
def test_a_hold_of_days_covers_the_papers_of_each_month_that_it_touches(
    keep: Keep, first: str, last: str, held: bool
) -> None:
    made = keep.add(f"of March, {first} to {last}".encode(), name="march.txt")
    keep.admin.execute("update app.document set period = '2015-03-01' where id = %s", (made,))
    keep.admin.commit()
    with keep.place.acting(keep.place.staff):
        hold = commands.place_hold(
            title="Audit of days",
            reason="The tax office comes",
            covers="days",
            from_on=date.fromisoformat(first),
            to_on=date.fromisoformat(last),
        )
        assert queries.keeping(made).held is held
        commands.ask_release(hold)
    keep.approve(hold)
    keep.work()


def _decide(subject: UUID) -> None:
    found = next(one for one in approvals.recent() if one.subject_id == subject)
    approvals.decide(found.id, "approve", content_sha=found.content_sha)


def test_a_single_paper_is_held_on_its_own_page(keep: Keep) -> None:
    made = keep.add(b"held on its page", name="held-here.txt")
    staff = keep.place.browser(keep.place.staff)
    address = f"/c/{keep.place.slug}/documents/{made}"
    assert "Place a hold" in staff.get(address).text
    sent = staff.post(
        f"/c/{keep.place.slug}/documents/keeping/holds",
        {"title": "Dispute", "reason": "About this bill", "covers": "papers", "papers": str(made)},
    )
    assert sent.status_code == 303
    assert "Held" in staff.get(address).text
    with keep.place.acting(keep.place.staff):
        assert made not in {one.id for one in queries.due()}
        (hold,) = (one.id for one in queries.holds() if one.title == "Dispute")
        commands.ask_release(hold)
    keep.approve(hold)  # other tests of this client want none
    keep.work()
