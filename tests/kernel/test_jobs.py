"""Jobs: written with the business, run as whoever asked, at least once, never two at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.kernel import clock, db, jobs, jobs_catalog
from app.kernel import scope as scopes
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.jobs_control import Control, Ticket
from app.kernel.jobs_run import Runner
from app.kernel.scope import Scope
from tests import factories

seen: list[dict[str, Any]] = []


@jobs.job("test.note", retries=3)
def note(args: dict[str, Any], progress: jobs.Progress) -> None:
    """Remembers who it ran as."""
    scope = scopes.current()
    seen.append({**args, "person": scope.person_id, "mode": scope.mode, "try": progress.attempt})


@jobs.job("test.refused", retries=3)
def refused(_args: dict[str, Any], _progress: jobs.Progress) -> None:
    """A refusal that no second try changes."""
    raise Invalid("test-refusal")


@jobs.job("test.broken", retries=2)
def broken(_args: dict[str, Any], _progress: jobs.Progress) -> None:
    """A fault that may pass."""
    db.session.execute(sa.text("select 1/0"))


@jobs.job("test.steps", steps=True)
def in_steps(args: dict[str, Any], progress: jobs.Progress) -> None:
    """Three steps; the second breaks in the first attempt."""
    for number in range(progress.done, 3):
        with progress.step(done=number + 1, total=3, stage=f"piece {number}"):
            if number == args.get("breaks") and progress.attempt == 1:
                raise RuntimeError("broken on purpose")
            seen.append({"piece": number})


@pytest.fixture(autouse=True)
def _forget(admin: psycopg.Connection) -> Iterator[None]:
    seen.clear()
    yield
    admin.execute("delete from app.job")
    admin.commit()


@pytest.fixture
def tenant(admin: psycopg.Connection) -> UUID:
    """A client firm."""
    return factories.make_client(admin)


@pytest.fixture
def person(admin: psycopg.Connection, tenant: UUID) -> factories.Session:
    """Staff with a grant for accounting there."""
    return factories.staff(admin, tenant)


@pytest.fixture
def control(worker_app: Flask) -> Iterator[Control]:
    """The dispatcher's connection."""
    found = Control(worker_app.config["SQLALCHEMY_DATABASE_URI"])
    yield found
    found.close()


def _enqueue(app: Flask, scope: Scope, kind: str = "test.note", **more: Any) -> UUID:
    with app.app_context(), db.transaction(scope):
        return jobs.enqueue(kind, more.pop("args", {}), line=more.pop("line", "accounting"), **more)


def _row(admin: psycopg.Connection, job_id: UUID, what: str) -> Any:
    admin.rollback()
    row = admin.execute(f"select {what} from app.job where id = %s", (job_id,)).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def _due_now(admin: psycopg.Connection, job_id: UUID) -> None:
    admin.execute("update app.job set run_after = now() where id = %s", (job_id,))
    admin.commit()


