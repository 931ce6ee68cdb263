"""`backoffice documents`: read papers without a database or the web application."""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import click

from app.documents import checks, extract
from app.documents.einvoice.sheet import Fault
from app.documents.ocr_packages import PACKAGES
from app.kernel import offline

_FILE = click.Path(path_type=Path)
CPU_SECONDS = 120
SECONDS = 300
MEMORY = 2 * 1024**3
"""What reading one file may take; what takes more is refused."""
_WORDS = {
    "file-unreadable": "The file cannot be read.",
    "xml-broken": "The XML is broken: {what}. Ask the sender for the file again.",
    "xml-entities": "The XML declares a document type, which no invoice needs; remove the DOCTYPE.",
    "not-an-invoice": "This is no invoice (found: {what}).",
    "no-text": "The pages hold no words.",
    "ocr-missing": "The pages are pictures; to read them: apt-get install " + " ".join(PACKAGES),
    "file-not-drawn": "The pages cannot be drawn, or are too large.",
    "an-order": "This is an order, not an invoice.",
    "file-damaged": "The PDF is damaged. Ask the sender for the file again.",
    "file-locked": "The PDF needs a password. Remove it and try again.",
    "file-virus": "A file inside it is a test virus.",
    "rule-broken": "The invoice contradicts itself: {what}.",
    "file-empty": "The file is empty.",
    "file-too-large": "The file is too large.",
    "reading-failed": "The file broke its reader. Ask the sender for it again, as a PDF.",
    "reading-too-long": "Reading the file took too long and was ended.",
}


def _error(refused: extract.Refused) -> dict[str, Any]:
    return {
        "code": refused.code,
        "line": refused.line,
        "message": _WORDS.get(refused.code, "The file is not taken.").format(what=refused.what),
    }


@click.group()
def documents() -> None:
    """Read papers (offline)."""


@documents.command("extract")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, one line a file.")
@click.pass_context
def extract_files(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Say what the invoices FILES say; exit 1 when one of them is refused or contradicts itself.

    A folder stands for the files in it. Amounts are in minor units of the invoice's currency.
    """
    refused = False
    for path in _files(files):
        answer = _apart(path)
        refused = refused or answer["error"] is not None
        click.echo(_json(answer) if as_json else _told(answer))
    context.exit(1 if refused else 0)


def _files(named: Iterable[Path]) -> Iterator[Path]:
    """The files in the order given, those of a folder by name, at any depth."""
    for path in named:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.is_file())
        else:
            yield path


def _apart(path: Path) -> dict[str, Any]:
    """The answer of one file, read in a process of its own: what breaks there is refused here."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        _bounded(path, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read()
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if ended == 0 and said:
        answer: dict[str, Any] = json.loads(said)
        return answer
    slow = ended in {-signal.SIGXCPU, -signal.SIGALRM}
    code = "reading-too-long" if slow else "reading-failed"
    return {**_nothing(path), "error": _error(extract.Refused(code))}


def _bounded(path: Path, writing: int) -> NoReturn:
    """The process of one file, to its end."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        offline.cut_off()
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        with os.fdopen(writing, "wb") as stream:
            stream.write(_json(_answer(path)).encode())
        code = 0
    finally:
        os._exit(code)


def _nothing(path: Path) -> dict[str, Any]:
    return {
        "file": str(path), "kind": None, "fields": {}, "confidence": 0.0, "source": None,
        "faults": [], "error": None,
    }  # fmt: skip


def _answer(path: Path) -> dict[str, Any]:
    answer = _nothing(path)
    try:
        found = extract.read(_bytes(path))
    except extract.Refused as refused:
        answer["error"] = _error(refused)
        return answer
    first, *others = found.readings
    answer |= {
        "kind": found.kind,
        "source": first.source,
        "fields": asdict(first.fields),
        "confidence": first.overall,
        "confidences": dict(first.confidence),
        "faults": [asdict(one) for one in found.faults],
    }
    if others:
        answer["others"] = [asdict(one.fields) for one in others]
    if found.faults:
        answer["error"] = _broken(found.faults)
    return answer


def _broken(faults: tuple[Fault, ...]) -> dict[str, Any]:
    what = "; ".join(f"{one.rule} {one.what}" for one in faults[:5])
    return _error(extract.Refused("rule-broken", what=what, line=faults[0].line))


def _bytes(path: Path) -> bytes:
    """The file's bytes, one more than may be read at most, so that too large is noticed."""
    try:
        with path.open("rb") as stream:
            data = stream.read(checks.MOST_BYTES + 1)
    except OSError as fault:
        raise extract.Refused("file-unreadable") from fault
    if not data:
        raise extract.Refused("file-empty")
    if len(data) > checks.MOST_BYTES:
        raise extract.Refused("file-too-large")
    return data


def _json(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, default=_plain)


def _plain(value: date | Decimal) -> str:
    return value.isoformat() if isinstance(value, date) else format(value.normalize(), "f")


def _told(answer: dict[str, Any]) -> str:
    """The answer for a person: a line an invoice, then what is wrong."""
    error = answer["error"]
    said = answer["fields"]
    if not said:
        return f"{answer['file']}: refused: {error['message']}"
    heads = [
        f"{answer['file']}: {answer['kind']} {one['invoice_number']} of {one['issue_date']},"
        f" {one['seller_name']}: {one['payable_minor']} {one['currency']} (minor units)"
        for one in (said, *answer.get("others", ()))
    ]
    return "\n".join(heads if error is None else [*heads, f"  {error['message']}"])
