"""Who may write a policy, whom it may name, and which of two holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from app.kernel import approval_rules, db, ids
from app.kernel.errors import DomainError
from app.kernel.scope import Scope
from tests import factories
from tests.tasks import approval_stage
from tests.tasks.approval_stage import FORBIDDEN, STEP_UP, Stage, stage

__all__ = ["stage"]


@contextmanager
def _refused(code: str) -> Iterator[None]:
    with pytest.raises(DomainError) as refusal:
        yield
    assert refusal.value.code == code


def _keep(stage: Stage, scope: Scope, *, version: int = 1, **changes: object) -> None:
    with stage.app.app_context(), db.transaction(scope):
        approval_rules.keep(stage.policy, approval_stage.rule(stage, **changes), version=version)


def test_only_an_owner_of_rules_of_its_side_changes_a_policy(
    stage: Stage, admin: psycopg.Connection
) -> None:
    for who, code in (("clerk", FORBIDDEN), ("viewer", FORBIDDEN), ("maker", FORBIDDEN)):
        with _refused(code):
            _keep(stage, stage.scope(who))
    with _refused("approval-policy-of-other-side"):
        _keep(stage, stage.scope("owner"))
    with _refused("changed-meanwhile"):
        _keep(stage, stage.scope("boss"), version=7)
    boss = stage.sessions["boss"].person_id
    with _refused(STEP_UP):
        _keep(stage, factories.sign_in(admin, boss, fresh=False).scope(stage.tenant))
    with _refused("changed-meanwhile"):  # in their own client there is no such policy
        _keep(stage, stage.scope("stranger"))


def test_a_policy_names_people_who_can_meet_it(stage: Stage) -> None:
    people = {name: one.person_id for name, one in stage.sessions.items()}
    scope = stage.scope("boss")
    for named in (
        (people["first"],),
        (people["first"], people["first"]),
        (people["first"], people["owner"]),
        (people["first"], people["stranger"]),
        (people["first"], uuid4()),
    ):
        with _refused("approval-people"):
            _keep(stage, scope, provider_people=named)
    with _refused("approval-nobody"):
        _keep(stage, scope, provider_needed=0, provider_people=(), client_needed=0)
    with _refused("approval-limits"):
        _keep(stage, scope, limits={"EUR": -1})


def test_a_changed_policy_is_for_new_requests_and_every_version_stays(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = approval_stage.build(app, worker_app, admin)
    before = place.ask()
    with app.app_context(), db.transaction(place.scope("boss")):
        wanted = approval_stage.rule(
            place, provider_needed=1, provider_people=(), client_needed=0, sequence="beside"
        )
        assert approval_rules.keep(place.policy, wanted, version=1) == 2
        kept = approval_rules.versions(place.policy)
    assert [(one.version, one.provider_needed) for one in kept] == [(2, 1), (1, 2)]
    assert place.decide("first", before) == "pending"
    assert place.decide("delegate", before) == FORBIDDEN
    after = place.ask()
    assert place.decide("delegate", after) == "approved"


def test_the_stricter_of_the_providers_and_the_clients_policy_wins(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = approval_stage.build(app, worker_app, admin)
    home = factories.make_provider(admin)
    person = place.sessions["boss"].person_id
    factories.grant(admin, home, person, role="administrator", lines=("member",))
    rule = ids.uuid7()
    everywhere = approval_stage.rule(
        place, provider_needed=3, provider_people=(), client_needed=0, sequence="beside"
    )
    with app.app_context(), db.transaction(place.sessions["boss"].scope(home)):
        approval_rules.keep(rule, everywhere)
    try:
        asked = place.ask()
        for who in ("first", "second"):
            assert place.decide(who, asked) == "pending"
        assert place.decide("owner", asked) == "pending"
        assert place.decide("delegate", asked) == "approved"
        hidden = "select 1 from app.approval_policy where id = :id"
        assert place.run(place.scope("owner"), hidden, id=rule) == "rows 0"
    finally:
        with app.app_context(), db.transaction(place.sessions["boss"].scope(home)):
            approval_rules.end(rule, version=1)
