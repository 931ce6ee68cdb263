"""Files of one record a line, told apart by their first places: how CODA and Norma 43 are read."""

from __future__ import annotations

from typing import Protocol

from connectors.catalog.bank import encoding
from connectors.catalog.bank.statement import Notes, StatementRefused

ENDS = " \x1a\x00"
"""What old systems leave behind the last record."""


class Taker(Protocol):
    """Turns records into statements, one line after the other."""

    def take(self, raw: str, line: int) -> None:
        """Handles one line, counted from 1."""

    def finish(self) -> None:
        """Closes what the file left open."""


def read(data: bytes, notes: Notes, *, kind: str, reader: Taker) -> None:
    """Gives every line that says something to a reader; its refusals say of which kind they are."""
    text = encoding.decode(data, notes).replace("\r\n", "\n").replace("\r", "\n")
    try:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip(ENDS):
                reader.take(line, number)
        reader.finish()
    except StatementRefused as refused:
        refused.kind = refused.kind or kind
        raise
