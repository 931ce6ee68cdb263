"""The clock: it survives a reload and midnight, and ends also where nothing may be written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.cli import install
from app.kernel import clock, db, jobs_catalog
from app.kernel.db import session
from app.kernel.errors import Conflict
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from app.tasks.time import commands, queries, weeks
from app.tasks.time.commands import About
from tests.tasks.time_stage import (
    BERLIN,
    end_engagement,
    firm,
    lose,
    noon,
    other,
    set_client,
    write,
)
from tests.tasks.work_stage import Firm

__all__ = ["firm", "other"]  # fixtures


def test_the_clock_survives_a_reload_and_shows_on_every_page_until_it_is_stopped(
    firm: Firm, other: tuple[UUID, str]
) -> None:
    task = firm.make("Agree the ledger")
    staff = firm.place.browser(firm.place.staff)
    assert "Start timer" in staff.get(f"/c/{firm.slug}/tasks/{task}").text
    sent = {"client": firm.slug, "subject_type": "task", "subject_key": str(task)}
    assert staff.post("/desk/time/start", sent).status_code == 303
    for page in ("/desk", f"/c/{firm.slug}/tasks", f"/c/{other[1]}/tasks", "/desk/time"):
        assert 'action="/desk/time/stop"' in staff.get(page).text, page
    assert 'action="/desk/time/stop"' not in firm.place.browser(firm.second).get("/desk").text
    moved = staff.post("/desk/time/start", {"client": other[1]})
    assert moved.status_code == 303
    with firm.place.acting(firm.place.staff):
        running = queries.timer()
        assert running is not None
        assert running.tenant_id == other[0]
    staff.post("/desk/time/stop")
    assert 'action="/desk/time/stop"' not in staff.get("/desk").text


def test_what_runs_over_midnight_becomes_an_entry_a_day(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: begun)
    with firm.place.acting(firm.place.staff):
        commands.start(About(), zone=BERLIN)
    monkeypatch.setattr(clock, "now", lambda: begun + timedelta(hours=5))
    with firm.place.acting(firm.place.staff):
        running = queries.timer()
        assert running is not None
        commands.stop(running, zone=BERLIN)
        found = queries.entries(
            person_id=firm.place.staff.person_id, first=date(2026, 10, 20), last=date(2026, 10, 30)
        )
    assert [(one.day, one.seconds) for one in found] == [
        (date(2026, 10, 24), 2 * 3600),
        (date(2026, 10, 25), 3 * 3600),
    ]


def test_a_clock_in_a_suspended_client_is_stopped_and_told(
    firm: Firm, other: tuple[UUID, str], settings: Settings
) -> None:
    staff = firm.place.browser(firm.place.staff)
    staff.get("/desk/time")
    staff.post("/desk/time/start", {"client": other[1]})
    set_client(settings, other[0], "suspended")
    stopped = staff.post("/desk/time/stop", follow=True)
    assert "in a client that you no longer write in" in stopped.text
    assert "Stopped by itself" in stopped.text
    assert 'action="/desk/time/stop"' not in stopped.text


@pytest.mark.parametrize("lost", ["grant", "closing", "suspended without grant", "engagement"])
@pytest.mark.parametrize("act", ["stop", "start"])
def test_a_clock_out_of_reach_is_stopped_at_once_and_bars_no_other(
    firm: Firm, other: tuple[UUID, str], settings: Settings, lost: str, act: str
) -> None:
    staff = firm.place.browser(firm.place.staff)
    staff.get("/desk/time")
    with clock.frozen(clock.now() - timedelta(minutes=2)):
        staff.post("/desk/time/start", {"client": other[1]})
    lose(settings, other[0], lost)
    sent = {"client": firm.slug} if act == "start" else {}
    told = staff.post(f"/desk/time/{act}", sent, follow=True)
    assert "in a client that you no longer write in" in told.text
    running = 'action="/desk/time/stop"' in told.text
    assert running == (act == "start")
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        ended = admin.execute(
            "select cut, ended_at is not null from app.time_entry where tenant_id = %s",
            (other[0],),
        )
        assert ended.fetchall() == [(True, True)]
        audited = admin.execute(
            "select e.actor, c.after ->> 'cut' from app.audit_event e"
            " join app.audit_change c on c.tenant_id = e.tenant_id and c.event_id = e.id"
            " where e.tenant_id = %s and e.act = 'time_entry.changed'",
            (other[0],),
        )
        assert audited.fetchall() == [(firm.place.staff.person_id, "true")]


@pytest.mark.parametrize("lost", ["grant", "engagement"])
def test_the_job_of_an_active_client_ends_clocks_of_people_who_work_there_no_more(
    firm: Firm, other: tuple[UUID, str], settings: Settings, lost: str
) -> None:
    staff = firm.place.browser(firm.place.staff)
    staff.get("/desk/time")
    with clock.frozen(clock.now() - timedelta(minutes=2)):
        staff.post("/desk/time/start", {"client": other[1]})
    job = Scope.system_job(other[0], person_id=jobs_catalog.SYSTEM_USERS["platform"])
    for still in (True, False):
        with firm.place.worker_app.app_context(), db.transaction(job):
            weeks.cut({}, None)  # type: ignore[arg-type]  # it tells no progress
        assert ('action="/desk/time/stop"' in staff.get("/desk").text) == still
        lose(settings, other[0], lost)


def test_people_whose_engagement_ended_are_given_no_task(firm: Firm, settings: Settings) -> None:
    with firm.place.acting(firm.manager):
        assert firm.second.person_id in queries.staff()
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute(
            "update guard.membership set basis = 'engagement', lines = '{tickets}'"
            " where tenant_id = %s and user_id = %s",
            (firm.place.tenant, firm.second.person_id),
        )
    end_engagement(settings, firm.place.tenant, "tickets")
    with firm.place.acting(firm.manager):
        assert firm.second.person_id not in queries.staff()
        assert firm.place.staff.person_id in queries.staff()


def test_a_clock_that_does_not_stop_is_told_as_such(firm: Firm, settings: Settings) -> None:
    with firm.place.acting(firm.place.staff):
        commands.start(About(), zone=BERLIN)
        running = queries.timer()
    assert running is not None
    set_client(settings, firm.place.tenant, "suspended")
    for later in (timedelta(0), timedelta(minutes=5)):
        with (
            clock.frozen(running.started_at + later),
            pytest.raises(Conflict) as told,
            firm.place.acting(firm.place.staff),
        ):
            commands.stop(running, zone=BERLIN)
        assert told.value.code == "time-not-stopped"
    with pytest.raises(Conflict) as told, firm.place.acting(firm.place.staff):
        commands.remove(running.id)
    assert told.value.code == "time-not-changed"


def test_only_ones_own_running_clock_is_ended_by_its_door(firm: Firm) -> None:
    with firm.place.acting(firm.place.staff):
        made = commands.start(About(), zone=BERLIN)
    (written,) = write(firm, noon(-2), 60)
    door = sa.text("select app.end_my_clock(:id)")
    for who in (firm.second, firm.manager, firm.place.owner):
        with firm.place.acting(who):
            assert session.execute(door, {"id": made}).scalar() is None
    with firm.place.acting(firm.place.staff):
        assert session.execute(door, {"id": written}).scalar() is None
        assert queries.timer() is not None
        assert queries.one(written).seconds == 3600


def test_a_second_click_on_stop_over_midnight_is_as_good_as_the_first(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = firm.place.browser(firm.place.staff)
    staff.get("/desk/time")
    now = clock.now()
    with clock.frozen(now - timedelta(hours=23)):
        staff.post("/desk/time/start", {"client": firm.slug})
    with firm.place.acting(firm.place.staff):
        running = queries.timer()
    with clock.frozen(now):
        staff.post("/desk/time/stop")
    monkeypatch.setattr(queries, "timer", lambda: running)  # what the second request still read
    again = staff.post("/desk/time/stop")
    assert again.status_code == 303
    with firm.place.acting(firm.place.staff):
        found = queries.here()
    assert len(found) == 2
    assert sum(one.seconds for one in found) == 23 * 3600
    assert not any(one.cut for one in found)


def test_seconds_of_a_day_of_clocks_sum_up_to_the_day(firm: Firm) -> None:
    begun = datetime(2026, 11, 20, 9, 0, 0, 700_000, tzinfo=UTC)
    steps = [0, 61.4, 62.9, 3600.2, 3600.9, 7200.95]
    for after in steps:
        with clock.frozen(begun + timedelta(seconds=after)), firm.place.acting(firm.place.staff):
            commands.start(About(), zone=BERLIN)
    with clock.frozen(begun + timedelta(seconds=9000)), firm.place.acting(firm.place.staff):
        running = queries.timer()
        assert running is not None
        commands.stop(running, zone=BERLIN)
        found = queries.entries(
            person_id=firm.place.staff.person_id, first=begun.date(), last=begun.date()
        )
    assert sum(one.seconds for one in found) == 9000
    assert all(one.ended_at == two.started_at for one, two in pairwise(found))
    with pytest.raises(IntegrityError), firm.place.acting(firm.place.staff):
        session.execute(
            sa.text(
                "update app.time_entry set ended_at = ended_at - interval '1 millisecond'"
                " where id = :id"
            ),
            {"id": found[-1].id},
        )


def test_a_forgotten_clock_is_stopped_by_the_job(firm: Firm, settings: Settings) -> None:
    with firm.place.acting(firm.place.staff):
        made = commands.start(About(), zone=BERLIN)
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute(
            "update app.time_entry set started_at = started_at - interval '2 days',"
            " day = day - 2 where id = %s",
            (made,),
        )
    with firm.place.job():
        weeks.cut({}, None)  # type: ignore[arg-type]  # it tells no progress
    with firm.place.acting(firm.place.staff):
        found = queries.one(made)
        assert found.cut
        assert found.seconds == 24 * 3600
        assert queries.timer() is None
