"""Papers through the edges: uploaded, shown, classed, linked, removed, and nobody else's."""

from __future__ import annotations

import io
import re
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
import typst
from flask import Flask
from PIL import Image

from app.documents import commands, preview, queries
from app.kernel import jobs
from app.kernel.db import session
from app.kernel.errors import DomainError, Forbidden, NotFound
from app.kernel.storage_bucket import bucket
from tests import factories
from tests.documents.test_checks import png
from tests.http import Browser
from tests.tasks import request_stage
from tests.tasks.request_stage import PDF, Place

BANK = "bank_transaction"
SECRET = b"Salaries of November, quite secret\n"


@pytest.fixture(scope="module")
def place(app: Flask, worker_app: Flask, settings: object) -> Place:
    """A client with bank lines."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        return request_stage.build(app, worker_app, admin)


def add(place: Place, data: bytes = PDF, *, name: str = "a.pdf", kind: str = "normal") -> UUID:
    """A paper of the owner's, who sees every class."""
    with place.acting(place.owner):
        return commands.add(
            data, name=name, line="accounting", document_class=kind, source="portal"
        )


def uploading(browser: Browser, address: str, data: bytes, name: str, **values: str) -> str:
    sent = browser.post(address, {**values, "files": (io.BytesIO(data), name)})
    assert sent.status_code == 303, sent.text[:2000]
    return str(sent.headers["Location"])


def test_a_paper_is_uploaded_shown_downloaded_and_removed_with_a_way_back(place: Place) -> None:
    staff = place.browser(place.staff)
    base = f"/c/{place.slug}/documents"
    staff.get(base)
    address = uploading(staff, base, png(30, 20), "shop.png")
    page = staff.get(address)
    assert "shop.png" in page.text
    picture = staff.client.get(f"{address}/file")
    assert picture.data == png(30, 20)
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    saved = staff.client.get(f"{address}/download")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    staff.get(address)
    gone = staff.post(f"{address}/remove", follow=True)
    assert "The document was removed." in gone.text
    assert staff.get(address).status_code == 404
    undo = re.findall(r'action="([^"]+/documents/undo/[^"]+)"', gone.text)[0]
    assert staff.post(undo).status_code == 303
    assert staff.get(address).status_code == 200


def test_what_is_shown_inline_runs_nothing_and_the_rest_is_handed_out(place: Place) -> None:
    made = add(place, b"<?xml version='1.0'?><a/>", name="a.xml")
    owner = place.browser(place.owner)
    answer = owner.client.get(f"/portal/{place.slug}/documents/{made}/file")
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_file_that_is_no_document_is_held_with_its_reason(place: Place) -> None:
    staff = place.browser(place.staff)
    base = f"/c/{place.slug}/documents"
    staff.get(base)
    sent = staff.post(base, {"files": (io.BytesIO(b"MZ program"), "invoice.pdf")}, follow=True)
    assert "Files of this kind become no documents." in sent.text
    none = staff.post(base, {"document_class": "normal"})
    assert none.status_code == 422


def test_each_look_and_each_download_is_left_in_the_log(
    place: Place, admin: psycopg.Connection
) -> None:
    made = add(place, b"looked at", name="look.txt")
    staff = place.browser(place.staff)
    staff.get(f"/c/{place.slug}/documents/{made}")
    staff.client.get(f"/c/{place.slug}/documents/{made}/download")
    row = admin.execute(
        "select sum(views), sum(exports) from app.view_log where tenant_id = %s and kind ="
        " 'document' and object_id = %s and person_id = %s",
        (place.tenant, made, place.staff.person_id),
    ).fetchone()
    assert row is not None
    assert row[0] >= 1
    assert row[1] == 1


def test_payroll_is_not_seen_by_whose_grant_does_not_name_it(
    place: Place, admin: psycopg.Connection
) -> None:
    made = add(place, SECRET, name="november.txt", kind="payroll")
    staff, owner = place.browser(place.staff), place.browser(place.owner)
    assert owner.get(f"/portal/{place.slug}/documents/{made}").status_code == 200
    for tail in ("", "/file", "/download"):
        assert staff.get(f"/c/{place.slug}/documents/{made}{tail}").status_code == 404
    assert "november" not in staff.get(f"/c/{place.slug}/documents").text
    api = staff.client.get(f"/api/v1/clients/{place.slug}/documents/{made}")
    assert api.status_code == 404
    clerk = factories.make_person(admin, "provider")
    factories.grant(
        admin,
        place.tenant,
        clerk,
        role="staff_accountant",
        lines=("accounting",),
        classes=("payroll",),
    )
    browser = place.browser(factories.sign_in(admin, clerk))
    assert browser.get(f"/c/{place.slug}/documents/{made}").status_code == 200
    own = add(place, b"for the owner only", name="will.txt", kind="owner_only")
    assert browser.get(f"/c/{place.slug}/documents/{own}").status_code == 404


