"""Papers come by mail: the message is kept, its files belong to it, an address can end."""

from __future__ import annotations

import hashlib
import hmac
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from app.cli.demo_books import filed_papers
from app.documents import mail_in
from app.kernel import clock, jobs
from app.kernel.db import session
from app.kernel.errors import DomainError
from tests import factories
from tests.documents.test_checks import png
from tests.tasks.request_stage import Place


def letter(*files: tuple[str, bytes], subject: str = "Papers of May") -> bytes:
    made = EmailMessage()
    made["From"], made["To"] = "Vos <vos@example.com>", "papers@example.com"
    made["Subject"], made["Date"] = subject, "Mon, 02 Nov 2026 10:00:00 +0000"
    made.set_content("Here they are: " + uuid4().hex)
    for name, data in files:
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def address_of(place: Place) -> str:
    with place.acting(place.staff):
        return mail_in.renew(line="accounting")


def mailed(place: Place, address: str, raw: bytes, **headers: str) -> Any:
    return place.app.test_client().post(
        f"/api/v1/inbound/mail/{address}", data=raw, content_type="message/rfc822", headers=headers
    )


def papers(place: Place, admin: psycopg.Connection) -> dict[str, Any]:
    rows = admin.execute(
        "select d.name, d.source, d.added_side, d.note, (select count(*) from app.document_link k"
        " where k.document_id = d.id and k.subject_type = 'document') from app.document d"
        " where d.tenant_id = %s and d.source = 'mail'",
        (place.tenant,),
    ).fetchall()
    admin.commit()
    return {row[0]: row[1:] for row in rows}


def test_a_mail_becomes_a_paper_with_its_attachments_linked(
    place: Place, admin: psycopg.Connection, without_limits: None
) -> None:
    del without_limits
    address = address_of(place)
    raw = letter(
        ("till.txt", uuid4().hex.encode()), ("bad.exe", b"MZ" + uuid4().bytes), subject="Mai"
    )
    # a mail with a program is held itself, its good file is not lost
    assert mailed(place, address, raw).status_code == 201
    good = letter(("rent.txt", uuid4().hex.encode()), ("shop.png", png(12, 12)), subject="Mai 2/ü")
    assert mailed(place, address.upper(), good).status_code == 201
    jobs.run_due(place.worker_app)
    found = papers(place, admin)
    assert found["till.txt"][3] == 0
    mail = "Mai 2-ü.eml"
    assert found["rent.txt"][:2] == ("mail", "client")
    assert found["rent.txt"][2].startswith("vos@example.com")
    assert (found["rent.txt"][3], found["shop.png"][3], found[mail][3]) == (1, 1, 0)
    held = admin.execute(
        "select name, reason from app.held_file where tenant_id = %s and source = 'mail'"
        " and name in ('Mai.eml', 'bad.exe') order by name",
        (place.tenant,),
    ).fetchall()
    assert dict(held) == {"Mai.eml": "file-macros", "bad.exe": "file-not-kept"}


def test_what_is_no_mail_is_kept_as_a_paper_with_a_note(
    place: Place, admin: psycopg.Connection, without_limits: None
) -> None:
    del without_limits
    address = address_of(place)
    assert mailed(place, address, b"no headers at all " + uuid4().hex.encode()).status_code == 201
    jobs.run_due(place.worker_app)
    assert "could not be read" in papers(place, admin)["mail.txt"][2]


def test_the_door_reads_only_the_beginning_of_a_header_and_the_paper_keeps_all_of_it(
    place: Place, admin: psycopg.Connection, without_limits: None
) -> None:
    del without_limits
    address, note = address_of(place), uuid4().hex.encode()
    endless = b"Subject: May " + b"=?utf-8?q?_and?= " * 40_000 + b"\r\n"
    inner = b"From: a@b.example\r\n" + endless + b"\r\n" + note
    raw = (
        b"From: a@b.example\r\nMIME-Version: 1.0\r\n"
        + endless
        + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        + b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n"
        + inner
        + b"\r\n--x--\r\n"
    )
    assert mailed(place, address, raw).status_code == 201
    (file,) = mail_in.read(raw).files
    assert file.data.count(b"=?utf-8?q?_and?=") == 40_000
    jobs.run_due(place.worker_app)
    assert any(name.startswith("May  and and") for name in papers(place, admin))


