"""What the readers of camt and MT940 make of files written here."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from connectors.catalog.bank import reading
from connectors.catalog.bank.statement import StatementFile, StatementRefused, Status

FIXTURES = Path(__file__).parent / "fixtures"


def read(name: str) -> StatementFile:
    return reading.read((FIXTURES / name).read_bytes())


def refused(data: bytes) -> StatementRefused:
    with pytest.raises(StatementRefused) as caught:
        reading.read(data)
    return caught.value


def camt(entry: str, currency: str = "EUR") -> bytes:
    return (
        "<?xml version='1.0'?>\n<Document xmlns='urn:x:camt.053.001.08'><BkToCstmrStmt><Stmt>\n"
        f"<Acct><Id><IBAN>NL91ABNA0417164300</IBAN></Id><Ccy>{currency}</Ccy></Acct>\n{entry}"
        "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def entry(amount: str, currency: str = "EUR", more: str = "") -> str:
    return (
        f"<Ntry><Amt Ccy='{currency}'>{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>"
        f"<BookgDt><Dt>2026-03-01</Dt></BookgDt>{more}</Ntry>"
    )


def test_a_batch_whose_details_add_up_becomes_one_transaction_a_detail() -> None:
    (statement,) = read("batch.xml").statements
    first, second, pending, information = statement.transactions
    assert (statement.account, statement.number) == ("GB33BUKB20201555555555", "7")
    assert statement.balances_agree is True
    assert (first.amount_minor, second.amount_minor) == (-4550, -1450)
    assert (first.counterparty, first.counterparty_account) == ("Marsh Paper", "20-1555")
    assert (first.text, first.bank_id) == ("Invoice 11 thank you", "N1")
    assert (first.end_to_end_id, second.end_to_end_id) == ("E-1", None)
    assert first.booked_on == date(2026, 3, 2)
    assert (pending.status, information.status) == (Status.PENDING, Status.INFORMATION)


def test_an_instructed_foreign_amount_is_never_the_amount_of_the_account() -> None:
    pending = read("batch.xml").statements[0].transactions[2]
    assert (pending.amount_minor, pending.currency, pending.foreign) == (999, "GBP", "12.40 USD")


def test_a_batch_whose_details_do_not_add_up_stays_one_transaction() -> None:
    details = "<NtryDtls>" + 2 * "<TxDtls><Amt Ccy='EUR'>4.00</Amt></TxDtls>" + "</NtryDtls>"
    (statement,) = reading.read(camt(entry("9.00", more=details))).statements
    assert [one.amount_minor for one in statement.transactions] == [-900]


def test_an_amount_finer_than_the_currency_is_kept_rounded_and_warned() -> None:
    found = reading.read(camt(entry("1.005") + entry("7.5", "JPY") + entry("1.2345", "BHD")))
    amounts = [(one.amount_minor, one.amount) for one in found.statements[0].transactions]
    assert amounts == [(-101, "-1.005"), (-8, "-7.5"), (-1235, "-1.2345")]
    assert [one.code for one in found.warnings].count("amount-precision") == 3


def test_mt940_reads_envelope_subfields_slash_words_and_reversals() -> None:
    found = read("envelope.sta")
    (statement,) = found.statements
    assert (statement.account, statement.currency) == ("12345678/0009876543", "EUR")
    assert (statement.number, statement.page) == ("12", "2")
    first, second, third = statement.transactions
    assert (first.amount_minor, second.amount_minor, third.amount_minor) == (25010, 350, -100)
    assert (first.value_on, first.booked_on) == (date(2026, 1, 1), date(2025, 12, 31))
    assert (first.reference, first.bank_id) == ("INV-77", "BK0001")
    assert (first.counterparty, first.end_to_end_id) == ("Okker Works", "E2E-9")
    assert first.counterparty_account == "NL91ABNA0417164300"
    assert first.text == "CREDIT Repair of the roof in the yard"
    assert (second.counterparty, second.end_to_end_id) == ("Vos & Dam", None)
    assert second.text == "SEPA Half a roof"
    assert statement.balances_agree is True


def test_balances_that_do_not_agree_are_warned_and_never_refused() -> None:
    data = (FIXTURES / "envelope.sta").read_bytes().replace(b"EUR747,40", b"EUR747,41")
    found = reading.read(data)
    assert found.statements[0].balances_agree is False
    assert "balances-disagree" in [one.code for one in found.warnings]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_mt940_is_read_in_the_encodings_banks_use(encoding: str) -> None:
    text = ":20:1\n:25:123\n:60F:C260101EUR0,\n:61:260102C1,00NTRFX\n:86:Bäckerei Müßig\n"
    (statement,) = reading.read(text.encode(encoding)).statements
    assert statement.transactions[0].text == "Bäckerei Müßig"


def test_the_thirtieth_of_february_is_the_last_of_february_and_warned() -> None:
    found = reading.read(b":20:1\n:60F:C260101EUR0,\n:61:260230C1,00NTRFX\n")
    assert found.statements[0].transactions[0].booked_on == date(2026, 2, 28)
    assert "date-out-of-calendar" in [one.code for one in found.warnings]


def test_a_movement_that_cannot_be_read_refuses_the_file_with_its_line() -> None:
    fault = refused(b":20:1\n:25:1\n:60F:C260101EUR0,\n:61:26XX02C1,00NTRF\n")
    assert (fault.code, fault.line, fault.kind) == ("entry-invalid", 4, "mt940")


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "empty-file", None),
        (b" \r\n", "empty-file", None),
        (b":20:1\n:25:\x001\n", "nul-bytes", 2),
        (b"hello", "format-unknown", 1),
        (b"OFXHEADER:100\n<OFX></OFX>", "no-statement", 1),
        (b"%PDF-1.7", "format-not-read", 1),
        (b"Date,Text,Amount\n2026-01-01,x,much\n2026-01-01,x,1\n", "amount-invalid", 2),
        (b"PK\x03\x04" + b"x" * 30, "format-not-read", 1),
        (camt("<Ntry>"), "xml-broken", 4),
        (camt(entry("1,00")), "amount-invalid", 4),
        (camt(entry("1E2")), "amount-invalid", 4),
        (camt(entry("9" * 30)), "amount-too-large", 4),
        (camt(entry("1.00", "eur")), "currency-invalid", 4),
        (camt("<Ntry><Amt Ccy='EUR'>1</Amt></Ntry>"), "direction-missing", 4),
        (camt("").replace(b"Stmt>", b"Some>"), "no-statement", 1),
    ],
)
def test_a_bad_file_is_refused_with_code_and_line(data: bytes, code: str, line: int | None) -> None:
    fault = refused(data)
    assert (fault.code, fault.line) == (code, line)
    assert str(fault.message)


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE Document SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_that_declares_entities_is_refused(head: str, encoding: str) -> None:
    text = camt(entry("1.00")).decode().replace("<Document", f"{head}<Document", 1)
    text = text.replace("version='1.0'", f"version='1.0' encoding='{encoding}'")
    assert refused(text.encode(encoding)).code == "xml-entities"


def test_a_file_over_the_bound_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    assert refused(b":20:1\n:25:12345").code == "file-too-large"


def test_fifty_megabytes_in_one_field_are_refused() -> None:
    more = f"<AddtlNtryInf>{'x' * 20_000_000}</AddtlNtryInf>"
    assert refused(camt(entry("1.00", more=more))).code == "xml-broken"


def test_camt_in_another_encoding_than_it_declares_is_read_and_warned() -> None:
    data = camt(entry("1.00", more="<AddtlNtryInf>Bäcker</AddtlNtryInf>")).replace(
        "ä".encode(), b"\xe4"
    )
    found = reading.read(data)
    assert found.statements[0].transactions[0].text == "Bäcker"
    assert "encoding-guessed" in [one.code for one in found.warnings]


def versions() -> list[tuple[str, str, str, int]]:
    kinds = (("052", "BkToCstmrAcctRpt", "Rpt"), ("053", "BkToCstmrStmt", "Stmt"))
    more = ("054", "BkToCstmrDbtCdtNtfctn", "Ntfctn")
    return [(*kind, number) for kind in (*kinds, more) for number in range(1, 15)]


@pytest.mark.parametrize(("message", "root", "carrier", "version"), versions())
def test_every_published_version_of_camt_is_read(
    message: str, root: str, carrier: str, version: int
) -> None:
    party = "<Dbtr><Nm>Vos</Nm></Dbtr>"
    status, details, number = "BOOK", "<TxDtls>{}</TxDtls>", "<IBAN>NL91ABNA0417164300</IBAN>"
    if version > 1:
        details = f"<NtryDtls>{details}</NtryDtls>"
    if version > 7:
        party, status = "<Dbtr><Pty><Nm>Vos</Nm></Pty></Dbtr>", "<Cd>BOOK</Cd>"
    ending = f"V{version:02}" if version == 1 else ""
    detail = details.format(f"<RltdPties>{party}</RltdPties><RmtInf><Ustrd>Rent</Ustrd></RmtInf>")
    text = (
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.{version:02}'>"
        f"<{root}{ending}><{carrier}><Id>1</Id><Acct><Id>{number}</Id><Ccy>EUR</Ccy></Acct><Ntry>"
        f"<Amt Ccy='EUR'>12.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>{status}</Sts>"
        f"<BookgDt><Dt>2026-03-01</Dt></BookgDt>{detail}</Ntry></{carrier}></{root}{ending}>"
        "</Document>"
    )
    found = reading.read(text.encode())
    (statement,) = found.statements
    (one,) = statement.transactions
    assert (found.format, statement.account) == (f"camt.{message}", "NL91ABNA0417164300")
    assert (one.amount_minor, one.status, one.counterparty) == (1250, Status.BOOKED, "Vos")
    assert (one.booked_on, one.text) == (date(2026, 3, 1), "Rent")
