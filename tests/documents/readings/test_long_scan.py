"""A scan of ten thousand pages is read within its bounds, and the page says how much of it was."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from app.documents import ocr
from app.documents.readings import child
from tests.documents.readings.stage import add, address, reading
from tests.tasks.request_stage import Place

PAGES = 10_000
MOST_KIBIBYTES = 700 * 1024
"""Far below what the limit of the process lets it take: what a page needs is given back."""


def long(content: bytes, resources: bytes, *, box: bytes = b"0 0 595 842") -> bytes:
    """A PDF of tiny page objects that all show the same; `resources` is object 4."""
    kids = b" ".join(b"%d 0 R" % (number + 5) for number in range(PAGES))
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[%s]"
        b"/Resources<</Font<</F 4 0 R>>/XObject<</I 4 0 R>>>>/Contents 3 0 R>>" % box
    )
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (PAGES, kids),
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        resources,
        *[page] * PAGES,
    ]
    made, places = io.BytesIO(b"%PDF-1.7\n"), []
    made.seek(0, io.SEEK_END)
    for number, one in enumerate(objects, start=1):
        places.append(made.tell())
        made.write(b"%d 0 obj%s\nendobj\n" % (number, one))
    start = made.tell()
    made.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    made.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    made.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n" % (len(objects) + 1))
    made.write(b"%d\n%%%%EOF\n" % start)
    return made.getvalue()


def printed() -> bytes:
    """Ten thousand pages with the same words."""
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    return long(b"BT /F 14 Tf 60 700 Td (Delivery note for marmalade) Tj ET", font)


def scanned() -> bytes:
    """Ten thousand pictures of one slip of paper."""
    sheet, taken = Image.new("L", (900, 200), 255), io.BytesIO()
    drawing = ImageDraw.Draw(sheet)
    drawing.text((60, 70), "Delivery of marmalade", fill=0, font=ImageFont.load_default(48))
    sheet.save(taken, "JPEG")
    picture = (
        b"<</Type/XObject/Subtype/Image/Width 900/Height 200/ColorSpace/DeviceGray"
        b"/BitsPerComponent 8/Filter/DCTDecode/Length %d>>stream\n%s\nendstream"
    )
    data = taken.getvalue()
    inside = b"216 0 0 48 0 0 cm /I Do"
    return long(inside, picture % (len(data), data), box=b"0 0 216 48")


def test_ten_thousand_printed_pages_end_in_a_banner(place: Place) -> None:
    made = add(place, printed(), "notes.pdf")
    about = reading(place, made)
    assert (about["state"], about["pages"]) == ("nothing", PAGES)
    assert about["pages_read"] == child.MOST_PAGES
    page = place.browser(place.staff).get(address(place, made)).text
    assert f"{child.MOST_PAGES} of {PAGES} pages were read" in page


@pytest.mark.skipif(
    ocr.program() is None, reason="tesseract is not installed: apt-get install tesseract-ocr"
)
def test_ten_thousand_scanned_pages_end_in_a_banner(place: Place) -> None:
    made = add(place, scanned(), "archive.pdf")
    about = reading(place, made)
    assert (about["state"], about["pages"]) == ("nothing", PAGES)
    assert 0 < about["pages_read"] <= child.MOST_SEEN
    page = place.browser(place.staff).get(address(place, made)).text
    assert f"{about['pages_read']} of {PAGES} pages were read" in page
    assert place.browser(place.staff).get(f"/c/{place.slug}/documents/{made}").status_code == 200


@pytest.mark.parametrize("made", [printed, scanned])
def test_what_reads_ten_thousand_pages_keeps_its_memory_small(tmp_path: Path, made: object) -> None:
    assert callable(made)
    source, out = tmp_path / "paper", tmp_path / "answer.json"
    source.write_bytes(made())
    code = (
        "import sys; from pathlib import Path; from app.documents.readings import child;"
        " child.SECONDS = 10; child.main(Path(sys.argv[1]), 'application/pdf', Path(sys.argv[2]));"
        " print(Path('/proc/self/status').read_text())"  # the peak of this program alone
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(source), str(out)],
        capture_output=True,
        text=True,
        check=False,
        timeout=child.CPU_SECONDS * 4,
    )
    assert done.returncode == 0, done.stderr
    assert out.stat().st_size > 0
    peak = re.search(r"VmHWM:\s+(\d+) kB", done.stdout)
    assert peak is not None
    assert int(peak[1]) < MOST_KIBIBYTES
