"""Weeks of hours: handed in, approved by another, locked; seen and costed by few."""

from __future__ import annotations

import re
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from app.cli import install
from app.kernel import clock
from app.kernel.db import session
from app.kernel.errors import Conflict, DomainError, Forbidden
from app.kernel.settings import Settings
from app.tasks.time import commands, queries, weeks
from tests.tasks.time_stage import firm, metered, noon, other, write
from tests.tasks.work_stage import Firm

__all__ = ["firm", "other"]  # fixtures


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
