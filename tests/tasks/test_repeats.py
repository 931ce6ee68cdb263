"""What comes round: each period made once, whatever dies, runs twice or was missed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.cli import install
from app.kernel import jobs, undo
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid
from app.kernel.settings import Settings
from app.tasks.repeat import commands, queries, roll
from tests.tasks import repeat_stage
from tests.tasks.repeat_stage import TODAY, made, rolled, start
from tests.tasks.work_stage import Firm, figure


@pytest.fixture
def firm(
    app: Flask, worker_app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Firm:
    """A client with its people, on a Monday in November."""
    return repeat_stage.firm(app, worker_app, settings, monkeypatch)


def test_starting_makes_what_has_come_and_the_job_what_comes(firm: Firm) -> None:
    repeat = start(firm)
    assert [(one.title, one.due_on, one.period_start) for one in made(firm)] == [
        ("Agree the VAT account", date(2026, 11, 6), date(2026, 10, 1)),
        ("Send the VAT return", date(2026, 11, 10), date(2026, 10, 1)),
        ("Agree the VAT account", date(2026, 12, 7), date(2026, 11, 1)),
        ("Send the VAT return", date(2026, 12, 10), date(2026, 11, 1)),
    ]
    assert [one.checks for one in made(firm)] == [0, 2, 0, 2]
    assert rolled(firm, TODAY) == 0
    with firm.place.acting(firm.place.staff):
        found = queries.one(repeat)
    assert (found.next_start, found.make_on) == (date(2026, 12, 1), date(2026, 12, 9))
    assert rolled(firm, found.make_on - timedelta(days=1)) == 0
    assert rolled(firm, found.make_on) == 2


def test_what_was_missed_is_made_up_once(firm: Firm) -> None:
    start(firm)
    assert rolled(firm, date(2027, 6, 1)) == 2 * 6
    assert rolled(firm, date(2027, 6, 1)) == 0
    starts = {one.period_start for one in made(firm)}
    assert starts == {date(2026, no, 1) for no in (10, 11, 12)} | {
        date(2027, no, 1) for no in range(1, 6)
    }


def killed(firm: Firm) -> None:
    """A job that dies after it has made everything, before its commit."""
    with firm.place.job():
        assert roll.roll(date(2027, 1, 31)) > 0
        raise RuntimeError("the worker is killed")


def test_a_job_that_dies_leaves_nothing_half_and_the_next_makes_it_whole(firm: Firm) -> None:
    start(firm)
    before = len(made(firm))
    with pytest.raises(RuntimeError):
        killed(firm)
    assert len(made(firm)) == before
    assert rolled(firm, date(2027, 1, 31)) == 4
    assert rolled(firm, date(2027, 1, 31)) == 0


def test_two_jobs_at_once_make_each_period_once(firm: Firm) -> None:
    start(firm)
    before = len(made(firm))
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _no: rolled(firm, date(2027, 3, 31)), range(4)))
    assert sorted(counts) == [0, 0, 0, 8]
    found = made(firm)
    keys = [(one.repeat_id, one.period_start, one.title) for one in found]
    assert len(keys) == len(set(keys)) == before + 2 * 4


def test_a_pointer_that_was_put_back_makes_no_period_twice(firm: Firm) -> None:
    repeat = start(firm)
    before = len(made(firm))
    with firm.place.acting(firm.manager):
        session.execute(
            sa.text(
                "update app.repeat set next_start = '2026-10-01', make_on = '2026-10-01'"
                " where id = :id"
            ),
            {"id": repeat},
        )
    assert rolled(firm, TODAY) == 0
    assert len(made(firm)) == before


def test_a_repeat_ends_when_it_was_said_to_and_a_paused_one_rests(firm: Firm) -> None:
    start(firm, ends_on=date(2026, 12, 31))
    rolled(firm, date(2027, 12, 31))
    assert max(one.period_start for one in made(firm) if one.period_start) == date(2026, 12, 1)
    with firm.place.acting(firm.place.staff):
        assert queries.repeats()[0].state == "ended"
    other = start(firm, name="Other")
    with firm.place.acting(firm.manager):
        commands.set_state(other, "paused")
    count = len(made(firm))
    assert rolled(firm, date(2027, 12, 31)) == 0
    assert len(made(firm)) == count


def test_a_repeat_that_never_ends_ends_with_the_calendar(firm: Firm) -> None:
    repeat = start(firm)
    with firm.place.acting(firm.manager):
        session.execute(
            sa.text("update app.repeat set next_start = '2198-11-01' where id = :id"),
            {"id": repeat},
        )
    assert rolled(firm, date(2199, 12, 31)) == 2 * 2
    with firm.place.acting(firm.place.staff):
        assert queries.one(repeat).state == "ended"
    assert rolled(firm, date(2199, 12, 31)) == 0


def test_a_long_past_is_bounded_and_a_far_start_refused(firm: Firm) -> None:
    start(firm)
    assert rolled(firm, date(2040, 1, 1)) == 2 * roll.MOST_AT_ONCE
    with pytest.raises(Invalid):
        start(firm, start_on=date(1900, 1, 1))
    with pytest.raises(Invalid):
        start(firm, ends_on=date(2026, 1, 1))


def test_closed_days_and_public_holidays_move_a_due_day(firm: Firm) -> None:
    with firm.place.acting(firm.manager):
        commands.set_calendar(country="DE", subdivision="BY")
        commands.close_days(from_on=date(2027, 1, 7), to_on=date(2027, 1, 12), title="Stocktaking")
    start(firm, start_on=date(2026, 12, 1))
    rolled(firm, date(2026, 12, 31))
    assert max(one.due_on for one in made(firm)) == date(2027, 1, 13)
    with pytest.raises(Invalid), firm.place.acting(firm.manager):
        commands.set_calendar(country="DE", subdivision="XX")
    with pytest.raises(Invalid), firm.place.acting(firm.manager):
        commands.close_days(from_on=date(2027, 1, 7), to_on=date(2027, 1, 1), title="Back")


def test_undoing_a_pause_leaves_what_happened_since(firm: Firm) -> None:
    repeat = start(firm)
    with firm.place.acting(firm.manager):
        token = commands.set_state(repeat, "paused")
    with firm.place.acting(firm.manager):
        undo.take(token)
    with firm.place.acting(firm.manager):
        assert queries.one(repeat).state == "active"
        token = commands.set_state(repeat, "ended")
    with firm.place.acting(firm.manager):
        commands.set_state(repeat, "active")
    assert rolled(firm, date(2027, 3, 31)) > 0
    with pytest.raises(Conflict) as told, firm.place.acting(firm.manager):
        undo.take(token)
    assert told.value.code == "repeat-changed"
    with firm.place.acting(firm.manager):
        assert queries.one(repeat).next_start > date(2027, 3, 1)


def test_the_job_tells_once_of_what_falls_due(firm: Firm) -> None:
    firm.make("Due", due_on=datetime.now(UTC).date())
    with firm.place.job():
        assert roll.tell_due() == 1
        assert roll.tell_due() == 0
    assert jobs.find(roll.JOB) is not None


def test_the_job_counts_what_became_late_by_the_clock_alone(firm: Firm, settings: Settings) -> None:
    task = firm.make("In time", due_on=datetime.now(UTC).date() + timedelta(days=3))
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute("set session_replication_role = replica")  # as time passes: no trigger runs
        admin.execute(
            "update app.task set due_on = due_on - 5, due_at = due_at - interval '5 days'"
            " where id = %s",
            (task,),
        )
    assert figure(firm, "tasks_late") == 0
    with firm.place.job():
        roll.tell_due()
    assert figure(firm, "tasks_late") == 1
    assert figure(firm, "tasks_waiting") == 0
