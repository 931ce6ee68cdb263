"""An erasure that was killed goes on, and its one certificate tells the right numbers."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask

from app.cli import main
from app.kernel import clock, db, jobs, storage
from app.kernel.errors import Conflict
from app.kernel.scope import Scope
from app.kernel.storage_bucket import Bucket, Version, bucket
from tenants.leaving import erasing
from tests import factories
from tests.cli.erasing.stage import ask_and_approve, certificate_of, in_tray, rows_of
from tests.http import Browser


class Killed(BaseException):
    """Stands for a kill."""


def kill(*_values: object) -> None:
    """In the place of what a kill comes before."""
    raise Killed


def statement(text: str) -> UUID:
    """A file of the open tenant, such as a bank's."""
    return storage.put(
        text.encode(), kind="statement.raw", name="a.csv", media_type="text/csv", line="intake"
    )


def test_an_erasure_that_was_killed_goes_on_and_its_certificate_tells_the_right_numbers(
    worker_app: Flask,
    admin: psycopg.Connection,
    operator: CliRunner,
    two: tuple[Browser, Browser],
    small: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slug = factories.slug_of(admin, small)
    ask_and_approve(admin, two, slug)
    before = rows_of(admin, small)

    with monkeypatch.context() as patched:
        patched.setattr(erasing, "_keep", kill)
        with pytest.raises(Killed):
            operator.invoke(main, ["tenant", "erase", slug, "--yes"], catch_exceptions=False)
    assert rows_of(admin, small) >= before  # rows and words go together or not at all
    named = "select content ->> 'slug' from app.approval where subject_id = %s"
    assert admin.execute(named, (small,)).fetchone() == (slug,)
    admin.commit()

    with monkeypatch.context() as patched:
        patched.setattr(storage, "erase_client", kill)
        with pytest.raises(Killed):
            operator.invoke(main, ["tenant", "erase", slug, "--yes"], catch_exceptions=False)
    begun = certificate_of(admin, small)
    assert (begun["finished_at"], begun["objects_erased"]) == (None, 2)
    assert begun["rows_erased"] >= before
    assert "still being deleted" in two[0].get("/desk/erasures").get_data(as_text=True)
    with worker_app.app_context():  # some of the papers went before the kill
        first = next(iter(bucket().versions(f"t/{small}/")))
        bucket().delete_version(first.key, first.version)

    again = operator.invoke(main, ["tenant", "erase", slug, "--yes", "--json"])
    assert again.exit_code == 0, again.output
    told = json.loads(again.stdout)
    done = certificate_of(admin, small)
    for name in ("rows_erased", "objects_erased", "people_erased"):
        assert told[name] == begun[name] == done[name], name
    assert done["finished_at"] is not None
    once_more = operator.invoke(main, ["tenant", "erase", slug, "--yes", "--json"])
    assert json.loads(once_more.stdout)["error"]["code"] == "erasure-not-approved"


def test_an_erasure_killed_before_the_bucket_still_tells_what_a_lock_holds_of_the_providers_files(
    worker_app: Flask,
    admin: psycopg.Connection,
    locked_bucket: Bucket,
    two: tuple[Browser, Browser],
    small: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider, operator = factories.make_provider(admin), jobs.system_user("operator")
    scope = Scope.system_job(provider, person_id=operator)
    with worker_app.app_context(), db.transaction(scope):
        stored = [statement(f"{no} of {small}") for no in ("held", "free", "came again")]
    held, free, again = (in_tray(admin, small, one, "0815") for one in stored)

    def versions(sha: str) -> list[Version]:
        return list(locked_bucket.versions(f"t/{provider}/{sha[:2]}/{sha}"))

    (lock,) = versions(held)
    assert locked_bucket.retain(
        lock.key, lock.version, until=clock.now() + timedelta(days=1), mode="GOVERNANCE"
    )
    slug = factories.slug_of(admin, small)
    ask_and_approve(admin, two, slug)

    with worker_app.app_context():
        with monkeypatch.context() as patched:
            patched.setattr(storage, "erase_content", kill)
            with db.transaction(scope):
                asked = erasing.approved(slug)
            with pytest.raises(Killed):
                erasing.erase(asked, provider=provider, operator=operator)
        with db.transaction(scope):
            left = erasing.approved(slug)
            statement(f"came again of {small}")
        done = erasing.erase(left, provider=provider, operator=operator)
    assert left.begun
    assert done.own_locked == certificate_of(admin, small)["own_locked"] == 1
    assert certificate_of(admin, small)["clearing"] == []
    assert [len(versions(sha)) for sha in (held, free)] == [1, 0]
    assert versions(again)


def test_two_runs_of_one_erasure_leave_one_certificate(
    worker_app: Flask, admin: psycopg.Connection, two: tuple[Browser, Browser], small: UUID
) -> None:
    slug = factories.slug_of(admin, small)
    ask_and_approve(admin, two, slug)
    operator = jobs.system_user("operator")
    row = admin.execute("select guard.provider()").fetchone()
    admin.commit()
    assert row is not None
    with worker_app.app_context():
        with db.transaction(Scope.system_job(row[0], person_id=operator)):
            both = erasing.approved(slug)  # what the job and the operator have read
        erasing.erase(both, provider=row[0], operator=operator)
        before = certificate_of(admin, small)
        with pytest.raises(Conflict, match="erasure-running"):
            erasing.erase(both, provider=row[0], operator=operator)
    assert certificate_of(admin, small) == before
