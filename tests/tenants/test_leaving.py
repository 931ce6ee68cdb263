"""A client leaves and returns: one file, the same bytes again, nothing believed unchecked."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.factory import create_app
from app.kernel import db, jobs, storage
from app.kernel.errors import Conflict, Invalid
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from app.kernel.storage_bucket import bucket
from tenants.leaving import exporting, reading, returning
from tests import factories
from tests.http import Browser
from tests.isolation import stage
from tests.serving import close

OPERATOR = jobs.system_user("operator")


def scope_of(tenant: UUID) -> Scope:
    """The operator in one client."""
    return Scope.system_job(tenant, person_id=OPERATOR, request_id="test")


@pytest.fixture
def firm(worker_app: Flask, admin: psycopg.Connection) -> UUID:
    """A client with people and two papers."""
    tenant = factories.make_client(admin, "Harbour Lane")
    factories.owner(admin, tenant)
    factories.staff(admin, tenant)
    with worker_app.app_context(), db.transaction(scope_of(tenant)):
        for text in ("first", "second"):
            storage.put(
                text.encode() * 1000,
                kind="document",
                name=f"{text}.txt",
                media_type="text/plain",
                line="accounting",
            )
    return tenant


@pytest.fixture(scope="module")
def other(elsewhere: Settings, worker_app: Flask) -> Iterator[Flask]:
    """A second installation, which knows nobody."""
    made = create_app(elsewhere, role="worker")
    yield made
    close(made)


def test_what_left_returns_elsewhere_and_leaves_again_with_the_same_bytes(
    worker_app: Flask, other: Flask, firm: UUID, tmp_path: Path
) -> None:
    with worker_app.app_context():
        left = exporting.write(tmp_path / "left.zip", scope_of(firm))
    with other.app_context():
        back = returning.bring_back(tmp_path / "left.zip", operator=OPERATOR)
        again = exporting.write(tmp_path / "again.zip", scope_of(firm))
    assert (back.tenant_id, back.papers, back.strangers) == (firm, 2, 0)
    assert (tmp_path / "left.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()
    assert left == again


def test_a_client_full_of_rows_returns_elsewhere_to_the_byte(
    app: Flask, worker_app: Flask, other: Flask, admin: psycopg.Connection, tmp_path: Path
) -> None:
    played = stage.build(admin, worker_app, app)
    row = admin.execute("select id from guard.tenant where slug = %s", (played.theirs,)).fetchone()
    assert row is not None
    full = UUID(str(row[0]))
    with worker_app.app_context():
        jobs.run_due(worker_app)
        left = exporting.write(tmp_path / "left.zip", scope_of(full))
    with other.app_context():
        returning.bring_back(tmp_path / "left.zip", operator=OPERATOR)
        assert exporting.write(tmp_path / "again.zip", scope_of(full)) == left
    with (
        zipfile.ZipFile(tmp_path / "left.zip") as one,
        zipfile.ZipFile(tmp_path / "again.zip") as two,
    ):
        assert one.namelist() == two.namelist()
        assert [name for name in one.namelist() if one.read(name) != two.read(name)] == []
        filled = [name for name in one.namelist() if one.read(name)]
    assert len(filled) > 60
    assert (tmp_path / "left.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()


def test_the_same_data_makes_the_same_bytes_but_for_the_note_that_it_was_taken(
    worker_app: Flask, firm: UUID, tmp_path: Path
) -> None:
    with worker_app.app_context():
        first = exporting.write(tmp_path / "first.zip", scope_of(firm))
        second = exporting.write(tmp_path / "second.zip", scope_of(firm))
        assert second.rows == first.rows + 2  # the note and its detail
    with (
        zipfile.ZipFile(tmp_path / "first.zip") as one,
        zipfile.ZipFile(tmp_path / "second.zip") as two,
    ):
        for name in one.namelist():
            if "audit" not in name and name != "manifest.json":
                assert one.read(name) == two.read(name), name


def test_an_export_holds_neither_key_nor_session_nor_sealed_text_nor_system_user(
    worker_app: Flask, firm: UUID, admin: psycopg.Connection, tmp_path: Path
) -> None:
    with worker_app.app_context():
        exporting.write(tmp_path / "left.zip", scope_of(firm))
    row = admin.execute(
        "select encode(wrapped, 'hex') from app.tenant_key where tenant_id = %s", (firm,)
    ).fetchone()
    assert row is not None
    with zipfile.ZipFile(tmp_path / "left.zip") as file:
        whole = b"".join(file.read(name) for name in file.namelist())
        names = file.read("documents.csv").decode().splitlines()
        people = [json.loads(line) for line in file.read("people.jsonl").splitlines()]
    assert row[0].encode() not in whole
    assert b"created_xid" not in whole
    assert [line.split(",")[0] for line in names] == ["name", "first.txt", "second.txt"]
    assert {person["side"] for person in people} == {"client", "provider"}
    assert not any(person["email"].endswith("@system.invalid") for person in people)


def test_the_bucket_read_raw_holds_none_of_the_words(worker_app: Flask, firm: UUID) -> None:
    found = 0
    with worker_app.app_context():
        for version in bucket().versions(f"t/{firm}/"):
            raw = b"".join(bucket().get(version.key))
            assert b"first" not in raw
            assert b"second" not in raw
            found += 1
    assert found == 2


def _rewritten(source: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """An export whose files were changed by `change`, with its manifest as that leaves it."""
    with zipfile.ZipFile(source) as file:
        files = {name: file.read(name) for name in file.namelist()}
    change(files)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return target


def _with_manifest(files: dict[str, bytes], change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads(files["manifest.json"])
    change(manifest)
    files["manifest.json"] = json.dumps(manifest).encode()


def _forged(files: dict[str, bytes], table: str, change: Callable[[str], str]) -> None:
    """Changes a table's lines and puts its hash into the manifest, as a forger would."""
    name = f"tables/{table}.jsonl"
    files[name] = change(files[name].decode()).encode()

    def put(manifest: dict[str, Any]) -> None:
        digest = hashlib.sha256(files[name]).hexdigest()
        manifest["tables"][table] |= {"sha256": digest, "bytes": len(files[name])}

    _with_manifest(files, put)


