"""Files in parts: out of order, twice, stopped half-way, by another, never lost; and a scanner."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import socket
import struct
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from app.documents import checks, commands, held, intake, queries, scanner, uploads
from app.kernel import db, jobs, jobs_catalog
from app.kernel.errors import DomainError, Forbidden, Invalid, NotFound, Unavailable
from app.kernel.scope import Scope, secret_hash
from app.kernel.storage_bucket import bucket
from tests import factories
from tests.documents.test_checks import png
from tests.factories import Session
from tests.tasks import request_stage
from tests.tasks.request_stage import PDF, Place

PART = uploads.PART_BYTES


@pytest.fixture(scope="module")
def place(app: Flask, worker_app: Flask, settings: object) -> Place:
    """A client with its accountant and owner."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        return request_stage.build(app, worker_app, admin)


class Caller:
    """A token of a person, calling the API of the client."""

    def __init__(self, place: Place, admin: psycopg.Connection, who: Session) -> None:
        self.base = f"/api/v1/clients/{place.slug}"
        self._client = place.app.test_client()
        self._token = factories.token(admin, place.tenant, who.person_id)

    def __call__(self, method: str, path: str, **body: Any) -> TestResponse:
        """One call."""
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._client.open(self.base + path, method=method, headers=headers, **body)


@pytest.fixture
def call(place: Place, admin: psycopg.Connection, without_limits: None) -> Caller:
    """The accountant's token."""
    del without_limits
    return Caller(place, admin, place.staff)


