"""Who is told that an approval waits: once, and whose turn comes when it comes."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.kernel.settings import Settings
from tests.tasks import approval_stage, notice_stage
from tests.tasks.approval_stage import Stage
from tests.tasks.notice_stage import Told


@pytest.fixture
def stage(app: Flask, worker_app: Flask, settings: Settings) -> Stage:
    """Two of three named people decide, then the client."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return approval_stage.build(app, worker_app, admin)


@pytest.fixture
def told(app: Flask, worker_app: Flask, settings: Settings) -> Told:
    """What people were told."""
    return notice_stage.build(app, worker_app, settings)


def asked(told: Told, stage: Stage, who: str) -> list[tuple[bool, bool]]:
    """Their notices of what waits for them, the oldest first: read, and still to be mailed."""
    return [
        (bool(read), bool(mailed))
        for read, mailed in told.rows(
            "select read_at is not null, to_mail from app.notice where owner_id = %s"
            " and kind = 'approval.asked' order by id",
            stage.sessions[who].person_id,
        )
    ]


def test_a_decision_tells_those_who_wait_nothing_anew(stage: Stage, told: Told) -> None:
    approval = stage.ask()
    assert len(asked(told, stage, "second")) == len(asked(told, stage, "third")) == 1
    assert asked(told, stage, "owner") == []
    told.change(
        "update app.notice set to_mail = false, mailed_at = now(),"
        " read_at = case when owner_id = %s then now() end",
        stage.sessions["third"].person_id,
    )
    assert stage.decide("first", approval) == "pending"
    assert asked(told, stage, "second") == [(False, False)]  # mailed once, unread
    assert asked(told, stage, "third") == [(True, False)]
    assert stage.decide("second", approval) == "pending"
    assert len(asked(told, stage, "owner")) == 1  # whose turn it is now
    assert stage.decide("owner", approval) == "approved"
    assert told.rows(
        "select count(*) from app.notice where owner_id = %s and kind = 'approval.decided'",
        stage.sessions["maker"].person_id,
    ) == [(1,)]
