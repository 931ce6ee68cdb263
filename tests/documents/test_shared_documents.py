"""Real files of many makers: each ends in a document or a clear refusal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.documents import intake
from tests.tasks.request_stage import Place

SHARED = Path(os.environ.get("BACKOFFICE_SHARED", Path(__file__).parents[3] / "shared")) / "data"
DOCS = SHARED / "connectors-documents" / "docs"
REFUSED = {"paperless_encrypted.pdf", "paperless_invalid_pdf.pdf", "paperless_password-is-test.pdf"}


@pytest.mark.skipif(not DOCS.exists(), reason="the shared documents are not on this machine")
def test_every_shared_file_ends_in_a_document_or_a_clear_refusal(place: Place) -> None:
    names, ends = sorted(one.name for one in DOCS.iterdir() if one.is_file()), {}
    for name in names:
        with place.acting(place.staff):
            taken = intake.take(
                (DOCS / name).read_bytes(), name=name, line="accounting", source="staff"
            )
        ends[name] = taken
    for name, taken in ends.items():
        assert (taken.document_id is None) is (taken.held_id is not None), name
        assert bool(taken.code) is (taken.document_id is None), name
    assert {name for name, taken in ends.items() if taken.held_id} == REFUSED & set(names)
