"""A client is erased: words planted in every table, paper and key of it are nowhere afterwards."""

from __future__ import annotations

import io
import json
import re
import secrets
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import redis
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from psycopg import sql
from psycopg.rows import dict_row
from werkzeug.test import TestResponse

from app import factory
from app.cli import install, main
from app.kernel import approvals, audit, clock, db, jobs, storage, usage
from app.kernel.errors import Conflict
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from app.kernel.storage_bucket import Bucket, Version, bucket
from app.kernel.usage import Evidence
from tenants.leaving import erasing, exporting, returning
from tests import factories
from tests.conftest import SERVERS
from tests.http import Browser
from tests.isolation import stage
from tests.isolation.stage import Stage

WORD = f"CANARY{secrets.token_hex(4)}"
MOST = 400
KEPT = ("app.audit_event", "guard.audit", "guard.principal", "app.erasure_certificate")


@pytest.fixture(scope="module")
def played(settings: Settings, app: Flask, worker_app: Flask) -> Stage:
    """Two clients, one of them with rows in most tables."""
    with psycopg.connect(install.libpq_url(str(settings.database_admin_url))) as admin:
        return stage.build(admin, worker_app, app)


def _id_of(admin: psycopg.Connection, slug: str) -> UUID:
    row = admin.execute("select id from guard.tenant where slug = %s", (slug,)).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


@pytest.fixture
def two(app: Flask, admin: psycopg.Connection) -> tuple[Browser, Browser]:
    """Two people of the provider who may ask for and approve an erasure."""
    provider = factories.make_provider(admin)
    made = []
    for name in ("Robin Vale", "Kim Oake"):
        person = factories.make_person(admin, name=name)
        factories.grant(admin, provider, person, role="administrator", lines=("member",))
        made.append(Browser(app, factories.sign_in(admin, person)))
    return made[0], made[1]


def ask_and_approve(admin: psycopg.Connection, two: tuple[Browser, Browser], slug: str) -> None:
    """One person asks on the desk, the other approves."""
    asks, approves = two
    page = f"/desk/clients/{slug}/erase"
    assert asks.get(page).status_code == 200
    assert asks.post(page, {"reason": "The client has left"}).status_code == 303
    assert decide(admin, asks, slug) == 409  # not by whoever asked
    approve(admin, approves, slug)


def approve(admin: psycopg.Connection, browser: Browser, slug: str) -> None:
    """The second person says yes."""
    assert decide(admin, browser, slug) == 303


def decide(admin: psycopg.Connection, browser: Browser, slug: str) -> int:
    """Approves the newest wish to erase a client on screen; answers the status."""
    row = admin.execute(
        "select id, content_sha from app.approval where kind = 'client.erase'"
        " and content ->> 'slug' = %s order by id desc limit 1",
        (slug,),
    ).fetchone()
    assert row is not None
    provider = factories.slug_of(admin, factories.make_provider(admin))
    sheet = f"/c/{provider}/approvals/{row[0]}"
    browser.get(sheet)
    return browser.post(sheet, {"decision": "approve", "content_sha": row[1]}).status_code


