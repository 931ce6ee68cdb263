"""What the readers of BAI2, CODA, Norma 43 and MT942 make of files written here."""

from __future__ import annotations

from datetime import date

import pytest

from connectors.catalog.bank import reading
from connectors.catalog.bank.statement import Status
from tests.connectors.bank.examples import bytes_of, codes, minors, read, refused


def test_bai2_reads_continuations_availability_references_and_texts() -> None:
    found = read("two_groups.bai")
    dollars, yen = found.statements
    assert (dollars.account, dollars.currency, yen.currency) == ("0975312468", "USD", "JPY")
    assert (dollars.balances_agree, yen.closing_minor) == (True, 700)
    first, second = dollars.transactions
    assert (first.amount_minor, first.bank_id, first.reference) == (50_000, "BR1", "CR1")
    assert (first.end_to_end_id, first.counterparty) == ("E2E-1", "Okker Works")
    assert first.text.startswith("INVOICE 17/18, MARCH")
    assert (second.amount_minor, second.value_on) == (-1000, date(2026, 3, 4))
    assert second.text == "CHECK 1044"
    assert yen.transactions[0].status is Status.PENDING
    assert codes(found) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"49,2151000,7", b"49,2151001,7", "control-total-disagrees"),
        (b"49,2151000,7", b"49,2151000,8", "record-count-disagrees"),
        (b"98,2151000,1", b"98,2151000,2", "account-count-disagrees"),
        (b"99,2152520,2", b"99,2152520,3", "group-count-disagrees"),
        (b"49,2151000,7/\n", b"", "trailer-missing"),
        (b"400,1000,1", b"400,1001,1", "totals-disagree"),
        (b"015,1049000", b"015,1049001", "balances-disagree"),
    ],
)
def test_bai2_totals_that_do_not_agree_are_warned(old: bytes, new: bytes, code: str) -> None:
    found = reading.read(bytes_of("two_groups.bai").replace(old, new))
    assert code in codes(found)
    assert minors(found.statements[0]) == [50_000, -1000]


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        (b"16,475,", b"16,000,", "direction-missing", 8),
        (b"16,475,1000", b"16,475,1O00", "amount-invalid", 8),
        (b"16,475,1000", b"16,475,1" + b"0" * 20, "amount-too-large", 8),
        (b"16,475,", b"17,475,", "record-unknown", 8),
        (b"02,CUSTOMER,BANKUS33,1,260302,2359,USD,2/\n", b"", "record-misplaced", 2),
        (b"1,260302,2359", b"1,261302,2359", "date-invalid", 2),
    ],
)
def test_bai2_that_cannot_be_read_is_refused(old: bytes, new: bytes, code: str, line: int) -> None:
    fault = refused(bytes_of("two_groups.bai").replace(old, new, 1))
    assert (fault.code, fault.line, fault.kind) == (code, line, "bai2")


def test_coda_reads_movements_information_and_structured_communications() -> None:
    found = read("globalised.coda")
    first, second = found.statements
    vos, ada, bo, shop = first.transactions
    assert (first.account, first.number, second.number) == ("BE68539007547034", "045", "046")
    assert (first.balances_agree, second.balances_agree) == (True, True)
    assert (vos.counterparty, vos.counterparty_account) == ("VOS & DAM", "BE61310126985517")
    assert (vos.reference, vos.end_to_end_id) == ("+++123/4567/89002+++", "E2E-5")
    assert vos.booked_on == date(2026, 3, 5)
    assert (ada.amount_minor, bo.amount_minor) == (-10_000, -20_000)
    assert (shop.amount_minor, shop.text) == (-1234, "SHOP 12 Card 6703")
    assert codes(found) == []


def test_coda_details_that_do_not_add_up_leave_the_movement_whole() -> None:
    data = bytes_of("globalised.coda").replace(b"1000000000100000", b"1000000000100010", 1)
    assert minors(reading.read(data).statements[0]) == [25_050, -30_000, -1234]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"000013000000000312340", b"000012000000000312340", "record-count-disagrees"),
        (b"000000000312340", b"000000000312350", "totals-disagree"),
        (b"1000000000012340", b"1000000000012345", "amount-precision"),
        (b"8045BE68539007547034", b"8045BE61310126985517", "account-differs"),
        (b"8045", b"4   ", "trailer-missing"),
    ],
)
def test_coda_that_disagrees_with_itself_is_warned(old: bytes, new: bytes, code: str) -> None:
    data = bytes_of("globalised.coda")
    assert old in data
    assert code in codes(reading.read(data.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        (b"BANKREF          00010", b"BANKREF          0001?", "direction-missing", 3),
        (b"0000000000250500", b"00000000002505X0", "amount-invalid", 3),
        (b"\r\n23", b"\r\n24", "record-unknown", 5),
        (b"\r\n8045", b"\r\n7045", "record-unknown", 11),
        (b"05032600150000", b"05133200150000", "date-invalid", 3),
    ],
)
def test_coda_that_cannot_be_read_is_refused(old: bytes, new: bytes, code: str, line: int) -> None:
    data = bytes_of("globalised.coda")
    assert old in data
    fault = refused(data.replace(old, new, 1))
    assert (fault.code, fault.line, fault.kind) == (code, line, "coda")


