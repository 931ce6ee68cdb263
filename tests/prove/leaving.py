"""The demo's largest client leaves, returns to an empty installation and leaves again: the same."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path
from uuid import UUID

import psycopg
from flask import Flask

from app.cli import demo_data
from app.factory import create_app
from app.kernel import jobs
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tenants.leaving import exporting, returning
from tests.serving import close

OPERATOR = jobs.system_user("operator")
_LARGEST = """
select t.slug, t.id, count(*) from guard.tenant t join ledger.posting p on p.tenant_id = t.id
group by t.id order by count(*) desc, t.slug limit 1"""


def test_the_largest_demo_client_returns_to_the_byte(
    worker_app: Flask, elsewhere: Settings, admin: psycopg.Connection, tmp_path: Path
) -> None:
    """Both files are compared byte by byte, with their papers and their audit."""
    demo_data.load(worker_app)
    found = admin.execute(_LARGEST).fetchone()
    assert found is not None
    scope = Scope.system_job(UUID(str(found[1])), person_id=OPERATOR, request_id="prove")
    first, second = tmp_path / "left.zip", tmp_path / "again.zip"
    began = time.monotonic()
    with worker_app.app_context():
        left = exporting.write(first, scope)
    gone = time.monotonic()
    other = create_app(elsewhere, role="worker")
    with other.app_context():
        back = returning.bring_back(first, operator=OPERATOR)
        returned = time.monotonic()
        again = exporting.write(second, scope)
    close(other)
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(second) as two:
        names = one.namelist()
        assert two.namelist() == names
        differing = [name for name in names if one.read(name) != two.read(name)]
    print(f"\n{found[0]}: {found[2]:,} postings, {left.rows:,} rows, {back.papers:,} papers,")
    print(
        f"{len(names):,} files, {first.stat().st_size / 1e6:.1f} MB; left in {gone - began:.1f} s,"
    )
    print(f"returned in {returned - gone:.1f} s; {len(differing)} files differ")
    assert differing == []
    assert first.read_bytes() == second.read_bytes()
    assert again == left
