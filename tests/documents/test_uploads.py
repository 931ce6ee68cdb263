"""Files in parts: out of order, twice, stopped half-way, by another, never lost; and by a link."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.documents import intake, queries, uploads
from app.kernel import clock, db, jobs, jobs_catalog
from app.kernel.errors import Forbidden, NotFound
from app.kernel.scope import Scope, secret_hash
from app.kernel.storage_bucket import bucket
from tests import factories
from tests.documents.coming_in import PART, Caller, began, put, text_of
from tests.documents.test_checks import png
from tests.tasks.request_stage import Place


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


def test_what_was_completed_after_a_sweep_saw_it_open_does_not_expire(
    place: Place, call: Caller
) -> None:
    data = text_of(40)
    upload = began(call, data)
    put(call, upload, 1, data)
    assert call("POST", f"/uploads/{upload}/complete").status_code == 200
    with place.job():
        late = sa.text("select app.end_upload(:id, 'expired', '', null, null)")
        db.session.execute(late, {"id": upload})
    jobs.run_due(place.worker_app)
    told = call("GET", f"/uploads/{upload}").get_json()
    assert told["state"] == "done"
    assert call("GET", f"/documents/{told['document_id']}/content").data == data


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


def test_what_was_tried_again_in_vain_is_tried_another_day(
    place: Place, admin: psycopg.Connection, worker_app: Flask
) -> None:
    with place.acting(place.staff):
        upload = uploads.receive(text_of(50), name="a.txt", line="accounting", source="staff")
    admin.execute(
        "update app.upload set opened_at = now() - interval '2 hours' where id = %s", (upload,)
    )

    def swept(days: int) -> str:
        admin.execute(
            "update app.job set state = 'dead', finished_at = now() where tenant_id = %s"
            " and kind = 'documents.take-in' and state = 'due'",
            (place.tenant,),
        )
        admin.commit()
        with clock.frozen(clock.now() + timedelta(days=days)), place.job():
            intake.sweep({}, None)  # type: ignore[arg-type]  # a short one reports nothing
        if days:
            jobs.run_due(worker_app)
        row = admin.execute("select state from app.upload where id = %s", (upload,)).fetchone()
        admin.commit()
        assert row is not None
        return str(row[0])

    assert swept(0) == "complete"
    assert swept(1) == "done"


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


def test_what_is_chosen_on_a_page_did_not_come_over_the_api(place: Place) -> None:
    with place.acting(place.staff):
        assert uploads.source_by_hand() == "staff"
    with place.acting(place.owner):
        assert uploads.source_by_hand() == "portal"
