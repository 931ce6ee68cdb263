"""Stored objects never stand in the clear, and mails leave once under one Message-ID."""

from __future__ import annotations

import io
import smtplib
import socketserver
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.kernel import db, jobs, mail, mail_sending, sealing, storage
from app.kernel.errors import Conflict, DomainError, Forbidden, NotFound, TooLarge, Unavailable
from app.kernel.storage_bucket import bucket
from app.kernel.words import _
from app.mail import reading
from app.mail.message import Automated
from tests import factories

MEGABYTE = 1024 * 1024


@pytest.fixture
def tenant(admin: psycopg.Connection) -> UUID:
    """A client firm."""
    return factories.make_client(admin)


@pytest.fixture
def person(admin: psycopg.Connection, tenant: UUID) -> factories.Session:
    """Staff with a grant for accounting."""
    return factories.staff(admin, tenant)


def _put(data: Any, line: str = "accounting", **more: Any) -> UUID:
    return storage.put(
        data, kind="statement", name="march.xml", media_type="text/xml", line=line, **more
    )


def _everything(tenant: UUID) -> bytes:
    found = bucket()
    return b"".join(b"".join(found.get(key)) for key in found.keys(f"t/{tenant}/"))  # no mapping


@pytest.mark.parametrize("size", [0, 1, MEGABYTE - 1, MEGABYTE, MEGABYTE + 1, 2 * MEGABYTE + 7])
def test_what_is_put_comes_back(app: Flask, tenant: UUID, person: Any, size: int) -> None:
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    with app.app_context(), db.transaction(person.scope(tenant)):
        made = _put(io.BytesIO(data))
        assert storage.read(made) == data
        assert storage.info(made).size == size


def test_the_bucket_never_holds_plaintext(app: Flask, tenant: UUID, person: Any) -> None:
    canary = b"<canary>IBAN GB00 CANARY 1234</canary>"
    with app.app_context(), db.transaction(person.scope(tenant)):
        _put(canary * 1000)
        raw = _everything(tenant)
    assert len(raw) > len(canary) * 1000
    assert b"CANARY" not in raw
    assert b"canary" not in raw