def test_coda_version_1_is_refused_with_what_to_do() -> None:
    lines = bytes_of("globalised.coda").split(b"\r\n")
    lines[0] = lines[0][:127] + b"1"
    assert refused(b"\r\n".join(lines)).code == "version-not-read"


def test_norma_43_reads_concepts_references_and_the_foreign_amount() -> None:
    found = read("quarter.n43")
    (statement,) = found.statements
    paper, paid = statement.transactions
    assert (statement.account, statement.currency) == ("210004180200051332", "EUR")
    assert (statement.from_on, statement.to_on) == (date(2026, 3, 1), date(2026, 3, 31))
    assert (statement.opening_minor, statement.closing_minor) == (100_000, 137_655)
    assert statement.balances_agree is True
    assert (paper.amount_minor, paper.reference) == (-12_345, "FRA 2026/17")
    assert paper.text == "TRANSFERENCIA A PAPELERÍA VOS CONCEPTO: PAPEL Y TINTA"
    assert (paper.booked_on, paper.value_on) == (date(2026, 3, 2), date(2026, 3, 1))
    assert paper.foreign == "133.33 USD"
    assert (paid.amount_minor, paid.bank_id) == (50_000, "0000000123")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"0000100000000012345", b"0000200000000012345", "entry-count-disagrees"),
        (b"0000100000000012345", b"0000100000000012346", "totals-disagree"),
        (b"00000000137655", b"00000000137654", "balances-disagree"),
        (b"999999000007", b"999999000009", "record-count-disagrees"),
        (b"33210004180200051332", b"33210004180200051333", "account-differs"),
        (b"978", b"777", "currency-unknown"),
    ],
)
def test_norma_43_that_disagrees_with_itself_is_warned(old: bytes, new: bytes, code: str) -> None:
    data = bytes_of("quarter.n43")
    assert old in data
    assert code in codes(reading.read(data.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        (b"\r\n2301", b"\r\n2901", "record-unknown", 3),
        (b"04016100000000012345", b"04016300000000012345", "direction-missing", 2),
        (b"0401610000000001234", b"040161000000000123A", "amount-invalid", 2),
        (b"22    0418260302", b"22    0418261302", "date-invalid", 2),
        (b"2301TRANS", b"33", "amount-invalid", 3),
    ],
)
def test_norma_43_that_cannot_be_read_is_refused(
    old: bytes, new: bytes, code: str, line: int
) -> None:
    data = bytes_of("quarter.n43")
    assert old in data
    fault = refused(data.replace(old, new, 1))
    assert (fault.code, fault.line, fault.kind) == (code, line, "n43")


def test_what_an_interim_report_tells_is_pending_and_its_floor_is_warned() -> None:
    found = read("interim.sta")
    (statement,) = found.statements
    assert found.format == "mt942"
    assert [(one.amount_minor, one.status) for one in statement.transactions] == [
        (-1250, Status.PENDING),
        (200, Status.PENDING),
    ]
    assert statement.currency == "EUR"
    assert codes(found) == ["floor-limit"]


def test_an_interim_report_whose_sums_are_others_is_warned() -> None:
    data = bytes_of("interim.sta").replace(b":90C:1EUR2,00", b":90C:2EUR2,50")
    assert codes(reading.read(data))[1:] == ["entry-count-disagrees", "totals-disagree"]


def test_an_expected_movement_of_a_statement_is_pending() -> None:
    data = b":20:1\n:25:1\n:60F:C260101EUR0,\n:61:260102EC1,00NTRFX\n:62F:C260102EUR0,\n"
    found = reading.read(data)
    assert found.statements[0].transactions[0].status is Status.PENDING
    assert found.statements[0].balances_agree is True
