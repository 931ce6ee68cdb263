"""Words planted in every table, paper and key of a client are nowhere after its erasure."""

from __future__ import annotations

import json
import re

import psycopg
from click.testing import CliRunner
from flask import Flask

from app.cli import main
from app.kernel.settings import Settings
from app.kernel.storage_bucket import bucket
from tests.cli.erasing.canaries import WORD, end_holds, everything, plant, put_papers
from tests.cli.erasing.stage import ask_and_approve, id_of
from tests.http import Browser
from tests.isolation.stage import Stage


def test_what_was_planted_in_every_table_paper_and_key_is_nowhere_afterwards(
    settings: Settings,
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    operator: CliRunner,
    two: tuple[Browser, Browser],
    played: Stage,
) -> None:
    slug = played.theirs
    tenant = id_of(admin, slug)
    owner = admin.execute(
        "select p.email from guard.person p join guard.membership m on m.user_id = p.id"
        " where m.tenant_id = %s and m.role = 'owner'",
        (tenant,),
    ).fetchone()
    put_papers(settings, worker_app, admin, tenant)
    assert plant(admin, tenant) >= 50
    ask_and_approve(admin, two, slug)

    held_back = operator.invoke(main, ["tenant", "erase", slug, "--yes", "--json"])
    assert json.loads(held_back.stdout)["error"]["code"] == "client-held"
    state = admin.execute("select state from guard.tenant where id = %s", (tenant,)).fetchone()
    assert state == ("active",)
    end_holds(admin, tenant)
    done = operator.invoke(main, ["tenant", "erase", slug, "--yes", "--json"])

    assert done.exit_code == 0, done.output
    certificate = json.loads(done.stdout)
    assert certificate["rows_erased"] > 100
    found = [name for name, raw in everything(settings, admin) if WORD.encode() in raw]
    assert found == []
    # neither the short name nor the firm's people are left
    assert [n for n, raw in everything(settings, admin) if f'"{slug}"'.encode() in raw] == []
    rows = admin.execute("select 1 from guard.person where email = %s", owner).fetchall()
    assert rows == []
    with worker_app.app_context():
        assert list(bucket().versions(f"t/{tenant}/")) == []
    key = admin.execute("select 1 from app.tenant_key where tenant_id = %s", (tenant,)).fetchone()
    assert key is None
    heads = admin.execute(
        "select count(*) from app.audit_event where tenant_id = %s", (tenant,)
    ).fetchone()
    assert heads is not None
    assert heads[0] > 0
    answer = two[0].get("/desk/erasures")
    assert answer.status_code == 200, answer.get_data(as_text=True)[-3000:]
    page = answer.get_data(as_text=True)
    assert str(tenant) in page
    assert re.search(r"records, [\d,]+ objects", page)
