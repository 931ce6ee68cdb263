"""Attacks on notices by raw SQL as the web's login role: nobody touches another's."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.cli import install
from app.kernel import db
from app.kernel.db import session
from app.kernel.errors import DomainError, Forbidden, NotFound
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tests.tasks import notice_stage, work_stage
from tests.tasks.notice_stage import Told
from tests.tasks.work_stage import Firm


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people, of whom one was told of a task."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        made = work_stage.build(app, worker_app, admin)
    made.make("Of the second", assignee_id=made.second.person_id)
    return made


@pytest.fixture
def told(app: Flask, worker_app: Flask, settings: Settings) -> Told:
    """What people were told."""
    return notice_stage.build(app, worker_app, settings)


WRITES = [
    "update app.notice set read_at = now()",
    "update app.notice set owner_id = guard.user_id()",
    "delete from app.notice",
    (
        "insert into app.notice (tenant_id, line, owner_id, kind, subject_type, subject_key)"
        " values (guard.tenant_id(), 'accounting', guard.user_id(), 'task.due', 'task', 'x')"
    ),
    (
        "insert into app.notice_choice (tenant_id, owner_id, kind, by_mail)"
        " values (guard.tenant_id(), '{second}', 'task.due', 'off')"
    ),
    (
        "insert into app.notice_choice (tenant_id, owner_id, kind, in_app)"
        " values (guard.tenant_id(), guard.user_id(), 'security.grant', false)"
    ),
    (
        "insert into app.notice_choice (tenant_id, owner_id, kind, by_mail)"
        " values (guard.tenant_id(), guard.user_id(), 'security.factor', 'off')"
    ),
    "insert into app.notice_hours (tenant_id, owner_id) values (guard.tenant_id(), '{second}')",
    (
        "insert into app.notice_hours (tenant_id, owner_id, hours)"
        " values (guard.tenant_id(), guard.user_id(), '{{24}}')"
    ),
    (
        "insert into app.notice_slot (tenant_id, owner_id, slot)"
        " values (guard.tenant_id(), guard.user_id(), now())"
    ),
    (
        "insert into app.notice_stop (tenant_id, owner_id, kind, sha)"
        " values (guard.tenant_id(), guard.user_id(), '*', repeat('a', 64))"
    ),
    "select sha from app.notice_stop",
    "select app.put_notices(guard.tenant_id(), null, '[]')",
    "select app.notices_waiting()",
    "select app.take_notices('{{}}', '{{}}')",
    "select app.take_notice_slots('{{}}', '{{}}')",
    "select app.keep_notice_stops('{{}}', '{{}}', '{{}}')",
    "select app.forget_notices()",
    "select app.forget_notice_mails()",
    "select app.stop_notices(true)",
    "select app.notice_stopped()",
    "select app.notice_wish('{second}', 'task.due', 'off')",
    "select guard.notice_readers(guard.tenant_id(), '{{}}')",
    "select guard.people_to_mail('{{}}')",
    "select guard.tell_person(guard.tenant_id(), '{second}', 'security.grant', 'x', 'x', null)",
    "select guard.note_stop(guard.tenant_id(), '{second}', '*', true)",
]
TOLD = [
    ("security.grant", "accounting", False),
    ("job.failed", "accounting", False),
    ("task.assigned", "compliance", False),
    ("task.assigned", "accounting", True),
]


@pytest.mark.parametrize("statement", WRITES)
def test_what_is_written_by_doors_alone_is_refused(firm: Firm, told: Told, statement: str) -> None:
    before = told.rows("select * from app.notice where owner_id = %s", firm.second.person_id)
    text = statement.format(second=firm.second.person_id)
    with pytest.raises((DomainError, sa.exc.DBAPIError)) as refused:  # noqa: SIM117  # the latter names it
        with firm.place.acting(firm.place.staff):
            session.execute(sa.text(text))
    if isinstance(refused.value, sa.exc.DBAPIError):
        assert getattr(refused.value.orig, "sqlstate", "") in {"42501", "23514", "BO403", "BO404"}
    else:
        assert isinstance(refused.value, Forbidden | NotFound)
    after = told.rows("select * from app.notice where owner_id = %s", firm.second.person_id)
    assert before == after
    assert (
        told.rows(
            "select 1 from app.notice_choice where owner_id = any(%s)",
            [firm.second.person_id, firm.place.staff.person_id],
        )
        == []
    )


@pytest.mark.parametrize(("kind", "line", "own"), TOLD)
def test_nobody_tells_what_the_database_alone_tells_or_on_a_line_out_of_reach(
    firm: Firm, told: Told, *, kind: str, line: str, own: bool
) -> None:
    row: dict[str, Any] = {"kind": kind, "subject_type": "task", "subject_key": "x", "line": line}
    row |= {"class": "normal", "person": str(firm.second.person_id), "mail": "digest"}
    row |= {"adds": False, "own": own}
    with pytest.raises(DomainError), firm.place.acting(firm.place.staff):
        session.execute(
            sa.text("select app.tell_notices(cast(:told as jsonb))"),
            {"told": json.dumps([row])},
        )
    assert len(told.of(firm.second)) == 1


def test_nobody_reads_opens_or_marks_anothers(firm: Firm, told: Told) -> None:
    notice = told.of(firm.second)[0].notice.id
    with firm.place.acting(firm.place.staff):
        assert session.execute(sa.text("select count(*) from app.notice")).scalar() == 0
        for statement in (
            "select count(*) from app.open_notice(:id)",
            "select n from app.read_notices(array[cast(:id as uuid)], null, null)",
            "select app.unread_notices(array[cast(:id as uuid)], null)",
        ):
            assert session.execute(sa.text(statement), {"id": notice}).scalar() == 0
    with firm.place.acting(firm.place.owner):
        assert session.execute(sa.text("select app.count_my_notices()")).scalar() == 0
    assert told.count(firm.second) == 1
    browser = firm.place.browser(firm.place.staff)
    browser.get("/me/notices")
    assert browser.post(f"/me/notices/{notice}/open").status_code == 404
    assert browser.get(f"/me/notices/{notice}").status_code == 404


def test_who_is_not_of_the_client_is_not_told_whatever_is_said(
    firm: Firm, told: Told, app: Flask, worker_app: Flask, settings: Settings
) -> None:
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        other = work_stage.build(app, worker_app, admin, "Elsewhere")
    row = {"kind": "task.assigned", "subject_type": "task", "subject_key": "x", "class": "normal"}
    row |= {"line": "accounting", "person": str(other.second.person_id), "mail": "digest"}
    with firm.place.acting(firm.place.staff):
        session.execute(
            sa.text("select app.tell_notices(cast(:told as jsonb))"), {"told": json.dumps([row])}
        )
    assert told.of(other.second) == []


def test_a_made_up_hash_stops_nothing(firm: Firm, told: Told) -> None:
    scope = Scope.login_by_hash("stop", str(uuid4()))
    with (
        pytest.raises(DomainError),
        firm.place.app.app_context(),
        db.transaction(scope, read_only=False),
    ):
        session.execute(sa.text("select app.stop_notices(true)"))
    assert told.count(firm.second) == 1
