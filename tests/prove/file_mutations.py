"""Broken files through the real intake (size: how many): a paper, a held file, or a named refusal.

Each is uploaded in parts over the API, or mailed in where it is a mail; the jobs then look at it,
paint it and read it; its page is opened. No answer of the web is a fault, no job fails or takes
60 s, and nothing connects anywhere but to the installation's own servers.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.documents import mail_in, uploads
from app.kernel import jobs, words
from app.kernel.settings import Settings
from tests.documents import mutations
from tests.documents.coming_in import Caller
from tests.tasks import request_stage
from tests.tasks.request_stage import Place

SIZE = int(os.environ.get("BACKOFFICE_PROVE_SIZE", "10000"))
SEED = int(os.environ.get("BACKOFFICE_PROVE_SEED", "1"))
SHARED = Path(os.environ.get("BACKOFFICE_SHARED", Path(__file__).parents[3] / "shared")) / "data"
FOLDERS = ("connectors-documents/docs", "connectors-documents/invoices", "statements/einvoice")
LARGEST_SEED = 300_000
BATCH = 10
SECONDS = 60.0
_ENDS = "select id, state, code, document_id, held_id from app.upload where id = any(%s)"
_LONGEST = "select max(extract(epoch from finished_at - started_at)) from app.job"
_UNDONE = (
    "select kind, state, error_code, count(*) from app.job where tenant_id = %s"
    " and (state <> 'done' or failures > 0 or losses > 0) group by 1, 2, 3"
)


@dataclass(slots=True)
class Watch:
    """Who is called from this process while it is asked."""

    own: frozenset[int]
    strangers: set[str] = field(default_factory=set)
    is_on: bool = False

    def __call__(self, event: str, values: tuple[Any, ...]) -> None:
        """An audit hook of Python (PEP 578)."""
        if not self.is_on:
            return
        if event == "socket.connect" and isinstance(values[1], tuple):
            host, port = values[1][0], values[1][1]
            if port not in self.own:
                self.strangers.add(f"{host}:{port}")
        elif event == "socket.getaddrinfo" and values[0] not in ("localhost", "127.0.0.1", None):
            self.strangers.add(str(values[0]))


@dataclass(slots=True)
class Record:
    """What became of the files."""

    ends: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0


@pytest.fixture(scope="module")
def place(app: Flask, worker_app: Flask, settings: Settings) -> Place:
    """A client with its accountant."""
    with psycopg.connect(install.libpq_url(str(settings.database_admin_url))) as admin:
        return request_stage.build(app, worker_app, admin)


@pytest.fixture(scope="module")
def watch(settings: Settings) -> Iterator[Watch]:
    """Notes every address that is none of the installation's servers."""
    urls = (settings.database_url, settings.valkey_url, settings.s3_endpoint_url or "")
    made = Watch(frozenset(urlsplit(one).port or 0 for one in urls))
    sys.addaudithook(made)
    made.is_on = True
    yield made
    made.is_on = False


def seeds() -> list[bytes]:
    """Our own files, and the shared ones that are not large."""
    found = mutations.own()
    for folder in FOLDERS:
        for path in sorted((SHARED / folder).rglob("*")):
            if path.is_file() and path.suffix != ".json" and path.stat().st_size <= LARGEST_SEED:
                found.append(path.read_bytes())
    return found


def test_a_broken_file_ends_in_a_paper_a_held_file_or_a_named_refusal(
    place: Place, admin: psycopg.Connection, watch: Watch, without_limits: None
) -> None:
    del without_limits
    began, record, originals = time.monotonic(), Record(), seeds()
    call = Caller(place, admin, place.staff)
    with place.acting(place.staff):
        address = mail_in.renew(line="accounting")
    jobs.run_due(place.worker_app)
    for start in range(0, SIZE, BATCH):
        numbers = range(start, min(start + BATCH, SIZE))
        with _ending_within(SECONDS * BATCH):
            _batch(place, admin, record, [_sent(call, address, originals, no) for no in numbers])
        if start and start % 500 == 0:
            print(f"{start:,}: {dict(record.ends)}, {time.monotonic() - began:.0f} s", flush=True)
    undone = admin.execute(_UNDONE, (place.tenant,)).fetchall()
    longest = admin.execute(_LONGEST).fetchone()
    assert longest is not None
    _print(record, len(originals), longest=float(longest[0]), seconds=time.monotonic() - began)
    assert not record.wrong, "\n".join(record.wrong[:20])
    assert not undone, undone
    assert longest[0] < SECONDS
    assert not watch.strangers


