"""Time: a clock that survives, entries by hand, no second twice, weeks approved by another."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from app.cli import install
from app.kernel import clock, db, jobs_catalog
from app.kernel.db import session
from app.kernel.errors import Conflict, DomainError, Forbidden, Invalid
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from app.tasks.time import commands, queries, spans, weeks
from app.tasks.time.commands import About
from tests import factories
from tests.factories import Session
from tests.tasks import work_stage
from tests.tasks.work_stage import Firm

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia"]
)
MOMENTS = st.integers(0, 25 * 365 * 86_400).map(
    lambda seconds: datetime(2005, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return work_stage.build(app, worker_app, admin)


@pytest.fixture
def other(firm: Firm, settings: Settings) -> tuple[UUID, str]:
    """Another client of the same accountant."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        tenant = factories.make_client(admin, "Other")
        factories.grant(
            admin,
            tenant,
            firm.place.staff.person_id,
            role="staff_accountant",
            lines=("accounting",),
        )
        return tenant, factories.slug_of(admin, tenant)


def noon(days: int = -1) -> datetime:
    return datetime.combine(clock.today() + timedelta(days=days), datetime.min.time(), UTC).replace(
        hour=12
    )


def write(firm: Firm, start: datetime, minutes: int, *, by: Session | None = None) -> list[UUID]:
    with firm.place.acting(by or firm.place.staff):
        return commands.write(
            About(), start, start + timedelta(minutes=minutes), zone=ZoneInfo("UTC")
        )


def metered(firm: Firm) -> list[Any]:
    with firm.place.acting(firm.place.staff):
        return list(
            session.execute(
                sa.text(
                    "select quantity from app.usage_event where meter = 'hour'"
                    " and voided_at is null and tenant_id = (select guard.tenant_id())"
                )
            ).scalars()
        )


@given(MOMENTS, st.integers(1, 90_000), ZONES)
def test_a_span_cut_at_midnight_loses_and_doubles_no_second(
    start: datetime, seconds: int, zone: str
) -> None:
    end = start + timedelta(seconds=seconds)
    pieces = list(spans.by_day(start, end, ZoneInfo(zone)))
    assert pieces[0][1][0] == start
    assert pieces[-1][1][1] == end
    assert all(one[1][1] == two[1][0] for one, two in pairwise(pieces))
    assert all(begun < ended for _day, (begun, ended) in pieces)
    assert len(pieces) <= 4


@given(
    st.lists(st.tuples(st.integers(0, 1400), st.integers(1, 200)), max_size=8),
    st.integers(1, 600),
)
def test_a_gap_is_free_and_on_its_day(taken: list[tuple[int, int]], minutes: int) -> None:
    day = date(2026, 3, 29)  # its clocks go forward in Berlin
    first = spans.midnight(day, BERLIN)
    busy = [
        (first + timedelta(minutes=at), first + timedelta(minutes=at + long)) for at, long in taken
    ]
    found = spans.gap(day, timedelta(minutes=minutes), busy, BERLIN)
    if found is not None:
        assert found[1] - found[0] == timedelta(minutes=minutes)
        assert all(ended <= found[0] or begun >= found[1] for begun, ended in busy)
        assert {at.astimezone(BERLIN).date() for at in found} <= {day, day + timedelta(days=1)}


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("1:30", 90), ("0:05", 5), ("1.5", 90), ("1,25 h", 75), ("8", 480), ("24:00", 1440)],
)
def test_lengths_are_read_as_people_write_them(text: str, minutes: int) -> None:
    assert spans.length(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "0", "25", "1:60", "-1", "24:01", "x", "1:5"])
def test_what_is_no_length_is_none(text: str) -> None:
    assert spans.length(text) is None


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


