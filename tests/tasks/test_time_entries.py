"""Entries of time: by hand, changed, cut in two; no second stands in two of them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.kernel import clock, db
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid
from app.tasks.time import commands, queries
from app.tasks.time.commands import About
from tests.tasks.time_stage import firm, noon, other, write
from tests.tasks.work_stage import Firm

__all__ = ["firm", "other"]  # fixtures


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
