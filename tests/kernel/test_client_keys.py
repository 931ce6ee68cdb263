"""A client's key is renewed while people work, and destroyed by two people with a certificate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from app.kernel import approvals, client_keys, clock, db, jobs, storage, storage_chunks
from app.kernel.errors import DomainError, FreshSignInNeeded, NotFound
from app.kernel.storage_bucket import Bucket, bucket
from tests import factories
from tests.factories import Session


@pytest.fixture
def tenant(admin: psycopg.Connection) -> UUID:
    """A client of this test's own."""
    return factories.make_client(admin)


@pytest.fixture
def manager(admin: psycopg.Connection, tenant: UUID) -> Session:
    """Somebody of the provider who may renew keys."""
    return factories.staff(admin, tenant, role="operations_manager")


@contextmanager
def acting(app: Flask, who: Session, tenant: UUID) -> Iterator[None]:
    with app.app_context(), db.transaction(who.scope(tenant)):
        yield


def put(data: bytes) -> UUID:
    return storage.put(data, kind="t", name="a", media_type="text/plain", line="accounting")


def numbers(app: Flask, tenant: UUID) -> set[int]:
    """Under which keys the objects in the bucket stand, every version of them."""
    with app.app_context():
        store = bucket()
        found = {one.key for one in store.versions(f"t/{tenant}/")}
        length = storage_chunks.HEAD_BYTES
        return {storage_chunks.key_number(store.beginning(one, length)) for one in found}


def renewed(app: Flask, worker_app: Flask, who: Session, tenant: UUID) -> None:
    with acting(app, who, tenant):
        client_keys.order_renewal()
    jobs.run_due(worker_app)


def test_a_renewed_key_opens_everything_and_the_old_one_is_gone(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, manager: Session
) -> None:
    contents = [uuid4().bytes * 100 for _one in range(7)] + [b"x" * 2_200_000]
    with acting(app, manager, tenant):
        made = [put(one) for one in contents]
        reading = storage.open(made[-1])
        first = next(reading)
    assert numbers(app, tenant) == {1}
    renewed(app, worker_app, manager, tenant)
    assert numbers(app, tenant) == {2}
    assert first + b"".join(reading) == contents[-1]  # somebody was reading meanwhile
    with acting(app, manager, tenant):
        assert [storage.read(one) for one in made] == contents
        state = client_keys.state()
        assert storage.read(put(b"afterwards")) == b"afterwards"
    assert state is not None
    assert (state.no, state.keys) == (2, 1)
    rows = admin.execute("select no from app.tenant_key where tenant_id = %s", (tenant,)).fetchall()
    assert rows == [(2,)]
    with app.app_context():
        versions = list(bucket().versions(f"t/{tenant}/"))
    assert len(versions) == len({one.key for one in versions})


def test_a_renewal_ends_also_where_the_bucket_locks_what_it_holds(
    app: Flask,
    worker_app: Flask,
    tenant: UUID,
    manager: Session,
    locked_bucket: Bucket,
) -> None:
    with acting(app, manager, tenant):
        made = put(b"kept by law")
    (before,) = locked_bucket.versions(f"t/{tenant}/")
    assert locked_bucket.retain(
        before.key, before.version, until=clock.now() + dt.timedelta(days=9)
    )
    renewed(app, worker_app, manager, tenant)
    assert numbers(app, tenant) == {2}
    with acting(app, manager, tenant):
        state = client_keys.state()
        assert storage.read(made) == b"kept by law"
    assert state is not None
    assert (state.no, state.keys) == (2, 1)
    versions = {one.version for one in locked_bucket.versions(f"t/{tenant}/")}
    assert before.version in versions
    assert len(versions) == 2


