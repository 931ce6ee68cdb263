"""From the bytes of a CSV or XLSX file to rows of cells, within bounds."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from connectors.catalog.bank import encoding
from connectors.catalog.bank.statement import MAX_TRANSACTIONS, Notes, StatementRefused, _

Cell = str | Decimal | date
MAX_ROWS = MAX_TRANSACTIONS + 1_000
MAX_COLUMNS = 200
MAX_CELLS = 12_000_000
MAX_UNPACKED = 250_000_000
MAX_RATIO = 200
MAX_PARTS = 2_000
MAX_SHEETS = 5
DELIMITERS = (";", "\t", ",", "|")
_TRIED = 300
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_SEP = re.compile(r"sep=(.)\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file (or row of the sheet, from 1) and its cells."""

    line: int
    cells: tuple[Cell, ...]

    def text(self, index: int) -> str:
        """A cell as trimmed text; empty where the row is shorter."""
        return str(self.cells[index]).strip() if index < len(self.cells) else ""

    @property
    def blank(self) -> bool:
        """Whether nothing stands in it."""
        return not any(str(cell).strip() for cell in self.cells)


class Formula(str):
    """A formula without a calculated value: it stands where a value should."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """All rows of one way to cut a file; `kind` is csv or xlsx."""

    kind: str
    rows: tuple[Row, ...]
    delimiter: str | None = None
    quote: str | None = None
    sheet: str | None = None


def grids(
    data: bytes, notes: Notes, *, delimiter: str | None = None, sheet: str | None = None
) -> list[Grid]:
    """The ways a file may be cut into cells, the likelier first; raises StatementRefused."""
    if data.startswith(_OLD_EXCEL):
        raise StatementRefused(
            "excel-old",
            _("This is an Excel file of before 2007. Save it as .xlsx or CSV and send it again."),
            line=1,
            kind="xls",
        )
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _sheets(data, sheet)
    text = encoding.decode(data, notes)
    return _cut(text, notes, delimiter)


def _cut(text: str, notes: Notes, delimiter: str | None) -> list[Grid]:
    if "\n" not in text:
        text = text.replace("\r", "\n")
    first = text.split("\n", 1)[0]
    hint = _SEP.match(first.strip())
    if hint:
        delimiter = delimiter or hint[1]
    quote = _quote(text)
    wanted = [delimiter] if delimiter else _likely(text)
    return [
        Grid("csv", tuple(_rows(text, one, quote, notes)), delimiter=one, quote=quote)
        for one in wanted
    ]


def _quote(text: str) -> str:
    """Single quotes only where cells clearly begin and end with them."""
    head = text[:20_000]
    single = len(re.findall(r"(?m)(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\r\n]|\Z)", head))
    double = head.count('"')
    return "'" if single >= 3 and double < single else '"'


def _likely(text: str) -> list[str]:
    """Delimiters that cut the first lines into columns, the most even cut first."""
    head = "\n".join(text.split("\n")[:_TRIED])
    scored: list[tuple[float, str]] = []
    for mark in DELIMITERS:
        widths = Counter(line.count(mark) + 1 for line in head.split("\n") if line.strip())
        wide = {width: n for width, n in widths.items() if width > 1}
        if not wide:
            continue
        width, agreeing = max(wide.items(), key=lambda pair: (pair[1], pair[0]))
        scored.append((agreeing / max(sum(widths.values()), 1) + min(width, 20) / 100, mark))
    if not scored:
        raise StatementRefused(
            "table-none",
            _("The text is not cut into columns by comma, semicolon, tab or bar."),
            line=1,
            kind="csv",
        )
    return [mark for _score, mark in sorted(scored, reverse=True)]


def _rows(text: str, delimiter: str, quote: str, notes: Notes) -> Iterator[Row]:
    """Cells as written; quotes that do not close are refused, odd ones taken as they stand."""
    try:
        return iter(_strictly(text, delimiter, quote, strict=True))
    except csv.Error as fault:
        if "field larger" in str(fault):
            raise _broken(1) from fault
    try:
        rows = _strictly(text, delimiter, quote, strict=False)
    except csv.Error as fault:
        raise _broken(1) from fault
    if rows and any("\n" in str(cell) for cell in rows[-1].cells):
        raise _broken(rows[-1].line)
    notes.once("quotes-odd", _("Some quotes in the file are not doubled; cells were kept as is."))
    return iter(rows)


def _strictly(text: str, delimiter: str, quote: str, *, strict: bool) -> list[Row]:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote, strict=strict
    )
    found: list[Row] = []
    cells = 0
    line = 1
    try:
        for values in reader:
            cells += len(values)
            found.append(Row(line, tuple(value.strip() for value in values)))
            line = reader.line_num + 1
            _bound(len(found), len(values), cells, line)
    except csv.Error as fault:
        if "end of data" in str(fault):
            raise _broken(line) from fault
        raise
    return found


def _broken(line: int) -> StatementRefused:
    return StatementRefused(
        "quote-open",
        _("A quote that opens here is never closed. Export the file again."),
        line=line,
        kind="csv",
    )


def _bound(rows: int, columns: int, cells: int, line: int) -> None:
    if rows > MAX_ROWS or columns > MAX_COLUMNS or cells > MAX_CELLS:
        raise StatementRefused(
            "table-too-large",
            _(
                "The table has more than %(rows)s rows or %(columns)s columns; split it by date.",
                rows=MAX_ROWS,
                columns=MAX_COLUMNS,
            ),
            line=line,
        )


def _sheets(data: bytes, wanted: str | None) -> list[Grid]:
    """The first sheets of a workbook, read row by row, with values instead of formulas."""
    with_formulas = _check_zip(data)
    values = _open(data, values=True)
    formulas = _open(data, values=False) if with_formulas else None
    names = [name for name in values.sheetnames if wanted in (None, name)] or values.sheetnames
    try:
        found = [
            Grid("xlsx", tuple(_sheet_rows(values, formulas, name)), sheet=name)
            for name in names[:MAX_SHEETS]
        ]
    except StatementRefused:
        raise
    except (ValueError, KeyError, TypeError, IndexError, SyntaxError, zipfile.BadZipFile) as fault:
        raise _not_a_workbook(str(fault)) from fault
    return [grid for grid in found if grid.rows] or [Grid("xlsx", (), sheet=names[0])]


def _check_zip(data: bytes) -> bool:
    """Refuses what unpacks beyond bounds or brings entities; answers whether formulas occur."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
            size = sum(part.file_size for part in parts)
            vast = len(parts) > MAX_PARTS or size > MAX_UNPACKED
            if vast or size > MAX_RATIO * max(len(data), 50_000):
                raise StatementRefused(
                    "workbook-too-large",
                    _("The workbook unpacks to more than is read. Save the sheet as CSV."),
                    kind="xlsx",
                )
            if "xl/workbook.xml" not in packed.namelist():
                raise _not_a_workbook("xl/workbook.xml")
            return _look_through(packed, parts)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as fault:
        raise _not_a_workbook(str(fault)) from fault
    except ValueError as fault:
        raise _not_a_workbook(str(fault)) from fault


