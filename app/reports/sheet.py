"""Reports as an XLSX workbook: real numbers, formulas for the sums, nothing a sheet would run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from app.kernel import money, words
from app.reports.document import Column, Part, Report, Row, RowKind
from app.reports.marking import Mark

HEAD_ROWS = 4
TITLE_WIDTH, CODE_WIDTH, AMOUNT_WIDTH = 46, 12, 16
MOST_TERMS = 200  # parts of one formula; beyond it the sum stands as a number
_LONGEST_NAME = 31
_NAME_SIGNS = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def workbook(
    reports: Sequence[Report],
    mark: Mark,
    *,
    texts: Sequence[str] = (),
    made_at: datetime | None = None,
) -> bytes:
    """One sheet a report, after a first sheet with `texts` where there are some.

    The same content with the same `made_at` makes the same bytes.
    """
    file = io.BytesIO()
    book = _book(file, in_memory=True)
    _filled(book, reports, mark, texts, made_at)
    return file.getvalue()


def large_workbook(report: Report, mark: Mark, path: Path) -> None:
    """One long report as a workbook in a file; its rows do not stay in memory."""
    _filled(_book(path, constant_memory=True), [report], mark, (), None)


def _book(file: io.BytesIO | Path, **options: bool) -> Any:
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    return xlsxwriter.Workbook(file, {**plain, **options})


def _filled(
    book: Any,
    reports: Sequence[Report],
    mark: Mark,
    texts: Sequence[str],
    made_at: datetime | None,
) -> None:
    moment = (made_at or mark.at).astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.set_properties(
        {"title": reports[0].title if reports else mark.client, "company": mark.provider,
         "author": mark.provider, "created": moment}
    )  # fmt: skip
    names: set[str] = set()
    if texts:
        _text_sheet(book, _free_name(words.gettext("Words"), names), mark, texts)
    for report in reports:
        _Sheet(book, _free_name(report.title, names), report, mark).write()
    book.close()


def _free_name(title: str, taken: set[str]) -> str:
    plain = " ".join(title.translate(_NAME_SIGNS).split())[:_LONGEST_NAME] or "Report"
    name, count = plain, 2
    while name.lower() in taken:
        name = f"{plain[: _LONGEST_NAME - 3]} {count}"
        count += 1
    taken.add(name.lower())
    return name


def _text_sheet(book: Any, name: str, mark: Mark, texts: Sequence[str]) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_column(0, 0, 100)
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.write_string(0, 0, mark.client, book.add_format({"bold": True, "font_size": 14}))
    for place, text in enumerate(texts, 2):
        sheet.write_string(place, 0, text, wrapped)


class _Sheet:
    """One report on one sheet; column A the code, B the title, then the amounts."""

    def __init__(self, book: Any, name: str, report: Report, mark: Mark) -> None:
        self.sheet = book.add_worksheet(name)
        self.report, self.mark, self.book = report, mark, book
        self.dated = any(row.on for row in report.rows)
        self.start = 3 if self.dated else 2
        self.lines = {row.key: HEAD_ROWS + n for n, row in enumerate(report.rows) if row.key}
        self.heading = book.add_format({"bold": True})
        decimals = money.exponent(report.currency)
        number = "#,##0" + (f".{'0' * decimals}" if decimals else "")
        self.formats = {
            (kind, bold): book.add_format(
                {"num_format": pattern, "bold": bold, **({"top": 1} if bold else {})}
            )
            for kind, pattern in (
                ("amount", f'{number};"−"{number};{number}'),
                ("percent", '+0.0%;"−"0.0%;0.0%'),
                ("share", "0.0%"),
                ("text", "@"),
                ("day", "yyyy-mm-dd"),
            )
            for bold in (False, True)
        }

    def write(self) -> None:
        """Title, head, rows, widths, and the head kept in sight."""
        report, sheet = self.report, self.sheet
        bold = self.book.add_format({"bold": True, "font_size": 14})
        muted = self.book.add_format({"font_color": "#626b7c"})
        sheet.write_string(0, 0, f"{report.title} · {self.mark.client}", bold)
        sheet.write_string(1, 0, self._subtitle(), muted)
        sheet.write_string(2, 0, f"{self.mark.provider}. {self.mark.sentence}", muted)
        self._head()
        for row in report.rows:
            self._row(row, self.lines.get(row.key, HEAD_ROWS))
        sheet.set_column(0, 0, CODE_WIDTH if not self.dated else 18)
        if self.dated:
            sheet.set_column(1, 1, CODE_WIDTH)
        sheet.set_column(self.start - 1, self.start - 1, TITLE_WIDTH)
        sheet.set_column(self.start, self.start + len(report.columns) - 1, AMOUNT_WIDTH)
        sheet.freeze_panes(HEAD_ROWS, self.start)
        sheet.repeat_rows(HEAD_ROWS - 1)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C&P / &N")

    def _subtitle(self) -> str:
        return words.gettext(
            "%(first)s – %(last)s · %(currency)s · state of the books of %(when)s",
            first=words.format_date(self.report.first),
            last=words.format_date(self.report.last),
            currency=self.report.currency,
            when=words.format_instant(self.mark.books_at or self.mark.at),
        )

    def _head(self) -> None:
        head = self.book.add_format({"bold": True, "bottom": 1, "align": "right"})
        left = self.book.add_format({"bold": True, "bottom": 1})
        line = HEAD_ROWS - 1
        titles = [words.gettext("Code"), words.gettext("Account")]
        if self.dated:
            titles.insert(1, words.gettext("Date"))
        for place, title in enumerate(titles):
            self.sheet.write_string(line, place, title, left)
        for place, column in enumerate(self.report.columns):
            unit = f", {self.report.currency}" if column.kind == "amount" else ""
            self.sheet.write_string(line, self.start + place, f"{column.title}{unit}", head)

    def _row(self, row: Row, line: int) -> None:
        bold = row.kind is not RowKind.FIGURE
        text = self.formats["text", bold and row.kind is not RowKind.GROUP]
        if row.kind is RowKind.GROUP:
            text = self.heading
        self.sheet.write_string(line, 0, row.code, text)
        if self.dated and row.on:
            day = datetime.combine(row.on, time())
            self.sheet.write_datetime(line, 1, day, self.formats["day", False])
        self.sheet.write_string(line, self.start - 1, row.title, text)
        for place, amount in enumerate(row.amounts):
            if amount is not None:
                column = self.report.columns[place]
                self._cell(line, self.start + place, row, column, amount, bold)

    def _cell(self, line: int, at: int, row: Row, column: Column, amount: int, bold: bool) -> None:
        shown = self.formats[column.kind, bold]
        if column.kind != "amount":
            self.sheet.write_number(line, at, amount / 1000, shown)
            return
        value = money.to_decimal(amount, self.report.currency)
        formula = self._formula(row, at) if row.parts else ""
        if formula:
            self.sheet.write_formula(line, at, formula, shown, value)
        else:
            self.sheet.write_number(line, at, value, shown)

    def _formula(self, row: Row, at: int) -> str:
        """`=SUM(C5:C9)` of neighbours, else `=C9-C12`; empty where it would be too long."""
        lines = [self.lines[part.row] for part in row.parts if part.row in self.lines]
        if len(lines) != len(row.parts):
            return ""
        if all(part.sign == 1 for part in row.parts) and lines == list(
            range(lines[0], lines[0] + len(lines))
        ):
            first, last = xl_rowcol_to_cell(lines[0], at), xl_rowcol_to_cell(lines[-1], at)
            return f"=SUM({first}:{last})"
        return self._terms(row.parts, at) if len(lines) <= MOST_TERMS else ""

    def _terms(self, parts: Sequence[Part], at: int) -> str:
        terms = "".join(
            f"{'+' if part.sign > 0 else '-'}{xl_rowcol_to_cell(self.lines[part.row], at)}"
            for part in parts
        )
        return f"={terms.removeprefix('+')}"
