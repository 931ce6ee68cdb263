"""What belongs to one client: every table with a client in it, as the database's catalogue says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.kernel.db import session

QUERY = (
    "select name, keys, columns, left_out, people, refers, elsewhere, exported, erased"
    " from app.leaving_tables() order by place"
)


@dataclass(frozen=True, slots=True)
class ClientTable:
    """One table: its columns in an export, those left out, who may be named in which.

    `erased` is `delete`, `keep` (ids and hashes only) or `reduce` (its words are emptied).
    `elsewhere` are columns in which rows of other tenants name this client.
    """

    name: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    left_out: tuple[str, ...]
    people: tuple[str, ...]
    refers: tuple[str, ...]
    elsewhere: tuple[str, ...]
    exported: bool
    erased: str

    @property
    def of_guard(self) -> bool:
        """Whether the guard owns it: read and written by the guard's own doors."""
        return self.name.startswith("guard.")


def tables(rows: Callable[[str], Any] | None = None) -> list[ClientTable]:
    """All of them, parents before children; through `rows` on a connection of its own."""
    ask = rows or _here
    return [_table(row) for row in ask(QUERY)]


def _here(query: str) -> Any:
    return session.execute(sa.text(query)).all()


def _table(row: Any) -> ClientTable:
    name, keys, columns, left_out, people, refers, elsewhere, exported, erased = row
    return ClientTable(
        name=name,
        keys=tuple(keys),
        columns=tuple(columns),
        left_out=tuple(left_out),
        people=tuple(people),
        refers=tuple(refers),
        elsewhere=tuple(elsewhere),
        exported=exported,
        erased=erased,
    )
