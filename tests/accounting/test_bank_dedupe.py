"""Which lines of overlapping windows are one: any windows, in any order, end in the same lines."""

from __future__ import annotations

import random
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.accounting.bank import dedupe as bank_dedupe
from connectors.catalog.bank.statement import BankTransaction, Statement, Status

START = date(2026, 1, 1)


def bought(day: int, minor: int, text: str, **more: object) -> BankTransaction:
    booked = START + timedelta(days=day)
    return BankTransaction(booked, booked, minor, "EUR", text=text, **more)  # type: ignore[arg-type]  # of the transaction


history = st.lists(
    st.builds(bought, st.integers(0, 5), st.sampled_from([100, -250]), st.sampled_from(["a", "b"])),
    max_size=30,
)
windows = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=6)


def kept(files: list[list[BankTransaction]]) -> set[tuple[bytes, int]]:
    """What the table's unique key keeps of these files."""
    found: set[tuple[bytes, int]] = set()
    for transactions in files:
        statement = Statement("X1", "EUR", transactions=tuple(transactions))
        found |= {(one.key, one.occurrence) for one in bank_dedupe.lines([statement], ["account"])}
    return found


@settings(max_examples=300)
@given(history, windows, st.randoms(use_true_random=False))
def test_overlapping_windows_in_any_order_keep_every_line_once(
    transactions: list[BankTransaction], spans: list[tuple[int, int]], order: random.Random
) -> None:
    days = {day for first, last in spans for day in range(first, last + 1)}
    covered = [one for one in transactions if ((one.booked_on or START) - START).days in days]
    files = [
        [one for one in transactions if first <= ((one.booked_on or START) - START).days <= last]
        for first, last in spans
    ]
    order.shuffle(files)
    assert len(kept(files)) == len(covered)
    assert kept([*files, *files]) == kept(files) == kept([covered])


def test_case_accents_and_blanks_do_not_make_another_line() -> None:
    one, same = bought(0, 1, "Café  Ångström"), bought(0, 1, "CAFE ANGSTROM")
    assert bank_dedupe.dedupe_key(one, START) == bank_dedupe.dedupe_key(same, START)


def test_a_running_number_is_no_identity_but_a_bank_id_is() -> None:
    def key(bank_id: str) -> bytes:
        return bank_dedupe.dedupe_key(bought(0, 1, "x", bank_id=bank_id), START)

    assert key("1") == key("27")
    assert key("BK-1") != key("BK-2")


def test_information_is_no_line() -> None:
    statement = Statement("X1", "EUR", transactions=(bought(0, 1, "x", status=Status.INFORMATION),))
    assert bank_dedupe.lines([statement], ["account"]) == []
