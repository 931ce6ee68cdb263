"""Nights in which clocks change: when a day ends, what is late then, and who is told how often."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.kernel import clock
from app.kernel.settings import Settings
from app.tasks.repeat import roll
from app.tasks.time import spans
from app.tasks.work import queries
from app.tasks.work.queries import Wanted
from tests.tasks import work_stage
from tests.tasks.work_stage import Firm


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return work_stage.build(app, worker_app, admin)


NIGHTS = [
    ("Europe/Berlin", date(2026, 3, 28), datetime(2026, 3, 28, 23, tzinfo=UTC)),
    ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC)),
    ("Europe/Berlin", date(2026, 10, 24), datetime(2026, 10, 24, 22, tzinfo=UTC)),
    ("Europe/Berlin", date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC)),
    ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 2, 5, tzinfo=UTC)),
    ("Africa/Cairo", date(2026, 4, 23), datetime(2026, 4, 23, 22, tzinfo=UTC)),  # no midnight
    ("America/Santiago", date(2026, 9, 5), datetime(2026, 9, 6, 4, tzinfo=UTC)),  # no midnight
    ("Australia/Lord_Howe", date(2026, 10, 4), datetime(2026, 10, 4, 13, tzinfo=UTC)),  # by half
    ("Asia/Kolkata", date(2026, 3, 29), datetime(2026, 3, 29, 18, 30, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "day", "ends"), NIGHTS)
def test_a_day_ends_at_its_midnight_also_where_the_clocks_change(
    firm: Firm, zone: str, day: date, ends: datetime
) -> None:
    task = firm.make("Send it", due_on=day, due_zone=zone)
    with firm.place.acting(firm.place.staff):
        found = queries.one(task)
    assert found.due_at == ends
    assert spans.midnight(day + timedelta(days=1), ZoneInfo(zone)) == ends
    assert not found.late(ends - timedelta(seconds=1))
    assert found.late(ends)


@pytest.mark.parametrize(("zone", "day", "ends"), NIGHTS[:4])
def test_what_is_due_in_such_a_night_is_told_once(
    firm: Firm, zone: str, day: date, ends: datetime
) -> None:
    firm.make("Send it", due_on=day, due_zone=zone)
    told = []
    for hours in range(-30, 4):
        with clock.frozen(ends + timedelta(hours=hours)), firm.place.job():
            told += [hours] * roll.tell_due()
    assert told == [-24]


def test_a_filter_by_day_finds_tasks_of_every_zone(firm: Firm) -> None:
    day = date(2026, 10, 25)
    zones = ("Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin", "America/St_Johns")
    wanted: dict[tuple[str, int], UUID] = {
        (zone, off): firm.make(zone, due_on=day + timedelta(days=off), due_zone=zone)
        for zone in zones
        for off in (-1, 0, 1)
    }

    def found(due_from: date | None = None, due_to: date | None = None) -> set[UUID]:
        said = Wanted(view="open", due_from=due_from, due_to=due_to)
        with firm.place.acting(firm.place.staff):
            return {one.id for one in queries.tasks(said)}

    assert found(due_to=day) == {task for (_zone, off), task in wanted.items() if off <= 0}
    assert found(due_from=day) == {task for (_zone, off), task in wanted.items() if off >= 0}
    assert found(due_from=day, due_to=day) == {t for (_z, off), t in wanted.items() if off == 0}
