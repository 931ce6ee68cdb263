"""What stands in the columns of a table, and what a row's amount is by a mapping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from connectors.catalog.bank import table_values
from connectors.catalog.bank.table_grid import Cell, Row
from connectors.catalog.bank.table_mapping import Mapping
from connectors.catalog.bank.table_roles import flag_of


def column(body: Sequence[Row], index: int) -> list[Cell]:
    """What stands in a column, without what is empty."""
    return [
        row.cells[index] for row in body if index < len(row.cells) and str(row.cells[index]).strip()
    ]


def share(cells: Sequence[Cell], test: Callable[[Cell], bool]) -> float:
    """How much of a column passes a test, 0 to 1."""
    return sum(1 for cell in cells if test(cell)) / len(cells) if cells else 0.0


def is_amount(cell: Cell) -> bool:
    """Whether a cell is an amount by either decimal sign."""
    return any(table_values.read_plain(cell, mark) is not None for mark in ".,")


def is_day(cell: Cell) -> bool:
    """Whether a cell is a day by any order."""
    return any(table_values.read_day(cell, order) is not None for order in table_values.ORDERS)


def amount_of(mapping: Mapping, row: Row) -> Decimal | None:
    """The amount of a row by the mapping but for its overall sign; None where there is none."""

    def at(role: str) -> Decimal | None:
        index = mapping.where(role)
        if index is None or index >= len(row.cells):
            return None
        plain = table_values.read_plain(row.cells[index], mapping.decimal)
        return None if plain is None else Decimal(plain)

    amount = at("amount")
    if amount is not None:
        flag_at = mapping.where("flag")
        if flag_at is None:
            return amount
        mark = flag_of(row.text(flag_at))
        return None if mark is None else amount * mark
    debit, credit = at("debit"), at("credit")
    if debit is None and credit is None:
        return None
    out = debit or Decimal(0)
    return (credit or Decimal(0)) + (out if mapping.negative_debits else -out)
