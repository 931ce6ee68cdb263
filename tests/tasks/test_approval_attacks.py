"""As the web's login role nobody forges, hurries, doubles or borrows an approval."""

from __future__ import annotations

import psycopg
import pytest

from app.kernel import approvals, db
from app.kernel.scope import Scope
from tests import factories
from tests.tasks.approval_stage import (
    DECIDE,
    FORBIDDEN,
    KIND,
    SECOND_FACTOR,
    STEP_UP,
    Stage,
    end,
    stage,
)

__all__ = ["stage"]

BY_HAND = {
    "an approval that is approved already": (
        "insert into app.approval (tenant_id, kind, line, subject_type, title, content,"
        " content_sha, requested_by, state) values (guard.tenant_id(), 'entry.post', 'accounting',"
        " 'x', 'x', '{}', :sha, guard.user_id(), 'approved')"
    ),
    "its state": "update app.approval set state = 'approved' where id = :id",
    "its content's hash": "update app.approval set content_sha = repeat('0', 64) where id = :id",
    "its content": "update app.approval set content = '{}' where id = :id",
    "its amount": "update app.approval set amount_minor = 1 where id = :id",
    "its maker": "update app.approval set requested_by = uuidv7() where id = :id",
    "its end": "update app.approval set expires_at = null where id = :id",
    "that it asks for no second factor": (
        "update app.approval set fresh = false, second_factor = false where id = :id"
    ),
    "that it was not carried out": "update app.approval set carried_at = null where id = :id",
    "it, deleted": "delete from app.approval where id = :id",
    "a decision of another person": (
        "insert into app.approval_decision (tenant_id, approval_id, person_id, line, decision,"
        " side, content_sha, principal_id) select tenant_id, id, :second, line, 'approve',"
        " 'provider', content_sha, uuidv7() from app.approval where id = :id"
    ),
    "a decision of one's own": (
        "insert into app.approval_decision (tenant_id, approval_id, person_id, line, decision,"
        " side, content_sha, principal_id, steps) select tenant_id, id, guard.user_id(), line,"
        " 'approve', 'client', content_sha, uuidv7(), '{1,2}' from app.approval where id = :id"
    ),
    "a void decision counts": "update app.approval_decision set voided_at = null",
    "a decision for other steps": "update app.approval_decision set steps = '{1,2,3}'",
    "a refusal, deleted": "delete from app.approval_decision where approval_id = :id",
    "another step": (
        "insert into app.approval_step (tenant_id, approval_id, round, no, line, side, needed)"
        " values (guard.tenant_id(), :id, 1, 9, 'accounting', 'any', 1)"
    ),
    "how many are needed": "update app.approval_step set needed = 1",
    "who is named": "update app.approval_step set people = array[guard.user_id()]",
    "whose turn it is": "update app.approval_step set after_no = null",
    "steps, deleted": "delete from app.approval_step where approval_id = :id",
    "a policy": (
        "insert into app.approval_policy (tenant_id, id, version, kind, title, provider_needed,"
        " client_needed, side, made_by) values (guard.tenant_id(), :policy, 2, 'entry.post', 'x',"
        " 1, 0, 'provider', guard.user_id())"
    ),
    "a policy's limit": "update app.approval_policy set limits = '{\"EUR\": 99999999}'",
    "a policy, deleted": "delete from app.approval_policy",
    "a delegation to oneself": (
        "insert into app.approval_delegation (tenant_id, owner_id, to_person, from_at, until_at)"
        " values (guard.tenant_id(), :second, guard.user_id(), now(), now() + interval '1 day')"
    ),
    "a delegation of one's own": (
        "insert into app.approval_delegation (tenant_id, owner_id, to_person, from_at, until_at)"
        " values (guard.tenant_id(), guard.user_id(), :second, now(), now() + interval '1 year')"
    ),
    "a delegation's end": (
        "update app.approval_delegation set until_at = until_at + interval '1 year'"
    ),
    "an ended delegation": "update app.approval_delegation set ended_at = null",
    "the kind's own rule": "update app.approval_kind set needed = 1, fresh = false, floor = false",
    "a kind of one's own": "insert into app.approval_kind (kind, side) values ('my.kind', 'any')",
    "the trigger on entries, disabled": "alter table ledger.entry disable trigger approved",
    "all triggers, disabled": "set local session_replication_role = replica",
    "that it was taken": f"select app.take_approval(:id, '{KIND}', :sha, null, null)",
    "that it could not be carried out": "select app.fail_approval(:id, 'paper-booked', '{}')",
    "its steps, laid anew": (
        "select app.lay_approval_steps(a) from app.approval a where a.id = :id"
    ),
    "whether it is met": "select app.approval_met(a) from app.approval a where a.id = :id",
    "access without a decision": (
        "select app.allow_access(a) from app.approval a where a.id = :id"
    ),
    "who has a say": "select app.approval_says(a, :second) from app.approval a where a.id = :id",
    "what the guard says of others": (
        "select guard.person_may(:second, guard.tenant_id(), 'approve.entry.post', 'accounting')"
    ),
    "the role of the door": "set role approval_door",
}


