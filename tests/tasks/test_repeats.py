"""What comes round: each period made once, whatever dies, runs twice or was missed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.cli import install
from app.kernel import clock, db, ids, jobs, undo
from app.kernel.db import session
from app.kernel.errors import Conflict, DomainError, Forbidden, Invalid
from app.kernel.settings import Settings
from app.tasks.repeat import commands, queries, roll
from app.tasks.repeat.commands import RepeatIn
from app.tasks.work import queries as tasks
from app.tasks.work.models import Task
from app.tasks.work.queries import Wanted
from tests.tasks import work_stage
from tests.tasks.work_stage import Firm

TODAY = date(2026, 11, 23)
VAT = {
    "sections": [
        {
            "title": "Return",
            "items": [
                {
                    "title": "Send the VAT return",
                    "kind": "filing",
                    "due": {"n": 10},
                    "checklist": ["Agree the ledger", "Send it"],
                },
                {"title": "Agree the VAT account", "due": {"n": 10, "before": 3}},
            ],
        }
    ]
}


@pytest.fixture
def firm(
    app: Flask, worker_app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Firm:
    """A client with its people, on a Monday in November."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        made = work_stage.build(app, worker_app, admin)
    monkeypatch.setattr(clock, "today", lambda zone="UTC": TODAY)
    return made


def start(firm: Firm, **fields: Any) -> UUID:
    wanted: dict[str, Any] = {
        "name": "VAT",
        "content": VAT,
        "every": "month",
        "start_on": date(2026, 10, 15),
    }
    with firm.place.acting(firm.manager):
        return commands.start(RepeatIn(**(wanted | fields)))


def made(firm: Firm) -> list[Task]:
    with firm.place.acting(firm.place.staff):
        return tasks.tasks(Wanted(view="all"))


def rolled(firm: Firm, day: date) -> int:
    with firm.place.job():
        return roll.roll(day)


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


def test_what_people_change_of_a_repeat_is_audited_also_with_a_forged_context(firm: Firm) -> None:
    repeat = start(firm)

    def changes() -> int:
        with firm.place.acting(firm.manager):
            return int(
                session.execute(
                    sa.text(
                        "select count(*) from app.audit_event where act = 'repeat.changed'"
                        " and subject_id = :id"
                    ),
                    {"id": repeat},
                ).scalar_one()
            )

    before = changes()
    assert rolled(firm, date(2026, 12, 31)) > 0
    assert changes() == before
    with firm.place.acting(firm.manager):
        commands.set_state(repeat, "paused")
    assert changes() == before + 1
    forged = f"j|{firm.place.tenant}|{firm.manager.person_id}||9999999999|1|00"
    with pytest.raises(DomainError), firm.place.acting(firm.manager):
        session.execute(
            sa.text(
                "update app.repeat set name = 'x' where id = :id"
                " and set_config('app.ctx', :forged, true) is not null"
            ),
            {"id": repeat, "forged": forged},
        )
    with firm.place.acting(firm.manager):
        assert queries.one(repeat).name == "VAT"


