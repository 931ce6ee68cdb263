"""CSV and XLSX statements: guessed with reasons, proved by balances, refused with their line."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.catalog.bank import table, table_values
from connectors.catalog.bank.statement import StatementFile, StatementRefused, Status
from connectors.catalog.bank.table_mapping import Mapping

CHECKOUT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("BACKOFFICE_SHARED", CHECKOUT.parent / "shared"))
FOLDER = SHARED / "data" / "statements" / "csv"


def amounts(found: StatementFile) -> list[int]:
    return [one.amount_minor for each in found.statements for one in each.transactions]


def days(found: StatementFile) -> list[str]:
    return [str(one.booked_on) for each in found.statements for one in each.transactions]


def codes(found: StatementFile) -> set[str]:
    return {one.code for one in found.warnings}


def workbook(rows: list[list[Any]], *, title: str = "Umsätze") -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


GERMAN = (
    "Kontoauszug;;;\nIBAN:;DE89 3704 0044 0532 0130 00;;\n\n"
    "Buchungstag;Verwendungszweck;Betrag;Saldo\n"
    "03.02.2026;Miete Februar;-1.200,00;800,00\n"
    '02.02.2026;"Gutschrift; Vos";500,00;2.000,00\n'
    "01.02.2026;Strom;-50,50;1.500,00\n"
    ";Summe;-750,50;\n"
)


def test_a_german_export_is_read_with_preamble_comma_and_newest_first() -> None:
    mapping = table.guess(GERMAN.encode("cp1252"))
    assert (mapping.date_order, mapping.decimal, mapping.newest_first, mapping.proven) == (
        "DMY",
        ",",
        True,
        True,
    )
    found = table.read(GERMAN.encode("cp1252"))
    (one,) = found.statements
    assert one.account == "DE89370400440532013000"
    assert amounts(found) == [-120000, 50000, -5050]
    assert (one.opening_minor, one.closing_minor, one.balances_agree) == (155050, 80000, True)
    assert [each.line for each in one.transactions] == [5, 6, 7]


def test_a_wrong_sign_is_found_by_the_balances_and_refused_in_a_given_mapping() -> None:
    turned = "Date,Text,Amount,Balance\n2026-01-01,a,5.00,95.00\n2026-01-02,b,-20.00,115.00\n"
    turned += "2026-01-03,c,7.00,108.00\n"
    mapping = table.guess(turned.encode())
    assert mapping.sign == -1
    assert amounts(table.read(turned.encode())) == [-500, 2000, -700]
    wrong = Mapping.from_json({**mapping.to_json(), "sign": 1})
    with pytest.raises(StatementRefused) as refused:
        table.read(turned.encode(), mapping=wrong)
    assert (refused.value.code, refused.value.line) == ("sign-contradicted", 2)


def test_without_balances_amounts_of_one_sign_are_a_doubt() -> None:
    data = b"Date,Text,Amount\n2026-01-01,a,5.00\n2026-01-20,b,20.00\n"
    mapping = table.guess(data)
    assert [one.code for one in mapping.doubts] == ["sign-unproven"]
    assert mapping.confidence < 50
    assert "sign-unproven" in codes(table.read(data))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("Date,Paid out,Paid in,Text\n2026-01-13,5.00,,a\n2026-01-14,,7.10,b\n", [-500, 710]),
        ("Date,Debit,Credit,Text\n2026-01-13,-5.00,,a\n2026-01-14,,7.10,b\n", [-500, 710]),
        ("Datum;Bedrag;Af Bij;Naam\n20260113;5,00;Af;a\n20260114;7,10;Bij;b\n", [-500, 710]),
        ("Datum;Betrag;S/H;Text\n13.01.26;5,00;S;a\n14.01.26;7,10;H;b\n", [-500, 710]),
        ("Date|Text|Amount\n13/01/2026|a|5.00-\n14/01/2026|b|7.10\n", [-500, 710]),
        ("Date\tText\tAmount\n13 Jan 2026\ta\t(5.00)\n14 Jan 2026\tb\t7.10\n", [-500, 710]),
        ("Date,Text,Amount\n1/13/2026,a,$5.00 DR\n1/14/2026,b,$7.10 CR\n", [-500, 710]),
        ("Date;Text;Amount\n2026-01-13;a;-5 000,00\n2026-01-14;b;7'000,10\n", [-500000, 700010]),
        ("sep=;\nDate;Text;Amount\n2026-01-13;a;−5,00\n2026-01-14;b;7,10\n", [-500, 710]),
    ],
)
def test_conventions_of_banks_give_the_same_amounts(rows: str, expected: list[int]) -> None:
    found = table.read(rows.encode())
    assert amounts(found) == expected
    assert days(found) == ["2026-01-13", "2026-01-14"]


def test_an_order_of_dates_that_nothing_proves_is_a_doubt_with_an_example() -> None:
    found = table.read(b"Date,Text,Amount\n03/04/2026,a,-5.00\n03/04/2026,b,7.00\n")
    assert "date-order-unproven" in codes(found)
    proved = table.read(b"Date,Text,Amount\n03/04/2026,a,-5.00\n03/14/2026,b,7.00\n")
    assert "date-order-unproven" not in codes(proved)
    assert days(proved) == ["2026-03-04", "2026-03-14"]


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (
            "Date,Text,Amount\n2026-01-01,a,5\n2026-01-02,b,many\n2026-01-03,c,1\n",
            "amount-invalid",
            3,
        ),
        ("Date,Text,Amount\n2026-01-01,a,5\n,b,7\n2026-01-03,c,1\n", "date-missing", 3),
        ("Date,Text,Amount\n2026-01-01,a,5\n2026-13-01,b,7\n2026-01-03,c,1\n", "date-invalid", 3),
        ('Date,Text,Amount\n2026-01-01,"a,5\n2026-01-02,b,7\n', "quote-open", 2),
        ("Date,Text,Amount\n2026-01-01,a,b,5\n2026-01-01,a,5\n", "row-width", 2),
        ("Date,Text,Debit,Credit\n2026-01-01,a,5,7\n2026-01-02,b,1,\n", "debit-and-credit", 2),
        ("name,colour\nrobin,red\nvale,green\n", "table-no-date", 1),
        ("Date,Weight,Height\n2026-01-01,70,180\n", "table-no-amount", 1),
        ("just words\nand more\n", "table-none", 1),
    ],
)
def test_what_cannot_be_taken_whole_is_refused_with_its_line(
    data: str, code: str, line: int
) -> None:
    with pytest.raises(StatementRefused) as refused:
        table.read(data.encode())
    assert (refused.value.code, refused.value.line) == (code, line), str(refused.value.message)


def test_accounts_and_currencies_of_one_table_are_statements_of_their_own() -> None:
    data = (
        "Date,Account,Currency,Amount,Text\n2026-01-15,A1,EUR,5.00,a\n2026-01-16,A2,USD,-6.00,b\n"
    )
    found = table.read((data + "2026-01-17,A1,EUR,-1.00,c\n").encode())
    assert [(one.account, one.currency, len(one.transactions)) for one in found.statements] == [
        ("A1", "EUR", 2),
        ("A2", "USD", 1),
    ]


def test_states_of_lines_are_kept_and_a_balance_that_moved_books_a_pending_one() -> None:
    head = "Date,Text,Status,Amount\n"
    rows = "2026-01-15,a,Pending,5.00\n2026-01-16,b,Completed,-6.00\n2026-01-17,c,Failed,-1.00\n"
    (one,) = table.read((head + rows).encode()).statements
    assert [each.status for each in one.transactions] == [
        Status.PENDING,
        Status.BOOKED,
        Status.INFORMATION,
    ]


def test_amounts_finer_than_the_currency_are_rounded_kept_and_warned() -> None:
    found = table.read(b"Date,Text,Currency,Amount\n2026-01-15,a,EUR,-1.005\n")
    assert amounts(found) == [-101]
    assert found.statements[0].transactions[0].amount == "-1.005"
    assert "amount-precision" in codes(found)


def test_a_workbook_with_serial_days_a_merged_title_and_totals_is_read() -> None:
    rows: list[list[Any]] = [
        ["Account statement", None, None, None],
        ["IBAN", "GB29 NWBK 6016 1331 9268 19", None, None],
        ["Booking date", "Details", "Amount", "Balance"],
        [dt.datetime.fromisoformat("2026-01-15"), "Rent", -100.1, 899.9],
        [46038, "Sale", 0.2, 900.1],
        [dt.date(2026, 1, 17), "Fee", Decimal("-0.1"), 900.0],
        ["Total", None, -100.0, None],
    ]
    found = table.read(workbook(rows))
    (one,) = found.statements
    assert amounts(found) == [-10010, 20, -10]
    assert days(found) == ["2026-01-15", "2026-01-16", "2026-01-17"]
    assert one.account == "GB29NWBK60161331926819"
    assert (one.opening_minor, one.closing_minor) == (100000, 90000)
    assert found.format == "xlsx"


def test_a_formula_that_was_never_calculated_is_refused_with_its_row() -> None:
    rows: list[list[Any]] = [
        ["Date", "Text", "Amount"],
        ["2026-01-15", "a", -5],
        ["2026-01-16", "b", "=C2*2"],
    ]
    with pytest.raises(StatementRefused) as refused:
        table.read(workbook(rows))
    assert (refused.value.code, refused.value.line) == ("formula-uncalculated", 3)


def test_workbooks_that_would_burst_or_are_none_are_refused() -> None:
    vast = io.BytesIO()
    with zipfile.ZipFile(vast, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"<x/>")
        packed.writestr("xl/worksheets/sheet1.xml", b"\0" * 60_000_000)
    for data in (vast.getvalue(), workbook([["a"]])[:300], b"PK\x03\x04rubbish"):
        with pytest.raises(StatementRefused):
            table.read(data)
    entity = io.BytesIO()
    with zipfile.ZipFile(entity, "w") as packed:
        packed.writestr("xl/workbook.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    with pytest.raises(StatementRefused) as refused:
        table.read(entity.getvalue())
    assert refused.value.code == "xml-entities"


def test_a_mapping_survives_json_and_fits_the_next_file_of_its_shape_only() -> None:
    first = b"Datum,Was,Betrag\n01.02.2026,a,5.00\n02.02.2026,b,6.00\n"
    found = table.guess(first)
    turned = Mapping.from_json({**json.loads(json.dumps(found.to_json())), "sign": -1})
    later = b"Datum,Was,Betrag\n03.02.2026,c,7.00\n"
    assert amounts(table.read(later, mapping=table.laid_on(later, turned))) == [-700]
    assert days(table.read(later, mapping=table.laid_on(later, turned))) == ["2026-02-03"]
    with pytest.raises(StatementRefused):
        table.laid_on(b"Datum,Betrag,Was\n03.02.2026,7.00,c\n", turned)


EXPECTED = {
    "sample_statement.csv": [250000, -120000],
    "golden__csv_french_headers.csv": [-123456, 350000, -450],
    "golden__csv_spanish_headers.csv": [-123456, 350000, -450],
    "csv__banking__csb43.csv": [150000, -50000],
    "csv__apps__monefy.csv": [-5500, -2500, 128080, -20000, -18000, 488400, -1200, 20000],
    "csv__other__stripe.csv": [1200, -77],
    "data__importers__bank.csv": [-100, -100, 100, -50000, 100, 30000, -3000],
    "venmo.csv": [7301, 5003, -1201, -3502],
    "paypal_alternate.csv": [-1234, 1234],
    "amazon.csv": [2190],
    "healthequity__data__1234567__cash-transactions-contribution.csv": [80000, 160000],
    "healthequity__data__1234567__cash-transactions-distribution.csv": [],
    "healthequity__data__1234567__cash-transactions-other.csv": [-30000, 1, 33673, 2, -193676],
    "account_statement_import_sheet_file__tests__fixtures__sample_statement_en.csv": [
        -3350,
        152500,
    ],
    "csv__sample.csv": [5000, -5000],
}
NO_STATEMENTS = ("balances.csv", "schwab", "rotki")


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared statement files are not here")
def test_every_shared_table_is_read_to_the_cent_or_refused_with_a_line() -> None:
    seen = 0
    for path in sorted(FOLDER.rglob("*.csv")):
        seen += 1
        if any(word in path.name for word in NO_STATEMENTS):
            with pytest.raises(StatementRefused) as refused:
                table.read(path.read_bytes())
            assert refused.value.line, path.name
            continue
        found = table.read(path.read_bytes())
        if path.name in EXPECTED:
            assert amounts(found) == EXPECTED[path.name], path.name
    assert seen >= 20


plain_amounts = st.decimals(
    min_value=Decimal("-99999999"), max_value=Decimal("99999999"), places=2, allow_nan=False
)


@settings(max_examples=300)
@given(plain_amounts, st.sampled_from([".,", ",.", ". ", ", ", ".'", ",\u202f"]))
def test_an_amount_written_any_way_is_read_back_to_the_cent(value: Decimal, style: str) -> None:
    decimal, group = style[0], style[1]
    written = f"{value:,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", group)
    assert Decimal(table_values.read_plain(written, decimal) or "x") == value
    behind = written.removeprefix("-") + ("-" if value < 0 else "")
    assert Decimal(table_values.read_plain(behind, decimal) or "x") == value


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(st.integers(0, 27), st.integers(-(10**8), 10**8).filter(bool)),
        min_size=3,
        max_size=30,
    ),
    st.booleans(),
    st.sampled_from([1, -1]),
    st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d.%m.%y"]),
)
def test_balances_prove_sign_and_order_of_any_history(
    moves: list[tuple[int, int]], turned: bool, sign: int, style: str
) -> None:
    balance = 12345
    rows = []
    for day, minor in sorted(moves, key=lambda one: one[0]):
        balance += minor
        on = dt.date(2026, 3, 1) + dt.timedelta(days=day)
        rows.append(
            f"{on.strftime(style)},t,{sign * minor / 100:.2f},{balance / 100:.2f}"  # exact: cents
        )
    if turned:
        rows.reverse()
    data = "\n".join(["Date,Text,Amount,Balance", *rows]) + "\n"
    expected = [minor for _day, minor in sorted(moves, key=lambda one: one[0])]
    found = table.read(data.encode())
    if table.guess(data.encode()).proven:
        read = amounts(found)
        assert read == (expected[::-1] if turned else expected) or len(set(map(abs, read))) < len(
            read
        )


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    for start in (b"", b"Date,Text,Amount\n2026-01-01,a,1\n", b"PK\x03\x04"):
        with contextlib.suppress(StatementRefused):
            table.read(start + data)