def _drop_paper(files: dict[str, bytes]) -> None:
    del files[next(name for name in files if name.startswith("objects/"))]


def _damage_paper(files: dict[str, bytes]) -> None:
    files[next(name for name in files if name.startswith("objects/"))] += b"!"


def _unknown_table(manifest: dict[str, Any]) -> None:
    client = {**manifest["tables"]["app.client"], "entry": "tables/app.client.jsonl"}
    manifest["tables"]["guard.role_permission"] = client


def _key_table(manifest: dict[str, Any]) -> None:
    client = {**manifest["tables"]["app.client"], "entry": "tables/app.client.jsonl"}
    manifest["tables"]["app.tenant_key"] = client


def _unknown_column(manifest: dict[str, Any]) -> None:
    manifest["tables"]["app.client"]["columns"].append("is_admin")


HOSTILE: dict[str, tuple[str, Callable[[dict[str, bytes]], None]]] = {
    "a paper is missing": ("export-hash-wrong", _drop_paper),
    "a paper is another": ("export-hash-wrong", _damage_paper),
    "a line was changed": (
        "export-hash-wrong",
        lambda f: f.update({"people.jsonl": f["people.jsonl"].replace(b"Ada", b"Eve")}),
    ),
    "a path leads out": ("export-entry-unknown", lambda f: f.update({"../../etc/cron.d/x": b"x"})),
    "a path is absolute": ("export-entry-unknown", lambda f: f.update({"/etc/passwd": b"x"})),
    "a file too many": (
        "export-entry-unknown",
        lambda f: f.update({"tables/app.secrets.jsonl": b"{}"}),
    ),
    "a bomb": ("export-too-large", lambda f: f.update({"people.jsonl": b"0" * 80_000_000})),
    "a table of ours that no client has": (
        "export-table-unknown",
        lambda f: _with_manifest(f, _unknown_table),
    ),
    "a table that never travels": (
        "export-table-unknown",
        lambda f: _with_manifest(f, _key_table),
    ),
    "a column that is not there": (
        "export-column-unknown",
        lambda f: _with_manifest(f, _unknown_column),
    ),
    "a newer format": (
        "export-too-new",
        lambda f: _with_manifest(f, lambda m: m.update(format=99)),
    ),
    "an older format than any": (
        "export-too-old",
        lambda f: _with_manifest(f, lambda m: m.update(format=0)),
    ),
    "no format": ("export-unreadable", lambda f: _with_manifest(f, lambda m: m.pop("format"))),
    "no manifest": ("export-unreadable", lambda f: (f.pop("manifest.json"), None)[1]),
    "a manifest that is a list": (
        "export-unreadable",
        lambda f: f.update({"manifest.json": b"[]"}),
    ),
    "a forged line that is two": (
        "export-unreadable",
        lambda f: _forged(f, "app.client", lambda text: text.replace("}", "},{}")),
    ),
    "a forged audit": (
        "export-does-not-agree",
        lambda f: _forged(f, "app.audit_event", lambda text: text.replace(".added", ".removed")),
    ),
    "a forged value out of range": (
        "export-row-refused",
        lambda f: _forged(f, "app.client", lambda text: text.replace('"general"', '"x"')),
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_not_as_it_left_is_refused_and_leaves_nothing(
    name: str, worker_app: Flask, other: Flask, elsewhere: Settings, firm: UUID, tmp_path: Path
) -> None:
    code, change = HOSTILE[name]
    with worker_app.app_context():
        exporting.write(tmp_path / "left.zip", scope_of(firm))
    wrong = _rewritten(tmp_path / "left.zip", tmp_path / "wrong.zip", change)
    with other.app_context(), pytest.raises(Invalid) as refused:
        returning.bring_back(wrong, operator=OPERATOR)
    assert [one.code for found in refused.value.fields.values() for one in found] == [code]
    with psycopg.connect(install.libpq_url(str(elsewhere.database_admin_url))) as admin:
        for query in (
            "select 1 from guard.tenant where id = %s",
            "select 1 from app.client where tenant_id = %s",
            "select 1 from app.tenant_key where tenant_id = %s",
        ):
            assert admin.execute(query, (firm,)).fetchone() is None


def test_a_client_that_is_here_is_never_written_over(
    worker_app: Flask, firm: UUID, tmp_path: Path
) -> None:
    with worker_app.app_context():
        exporting.write(tmp_path / "left.zip", scope_of(firm))
        with pytest.raises(Conflict, match="client-is-here"):
            returning.bring_back(tmp_path / "left.zip", operator=OPERATOR)
        with db.transaction(scope_of(firm)):
            assert storage.opener() is not None


def test_an_older_format_comes_in_through_the_steps_that_lead_to_todays(
    worker_app: Flask,
    other: Flask,
    firm: UUID,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def renamed(manifest: dict[str, Any]) -> dict[str, Any]:
        old = manifest["tables"].pop("app.customer")
        manifest["tables"]["app.client"] = {**old, "entry": "tables/app.customer.jsonl"}
        return {**manifest, "format": 1}

    def as_format_0(files: dict[str, bytes]) -> None:
        files["tables/app.customer.jsonl"] = files.pop("tables/app.client.jsonl")

        def change(manifest: dict[str, Any]) -> None:
            manifest["tables"]["app.customer"] = manifest["tables"].pop("app.client")
            manifest["format"] = 0

        _with_manifest(files, change)

    monkeypatch.setitem(reading.UPGRADES, 0, renamed)
    with worker_app.app_context():
        exporting.write(tmp_path / "left.zip", scope_of(firm))
    old = _rewritten(tmp_path / "left.zip", tmp_path / "old.zip", as_format_0)
    with other.app_context():
        assert returning.bring_back(old, operator=OPERATOR).tenant_id == firm
        exporting.write(tmp_path / "again.zip", scope_of(firm))
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "left.zip").read_bytes()


def test_an_export_made_when_format_1_was_new_still_comes_in(other: Flask, tmp_path: Path) -> None:
    kept = Path(__file__).parent / "fixtures" / "format-1.zip"
    with reading.opened(kept) as export:
        tenant = export.tenant_id
        assert json.loads(zipfile.ZipFile(kept).read("manifest.json"))["format"] == 1
    with other.app_context():
        back = returning.bring_back(kept, operator=OPERATOR)
        exporting.write(tmp_path / "again.zip", scope_of(tenant))
    assert (back.slug, back.papers) == ("kept-from-format-1", 1)
    with zipfile.ZipFile(kept) as then, zipfile.ZipFile(tmp_path / "again.zip") as now:
        for name in then.namelist():
            if name.startswith("objects/") or name == "documents.csv":
                assert then.read(name) == now.read(name)


def test_an_owner_orders_at_the_portal_and_fetches_what_the_job_made(
    app: Flask, worker_app: Flask, firm: UUID, admin: psycopg.Connection, tmp_path: Path
) -> None:
    slug = factories.slug_of(admin, firm)
    owner = Browser(app, factories.owner(admin, firm))
    page = f"/portal/{slug}/leaving"
    assert "Take everything with you" in owner.get(f"/portal/{slug}/").get_data(as_text=True)
    assert owner.get(page).status_code == 200
    assert owner.post(f"{page}/exports").status_code == 303
    assert "is being made" in owner.get(page).get_data(as_text=True)
    jobs.run_due(worker_app)
    links = re.findall(
        rf"{page}/exports/[0-9a-f-]+/download", owner.get(page).get_data(as_text=True)
    )
    assert len(links) == 1
    fetched = owner.client.get(links[0])
    assert fetched.status_code == 200
    (tmp_path / "fetched.zip").write_bytes(fetched.data)
    with worker_app.app_context():
        assert returning.check(tmp_path / "fetched.zip").tenant_id == firm
    seen = admin.execute(
        "select exports from app.view_log where tenant_id = %s and kind = 'client_export'", (firm,)
    ).fetchone()
    assert seen == (1,)
    stranger = Browser(app, factories.staff(admin, firm))
    for address in (page, links[0], f"/c/{slug}/leaving"):
        assert stranger.get(address).status_code in (403, 404)


def test_an_export_needs_a_proof_of_the_last_five_minutes(
    app: Flask, firm: UUID, admin: psycopg.Connection
) -> None:
    slug = factories.slug_of(admin, firm)
    person = factories.make_person(admin, "client")
    factories.grant(admin, firm, person, role="owner", lines=("accounting",))
    browser = Browser(app, factories.sign_in(admin, person, fresh=False))
    asked = browser.post(f"/portal/{slug}/leaving/exports")
    assert asked.status_code != 303 or "leaving" not in asked.headers["Location"].split("?")[0]
    row = admin.execute(
        "select count(*) from app.job where tenant_id = %s and kind = 'client.export'", (firm,)
    ).fetchone()
    assert row == (0,)


def test_exports_go_over_the_api_too(
    app: Flask, worker_app: Flask, firm: UUID, admin: psycopg.Connection
) -> None:
    slug = factories.slug_of(admin, firm)
    manager = factories.make_person(admin)
    factories.grant(admin, firm, manager, role="operations_manager", lines=("accounting",))
    headers = {"Authorization": f"Bearer {factories.token(admin, firm, manager)}"}
    client = app.test_client()
    address = f"/api/v1/clients/{slug}/exports"
    ordered = client.post(address, headers=headers | {"Idempotency-Key": "a-key-for-once"})
    assert ordered.status_code == 202, ordered.get_data(as_text=True)
    jobs.run_due(worker_app)
    rows = client.get(address, headers=headers).get_json()["items"]
    assert len(rows) == 1
    file = client.get(f"{address}/{rows[0]['id']}/file", headers=headers)
    assert hashlib.sha256(file.data).hexdigest() == rows[0]["sha256"]
    assert client.get(f"{address}?after=made-up", headers=headers).status_code == 422
