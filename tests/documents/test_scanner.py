"""The scanner of the installation: asked by its protocol, heeded, and never passed by."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from app.documents import commands, held, intake, scanner
from app.kernel.errors import Invalid, Unavailable
from tests import factories
from tests.documents.coming_in import EICAR, FakeClamd, archive, arrived, scanned, text_of
from tests.tasks.request_stage import Place


def test_a_scanner_is_asked_by_its_own_protocol(place: Place) -> None:
    clamd = FakeClamd()
    data = text_of(600_000)
    with scanned(place.app, clamd.address), place.acting(place.staff):
        commands.add(data, name="a.txt", line="accounting", source="staff")
    assert clamd.seen == data
    assert scanner.ask(clamd.address, EICAR) == "stream: Eicar-Test-Signature FOUND"
    clamd.close()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"stream: Win.Test FOUND", "file-virus"),
        (b"INSTREAM size limit exceeded. ERROR", "file-unscanned"),
    ],
)
def test_what_the_scanner_finds_is_held(place: Place, answer: bytes, code: str) -> None:
    clamd = FakeClamd(answer)
    with scanned(place.app, clamd.address), place.acting(place.staff):
        taken = intake.take(text_of(70), name="a.txt", line="accounting", source="staff")
        with pytest.raises(Invalid):
            commands.add(text_of(70), name="a.txt", line="accounting", source="staff")
    assert taken.code == code
    clamd.close()


@pytest.mark.parametrize("answer", [b"UNKNOWN COMMAND", None])
def test_unscanned_nothing_becomes_a_document(place: Place, answer: bytes | None) -> None:
    clamd = FakeClamd(answer or b"")
    if answer is None:
        clamd.close()
    with (
        scanned(place.app, clamd.address),
        place.acting(place.staff),
        pytest.raises(Unavailable, match="scanner-unavailable"),
    ):
        intake.take(text_of(70), name="a.txt", line="accounting", source="staff")


def test_a_virus_in_what_is_held_for_another_reason_is_let_in_by_nobody(
    place: Place, admin: psycopg.Connection
) -> None:
    clamd = FakeClamd(b"stream: Win.Test FOUND")
    with scanned(place.worker_app, clamd.address):
        found = arrived(place, archive((uuid4().hex, b"x")), name="books.zip")
    clamd.close()
    with place.acting(place.staff):
        assert held.one(found).reason == "file-virus"
    colleague = place.browser(factories.staff(admin, place.tenant))
    base = f"/c/{place.slug}/documents/quarantine/{found}"
    colleague.get(base)
    assert colleague.post(f"{base}/release").status_code == 409


def test_unscanned_nothing_is_held_to_be_let_in_later(place: Place) -> None:
    clamd = FakeClamd()
    clamd.close()
    with (
        scanned(place.app, clamd.address),
        place.acting(place.staff),
        pytest.raises(Unavailable, match="scanner-unavailable"),
    ):
        intake.take(archive(("a.txt", b"a")), name="a.zip", line="accounting", source="staff")


def test_what_was_held_before_there_was_a_scanner_is_scanned_when_it_is_let_in(
    place: Place, admin: psycopg.Connection
) -> None:
    found = arrived(place, archive((uuid4().hex, b"x")), name="books.zip")
    colleague = place.browser(factories.staff(admin, place.tenant))
    base = f"/c/{place.slug}/documents/quarantine/{found}"
    colleague.get(base)
    clamd = FakeClamd(b"stream: Win.Test FOUND")
    with scanned(place.app, clamd.address):
        assert colleague.client.get(f"{base}/download").status_code == 409
        refused = colleague.post(f"{base}/release")
    clamd.close()
    assert refused.status_code == 409
    with scanned(place.app, clamd.address):  # it is away now
        assert colleague.post(f"{base}/release").status_code == 503
    with place.acting(place.staff):
        assert held.one(found).state == "held"
    clean = FakeClamd()
    with scanned(place.app, clean.address):
        assert colleague.post(f"{base}/release").status_code == 303
    clean.close()
