"""What is wrong with a bank file is told in the language of whoever looks, whoever uploaded it."""

from __future__ import annotations

import json

import pytest

from app.accounting.bank import words as bank_words
from app.kernel import words
from connectors.catalog.bank import reading
from connectors.catalog.bank.statement import StatementRefused


def _kept(data: bytes) -> dict[str, object]:
    with pytest.raises(StatementRefused) as refused:
        reading.read(data)
    fault = refused.value
    kept = bank_words.kept(fault.code, fault.line, fault.message)
    stored: dict[str, object] = json.loads(json.dumps(kept))
    return stored


def test_a_refusal_is_told_in_the_readers_language() -> None:
    note = _kept(b"no bank wrote this")
    with words.speaking("en"):
        assert bank_words.said(note).startswith("This is not a bank file")
    with words.speaking("de"):
        assert bank_words.said(note).startswith("Das ist keine Bankdatei")


def test_numbers_in_it_are_grouped_as_the_reader_does() -> None:
    note = _kept(b" x" * 25_000_001)
    with words.speaking("en"):
        assert "50,000,002 bytes" in bank_words.said(note)
    with words.speaking("de"):
        assert "50.000.002 Bytes" in bank_words.said(note)


def test_the_words_of_a_file_stand_beside_its_code() -> None:
    shown = bank_words.shown(_kept(b""))
    assert shown == {"code": "empty-file", "line": None, "message": "The file is empty."}