def text_of(size: int) -> bytes:
    line = b"An unremarkable line of a long list of receipts, which nobody reads.\n"
    return (uuid4().hex.encode() + b"\n" + line * (size // len(line) + 1))[:size]


def began(call: Caller, data: bytes, **values: Any) -> str:
    sent = call("POST", "/uploads", json={"name": "list.txt", "size": len(data), **values})
    assert sent.status_code == 201, sent.text
    return str(sent.get_json()["id"])


def put(call: Caller, upload: str, no: int, data: bytes) -> TestResponse:
    piece = data[(no - 1) * PART : no * PART]
    return call("PUT", f"/uploads/{upload}/parts/{no}", data=piece)


def test_parts_come_in_any_order_twice_and_make_one_document(place: Place, call: Caller) -> None:
    data = text_of(2 * PART + 17)
    upload = began(call, data, sha256=hashlib.sha256(data).hexdigest())
    assert put(call, upload, 3, data).get_json()["missing"] == [1, 2]
    early = call("POST", f"/uploads/{upload}/complete")
    assert (early.status_code, early.get_json()["code"]) == (409, "upload-incomplete")
    assert put(call, upload, 1, data).status_code == 200
    assert put(call, upload, 1, data).get_json()["missing"] == [2]
    other = call("PUT", f"/uploads/{upload}/parts/1", data=b"x" * PART)
    assert other.get_json()["code"] == "upload-part-differs"
    assert put(call, upload, 2, data).get_json()["missing"] == []
    assert call("POST", f"/uploads/{upload}/complete").get_json()["state"] == "complete"
    jobs.run_due(place.worker_app)
    again = call("POST", f"/uploads/{upload}/complete")
    jobs.run_due(place.worker_app)
    told = again.get_json()
    assert told["state"] == "done", told
    assert call("GET", f"/documents/{told['document_id']}/content").data == data
    with place.acting(place.staff):
        document = queries.head(UUID(told["document_id"]))
    assert (document.size, document.added_by) == (len(data), place.staff.person_id)


def test_a_part_of_a_wrong_length_or_number_is_refused(call: Caller) -> None:
    data = text_of(PART + 5)
    upload = began(call, data)
    for no, piece in ((1, b"short"), (2, b"sixsix"), (3, b"x"), (0, b""), (2**40, b"x")):
        answer = call("PUT", f"/uploads/{upload}/parts/{no}", data=piece)
        assert answer.status_code == 422, answer.text
    assert call("PUT", f"/uploads/{upload}/parts/1", data=data * 2).status_code == 413


def test_an_empty_or_vast_file_is_refused_before_it_is_sent(call: Caller) -> None:
    for size, code in ((0, "file-empty"), (uploads.MOST_BYTES + 1, "file-too-large")):
        sent = call("POST", "/uploads", json={"name": "a.pdf", "size": size})
        assert sent.status_code == 422
        assert code in sent.text


def test_what_arrives_otherwise_than_announced_is_refused(place: Place, call: Caller) -> None:
    data = text_of(100)
    upload = began(call, data, sha256="0" * 64)
    put(call, upload, 1, data)
    call("POST", f"/uploads/{upload}/complete")
    jobs.run_due(place.worker_app)
    told = call("GET", f"/uploads/{upload}").get_json()
    assert (told["state"], told["code"]) == ("refused", "upload-changed")


def test_nobody_else_sees_or_fills_an_upload(
    place: Place, call: Caller, admin: psycopg.Connection
) -> None:
    data = text_of(100)
    upload = began(call, data)
    for who in (factories.staff(admin, place.tenant), place.owner):
        other = Caller(place, admin, who)
        assert other("GET", f"/uploads/{upload}").status_code == 404
        assert put(other, upload, 1, data).status_code == 404
        assert other("POST", f"/uploads/{upload}/complete").status_code == 404
        assert upload not in other("GET", "/uploads").text
    assert upload in call("GET", "/uploads").text
    assert "bad-cursor" in call("GET", "/uploads?after=zz").text


def test_raw_sql_neither_writes_uploads_nor_reads_a_colleagues(
    place: Place, rw: psycopg.Connection, admin: psycopg.Connection, settings: Any
) -> None:
    with place.acting(place.staff):
        uploads.open_one(name="a", size=4, line="accounting", source="staff")
    colleague = factories.staff(admin, place.tenant)
    key = bytes.fromhex(settings.guard_key)
    ctx = colleague.scope(place.tenant).token(key=key, key_id=settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (ctx,))
    assert rw.execute("select count(*) from app.upload").fetchone() == (0,)
    for act in (
        (
            "insert into app.upload (tenant_id, line, name, size, source)"
            " values (guard.tenant_id(), 'accounting', 'x', 1, 'x')"
        ),
        "update app.upload set state = 'done'",
        "delete from app.upload_part",
        "select app.end_upload(uuidv7(), 'done', '', null, null)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), rw.transaction():
            rw.execute(act.encode())


def test_what_stopped_half_way_goes_on_and_ends_after_a_day(
    place: Place, call: Caller, admin: psycopg.Connection
) -> None:
    data = text_of(2 * PART)
    kept, left = began(call, data), began(call, data)
    put(call, kept, 1, data)
    put(call, left, 1, data)
    admin.execute(
        "update app.upload set opened_at = now() - interval '25 hours' where id = %s", (left,)
    )
    admin.commit()
    with place.job():
        intake.sweep({}, None)  # type: ignore[arg-type]  # a short one reports nothing
    assert call("GET", f"/uploads/{left}").get_json()["state"] == "expired"
    assert put(call, left, 2, data).get_json()["code"] == "upload-ended"
    assert call("GET", f"/uploads/{kept}").get_json()["missing"] == [2]
    rows = admin.execute(
        "select o.state from app.upload_part p join app.stored_object o on o.id ="
        " p.stored_object_id where p.upload_id = %s",
        (left,),
    ).fetchall()
    assert rows == [("gone",)]


def test_a_complete_upload_outlives_its_senders_grant(
    place: Place, admin: psycopg.Connection, worker_app: Flask
) -> None:
    leaver = factories.staff(admin, place.tenant)
    with place.acting(leaver):
        upload = uploads.receive(text_of(50), name="a.txt", line="accounting", source="staff")
    admin.execute(
        "update guard.membership set valid_to = now() where user_id = %s", (leaver.person_id,)
    )
    admin.execute(
        "update app.upload set opened_at = now() - interval '2 hours' where id = %s", (upload,)
    )
    admin.commit()
    jobs.run_due(worker_app)
    with place.job():
        intake.sweep({}, None)  # type: ignore[arg-type]  # a short one reports nothing
    jobs.run_due(worker_app)
    row = admin.execute("select state from app.upload where id = %s", (upload,)).fetchone()
    assert row == ("done",)


def test_half_a_file_in_the_bucket_is_no_plaintext(place: Place, call: Caller) -> None:
    data = text_of(PART + 1)
    upload = began(call, data)
    put(call, upload, 1, data)
    with place.app.app_context():
        store = bucket()
        stored = list(store.keys(f"t/{place.tenant}/"))
        assert all(b"unremarkable" not in b"".join(store.get(one)) for one in stored)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\ada\\scan.txt", "scan.txt"),
        ("invoice\u202efdp.txt", "invoicefdp.txt"),
        ("a\u200b\u2066b\u2069.txt", "ab.txt"),
        ("...", "file.txt"),
        ("ř" * 240 + ".txt", "ř" * 190 + ".txt"),
    ],
)
def test_a_name_with_a_path_or_turned_signs_becomes_a_plain_one(
    place: Place, call: Caller, sent: str, kept: str
) -> None:
    data = text_of(60)
    answer = call("POST", "/uploads", json={"name": sent, "size": len(data)})
    upload = answer.get_json()["id"]
    put(call, upload, 1, data)
    call("POST", f"/uploads/{upload}/complete")
    jobs.run_due(place.worker_app)
    made = call("GET", f"/uploads/{upload}").get_json()["document_id"]
    assert call("GET", f"/documents/{made}").get_json()["name"] == kept


def test_the_form_without_javascript_and_the_camera_take_files(place: Place) -> None:
    owner = place.browser(place.owner)
    snap = f"/portal/{place.slug}/snap"
    page = owner.get(snap)
    assert 'capture="environment"' in page.text
    sent = owner.post(snap, {"files": (io.BytesIO(png(31, 21)), "IMG_1.png")})
    assert "Thank you" in sent.text
    assert owner.post(snap, {}).status_code == 422
    assert 'aria-label="Uploads"' in owner.get(f"/portal/{place.slug}/documents").text
    jobs.run_due(place.worker_app)
    listed = owner.get(f"/portal/{place.slug}/documents").text
    assert "IMG_1.png" in listed
    assert 'aria-label="Uploads"' not in listed


# Quarantine.


def arrived(place: Place, data: bytes, *, name: str = "a.pdf", **values: Any) -> UUID:
    """A file that the accountant brought, looked at."""
    with place.acting(place.staff):
        upload = uploads.receive(data, name=name, line="accounting", source="staff", **values)
    jobs.run_due(place.worker_app)
    with place.acting(place.staff):
        found = uploads.one(upload)
    assert found.held_id is not None, found
    return found.held_id


def archive(*members: tuple[str, bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            made.writestr(name, content)
    return body.getvalue()


def mailed(name: str, content: bytes) -> bytes:
    body = base64.encodebytes(content)
    return (
        b"From: a@example.com\nTo: b@example.com\nSubject: Papers\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/plain\n\nHello\n'
        b'--x\nContent-Type: application/zip; name="' + name.encode() + b'"\n'
        b"Content-Transfer-Encoding: base64\nContent-Disposition: attachment\n\n"
        + body
        + b"\n--x--\n"
    )


NESTED = archive(("inner.zip", archive(("a.txt", b"a"))))
EICAR = checks.EICAR
BAD = {
    "damaged": (PDF[:9] + b"nothing", "file-damaged"),
    "program": (b"MZ" + b"\0" * 50, "file-not-kept"),
    "html": (b"<!doctype html><script>1</script>", "file-not-kept"),
    "archive": (archive(("a.txt", b"a")), "file-archive"),
    "nested in a mail": (mailed("a.zip", NESTED), "file-archive"),
    "macro in a mail": (mailed("a.docm", archive(("word/vbaProject.bin", b"x"))), "file-macros"),
    "virus in a mail": (mailed("a.zip", archive(("a.txt", EICAR))), "file-virus"),
    "virus": (b"text " + EICAR, "file-virus"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_fails_a_check_is_held_with_its_reason(place: Place, case: str) -> None:
    data, reason = BAD[case]
    found = arrived(place, data)
    with place.acting(place.staff):
        file = held.one(found)
    assert (file.reason, file.size, file.state) == (reason, len(data), "held")
    page = place.browser(place.staff).get(f"/c/{place.slug}/documents/quarantine/{found}")
    assert page.status_code == 200


def test_a_second_look_lets_a_file_in_and_not_its_sender(
    place: Place, admin: psycopg.Connection
) -> None:
    data = archive(("books.txt", uuid4().bytes))
    found = arrived(place, data, name="books.zip")
    colleague = factories.staff(admin, place.tenant)
    mine = place.browser(place.staff)
    base = f"/c/{place.slug}/documents/quarantine/{found}"
    mine.get(base)
    assert mine.post(f"{base}/release").status_code == 409
    theirs = place.browser(colleague)
    assert theirs.client.get(f"{base}/download").data == data
    let_in = theirs.post(f"{base}/release")
    assert let_in.status_code == 303
    page = theirs.get(let_in.headers["Location"])
    assert "books.zip" in page.text
    shown = theirs.client.get(let_in.headers["Location"] + "/file")
    assert shown.headers["Content-Disposition"].startswith("attachment")
    assert shown.data == data
    assert theirs.post(f"{base}/release").status_code == 409


def test_a_virus_is_let_in_by_nobody_and_not_handed_out(
    place: Place, admin: psycopg.Connection
) -> None:
    found = arrived(place, uuid4().hex.encode() + EICAR, name="a.txt")
    colleague = place.browser(factories.staff(admin, place.tenant))
    base = f"/c/{place.slug}/documents/quarantine/{found}"
    assert "Let it in" not in colleague.get(base).text
    assert colleague.post(f"{base}/release").status_code == 409
    assert colleague.client.get(f"{base}/download").status_code == 409


def test_a_destroyed_file_can_be_kept_after_all_for_a_day_and_is_gone_then(
    place: Place, admin: psycopg.Connection
) -> None:
    found = arrived(place, archive((uuid4().hex, b"x")), name="a.zip")
    staff = place.browser(place.staff)
    base = f"/c/{place.slug}/documents/quarantine"
    staff.get(base)
    said = staff.post(f"{base}/{found}/destroy", follow=True).text
    assert "will be destroyed" in said
    address = said.split("/documents/undo/")[1].split('"')[0]
    staff.post(f"/c/{place.slug}/documents/undo/{address}")
    with place.acting(place.staff):
        assert held.one(found).state == "held"
        held.destroy(found)
    admin.execute(
        "update app.held_file set decided_at = now() - interval '25 hours' where id = %s", (found,)
    )
    admin.commit()
    with place.job():
        intake.sweep({}, None)  # type: ignore[arg-type]  # a short one reports nothing
    row = admin.execute(
        "select o.state from app.held_file h join app.stored_object o on o.id ="
        " h.stored_object_id where h.id = %s",
        (found,),
    ).fetchone()
    assert row == ("gone",)


def test_client_people_see_only_what_they_sent_and_decide_nothing(
    place: Place, admin: psycopg.Connection, call: Caller
) -> None:
    found = arrived(place, archive((uuid4().hex, b"x")), name="staff.zip")
    owner = Caller(place, admin, place.owner)
    assert str(found) not in owner("GET", "/quarantine").text
    assert str(found) in call("GET", "/quarantine").text
    assert owner("POST", f"/quarantine/{found}/release").status_code == 403
    with place.acting(place.owner):
        with pytest.raises(NotFound):
            held.one(found)
        own = intake.take(NESTED + b"\n", name="b.zip", line="accounting", source="portal")
    assert own.code == "file-archive"
    page = place.browser(place.owner).get(f"/portal/{place.slug}/documents")
    assert "Unpack the archive first" in page.text


def test_a_held_payroll_file_is_hidden_from_who_does_not_see_the_class(
    place: Place, admin: psycopg.Connection
) -> None:
    seer = factories.make_person(admin)
    factories.grant(
        admin, place.tenant, seer, role="staff_accountant", lines=("accounting",),
        classes=("payroll",),
    )  # fmt: skip
    with place.acting(factories.sign_in(admin, seer)):
        found = intake.take(
            NESTED, name="pay.zip", line="accounting", source="staff", document_class="payroll"
        )
    assert found.held_id is not None
    with place.acting(place.staff):
        with pytest.raises(NotFound):
            held.one(found.held_id)
        with pytest.raises(DomainError):
            held.release(found.held_id)


def test_raw_sql_holds_no_open_content_and_lets_nothing_in(
    place: Place, rw: psycopg.Connection, settings: Any
) -> None:
    found = arrived(place, archive((uuid4().hex, b"x")))
    key = bytes.fromhex(settings.guard_key)
    ctx = place.staff.scope(place.tenant).token(key=key, key_id=settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (ctx,))
    refusals: tuple[tuple[str, type[psycopg.Error]], ...] = (
        ("update app.held_file set state = 'released'", psycopg.errors.InsufficientPrivilege),
        ("update app.stored_object set state = 'clean'", psycopg.errors.InsufficientPrivilege),
        (
            (
                "insert into app.held_file (tenant_id, line, name, size, stored_object_id, reason,"
                " source) select tenant_id, line, 'x', 1, id, 'file-archive', 'staff'"
                " from app.stored_object where state = 'clean' limit 1"
            ),
            psycopg.errors.InsufficientPrivilege,
        ),
        (f"select app.release_held_file('{found}', uuidv7())", psycopg.Error),
        ("select app.sweep_held_files()", psycopg.errors.InsufficientPrivilege),
    )
    for act, refusal in refusals:
        with pytest.raises(refusal), rw.transaction():
            rw.execute(act.encode())


# The scanner.


class FakeClamd:
    """Speaks clamd's INSTREAM: pieces with their length, an answer with a null behind it."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer = answer
        self.seen = b""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops it."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                peer, _address = self._server.accept()
            except OSError:
                return
            with peer, peer.makefile("rb") as stream:
                if stream.read(10) != b"zINSTREAM\0":
                    continue
                self.seen = b""
                while length := struct.unpack(">I", stream.read(4))[0]:
                    self.seen += stream.read(length)
                told = b"Eicar-Test-Signature FOUND" if EICAR in self.seen else b"OK"
                peer.sendall((self.answer or b"stream: " + told) + b"\0")


@contextmanager
def scanned(app: Flask, address: str) -> Iterator[None]:
    """The application with a scanner."""
    before = app.extensions["settings"]
    app.extensions["settings"] = before.model_copy(update={"clamd": address})
    try:
        yield
    finally:
        app.extensions["settings"] = before


def test_a_scanner_is_asked_by_its_own_protocol(place: Place) -> None:
    clamd = FakeClamd()
    data = text_of(600_000)
    with scanned(place.app, clamd.address), place.acting(place.staff):
        commands.add(data, name="a.txt", line="accounting", source="staff")
    assert clamd.seen == data
    assert scanner.ask(clamd.address, EICAR) == "stream: Eicar-Test-Signature FOUND"
    clamd.close()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"stream: Win.Test FOUND", "file-virus"),
        (b"INSTREAM size limit exceeded. ERROR", "file-unscanned"),
    ],
)
def test_what_the_scanner_finds_is_held(place: Place, answer: bytes, code: str) -> None:
    clamd = FakeClamd(answer)
    with scanned(place.app, clamd.address), place.acting(place.staff):
        taken = intake.take(text_of(70), name="a.txt", line="accounting", source="staff")
        with pytest.raises(Invalid):
            commands.add(text_of(70), name="a.txt", line="accounting", source="staff")
    assert taken.code == code
    clamd.close()


@pytest.mark.parametrize("answer", [b"UNKNOWN COMMAND", None])
def test_unscanned_nothing_becomes_a_document(place: Place, answer: bytes | None) -> None:
    clamd = FakeClamd(answer or b"")
    if answer is None:
        clamd.close()
    with (
        scanned(place.app, clamd.address),
        place.acting(place.staff),
        pytest.raises(Unavailable, match="scanner-unavailable"),
    ):
        intake.take(text_of(70), name="a.txt", line="accounting", source="staff")


# The holder of a link.


@pytest.fixture
def link_scope(place: Place, admin: psycopg.Connection) -> Scope:
    """A living link into the client, made by the accountant, for an object of another package."""
    secret = uuid4().hex
    row = admin.execute(
        "insert into guard.principal (kind, tenant_id, object_type, object_id, expires_at,"
        " secret_sha, made_by) values ('link', %s, 'test_list', uuidv7(), now() + interval '1 day',"
        " %s, %s) returning id",
        (place.tenant, secret_hash("prin", secret), place.staff.person_id),
    ).fetchone()
    assert row is not None
    # the door of the package whose link it is: it has read what the link opens
    admin.execute(
        "create or replace function app.test_list_upload(p_name text, p_size bigint) returns uuid"
        " language sql security definer set search_path = pg_catalog, pg_temp as $$ select"
        " app.open_upload_by_link('accounting', 'normal', p_name, p_size, null, 'test_list',"
        " '00000000-0000-7000-8000-000000000001'::uuid) $$;"
        " alter function app.test_list_upload(text, bigint) owner to paper_door;"
        " grant execute on function app.test_list_upload(text, bigint) to app_rw"
    )
    admin.commit()
    return replace(
        Scope.in_client(place.tenant, person_id=place.staff.person_id, principal_id=row[0]),
        person_id=None,
    )


def test_the_holder_of_a_link_brings_a_file_by_the_same_calls(
    place: Place, link_scope: Scope, admin: psycopg.Connection
) -> None:
    data = text_of(PART + 9)
    opened = sa.text("select app.test_list_upload('from-phone.txt', :size)")
    with place.app.app_context():
        with db.transaction(link_scope):
            upload = db.session.execute(opened, {"size": len(data)}).scalar_one()
            uploads.put_part(upload, 1, data[:PART])
        with db.transaction(link_scope):
            assert [one.no for one in uploads.parts(upload)] == [1]
            uploads.put_part(upload, 2, data[PART:])
            uploads.complete(upload)
    jobs.run_due(place.worker_app)
    row = admin.execute(
        "select d.source, d.added_side, d.added_by, v.size, k.subject_type from app.upload u"
        " join app.document d on d.id = u.document_id"
        " join app.document_version v on v.document_id = d.id"
        " join app.document_link k on k.document_id = d.id where u.id = %s",
        (upload,),
    ).fetchone()
    platform = jobs_catalog.system_user("platform")
    assert row == ("link", "client", platform, len(data), "test_list")


def test_a_link_reaches_no_upload_of_another_and_opens_none_by_itself(
    place: Place, link_scope: Scope
) -> None:
    with place.acting(place.staff):
        mine = uploads.open_one(name="a", size=4, line="accounting", source="staff")
    with place.app.app_context():
        with pytest.raises(NotFound), db.transaction(link_scope):
            uploads.put_part(mine, 1, b"four")
        with pytest.raises(Forbidden), db.transaction(link_scope):
            uploads.open_one(name="a", size=4, line="accounting", source="link")


# Real files.

SHARED = Path(os.environ.get("BACKOFFICE_SHARED", Path(__file__).parents[3] / "shared")) / "data"
DOCS = SHARED / "connectors-documents" / "docs"
REFUSED = {"paperless_encrypted.pdf", "paperless_invalid_pdf.pdf", "paperless_password-is-test.pdf"}


@pytest.mark.skipif(not DOCS.exists(), reason="the shared documents are not on this machine")
def test_every_shared_file_ends_in_a_document_or_a_clear_refusal(place: Place) -> None:
    names, ends = sorted(one.name for one in DOCS.iterdir() if one.is_file()), {}
    for name in names:
        with place.acting(place.staff):
            taken = intake.take(
                (DOCS / name).read_bytes(), name=name, line="accounting", source="staff"
            )
        ends[name] = taken
    for name, taken in ends.items():
        assert (taken.document_id is None) is (taken.held_id is not None), name
        assert bool(taken.code) is (taken.document_id is None), name
    assert {name for name, taken in ends.items() if taken.held_id} == REFUSED & set(names)