def test_a_job_runs_as_the_person_who_asked(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    made = _enqueue(app, person.scope(tenant), args={"n": 1})
    assert jobs.run_due(worker_app) == 1
    assert seen == [{"n": 1, "person": person.person_id, "mode": "t", "try": 1}]
    assert _row(admin, made, "state, fence, principal_ended") == ("done", 1, True)


def test_a_job_outlives_logout_but_not_its_grant(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    first = _enqueue(app, person.scope(tenant))
    admin.execute(
        "update guard.principal set revoked_at = now() where id = %s", (person.principal_id,)
    )
    admin.commit()
    jobs.run_due(worker_app)
    assert _row(admin, first, "state") == "done"
    again = factories.sign_in(admin, person.person_id)
    second = _enqueue(app, again.scope(tenant))
    admin.execute(
        "update guard.membership set valid_to = now() where user_id = %s", (person.person_id,)
    )
    admin.commit()
    jobs.run_due(worker_app)
    assert _row(admin, second, "state") != "done"
    assert len(seen) == 1


def test_the_same_key_is_the_same_job(
    app: Flask, worker_app: Flask, tenant: UUID, person: Any
) -> None:
    first = _enqueue(app, person.scope(tenant), key="one", args={"n": 1})
    assert _enqueue(app, person.scope(tenant), key="one", args={"n": 2}) == first
    assert jobs.run_due(worker_app) == 1
    assert seen[0]["n"] == 1


def test_a_rolled_back_transaction_leaves_no_job(
    app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    def change_my_mind() -> None:
        with db.transaction(person.scope(tenant)):
            jobs.enqueue("test.note", {}, line="accounting")
            raise Invalid("changed-my-mind")

    with app.app_context(), pytest.raises(Invalid):
        change_my_mind()
    left = admin.execute("select count(*) from app.job where tenant_id = %s", (tenant,)).fetchone()
    assert left == (0,)


def test_a_refusal_is_dead_at_once_and_a_fault_after_its_tries(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    no = _enqueue(app, person.scope(tenant), "test.refused")
    fault = _enqueue(app, person.scope(tenant), "test.broken")
    jobs.run_due(worker_app)
    assert _row(admin, no, "state, error_code, attempt") == ("dead", "test-refusal", 1)
    assert _row(admin, fault, "state, attempt") == ("due", 1)
    assert _row(admin, fault, "run_after > now() + interval '5 seconds'")
    _due_now(admin, fault)
    jobs.run_due(worker_app)
    assert _row(admin, fault, "state, attempt, error_code") == ("dead", 2, "database-fault")


def test_a_dead_job_runs_again_on_one_click_as_whoever_clicks(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    dead = _enqueue(app, person.scope(tenant), args={"n": 7})
    admin.execute("update app.job set state = 'dead' where id = %s", (dead,))
    admin.commit()
    colleague = factories.staff(admin, tenant)
    with app.app_context(), db.transaction(colleague.scope(tenant)):
        assert [found.id for found in jobs.dead_letters()] == [dead]
        jobs.replay(dead)
    jobs.run_due(worker_app)
    assert seen[0]["person"] == colleague.person_id
    with app.app_context(), pytest.raises(Conflict), db.transaction(colleague.scope(tenant)):
        jobs.replay(dead)


def test_a_long_job_goes_on_where_it_broke(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    made = _enqueue(app, person.scope(tenant), "test.steps", args={"breaks": 1})
    jobs.run_due(worker_app)
    assert _row(admin, made, "state, done, total, stage") == ("due", 1, 3, "piece 0")
    _due_now(admin, made)
    jobs.run_due(worker_app)
    assert [found["piece"] for found in seen] == [0, 1, 2]
    with app.app_context(), db.transaction(person.scope(tenant)):
        view = jobs.one(made)
    assert (view.state, view.percent, view.stage) == ("done", 100, "piece 2")


def test_a_cancelled_job_does_not_run_and_a_running_one_stops_at_its_next_step(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    waiting = _enqueue(app, person.scope(tenant))
    running = _enqueue(app, person.scope(tenant), "test.steps")
    with app.app_context(), db.transaction(person.scope(tenant)):
        assert jobs.cancel(waiting) == "cancelled"
    admin.execute("update app.job set cancel_requested = true where id = %s", (running,))
    admin.commit()
    jobs.run_due(worker_app)
    assert seen == []
    assert _row(admin, running, "state") == "cancelled"


def test_a_worker_that_was_given_up_changes_nothing(
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    tenant: UUID,
    person: Any,
    control: Control,
) -> None:
    made = _enqueue(app, person.scope(tenant))
    (old,) = control.claim_due({"default": 5}, share=5)
    admin.execute("update app.job set lease_until = now() - interval '1 s' where id = %s", (made,))
    admin.commit()
    assert control.sweep() == (1, 0)
    (new,) = control.claim_due({"default": 5}, share=5)
    assert (old.job_id, new.fence) == (new.job_id, old.fence + 1)
    runner = Runner(worker_app)
    try:
        assert runner.run(old) == "stale"
        assert runner.run(new) == "done"
        assert runner.run(new) == "stale"
    finally:
        runner.close()
    assert len(seen) == 1


def test_a_job_lost_before_it_began_comes_back_uncounted_and_at_once(
    app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any, control: Control
) -> None:
    made = _enqueue(app, person.scope(tenant))
    control.claim_due({"default": 5}, share=5)
    assert control.sweep() == (0, 0)
    admin.execute("update app.job set lease_until = now() where id = %s", (made,))
    admin.commit()
    assert control.sweep() == (1, 0)
    assert _row(admin, made, "attempt, run_after <= now()") == (0, True)


def test_a_flood_of_one_client_leaves_room_for_the_others(
    app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any, control: Control
) -> None:
    for _number in range(12):
        _enqueue(app, person.scope(tenant))
    other = factories.make_client(admin, "Other")
    colleague = factories.staff(admin, other)
    late = _enqueue(app, colleague.scope(other))
    claimed = control.claim_due({"default": 6}, share=100)
    assert late in [ticket.job_id for ticket in claimed[:6]]
    assert len(claimed) == 6
    assert control.claim_due({"default": 6}, share=5) == []


def test_the_dispatcher_sees_heads_and_never_arguments(
    app: Flask, worker_db: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    _enqueue(app, person.scope(tenant), args={"secret": "content"})
    assert worker_db.execute("select count(*) from app.job").fetchone() == (0,)
    assert worker_db.execute("select count(*) from app.job_args").fetchone() == (0,)
    claimed = worker_db.execute(
        "select * from guard.claim_due(array['default'], array[5], 5)"
    ).fetchall()
    assert len(claimed) == 1
    assert len(claimed[0]) == 4


def test_arguments_are_read_on_their_own_line_only(
    app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    made = _enqueue(app, person.scope(tenant), args={"n": 1}, line="accounting")
    tickets = factories.staff(admin, tenant, lines=("tickets",))
    with app.app_context(), db.transaction(tickets.scope(tenant)), pytest.raises(NotFound):
        jobs.one(made)
    with app.app_context(), pytest.raises(Forbidden), db.transaction(tickets.scope(tenant)):
        jobs.enqueue("test.note", {}, line="accounting")


@pytest.mark.parametrize(
    "statement",
    [
        (
            "insert into app.job (tenant_id, kind, key, line, principal_id) values"
            " (guard.tenant_id(), 'test.note', 'forged', 'accounting', uuidv7())"
        ),
        (
            "insert into app.job_args (tenant_id, job_id, line, args) select tenant_id, id, line,"
            " '{}' from app.job"
        ),
        "update app.job set principal_id = uuidv7()",
        "update app.job_args set args = '{}'",
        "delete from app.job",
        "select guard.claim_due(array['default'], array[5], 5)",
        "select guard.take_job(uuidv7(), uuidv7(), 1)",
        "select guard.wake_job('mail.codes', 'urgent', 'member', 5, 10, null)",
    ],
)
def test_the_web_role_can_neither_forge_nor_change_a_job(
    app: Flask, tenant: UUID, person: Any, statement: str
) -> None:
    _enqueue(app, person.scope(tenant))
    with app.app_context(), pytest.raises(Forbidden), db.transaction(person.scope(tenant)):
        db.session.execute(sa.text(statement))


def test_a_system_kind_needs_its_permission(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    admin.execute(
        "insert into app.system_job (kind, permission) values ('test.note', 'test.start')"
        " on conflict do nothing"
    )
    admin.commit()
    try:
        with pytest.raises(Forbidden):
            _enqueue(app, person.scope(tenant))
        admin.execute(
            "insert into guard.role_permission (role, permission) select role, 'test.start' from"
            " guard.membership where user_id = %s",
            (person.person_id,),
        )
        admin.commit()
        made = _enqueue(app, person.scope(tenant))
        jobs.run_due(worker_app)
        assert seen[0]["mode"] == "j"
        assert _row(admin, made, "principal_id") is None
    finally:
        admin.execute("delete from app.system_job where kind = 'test.note'")
        admin.execute("delete from guard.role_permission where permission = 'test.start'")
        admin.commit()


def test_woken_jobs_run_once_however_often_they_are_asked_for(
    worker_app: Flask, admin: psycopg.Connection, control: Control
) -> None:
    factories.make_provider(admin)
    if jobs_catalog.find("test.woken") is None:
        jobs.job("test.woken", wakeable=True)(note)
    assert jobs.start_woken(control, "test.woken") == 1
    assert jobs.start_woken(control, "test.woken") == 0
    assert jobs.start_woken(control, "test.note") == 0
    jobs.run_due(worker_app)
    assert [found["mode"] for found in seen] == ["j"]


def test_old_ended_jobs_go(
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    tenant: UUID,
    person: Any,
    control: Control,
) -> None:
    _enqueue(app, person.scope(tenant))
    jobs.run_due(worker_app)
    assert control.purge(clock.now() - timedelta(days=1), most=10) == 0
    assert control.purge(clock.now() + timedelta(days=1), most=10) == 1
    assert admin.execute("select count(*) from app.job_args").fetchone() == (0,)


def test_a_ticket_is_what_it_says() -> None:
    text = "0199d2a0-0000-7000-8000-000000000001:0199d2a0-0000-7000-8000-000000000002:3"
    assert str(Ticket.parse(text)) == text
    with pytest.raises(ValueError, match="unpack"):
        Ticket.parse("nonsense")