def _look_through(packed: zipfile.ZipFile, parts: Sequence[zipfile.ZipInfo]) -> bool:
    formulas = False
    for part in parts:
        if not part.filename.endswith((".xml", ".rels")):
            continue
        with packed.open(part) as opened:
            head = opened.read(65_536).replace(b"\x00", b"")
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise StatementRefused(
                    "xml-entities",
                    _("The XML declares a document type, which no bank needs; remove the DOCTYPE."),
                    kind="xlsx",
                )
            if part.filename.startswith("xl/worksheets/") and not formulas:
                formulas = b"<f" in head or any(b"<f" in piece for piece in _pieces(opened))
    return formulas


def _pieces(opened: Any) -> Iterator[bytes]:
    """The rest of a part in overlapping pieces, so that no mark falls between two of them."""
    tail = b""
    while piece := opened.read(1_048_576):
        yield tail + piece
        tail = piece[-2:]


def _open(data: bytes, *, values: bool) -> Any:
    import openpyxl  # heavy: only for workbooks
    from openpyxl.utils.exceptions import InvalidFileException

    faults = (InvalidFileException, ValueError, KeyError, TypeError, AttributeError, IndexError)
    try:
        return openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=values, keep_links=False
        )
    except (*faults, SyntaxError, zipfile.BadZipFile, OSError, EOFError) as fault:
        raise _not_a_workbook(str(fault)) from fault


def _not_a_workbook(fault: str) -> StatementRefused:
    return StatementRefused(
        "workbook-broken",
        _("This is not a whole Excel workbook (%(fault)s). Save it again.", fault=fault[:120]),
        kind="xlsx",
    )


def _sheet_rows(values: Any, formulas: Any, name: str) -> Iterator[Row]:
    sheet = values[name]
    if not hasattr(sheet, "iter_rows"):
        return
    sheet.reset_dimensions()
    plain = sheet.iter_rows(values_only=True)
    written: Iterator[Any] = iter(())
    if formulas is not None:
        formulas[name].reset_dimensions()
        written = formulas[name].iter_rows(values_only=True)
    cells = 0
    for number, row in enumerate(plain, start=1):
        beside = next(written, ())
        row = _trimmed(row, beside)
        cells += len(row)
        _bound(number, len(row), cells, number)
        yield Row(number, tuple(_cell(one, beside, at) for at, one in enumerate(row)))


def _trimmed(row: Sequence[Any], beside: Sequence[Any]) -> Sequence[Any]:
    """Without the empty cells at its end that only carry a format."""
    width = len(row)
    while width and row[width - 1] is None and (len(beside) < width or beside[width - 1] is None):
        width -= 1
    return row[:width]


def _cell(value: Any, beside: Sequence[Any], at: int) -> Cell:
    if value is None:
        formula = beside[at] if at < len(beside) else None
        return Formula(formula) if isinstance(formula, str) and formula.startswith("=") else ""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(f"{value:.15g}") if abs(value) < 1e30 else str(value)
    if isinstance(value, date):
        return value
    return value.isoformat() if isinstance(value, time) else str(value).strip()
