"""Reading is right: every e-invoice equals its XML; what is believed of printed ones is proven.

Sets (where present beside the checkout): e-invoices as they are; the same PDFs with their XML taken
out, and labelled PDFs, read from their text, and drawn anew (300, 200 and 150 points an inch,
turned a little, with noise, as JPEG) and read from the picture. BACKOFFICE_PROVE_SIZE bounds the
PDFs of each set.
"""

from __future__ import annotations

import io
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageFilter

from app.documents import extract, ocr, pdf_words
from app.documents.fields import Fields, Reading
from app.documents.printed import reading as printed
from app.documents.readings import acceptance
from tests.documents.einvoice.test_equals_xml import (
    test_every_field_of_every_valid_e_invoice_equals_its_xml,
)
from tests.documents.einvoice.test_extract_command import INVOICES, LABELS, shared

__all__ = ["test_every_field_of_every_valid_e_invoice_equals_its_xml"]

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "1000"))
SEED = int(os.environ.get("BACKOFFICE_PROVE_SEED", "1"))
SCANS = {
    "300 an inch": (300, 0.0, 0, 95),
    "200, turned 0.7°, some noise": (200, 0.7, 10, 75),
    "150, turned 1.2°, noise": (150, -1.2, 18, 55),
}


@dataclass(slots=True)
class Counted:
    """How many fields there are, were found, are right, and of those believed."""

    known: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    believed: Counter[str] = field(default_factory=Counter)
    proven: Counter[str] = field(default_factory=Counter)
    papers: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, name: str, truth: dict[str, Any], said: Reading) -> None:
        """Counts one paper."""
        self.papers += 1
        for one, value in truth.items():
            if value is None:
                continue
            self.known[one] += 1
            read = getattr(said.fields, one)
            if read is None:
                continue
            right = plain(read) == plain(value)
            self.found[one] += 1
            self.right[one] += right
            if said.confidence.get(one, 0) >= acceptance.ACCEPTED:
                self.believed[one] += 1
                self.proven[one] += right
                if not right:
                    self.wrong.append(f"{name}: {one} {read!r}, is {value!r}")

    def told(self, title: str) -> None:
        """Prints the set as a table."""
        print(f"\n{title}: {self.papers} papers")
        print("| field | there | found | right of found | accepted | right of accepted |")
        print("|---|---|---|---|---|---|")
        for one in self.known:
            print(
                f"| {one} | {self.known[one]} | {share(self.found[one], self.known[one])} |"
                f" {share(self.right[one], self.found[one])} |"
                f" {share(self.believed[one], self.known[one])} |"
                f" {share(self.proven[one], self.believed[one])} |"
            )
        totals = (sum(one.values()) for one in (self.known, self.believed, self.proven))
        known, believed, proven = totals
        print(f"accepted {share(believed, known)} of all fields, right {share(proven, believed)}")


def share(part: int, whole: int) -> str:
    """A part of a whole in per cent."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def plain(value: Any) -> Any:
    """Without spaces and case, which printing changes."""
    return "".join(value.split()).casefold() if isinstance(value, str) else value


def truths() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Each PDF with what is true of it, from its XML or the labels beside it."""
    for path in [one for one in shared() if one.suffix.lower() == ".pdf"][:SIZE]:
        data = path.read_bytes()
        inside = extract.embedded(data)
        if inside is not None and not inside.faults:
            said = asdict(inside.readings[0].fields)
            yield path.name, data, {name: said[name] for name in said if name != "lines"}
    for path in sorted(INVOICES[0].glob("*.json"))[:SIZE]:
        (label,) = json.loads(path.read_text(encoding="utf-8"))
        known: dict[str, Any] = {
            name: round(Decimal(str(label[key])) * 100)
            for name, key in LABELS.items()
            if label.get(key) is not None
        }
        known |= {"currency": label["currency"], "seller_vat": label.get("vat")}
        known["invoice_number"] = label["invoice_number"].lstrip("#")
        known["issue_date"] = date.fromisoformat(label["date"])
        yield path.name, path.with_suffix(".pdf").read_bytes(), known


def scanned(data: bytes, *, inch: int, turned: float, noise: int, quality: int) -> bytes:
    """The first two pages as a bad scanner gives them, one JPEG below the other."""
    document = pypdfium2.PdfDocument(data)
    pages = [
        document[n].render(scale=inch / 72, grayscale=True).to_pil().convert("L")
        for n in range(min(len(document), 2))
    ]
    document.close()
    whole = Image.new("L", (max(p.width for p in pages), sum(p.height for p in pages)), 255)
    top = 0
    for page in pages:
        whole.paste(page, (0, top))
        top += page.height
    if turned:
        whole = whole.rotate(turned, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    if noise:
        chance = random.Random(SEED)
        grain = Image.effect_noise((whole.width, whole.height), noise + chance.random())
        whole = Image.blend(whole, grain, 0.12).filter(ImageFilter.GaussianBlur(0.4))
    made = io.BytesIO()
    whole.save(made, "JPEG", quality=quality)
    return made.getvalue()


def measured(title: str, read: Callable[[bytes], Reading]) -> Counted:
    """One set read in one way."""
    counted = Counted()
    for name, data, truth in truths():
        counted.add(name, truth, read(data))
    counted.told(title)
    return counted


@pytest.mark.skipif(not shared(), reason="the shared invoices are not here")
def test_what_is_accepted_of_printed_invoices_is_right() -> None:
    counted = measured("read from the text", _of_text)
    assert counted.wrong == []


@pytest.mark.skipif(ocr.program() is None or not shared(), reason="no tesseract, or no invoices")
@pytest.mark.parametrize("scan", SCANS)
def test_what_is_accepted_of_scans_is_right(scan: str) -> None:
    inch, turned, noise, quality = SCANS[scan]

    def read(data: bytes) -> Reading:
        made = scanned(data, inch=inch, turned=turned, noise=noise, quality=quality)
        words = ocr.picture(made).words
        return printed.read(words, source="ocr") if words else Reading("ocr", Fields())

    counted = measured(f"read from the picture, {scan}", read)
    believed, proven = sum(counted.believed.values()), sum(counted.proven.values())
    print("\n".join(counted.wrong))
    assert proven >= acceptance.ACCEPTED * believed


def _of_text(data: bytes) -> Reading:
    words = pdf_words.words(data)
    return printed.read(words, source="text") if words else Reading("text", Fields())
