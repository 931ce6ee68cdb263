"""What the readers of OFX and QIF make of files written here, and of any encoding."""

from __future__ import annotations

from datetime import date

import pytest

from connectors.catalog.bank import reading
from connectors.catalog.bank.statement import (
    BankTransaction,
    Statement,
    Status,
)
from tests.connectors.bank.examples import bytes_of, codes, minors, read, refused


def only(data: bytes) -> Statement:
    (statement,) = reading.read(data).statements
    return statement


def ofx(body: str, *, head: str = "OFXHEADER:100\nVERSION:102\nCHARSET:1252\n\n") -> bytes:
    return (
        f"{head}<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1"
        f"</BANKACCTFROM><BANKTRANLIST>\n{body}</BANKTRANLIST><LEDGERBAL><BALAMT>1.00"
        "</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    ).encode("cp1252")


def movement(amount: str = "-1.00", more: str = "", day: str = "20260302") -> str:
    return f"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>{day}<TRNAMT>{amount}<FITID>1{more}</STMTTRN>\n"


def test_ofx_with_tags_that_never_close_is_read_whole() -> None:
    found = read("unclosed.ofx")
    (statement,) = found.statements
    first, second = statement.transactions
    assert (statement.account, statement.currency) == ("40 500 12345", "EUR")
    assert (statement.from_on, statement.to_on) == (date(2026, 3, 1), date(2026, 3, 31))
    assert statement.closing_minor == 9925
    assert (first.amount_minor, first.booked_on) == (-125075, date(2026, 3, 2))
    assert (first.value_on, first.reference, first.bank_id) == (date(2026, 3, 3), "77", "F1")
    assert (first.counterparty, first.text) == ("Marsh & Sons", "Paper and ink")
    assert (second.amount_minor, second.counterparty) == (50, "Okker Works")
    assert second.counterparty_account == "NL91ABNA0417164300"
    assert found.warnings == ()


def test_ofx_days_are_the_banks_and_move_to_no_other_time_zone() -> None:
    second = read("unclosed.ofx").statements[0].transactions[1]
    assert second.booked_on == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("written", "minor"),
    [("-11,76", -1176), ("1.250,50", 125050), ("+7", 700), ("-0", 0), ("  12.3 ", 1230)],
)
def test_ofx_amounts_take_point_or_comma(written: str, minor: int) -> None:
    assert minors(only(ofx(movement(written)))) == [minor]


def test_an_ofx_comma_before_three_digits_is_warned() -> None:
    found = reading.read(ofx(movement("1,250")))
    assert minors(found.statements[0]) == [125000]
    assert codes(found) == ["decimal-mark-guessed"]


def test_ofx_2_with_comments_and_character_data_is_read() -> None:
    head = '<?xml version="1.0"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n'
    more = "<MEMO><![CDATA[Tom & <b>Jo</b>]]></MEMO><!-- <TRNAMT>9</TRNAMT> -->"
    found = reading.read(ofx(movement(more=more), head=head))
    assert found.statements[0].transactions[0].text == "Tom & <b>Jo</b>"
    assert codes(found) == []


def test_ofx_in_the_code_page_it_declares_needs_no_warning() -> None:
    found = reading.read(ofx(movement(more="<NAME>Café Müßig")))
    assert found.statements[0].transactions[0].counterparty == "Café Müßig"
    assert codes(found) == []


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("", "header-missing"),
        ("OFXHEADER:100\nVERSION:300\n\n", "version-unknown"),
        ("OFXHEADER:100\nVERSION:102\n", "header-broken"),
    ],
)
def test_a_broken_ofx_envelope_is_warned(head: str, code: str) -> None:
    found = reading.read(ofx(movement(), head=head))
    assert minors(found.statements[0]) == [-100]
    assert codes(found) == [code]


def test_pending_and_investment_movements_keep_their_kind() -> None:
    bought = "<INVBUY><INVTRAN><FITID>9<DTTRADE>20260305</INVTRAN><TOTAL>-50.00{}</INVBUY>"
    body = (
        "<STMTTRNP><TRNTYPE>POS<DTTRAN>20260304<TRNAMT>-2.00<NAME>Shop</STMTTRNP>"
        f"<BUYSTOCK>{bought.format('<SUBACCTFUND>CASH')}</BUYSTOCK>"
        f"<BUYMF>{bought.format('<SUBACCTFUND>OTHER')}</BUYMF>"
        "<TRANSFER><INVTRAN><FITID>8<DTTRADE>20260305</INVTRAN><UNITS>3</TRANSFER>"
    )
    found = only(ofx(body)).transactions
    assert [(one.amount_minor, one.status) for one in found] == [
        (-200, Status.PENDING),
        (-5000, Status.BOOKED),
        (-5000, Status.INFORMATION),
        (0, Status.INFORMATION),
    ]