def test_raw_sql_sees_no_payroll_head_version_link_or_object(place: Place) -> None:
    made = add(place, SECRET + b"2", name="december.txt", kind="payroll")
    with place.acting(place.owner):
        commands.link(made, subject_type=BANK, subject_id=place.lines[0])
    tables = {
        "app.document": "id",
        "app.document_version": "document_id",
        "app.document_link": "document_id",
    }
    with place.acting(place.staff):
        for table, column in tables.items():
            found = session.execute(
                sa.text(f"select count(*) from {table} where {column} = :id"), {"id": made}
            ).scalar_one()
            assert found == 0, table
        kinds = session.execute(sa.text("select distinct kind from app.stored_object")).scalars()
        assert not [kind for kind in kinds if kind.startswith("document.")]
        assert queries.linked(BANK, place.lines).get(place.lines[0], ()) == ()


def test_nobody_moves_a_paper_into_a_class_they_do_not_see(place: Place) -> None:
    made = add(place, b"moves", name="moves.txt")
    with place.acting(place.staff), pytest.raises(Forbidden) as refusal:
        commands.set_class(made, document_class="payroll")
    assert refusal.value.code == "document-class-not-yours"
    with place.acting(place.staff), pytest.raises(Forbidden):
        commands.add(b"x", name="x", line="accounting", document_class="payroll", source="staff")
    with pytest.raises(DomainError), place.acting(place.staff):
        session.execute(
            sa.text("update app.document set class = 'payroll' where id = :id"), {"id": made}
        )
    with place.acting(place.owner):
        commands.set_class(made, document_class="payroll")
    with place.acting(place.staff), pytest.raises(NotFound):
        queries.head(made)


def test_the_same_content_is_the_same_paper(place: Place) -> None:
    first = add(place, b"once", name="once.txt")
    assert add(place, b"once", name="twice.txt") == first
    assert add(place, b"once", name="once.txt", kind="payroll") != first


def test_a_paper_is_attached_to_a_line_taken_off_and_put_back(place: Place) -> None:
    staff = place.browser(place.staff)
    line = place.lines[1]
    staff.get(f"/c/{place.slug}/documents")
    values = {"subject_type": BANK, "subject_id": str(line)}
    uploading(staff, f"/c/{place.slug}/documents/attach", PDF + b"x", "bill.pdf", **values)
    with place.acting(place.staff):
        (head,) = queries.linked(BANK, [line])[line]
    page = staff.get(f"/c/{place.slug}/documents/{head.id}")
    assert "12.50" in page.text
    off = staff.post(f"/c/{place.slug}/documents/{head.id}/unlink", values, follow=True)
    assert "Taken off." in off.text
    undo = re.findall(r'action="([^"]+/documents/undo/[^"]+)"', off.text)[0]
    staff.post(undo)
    with place.acting(place.staff):
        assert [one.id for one in queries.linked(BANK, [line])[line]] == [head.id]


