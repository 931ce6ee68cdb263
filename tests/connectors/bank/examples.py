"""Bank files of the fixtures, and what a test asks of one that was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.catalog.bank import reading
from connectors.catalog.bank.statement import Statement, StatementFile, StatementRefused

FIXTURES = Path(__file__).parent / "fixtures"


def bytes_of(name: str) -> bytes:
    """A file of the fixtures."""
    return (FIXTURES / name).read_bytes()


def read(name: str) -> StatementFile:
    """A file of the fixtures, read."""
    return reading.read(bytes_of(name))


def codes(found: StatementFile) -> list[str]:
    """The codes of what was noticed in a file."""
    return [one.code for one in found.warnings]


def refused(data: bytes) -> StatementRefused:
    """Why a file is refused; it must be."""
    with pytest.raises(StatementRefused) as caught:
        reading.read(data)
    return caught.value


def minors(statement: Statement) -> list[int]:
    """The amounts of a statement's lines."""
    return [one.amount_minor for one in statement.transactions]