def test_no_second_is_in_two_entries_whatever_the_client(
    firm: Firm, other: tuple[UUID, str]
) -> None:
    write(firm, noon(), 60)
    with pytest.raises(Conflict) as told:
        write(firm, noon() + timedelta(minutes=59), 30)
    assert told.value.code == "time-overlaps"
    write(firm, noon() + timedelta(minutes=60), 30)
    write(firm, noon(), 60, by=firm.second)
    scope = firm.place.staff.scope(other[0])
    with pytest.raises(Conflict), firm.place.app.app_context(), db.transaction(scope):
        commands.write(About(), noon(), noon() + timedelta(minutes=1), zone=ZoneInfo("UTC"))


def test_raw_sql_writes_no_second_twice_either(firm: Firm, other: tuple[UUID, str]) -> None:
    write(firm, noon(), 60)
    add = sa.text(
        "insert into app.time_entry (tenant_id, id, line, started_at, ended_at, day) values"
        " ((select guard.tenant_id()), uuidv7(), 'accounting', :start, :stop, :day)"
    )
    span = {"start": noon() + timedelta(minutes=30), "day": noon().date()}
    for tenant in (firm.place.tenant, other[0]):
        for stop in (noon() + timedelta(minutes=31), None):
            scope = firm.place.staff.scope(tenant)
            with (
                pytest.raises(IntegrityError),
                firm.place.app.app_context(),
                db.transaction(scope),
            ):
                session.execute(add, span | {"stop": stop})
    (later,) = write(firm, noon() + timedelta(hours=2), 60)
    with pytest.raises(IntegrityError), firm.place.acting(firm.place.staff):
        session.execute(
            sa.text("update app.time_entry set started_at = :start where id = :id"),
            {"start": noon() + timedelta(minutes=59), "id": later},
        )


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