@pytest.fixture
def operator(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A command line over this test's database."""
    monkeypatch.setattr(factory, "load_settings", lambda: settings)
    return CliRunner()


def plant(admin: psycopg.Connection, tenant: UUID) -> int:
    """Writes a word into each text column of each table of the client that takes it; how many."""
    admin.execute("set log_min_messages = panic")  # what the planting itself gets wrong
    admin.execute("set session_replication_role = replica")
    planted = 0
    for name, columns in admin.execute(
        "select t.name, array(select a.attname from pg_attribute a"
        " where a.attrelid = t.name::regclass and a.attnum > 0 and a.attgenerated = ''"
        " and a.atttypid in ('text'::regtype, 'jsonb'::regtype))"
        " from app.leaving_tables() t"
    ).fetchall():
        if name in KEPT:
            continue
        allowed = ("evidence_title", "void_reason") if name == "app.usage_event" else columns
        for column in allowed:
            planted += _plant_in(admin, name, column, tenant, f"{WORD}-{planted}")
            if planted >= MOST:
                break
    admin.execute("set session_replication_role = origin")
    admin.commit()
    return planted


def _plant_in(admin: psycopg.Connection, name: str, column: str, tenant: UUID, word: str) -> int:
    if column in ("slug", "state", "email"):
        return 0
    table, field = sql.Identifier(*name.split(".")), sql.Identifier(column)
    statement = sql.SQL(
        "update {table} set {field} = case pg_typeof({field})::text when 'jsonb' then"
        " to_jsonb({word}::text)::text else {word} end{cast} where ctid = (select ctid from {table}"
        " where tenant_id = %s limit 1)"
    )
    for cast in ("", "::jsonb"):
        try:
            with admin.transaction():
                made = statement.format(
                    table=table, field=field, word=sql.Literal(word), cast=sql.SQL(cast)
                )
                return int(admin.execute(made, [tenant]).rowcount)
        except psycopg.Error:
            continue
    return 0


def in_tray(admin: psycopg.Connection, tenant: UUID, stored: UUID, number: str) -> str:
    """Lets a file of the provider be a statement of the client; its hash."""
    row = admin.execute(
        "insert into app.statement_tray (tenant_id, stored_object_id, name, sha256, size, format,"
        " numbers, reason, state, given_tenant_id, given_file_id, dropped_by, done_at)"
        " select tenant_id, id, name, sha256, size, 'csv', to_jsonb(array[%s::text]), 'unknown',"
        " 'assigned', %s, uuidv7(), %s, now() from app.stored_object where id = %s"
        " returning sha256",
        (number, tenant, jobs.system_user("operator"), stored),
    ).fetchone()
    admin.commit()
    assert row is not None
    return str(row[0])


def put_papers(
    settings: Settings, worker_app: Flask, admin: psycopg.Connection, tenant: UUID
) -> None:
    """A paper of the client, one of its statements at the provider, and a word in Valkey."""
    provider = factories.make_provider(admin)
    person = jobs.system_user("operator")
    held: list[UUID] = []
    with worker_app.app_context():
        for where in (tenant, provider):
            with db.transaction(Scope.system_job(where, person_id=person)):
                held.append(
                    storage.put(
                        f"{WORD} in a paper of {where}".encode() * 50,
                        kind="document" if where == tenant else "statement.raw",
                        name=f"{WORD}-paper.txt",
                        media_type="text/plain",
                        line="accounting" if where == tenant else "intake",
                    )
                )
    in_tray(admin, tenant, held[1], f"{WORD}-number")
    with redis.Redis.from_url(settings.valkey_url) as store:
        store.set(f"presence:{tenant}:books", f"{WORD}-valkey")


def _end_holds(admin: psycopg.Connection, tenant: UUID) -> None:
    admin.execute("set session_replication_role = replica")
    for name in ("app.legal_hold_paper", "app.legal_hold"):
        admin.execute(f"delete from {name} where tenant_id = %s", (tenant,))
    admin.execute("set session_replication_role = origin")
    admin.commit()


def everything(settings: Settings, admin: psycopg.Connection) -> Iterator[tuple[str, bytes]]:
    """All rows of all tables, everything in Valkey, and the servers' logs."""
    for (name,) in admin.execute(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
    ).fetchall():
        held = io.BytesIO()
        with admin.cursor().copy(
            sql.SQL("copy {} to stdout").format(sql.Identifier(*name.split(".")))
        ) as rows:
            for piece in rows:
                held.write(piece)
        yield name, held.getvalue()
    with redis.Redis.from_url(settings.valkey_url) as store:
        for key in store.scan_iter():
            yield f"valkey {key!r}", key + (store.dump(key) or b"")
    for log in (SERVERS / "log").glob("*.log"):
        yield log.name, log.read_bytes()


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
    tenant = _id_of(admin, slug)
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
    _end_holds(admin, tenant)
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


def test_without_a_second_persons_approval_nothing_is_erased(
    operator: CliRunner, admin: psycopg.Connection, played: Stage
) -> None:
    refused = operator.invoke(main, ["tenant", "erase", played.ours, "--yes", "--json"])
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["error"]["code"] == "erasure-not-approved"
    row = admin.execute("select state from guard.tenant where slug = %s", (played.ours,)).fetchone()
    assert row == ("active",)


ASK_IN_RAW = sa.text(
    "select app.request_approval('client.erase', 'client', :big, 'member', :title,"
    " cast(:words as jsonb), null, null, null)"
)


def test_words_that_name_another_client_than_the_one_to_be_erased_erase_neither(
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    operator: CliRunner,
    two: tuple[Browser, Browser],
    small: UUID,
) -> None:
    big, provider = factories.make_client(admin, "Big Firm"), factories.make_provider(admin)
    slug = factories.slug_of(admin, small)
    words = json.dumps({"client": "Small Firm", "slug": slug, "reason": "The client has left"})
    asks, approves = (one.session.scope(provider) for one in two if one.session)
    with app.app_context(), db.transaction(asks):
        values = {"big": big, "title": f"Small Firm ({slug})", "words": words}
        asked = db.session.execute(ASK_IN_RAW, values).scalar_one()
        bound = approvals.one(asked).content_sha
    sheet = f"/c/{factories.slug_of(admin, provider)}/approvals/{asked}"
    assert "Small Firm" not in two[1].get(sheet).text.partition("What is asked")[2]
    refused = two[1].post(sheet, {"decision": "approve", "content_sha": bound})
    assert refused.status_code == 409
    with app.app_context(), db.transaction(approves):  # and past the pages
        decide = sa.text("select app.decide_approval(:id, 'approve', :sha, '')")
        values = {"id": asked, "sha": bound}
        assert db.session.execute(decide, values).scalar_one() == "approved"
    for name in (slug, factories.slug_of(admin, big)):
        done = operator.invoke(main, ["tenant", "erase", name, "--yes", "--json"])
        assert json.loads(done.stdout)["error"]["code"] == "erasure-not-approved"
    with (
        worker_app.app_context(),
        db.transaction(Scope.system_job(provider, person_id=jobs.system_user("operator"))),
        pytest.raises(Conflict, match="erasure-not-approved"),
    ):
        erasing.approved(approval_id=asked)  # as the job asks
    # nor does it stand in the way of asking truly
    page = f"/desk/clients/{factories.slug_of(admin, big)}/erase"
    asks_ = two[0]
    assert asks_.get(page).status_code == 200
    assert asks_.post(page, {"reason": "The client has left"}).status_code == 303


@pytest.fixture
def small(worker_app: Flask, admin: psycopg.Connection) -> UUID:
    """A client with people, a billed use and two papers."""
    tenant = factories.make_client(admin, "Small Firm")
    factories.owner(admin, tenant)
    factories.staff(admin, tenant)
    person = jobs.system_user("operator")
    with worker_app.app_context(), db.transaction(Scope.system_job(tenant, person_id=person)):
        for text in ("first", "second"):
            kept = storage.put(
                text.encode() * 1000,
                kind="document",
                name=f"{text}.txt",
                media_type="text/plain",
                line="accounting",
            )
        use = Evidence("stored_object", kept, "second.txt")
        usage.record("stored_day", 1, key="a use", evidence=use, line="member", unit="GB")
        audit.note("client.exported", subject_type="client", subject_id=tenant)
    return tenant


def certificate_of(admin: psycopg.Connection, tenant: UUID) -> dict[str, Any]:
    """The only certificate of a client."""
    with admin.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "select * from app.erasure_certificate where erased_tenant_id = %s", (tenant,)
        )
        (row,) = cursor.fetchall()
    admin.commit()
    return row


