"""Guessing what the columns of a bank's table mean, with a reason for each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.kernel import money
from connectors.catalog.bank import table_cells, table_settle, table_values
from connectors.catalog.bank.statement import _
from connectors.catalog.bank.table_grid import Cell, Formula, Grid, Row
from connectors.catalog.bank.table_mapping import MONEY_ROLES, Column, Mapping
from connectors.catalog.bank.table_roles import flag_of, is_total, role_of

_HEADER_WITHIN = 60
_SAID = _("The header says so.")
_HINTED = _("The header holds such a word.")
_LIKE = _("The cells look like it.")
_UNKNOWN = _("Nothing says what this column is.")
_DAYS = ("date", "value_date")
_MANY = ("text", "ignore")


def guess_grid(grid: Grid) -> Mapping:
    """The likeliest mapping of a table cut into cells."""
    header = _header(grid.rows)
    first = 0 if header is None else header + 1
    body = [row for row in grid.rows[first:] if not row.blank]
    names = _names(grid.rows, header, body)
    columns = _by_header(names, body) if header is not None else _by_cells(names, body)
    columns = _completed(columns, body, bare=header is None)
    found = Mapping(
        kind=grid.kind,
        columns=tuple(columns),
        header=header,
        first=first,
        delimiter=grid.delimiter,
        sheet=grid.sheet,
        currency=_preamble_currency(grid.rows[:first]),
    )
    return table_settle.settled(found, body) if not found.missing else found


def _header(rows: Sequence[Row]) -> int | None:
    """The row of words that names the most meanings, a day or an amount among them."""
    best, place = 0, None
    for at, row in enumerate(rows[:_HEADER_WITHIN]):
        if row.blank or any(not isinstance(cell, str) for cell in row.cells):
            continue
        texts = [row.text(index) for index in range(len(row.cells))]
        if any(_is_value(text) for text in texts):
            continue
        roles = {role for role, sure in map(role_of, texts) if sure >= 60}
        if len(roles) > best and roles & {*MONEY_ROLES, *_DAYS}:
            best, place = len(roles), at
    return place


def _is_value(text: str) -> bool:
    if not any(sign.isdigit() for sign in text):
        return False
    if table_values.orders_of([text]):
        return True
    if re.search(r"[^\W\d_]{4}", text):
        return False
    return any(table_values.read_plain(text, mark) is not None for mark in ".,")


def _names(rows: Sequence[Row], header: int | None, body: Sequence[Row]) -> list[str]:
    widths = Counter(len(row.cells) for row in body)
    width = max(widths, key=lambda one: (widths[one], one)) if widths else 0
    if header is None:
        return [""] * width
    named = rows[header]
    wide = max(len(named.cells), 1)
    names = [named.text(index)[:200] for index in range(wide)]
    while names and not names[-1] and len(names) > width:
        names.pop()
    return names


def _fits(role: str, cells: Sequence[Cell], *, least: float = 0.7) -> bool:
    """Whether cells may be what a header says; an empty column fits anything.

    Where the header leaves no doubt a few cells are enough: the others are faults to be told.
    """
    if not cells:
        return True
    if role in _DAYS:
        days = [one for one in cells if table_cells.is_day(one) or not is_total(str(one))]
        return not days or table_cells.share(days, table_cells.is_day) >= least
    if role in MONEY_ROLES:
        money_cells = [cell for cell in cells if not isinstance(cell, Formula)]
        return not money_cells or table_cells.share(money_cells, table_cells.is_amount) >= least
    if role == "flag":
        return table_cells.share(cells, lambda cell: flag_of(str(cell)) is not None) >= 0.9
    if role == "currency":
        return (
            table_cells.share(cells, lambda cell: str(cell).strip().upper() in money.CURRENCIES)
            >= 0.9
        )
    return True


def _by_header(names: Sequence[str], body: Sequence[Row]) -> list[Column]:
    """Each role once, to the column whose header says it best and whose cells fit."""
    asked = []
    for index, name in enumerate(names):
        role, sure = role_of(name)
        cells = table_cells.column(body, index)
        if role == "flag" and cells and not _fits("flag", cells) and _fits("amount", cells):
            role = "amount"
        if not _fits(role, cells, least=0.3 if sure >= 90 else 0.7):
            role, sure = _second(role, cells)
        asked.append((index, name, role, sure, bool(cells)))
    taken: dict[str, int] = {}
    for index, _name, role, sure, _filled in sorted(asked, key=lambda one: (-one[3], not one[4])):
        if role not in _MANY and sure:
            taken.setdefault(role, index)
    return [
        _column(index, name, role, sure)
        if role in _MANY or taken.get(role) == index
        else Column(index, name, "ignore", 30, _UNKNOWN)
        for index, name, role, sure, _filled in asked
    ]


def _second(role: str, cells: Sequence[Cell]) -> tuple[str, int]:
    """What a column is whose cells are not what its header says."""
    if role == "value_date" and _fits("currency", cells):
        return "currency", 90
    if (
        role in ("flag", "amount", "debit", "credit")
        and table_cells.share(cells, table_cells.is_amount) < 0.1
    ):
        return ("flag", 80) if _fits("flag", cells) else ("text", 40)
    return "ignore", 30


def _column(index: int, name: str, role: str, sure: int) -> Column:
    if role == "ignore" and not sure:
        return Column(index, name, role, 30, _UNKNOWN)
    return Column(index, name, role, sure, _SAID if sure >= 90 else _HINTED)


def _by_cells(names: Sequence[str], body: Sequence[Row]) -> list[Column]:
    """Without a header: days, currency, then words by what stands in the cells."""
    found: list[Column] = []
    seen: set[str] = set()
    for index in range(len(names)):
        cells = table_cells.column(body, index)
        role = "ignore"
        if cells and table_values.orders_of(cells):
            role = "date" if "date" not in seen else "value_date"
        elif cells and _fits("currency", cells):
            role = "currency"
        elif cells and table_cells.share(cells, table_cells.is_amount) < 0.5:
            role = "text"
        if role != "text" and role in seen:
            role = "ignore"
        seen.add(role)
        reason = _LIKE if role != "ignore" else _UNKNOWN
        found.append(Column(index, "", role, 60 if role != "ignore" else 30, reason))
    return found


def _completed(columns: list[Column], body: Sequence[Row], *, bare: bool) -> list[Column]:
    """Fills what headers left open from the cells, and takes back what contradicts itself."""
    roles = {one.role for one in columns}
    if not roles & set(_DAYS) and not bare:
        columns = _with(columns, "date", _only(columns, body, _dated))
    if "date" not in roles and "value_date" in roles:
        columns = [
            replace(one, role="date") if one.role == "value_date" else one for one in columns
        ]
    columns = _amounts(columns, body, bare=bare)
    columns = _flags(columns, body)
    columns = _accounts(columns, body)
    if not {"text", "counterparty"} & {one.role for one in columns}:
        columns = _with(columns, "text", _wordiest(columns, body))
    return columns


def _with(columns: list[Column], role: str, index: int | None, sure: int = 60) -> list[Column]:
    if index is None:
        return columns
    return [
        replace(one, role=role, confidence=sure, reason=_LIKE) if one.index == index else one
        for one in columns
    ]


def _dated(cells: Sequence[Cell]) -> bool:
    return bool(cells) and bool(table_values.orders_of(cells))


def _only(
    columns: Sequence[Column], body: Sequence[Row], test: Callable[[Sequence[Cell]], bool]
) -> int | None:
    """The one column nobody knows that passes; None for none or several."""
    fitting = [
        one.index
        for one in columns
        if one.role == "ignore" and test(table_cells.column(body, one.index))
    ]
    return fitting[0] if len(fitting) == 1 else None


def _amounts(columns: list[Column], body: Sequence[Row], *, bare: bool) -> list[Column]:
    roles = {one.role for one in columns}
    if "amount" in roles and {"debit", "credit"} <= roles:
        at = next(one.index for one in columns if one.role == "amount")
        signed = any(
            (table_values.read_plain(cell, mark) or "").startswith("-")
            for cell in table_cells.column(body, at)
            for mark in ".,"
        )
        gone = ("debit", "credit") if signed else ("amount",)
        return [replace(one, role="ignore") if one.role in gone else one for one in columns]
    if "amount" in roles or {"debit", "credit"} <= roles:
        lone = "amount" in roles
        return [
            replace(one, role="ignore") if lone and one.role in ("debit", "credit") else one
            for one in columns
        ]
    numeric = [
        one.index
        for one in columns
        if one.role == "ignore"
        and table_cells.column(body, one.index)
        and all(table_cells.is_amount(cell) for cell in table_cells.column(body, one.index))
    ]
    if roles & {"debit", "credit"}:
        return columns
    if bare and len(numeric) == 2 and _exclusive(body, numeric):
        return _with(_with(columns, "debit", numeric[1], 30), "credit", numeric[0], 30)
    if len(numeric) == 1 or (bare and numeric):
        return _with(columns, "amount", numeric[0], 60 if len(numeric) == 1 else 40)
    return columns


def _exclusive(body: Sequence[Row], pair: Sequence[int]) -> bool:
    """Whether each row fills one of two columns and never both."""
    return all(bool(row.text(pair[0])) != bool(row.text(pair[1])) for row in body)


def _flags(columns: list[Column], body: Sequence[Row]) -> list[Column]:
    """A mark of debit or credit counts only beside amounts that have no signs of their own."""
    amount = next((one.index for one in columns if one.role == "amount"), None)
    flag = next((one.index for one in columns if one.role == "flag"), None)
    if amount is None and flag is not None:
        return [replace(one, role="ignore") if one.index == flag else one for one in columns]
    if amount is None:
        return columns
    cells = table_cells.column(body, amount)
    signed = any(
        (table_values.read_plain(cell, mark) or "").startswith("-") or table_values.marked(cell)
        for cell in cells
        for mark in ".,"
    )
    if signed and flag is not None:
        return [replace(one, role="ignore") if one.index == flag else one for one in columns]
    if not signed and flag is None and cells:
        found = _only_flag(columns, body)
        return _with(columns, "flag", found, 80)
    return columns


def _only_flag(columns: Sequence[Column], body: Sequence[Row]) -> int | None:
    for one in columns:
        cells = table_cells.column(body, one.index)
        if one.role not in ("ignore", "text") or None in {flag_of(str(one)) for one in cells[:20]}:
            continue
        if {flag_of(str(cell)) for cell in cells} == {1, -1}:
            return one.index
    return None


def _accounts(columns: list[Column], body: Sequence[Row]) -> list[Column]:
    """The account of the file stands in every row; one that is missing in some is the other's."""
    at = next((one.index for one in columns if one.role == "account"), None)
    if at is None:
        return columns
    filled = [bool(row.text(at)) for row in body]
    dated = next((one.index for one in columns if one.role == "date"), None)
    if dated is not None:
        filled = [bool(row.text(at)) for row in body if row.text(dated)]
    if filled and all(filled):
        return columns
    known = any(one.role == "counterparty_account" for one in columns)
    role = "ignore" if known else "counterparty_account"
    return [replace(one, role=role) if one.index == at else one for one in columns]


def _wordiest(columns: Sequence[Column], body: Sequence[Row]) -> int | None:
    lengths = {
        one.index: sum(len(str(cell)) for cell in table_cells.column(body, one.index))
        for one in columns
        if one.role == "ignore"
        and table_cells.share(table_cells.column(body, one.index), table_cells.is_amount) < 0.5
    }
    best = max(lengths, key=lambda index: lengths[index], default=None)
    return best if best is not None and lengths[best] else None


def _preamble_currency(rows: Sequence[Row]) -> str | None:
    """A currency that stands alone in a cell above the table."""
    found = {
        text
        for row in rows
        for index in range(len(row.cells))
        if len(text := row.text(index)) == 3 and text in money.CURRENCIES
    }
    return found.pop() if len(found) == 1 else None
