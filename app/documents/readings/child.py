"""Reads papers: `python -I child.py`, for the reading job, which asks it a line of JSON a paper.

It forks for each: a process of its own with little time and memory, so that a hostile file can
waste these and nothing else. It has no network and reads nothing but the file. What was found
goes to the file `out` as JSON; a line's answer is how the process ended, null when it was too slow.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.documents.extract import Found
    from app.documents.fields import Reading
    from app.documents.printed.sheet import Sheet

CPU_SECONDS = 40
MEMORY = 2 * 1024**3
SECONDS = 38.0
"""What it takes of the clock at most; what is not read by then is left out and said so."""
MOST_PAGES = 2_000
MOST_SEEN = 10
"""So many pages without text are read from their picture."""
ENDS = 3
"""Fields are looked for on so many pages at the start and the end."""
MOST_TEXT = 5_000_000
MOST_PAGE_TEXT = 200_000
MOST_LINES = 500
MOST_INVOICES = 200
"""So many of the invoices that one file holds are kept, each as a reading of its own."""
MOST_WORDS = 20_000
_MARKED_UP = frozenset({"application/xml", "text/plain"})
"""XML without its first line is taken for text."""


def serve() -> None:
    """Answers until nobody asks any more; everything that reading needs is loaded before."""
    from app.documents import extract, ocr, pdf_words  # noqa: F401
    from app.documents.readings import places, plain_text, said  # noqa: F401
    from app.kernel import offline

    offline.cut_off()

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    gc.collect()
    gc.freeze()  # what is loaded stays shared with the processes that read
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        reading = os.fork()
        if not reading:
            _apart(asked)
        ended = _ended(reading, seconds=asked["seconds"])
        sys.stdout.buffer.write(json.dumps(ended).encode() + b"\n")
        sys.stdout.buffer.flush()


def _apart(asked: dict[str, Any]) -> NoReturn:
    """The process of one paper, from its fork to its end."""
    code = 1
    try:
        os.setpgid(0, 0)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        os.environ["TMPDIR"] = tempfile.tempdir = asked["folder"]
        main(Path(asked["source"]), asked["media_type"], Path(asked["out"]))
        code = 0
    finally:
        os._exit(code)  # whatever it was, this process ends here


def _ended(reading: int, *, seconds: float) -> int | None:
    """How a process ended; None when it had to be ended. What it started ends with it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.setpgid(reading, reading)  # whoever comes first, it or we
    in_time = _waited(reading, until=time.monotonic() + seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(reading, signal.SIGKILL)  # before it is taken away: the number is still its own
    _done, status = os.waitpid(reading, 0)
    return os.waitstatus_to_exitcode(status) if in_time else None


def _waited(reading: int, *, until: float) -> bool:
    """Whether a process ended by a moment; it still stands in the system's table then."""
    while os.waitid(os.P_PID, reading, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        left = until - time.monotonic()
        if left <= 0:
            return False
        signal.sigtimedwait({signal.SIGCHLD}, left)
    return True


def main(source: Path, media_type: str, out: Path) -> None:
    """Writes what was found."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    out.write_text(json.dumps(answer(source.read_bytes(), media_type)), encoding="utf-8")


def answer(data: bytes, media_type: str) -> dict[str, Any]:
    """What a file says, in the form that `run.Answer` takes."""
    from app.documents import extract
    from app.documents.readings import plain_text

    ends = time.monotonic() + SECONDS
    texts: list[str] = []
    try:
        if extract.is_pdf(data):
            return _pdf(data, ends)
        if extract.is_picture(data):
            return _picture(data, ends)
        texts = [plain_text.of(data, media_type)]
        if media_type not in _MARKED_UP:
            return _nothing("text", "not-an-invoice", texts)
        return _said(extract.of_xml(data), texts=texts, sheets=[], pages=1, read=1)
    except extract.Refused as refused:
        if refused.code in {"not-an-invoice", "an-order", "xml-broken", "xml-entities"}:
            return _nothing("text", refused.code, texts)
        return {"state": "refused", "code": refused.code, "kind": "file"}


def _nothing(kind: str, code: str, texts: list[str], **more: Any) -> dict[str, Any]:
    return {"state": "nothing", "code": code, "kind": kind, "texts": _cut(texts), **more}


def _picture(data: bytes, ends: float) -> dict[str, Any]:
    from app.documents import extract, ocr

    try:
        sheet = ocr.picture(data, seconds=ends - time.monotonic())
    except ocr.OcrMissing as fault:
        raise extract.Refused("ocr-missing") from fault
    except ocr.NotAPicture as fault:
        raise extract.Refused("file-not-drawn") from fault
    return _printed([sheet], [sheet.text], kind="image", source="ocr", pages=1, read=1)


def _pdf(data: bytes, ends: float) -> dict[str, Any]:
    from app.documents import extract, ocr, pdf_attachments, pdf_words

    inside = extract.embedded(data)
    document = pdf_attachments.opened(data)
    try:
        pages = len(document)
        texts: list[str] = []
        sheets: dict[int, Sheet] = {}
        for number in range(min(pages, MOST_PAGES)):
            if time.monotonic() > ends or sum(map(len, texts)) > MOST_TEXT:
                break
            looked = number < ENDS or number >= pages - ENDS
            text, sheet = pdf_words.read(document, number, words=looked)
            texts.append(text)
            if sheet is not None and text.strip():
                sheets[number] = sheet
        blank = [n for n, text in enumerate(texts) if not text.strip()][:MOST_SEEN]
        seen = 0
        try:
            for one in ocr.pages(document, blank, seconds=ends - time.monotonic()):
                texts[one.no], seen = one.text, seen + 1
                if one.no < ENDS or one.no >= pages - ENDS:
                    sheets[one.no] = one
        except (ocr.OcrMissing, ocr.NotAPicture) as fault:
            if not sheets and inside is None:
                code = "ocr-missing" if isinstance(fault, ocr.OcrMissing) else "file-not-drawn"
                return {"state": "refused", "code": code, "kind": "pdf", "pages": pages}
    finally:
        document.close()
    read = sum(1 for text in texts if text.strip())
    found = [sheets[n] for n in sorted(sheets)]
    if inside is not None:
        return _said(inside, texts=texts, sheets=found, pages=pages, read=read)
    source = "ocr" if seen and not any(n not in blank for n in sheets) else "text"
    return _printed(found, texts, kind="pdf", source=source, pages=pages, read=read)


def _printed(
    sheets: list[Sheet], texts: list[str], *, kind: str, source: Any, pages: int, read: int
) -> dict[str, Any]:
    from app.documents import extract
    from app.documents.printed.sheet import all_words

    counted = {"pages": pages, "pages_read": read}
    try:
        reading = extract.of_words(all_words(sheets)[:MOST_WORDS], source=source)
    except extract.Refused as refused:
        return _nothing(kind, refused.code, texts, **counted)
    found = extract.Found(kind, (reading,))
    return _said(found, texts=texts, sheets=sheets, pages=pages, read=read)


def _said(
    found: Found, *, texts: list[str], sheets: list[Sheet], pages: int, read: int
) -> dict[str, Any]:
    first = found.readings[0]
    return {
        "state": "read",
        "kind": found.kind,
        "method": first.source,
        "pages": pages,
        "pages_read": read,
        "further": len(found.readings) - 1,
        "texts": _cut(texts),
        "fields": list(_fields(first, sheets)),
        "lines": [_line(one) for one in first.fields.lines[:MOST_LINES]],
        "others": [
            {
                "fields": list(_fields(one, [])),
                "lines": [_line(line) for line in one.fields.lines[:MOST_LINES]],
            }
            for one in found.readings[1:MOST_INVOICES]
        ],
        "faults": [asdict(one) for one in found.faults[:50]],
        "sheets": [
            {
                "no": sheet.no, "width": sheet.width, "height": sheet.height,
                "turned": sheet.turned,
                "words": [[w.text, w.box.left, w.box.top, w.box.right, w.box.bottom]
                          for w in sheet.words[:MOST_WORDS]],
            }
            for sheet in sheets
        ],
    }  # fmt: skip


def _fields(reading: Reading, sheets: list[Sheet]) -> Iterator[dict[str, Any]]:
    from app.documents.printed.sheet import fractions
    from app.documents.readings import places, said

    values = said.values(reading.fields)
    boxes = places.find(said.printed(values, reading.fields.currency), sheets)
    by_no = {sheet.no: sheet for sheet in sheets}
    for field, value in values.items():
        box = boxes.get(field)
        yield {
            "field": field,
            **value.as_row(),
            "confidence": round(reading.confidence.get(field, 0.0), 3),
            "page": box.page + 1 if box else None,
            "place": fractions(box, by_no[box.page]) if box else None,
        }


def _line(line: Any) -> dict[str, Any]:
    from app.kernel.money import MAX_MINOR

    return {
        "name": line.name,
        "quantity": _number(line.quantity),
        "unit_price": _number(line.unit_price),
        "net_minor": line.net_minor if abs(line.net_minor or 0) <= MAX_MINOR else None,
        "tax_rate": _number(line.tax_rate),
    }


def _number(number: Any) -> str | None:
    return None if number is None else format(number.normalize(), "f")


def _cut(texts: list[str]) -> list[str]:
    """Within bounds, and without what the database does not keep."""
    return [text[:MOST_PAGE_TEXT].replace("\0", " ") for text in texts]


if __name__ == "__main__":
    serve()