@contextmanager
def _ending_within(seconds: float) -> Iterator[None]:
    def hangs(_signal: int, _frame: object) -> None:
        raise AssertionError(f"a batch took more than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(int(seconds))
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def _sent(
    call: Caller, address: str, originals: Sequence[bytes], number: int
) -> tuple[int, str, UUID | None, str]:
    """Brings one broken file; its number, what was done to it, its upload, and what went wrong."""
    what, data = mutations.mutated(originals, number, seed=SEED)
    if not data:
        answer = call("POST", "/uploads", json={"name": "a.pdf", "size": 0})
        return number, what, None, "" if answer.status_code == 422 else answer.text
    if b"From:" in data[:200] and number % 2:
        mailed = call.app.test_client().post(
            f"/api/v1/inbound/mail/{address}", data=data, content_type="message/rfc822"
        )
        wrong = "" if mailed.status_code == 201 else f"mail: {mailed.status_code} {mailed.text}"
        return number, what, UUID(mailed.get_json()["id"]) if not wrong else None, wrong
    name = f"{number}{('.pdf', '.png', '.xml', '.eml', '', '.csv')[number % 6]}"
    answer = call("POST", "/uploads", json={"name": name, "size": len(data)})
    if answer.status_code != 201:
        return number, what, None, f"open: {answer.status_code} {answer.text}"
    upload = str(answer.get_json()["id"])
    for no in range(1, -(-len(data) // uploads.PART_BYTES) + 1):
        piece = data[(no - 1) * uploads.PART_BYTES : no * uploads.PART_BYTES]
        call("PUT", f"/uploads/{upload}/parts/{no}", data=piece)
    done = call("POST", f"/uploads/{upload}/complete")
    wrong = "" if done.status_code == 200 else f"complete: {done.status_code} {done.text}"
    return number, what, UUID(upload), wrong


def _batch(
    place: Place,
    admin: psycopg.Connection,
    record: Record,
    sent: Sequence[tuple[int, str, UUID | None, str]],
) -> None:
    """Lets the jobs work, then looks at what became of each, and opens its page."""
    began = time.monotonic()
    jobs.run_due(place.worker_app)
    record.slowest = max(record.slowest, time.monotonic() - began)
    rows = admin.execute(_ENDS, ([one[2] for one in sent],)).fetchall()
    admin.commit()
    ends = {row[0]: row[1:] for row in rows}
    staff, base = place.browser(place.staff), f"/c/{place.slug}/documents"
    for number, what, upload, wrong in sent:
        if wrong or upload is None:
            record.ends["refused at once" if not wrong else "failed"] += 1
            record.wrong += [f"{number} {what}: {wrong}"] if wrong else []
            continue
        state, code, document, held = ends[upload]
        record.ends[state] += 1
        record.codes.update([code] if code else [])
        page = f"{base}/{document}" if document else f"{base}/quarantine/{held}" if held else base
        status = staff.get(page).status_code
        if state not in ("done", "held", "refused") or status != 200:
            record.wrong.append(f"{number} {what}: {state} {code}, its page {status}")
        elif code and not _has_words(code):
            record.wrong.append(f"{number} {what}: {code} has no words")


def _has_words(code: str) -> bool:
    return code in words._ERROR_TEXTS


def _print(record: Record, originals: int, *, longest: float, seconds: float) -> None:
    print(f"\n{SIZE:,} mutations of {originals} files, seed {SEED}: {dict(record.ends)}")
    print(", ".join(f"{code} {count}" for code, count in record.codes.most_common()))
    print(f"{len(record.wrong)} otherwise; the longest job {longest:.1f} s, {seconds:.0f} s in all")
