"""A read paper on screen and over the API: corrected, confirmed, put away, learnt, forgotten."""

from __future__ import annotations

import re
from decimal import Decimal

import psycopg
import pytest
from flask import Flask

from tests.documents.printed import papers
from tests.documents.readings import stage
from tests.tasks import request_stage
from tests.tasks.request_stage import Place

NOT_KNOWN = papers.ENGLISH.replace("[*Invoice number*]", "[*Our mark*]").replace(
    "HP-2026/0093", "HP-2026/0177"
)


def test_a_paper_is_corrected_and_confirmed_beside_its_page_and_the_next_follows(
    place: Place,
) -> None:
    first = stage.add(place, papers.typeset(papers.ENGLISH), "one.pdf")
    second = stage.add(place, papers.typeset(papers.GERMAN), "two.pdf")
    staff = place.browser(place.staff)
    waiting = staff.get(f"/c/{place.slug}/documents/to-check").text
    assert "Harrow Press Ltd" in waiting
    page = staff.get(stage.address(place, first)).text
    assert 'data-box="invoice_number"' in page
    values = stage.shown(page)
    assert values["total_minor"] == "318.60"
    sent = staff.post(
        stage.address(place, first), {**values, "seller_name": "Harrow Press Limited"}
    )
    assert sent.status_code == 303
    assert str(second) in sent.headers["Location"]
    row = stage.fields(place, first)["seller_name"]
    assert (row["value"], row["method"], row["no"]) == ("Harrow Press Limited", "person", 2)
    assert row["said_by"] == place.staff.person_id
    assert stage.reading(place, first)["state"] == "confirmed"
    assert "Checked by" in staff.get(stage.address(place, first)).text


def test_wrong_input_is_named_at_its_field_and_nothing_is_changed(place: Place) -> None:
    made = stage.add(place, papers.typeset(papers.FRENCH), "three.pdf")
    staff = place.browser(place.staff)
    values = stage.shown(staff.get(stage.address(place, made)).text)
    answer = staff.post(stage.address(place, made), {**values, "total_minor": "much"})
    assert answer.status_code == 422
    assert 'id="e-total_minor"' in answer.text
    assert stage.reading(place, made)["state"] == "to_check"


def test_who_is_late_with_a_correction_is_told(place: Place) -> None:
    made = stage.add(place, papers.typeset(papers.FRENCH.replace("0018", "0019")), "four.pdf")
    staff = place.browser(place.staff)
    values = stage.shown(staff.get(stage.address(place, made)).text)
    assert staff.post(f"{stage.address(place, made)}/keep", values).status_code == 303
    late = staff.post(stage.address(place, made), values)
    assert late.status_code == 409
    assert "changed what is read off this document meanwhile" in late.text


def test_no_invoice_is_put_away_and_taken_back(place: Place) -> None:
    made = stage.add(place, papers.typeset(papers.FRENCH.replace("0018", "0020")), "five.pdf")
    staff = place.browser(place.staff)
    staff.get(stage.address(place, made))
    done = staff.post(f"{stage.address(place, made)}/aside", {"version": "1"}, follow=True)
    assert stage.reading(place, made)["state"] == "nothing"
    undo = re.findall(r'action="([^"]+/to-check/undo/[^"]+)"', done.text)[0]
    assert staff.post(undo).status_code == 303
    assert stage.reading(place, made)["state"] == "to_check"


def test_a_correction_teaches_the_suppliers_next_paper_and_can_be_forgotten(place: Place) -> None:
    first = stage.add(place, papers.typeset(NOT_KNOWN), "odd.pdf")
    assert "invoice_number" not in stage.fields(place, first)
    staff = place.browser(place.staff)
    values = stage.shown(staff.get(stage.address(place, first)).text)
    staff.post(stage.address(place, first), {**values, "invoice_number": "HP-2026/0177"})
    stage.work(place)
    second = stage.add(place, papers.typeset(NOT_KNOWN.replace("0177", "0178")), "odd2.pdf")
    learnt = stage.fields(place, second)["invoice_number"]
    assert (learnt["value"], learnt["method"]) == ("HP-2026/0178", "template")
    assert learnt["confidence"] < Decimal("0.995")
    assert learnt["place"] is not None
    page = staff.get(stage.address(place, second)).text
    assert "corrected on" in page
    assert "our mark" in page
    gone = staff.post(f"{stage.address(place, second)}/forget", follow=True)
    assert "is forgotten" in gone.text
    third = stage.add(place, papers.typeset(NOT_KNOWN.replace("0177", "0179")), "odd3.pdf")
    assert "invoice_number" not in stage.fields(place, third)