def rows_of(admin: psycopg.Connection, tenant: UUID) -> int:
    """How many rows of tables that are erased whole the client has."""
    count = 0
    for (name,) in admin.execute(
        "select name from app.leaving_tables() where erased = 'delete' and name not like 'guard.%'"
    ).fetchall():
        row = admin.execute(f"select count(*) from {name} where tenant_id = %s", (tenant,))
        count += (row.fetchone() or (0,))[0]
    admin.commit()
    return count


def test_what_a_second_person_approved_on_screen_is_carried_out_by_the_job(
    worker_app: Flask, admin: psycopg.Connection, two: tuple[Browser, Browser], small: UUID
) -> None:
    slug = factories.slug_of(admin, small)
    ask_and_approve(admin, two, slug)
    jobs.run_due(worker_app)
    certificate = certificate_of(admin, small)
    assert certificate["finished_at"] is not None
    assert certificate["objects_erased"] == 2
    assert certificate["rows_erased"] > 5
    assert rows_of(admin, small) == 0
    with worker_app.app_context():
        assert list(bucket().versions(f"t/{small}/")) == []
    page = two[0].get("/desk/erasures").get_data(as_text=True)
    assert str(small) in page
    assert "still being deleted" not in page
    jobs.run_due(worker_app)
    assert certificate_of(admin, small) == certificate


