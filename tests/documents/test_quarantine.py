"""What fails a check is held, closed, until somebody else decides; nobody lets a virus in."""

from __future__ import annotations

import zlib
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from app.documents import held, intake
from app.kernel.errors import DomainError, NotFound
from tests import factories
from tests.documents.coming_in import EICAR, Caller, archive, arrived, mailed
from tests.tasks.request_stage import PDF, Place

NESTED = archive(("inner.zip", archive(("a.txt", b"a"))))
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


def bomb_of_zeros(megabytes: int) -> bytes:
    """A small PDF with an attached file that unpacks, twice, to so much."""
    packer, piece = zlib.compressobj(1), b"\0" * 2**20
    once = b"".join(packer.compress(piece) for _no in range(megabytes)) + packer.flush()
    inner = zlib.compress(once, 9)
    body = (
        b"%%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<<"
        b"/Names[(a.bin) 4 0 R]>>>>>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n"
        b"4 0 obj<</Type/Filespec/F(a.bin)/UF(a.bin)/EF<</F 5 0 R>>>>endobj\n"
        b"5 0 obj<</Type/EmbeddedFile/Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n"
    ) % len(inner)
    return body + inner + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def test_a_pdf_under_whose_weight_the_examiner_dies_is_held_as_a_bomb(place: Place) -> None:
    found = arrived(place, bomb_of_zeros(1_000))
    with place.acting(place.staff):
        assert held.one(found).reason == "file-bomb"


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
