"""Gaps and contradictions of statements: pure, over invented and shared chains."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.accounting.bank import gaps as bank_gaps
from app.accounting.bank.gaps import Head
from connectors.catalog.bank import reading

START = date(2026, 3, 2)
SHARED = Path(os.environ.get("BACKOFFICE_SHARED", Path(__file__).parents[3] / "shared"))
CHAIN = SHARED / "data" / "statements" / "camt-chain"


def head(
    first: int,
    last: int,
    opening: int | None,
    closing: int | None,
    *,
    number: str | None = None,
    file: UUID | None = None,
) -> Head:
    days = (START + timedelta(days=first), START + timedelta(days=last))
    moved = (closing or 0) - (opening or 0)
    made = file or uuid4()
    return Head(uuid4(), made, "file", "mt940", number, None, *days, opening, closing, 1, moved)


@settings(max_examples=200)
@given(st.lists(st.integers(-500, 500), min_size=3, max_size=12), st.data())
def test_a_chain_has_no_gap_and_one_left_out_is_the_only_gap(
    moves: list[int], data: st.DataObject
) -> None:
    chain, balance = [], 0
    for day, moved in enumerate(moves):
        chain.append(head(day, day, balance, balance + moved))
        balance += moved
    shuffled = list(chain)
    data.draw(st.randoms(use_true_random=False)).shuffle(shuffled)
    assert bank_gaps.gaps(shuffled) == []
    gone = data.draw(st.integers(1, len(chain) - 2))
    found = bank_gaps.gaps(chain[:gone] + chain[gone + 1 :])
    if chain[gone].closing_minor in {one.closing_minor for one in chain[:gone]}:
        assert found == []
        return
    ends = [(one.after.id, one.before.id) for one in found]
    assert ends == [(chain[gone - 1].id, chain[gone + 1].id)]
    assert found[0].missing_minor == moves[gone]


def test_windows_that_overlap_leave_no_gap_and_silence_without_balances_does() -> None:
    assert bank_gaps.gaps([head(0, 9, 0, 50), head(5, 20, 30, 90)]) == []
    (quiet,) = bank_gaps.gaps([head(0, 1, None, None), head(40, 41, None, None)])
    assert quiet.kind == "days"
    numbered = [head(0, 0, None, None, number="5"), head(1, 1, None, None, number="7")]
    (number,) = bank_gaps.gaps(numbered)
    assert number.kind == "number"


def test_same_days_with_other_balances_or_lines_contradict_unless_of_one_file() -> None:
    file = uuid4()
    one = head(0, 3, 0, 50, file=file)
    assert bank_gaps.contradictions([one, head(0, 3, 0, 50)]) == []
    assert [each.kind for each in bank_gaps.contradictions([one, head(0, 3, 0, 60)])] == [
        "balances"
    ]
    other = replace(head(0, 3, 0, 50), booked_minor=49)
    assert [each.kind for each in bank_gaps.contradictions([one, other])] == ["lines"]
    assert bank_gaps.contradictions([one, head(0, 3, 0, 60, file=file)]) == []
    assert bank_gaps.contradictions([one, head(0, 4, 0, 60)]) == []


def test_a_month_is_covered_to_its_last_working_day() -> None:
    friday = date(2026, 5, 29)
    days = (friday - START).days
    assert bank_gaps.covered_to([head(0, days, 0, 1)], date(2026, 5, 31))
    assert not bank_gaps.covered_to([head(0, days - 1, 0, 1)], date(2026, 5, 31))
    assert bank_gaps.left_in([], START, friday, used=False) == 0
    assert bank_gaps.left_in([], START, friday, used=True) == 1


@pytest.mark.skipif(not CHAIN.is_dir(), reason="the shared statement files are not here")
def test_a_shared_chain_of_daily_statements_has_no_gap_in_any_order() -> None:
    chains: dict[str, list[Head]] = {}
    for path in sorted(CHAIN.rglob("*CAMT_053*.xml")):
        for one in reading.read(path.read_bytes()).statements:
            made = head(0, 0, one.opening_minor, one.closing_minor)
            made = replace(made, from_on=one.from_on, to_on=one.to_on)
            chains.setdefault(one.account or "", []).append(made)
    assert len(chains) == 2
    for heads in chains.values():
        assert len(heads) > 50
        random.Random(4).shuffle(heads)
        assert bank_gaps.gaps(heads) == []
        assert bank_gaps.contradictions(heads) == []
