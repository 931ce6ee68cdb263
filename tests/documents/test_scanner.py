"""The scanner of the installation: asked by its protocol, heeded, and never passed by."""

from __future__ import annotations

import pytest

from app.documents import commands, intake, scanner
from app.kernel.errors import Invalid, Unavailable
from tests.documents.coming_in import EICAR, FakeClamd, scanned, text_of
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
