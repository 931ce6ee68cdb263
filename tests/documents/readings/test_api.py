"""Readings over the API: what waits, fields corrected and confirmed, and refusals."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from tests.documents.einvoice import samples
from tests.documents.printed import papers
from tests.documents.readings import stage
from tests.programs import Caller, token_of
from tests.tasks.request_stage import Place

pytestmark = pytest.mark.usefixtures("without_limits")


@pytest.fixture
def api(place: Place, admin: psycopg.Connection) -> Caller:
    """The accountant's program."""
    header = token_of(admin, place.tenant, place.staff.person_id)
    return Caller(place.app.test_client(), f"/api/v1/clients/{place.slug}", header)


def test_a_program_reads_corrects_and_confirms(place: Place, api: Caller) -> None:
    made = stage.add(place, papers.typeset(papers.ENGLISH), "one.pdf")
    assert str(made) in {one["document_id"] for one in api.get("/documents/to-check")["items"]}
    read = api.get(f"/documents/{made}/reading")
    said = {one["field"]: one for one in read["fields"]}
    assert (said["total_minor"]["minor"], said["total_minor"]["is_doubtful"]) == ("31860", False)
    assert said["seller_name"]["is_doubtful"]
    body = {"version": read["version"], "fields": {"total_minor": "319.60", "due_date": None}}
    changed = api.post(f"/documents/{made}/reading", body)
    assert "sums-differ" in {one["code"] for one in changed["doubts"]}
    api.post(f"/documents/{made}/reading", body, status=409)
    body = {"version": changed["version"], "fields": {"total_minor": "318.60"}}
    done = api.post(f"/documents/{made}/reading/confirm", body)
    assert done["state"] == "confirmed"
    assert api.get(f"/documents/{made}/bank-lines") == {"fits": []}


def test_amounts_keep_their_value_when_the_currency_is_corrected(place: Place, api: Caller) -> None:
    made = stage.add(place, papers.typeset(papers.ENGLISH.replace("0093", "0094")), "yen.pdf")
    read = api.get(f"/documents/{made}/reading")
    yen = dict.fromkeys(("net_minor", "tax_minor", "payable_minor")) | {"total_minor": "318"}
    body = {"version": read["version"], "fields": {"currency": "JPY", **yen}}
    read = api.post(f"/documents/{made}/reading", body)
    said = {one["field"]: one for one in read["fields"]}
    assert (said["currency"]["value"], said["total_minor"]["minor"]) == ("JPY", "318")
    body = {"version": read["version"], "fields": {"currency": "EUR"}}
    read = api.post(f"/documents/{made}/reading", body)
    said = {one["field"]: one for one in read["fields"]}
    assert (said["total_minor"]["value"], said["total_minor"]["minor"]) == ("318.00", "31800")
    body = {"version": read["version"], "fields": {"total_minor": "318.60"}}
    read = api.post(f"/documents/{made}/reading", body)
    body = {"version": read["version"], "fields": {"currency": "JPY"}}
    refused = api.post(f"/documents/{made}/reading", body, status=422)
    assert "total_minor" in str(refused)


def test_what_somebody_checked_is_read_again_only_by_who_names_its_version(
    place: Place, api: Caller
) -> None:
    made = stage.add(place, papers.typeset(papers.FRENCH.replace("0018", "0050")), "again.pdf")
    read = api.get(f"/documents/{made}/reading")
    body = {"version": read["version"], "fields": {}}
    done = api.post(f"/documents/{made}/reading/confirm", body)
    api.post(f"/documents/{made}/reading/again", {}, status=409)
    api.post(f"/documents/{made}/reading/again?version=1", {}, status=409)
    api.post(f"/documents/{made}/reading/again?version={done['version']}", {}, status=202)
    stage.work(place)
    assert api.get(f"/documents/{made}/reading")["id"] != read["id"]