def test_a_long_past_is_bounded_and_a_far_start_refused(firm: Firm) -> None:
    start(firm)
    assert rolled(firm, date(2040, 1, 1)) == 2 * roll.MOST_AT_ONCE
    with pytest.raises(Invalid):
        start(firm, start_on=date(1900, 1, 1))
    with pytest.raises(Invalid):
        start(firm, ends_on=date(2026, 1, 1))


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"sections": []},
        {"sections": [{"items": []}]},
        {"sections": [{"items": [{"title": "x", "due": {"n": 0}}]}]},
        {"sections": [{"items": [{"title": "x", "due": {"n": 32}}]}]},
        {"sections": [{"items": [{"title": "x", "due": {"kind": "working_day", "n": 24}}]}]},
        {"sections": [{"items": [{"title": "x"}] * 61}]},
        {"sections": [{"items": [{"title": ""}]}]},
        {"sections": [{"items": [{"title": "x", "kind": "dance"}]}]},
    ],
)
def test_a_template_that_does_not_fit_is_refused(firm: Firm, content: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as told:
        start(firm, content=content)
    assert told.value.fields["content"][0].code == "template-content"


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


def test_templates_are_the_providers_and_reach_a_client_as_a_copy(firm: Firm, app: Flask) -> None:
    with provider(firm) as scope, scope:
        template = commands.create_template(
            name=f"VAT {firm.slug}", service_line="accounting", holds=VAT
        )
    with pytest.raises(Conflict), provider(firm) as scope, scope:
        commands.create_template(name=f"vat {firm.slug}", service_line="accounting", holds=VAT)
    with firm.place.acting(firm.manager):
        offered = queries.template_here(template)
    repeat = start(
        firm,
        content=offered.content.model_dump(mode="json"),
        template_id=template,
        template_version=offered.version,
    )
    changed = {"sections": [{"title": "", "items": [{"title": "Only this"}]}]}
    with provider(firm) as scope, scope:
        commands.save_template(
            template,
            version=1,
            name=f"VAT {firm.slug}",
            service_line="accounting",
            holds=changed,
        )
    with pytest.raises(Conflict), provider(firm) as scope, scope:
        commands.save_template(
            template, version=1, name="Late", service_line="accounting", holds=changed
        )
    assert rolled(firm, date(2026, 12, 9)) == 2
    with firm.place.acting(firm.manager):
        before = queries.one(repeat)
        commands.renew(repeat)
        after = queries.one(repeat)
    assert before.make_on == date(2027, 2, 5) - timedelta(days=30)
    assert after.make_on == date(2027, 2, 10) - timedelta(days=30)
    assert rolled(firm, date(2027, 1, 31)) == 1


def test_a_renewed_repeat_is_made_in_time_for_an_earlier_day(firm: Firm) -> None:
    name = f"Early {firm.slug}"
    with provider(firm) as scope, scope:
        template = commands.create_template(name=name, service_line="accounting", holds=VAT)
    repeat = start(firm, template_id=template, template_version=1, ahead_days=5)
    earlier = {"sections": [{"items": [{"title": "Soon", "due": {"months_after": 0, "n": 2}}]}]}
    with provider(firm) as scope, scope:
        commands.save_template(
            template, version=1, name=name, service_line="accounting", holds=earlier
        )
    with firm.place.acting(firm.manager):
        commands.renew(repeat)
        found = queries.one(repeat)
    assert (found.next_start, found.make_on) == (date(2026, 11, 1), date(2026, 10, 28))
    assert rolled(firm, TODAY) == 1


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


def test_closed_days_and_a_template_come_back_on_screen(firm: Firm) -> None:
    manager = firm.place.browser(firm.manager)
    with firm.place.acting(firm.manager):
        made = commands.close_days(from_on=TODAY, to_on=None, title="Stocktaking")
    manager.get(f"/c/{firm.slug}/repeats")
    gone = manager.post(f"/c/{firm.slug}/repeats/closures/{made}/remove", follow=True)
    assert "Stocktaking" not in gone.text
    assert "Stocktaking" in manager.post(undo_of(gone.text), follow=True).text
    name = f"Kept {firm.slug}"
    with provider(firm) as scope, scope:
        template = commands.create_template(name=name, service_line="accounting", holds=VAT)
    gone = manager.post(f"/desk/templates/{template}/archive", follow=True)
    assert name not in gone.text
    assert name in manager.post(undo_of(gone.text), follow=True).text
    gone = manager.post(f"/desk/templates/{template}/archive", follow=True)
    with provider(firm) as scope, scope:
        commands.create_template(name=name.upper(), service_line="accounting", holds=VAT)
    taken = manager.post(undo_of(gone.text))
    assert taken.status_code == 409
    assert "Another template has this name already." in taken.text


def undo_of(text: str) -> str:
    return str(re.findall(r'action="([^"]+/undo/[^"]+)"', text)[0])


@contextmanager
def provider(firm: Firm) -> Iterator[Any]:
    """The manager in the provider's own firm."""
    with firm.place.app.app_context():
        tenant = _provider(firm)
        yield db.transaction(firm.manager.scope(tenant))


def _provider(firm: Firm) -> UUID:
    with db.transaction(firm.manager.worklist()):
        found: UUID = session.execute(
            sa.text("select tenant_id from app.client where is_provider")
        ).scalar_one()
    return found


DOORS = (
    "select * from app.repeats_to_make(current_date)",
    "select * from app.make_work(cast(:tasks as json), cast('[]' as json))",
    "select * from app.tell_work(now())",
)


def asked(repeat: UUID, **fields: Any) -> dict[str, str]:
    """A task as the job says it."""
    row = {"id": str(ids.uuid7()), "repeat": str(repeat), "start": "2027-05-01", "number": 1}
    row |= {"kind": "task", "title": "Forged", "text": "", "day": "2027-05-10", "checks": []}
    return {"tasks": json.dumps([row | fields])}


def forge_a_job(firm: Firm, door: str, values: dict[str, str]) -> None:
    """A person whose raw SQL says that it is the platform's job."""
    forged = f"j|{firm.place.tenant}|{firm.manager.person_id}||9999999999|1|00"
    with firm.place.acting(firm.manager):
        session.execute(sa.text("select set_config('app.ctx', :it, true)"), {"it": forged})
        session.execute(sa.text(door), values)


@pytest.mark.parametrize("door", DOORS)
def test_the_jobs_doors_are_shut_for_people_and_for_another_persons_job(
    firm: Firm, door: str
) -> None:
    repeat = start(firm)
    values = asked(repeat) if ":tasks" in door else {}
    for who in (firm.manager, firm.place.staff, firm.place.owner):
        with pytest.raises(Forbidden), firm.place.acting(who):
            session.execute(sa.text(door), values)
    scope = firm.manager.scope(firm.place.tenant)  # a person's own job, under the worker's role
    with pytest.raises(Forbidden), firm.place.worker_app.app_context(), db.transaction(scope):
        session.execute(sa.text(door), values)
    with pytest.raises(DomainError):
        forge_a_job(firm, door, values)
    with pytest.raises(Forbidden), firm.place.acting(firm.manager):
        session.execute(sa.text("select app.working_job()"))


def test_a_clients_job_makes_nothing_of_another_clients_repeat_and_nothing_in_a_suspended_one(
    firm: Firm, app: Flask, worker_app: Flask, settings: Settings
) -> None:
    repeat = start(firm)
    door = sa.text(DOORS[1])
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        other = work_stage.build(app, worker_app, admin, "Other")
    with other.place.job():
        assert session.execute(door, asked(repeat)).all() == []
        moved = json.dumps(
            [{"id": str(repeat), "state": "ended", "start": "2027-01-01", "day": "2027-01-01"}]
        )
        session.execute(
            sa.text("select app.make_work(cast('[]' as json), cast(:moved as json))"),
            {"moved": moved},
        )
    with firm.place.acting(firm.manager):
        assert queries.one(repeat).state == "active"
    before = len(made(firm))
    with firm.place.job():
        assert len(session.execute(door, asked(repeat)).all()) == 1
        assert session.execute(door, asked(repeat)).all() == []  # the same period and item
    assert len(made(firm)) == before + 1
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute(
            "update guard.tenant set state = 'suspended' where id = %s", (firm.place.tenant,)
        )
    for text in DOORS:
        with pytest.raises(Forbidden), firm.place.job():
            session.execute(sa.text(text), asked(repeat) if ":tasks" in text else {})


def test_what_the_job_makes_is_its_repeats_and_audited_as_the_platforms(firm: Firm) -> None:
    start(firm, assignee_id=firm.second.person_id, reviewer_id=firm.manager.person_id)
    before = {one.id for one in made(firm)}
    assert rolled(firm, date(2026, 12, 31)) == 2
    with firm.place.job():
        fresh = [one for one in tasks.tasks(Wanted(view="all")) if one.id not in before]
        rows = session.execute(
            sa.text(
                "select actor from app.audit_event where act = 'task.added'"
                " and subject_id = any(:ids)"
            ),
            {"ids": [one.id for one in fresh]},
        ).scalars()
        actors = set(rows)
    assert {(one.assignee_id, one.reviewer_id) for one in fresh} == {
        (firm.second.person_id, firm.manager.person_id)
    }
    assert {one.line for one in fresh} == {"accounting"}
    assert {one.made_by for one in fresh} == actors == {jobs.system_user("platform")}


def test_client_people_and_who_may_not_plan_are_refused_by_the_database(firm: Firm) -> None:
    repeat = start(firm)
    with firm.place.acting(firm.place.owner):
        assert queries.repeats() == []
        with pytest.raises(DomainError):
            queries.one(repeat)
    with pytest.raises(Forbidden), firm.place.acting(firm.place.owner):
        queries.templates_here()
    with pytest.raises(Forbidden), firm.place.acting(firm.place.owner):
        session.execute(
            sa.text(
                "insert into app.closure (tenant_id, id, from_on, to_on, title) values"
                " ((select guard.tenant_id()), uuidv7(), current_date, current_date, 'x')"
            )
        )


def test_the_job_tells_what_falls_due_once_and_counts_what_became_late(
    firm: Firm, worker_app: Flask
) -> None:
    firm.make("Due", due_on=datetime.now(UTC).date())
    with firm.place.job():
        assert roll.tell_due() == 1
        assert roll.tell_due() == 0
    assert jobs.find(roll.JOB) is not None


def test_a_template_is_made_on_screen_and_comes_round_in_a_client(firm: Firm) -> None:
    manager = firm.place.browser(firm.manager)
    manager.get("/desk/templates/new")
    name = f"Return {firm.slug}"
    row = {"title": "Send it", "kind": "filing", "n": "-1", "due_kind": "working_day"}
    sent = manager.post(
        "/desk/templates/new",
        {"name": name, **{f"items.0.{key}": text for key, text in row.items()}},
        follow=True,
    )
    assert name in sent.text
    template = re.findall(rf'/desk/templates/([0-9a-f-]{{36}})"[^>]*>{name}', sent.text)[0]
    assert "Send it" in manager.get(f"/desk/templates/{template}").text
    page = manager.get(f"/c/{firm.slug}/repeats/new").text
    assert name in page
    shown = manager.post(
        f"/c/{firm.slug}/repeats/new",
        {"template_id": template, "every": "month", "start_on": "2026-11-02"},
        follow=True,
    )
    assert "Coming periods" in shown.text
    assert "Send it" in shown.text
    assert rolled(firm, date(2026, 12, 1)) == 1
    assert [one.due_on for one in made(firm)] == [date(2026, 12, 31)]
    once = manager.post(
        f"/c/{firm.slug}/repeats/new",
        {"template_id": template, "every": "year", "start_on": "2026-11-02", "once": "true"},
        follow=True,
    )
    assert "Tasks made." in once.text
    listed = manager.get(f"/c/{firm.slug}/repeats").text
    assert name in listed
    refused = manager.post(f"/c/{firm.slug}/repeats/calendar", {"country": "QQ"})
    assert refused.status_code == 422
    assert "not known here" in refused.text


def test_a_repeat_is_started_over_the_api(firm: Firm) -> None:
    manager = firm.place.browser(firm.manager)
    address = f"/api/v1/clients/{firm.slug}/repeats"
    sent = {"name": "VAT", "every": "month", "start_on": "2026-11-02", "content": VAT}
    headers = {"X-CSRF-Token": manager.token, "Sec-Fetch-Site": "same-origin"}
    told = manager.client.post(address, json=sent, headers=headers)
    assert told.status_code == 201, told.text
    assert told.get_json()["next_start"] == "2026-12-01"
    assert len(manager.client.get(f"/api/v1/clients/{firm.slug}/tasks").get_json()["items"]) == 2
    neither = manager.client.post(address, json=sent | {"content": None}, headers=headers)
    assert neither.status_code == 422
