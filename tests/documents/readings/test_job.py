"""The reading job through the store: text and fields kept, bounds, states, classes, strangers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import sqlalchemy as sa

from app.documents.readings import run
from app.kernel.db import session
from tests.documents.einvoice import samples
from tests.documents.printed import papers
from tests.documents.readings.stage import add, fields, reading
from tests.tasks.request_stage import Place


def test_a_printed_invoice_is_kept_as_typed_fields_with_their_place(place: Place) -> None:
    made = add(place, papers.typeset(papers.ENGLISH), "harrow.pdf")
    about = reading(place, made)
    assert (about["state"], about["method"], about["pages"]) == ("to_check", "text", 1)
    said = fields(place, made)
    assert said["total_minor"]["minor"] == 31_860
    assert said["total_minor"]["value"] == "318.60"
    assert said["issue_date"]["on_day"] == date(2026, 3, 14)
    left, top, right, bottom = said["invoice_number"]["place"]
    assert 0 < left < right < 1
    assert 0 < top < bottom < 0.5
    assert said["total_minor"]["place"][1] > bottom
    with place.acting(place.staff):
        text = session.execute(
            sa.text("select text from app.document_text where document_id = :id"), {"id": made}
        ).scalar_one()
    assert "Brochures" in text


def test_a_sound_e_invoice_is_taken_by_the_machine_alone(place: Place) -> None:
    made = add(place, samples.fatturapa("TD01"), "f.xml")
    about = reading(place, made)
    assert (about["state"], about["kind"], about["method"]) == ("machine", "fatturapa", "xml")


def test_what_is_no_invoice_says_so_and_keeps_its_text(place: Place) -> None:
    made = add(place, b"Minutes of the meeting about marmalade\n", "minutes.txt")
    about = reading(place, made)
    assert (about["state"], about["code"]) == ("nothing", "not-an-invoice")


def test_only_who_sees_a_class_sees_what_was_read(place: Place) -> None:
    made = add(place, papers.typeset(papers.GERMAN), "lohn.pdf", kind="owner_only")
    assert reading(place, made) == {}
    assert fields(place, made) == {}
    with place.acting(place.owner):
        count = sa.text("select count(*) from app.document_field where document_id = :id")
        assert session.execute(count, {"id": made}).scalar_one() > 8


def test_a_reader_that_takes_too_long_is_ended_and_the_paper_says_so(tmp_path: Path) -> None:
    data = papers.typeset(papers.ENGLISH)
    answer = run.read(data, "application/pdf", folder=tmp_path, seconds=0.01)
    assert (answer.state, answer.code) == ("refused", "reading-too-long")


def test_a_broken_pdf_ends_in_a_clear_state(tmp_path: Path) -> None:
    answer = run.read(b"%PDF-1.4\n" + b"\x00\xff" * 500, "application/pdf", folder=tmp_path)
    assert (answer.state, answer.code) == ("refused", "file-damaged")