def test_a_program_confirms_one_invoice_of_a_lot_and_the_others_wait_on_their_own(
    place: Place, api: Caller
) -> None:
    made = stage.add(
        place,
        samples.fatturapa("TD01", "TD04").replace(b"<Imposta>2.20", b"<Imposta>9.20"),
        "l.xml",
    )
    waiting = api.get("/documents/to-check?limit=200")["items"]
    assert [one["no"] for one in waiting if one["document_id"] == str(made)] == [1, 2]
    second = api.get(f"/documents/{made}/reading?invoice=2")
    assert (second["no"], second["further"]) == (2, 1)
    body = {"version": second["version"], "fields": {"invoice_number": "2-b"}}
    done = api.post(f"/documents/{made}/reading/confirm?invoice=2", body)
    assert (done["no"], done["state"]) == (2, "confirmed")
    assert api.get(f"/documents/{made}/reading")["state"] == "to_check"
    api.post(f"/documents/{made}/reading/again", {}, status=409)
    api.get(f"/documents/{made}/reading?invoice=3", status=404)
    api.get(f"/documents/{made}/reading?invoice=0", status=422)


def test_wrong_fields_are_named_and_strangers_are_not_there(place: Place, api: Caller) -> None:
    made = stage.add(place, papers.typeset(papers.GERMAN), "two.pdf")
    version = api.get(f"/documents/{made}/reading")["version"]
    for fields in ({"colour": "red"}, {"issue_date": "soon"}, {"total_minor": "much"}):
        api.post(f"/documents/{made}/reading", {"version": version, "fields": fields}, status=422)
    api.get(f"/documents/{uuid4()}/reading", status=404)


def _back(api: Caller, token: str, *, status: int = 204) -> None:
    answer = api.client.post(f"{api.base}/documents/to-check/undo/{token}", headers=api.header)
    assert answer.status_code == status, answer.text


def test_a_program_takes_back_what_it_decided_and_opens_it_again(place: Place, api: Caller) -> None:
    made = stage.add(place, papers.typeset(papers.ENGLISH.replace("0093", "0095")), "back.pdf")
    address = f"/documents/{made}/reading"
    first = api.get(address)
    body = {"version": first["version"], "fields": {"invoice_number": "corrected"}}
    done = api.post(f"{address}/confirm", body)
    api.post(f"{address}/open", {"version": first["version"]}, status=409)
    _back(api, done["undo"])
    _back(api, done["undo"], status=404)
    waits = api.get(address)
    assert (waits["state"], waits["decided_by"]) == ("to_check", None)
    aside = api.post(f"{address}/aside", {"version": waits["version"]})
    assert aside["state"] == "nothing"
    _back(api, aside["undo"])
    again = api.get(address)
    assert again["state"] == "to_check"
    decided = api.post(f"{address}/confirm", {"version": again["version"], "fields": {}})
    opened = api.post(f"{address}/open", {"version": decided["version"]})
    assert (opened["state"], opened["decided_at"]) == ("to_check", None)
    assert str(made) in {one["document_id"] for one in api.get("/documents/to-check")["items"]}


def test_a_program_goes_back_to_what_was_read_before(place: Place, api: Caller) -> None:
    made = stage.add(place, papers.typeset(papers.FRENCH.replace("0018", "0051")), "before.pdf")
    address = f"/documents/{made}/reading"
    before = api.get(address)
    asked = api.post(f"{address}/again", {}, status=202)
    stage.work(place)
    assert api.get(address)["id"] != before["id"]
    _back(api, asked["undo"])
    assert api.get(address)["id"] == before["id"]


def test_what_a_program_forgot_of_a_supplier_is_known_again(place: Place, api: Caller) -> None:
    made = stage.add(place, papers.typeset(papers.ENGLISH.replace("0093", "0096")), "taught.pdf")
    address = f"/documents/{made}/reading"
    read = api.get(address)
    body = {"version": read["version"], "fields": {"seller_name": "Somebody else"}}
    api.post(f"{address}/confirm", body)
    stage.work(place)
    forgot = api.post(f"{address}/forget", {})
    api.post(f"{address}/forget", {}, status=409)
    _back(api, forgot["undo"])
    assert api.post(f"{address}/forget", {})["undo"] != forgot["undo"]
