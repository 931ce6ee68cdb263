"""A client that was erased comes in again."""

from __future__ import annotations

import zipfile
from pathlib import Path
from uuid import UUID

import psycopg
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from app.cli import main
from app.kernel import audit, db, jobs, storage, usage
from app.kernel.scope import Scope
from tenants.leaving import exporting, returning
from tests import factories
from tests.cli.erasing.stage import ask_and_approve
from tests.http import Browser


def test_a_client_that_was_erased_comes_in_again_where_its_audit_was_kept(
    worker_app: Flask,
    admin: psycopg.Connection,
    operator: CliRunner,
    two: tuple[Browser, Browser],
    small: UUID,
    tmp_path: Path,
) -> None:
    slug = factories.slug_of(admin, small)
    scope = Scope.system_job(small, person_id=jobs.system_user("operator"), request_id="test")
    with worker_app.app_context():
        exporting.write(tmp_path / "left.zip", scope)
    with worker_app.app_context(), db.transaction(scope):
        audit.note("client.exported", subject_type="client", subject_id=small)
    ask_and_approve(admin, two, slug)
    done = operator.invoke(main, ["tenant", "erase", slug, "--yes", "--json"])
    assert done.exit_code == 0, done.output
    kept = "select count(*) from app.audit_event where tenant_id = %s"
    left = admin.execute(kept, (small,)).fetchone()
    admin.commit()
    assert left is not None
    assert left[0] > 1
    with worker_app.app_context():
        back = returning.bring_back(tmp_path / "left.zip", operator=jobs.system_user("operator"))
        assert (back.tenant_id, back.papers) == (small, 2)
        with db.transaction(scope):
            heads = db.session.execute(
                sa.text("select id, name from app.stored_object where kind = 'document'")
            ).all()
            assert {one.name: storage.read(one.id) for one in heads} == {
                "first.txt": b"first" * 1000,
                "second.txt": b"second" * 1000,
            }
            (use,) = usage.events(meter="stored_day")
            assert (use.key, use.evidence.title) == ("a use", "second.txt")
        # no event was lost: also none that came after the export
        assert admin.execute(kept, (small,)).fetchone() == left
        admin.commit()
        exporting.write(tmp_path / "again.zip", scope)
    with (
        zipfile.ZipFile(tmp_path / "left.zip") as one,
        zipfile.ZipFile(tmp_path / "again.zip") as two_,
    ):
        for name in one.namelist():
            if "audit" not in name and name != "manifest.json":
                assert one.read(name) == two_.read(name), name
