"""The key-encryption key is changed: nothing is lost, whenever the command is killed."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.cli.backup import keys as key_files
from app.cli.backup.folder import Backup, Folder
from app.cli.servers.processes import ServerFault
from app.documents import mail_in
from app.factory import create_app
from app.identity import credentials
from app.kernel import db, sealing, storage
from app.kernel.errors import Forbidden
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tests import factories
from tests.factories import Session
from tests.processes import DATABASES, ROOT
from tests.serving import close

CLIENTS = 12


class House:
    """Some clients, each with a file and an address, and one person with a way to sign in."""

    def __init__(self, app: Flask, admin: psycopg.Connection) -> None:
        factories.make_provider(admin)
        self.files: dict[UUID, tuple[Session, UUID]] = {}
        for _no in range(CLIENTS):
            tenant = factories.make_client(admin)
            who = factories.staff(admin, tenant, role="operations_manager")
            with app.app_context(), db.transaction(who.scope(tenant)):
                made = storage.put(
                    tenant.bytes, kind="t", name="a", media_type="text/plain", line="accounting"
                )
                mail_in.renew(line="accounting")
            self.files[tenant] = (who, made)
        first = next(iter(self.files))
        self.person = factories.staff(admin, first).person_id
        with app.app_context():
            sealed = credentials.of_totp("SEED", ("code",), person_id=self.person)
        admin.execute(
            "insert into guard.credential (person_id, kind, secret) values (%s, 'totp', %s)",
            (self.person, bytes.fromhex(sealed["secret"])),
        )
        admin.commit()

    def opens(self, app: Flask, admin: psycopg.Connection) -> int:
        """How many clients' files and addresses open, and the person's authenticator must."""
        row = admin.execute(
            "select secret from guard.credential where person_id = %s", (self.person,)
        ).fetchone()
        admin.commit()
        assert row is not None
        with app.app_context():
            assert credentials.open_totp(row[0], person_id=self.person).seed == "SEED"
        return sum(self._opens(app, tenant) for tenant in self.files)

    def _opens(self, app: Flask, tenant: UUID) -> bool:
        who, made = self.files[tenant]
        with app.app_context(), db.transaction(who.scope(tenant)):
            try:
                address = mail_in.address()
                return storage.read(made) == tenant.bytes and bool(address)
            except sealing.Unsealable:
                return False


@pytest.fixture
def house(app: Flask, admin: psycopg.Connection) -> House:
    """Everything sealed under the first key."""
    return House(app, admin)


def command(settings: Settings) -> subprocess.Popen[str]:
    """`backoffice keys rewrap` as a process of its own."""
    values = (
        settings.database_url,
        settings.database_worker_url,
        settings.database_admin_url,
        settings.database_restore_url,
    )
    environment = {**os.environ, **dict(zip(DATABASES, map(str, values), strict=True))}
    environment |= {
        "VALKEY_URL": settings.valkey_url,
        "S3_BUCKET": settings.s3_bucket,
        "BACKOFFICE_KEK": settings.kek,
        "BACKOFFICE_KEK_BEFORE": settings.kek_before or "",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "keys", "rewrap", "--json"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def counted(app_settings: Settings, house: House, admin: psycopg.Connection) -> int:
    other = create_app(app_settings)
    found = house.opens(other, admin)
    close(other)
    return found


def test_a_changed_key_opens_everything_also_after_a_kill_in_the_middle(
    settings: Settings, house: House, admin: psycopg.Connection
) -> None:
    new = secrets.token_hex(32)
    changing = settings.model_copy(update={"kek": new, "kek_before": settings.kek})
    changed = settings.model_copy(update={"kek": new})
    assert counted(changing, house, admin) == CLIENTS
    first = command(changing)
    assert first.stderr is not None
    next(line for line in first.stderr if line.startswith("5 of "))
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=60)
    assert counted(changing, house, admin) == CLIENTS
    rest = command(changing)
    said, _told = rest.communicate(timeout=300)
    assert rest.returncode == 0
    done = json.loads(said)
    assert done["client keys"]["before"] >= 5
    assert done["client keys"]["anew"] + done["client keys"]["before"] >= CLIENTS
    assert {one["lost"] for one in done.values()} == {0}
    assert counted(changed, house, admin) == CLIENTS
    told = admin.execute("select kind from app.notice where owner_id = %s", (house.person,))
    assert told.fetchall() == []  # their authenticator is the same as before
    again = command(changing)
    said, _told = again.communicate(timeout=300)
    assert {one["anew"] for one in json.loads(said).values()} == {0}
    with pytest.raises(sealing.Unsealable):
        counted(settings, house, admin)
    back = settings.model_copy(update={"kek_before": new})  # other tests of this database go on
    assert command(back).communicate(timeout=300)
    assert counted(settings, house, admin) == CLIENTS


def test_what_opens_under_neither_key_is_named_and_not_touched(
    settings: Settings, house: House, admin: psycopg.Connection
) -> None:
    tenant = next(iter(house.files))
    row = admin.execute(
        "select wrapped from app.tenant_key where tenant_id = %s", (tenant,)
    ).fetchone()
    assert row is not None
    strange = uuid4().bytes * 4
    admin.execute("update app.tenant_key set wrapped = %s where tenant_id = %s", (strange, tenant))
    admin.commit()
    failed = command(settings)
    said, _told = failed.communicate(timeout=300)
    assert failed.returncode == 1
    assert json.loads(said)["client keys"]["lost"] == 1
    kept = admin.execute(
        "update app.tenant_key set wrapped = %s where tenant_id = %s and wrapped = %s returning 1",
        (row[0], tenant, strange),
    ).fetchall()
    admin.commit()
    assert len(kept) == 1


def test_only_the_operator_reads_or_changes_what_is_wrapped(
    worker_app: Flask, house: House
) -> None:
    tenant, (who, _made) = next(iter(house.files.items()))
    for scope in (
        who.scope(tenant),
        Scope.system_job(tenant, person_id=UUID("00000000-0000-7000-8000-000000000002")),
    ):
        for call in (
            "select * from app.tenant_key_sealed()",
            "select app.tenant_key_seal(uuidv7(), 'a', 'b')",
            "select * from app.mail_message_sealed()",
            "select app.mail_message_seal(uuidv7(), 'a', 'b')",
            "select * from app.document_address_sealed()",
            "select * from guard.credentials_to_reseal(uuidv7(), 5)",
            "select guard.reseal_credential(uuidv7(), 'a', 'b')",
            "select app.document_address_seal(uuidv7(), 'a', 'b')",
        ):
            with (
                pytest.raises(Forbidden),
                worker_app.app_context(),
                db.transaction(scope),
            ):
                db.session.execute(sa.text(call))


def test_a_folder_of_backups_does_not_lose_its_key_when_another_comes(
    settings: Settings, tmp_path: Path
) -> None:
    folder, recovery = Folder(tmp_path / "backups"), tmp_path / "recovery"
    recovery.write_text("a recovery key of some length")
    keys = {"kek": settings.kek, "guard_key": "a", "guard_key_id": "k1", "secret_key": "b"}
    assert key_files.seal(folder, keys, recovery)
    began = datetime(2026, 11, 1, tzinfo=UTC)
    folder.add(Backup("20261101T000000Z", began, began, "0" * 24, {}, 0))
    with pytest.raises(ServerFault, match="KEK has changed"):
        key_files.demand_same(folder, secrets.token_hex(32))
    assert key_files.unseal(folder, recovery)["kek"] == settings.kek
    assert key_files.seal(folder, {**keys, "secret_key": "c"}, recovery)
    key_files.demand_same(folder, settings.kek)
    new = Folder(tmp_path / "new")
    assert key_files.seal(new, {**keys, "kek": secrets.token_hex(32)}, recovery)
