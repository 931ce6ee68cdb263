"""My jobs in the shell: what runs is asked for again, what failed is run again in one click."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.kernel import ids
from app.kernel.settings import Settings
from tests import factories
from tests.web.browser import csrf_token, signed_in

JOB = """insert into app.job (tenant_id, id, kind, title, key, line, state, actor, principal_id,
  done, total, finished_at)
  values (%s, %s, 'sample.count', %s, %s, 'accounting', %s, %s, %s, 3, 12,
    case when %s = 'dead' then now() end)"""


@pytest.fixture
def desk(settings: Settings) -> Any:
    """A person at a client of their own, and a way to give them jobs."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        tenant = factories.make_client(admin, "Oakwell")
        person = factories.staff(admin, tenant)

        def give(title: str, state: str) -> UUID:
            job = ids.uuid7()
            values = (tenant, job, title, str(job), state, person.person_id, person.principal_id)
            admin.execute(JOB, (*values, state))
            admin.commit()
            return job

        yield person, f"/c/{factories.slug_of(admin, tenant)}/", give


def test_a_running_job_shows_its_progress_and_is_asked_for_again(
    live_app: Flask, desk: Any
) -> None:
    person, home, give = desk
    client = signed_in(live_app, person.cookie)
    assert 'id="tray"' in client.get(home).get_data(True)
    assert "load delay:2s" not in client.get(home).get_data(True)
    give("Counting", "claimed")
    text = client.get(home).get_data(True)
    assert "Counting" in text
    assert f'hx-get="{home}jobs/tray" hx-trigger="load delay:2s"' in text
    assert "25 percent done" in text
    assert "Counting" in client.get("/desk").get_data(True)


def test_a_failed_job_runs_again_in_one_click(live_app: Flask, desk: Any) -> None:
    person, home, give = desk
    client = signed_in(live_app, person.cookie)
    job = give("Lost", "dead")
    text = client.get(home).get_data(True)
    address = f"{home}jobs/{job}/replay"
    assert f'action="{address}"' in text
    assert client.post(address, data={"csrf_token": csrf_token(client, home)}).status_code == 303
    assert "Waiting" in client.get(f"{home}jobs/{job}").get_data(True)


def test_a_job_of_an_event_has_words(live_app: Flask, desk: Any) -> None:
    person, home, give = desk
    client = signed_in(live_app, person.cookie)
    give("document.added", "claimed")
    for address in (home, f"{home}jobs"):
        text = client.get(address).get_data(True)
        assert "A document is read and found" in text
        assert "document.added" not in text
