"""Reader of CSV and XLSX statements: a mapping is guessed, or given, and every row accounted for.

A row is a movement, a total or a remark; what could be a movement and cannot be read is refused
with its line, so that no money is lost between a table and the books.
"""

from __future__ import annotations

from dataclasses import replace

from connectors.catalog.bank import table_guess, table_rows
from connectors.catalog.bank.statement import Notes, StatementFile, StatementRefused, _
from connectors.catalog.bank.table_grid import Grid, grids
from connectors.catalog.bank.table_mapping import Column, Mapping

__all__ = ["Column", "Mapping", "guess", "preview", "read"]


def guess(data: bytes) -> Mapping:
    """What the columns of a table mean, with reasons; may lack day or amount (`missing`).

    Raises StatementRefused where the bytes are no table at all.
    """
    return _guessed(data, Notes())[1]


def _guessed(data: bytes, notes: Notes) -> tuple[Grid, Mapping]:
    found = [(grid, table_guess.guess_grid(grid)) for grid in grids(data, notes) if grid.rows]
    if not found:
        raise StatementRefused("empty-file", _("The file is empty."), line=None)
    return max(
        found, key=lambda pair: (not pair[1].missing, pair[1].header is not None, _worth(pair[1]))
    )


def _worth(mapping: Mapping) -> int:
    known = [one for one in mapping.columns if one.role != "ignore"]
    return sum(one.confidence for one in known)


def read(data: bytes, *, mapping: Mapping | None = None) -> StatementFile:
    """Read a table by a mapping, or by the one that is guessed.

    Raises StatementRefused for what cannot be taken whole, also where the balances of the file
    prove that the mapping has the wrong sign.
    """
    notes = Notes()
    if mapping is None:
        grid, mapping = _guessed(data, notes)
        for doubt in mapping.doubts:
            notes.warn(doubt.code, doubt.message, line=doubt.line)
    else:
        grid = _grid(data, mapping, notes)
    _refuse_incomplete(mapping, grid)
    statements = table_rows.statements(grid, mapping, notes)
    return StatementFile(mapping.kind, statements, tuple(notes.found))


def _grid(data: bytes, mapping: Mapping, notes: Notes) -> Grid:
    return grids(data, notes, delimiter=mapping.delimiter, sheet=mapping.sheet)[0]


def _refuse_incomplete(mapping: Mapping, grid: Grid) -> None:
    line = grid.rows[mapping.header].line if mapping.header is not None else 1
    if "date" in mapping.missing:
        raise StatementRefused(
            "table-no-date",
            _("No column holds the days of movements; say which one does, if any."),
            line=line,
            kind=mapping.kind,
        )
    if "amount" in mapping.missing:
        raise StatementRefused(
            "table-no-amount",
            _("No column is clearly the amount; say which one is, if any."),
            line=line,
            kind=mapping.kind,
        )


def preview(data: bytes, mapping: Mapping, *, rows: int = 8) -> list[tuple[int, tuple[str, ...]]]:
    """The first rows as they stand in the file: line and cells, for the mapping's screen."""
    grid = _grid(data, mapping, Notes())
    shown = [row for row in grid.rows[mapping.first :] if not row.blank][:rows]
    return [
        (row.line, tuple(row.text(one.index)[:120] for one in mapping.columns)) for row in shown
    ]


def laid_on(data: bytes, remembered: Mapping) -> Mapping:
    """A remembered mapping for another file of the same shape.

    Raises StatementRefused where the file has another shape.
    """
    found = guess(data)
    if found.fingerprint != remembered.fingerprint:
        raise StatementRefused(
            "table-other-shape", _("The columns are not those of the mapping."), line=1
        )
    return replace(remembered.laid_on(found), doubts=())
