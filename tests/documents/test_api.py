"""What is done with papers on screen is done over the API too, and taken back there."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import typst
from werkzeug.test import TestResponse

from app.documents import commands
from app.kernel import jobs
from tests import factories
from tests.documents.coming_in import Caller, added
from tests.documents.test_checks import png
from tests.http import Browser
from tests.tasks.request_stage import Place

pytestmark = pytest.mark.usefixtures("without_limits")
NAME = "Quern"
BANK = "bank_transaction"


def of_owner(place: Place, admin: psycopg.Connection) -> Caller:
    """The owner's program, who may read who looked."""
    return Caller(place, admin, place.owner)


def undone(call: Caller, token: str, *, status: int = 204) -> None:
    answer = call("POST", f"/documents/undo/{token}")
    assert answer.status_code == status, answer.text


def test_a_program_removes_a_paper_and_brings_it_back_once(place: Place, call: Caller) -> None:
    made = added(place)
    removed = call("POST", f"/documents/{made}/remove")
    assert removed.status_code == 200, removed.text
    assert call("GET", f"/documents/{made}").status_code == 404
    assert call("POST", f"/documents/{made}/remove").status_code == 404
    token = removed.get_json()["undo"]
    undone(call, token)
    assert call("GET", f"/documents/{made}").status_code == 200
    undone(call, token, status=404)


def test_a_program_takes_back_what_it_organised_replaced_and_unlinked(
    place: Place, call: Caller
) -> None:
    made = added(place, name="deed.txt", data=b"the deed")
    sent = call("POST", "/documents/organise", json={"ids": [str(made)], "type": "contract"})
    assert call("GET", f"/documents/{made}").get_json()["type"] == "contract"
    undone(call, sent.get_json()["undo"])
    assert call("GET", f"/documents/{made}").get_json()["type"] == ""

    def replaced(data: bytes) -> Any:
        file = {"file": (io.BytesIO(data), "scan.png")}
        return call("POST", f"/documents/{made}/versions", data=file).get_json()

    newer = replaced(png(5, 6))
    assert newer["version"] == 2
    assert replaced(png(5, 6))["undo"] is None
    undone(call, newer["undo"])
    assert call("GET", f"/documents/{made}/content").data == b"the deed"

    place_of = {"subject_type": BANK, "subject_id": str(place.lines[0])}
    assert call("POST", f"/documents/{made}/links", json=place_of).status_code == 201
    off = call("POST", f"/documents/{made}/unlink", json=place_of).get_json()
    assert off["id"] == str(made)
    undone(call, off["undo"])
    assert call("POST", f"/documents/{made}/unlink", json=place_of).status_code == 200


def test_nobody_takes_back_what_somebody_else_did(
    place: Place, call: Caller, admin: psycopg.Connection
) -> None:
    made = added(place)
    token = call("POST", f"/documents/{made}/remove").get_json()["undo"]
    undone(of_owner(place, admin), token, status=404)
    undone(call, str(uuid4()), status=404)
    undone(call, token)


def test_a_program_fetches_the_pictures_of_a_papers_pages(
    place: Place, call: Caller, admin: psycopg.Connection
) -> None:
    data = typst.compile(b"= Lease\n#pagebreak()\nSecond page", format="pdf")
    made = added(place, data=data, name="lease.pdf")
    jobs.run_due(place.worker_app)
    picture = call("GET", f"/documents/{made}/pages/2")
    assert picture.mimetype == "image/png"
    assert picture.data.startswith(b"\x89PNG")
    for none in (0, 3, 2**31):
        assert call("GET", f"/documents/{made}/pages/{none}").status_code == 404
    secret = _payroll(place, typst.compile(b"Wages", format="pdf"))
    assert call("GET", f"/documents/{secret}/pages/1").status_code == 404
    assert of_owner(place, admin)("GET", f"/documents/{secret}/pages/1").status_code == 200


def _payroll(place: Place, data: bytes) -> UUID:
    with place.acting(place.owner):
        made = commands.add(
            data, name="wages.pdf", line="accounting", source="portal", document_class="payroll"
        )
    jobs.run_due(place.worker_app)
    return made


def test_who_looked_at_a_paper_is_read_page_by_page(
    place: Place, call: Caller, admin: psycopg.Connection
) -> None:
    made, other = added(place), added(place)
    owner = of_owner(place, admin)
    call("GET", f"/documents/{made}")
    call("GET", f"/documents/{made}/content")
    owner("GET", f"/documents/{made}")
    call("GET", f"/documents/{other}")
    admin.execute(
        "insert into app.view_log (tenant_id, person_id, day, kind, object_id, line, views)"
        " values (%s, %s, current_date - 1, 'document', %s, 'accounting', 3)",
        (place.tenant, place.staff.person_id, made),
    )
    admin.commit()
    address = f"/documents/{made}/looks"
    whole = owner("GET", address).get_json()["items"]
    days = [(one["day"], one["person_id"]) for one in whole]
    assert len(whole) == 3
    assert days == sorted(days, key=lambda one: (-int(one[0].replace("-", "")), one[1]))
    mine = {one["day"]: one for one in whole if one["person_id"] == str(place.staff.person_id)}
    assert sorted(one["exports"] for one in mine.values()) == [0, 1]
    walked, after = [], ""
    for _page in range(3):
        page = owner("GET", f"{address}?limit=1{after}").get_json()
        walked += page["items"]
        after = f"&after={page['next']}"
    assert walked == whole
    assert page["next"] is None
    assert owner("GET", f"{address}?after=nonsense").status_code == 422
    assert owner("GET", f"/documents/{uuid4()}/looks").status_code == 404


def test_who_looked_is_told_only_to_whom_may_read_the_trail(
    place: Place, admin: psycopg.Connection
) -> None:
    made = added(place)
    clerk = factories.make_person(admin, "provider")
    factories.grant(admin, place.tenant, clerk, role="staff_accountant", lines=("accounting",))
    refused = Caller(place, admin, factories.sign_in(admin, clerk))(
        "GET", f"/documents/{made}/looks"
    )
    assert refused.status_code == 403


def test_a_key_is_asked_to_be_destroyed_by_a_person_with_a_fresh_proof_and_by_no_token(
    place: Place, admin: psycopg.Connection
) -> None:
    manager = factories.staff(admin, place.tenant, role="operations_manager")
    address = "/key/destroy"
    token = Caller(place, admin, manager)("POST", address, json={"name": NAME})
    assert (token.status_code, token.get_json()["code"]) == (403, "fresh-sign-in-needed")
    stale = place.browser(factories.sign_in(admin, manager.person_id, fresh=False))
    base = f"/api/v1/clients/{place.slug}"

    def asked(browser: Browser, name: str) -> TestResponse:
        browser.get(f"/c/{place.slug}/documents/key")
        head = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": browser.token}
        return browser.client.post(base + address, json={"name": name}, headers=head)

    assert asked(stale, NAME).get_json()["code"] == "fresh-sign-in-needed"
    fresh = place.browser(manager)
    assert asked(fresh, "Somebody else").status_code == 422
    made = asked(fresh, NAME)
    assert made.status_code == 201, made.text
    waits = fresh.client.get(f"{base}/approvals/{made.get_json()['approval_id']}").get_json()
    assert (waits["kind"], waits["state"]) == ("client.key.destroy", "pending")
    form = stale.post(f"/c/{place.slug}/documents/key/destroy", {"name": NAME})
    assert "/login/again" in form.headers.get("Location", "")
