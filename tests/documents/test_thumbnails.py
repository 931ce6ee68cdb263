"""Papers have a small picture in lists: of their class, of their version, and gone with them."""

from __future__ import annotations

import io
import re
from uuid import UUID, uuid4

import psycopg
import typst
from PIL import Image

from app.documents import commands, paint
from app.kernel import jobs
from app.kernel.storage_bucket import bucket
from app.tasks.client_requests import commands as lists
from app.tasks.client_requests.models import Wanted
from tests.documents.coming_in import Caller
from tests.tasks.request_stage import Place


def sheet(text: str = "", *, pages: int = 2) -> bytes:
    """A PDF that nobody has added before."""
    more = "#pagebreak()\nMore\n" * (pages - 1)
    return typst.compile(f"= Lease {uuid4().hex}\n{text}\n{more}".encode(), format="pdf")


def painted(place: Place, data: bytes, name: str, *, kind: str = "normal") -> UUID:
    """A paper of the owner's whose pictures were made."""
    with place.acting(place.owner):
        made = commands.add(
            data, name=name, line="accounting", document_class=kind, source="portal"
        )
    jobs.run_due(place.worker_app)
    return made


def photo(width: int, height: int) -> bytes:
    """A grey picture with a mark that makes it one of its own."""
    made = io.BytesIO()
    plain = Image.new("RGB", (width, height), "grey")
    plain.putpixel((width // 2, height // 2), tuple(uuid4().bytes[:3]))
    plain.save(made, "PNG")
    return made.getvalue()


def picture(data: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(data))
    assert found.format == "WEBP"
    return found


def test_the_first_page_becomes_a_small_picture_that_a_list_fetches_when_it_is_in_sight(
    place: Place,
) -> None:
    made = painted(place, sheet(), "lease.pdf")
    none = painted(place, uuid4().hex.encode(), "plain.txt")
    for who, base in ((place.staff, f"/c/{place.slug}"), (place.owner, f"/portal/{place.slug}")):
        browser = place.browser(who)
        page = browser.get(f"{base}/documents").text
        address = f"{base}/documents/{made}/thumbnail"
        (drawn,) = re.findall(rf'<img src="{address}"[^>]*>', page)
        assert 'loading="lazy"' in drawn
        assert 'width="28" height="36"' in drawn
        assert f"{none}/thumbnail" not in page
        answer = browser.client.get(address)
        assert answer.mimetype == "image/webp"
        assert max(picture(answer.data).size) == paint.SMALL_EDGE
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert browser.client.get(f"{base}/documents/{none}/thumbnail").status_code == 404
        assert browser.client.get(f"{base}/documents/{made}/pages/0").status_code == 404
        shown = browser.get(f"{base}/documents/{made}").text
        assert len(set(re.findall(rf"/documents/{made}/pages/(\d+)", shown))) == 2


def test_a_photo_is_small_in_a_list_and_found_with_its_picture(place: Place, call: Caller) -> None:
    word = f"Quillon{uuid4().hex[:8]}"
    made = painted(place, photo(400, 100), f"{word}.png")
    staff = place.browser(place.staff)
    page = staff.get(f"/c/{place.slug}/documents/find?q={word}").text
    assert f"/c/{place.slug}/documents/{made}/thumbnail" in page
    desk = staff.get(f"/desk/documents/find?q={word}").text
    assert f"/c/{place.slug}/documents/{made}/thumbnail" in desk
    portal = place.browser(place.owner).get(f"/portal/{place.slug}/documents/find?q={word}").text
    assert f"/portal/{place.slug}/documents/{made}/thumbnail" in portal
    (found,) = call("GET", f"/documents/find?q={word}").get_json()["items"]
    assert found["has_thumbnail"]
    answer = call("GET", f"/documents/{made}/thumbnail")
    assert picture(answer.data).size == (160, 40)


def test_a_small_picture_in_a_list_is_no_look_at_the_paper(
    place: Place, admin: psycopg.Connection
) -> None:
    made = painted(place, sheet(), "unseen.pdf")
    staff = place.browser(place.staff)
    staff.get(f"/c/{place.slug}/documents")
    assert staff.client.get(f"/c/{place.slug}/documents/{made}/thumbnail").status_code == 200
    seen = "select count(*) from app.view_log where kind = 'document' and object_id = %s"
    assert admin.execute(seen, (made,)).fetchone() == (0,)
    staff.client.get(f"/c/{place.slug}/documents/{made}/pages/1")
    admin.rollback()
    assert admin.execute(seen, (made,)).fetchone() == (1,)


def test_whoever_may_not_see_a_paper_sees_no_small_picture_of_it(
    place: Place, call: Caller
) -> None:
    made = painted(place, sheet("Wages"), "wages.pdf", kind="payroll")
    address = f"/c/{place.slug}/documents/{made}/thumbnail"
    assert place.browser(place.staff).client.get(address).status_code == 404
    assert call("GET", f"/documents/{made}/thumbnail").status_code == 404
    moved = painted(place, sheet("Shown"), "shown.pdf")
    with place.acting(place.owner):
        commands.set_class(moved, document_class="owner_only")
    address = f"/portal/{place.slug}/documents/{moved}/thumbnail"
    assert place.browser(place.owner).client.get(address).status_code == 200
    assert call("GET", f"/documents/{moved}/thumbnail").status_code == 404


def test_a_new_version_has_its_own_small_picture_and_none_before_it_is_painted(
    place: Place, call: Caller
) -> None:
    made = painted(place, sheet(), "first.pdf")
    first = call("GET", f"/documents/{made}/thumbnail").data
    file = {"file": (io.BytesIO(photo(90, 30)), "second.png")}
    assert call("POST", f"/documents/{made}/versions", data=file).status_code == 201
    assert not call("GET", f"/documents/{made}").get_json()["has_thumbnail"]
    assert call("GET", f"/documents/{made}/thumbnail").status_code == 404
    jobs.run_due(place.worker_app)
    assert call("GET", f"/documents/{made}").get_json()["has_thumbnail"]
    assert call("GET", f"/documents/{made}/thumbnail").data != first


def test_small_pictures_are_sealed_with_the_clients_key(place: Place) -> None:
    painted(place, sheet(), "sealed.pdf")
    with place.app.app_context():
        for one in bucket().versions(f"t/{place.tenant}/"):
            assert b"WEBP" not in b"".join(bucket().get(one.key))[:64]


def test_what_came_in_on_a_request_list_is_shown_small_on_both_sides(place: Place) -> None:
    with place.acting(place.staff):
        listed = lists.write(
            line="accounting", title="VAT", wanted=(Wanted("file", "The lease", ""),)
        )
        lists.send(listed, version=1)
    owner, staff = place.browser(place.owner), place.browser(place.staff)
    page = owner.get(f"/portal/{place.slug}/requests/{listed}").text
    (item,) = set(re.findall(r"/requests/items/([0-9a-f-]{36})\"", page))
    sent = owner.post(
        f"/portal/{place.slug}/requests/items/{item}", {"files": (io.BytesIO(sheet()), "it.pdf")}
    )
    assert sent.status_code == 303, sent.text
    before = staff.get(f"/c/{place.slug}/requests/{listed}").text
    assert "/thumbnail" not in before
    jobs.run_due(place.worker_app)
    assert re.search(
        rf"/c/{place.slug}/documents/[^/]+/thumbnail",
        staff.get(f"/c/{place.slug}/requests/{listed}").text,
    )
    assert re.search(
        rf"/portal/{place.slug}/documents/[^/]+/thumbnail",
        owner.get(f"/portal/{place.slug}/requests/{listed}").text,
    )