def test_a_renewal_that_was_cut_off_goes_on_where_it_was(
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    tenant: UUID,
    manager: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contents = [uuid4().bytes for _one in range(50)]
    with acting(app, manager, tenant):
        made = [put(one) for one in contents]
    seal, count = client_keys._seal_anew, 0

    def dies(*values: object) -> None:
        nonlocal count
        count += 1
        if count == 30:
            raise RuntimeError("cut off")
        seal(*values)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(client_keys, "_seal_anew", dies)
    renewed(app, worker_app, manager, tenant)
    assert numbers(app, tenant) == {1, 2}
    with acting(app, manager, tenant):
        assert [storage.read(one) for one in made] == contents
        later = put(b"while two keys live")
    monkeypatch.setattr(client_keys, "_seal_anew", seal)
    done = _again(worker_app, admin, tenant)
    assert done == 51
    assert numbers(app, tenant) == {2}
    with acting(app, manager, tenant):
        assert [storage.read(one) for one in [*made, later]] == [*contents, b"while two keys live"]


def _again(worker_app: Flask, admin: psycopg.Connection, tenant: UUID) -> int:
    """The next attempt of the job, as a worker would make it; how far it got."""
    admin.execute("update app.job set run_after = now() where tenant_id = %s", (tenant,))
    admin.commit()
    jobs.run_due(worker_app)
    row = admin.execute(
        "select state, done from app.job where tenant_id = %s and kind = %s",
        (tenant, client_keys.JOB),
    ).fetchone()
    assert row is not None
    assert row[0] == "done"
    return int(row[1])


def test_renewing_takes_the_permission_and_a_fresh_proof(
    app: Flask, admin: psycopg.Connection, tenant: UUID
) -> None:
    accountant = factories.staff(admin, tenant)
    with pytest.raises(DomainError), acting(app, accountant, tenant):
        client_keys.order_renewal()
    person = factories.make_person(admin)
    factories.grant(admin, tenant, person, role="operations_manager", lines=("accounting",))
    stale = factories.sign_in(admin, person, fresh=False)
    with pytest.raises(FreshSignInNeeded), acting(app, stale, tenant):
        client_keys.order_renewal()


def _asked(app: Flask, who: Session, tenant: UUID) -> tuple[UUID, str]:
    with acting(app, who, tenant):
        made = client_keys.request_destruction(name="Client")
        return made, approvals.one(made).content_sha


def _approved(app: Flask, who: Session, tenant: UUID, asked: tuple[UUID, str]) -> None:
    with acting(app, who, tenant):
        approvals.decide(asked[0], "approve", content_sha=asked[1])


def test_two_people_destroy_a_key_and_no_paper_opens_any_more(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, manager: Session
) -> None:
    owner = factories.owner(admin, tenant)
    with acting(app, manager, tenant):
        made = [put(b"secret " + uuid4().bytes) for _one in range(3)]
        put(b"0123456789")
    asked = _asked(app, manager, tenant)
    with pytest.raises(DomainError, match="approval-own-request"):
        _approved(app, manager, tenant, asked)
    with acting(app, manager, tenant):
        assert storage.read(made[0]).startswith(b"secret")
    _approved(app, owner, tenant, asked)
    jobs.run_due(worker_app)
    with acting(app, manager, tenant):
        found = client_keys.destructions()
        assert client_keys.state() is None
        for one in made:
            with pytest.raises(NotFound):
                storage.read(one)
        assert storage.read(put(b"a new beginning")) == b"a new beginning"
    assert len(found) == 1
    certificate = found[0]
    assert (certificate.requested_by, certificate.approved_by) == (
        manager.person_id,
        owner.person_id,
    )
    assert (certificate.keys, certificate.objects, certificate.bytes) == (1, 4, 3 * 23 + 10)
    assert certificate.aged_out_at == certificate.at + dt.timedelta(days=certificate.backup_days)


def test_two_people_of_the_provider_destroy_no_clients_key(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, manager: Session
) -> None:
    other = factories.staff(admin, tenant, role="operations_manager")
    with acting(app, manager, tenant):
        made = put(b"stays")
    _approved(app, other, tenant, _asked(app, manager, tenant))
    jobs.run_due(worker_app)
    with acting(app, manager, tenant):
        assert client_keys.destructions() == []
        assert storage.read(made) == b"stays"


def test_raw_sql_neither_reads_a_key_row_nor_ends_or_destroys_one(
    app: Flask, rw: psycopg.Connection, tenant: UUID, manager: Session
) -> None:
    settings = app.extensions["settings"]
    key = bytes.fromhex(settings.guard_key)
    ctx = manager.scope(tenant).token(key=key, key_id=settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (ctx,))
    for act in (
        "select * from app.tenant_key",
        "delete from app.tenant_key",
        "select app.begin_key_renewal('x'::bytea)",
        "select app.end_key_renewal(2)",
        "select app.destroy_client_keys(uuidv7(), 35)",
        "insert into app.key_destruction (tenant_id) values (guard.tenant_id())",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), rw.transaction():
            rw.execute(act.encode())