def test_strangers_find_no_paper_of_ours(
    place: Place, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    made = add(place, b"ours", name="ours.txt")
    other = request_stage.build(app, worker_app, admin, "Stranger")
    for slug in (place.slug, other.slug):
        for tail in ("", "/file", "/download"):
            address = f"/portal/{slug}/documents/{made}{tail}"
            assert other.browser(other.owner).get(address).status_code == 404
            address = f"/c/{slug}/documents/{made}{tail}"
            assert other.browser(other.staff).get(address).status_code == 404
    stranger = other.browser(other.staff)
    stranger.get(f"/c/{other.slug}/documents")
    values = {"subject_type": BANK, "subject_id": str(place.lines[0])}
    sent = stranger.post(
        f"/c/{other.slug}/documents/attach", {**values, "files": (io.BytesIO(b"x"), "x.txt")}
    )
    assert sent.status_code == 404


def test_the_bucket_never_holds_the_plain_bytes(place: Place) -> None:
    add(place, b"needle in the bucket", name="needle.txt")
    with place.app.app_context():
        for one in bucket().versions(f"t/{place.tenant}/"):
            assert b"needle in the bucket" not in b"".join(bucket().get(one.key))


def test_the_api_adds_lists_links_and_hands_out(place: Place) -> None:
    staff = place.browser(place.staff)
    staff.get(f"/c/{place.slug}/documents")
    base = f"/api/v1/clients/{place.slug}/documents"
    head = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": staff.token}
    sent = staff.client.post(
        base, data={"file": (io.BytesIO(b"by the api"), "api.txt")}, headers=head
    )
    assert sent.status_code == 201, sent.text
    made = sent.get_json()
    assert made["media_type"] == "text/plain"
    link = {"subject_type": BANK, "subject_id": str(place.lines[2])}
    assert (
        staff.client.post(f"{base}/{made['id']}/links", json=link, headers=head).status_code == 201
    )
    assert staff.client.get(f"{base}/{made['id']}/content").data == b"by the api"
    found = staff.client.get(f"{base}?q=api.tx").get_json()["items"]
    assert [one["id"] for one in found] == [made["id"]]
    taken = staff.client.post(f"{base}/{made['id']}/unlink", json=link, headers=head)
    assert taken.status_code == 200
    again = staff.client.post(f"{base}/{made['id']}/unlink", json=link, headers=head)
    assert again.status_code == 409


def test_a_paper_is_metered_and_voided_when_removed(
    place: Place, admin: psycopg.Connection
) -> None:
    made = add(place, b"metered", name="metered.txt")
    with place.acting(place.owner):
        commands.remove(made)
    row = admin.execute(
        "select meter, voided_at is not null from app.usage_event where key = %s",
        (f"document:{made}",),
    ).fetchone()
    assert row == ("document", True)


def test_the_portal_shows_and_takes_papers(place: Place) -> None:
    owner = place.browser(place.owner)
    base = f"/portal/{place.slug}/documents"
    assert "Send a photo or a file" in owner.get(base).text
    uploading(owner, base, b"from the phone", "phone.txt")
    assert "phone.txt" in owner.get(base).text


def test_a_pdf_is_shown_as_pictures_that_a_job_painted(place: Place) -> None:
    data = typst.compile(b"= Lease\n#pagebreak()\nSecond page", format="pdf")
    made = add(place, data, name="lease.pdf", kind="payroll")
    jobs.run_due(place.worker_app)
    owner, staff = place.browser(place.owner), place.browser(place.staff)
    page = owner.get(f"/portal/{place.slug}/documents/{made}")
    assert page.text.count(f"/documents/{made}/pages/") == 2
    picture = owner.client.get(f"/portal/{place.slug}/documents/{made}/pages/2")
    assert picture.mimetype == "image/png"
    assert picture.data.startswith(b"\x89PNG")
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    assert owner.client.get(f"/portal/{place.slug}/documents/{made}/pages/3").status_code == 404
    assert staff.get(f"/c/{place.slug}/documents/{made}/pages/1").status_code == 404


@pytest.mark.parametrize("name", ["phone.heic", "phone.avif"])
def test_a_phones_photo_is_shown_upright_without_where_it_was_taken(
    place: Place, name: str
) -> None:
    data = (Path(__file__).parent / "data" / name).read_bytes()
    made = add(place, data, name=name)
    jobs.run_due(place.worker_app)
    owner = place.browser(place.owner)
    page = owner.get(f"/portal/{place.slug}/documents/{made}")
    assert page.text.count(f"/documents/{made}/pages/1") == 1
    answer = owner.client.get(f"/portal/{place.slug}/documents/{made}/pages/1")
    assert answer.mimetype == "image/jpeg"
    with Image.open(io.BytesIO(answer.data)) as picture:
        assert picture.size == (32, 64)  # turned: the camera lay on its side
        red, green, _blue = picture.convert("RGB").crop((16, 8, 17, 9)).tobytes()
        assert red > 150 > green
        assert not picture.getexif()
    kept = owner.client.get(f"/portal/{place.slug}/documents/{made}/download")
    assert kept.data == data


def test_a_photo_that_cannot_be_decoded_has_no_preview(worker_app: Flask) -> None:
    data = (Path(__file__).parent / "data" / "phone.heic").read_bytes()
    painting = preview.PAINTED["image/heic"]
    with worker_app.app_context():
        for broken in (data[:400], data[:40] + b"\xff" * 400, data[:12]):
            assert preview.paint(broken, painting) == preview.Pictures([])


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7 nothing\n%%EOF", PDF[:70], b"%PDF-1.7\n" + b"\xff" * 5_000]
)
def test_a_pdf_that_cannot_be_drawn_has_no_preview_and_harms_nothing(
    worker_app: Flask, data: bytes
) -> None:
    with worker_app.app_context():
        assert preview.paint(data) == preview.Pictures([])