def test_the_same_content_stands_once_and_each_client_has_its_own_key(
    app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    other = factories.make_client(admin, "Other")
    factories.grant(admin, other, person.person_id, role="staff_accountant", lines=("accounting",))
    with app.app_context():
        with db.transaction(person.scope(tenant)):
            first, second = _put(b"same"), _put(b"same")
            assert first != second
            assert len(list(bucket().keys(f"t/{tenant}/"))) == 1
            mine = sealing.client_key()
        with db.transaction(person.scope(other)):
            _put(b"same")
            assert sealing.client_key() != mine


def test_an_upload_after_a_rolled_back_one_can_be_opened(
    app: Flask, tenant: UUID, person: Any
) -> None:
    data = b"statement of March" * 100

    def put_and_fail() -> None:
        with db.transaction(person.scope(tenant)):
            _put(data)  # the client's first: its key is rolled back too, the ciphertext is not
            raise RuntimeError("cut off")

    with app.app_context(), pytest.raises(RuntimeError, match="cut off"):
        put_and_fail()

    with app.app_context(), db.transaction(person.scope(tenant)):
        made = _put(data)
    with app.app_context(), db.transaction(person.scope(tenant)):
        assert storage.read(made) == data


def test_damaged_swapped_or_cut_objects_are_refused(app: Flask, tenant: UUID, person: Any) -> None:
    from app.kernel import storage_chunks

    with app.app_context(), db.transaction(person.scope(tenant)):
        key = sealing.client_key()
        plain = b"x" * (2 * MEGABYTE)

        def ring(_number: int) -> bytes:
            return key

        sealed = b"".join(storage_chunks.sealed(io.BytesIO(plain), number=1, key=key, label="a"))
        cut = sealed[: storage_chunks.HEAD_BYTES + storage_chunks.SEALED_BYTES]
        flipped = bytes([*sealed[:40], sealed[40] ^ 1]) + sealed[41:]
        assert b"".join(storage_chunks.opened([sealed], key=ring, label="a")) == plain
        for bad, label in ((cut, "a"), (flipped, "a"), (sealed, "b"), (b"", "a")):
            with pytest.raises(Unavailable, match="object-damaged"):
                b"".join(storage_chunks.opened([bad], key=ring, label=label))


def test_sizes_states_and_lines_are_kept(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    stranger = factories.staff(admin, tenant, lines=("tickets",))
    with app.app_context():
        with db.transaction(person.scope(tenant)):
            with pytest.raises(TooLarge):
                _put(b"12345", most=4)
            held = _put(b"held", state="quarantine")
            with pytest.raises(Conflict, match="object-not-clean"):
                storage.read(held)
        with pytest.raises(Forbidden), db.transaction(person.scope(tenant)):
            storage.set_state(held, "clean")
    with worker_app.app_context():
        with pytest.raises(Conflict), db.transaction(person.scope(tenant)):
            storage.set_state(held, "gone")
        with db.transaction(person.scope(tenant)):
            storage.set_state(held, "clean")
        with pytest.raises(NotFound), db.transaction(person.scope(tenant)):
            storage.set_state(held, "refused")
    with app.app_context():
        with db.transaction(person.scope(tenant)):
            assert storage.read(held) == b"held"
        with pytest.raises(NotFound), db.transaction(stranger.scope(tenant)):
            storage.read(held)
        with pytest.raises(DomainError), db.transaction(stranger.scope(tenant)):
            _put(b"forged")


def test_a_sealed_value_is_bound_to_its_place(app: Flask, tenant: UUID, person: Any) -> None:
    with app.app_context(), db.transaction(person.scope(tenant)):
        sealed = sealing.seal(b"secret", "totp|1")
        assert sealing.unseal(sealed, "totp|1") == b"secret"
        assert b"secret" not in sealed
        with pytest.raises(Unavailable):
            sealing.unseal(sealed, "totp|2")


mail.register(
    "test.hello",
    subject=_("Hello %(name)s"),
    paragraphs=(_("Something waits: %(what)s"),),
    button=_("Look"),
)


def test_without_a_server_a_mail_is_kept_readable(
    app: Flask, worker_app: Flask, tenant: UUID, person: Any
) -> None:
    with worker_app.app_context(), db.transaction(person.scope(tenant)):
        mail.send(
            "test.hello",
            to_address="ada@example.com",
            params={"name": "Ada", "what": "<b>x</b>", "link": "/portal/x"},
            line="accounting",
        )
    jobs.run_due(worker_app)
    with app.app_context(), db.transaction(person.scope(tenant)):
        (found,) = [view for view in mail.recent() if view.template == "test.hello"]
    assert (found.state, found.subject, found.to) == ("kept", "Hello Ada", "ada@example.com")
    assert "http" in found.text
    assert "/portal/x" in found.text
    assert "&lt;b&gt;" in found.html
    assert "<b>x" not in found.html


def test_a_mail_to_a_person_finds_their_address(
    app: Flask, worker_app: Flask, admin: psycopg.Connection, tenant: UUID, person: Any
) -> None:
    owner = factories.owner(admin, tenant)
    with worker_app.app_context(), db.transaction(person.scope(tenant)):
        mail.send(
            "test.hello",
            to_person=owner.person_id,
            params={"name": "Ada", "what": "y"},
            line="accounting",
        )
    jobs.run_due(worker_app)
    row = admin.execute(
        "select m.to_address = p.email from app.mail_message m join guard.person p"
        " on p.id = m.to_person where m.to_person = %s",
        (owner.person_id,),
    ).fetchone()
    assert row == (True,)


def test_codes_are_made_by_the_worker_and_their_letter_is_kept_sealed(
    worker_app: Flask, admin: psycopg.Connection
) -> None:
    factories.make_provider(admin)
    person = factories.make_person(admin, "client", "Ada Quill")
    admin.execute(
        "insert into guard.one_time (purpose, person_id, expires_at)"
        " values ('invite', %s, now() + interval '1 day')",
        (person,),
    )
    admin.commit()
    jobs.run_due(worker_app, kinds=["mail.codes"])
    jobs.run_due(worker_app)
    row = admin.execute(
        "select m.id, m.state, m.body_text, m.sealed from app.mail_message m join guard.person p"
        " on p.email = m.to_address where p.id = %s",
        (person,),
    ).fetchone()
    assert row is not None
    assert row[1:3] == ("kept", "")
    with worker_app.app_context():
        letter = mail_sending.open_letter(bytes(row[3]), str(row[0]))
    assert "/invite/" in letter.text
    code = letter.text.split("/invite/")[1].strip()
    known = admin.execute(
        "select secret_sha = guard.sha('once:' || %s::text) from guard.one_time"
        " where person_id = %s",
        (code, person),
    ).fetchone()
    assert known == (True,)


class _Mailbox(socketserver.ThreadingTCPServer):
    """A mail server that takes everything and refuses its first message."""

    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.taken: list[str] = []
        self.tries = 0


class _Taker(socketserver.StreamRequestHandler):
    server: _Mailbox

    def handle(self) -> None:
        """Speaks as little SMTP as a client needs."""
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper().strip()
            if word == b"DATA":
                self.wfile.write(b"354 go\r\n")
                body = b""
                while not body.endswith(b"\r\n.\r\n"):
                    body += self.rfile.readline()
                self.server.tries += 1
                self.server.taken.append(body.decode())
                answer = b"451 later\r\n" if self.server.tries == 1 else b"250 ok\r\n"
                self.wfile.write(answer)
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 test\r\n")


@pytest.fixture
def mailbox() -> Iterator[_Mailbox]:
    """A mail server of this test."""
    with _Mailbox() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_retry_repeats_the_message_id(
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    tenant: UUID,
    person: Any,
    mailbox: _Mailbox,
) -> None:
    settings = worker_app.extensions["settings"]
    port = mailbox.server_address[1]
    worker_app.extensions["settings"] = settings.model_copy(
        update={"smtp_url": f"smtp://127.0.0.1:{port}"}
    )
    try:
        with worker_app.app_context(), db.transaction(person.scope(tenant)):
            made = mail.send(
                "test.hello",
                to_address="ada@example.com",
                params={"name": "A", "what": "z"},
                line="accounting",
            )
        jobs.run_due(worker_app)
        admin.execute("update app.job set run_after = now() where state = 'due'")
        admin.commit()
        jobs.run_due(worker_app)
    finally:
        worker_app.extensions["settings"] = settings
    ids = {line for body in mailbox.taken for line in body.splitlines() if "Message-ID" in line}
    assert mailbox.tries == 2
    assert len(ids) == 1
    kinds = {reading.read(body.encode()).automated for body in mailbox.taken}
    assert kinds == {Automated.LOOP}, "one that comes back is known as our own"
    state = admin.execute("select state from app.mail_message where id = %s", (made,)).fetchone()
    assert state == ("sent",)
    assert issubclass(smtplib.SMTPException, OSError)


def test_a_page_writes_no_mail_only_a_job_does(app: Flask, tenant: UUID, person: Any) -> None:
    with (
        app.app_context(),
        pytest.raises(Forbidden),
        db.transaction(person.scope(tenant)),
    ):
        mail.send("test.hello", to_address="a@example.com", params={}, line="accounting")


def test_a_mail_with_two_addresses_in_one_line_is_refused(
    app: Flask, tenant: UUID, person: Any
) -> None:
    with app.app_context(), pytest.raises(DomainError), db.transaction(person.scope(tenant)):
        mail.send("test.hello", to_address="a@b.c\r\nBcc: x@y.z", params={}, line="accounting")
    with app.app_context(), db.transaction(person.scope(tenant)):
        found = db.session.execute(sa.text("select count(*) from app.mail_message")).scalar()
    assert found == 0