def set_client(settings: Settings, tenant: UUID, state: str) -> None:
    """A client suspended, or taken up again."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute("update guard.tenant set state = %s where id = %s", (state, tenant))


def test_a_clock_in_a_suspended_client_or_without_a_grant_is_stopped_or_told(
    firm: Firm, other: tuple[UUID, str], settings: Settings
) -> None:
    staff = firm.place.browser(firm.place.staff)
    staff.get("/desk/time")
    staff.post("/desk/time/start", {"client": other[1]})
    set_client(settings, other[0], "suspended")
    stopped = staff.post("/desk/time/stop", follow=True)
    assert "in a client that is read only now" in stopped.text
    assert "Stopped by itself" in stopped.text
    assert 'action="/desk/time/stop"' not in stopped.text
    set_client(settings, other[0], "active")
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute(
            "update app.time_entry set started_at = started_at - interval '1 hour',"
            " ended_at = ended_at - interval '1 hour' where tenant_id = %s",
            (other[0],),
        )
    staff.post("/desk/time/start", {"client": other[1]})
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute("delete from guard.membership where tenant_id = %s", (other[0],))
    for address, sent in (("start", {"client": firm.slug}), ("stop", {})):
        refused = staff.post(f"/desk/time/{address}", sent)
        assert refused.status_code == 409
        assert "It is stopped within the hour." in refused.text
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute(
            "update app.time_entry set started_at = started_at - interval '2 minutes'"
            " where tenant_id = %s and ended_at is null",
            (other[0],),
        )
    person = jobs_catalog.SYSTEM_USERS["platform"]
    scope = Scope.system_job(other[0], person_id=person)
    with firm.place.worker_app.app_context(), db.transaction(scope):
        weeks.cut({}, None)  # type: ignore[arg-type]  # it tells no progress
    assert staff.post("/desk/time/start", {"client": firm.slug}).status_code == 303


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


def test_a_length_of_today_lies_neither_ahead_nor_over_the_running_clock(firm: Firm) -> None:
    day = date(2026, 11, 20)

    def at(hour: int, minute: int = 0) -> datetime:
        return datetime(2026, 11, 20, hour, minute, tzinfo=UTC)

    with clock.frozen(at(10)), firm.place.acting(firm.place.staff):
        commands.write_length(About(), day, timedelta(hours=2), zone=ZoneInfo("UTC"))
        commands.start(About(), zone=ZoneInfo("UTC"))
    with clock.frozen(at(10, 30)):
        with firm.place.acting(firm.place.staff):
            commands.write_length(About(), day, timedelta(hours=7), zone=ZoneInfo("UTC"))
        with pytest.raises(Conflict) as told, firm.place.acting(firm.place.staff):
            commands.write_length(About(), day, timedelta(hours=2), zone=ZoneInfo("UTC"))
        assert told.value.code == "time-full"
        with pytest.raises(Invalid), firm.place.acting(firm.place.staff):
            commands.write_length(
                About(), day + timedelta(days=1), timedelta(hours=1), zone=ZoneInfo("UTC")
            )
    with firm.place.acting(firm.place.staff):
        found = queries.entries(person_id=firm.place.staff.person_id, first=day, last=day)
    assert [(one.started_at, one.ended_at) for one in found] == [
        (at(0), at(7)),
        (at(8), at(10)),
        (at(10), None),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 90_000), st.integers(1, 40_000)), max_size=6), MOMENTS, ZONES
)
def test_spans_of_random_days_keep_every_second_once(
    wanted: list[tuple[int, int]], start: datetime, zone: str
) -> None:
    spent = [
        (start + timedelta(seconds=at), start + timedelta(seconds=at + long)) for at, long in wanted
    ]
    pieces = [
        piece
        for begun, ended in spent
        for _day, piece in spans.by_day(begun, ended, ZoneInfo(zone))
    ]
    assert sum((e - b for b, e in pieces), timedelta()) == sum(
        (e - b for b, e in spent), timedelta()
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


def test_a_length_is_laid_into_the_first_gap_and_a_full_day_refused(firm: Firm) -> None:
    staff = firm.place.browser(firm.place.staff)
    staff.get("/desk/time")
    day = clock.today() - timedelta(days=2)
    sent = {"client": firm.slug, "day": day.isoformat(), "length": "2:00", "note": "Calls"}
    assert staff.post("/desk/time/add", sent).status_code == 303
    assert staff.post("/desk/time/add", sent).status_code == 303
    with firm.place.acting(firm.place.staff):
        found = queries.entries(person_id=firm.place.staff.person_id, first=day, last=day)
    assert [one.started_at.hour for one in found] == [8, 10]
    page = staff.get(f"/desk/time?week={day}").text
    assert "4:00" in page
    refused = staff.post("/desk/time/add", sent | {"length": "21:00"})
    assert refused.status_code == 409
    assert "no gap of this length" in refused.text
    wrong = staff.post("/desk/time/add", sent | {"length": "soon"})
    assert wrong.status_code == 422
    assert "Write the length like" in wrong.text


@pytest.mark.parametrize(
    ("start", "minutes", "code"),
    [
        (0, -5, "time-backwards"),
        (0, 1441, "time-too-long"),
        (48, 60, "time-future"),
        (-24 * 400, 60, "time-old"),
    ],
)
def test_spans_that_cannot_be_are_refused(firm: Firm, start: int, minutes: int, code: str) -> None:
    begun = clock.now() - timedelta(days=2) + timedelta(hours=start)
    with pytest.raises(Invalid) as told:
        write(firm, begun, minutes)
    assert next(iter(told.value.fields.values()))[0].code == code


def test_an_entry_is_changed_cut_in_two_and_taken_away_and_back(firm: Firm) -> None:
    (made,) = write(firm, noon(), 60)
    staff = firm.place.browser(firm.place.staff)
    address = f"/c/{firm.slug}/time/{made}"
    page = staff.get(address).text
    version = re.findall(r'name="version" value="(\d+)"', page)[0]
    sent = {"day": noon().date().isoformat(), "begins": "12:00", "ends": "13:30"}
    assert staff.post(address, sent | {"version": version, "note": "Calls"}).status_code == 303
    assert staff.post(address, sent | {"version": version}).status_code == 409
    assert staff.post(f"{address}/split", {"at": "12:30"}).status_code == 303
    assert staff.post(f"{address}/split", {"at": "12:45"}).status_code == 422
    gone = staff.post(f"{address}/remove", follow=True)
    with firm.place.acting(firm.place.staff):
        found = queries.here()
    assert [one.seconds for one in found] == [3600]
    undo = re.findall(r'action="([^"]+/time/undo/[^"]+)"', gone.text)[0]
    assert staff.post(undo).status_code == 303
    with firm.place.acting(firm.place.staff):
        assert sorted(one.seconds for one in queries.here()) == [1800, 3600]


def test_a_week_is_handed_in_approved_by_another_metered_and_locked(
    firm: Firm, other: tuple[UUID, str]
) -> None:
    (made,) = write(firm, noon(-7), 90)
    monday = queries.monday_of(noon(-7).date())
    staff, manager = firm.place.browser(firm.place.staff), firm.place.browser(firm.manager)
    staff.get(f"/desk/time?week={monday}")
    assert staff.post("/desk/time/hand-in", {"week": monday.isoformat()}).status_code == 303
    with pytest.raises(Conflict), firm.place.acting(firm.place.staff):
        commands.remove(made)
    waiting = manager.get("/desk/time/approvals")
    assert "1:30" in waiting.text
    person = firm.place.staff.person_id
    assert "1:30" in manager.get(f"/desk/time/of/{person}?week={monday}").text
    sent = {"week": monday.isoformat(), "person_id": str(person)}
    assert manager.post("/desk/time/send-back", sent).status_code in {409, 422}
    assert manager.post("/desk/time/approve", sent).status_code == 303
    assert [float(one) for one in metered(firm)] == [1.5]
    assert (
        manager.post("/desk/time/send-back", sent | {"reason": "Wrong client"}).status_code == 303
    )
    assert metered(firm) == []
    assert "Sent back: Wrong client" in staff.get(f"/desk/time?week={monday}").text
    staff.post("/desk/time/hand-in", {"week": monday.isoformat()})
    manager.post("/desk/time/approve", sent)
    locked = manager.post(
        f"/c/{firm.slug}/time/lock", {"until": clock.today().isoformat()}, follow=True
    )
    assert "1 entry locked." in locked.text
    manager.post("/desk/time/send-back", sent | {"reason": "Too late"})
    with firm.place.acting(firm.place.staff):
        assert queries.one(made).state == "locked"


def test_nobody_approves_their_own_hours_also_by_raw_sql(firm: Firm) -> None:
    (made,) = write(firm, noon(-7), 30, by=firm.manager)
    with firm.place.acting(firm.manager):
        weeks.hand_in_here(queries.monday_of(noon(-7).date()), firm.manager.person_id)
    with pytest.raises(Conflict) as told, firm.place.acting(firm.manager):
        weeks.approve_here(queries.monday_of(noon(-7).date()), firm.manager.person_id)
    assert told.value.code == "time-own"
    for text in (
        "update app.time_entry set state = 'approved' where id = :id",
        "update app.time_entry set state = 'locked' where id = :id",
        "update app.time_entry set note = 'x' where id = :id",
    ):
        with pytest.raises(DomainError), firm.place.acting(firm.manager):
            session.execute(sa.text(text), {"id": made})


def test_others_see_no_hours_of_mine_and_client_people_none(firm: Firm) -> None:
    (made,) = write(firm, noon(), 30)
    for who in (firm.second, firm.place.owner):
        with firm.place.acting(who):
            assert session.execute(sa.text("select count(*) from app.time_entry")).scalar() == 0
    with firm.place.acting(firm.second), pytest.raises(DomainError):
        queries.one(made)
    with firm.place.acting(firm.manager):
        assert queries.one(made).seconds == 1800
    with pytest.raises(DomainError), firm.place.acting(firm.manager):
        session.execute(
            sa.text("update app.time_entry set note = 'x' where id = :id"), {"id": made}
        )
    with pytest.raises(Forbidden), firm.place.acting(firm.place.owner):
        session.execute(
            sa.text(
                "insert into app.time_entry (tenant_id, id, line, started_at, ended_at, day) values"
                " ((select guard.tenant_id()), uuidv7(), 'accounting', now() - interval '1 hour',"
                " now(), current_date)"
            )
        )


def test_what_hours_cost_is_seen_and_set_by_few(firm: Firm, settings: Settings) -> None:
    admin_url = install.libpq_url(settings.database_admin_url or "")
    manager = firm.place.browser(firm.manager)
    manager.get("/desk/rates")
    sent = {
        "person_id": str(firm.place.staff.person_id),
        "valid_from": "2020-01-01",
        "currency": "EUR",
        "per_hour": "60.00",
    }
    assert manager.post("/desk/rates", sent).status_code == 303
    assert manager.post("/desk/rates", sent).status_code == 409
    assert manager.post("/desk/rates", sent | {"per_hour": "much"}).status_code == 422
    write(firm, noon(), 90)
    assert "90.00" in manager.get("/desk/time/approvals").text
    page = manager.get("/desk/rates").text
    person = firm.place.staff.person_id
    with psycopg.connect(admin_url) as admin:
        row = admin.execute("select id from app.cost_rate where person_id = %s", (person,))
        (rate,) = (one[0] for one in row)
    assert f"/desk/rates/{rate}/remove" in page
    gone = manager.post(f"/desk/rates/{rate}/remove", follow=True)
    assert f"/desk/rates/{rate}/remove" not in gone.text
    undo = re.findall(r'action="(/desk/rates/undo/[^"]+)"', gone.text)[0]
    assert f"/desk/rates/{rate}/remove" in manager.post(undo, follow=True).text
    gone = manager.post(f"/desk/rates/{rate}/remove", follow=True)
    assert manager.post("/desk/rates", sent).status_code == 303
    undo = re.findall(r'action="(/desk/rates/undo/[^"]+)"', gone.text)[0]
    assert manager.post(undo).status_code == 409
    assert firm.place.browser(firm.second).get("/desk/rates").status_code == 403
    with firm.place.acting(firm.second):
        assert session.execute(sa.text("select count(*) from app.cost_rate")).scalar() == 0


def test_time_over_the_api(firm: Firm) -> None:
    staff = firm.place.browser(firm.place.staff)
    headers = {"X-CSRF-Token": staff.token, "Sec-Fetch-Site": "same-origin"}
    base = f"/api/v1/clients/{firm.slug}"
    begun = noon()
    sent = {"started_at": begun.isoformat(), "ended_at": (begun + timedelta(hours=1)).isoformat()}
    assert staff.client.post(f"{base}/time-entries", json=sent, headers=headers).status_code == 201
    twice = staff.client.post(f"{base}/time-entries", json=sent, headers=headers)
    assert twice.status_code == 409
    with clock.frozen(clock.now()):  # within one second: nothing is left of it
        assert staff.client.post(f"{base}/timer", json={}, headers=headers).status_code == 201
        assert staff.client.post(f"{base}/timer/stop", json={}, headers=headers).status_code == 200
    assert staff.client.post(f"{base}/timer/stop", json={}, headers=headers).status_code == 409
    found = staff.client.get(f"{base}/time-entries").get_json()
    assert len(found["items"]) == 1


def test_hours_of_a_client_come_last_begun_first_whenever_they_were_written(firm: Firm) -> None:
    starts = [noon(-1), noon(-3), noon(-2), noon(-5), noon(-4)]
    for start in starts:
        write(firm, start, 30)
    write(firm, noon(-2), 45, by=firm.second)  # two that begin at the same moment
    manager = firm.place.browser(firm.manager)
    address = f"/api/v1/clients/{firm.slug}/time-entries"
    whole = manager.client.get(address).get_json()["items"]
    assert [one["started_at"] for one in whole] == sorted(
        (one["started_at"] for one in whole), reverse=True
    )
    assert len(whole) == 6
    for limit in (1, 2, 4):
        found: list[Any] = []
        after = ""
        while True:
            part = manager.client.get(f"{address}?limit={limit}{after}").get_json()
            found += part["items"]
            if not part["next"]:
                break
            after = f"&after={part['next']}"
        assert found == whole, limit
    refused = manager.client.get(f"{address}?after=nonsense")
    assert refused.status_code == 422