def nested(times: int, *, kind: str) -> bytes:
    """A mail with parts inside parts."""
    head = b"From: Vos <vos@example.com>\nSubject: Deep\nMIME-Version: 1.0\n"
    if kind == "mails":
        return head + b"Content-Type: message/rfc822\n\n" * times + b"\nHello"
    open_ = b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n'
    return head + b"".join(open_ % (no, no) for no in range(times)) + b"\nHello\n"


@pytest.mark.parametrize("kind", ["mails", "parts"])
@pytest.mark.parametrize("times", [300, 3000])
def test_a_mail_nested_without_end_is_held_and_no_fault(
    place: Place, admin: psycopg.Connection, without_limits: None, kind: str, times: int
) -> None:
    del without_limits
    sent = mailed(place, address_of(place), nested(times, kind=kind) + uuid4().hex.encode())
    assert sent.status_code == 201
    jobs.run_due(place.worker_app)
    row = admin.execute(
        "select u.state, u.code from app.upload u where u.id = %s", (sent.get_json()["id"],)
    ).fetchone()
    admin.commit()
    assert row == ("held", "file-bomb")


def test_an_old_or_invented_address_takes_nothing(place: Place, without_limits: None) -> None:
    del without_limits
    old = address_of(place)
    new = address_of(place)
    assert mailed(place, old, letter()).status_code == 404
    assert mailed(place, "papers-nobody@example.com", letter()).status_code == 404
    assert mailed(place, new, letter()).status_code == 201
    assert mailed(place, new, b"").status_code == 422
    with place.acting(place.staff):
        mail_in.end()
        assert mail_in.address() is None
    assert mailed(place, new, letter()).status_code == 404


def test_the_address_outlives_its_maker_but_not_a_resting_client(
    place: Place, admin: psycopg.Connection, without_limits: None
) -> None:
    del without_limits
    maker = factories.staff(admin, place.tenant)
    with place.acting(maker):
        address = mail_in.renew(line="accounting")
    admin.execute(
        "update guard.membership set valid_to = now() where user_id = %s", (maker.person_id,)
    )
    admin.commit()
    assert mailed(place, address, letter()).status_code == 201
    admin.execute("update guard.tenant set state = 'suspended' where id = %s", (place.tenant,))
    admin.commit()
    try:
        assert mailed(place, address, letter()).status_code in (403, 404)
    finally:
        admin.execute("update guard.tenant set state = 'active' where id = %s", (place.tenant,))
        admin.commit()


def test_a_signature_is_asked_for_where_the_installation_has_a_key(
    place: Place, without_limits: None
) -> None:
    del without_limits
    address, raw = address_of(place), letter()
    before = place.app.extensions["settings"]
    place.app.extensions["settings"] = before.model_copy(update={"mail_in_key": "k" * 20})
    try:
        assert mailed(place, address, raw).status_code == 403
        proper = hmac.new(b"k" * 20, raw, hashlib.sha256).hexdigest()
        signed = mailed(place, address, raw, **{"X-Mail-Signature": f"sha256={proper}"})
        assert signed.status_code == 201
    finally:
        place.app.extensions["settings"] = before


def test_the_address_is_shown_where_the_documents_are(place: Place) -> None:
    address = address_of(place)
    assert address in place.browser(place.staff).get(f"/c/{place.slug}/documents").text
    with pytest.raises(DomainError), place.acting(place.owner):
        session.execute(mail_in._OPEN, {"name": "x", "size": 1, "sha": None})


def test_the_papers_of_the_demo_are_filed(place: Place, admin: psycopg.Connection) -> None:
    with place.app.app_context():
        filed_papers.fill(
            place.staff.scope(place.tenant), place.owner.scope(place.tenant), today=clock.today()
        )
    jobs.run_due(place.worker_app)
    assert {"Electricity bill.eml", "electricity.txt"} <= set(papers(place, admin))
