"""Tables of other packages: encodings, headers in many languages, days, amounts, entries."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounting.moving import cells as moving_cells
from app.accounting.moving import columns as moving_columns
from app.accounting.moving import read as moving_read
from app.accounting.moving import table as moving_table
from app.accounting.moving.columns import HEADER_WORDS
from app.accounting.moving.table import Table, TableRefused
from app.accounting.moving.values import Content, Settings

XERO = """Demo Company,,,,,
General Ledger Export,,,,,
Date,Journal Number,Account Code,Account,Description,Debit,Credit,Reference
31/01/2026,101,610,Accounts Receivable,Harbour Cafe,120.00,,INV-7
31/01/2026,101,200,Sales,Harbour Cafe,,100.00,INV-7
31/01/2026,101,820,VAT,Harbour Cafe,,20.00,INV-7
Total,,,,,120.00,120.00,
"""
DATEV = (
    "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;Konto;Gegenkonto (ohne BU-Schlüssel);"
    "Belegdatum;Belegfeld 1;Buchungstext\n"
    "1.190,00;S;1400;8400;1503;RE-1;Rechnung Ärzte\n"
    "250,50;H;1200;4930;1603;;Büro\n"
)
QUICKBOOKS = """General Ledger,,,,,
,Date,Transaction Type,Num,Memo/Description,Amount
Checking,,,,,
,01/15/2026,Deposit,7,Sales of the day,500.00
Total for Checking,,,,,500.00
Sales of Product Income,,,,,
,01/15/2026,Deposit,7,Sales of the day,-500.00
Total for Sales of Product Income,,,,,-500.00
"""


def table(text: str | bytes) -> Table:
    data = text.encode() if isinstance(text, str) else text
    return moving_table.read(data, words=HEADER_WORDS)


def content(text: str | bytes, **changes: object) -> Content:
    found = table(text)
    columns = moving_columns.guess(found)
    settings = Settings(moving_columns.kind_of(columns), columns)
    return moving_read.read(found, replace(settings, **changes), currency="GBP")  # type: ignore[arg-type]  # by name


def test_titles_above_and_totals_below_are_left_aside() -> None:
    found = content(XERO)
    assert [(entry.day, [p.amount for p in entry.parts]) for entry in found.entries] == [
        (dt.date(2026, 1, 31), [12000, -10000, -2000])
    ]
    assert found.skipped == 1
    assert [one.name for one in found.sources.values()] == ["Accounts Receivable", "Sales", "VAT"]


def test_a_row_with_its_other_account_is_an_entry() -> None:
    found = content(DATEV.encode("cp1252"), on=dt.date(2026, 1, 1))
    assert [[(p.source, p.amount) for p in e.parts] for e in found.entries] == [
        [("1400", 119000), ("8400", -119000)],
        [("1200", -25050), ("4930", 25050)],
    ]
    assert found.entries[0].day == dt.date(2026, 3, 15)
    assert "Ärzte" in found.entries[0].text


def test_sections_by_account_are_put_together_again() -> None:
    found = content(QUICKBOOKS, order="mdy")
    assert [[(p.source, p.amount) for p in e.parts] for e in found.entries] == [
        [("checking", 50000), ("sales of product income", -50000)]
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_encoding_is_read(encoding: str) -> None:
    text = "Konto;Kontobezeichnung;Soll;Haben\n1200;Bürobedarf Müller;10,00;\n4000;Erlöse;;10,00\n"
    found = table(text.encode(encoding))
    assert found.rows[0].cells[1] == "Bürobedarf Müller"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "file-empty"),
        ("Date,Account,Debit,Credit\n", "table-header-only"),
        ("Date,Account,Debit,Credit\n,,,\n", "table-header-only"),
        ("a,b,c\n1,2,3\n", "table-no-header"),
        ("Date,Account,Debit\n2026-01-01,\0,1\n", "nul-byte"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(TableRefused) as caught:
        table(text)
    assert caught.value.code == code


def test_more_than_twenty_megabytes_are_refused() -> None:
    with pytest.raises(TableRefused, match="file-too-large"):
        table(b"Date,Account,Debit\n" + b"x" * (20 * 1024 * 1024))


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_sheet_is_read_with_its_days_and_numbers() -> None:
    data = workbook(
        [
            ["Account code", "Account name", "Debit", "Credit"],
            [1200, "Bank", 1234.5, None],
            [3000, "Capital", None, 1234.5],
        ]
    )
    found = content(data, on=dt.date(2026, 1, 1))
    assert [(p.source, p.amount) for p in found.balances] == [("1200", 123450), ("3000", -123450)]


def test_a_formula_nobody_worked_out_is_named_with_its_row() -> None:
    data = workbook(
        [["Account code", "Account name", "Debit", "Credit"], [1200, "Bank", "=1+1", None]]
    )
    found = content(data)
    assert [(f.code, f.params["row"]) for f in found.faults] == [("formula-without-value", 2)]


def test_a_broken_workbook_is_refused() -> None:
    with pytest.raises(TableRefused, match="table-not-readable"):
        table(b"PK\x03\x04 this is no archive")


def test_days_in_two_orders_are_refused_with_both_rows() -> None:
    found = content(
        "Date,Account code,Debit,Credit\n31/01/2026,1,5,\n01/31/2026,2,,5\n05/05/2026,1,1,\n"
    )
    fault = next(one for one in found.faults if one.code == "dates-two-orders")
    assert dict(fault.params) == {"first": 2, "second": 3}
    assert found.entries == []


def test_days_that_can_be_read_both_ways_ask() -> None:
    text = "Date,Account code,Debit,Credit\n03/04/2026,1,5,\n03/04/2026,2,,5\n"
    assert [one.code for one in content(text).faults] == ["date-order-unsure"]
    assert content(text, order="dmy").entries[0].day == dt.date(2026, 4, 3)
    assert content(text, order="mdy").entries[0].day == dt.date(2026, 3, 4)


def test_an_unreadable_row_refuses_its_entry_and_no_other() -> None:
    found = content(
        "Date,Entry no,Account code,Debit,Credit\n"
        "2026-01-05,1,1200,10.00,\n2026-01-05,1,4000,,ten\n"
        "2026-01-06,2,1200,7.00,\n2026-01-06,2,4000,,7.00\n"
    )
    assert [(f.row, f.code) for f in found.faults] == [(3, "not-an-amount")]
    assert [bool(entry.fault) for entry in found.entries] == [True, False]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Date,Account Code,Account,Debit,Credit", "ledger"),
        ("Konto;Kontobezeichnung;Soll;Haben", "opening"),
        ("Code,Name,Type,Tax Code", "chart"),
        ("Numéro compte;Intitulé;Débit;Crédit", "opening"),
        ("Customer,Invoice number,Due date,Amount due", "items"),
        ("Contact Name,Email,Phone", "contacts"),
        ("Fecha;Asiento;Cuenta;Concepto;Debe;Haber", "ledger"),
        ("Datum;Rekening;Omschrijving;Debet;Credit", "ledger"),
        ("N/C,Name,Debit,Credit", "opening"),
    ],
)
def test_headers_of_packages_tell_what_a_file_is(header: str, kind: str) -> None:
    sign = ";" if ";" in header else ","
    cells = {
        "date": "2026-01-31", "due date": "2026-02-28", "fecha": "2026-01-31",
        "datum": "2026-01-31", "debit": "5", "credit": "0", "soll": "5", "haben": "0",
        "amount due": "5", "débit": "5", "crédit": "0", "debe": "5", "haber": "0", "debet": "5",
    }  # fmt: skip
    row = sign.join(cells.get(word.casefold(), "1200 x") for word in header.split(sign))
    found = table(f"{header}\n{row}\n{row}\n")
    assert moving_columns.kind_of(moving_columns.guess(found)) == kind


@given(
    st.integers(-(10**11), 10**11),
    st.sampled_from(["{:,.2f}", "{:.2f}"]),
    st.booleans(),
    st.sampled_from(["minus", "brackets", "after"]),
)
def test_an_amount_is_read_as_it_was_written(
    minor: int, form: str, comma: bool, negative: str
) -> None:
    text = form.format(abs(Decimal(minor) / 100))
    if comma:
        text = text.translate(str.maketrans(",.", ".,"))
    if minor < 0:
        text = {"minus": f"-{text}", "brackets": f"({text})", "after": f"{text}-"}[negative]
    assert moving_cells.amount(text, decimal_comma=comma) == Decimal(minor) / 100
    assert moving_cells.amount(text, decimal_comma=None) == Decimal(minor) / 100


@given(st.dates(dt.date(1970, 1, 1), dt.date(2069, 12, 31)), st.sampled_from("./-"))
def test_a_day_is_read_as_it_was_written(day: dt.date, sign: str) -> None:
    for order, text in (
        ("dmy", f"{day.day}{sign}{day.month}{sign}{day.year}"),
        ("mdy", f"{day.month:02}{sign}{day.day:02}{sign}{day.year % 100:02}"),
        ("dmy", day.isoformat()),
        ("dmy", f"{day:%Y%m%d}"),
    ):
        if text.isdigit() and not 1900 <= day.year <= 2099:
            continue
        assert moving_cells.day(text, order=order) == day  # type: ignore[arg-type]  # of the list


@given(st.binary(max_size=400))
def test_no_bytes_at_all_bring_the_reader_down(data: bytes) -> None:
    try:
        found = table(b"Date,Account code,Debit,Credit\n" + data)
    except TableRefused:
        return
    columns = moving_columns.guess(found)
    moving_read.read(found, Settings("ledger", columns, order="dmy"), currency="GBP")