def test_an_error_of_the_bank_instead_of_a_statement_is_told() -> None:
    body = (
        "<SIGNONMSGSRSV1><SONRS></SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><STATUS>"
        "<CODE>2000<SEVERITY>ERROR<MESSAGE>Try later</STATUS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
    found = reading.read(f"OFXHEADER:100\nVERSION:102\n\n<OFX>{body}".encode())
    assert (found.statements, codes(found)) == ((), ["bank-error"])
    assert "Try later" in str(found.warnings[0].message)


def test_qif_keeps_accounts_apart_and_proves_days_and_decimal_marks() -> None:
    found = read("two_accounts.qif")
    house, till = found.statements
    assert (house.account, till.account) == ("House account", "Till")
    assert (house.opening_minor, house.closing_minor) == (100_000, 120_000)
    assert house.balances_agree is True
    opening, paper, okker = house.transactions
    assert opening.status is Status.INFORMATION
    assert (paper.amount_minor, paper.reference) == (-5025, "1001")
    assert (paper.counterparty, paper.text) == ("Paper Mill", "Paper and ink two bottles")
    assert okker.booked_on == date(2026, 3, 1)
    assert minors(till) == [-500]
    assert codes(found) == ["currency-missing"]


def qif(*rows: str, head: str = "!Type:Bank\n") -> bytes:
    records = []
    for row in rows:
        day, amount, *more = row.split("|")
        records.append("\n".join([f"D{day}", f"T{amount}", *more, "^\n"]))
    return (head + "".join(records)).encode()


@pytest.mark.parametrize(
    ("days", "first"),
    [
        (("01/06/10", "29/12/10"), date(2010, 6, 1)),
        (("01/06/10", "12/29/10"), date(2010, 1, 6)),
        (("6/ 1'03", "12/29'03"), date(2003, 6, 1)),
        (("1/ 1'85", "12/29'85"), date(2085, 1, 1)),
        (("1/6/85", "12/29/85"), date(1985, 1, 6)),
        (("2026-02-03", "2026-11-30"), date(2026, 2, 3)),
        (("20260203", "20261130"), date(2026, 2, 3)),
    ],
)
def test_the_order_of_qif_days_is_proven_by_the_whole_file(
    days: tuple[str, str], first: date
) -> None:
    found = reading.read(qif(*(f"{day}|1.00" for day in days)))
    assert found.statements[0].transactions[0].booked_on == first
    assert "date-order-guessed" not in codes(found)


def test_days_that_could_be_either_are_taken_as_they_stand_sorted_and_warned() -> None:
    found = reading.read(qif("03/01/26|1.00", "04/01/26|1.00", "02/02/26|1.00"))
    assert [str(one.booked_on) for one in found.statements[0].transactions] == [
        "2026-01-03",
        "2026-01-04",
        "2026-02-02",
    ]
    assert "date-order-guessed" in codes(found)


@pytest.mark.parametrize(
    ("rows", "code", "line"),
    [
        (("13/01/26|1.00", "01/13/26|1.00"), "date-order-contradicts", 5),
        (("32/13/26|1.00",), "date-order-contradicts", 2),
        (("01/02/26|1,000.00", "02/02/26|1.000,00"), "decimal-marks-contradict", 6),
        (("01/02/26|one",), "amount-invalid", 3),
        (("yesterday|1.00",), "date-invalid", 2),
    ],
)
def test_qif_that_contradicts_itself_is_refused_with_its_line(
    rows: tuple[str, ...], code: str, line: int
) -> None:
    fault = refused(qif(*rows))
    assert (fault.code, fault.line, fault.kind) == (code, line, "qif")


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("1,234.56", 123456),
        ("-1.234,56", -123456),
        ("1'234.5", 123450),
        ("(12.00)", -1200),
        ("$-3.10", -310),
    ],
)
def test_qif_amounts_are_read_in_the_way_the_file_writes_them(written: str, minor: int) -> None:
    assert minors(only(qif(f"13/01/26|{written}"))) == [minor]


def test_a_split_that_does_not_make_its_whole_is_warned() -> None:
    found = reading.read(qif("13/01/26|-10.00|SOne|$-4.00|STwo|$-5.00"))
    assert minors(found.statements[0]) == [-1000]
    assert "splits-disagree" in codes(found)


def test_qif_investments_move_money_only_where_cash_moves() -> None:
    head = "!Type:Invst\n"
    rows = ("25/01/26|100.00|NBuy|YACME", "26/01/26|5.00|NDiv", "27/01/26|9.00|NReinvDiv")
    more = ("28/01/26|7.00|NBuyX|L[Checking]", "29/01/26|1.00|NMiscExp")
    found = only(qif(*rows, *more, head=head)).transactions
    assert [(one.amount_minor, one.status.value[0]) for one in found] == [
        (-10000, "b"),
        (500, "b"),
        (900, "i"),
        (700, "i"),
        (-100, "b"),
    ]


def test_qif_without_its_head_is_read_as_a_bank_account_and_warned() -> None:
    found = reading.read(qif("13/01/26|1.00|PVos", head=""))
    assert found.format == "qif"
    assert "header-missing" in codes(found)


def test_a_qif_file_of_accounts_alone_is_a_statement_without_movements() -> None:
    found = reading.read(b"!Account\nNHouse\nTBank\n^\n")
    assert [one.account for one in found.statements] == ["House"]
    assert refused(b"!Type:Cat\nNFood\nE\n^\n").code == "no-statement"


@pytest.mark.parametrize("name", ["unclosed.ofx", "two_accounts.qif", "two_groups.bai"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_change_nothing(name: str, encoding: str, ends: str) -> None:
    plain = reading.read(bytes_of(name))
    text = bytes_of(name).decode("cp1252").replace("\n", ends)
    other = reading.read(text.encode(encoding))
    assert other.format == plain.format
    assert [told(one) for one in other.statements] == [told(one) for one in plain.statements]


def told(statement: Statement) -> list[tuple[object, ...]]:
    def one(line: BankTransaction) -> tuple[object, ...]:
        return (line.booked_on, line.amount_minor, line.counterparty, line.text, line.reference)

    return [one(line) for line in statement.transactions]
