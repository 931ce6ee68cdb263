"""Papers are organised, brought twice, and replaced by another version."""

from __future__ import annotations

import io
import re
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from app.documents import commands, organise, queries, versions
from app.documents.organise import Change
from app.kernel.errors import Forbidden
from tests.documents.coming_in import Caller, added
from tests.documents.test_checks import png
from tests.tasks.request_stage import Place


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
