"""`backoffice documents extract` as an operator runs it, and over the shared invoices."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdf
import pytest

from app.cli.documents import _answer
from app.documents import extract, fields, pdf_words
from app.documents.printed import reading as printed
from tests.documents.einvoice import samples
from tests.documents.printed import papers

SHARED = Path(os.environ.get("BACKOFFICE_SHARED", Path(__file__).parents[4] / "shared")) / "data"
INVOICES = (SHARED / "connectors-documents" / "invoices", SHARED / "statements" / "einvoice")
HEAVY = {"flask", "sqlalchemy", "psycopg", "pydantic", "babel"}
BROKEN = {
    "fatturapa_eigor_valid_con-ritenuta-acconto-e-cassa-previdenziale.xml": "xml-broken",
    "not_validating_full_invoice_based_onTest_EeISI_300_CENfullmodel.ubl.xml": "rule-broken",
    "other__eicar.cii.xml": "file-virus",
    "other__eicar.ubl.xml": "file-virus",
    "xml__order-x-comfort.xml": "an-order",
}
"""The end of each name that the sources mark as broken, as no invoice, or as a virus."""


LABELS = {"net_minor": "amount_untaxed", "tax_minor": "amount_tax", "total_minor": "amount"}
DAYS = ("issue_date", "due_date")
ALWAYS = ("invoice_number", "issue_date", "kind", "currency", "seller_name", "total_minor")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys\nfrom app.cli import main\ntry:\n    main()\n"
        f"finally:\n    assert not {HEAVY!r} & set(sys.modules), sys.modules\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code, "documents", "extract", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def pdf(*, name: str, content: bytes) -> bytes:
    """A page with a file attached."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(width=200, height=200)
    writer.add_attachment(name, content)
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def test_extract_answers_one_json_line_a_file_in_order(tmp_path: Path) -> None:
    files = {
        "a.xml": samples.ubl(),
        "b.pdf": pdf(name="factur-x.xml", content=samples.cii()),
        "c.xml": samples.ubl(net="1.00"),
        "d.pdf": pdf(name="notes.xml", content=b"<notes/>"),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    done = run("--json", *(tmp_path / name for name in files), tmp_path / "none")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (1, "")
    assert [one["kind"] for one in answers] == ["ubl", "cii", "ubl", None, None]
    assert answers[0]["fields"]["lines"][0]["quantity"] == "3.5"
    assert answers[0]["fields"]["issue_date"] == "2026-03-02"
    assert (answers[0]["error"], answers[1]["error"]) == (None, None)
    assert "BR-CO-15" in answers[2]["error"]["message"]
    assert [one["error"]["code"] for one in answers[2:]] == [
        "rule-broken", "no-text", "file-unreadable",
    ]  # fmt: skip


def test_extract_ends_with_nought_when_all_is_sound_and_tells_a_person(tmp_path: Path) -> None:
    sound = tmp_path / "sound.xml"
    sound.write_bytes(samples.ubl())
    done = run(sound)
    assert done.returncode == 0
    assert "2026-77 of 2026-03-02, Fern & Söhne GmbH: 20000 EUR" in done.stdout


def test_each_invoice_of_a_lot_is_told_to_a_person(tmp_path: Path) -> None:
    lot = tmp_path / "lot.xml"
    lot.write_bytes(samples.fatturapa("TD01", "TD04"))
    told = run(lot).stdout.splitlines()
    assert [line.split(" of ")[0] for line in told] == [f"{lot}: fatturapa {no}" for no in (1, 2)]


def test_a_locked_or_broken_pdf_is_refused(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(width=200, height=200)
    writer.encrypt("secret", algorithm="AES-256")
    locked = tmp_path / "locked.pdf"
    with locked.open("wb") as stream:
        writer.write(stream)
    torn = tmp_path / "torn.pdf"
    torn.write_bytes(b"%PDF-1.7 and nothing else")
    assert _answer(locked)["error"]["code"] == "file-locked"
    assert _answer(torn)["error"]["code"] == "file-damaged"


def shared() -> list[Path]:
    """Every XML, and the PDFs that carry one."""
    found = [one for folder in INVOICES if folder.is_dir() for one in folder.rglob("*")]
    carriers = ("facturx_", "zugferd_", "xml-rechnung__fx")
    pdfs = [one for one in found if one.suffix == ".pdf" and one.name.lower().startswith(carriers)]
    return sorted([*pdfs, *(one for one in found if one.suffix.lower() == ".xml")])


@pytest.mark.skipif(not shared(), reason="the shared invoices are not here")
def test_every_shared_invoice_is_read_whole_and_the_broken_ones_are_named() -> None:
    wrong: dict[str, Any] = {}
    for path in shared():
        answer = _answer(path)
        expected = next((code for name, code in BROKEN.items() if path.name.endswith(name)), None)
        code = answer["error"]["code"] if answer["error"] else None
        missing = [
            name
            for name in (
                "invoice_number",
                "issue_date",
                "kind",
                "currency",
                "seller_name",
                "total_minor",
            )
            if answer["fields"].get(name) is None
        ]
        if code != expected or (expected in {None, "rule-broken"} and missing):
            wrong[path.name] = (code, missing)
    assert wrong == {}


@pytest.mark.skipif(not shared(), reason="the shared invoices are not here")
def test_a_pdf_and_the_xml_beside_it_say_the_same() -> None:
    pdfs = INVOICES[0].glob("zugferd_*.pdf")
    pairs = [(one, other) for one in pdfs if (other := one.with_suffix(".cii.xml")).exists()]
    assert pairs
    for one, other in pairs:
        ours, theirs = _answer(one)["fields"], _answer(other)["fields"]
        for name in DAYS:  # one of the pairs was issued anew
            del ours[name], theirs[name]
        assert ours == theirs, one.name


def test_a_printed_invoice_is_read_from_its_text(tmp_path: Path) -> None:
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(papers.typeset(papers.GERMAN))
    letter = tmp_path / "letter.pdf"
    letter.write_bytes(papers.typeset("Dear Ada, thank you."))
    empty = tmp_path / "empty.pdf"
    empty.write_bytes(pdf(name="a.txt", content=b"a"))
    assert _answer(paper)["fields"]["total_minor"] == 226_100
    assert (_answer(paper)["source"], _answer(paper)["kind"]) == ("text", "pdf")
    assert _answer(letter)["error"]["code"] == "not-an-invoice"
    assert _answer(empty)["error"]["code"] == "no-text"


def labelled() -> Iterator[tuple[str, dict[str, Any], fields.Reading]]:
    """Each shared PDF's truth, from its embedded XML or the labels beside it, and what is read."""
    for path in (one for one in shared() if one.suffix == ".pdf"):
        data = path.read_bytes()
        inside = extract.embedded(data)
        if inside is None:
            continue
        said = inside.readings[0].fields
        yield path.name, asdict(said), printed.read(pdf_words.words(data), source="text")
    for path in INVOICES[0].glob("*.json"):
        (label,) = json.loads(path.read_text(encoding="utf-8"))
        truth: dict[str, Any] = {
            name: round(Decimal(str(label[key])) * 100)
            for name, key in LABELS.items()
            if label.get(key) is not None
        }
        truth |= {"currency": label["currency"], "seller_vat": label.get("vat")}
        truth["invoice_number"] = label["invoice_number"].lstrip("#")
        truth["issue_date"] = date.fromisoformat(label["date"])
        pages = pdf_words.words(path.with_suffix(".pdf").read_bytes())
        yield path.name, truth, printed.read(pages, source="text")


def _plain(value: object) -> object:
    """Some print an account number with spaces, some without."""
    return value.replace(" ", "") if isinstance(value, str) else value


@pytest.mark.skipif(not shared(), reason="the shared invoices are not here")
def test_what_is_believed_of_printed_invoices_is_right_and_most_is_found() -> None:
    known = found = believed = 0
    wrong = []
    for name, truth, said in labelled():
        for field, value in truth.items():
            if value is None or field == "lines":
                continue
            known += 1
            right = _plain(getattr(said.fields, field)) == _plain(value)
            found += right
            if said.confidence.get(field, 0) >= printed.ACCEPTED:
                believed += 1
                wrong += [] if right else [(name, field, getattr(said.fields, field), value)]
    print(f"{known} fields, {found} right, {believed} believed")
    assert wrong == []
    assert found / known > 0.9
    assert believed / known > 0.3


def test_a_folder_stands_for_its_files_and_anything_in_it_gets_an_answer(tmp_path: Path) -> None:
    inside = tmp_path / "in" / "deeper"
    inside.mkdir(parents=True)
    files = {
        "in/a.xml": samples.ubl(),
        "in/b.eml": b"From: a@b.example\r\nSubject: <x>\r\n\r\nHello",
        "in/c.bin": bytes(range(256)) * 40,
        "in/d.xml": samples.ubl().decode().replace("utf-8", "utf-16").encode("utf-16"),
        "in/deeper/e.xml": b"<a>" * 50_000,
        "in/deeper/f.xml": samples.ubl(net="9" * 400),
        "in/deeper/g.pdf": b"%PDF-1.7\n" + b"1 0 obj<</Kids[1 0 R]>>" * 900,
        "in/deeper/h.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 90,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    done = run("--json", tmp_path / "in")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (1, "")
    assert [one["file"] for one in answers] == [str(tmp_path / name) for name in files]
    assert {"file", "kind", "fields", "confidence", "source", "error"} <= answers[0].keys()
    codes = [one["error"]["code"] if one["error"] else None for one in answers]
    assert codes[:4] == [None, "not-an-invoice", "not-an-invoice", None]
    assert None not in codes[4:]
