"""Reads the tables of other packages, CSV or XLSX, into rows of texts: bounded, any encoding."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

import openpyxl

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS, MAX_COLUMNS, MAX_CELL = 200_000, 60, 1_000
MAX_PLAIN = 200 * 1024 * 1024
"""Bytes that a workbook may unfold to: a small archive of vast sheets is refused unread."""
FORMULA = "\ufffc="
"""What stands in a cell whose formula was never worked out."""
_HEAD_ROWS = 30
_SPACES = re.compile(r"\s+")


class TableRefused(Exception):
    """A file that is no table; row from 1, 0 where no row is meant."""

    def __init__(self, code: str, row: int = 0, **params: Any) -> None:
        super().__init__(code)
        self.code, self.row, self.params = code, row, params


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its number in the file, from 1."""

    no: int
    cells: tuple[str, ...]

    def cell(self, place: int | None) -> str:
        """The text of a column; nothing where the row is shorter."""
        return self.cells[place] if place is not None and place < len(self.cells) else ""

    @property
    def filled(self) -> int:
        """How many cells hold something."""
        return sum(1 for cell in self.cells if cell)


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it; rows without any text are left out."""

    header: tuple[str, ...]
    header_row: int
    rows: tuple[Row, ...]
    encoding: str

    @property
    def fingerprint(self) -> str:
        """The same for every file with these columns, whatever their case: hex of SHA-256."""
        plain = "\x1f".join(cell.casefold() for cell in self.header)
        return hashlib.sha256(plain.encode()).hexdigest()


def read(data: bytes, *, words: Iterable[str]) -> Table:
    """The table of a file; raises TableRefused. `words` are those that mark a row as the header."""
    if not data.strip():
        raise TableRefused("file-empty")
    if len(data) > MAX_BYTES:
        raise TableRefused("file-too-large", most=MAX_BYTES // 1024)
    if data[:4] == b"PK\x03\x04":
        rows, encoding = _sheet(data), "xlsx"
    elif data[:4] == b"\xd0\xcf\x11\xe0":
        raise TableRefused("table-old-excel")
    else:
        rows, encoding = _text(data)
    return _table(rows, encoding, frozenset(words))


def _table(found: Iterator[Row], encoding: str, words: frozenset[str]) -> Table:
    rows: list[Row] = []
    for row in found:
        if len(rows) >= MAX_ROWS:
            raise TableRefused("too-many-lines", row.no, most=MAX_ROWS)
        if row.filled:
            rows.append(row)
    if not rows:
        raise TableRefused("file-empty")
    at = _header(rows, words)
    header = rows[at]
    if not rows[at + 1 :]:
        raise TableRefused("table-header-only", header.no)
    return Table(header.cells, header.no, tuple(rows[at + 1 :]), encoding)


def _header(rows: Sequence[Row], words: frozenset[str]) -> int:
    """The row that holds most of the words of headers; titles and addresses stand above it."""
    best, most = -1, 0
    for place, row in enumerate(rows[:_HEAD_ROWS]):
        known = sum(1 for cell in row.cells if plain(cell) in words)
        if known > most and (known > 1 or place == 0):
            best, most = place, known
    if best < 0:
        raise TableRefused("table-no-header", rows[0].no)
    return best


def plain(text: str) -> str:
    """A header's word without case, accents, signs and units, for comparing."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(sign for sign in letters if not unicodedata.combining(sign))
    bare = re.sub(r"\(.*?\)|[.:*#_/\\-]", " ", letters)
    return _SPACES.sub(" ", bare).strip()


def _text(data: bytes) -> tuple[Iterator[Row], str]:
    text, encoding = _decoded(data)
    if "\0" in text:
        raise TableRefused("nul-byte", text[: text.index("\0")].count("\n") + 1)
    return _csv(text), encoding


def _decoded(data: bytes) -> tuple[str, str]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace"), "utf-16"
    for name, at in (("utf-16-le", 1), ("utf-16-be", 0)):
        every_other = data[at:400:2]
        if every_other.count(0) * 2 > len(every_other):
            return data.decode(name, "replace"), name
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), "windows-1252"


def _csv(text: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_CELL * 10)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for cells in reader:
            yield _row(reader.line_num, cells)
    except csv.Error as error:
        raise TableRefused("not-csv", reader.line_num, why=str(error)) from error


def _delimiter(text: str) -> str:
    """The sign that cuts most lines of the beginning into the same number of cells."""
    lines = [line for line in text[:20_000].splitlines() if line.strip()][:40]

    def worth(sign: str) -> tuple[int, int]:
        counts = [line.count(sign) for line in lines]
        usual = max(counts, key=counts.count, default=0)
        return (sum(1 for count in counts if count and count == usual), max(counts, default=0))

    return max(";\t|,", key=worth)


def _row(number: int, cells: Iterable[Any]) -> Row:
    found = tuple(_shown(cell, number) for cell in cells)
    if len(found) > MAX_COLUMNS and any(found[MAX_COLUMNS:]):
        raise TableRefused("too-many-columns", number, most=MAX_COLUMNS)
    return Row(number, found[:MAX_COLUMNS])


def _shown(value: Any, number: int) -> str:
    """A cell as text: days as 2026-03-31, numbers with a point and no group signs."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        exact = Decimal(repr(value))
        rounded = exact.quantize(Decimal("0.000001")).normalize() if exact.is_finite() else exact
        return f"{rounded:f}"
    text = _SPACES.sub(" ", str(value)).strip()
    if len(text) > MAX_CELL:
        raise TableRefused("cell-too-long", number, most=MAX_CELL)
    return text


def _sheet(data: bytes) -> Iterator[Row]:
    """The rows of the first sheet that holds any; formulas count with the value kept in them."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(one.file_size for one in archive.infolist()) > MAX_PLAIN:
                raise TableRefused("file-too-large", most=MAX_BYTES // 1024)
        values = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise TableRefused("table-not-readable") from error
    try:
        for name in values.sheetnames:
            found = zip_longest(
                values[name].iter_rows(values_only=True), formulas[name].iter_rows(values_only=True)
            )
            rows = [
                _row(number, _worked_out(shown or (), written or ()))
                for number, (shown, written) in enumerate(found, 1)
                if number <= MAX_ROWS + _HEAD_ROWS
            ]
            if any(row.filled for row in rows):
                return iter(rows)
    except (KeyError, ValueError, TypeError, AttributeError, SyntaxError) as error:
        raise TableRefused("table-not-readable") from error
    finally:
        values.close()
        formulas.close()
    return iter(())


def _worked_out(shown: Sequence[Any], written: Sequence[Any]) -> Iterator[Any]:
    for value, formula in zip_longest(shown, written):
        unknown = value is None and isinstance(formula, str) and formula.startswith("=")
        yield FORMULA if unknown else value