def test_what_one_client_taught_no_other_hears_of(
    place: Place, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    source = NOT_KNOWN.replace("Our mark", "Sheet mark").replace("IE6388047V", "")
    source = source.replace("IE29 AIBK 9311 5212 3456 78", "").replace("Harrow", "Marrow")
    first = stage.add(place, papers.typeset(source), "m.pdf")
    staff = place.browser(place.staff)
    values = stage.shown(staff.get(stage.address(place, first)).text)
    staff.post(stage.address(place, first), {**values, "invoice_number": "HP-2026/0177"})
    stage.work(place)
    other = request_stage.build(app, worker_app, admin, "Stranger")
    theirs = stage.add(other, papers.typeset(source.replace("0177", "0178")), "m.pdf")
    assert "invoice_number" not in stage.fields(other, theirs)
    mine = stage.add(place, papers.typeset(source.replace("0177", "0178")), "m2.pdf")
    assert stage.fields(place, mine)["invoice_number"]["value"] == "HP-2026/0178"


def test_a_paper_is_read_again_on_demand_and_keeps_what_was_before(place: Place) -> None:
    made = stage.add(place, papers.typeset(papers.GERMAN.replace("77120", "77121")), "six.pdf")
    before = stage.reading(place, made)["id"]
    staff = place.browser(place.staff)
    staff.get(stage.address(place, made))
    assert staff.post(f"{stage.address(place, made)}/again").status_code == 303
    stage.work(place)
    assert stage.reading(place, made)["id"] != before


def test_reading_a_checked_paper_again_asks_first_and_can_be_taken_back(place: Place) -> None:
    made = stage.add(place, papers.typeset(papers.GERMAN.replace("77120", "77131")), "asks.pdf")
    before = stage.reading(place, made)["id"]
    staff = place.browser(place.staff)
    values = stage.shown(staff.get(stage.address(place, made)).text)
    assert staff.post(stage.address(place, made), values).status_code == 303
    page = staff.get(stage.address(place, made)).text
    assert "Read this document again?" in page
    assert staff.post(f"{stage.address(place, made)}/again").status_code == 409
    version = re.findall(r'/again">.*?name="version" value="(\d+)"', page, re.DOTALL)[0]
    told = staff.post(f"{stage.address(place, made)}/again", {"version": version}, follow=True).text
    stage.work(place)
    assert stage.reading(place, made)["state"] == "to_check"
    undo = re.findall(r'action="([^"]+/to-check/undo/[^"]+)"', told)[0]
    assert staff.post(undo).status_code == 303
    now = stage.reading(place, made)
    assert (now["id"], now["state"]) == (before, "confirmed")


def test_reading_again_is_taken_back_before_it_happened(place: Place) -> None:
    made = stage.add(place, papers.typeset(papers.GERMAN.replace("77120", "77132")), "early.pdf")
    before = stage.reading(place, made)["id"]
    staff = place.browser(place.staff)
    staff.get(stage.address(place, made))
    told = staff.post(f"{stage.address(place, made)}/again", follow=True).text
    undo = re.findall(r'action="([^"]+/to-check/undo/[^"]+)"', told)[0]
    assert staff.post(undo).status_code == 303
    stage.work(place)
    assert stage.reading(place, made)["id"] == before


def test_only_those_who_may_check_change_what_was_read(place: Place) -> None:
    made = stage.add(place, papers.typeset(papers.GERMAN.replace("77120", "77122")), "seven.pdf")
    owner = place.browser(place.owner)
    assert owner.post(f"{stage.address(place, made)}/aside", {"version": "1"}).status_code in {
        403,
        404,
    }
    assert stage.reading(place, made)["state"] == "to_check"


@pytest.mark.parametrize("name", ["one", "two"])
def test_the_desk_lists_the_papers_of_all_clients(place: Place, name: str) -> None:
    text = papers.GERMAN.replace("77120", f"88{len(name)}{ord(name[0])}")
    made = stage.add(place, papers.typeset(text), f"{name}-desk.pdf")
    page = place.browser(place.staff).get("/desk/documents").text
    assert f"/c/{place.slug}/documents/{made}/reading" in page