def test_an_erasure_is_asked_for_over_the_api_by_a_person_and_its_certificate_read_there(
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    two: tuple[Browser, Browser],
    small: UUID,
) -> None:
    slug = factories.slug_of(admin, small)
    provider = factories.make_provider(admin)
    person = factories.make_person(admin)
    factories.grant(admin, provider, person, role="administrator", lines=("member",))
    asks = Browser(app, factories.sign_in(admin, person))

    def ask(browser: Browser, reason: str) -> TestResponse:
        head = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": browser.token}
        address = f"/api/v1/directory/{slug}/erase"
        return browser.client.post(address, json={"reason": reason}, headers=head)

    stale = Browser(app, factories.sign_in(admin, person, fresh=False))
    assert ask(stale, "It has left").get_json()["code"] == "fresh-sign-in-needed"
    token = {"Authorization": f"Bearer {factories.token(admin, provider, person)}"}
    refused = asks.client.post(
        f"/api/v1/directory/{slug}/erase", json={"reason": "It has left"}, headers=token
    )
    assert refused.status_code == 403
    assert ask(asks, "x").status_code == 422
    made = ask(asks, "It has left")
    assert made.status_code == 201, made.text
    asked = made.get_json()["approval_id"]
    waiting = asks.client.get("/api/v1/erasures/requests?limit=200").get_json()["items"]
    assert [one["state"] for one in waiting if one["id"] == asked] == ["pending"]
    approve(admin, two[0], slug)
    jobs.run_due(worker_app)
    waiting = asks.client.get("/api/v1/erasures/requests?limit=200").get_json()["items"]
    assert asked not in {one["id"] for one in waiting}
    walked, after = [], ""
    while True:
        page = asks.client.get(f"/api/v1/erasures?limit=1{after}").get_json()
        walked += page["items"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert walked == asks.client.get("/api/v1/erasures?limit=200").get_json()["items"]
    (mine,) = (one for one in walked if one["erased_tenant_id"] == str(small))
    assert (mine["approval_id"], mine["objects_erased"]) == (asked, 2)
    assert mine["finished_at"] is not None
    assert slug not in str(mine)
    assert asks.client.get("/api/v1/erasures?after=nonsense").status_code == 422
    clerk = Browser(app, factories.staff(admin, provider, lines=("member",)))
    assert clerk.client.get("/api/v1/erasures").status_code == 403


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

    class Killed(BaseException):
        """Stands for a kill."""

    def kill(*_values: object) -> None:
        raise Killed

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
        stored = [
            storage.put(
                f"{no} of {small}".encode(),
                kind="statement.raw",
                name=f"{no}.csv",
                media_type="text/csv",
                line="intake",
            )
            for no in ("held", "free", "came again")
        ]
    held, free, again = (in_tray(admin, small, one, "0815") for one in stored)

    def versions(sha: str) -> list[Version]:
        return list(locked_bucket.versions(f"t/{provider}/{sha[:2]}/{sha}"))

    (lock,) = versions(held)
    assert locked_bucket.retain(
        lock.key, lock.version, until=clock.now() + timedelta(days=1), mode="GOVERNANCE"
    )
    slug = factories.slug_of(admin, small)
    ask_and_approve(admin, two, slug)

    class Killed(BaseException):
        """Stands for a kill."""

    def kill(*_values: object) -> None:
        raise Killed

    with worker_app.app_context():
        with monkeypatch.context() as patched:
            patched.setattr(storage, "erase_content", kill)
            with db.transaction(scope):
                asked = erasing.approved(slug)
            with pytest.raises(Killed):
                erasing.erase(asked, provider=provider, operator=operator)
        with db.transaction(scope):
            left = erasing.approved(slug)
            storage.put(
                f"came again of {small}".encode(),
                kind="statement.raw",
                name="again.csv",
                media_type="text/csv",
                line="intake",
            )
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
