"""Whoever decides in another's stead is one voice, for a time, on their own side and no further."""

from __future__ import annotations

from datetime import timedelta

import psycopg

from app.kernel import approval_rules, clock, db
from tests import factories
from tests.tasks.approval_stage import FORBIDDEN, Stage, end, stage

__all__ = ["stage"]


def test_a_delegate_is_one_voice_and_not_a_second_one(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask()
    first = stage.sessions["first"].person_id
    assert stage.decide("delegate", asked, for_person=first) == "delegation-over"
    delegation = stage.delegate("first", "delegate")
    assert stage.decide("delegate", asked, for_person=first) == "pending"
    assert stage.decide("delegate", asked, for_person=first) == "approval-decided-already"
    assert stage.decide("first", asked) == "approval-decided-already"
    other = stage.delegate("third", "second")
    assert stage.decide("second", asked) == "pending"
    third = stage.sessions["third"].person_id
    assert stage.decide("second", asked, for_person=third) == "approval-not-your-turn"
    end(admin, delegation)
    end(admin, other)


def test_named_people_do_not_gain_a_voice_by_delegation(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask()
    delegation = stage.delegate("first", "second")
    first = stage.sessions["first"].person_id
    assert stage.decide("second", asked) == "pending"
    assert stage.decide("second", asked, for_person=first) == "approval-decided-already"
    assert stage.state(asked) == "pending"
    end(admin, delegation)


def test_there_are_no_chains_of_delegation(stage: Stage, admin: psycopg.Connection) -> None:
    asked = stage.ask()
    one, two = stage.delegate("first", "boss"), stage.delegate("boss", "delegate")
    for owner in ("first", "boss"):
        person = stage.sessions[owner].person_id
        refused = stage.decide("delegate", asked, for_person=person)
        assert refused in {"delegation-over", FORBIDDEN}
    end(admin, one)
    end(admin, two)


def test_a_delegation_ends_by_itself_and_with_either_persons_rights(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask()
    first = stage.sessions["first"].person_id
    delegation = stage.delegate("first", "delegate")
    admin.execute(
        "update app.approval_delegation set from_at = now() - interval '2 days',"
        " until_at = now() - interval '1 second' where id = %s",
        (delegation,),
    )
    admin.commit()
    assert stage.decide("delegate", asked, for_person=first) == "delegation-over"
    later = stage.delegate("first", "delegate")
    away = factories.staff(admin, stage.tenant, role="operations_manager", lines=("tickets",))
    admin.execute(
        "update app.approval_delegation set to_person = %s where id = %s", (away.person_id, later)
    )
    admin.commit()
    no_line = stage.run(
        away.scope(stage.tenant),
        "select app.decide_approval(:id, 'approve', :sha, '', :owner)",
        id=asked[0],
        sha=asked[1],
        owner=first,
    )
    assert no_line in {"not-found", "delegation-over"}
    end(admin, later)


def test_nobody_delegates_across_sides_to_themselves_or_for_ever(stage: Stage) -> None:
    give = "select app.delegate_approvals(:to, now(), now() + make_interval(days => :days), '')"
    people = {name: one.person_id for name, one in stage.sessions.items()}
    run, scope = stage.run, stage.scope("third")
    assert run(scope, give, to=people["third"], days=3) == "delegate-colleague"
    assert run(scope, give, to=people["owner"], days=3) == "delegate-colleague"
    assert run(scope, give, to=people["stranger"], days=3) == "delegate-colleague"
    assert run(scope, give, to=people["boss"], days=93) == "delegate-days"
    assert run(scope, give, to=people["boss"], days=-1) == "delegate-days"


def test_nobody_ends_or_reads_anothers_delegation(stage: Stage, admin: psycopg.Connection) -> None:
    delegation = stage.delegate("third", "boss")
    end = "select app.end_delegation(:id)"
    for who in ("first", "boss", "owner", "stranger"):
        assert stage.run(stage.scope(who), end, id=delegation) == "not-found"
    read = "select 1 from app.approval_delegation where id = :id"
    assert stage.run(stage.scope("first"), read, id=delegation) == "rows 0"
    assert stage.run(stage.scope("third"), end, id=delegation) == "rows 1"
    assert stage.run(stage.scope("third"), end, id=delegation) == "not-found"


def test_a_day_is_enough_for_a_delegation_of_a_later_day(
    stage: Stage, admin: psycopg.Connection
) -> None:
    with stage.app.app_context(), db.transaction(stage.scope("third")):
        start = clock.now() + timedelta(days=1)
        made = approval_rules.delegate(
            to=stage.sessions["boss"].person_id,
            from_at=start,
            until_at=start + timedelta(days=1),
        )
    early = stage.decide("boss", stage.ask(), for_person=stage.sessions["third"].person_id)
    assert early == "delegation-over"
    end(admin, made)
