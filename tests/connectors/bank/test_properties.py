"""Properties of the readers: nothing but the refusal escapes, and what was written is read."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.catalog.bank import reading
from connectors.catalog.bank.statement import StatementRefused

FIXTURES = Path(__file__).parent / "fixtures"
SEEDS = [path.read_bytes() for path in sorted(FIXTURES.iterdir())]

edits = st.lists(
    st.tuples(
        st.integers(0, 100_000), st.sampled_from(["cut", "put", "set"]), st.binary(max_size=6)
    ),
    min_size=1,
    max_size=6,
)


def mutated(data: bytes, changes: list[tuple[int, str, bytes]]) -> bytes:
    for place, kind, piece in changes:
        at = place % (len(data) + 1)
        rest = {"cut": at + 1 + len(piece), "put": at, "set": at + len(piece)}[kind]
        data = data[:at] + (b"" if kind == "cut" else piece) + data[rest:]
    return data


@settings(max_examples=300)
@given(st.sampled_from(SEEDS), edits)
def test_a_changed_file_is_read_or_refused_and_nothing_else(
    seed: bytes, changes: list[tuple[int, str, bytes]]
) -> None:
    with contextlib.suppress(StatementRefused):
        reading.read(mutated(seed, changes))


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for head in (b"", b":20:1\n:61:", b":60F:", b":86:", b"<Document>camt.053"):
        with contextlib.suppress(StatementRefused):
            reading.read(head + data)


words = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30)
movements = st.lists(
    st.tuples(
        st.integers(-(10**13), 10**13), st.integers(0, 5000), st.sampled_from("BP"), words, words
    ),
    max_size=12,
)


def written(rows: list[tuple[int, int, str, str, str]]) -> bytes:
    from lxml import etree

    root = etree.fromstring('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"/>')
    statement = etree.SubElement(etree.SubElement(root, "BkToCstmrStmt"), "Stmt")
    account = etree.SubElement(statement, "Acct")
    etree.SubElement(etree.SubElement(account, "Id"), "IBAN").text = "NL91ABNA0417164300"
    for minor, day, status, name, text in rows:
        entry = etree.SubElement(statement, "Ntry")
        amount = etree.SubElement(entry, "Amt", Ccy="EUR")
        amount.text = f"{abs(minor) // 100}.{abs(minor) % 100:02}"
        etree.SubElement(entry, "CdtDbtInd").text = "DBIT" if minor < 0 else "CRDT"
        etree.SubElement(entry, "Sts").text = "BOOK" if status == "B" else "PDNG"
        booked = date(2015, 1, 1) + timedelta(days=day)
        etree.SubElement(etree.SubElement(entry, "BookgDt"), "Dt").text = booked.isoformat()
        detail = etree.SubElement(etree.SubElement(entry, "NtryDtls"), "TxDtls")
        side = "Cdtr" if minor < 0 else "Dbtr"
        party = etree.SubElement(etree.SubElement(detail, "RltdPties"), side)
        etree.SubElement(party, "Nm").text = name
        etree.SubElement(etree.SubElement(detail, "RmtInf"), "Ustrd").text = text
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


@settings(max_examples=100)
@given(movements)
def test_a_written_camt_file_is_read_back_to_the_cent(
    rows: list[tuple[int, int, str, str, str]],
) -> None:
    (statement,) = reading.read(written(rows)).statements
    assert [
        (
            one.amount_minor,
            ((one.booked_on or date.min) - date(2015, 1, 1)).days,
            one.status.value[0].upper(),
            one.counterparty,
            one.text,
        )
        for one in statement.transactions
    ] == rows
