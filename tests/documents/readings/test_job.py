"""The reading job through the store: text and fields kept, bounds, states, classes, strangers."""

from __future__ import annotations

import io
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from PIL import Image

from app.documents import versions
from app.documents.readings import commands, jobs, learnt, queries, run, warm
from app.documents.readings.learning import Supplier
from app.documents.readings.said import Value
from app.kernel import undo
from app.kernel.db import session
from tests.documents.einvoice import samples
from tests.documents.printed import papers
from tests.documents.readings.stage import add, fields, reading, work
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


def test_each_invoice_of_a_lot_is_a_reading_of_its_own(place: Place) -> None:
    made = add(place, samples.fatturapa("TD01", "TD04", "TD01"), "lot.xml")
    with place.acting(place.staff):
        found = [queries.current(made, no) for no in (1, 2, 3, 4)]
    assert found.pop() is None
    said = [
        (one.no, one.state, one.further, one.values["invoice_number"].text, one.values["kind"].text)
        for one in found
        if one
    ]
    assert said == [
        (1, "machine", 2, "1", "380"),
        (2, "machine", 2, "2", "381"),
        (3, "machine", 2, "3", "380"),
    ]


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


def read_slowly(
    place: Place, document: UUID, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]
) -> None:
    """The paper is read again, and something happens before what was read is kept."""
    waiting = [meanwhile]
    read = jobs.answer_of

    def answer_of(pieces: Iterator[bytes], media_type: str) -> run.Answer:
        answer = read(pieces, media_type)
        if waiting:
            waiting.pop()()
        return answer

    monkeypatch.setattr(jobs, "answer_of", answer_of)
    with place.acting(place.staff):
        commands.read_again(document, line="accounting")
    work(place)
    assert not waiting


def test_a_reading_that_ends_after_somebody_confirmed_changes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = add(place, papers.typeset(papers.ENGLISH.replace("0093", "0303")), "late.pdf")
    before = reading(place, made)

    def confirmed() -> None:
        with place.acting(place.staff):
            commands.confirm(before["id"], version=before["version"], typed={})

    read_slowly(place, made, monkeypatch, confirmed)
    now = reading(place, made)
    assert (now["id"], now["state"]) == (before["id"], "confirmed")


def test_a_reading_of_an_older_content_changes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = add(place, papers.typeset(papers.ENGLISH.replace("0093", "0304")), "older.pdf")
    newer = papers.typeset(papers.ENGLISH.replace("0093", "0305"))

    def replaced() -> None:
        with place.acting(place.owner):
            versions.replace(made, newer, name="newer.pdf")

    read_slowly(place, made, monkeypatch, replaced)
    assert fields(place, made)["invoice_number"]["value"] == "HP-2026/0305"
    with place.acting(place.staff):
        read = sa.text("select count(*) from app.document_reading where document_id = :id")
        assert session.execute(read, {"id": made}).scalar_one() == 2


def test_nothing_is_learnt_of_what_is_no_longer_confirmed(place: Place) -> None:
    text = papers.ENGLISH.replace("Harrow", "Barrow").replace("IE6388047V", "")
    text = text.replace("IE29 AIBK 9311 5212 3456 78", "").replace("[*Invoice number*]", "[*Mark*]")
    made = add(place, papers.typeset(text), "unlearnt.pdf")
    before = reading(place, made)
    with place.acting(place.staff):
        typed = {"seller_name": Value("Barrow Press"), "invoice_number": Value("HP-2026/0093")}
        _changed, token = commands.confirm(before["id"], version=before["version"], typed=typed)
    with place.acting(place.staff):
        undo.take(token)
    work(place)
    with place.acting(place.staff):
        assert learnt.of(Supplier("name", "barrowpress")) == []


def test_a_reader_that_takes_too_long_is_ended_and_the_paper_says_so(tmp_path: Path) -> None:
    data = papers.typeset(papers.ENGLISH)
    answer = run.read(data, "application/pdf", folder=tmp_path, seconds=0.01)
    assert (answer.state, answer.code) == ("refused", "reading-too-long")


def test_a_reader_that_was_killed_is_started_anew_and_a_slow_paper_holds_up_no_other(
    tmp_path: Path,
) -> None:
    data = papers.typeset(papers.ENGLISH)
    assert run.read(data, "application/pdf", folder=tmp_path).state == "read"
    reader = warm.pid()
    assert reader is not None
    os.kill(reader, signal.SIGKILL)
    assert run.read(data, "application/pdf", folder=tmp_path).state == "read"
    assert warm.pid() != reader
    assert run.read(data, "application/pdf", folder=tmp_path, seconds=0.01).state == "refused"
    assert run.read(data, "application/pdf", folder=tmp_path).state == "read"


SLOW_OCR = """#!/bin/sh
if [ "$1" = --list-langs ]; then echo eng; exit; fi
echo $$ > {pid}
kill -XCPU $PPID
exec sleep 600
"""


def test_what_a_reader_started_ends_with_it_also_when_its_processor_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ocr, noted, made = tmp_path / "tesseract", tmp_path / "pid", io.BytesIO()
    ocr.write_text(SLOW_OCR.format(pid=noted))
    ocr.chmod(0o700)
    Image.new("L", (40, 40), 255).save(made, "PNG")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    _renewed()
    answer = run.read(made.getvalue(), "image/png", folder=tmp_path)
    assert (answer.state, answer.code) == ("refused", "reading-too-long")
    started = int(noted.read_text())
    try:
        for _again in range(100):
            if not _runs(started):
                break
            time.sleep(0.05)
        assert not _runs(started)
    finally:
        if _runs(started):
            os.kill(started, signal.SIGKILL)
        _renewed()  # the next one finds programs where they are


def _renewed() -> None:
    """The next reader begins with the environment of now."""
    if (reader := warm.pid()) is not None:
        os.kill(reader, signal.SIGKILL)


def _runs(process: int) -> bool:
    """Whether a process runs; one that has ended may wait to be taken away."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2]
    except OSError:
        return False
    return not state.startswith("Z")


def test_a_broken_pdf_ends_in_a_clear_state(tmp_path: Path) -> None:
    answer = run.read(b"%PDF-1.4\n" + b"\x00\xff" * 500, "application/pdf", folder=tmp_path)
    assert (answer.state, answer.code) == ("refused", "file-damaged")
