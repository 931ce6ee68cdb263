"""Papers are organised, replaced, brought twice, shared by links, and mailed in."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from app.cli.demo_books import filed_papers
from app.documents import commands, mail_in, organise, queries, shares, versions
from app.documents.organise import Change
from app.kernel import clock, jobs
from app.kernel.db import session
from app.kernel.errors import DomainError, Forbidden, NotFound
from tests import factories
from tests.documents.coming_in import Caller
from tests.documents.test_checks import png
from tests.http import Browser
from tests.tasks.request_stage import Place


def added(place: Place, name: str = "a.txt", **values: Any) -> UUID:
    with place.acting(place.staff):
        return commands.add(
            values.pop("data", uuid4().hex.encode()),
            name=name,
            line="accounting",
            source="staff",
            **values,
        )


def heads(place: Place, *ids: UUID) -> dict[UUID, Any]:
    with place.acting(place.staff):
        return {one.id: one for one in queries.heads(ids)}


# Organising.


def test_many_papers_are_organised_at_once_and_it_is_taken_back_at_once(place: Place) -> None:
    first, second = added(place), added(place)
    with place.acting(place.staff):
        organise.organise([first], Change(type="letter", add_tags=("keep",)))
    staff = place.browser(place.staff)
    base = f"/c/{place.slug}/documents"
    staff.get(base)
    form = staff.post(f"{base}/organise", {"ids": [str(first), str(second)]})
    assert form.status_code == 200
    sent = {
        "ids": [str(first), str(second)],
        "type": "invoice",
        "period": "2026-10",
        "counterparty": "Vos & Zoon",
        "add_tags": "Rent, shop ,rent",
    }
    said = staff.post(f"{base}/organise/set", sent, follow=True).text
    assert "2 documents organised." in said
    found = heads(place, first, second)
    assert {(one.type, str(one.period), one.counterparty) for one in found.values()} == {
        ("invoice", "2026-10-01", "Vos & Zoon")
    }
    assert found[first].tags == ["keep", "rent", "shop"]
    for query in ("type=invoice", "period=2026-10", "party=vos", "tag=rent"):
        page = staff.get(f"{base}?{query}").text
        assert str(first) in page
    for query in ("type=receipt", "period=2026-09", "party=nobody", "tag=ren"):
        assert str(first) not in staff.get(f"{base}?{query}").text
    token = re.findall(r"/documents/undo/([0-9a-f-]{36})", said)[-1]
    staff.post(f"{base}/undo/{token}")
    back = heads(place, first, second)
    assert (back[first].type, back[first].tags) == ("letter", ["keep"])
    assert (back[second].type, back[second].period, back[second].tags) == ("", None, [])


def test_organising_another_clients_paper_changes_none(place: Place, call: Caller) -> None:
    mine = added(place)
    answer = call(
        "POST", "/documents/organise", json={"ids": [str(mine), str(uuid4())], "type": "tax"}
    )
    assert answer.status_code == 404
    assert heads(place, mine)[mine].type == ""
    for bad in ({}, {"type": "nothing"}, {"add_tags": ["x" * 41]}, {"period": "2026-13-01"}):
        sent = call("POST", "/documents/organise", json={"ids": [str(mine)], **bad})
        assert sent.status_code == 422, bad


def test_the_same_content_again_says_who_else_brought_it(place: Place) -> None:
    data = uuid4().hex.encode()
    made = added(place, data=data, name="first.txt")
    with place.acting(place.owner):
        same = commands.add(data, name="second.txt", line="accounting", source="portal")
        apart = commands.add(
            data, name="x.txt", line="accounting", source="portal", document_class="owner_only"
        )
    assert same == made
    page = place.browser(place.staff).get(f"/c/{place.slug}/documents/{made}").text
    assert "Also added by Ada Quill" in page
    assert "second.txt" in page
    assert str(apart) not in page
    with place.acting(place.owner):
        assert [one.id for one in queries.same_content(made)] == [apart]


# Versions.


def test_a_replaced_paper_keeps_what_it_was_and_goes_back(place: Place, call: Caller) -> None:
    made = added(place, data=b"draft of May", name="note.txt")
    staff = place.browser(place.staff)
    base = f"/c/{place.slug}/documents/{made}"
    staff.get(base)
    said = staff.post(
        f"{base}/versions", {"file": (io.BytesIO(png(3, 4)), "scan.png")}, follow=True
    ).text
    assert "What it was stays." in said
    assert call("GET", f"/documents/{made}/content").data == png(3, 4)
    old = staff.client.get(f"{base}/versions/1/download")
    assert old.data == b"draft of May"
    assert "note.txt" in old.headers["Content-Disposition"]
    assert call("GET", f"/documents/{made}/versions/1/content").data == b"draft of May"
    listed = call("GET", f"/documents/{made}/versions").get_json()["items"]
    assert [one["no"] for one in listed] == [2, 1]
    token = re.findall(r"/documents/undo/([0-9a-f-]{36})", said)[-1]
    staff.post(f"/c/{place.slug}/documents/undo/{token}")
    assert call("GET", f"/documents/{made}/content").data == b"draft of May"
    assert len(call("GET", f"/documents/{made}/versions").get_json()["items"]) == 3
    assert call("GET", f"/documents/{made}/versions/9/content").status_code == 404


def test_a_refused_version_says_why_beside_the_file(place: Place) -> None:
    made = added(place)
    staff = place.browser(place.staff)
    base = f"/c/{place.slug}/documents/{made}"
    staff.get(base)
    sent = staff.post(f"{base}/versions", {"file": (io.BytesIO(b"MZ"), "a.exe")})
    assert sent.status_code == 422
    assert "Files of this kind become no documents." in sent.text


def test_a_client_replaces_what_its_side_added_and_nothing_else(place: Place) -> None:
    with place.acting(place.owner):
        own = commands.add(
            uuid4().bytes.hex().encode(), name="o", line="accounting", source="portal"
        )
        assert versions.replace(own, b"newer", name="o.txt") is not None
        assert versions.replace(own, b"newer", name="o.txt") is None
    theirs = added(place)
    with pytest.raises(Forbidden, match="document-of-provider"), place.acting(place.owner):
        versions.replace(theirs, b"other", name="o.txt")


def test_a_version_is_never_changed_and_follows_the_newest(
    place: Place, rw: psycopg.Connection, settings: Any
) -> None:
    made = added(place)
    key = bytes.fromhex(settings.guard_key)
    ctx = place.staff.scope(place.tenant).token(key=key, key_id=settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (ctx,))
    copy = (
        "insert into app.document_version (tenant_id, document_id, line, no, stored_object_id,"
        " sha256, size, media_type) select tenant_id, document_id, line, {no}, stored_object_id,"
        f" sha256, size, media_type from app.document_version where document_id = '{made}'"
    )
    for act in (
        "update app.document_version set sha256 = sha256",
        "update app.document set version = 3",
        "delete from app.document_version",
        copy.format(no=3),
    ):
        with pytest.raises(psycopg.Error), rw.transaction():
            rw.execute(act.encode())


# Share links.


def shared(place: Place, made: UUID, **values: Any) -> tuple[UUID, str]:
    with place.acting(place.staff):
        return shares.share(made, **{"days": 7, **values})


def views_of(place: Place, made: UUID) -> list[tuple[int, str]]:
    with place.acting(place.staff):
        return [(one.views, "open" if one.is_open else "ended") for one in shares.of(made)]


def test_a_link_shows_one_paper_and_bots_take_nothing(place: Place) -> None:
    made = added(place, data=png(9, 9), name="shop.png")
    staff = place.browser(place.staff)
    base = f"/c/{place.slug}/documents/{made}"
    staff.get(base)
    said = staff.post(
        f"{base}/shares", {"days": "3", "most_views": "1", "label": "Bank"}, follow=True
    )
    secret = re.findall(r"/shared/([0-9a-f]{32})", said.text)[0]
    stranger = Browser(place.app)
    for _time in range(3):
        assert stranger.client.head(f"/shared/{secret}").status_code == 200
        landing = stranger.get(f"/shared/{secret}")
    assert "shop.png" in landing.text
    assert "1 view left" in landing.text
    assert views_of(place, made) == [(0, "open")]
    opened = stranger.post(f"/shared/{secret}/open")
    assert "data:image/png;base64," in opened.text
    assert "img-src 'self' data:" in opened.headers["Content-Security-Policy"]
    visit = re.findall(r'name="visit" value="([^"]+)"', opened.text)[0]
    saved = stranger.post(f"/shared/{secret}/file", {"visit": visit})
    assert saved.data == png(9, 9)
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert views_of(place, made) == [(1, "ended")]
    assert stranger.post(f"/shared/{secret}/open").status_code == 404
    assert stranger.post(f"/shared/{secret}/file").status_code == 404
    page = staff.get(base).text
    assert "1 of 1 views" in page
    assert "downloaded" in page


def test_a_link_ends_by_hand_by_time_by_class_and_with_the_paper(
    place: Place, admin: psycopg.Connection
) -> None:
    stranger = Browser(place.app)

    def alive(secret: str) -> bool:
        return stranger.client.get(f"/shared/{secret}").status_code == 200

    made = added(place)
    share, by_hand = shared(place, made)
    _other, by_time = shared(place, made)
    _third, left = shared(place, made)
    assert alive(by_hand)
    with place.acting(place.staff):
        shares.end(share)
    assert not alive(by_hand)
    admin.execute("update app.document_share set expires_at = now() where id = %s", (_other,))
    admin.commit()
    assert not alive(by_time)
    assert alive(left)
    with place.acting(place.owner):
        commands.set_class(made, document_class="payroll")
    assert not alive(left)
    gone = added(place)
    _share, secret = shared(place, gone)
    with place.acting(place.staff):
        commands.remove(gone)
    assert not alive(secret)


def test_a_link_dies_with_its_makers_grant_and_reaches_nothing_else(
    place: Place, admin: psycopg.Connection
) -> None:
    made = added(place)
    maker = factories.staff(admin, place.tenant)
    with place.acting(maker):
        _share, secret = shares.share(made, days=2)
    stranger = Browser(place.app)
    assert stranger.client.get(f"/shared/{secret}").status_code == 200
    for address in (f"/c/{place.slug}/documents/{made}", f"/portal/{place.slug}/documents"):
        assert stranger.client.get(address).status_code in (302, 303, 401)
    admin.execute(
        "update guard.membership set valid_to = now() where user_id = %s", (maker.person_id,)
    )
    admin.commit()
    assert stranger.client.get(f"/shared/{secret}").status_code == 404
    for wrong in ("0" * 32, "x", secret.upper()):
        assert stranger.client.get(f"/shared/{wrong}").status_code == 404


def test_a_class_is_shared_only_by_who_sees_it(place: Place, call: Caller) -> None:
    with place.acting(place.owner):
        paid = commands.add(
            uuid4().hex.encode(), name="w", line="accounting", source="portal",
            document_class="payroll",
        )  # fmt: skip
        _share, secret = shares.share(paid, days=1)
    assert Browser(place.app).client.get(f"/shared/{secret}").status_code == 200
    with place.acting(place.staff), pytest.raises(NotFound):
        shares.share(paid, days=1)
    assert call("POST", f"/documents/{paid}/shares", json={}).status_code == 404
    long = call("POST", f"/documents/{added(place)}/shares", json={"days": 31})
    assert long.status_code == 422


def test_raw_sql_makes_no_link_and_counts_no_view_back(
    place: Place, rw: psycopg.Connection, settings: Any
) -> None:
    made = added(place)
    shared(place, made)
    key = bytes.fromhex(settings.guard_key)
    ctx = place.staff.scope(place.tenant).token(key=key, key_id=settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (ctx,))
    for act in (
        "update app.document_share set views = 0",
        "delete from app.document_share_view",
        "select guard.make_link('document_share', uuidv7(), '1 day', 'x')",
        "select guard.make_address('document_address', uuidv7(), 'x')",
        "select guard.end_link(uuidv7())",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), rw.transaction():
            rw.execute(act.encode())
    assert rw.execute(
        "select count(*) from app.open_shared_paper('shown', uuidv7(), '')"
    ).fetchone() == (0,)


# Papers by mail.


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
        "select reason from app.held_file where tenant_id = %s and source = 'mail' order by id",
        (place.tenant,),
    ).fetchall()
    assert {row[0] for row in held} == {"file-macros", "file-not-kept"}


def test_what_is_no_mail_is_kept_as_a_paper_with_a_note(
    place: Place, admin: psycopg.Connection, without_limits: None
) -> None:
    del without_limits
    address = address_of(place)
    assert mailed(place, address, b"no headers at all " + uuid4().hex.encode()).status_code == 201
    jobs.run_due(place.worker_app)
    assert "could not be read" in papers(place, admin)["mail.txt"][2]


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