@pytest.mark.parametrize("who", ["maker", "first", "owner"])
@pytest.mark.parametrize("what", BY_HAND)
def test_nothing_of_an_approval_is_written_by_hand(stage: Stage, what: str, who: str) -> None:
    asked = stage.ask()
    assert stage.decide("second", asked) == "pending"
    values = {
        "id": asked[0],
        "sha": asked[1],
        "second": stage.sessions["second"].person_id,
        "policy": stage.policy,
    }
    used = {name: value for name, value in values.items() if f":{name}" in BY_HAND[what]}
    assert stage.run(stage.scope(who), BY_HAND[what], **used) == FORBIDDEN
    assert stage.state(asked) == "pending"


def test_attacks_are_many() -> None:
    assert len(BY_HAND) >= 30


def test_two_of_three_then_the_client_and_nobody_twice(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.decide("owner", asked) == "approval-not-your-turn"
    assert stage.decide("first", asked) == "pending"
    assert stage.decide("second", asked) == "pending"
    assert stage.decide("third", asked) == "approval-not-your-turn"
    assert stage.decide("owner", asked) == "approved"
    assert stage.decide("third", asked) == "approval-not-pending"


def test_one_person_never_counts_twice(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.decide("first", asked) == "pending"
    assert stage.decide("first", asked) == "approval-decided-already"
    assert stage.state(asked) == "pending"


@pytest.mark.parametrize("who", ["clerk", "viewer", "boss", "delegate"])
def test_who_is_not_named_and_not_the_client_has_no_say(stage: Stage, who: str) -> None:
    assert stage.decide(who, stage.ask()) == FORBIDDEN


def test_the_maker_never_approves_their_own_even_where_named(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask("first")
    assert stage.decide("first", asked) == "approval-own-request"
    delegation = stage.delegate("second", "first")
    own = stage.decide("first", asked, for_person=stage.sessions["second"].person_id)
    assert own == "approval-own-request"
    end(admin, delegation)


def test_nobody_approves_for_the_maker(stage: Stage, admin: psycopg.Connection) -> None:
    asked = stage.ask("first")
    delegation = stage.delegate("first", "delegate")
    maker = stage.sessions["first"].person_id
    assert stage.decide("delegate", asked, for_person=maker) == "approval-own-request"
    end(admin, delegation)


def test_another_client_finds_nothing(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.decide("stranger", asked) == "not-found"
    elsewhere = stage.sessions["stranger"].scope(stage.tenant)
    refused = stage.run(elsewhere, DECIDE, id=asked[0], sha=asked[1])
    assert refused in {"not-found", FORBIDDEN}
    seen = stage.run(elsewhere, "select 1 from app.approval_step")
    assert seen in {"rows 0", FORBIDDEN}


def test_a_decision_binds_to_the_hash(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.decide("first", asked, sha="0" * 64) == "approval-content-changed"


def test_changed_content_voids_what_was_decided(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.decide("first", asked) == "pending"
    assert stage.decide("second", asked) == "pending"
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        turn = approvals.change(
            asked[0], title="Rent", content={"n": 2}, amount_minor=300_000, currency="EUR"
        )
        found = approvals.one(asked[0])
        told = approvals.decisions(asked[0])
    assert turn == 2
    assert [one.voided_at is not None for one in told] == [True, True]
    assert stage.decide("owner", asked) == "approval-not-your-turn"
    assert stage.decide("first", asked) == "approval-content-changed"
    assert stage.decide("first", (asked[0], found.content_sha)) == "pending"
    assert stage.state(asked) == "pending"


def test_nobody_changes_anothers_request(stage: Stage) -> None:
    asked = stage.ask()
    change = "select app.change_approval(:id, 'x', '{}', null, 1, 'EUR')"
    for who in ("first", "owner", "clerk"):
        assert stage.run(stage.scope(who), change, id=asked[0]) == "not-found"


def test_content_is_not_made_cheaper_after_it_was_approved(stage: Stage) -> None:
    asked = stage.ask()
    stage.approve(asked)
    change = "select app.change_approval(:id, 'x', '{}', null, 1, 'EUR')"
    assert stage.run(stage.scope("maker"), change, id=asked[0]) == "approval-not-pending"


def test_above_the_limit_both_factors_are_proved_anew(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask(amount=SECOND_FACTOR)
    person = stage.sessions["first"].person_id
    stale = factories.sign_in(admin, person, fresh=False).scope(stage.tenant)
    assert stage.run(stale, DECIDE, id=asked[0], sha=asked[1]) == STEP_UP
    weak = factories.sign_in(admin, person)
    admin.execute(
        "update guard.principal set factors = '{password}' where id = %s", (weak.principal_id,)
    )
    admin.commit()
    once = stage.run(weak.scope(stage.tenant), DECIDE, id=asked[0], sha=asked[1])
    assert once == "second-factor-needed"
    late = factories.sign_in(admin, person)
    admin.execute(
        "update guard.principal set stepped_up_at = now() - interval '6 minutes' where id = %s",
        (late.principal_id,),
    )
    admin.commit()
    assert stage.run(late.scope(stage.tenant), DECIDE, id=asked[0], sha=asked[1]) == STEP_UP
    assert stage.decide("first", asked) == "pending"


def test_no_token_and_no_list_over_all_clients_decides(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask()
    me = stage.sessions["first"]
    factories.token(admin, stage.tenant, me.person_id)
    row = admin.execute(
        "select id from guard.principal where kind = 'token' and user_id = %s", (me.person_id,)
    ).fetchone()
    assert row is not None
    narrow = Scope.in_client(stage.tenant, person_id=me.person_id, principal_id=row[0])
    assert stage.run(narrow, DECIDE, id=asked[0], sha=asked[1]) == FORBIDDEN
    assert stage.run(me.worklist(), DECIDE, id=asked[0], sha=asked[1]) == FORBIDDEN


def test_nothing_is_decided_after_its_end_or_once_withdrawn(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked, gone = stage.ask(), stage.ask()
    admin.execute(
        "update app.approval set expires_at = now() - interval '1 second' where id = %s",
        (asked[0],),
    )
    admin.commit()
    assert stage.decide("first", asked) == "approval-not-pending"
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        approvals.withdraw(gone[0])
    assert stage.decide("first", gone) == "approval-not-pending"
    withdraw = "select app.withdraw_approval(:id)"
    assert stage.run(stage.scope("first"), withdraw, id=stage.ask()[0]) == "not-found"


def test_nobody_asks_in_anothers_name(stage: Stage) -> None:
    ask = (
        "select app.request_approval('entry.post', 'x', null, 'accounting', 'x', '{}', null, null,"
        " :who, 1, 'EUR')"
    )
    who = stage.sessions["second"].person_id
    assert stage.run(stage.scope("first"), ask, who=who) == FORBIDDEN


def test_a_refusal_says_why_and_ends_it(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.decide("third", asked, decision="refuse", reason=" ") == "refusal-reason"
    assert stage.decide("third", asked, decision="refuse", reason="Twice") == "refused"
    assert stage.decide("first", asked) == "approval-not-pending"


def test_an_approver_who_left_the_client_decides_nothing(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask()
    person = stage.sessions["third"].person_id
    admin.execute(
        "update guard.membership set valid_to = now() where user_id = %s and tenant_id = %s",
        (person, stage.tenant),
    )
    admin.commit()
    refused = stage.decide("third", asked)
    admin.execute(
        "update guard.membership set valid_to = null where user_id = %s and tenant_id = %s",
        (person, stage.tenant),
    )
    admin.commit()
    assert refused in {"not-found", FORBIDDEN}
