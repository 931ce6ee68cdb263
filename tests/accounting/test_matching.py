"""The matching by itself: what is exact, what is idempotent, and what is never certain."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.accounting.matching import (
    assign,
    documents,
    engine,
    parties,
    references,
    rules,
    subsets,
    words,
)
from app.accounting.matching import text as texts
from app.accounting.matching.prepared import Known
from app.accounting.matching.references import Cited
from app.accounting.matching.values import Line, OpenItem, OwnAccount, Reason, Rule, Suggestion
from app.kernel import words as kernel_words
from tests.accounting import matching_cases

DAY = dt.date(2026, 3, 2)
BANK, LEDGER, CONTROL = UUID(int=1), UUID(int=2), UUID(int=3)
BANKISH = st.text(
    alphabet=st.sampled_from(list("abcXYZäÖßéŁ 0123456789?/+*-.:#")), max_size=60
) | st.builds(
    " ".join,
    st.lists(
        st.sampled_from(
            "SVWZ+ EREF+NOTPROVIDED ?20Miete ?32Müller /TRTP/ /REMI/ xxxx1234 ****99 12.03.2026"
            " 2026-03-12 14:55 Straße CAFÉ RF18539007547034 166?00".split()
        ),
        max_size=8,
    ),
)


def line(number: int, amount: int, *, text: str = "", name: str | None = None) -> Line:
    """A bank line of a day in March."""
    key = texts.name(name) or None
    return Line(UUID(int=1000 + number), BANK, LEDGER, DAY, amount, "EUR", name, None, None, None,
                text, key)  # fmt: skip


def item(number: int, amount: int, *, name: str = "Greenfield", reference: str = "") -> OpenItem:
    """A claim on a customer."""
    who = UUID(int=500 + sum(map(ord, name)))
    return OpenItem(
        UUID(int=2000 + number), 1, CONTROL, who, name, "receivable", DAY, None,
        reference or f"GM-{20000 + number}", "EUR", amount,
    )  # fmt: skip


def test_a_text_loses_what_the_bank_added_and_keeps_what_the_payer_wrote() -> None:
    said = "EREF+NOTPROVIDED SVWZ+Miete Mai 12.05.2026 Karte xxxx1234 ?20Café Straße"
    assert texts.clean(said) == "miete mai karte cafe strasse"
    written = "/TRTP/SEPA OVERBOEKING/REMI/Factuur 4711"
    assert texts.clean(written) == "/sepa overboeking /factuur 4711"


@given(BANKISH)
def test_normalising_twice_is_normalising_once(said: str) -> None:
    assert texts.fold(texts.fold(said)) == texts.fold(said)
    assert texts.clean(texts.clean(said)) == texts.clean(said)
    assert texts.name(texts.name(said)) == texts.name(said)


@pytest.mark.parametrize(
    ("said", "reference", "hit"),
    [
        ("RF18 5390 0754 7034", "539007547034", "structured"),
        ("QR 21 00000 00003 13947 14300 09017", "210000000003139471430009017", "structured"),
        ("+++090/9337/55493+++", "0909337554", "structured"),
        ("Invoice GM 20931 thanks", "GM-20931", "exact"),
        ("re 2026/0117", "RE 2026-0117", "exact"),
        ("your invoice no 20931", "GM-20931", "digits"),
        ("GM-20913", "GM-20931", "swapped"),
        ("Payment GM-209", "GM-20931", "cut"),
        ("Rent March 2026", "2026", None),
        ("GM-20932", "GM-20931", None),
    ],
)
def test_a_reference_is_recognised_as_payers_write_it(
    said: str, reference: str, hit: str | None
) -> None:
    found = references.of_line(reference=None, end_to_end_id=None, text=said)
    assert references.hit(found, Cited.of(reference)) == hit


@pytest.mark.parametrize("number", ["1234561", "12345672"])
def test_a_reference_field_of_digits_may_be_a_viite_or_a_kid(number: str) -> None:
    assert references.is_viite(number) or references.is_kid(number)
    found = references.of_line(reference=number, end_to_end_id=None, text="")
    assert number in found.structured


def test_a_number_beside_the_own_one_speaks_against_it() -> None:
    found = references.of_line(reference=None, end_to_end_id=None, text="Invoice GM-20930")
    cited = Cited.of("GM-20931")
    assert references.cites_another(found, cited, frozenset({"gm#5"}))
    assert references.cites_another(found, cited, frozenset())


@given(st.lists(st.integers(1, 60), min_size=0, max_size=9), st.integers(1, 120), st.integers(1, 3))
def test_sums_are_exact_and_counted(amounts: list[int], total: int, most: int) -> None:
    true = {
        places
        for size in range(2, len(amounts) + 1)
        for places in combinations(range(len(amounts)), size)
        if sum(amounts[place] for place in places) == total
    }
    found = subsets.choices(amounts, total, most=most)
    assert len(found) == len(set(found)) == min(most, len(true))
    assert set(found) <= true


def test_too_many_amounts_are_not_searched() -> None:
    with pytest.raises(ValueError, match="too many"):
        subsets.choices([1] * (subsets.LARGEST + 1), 5)


@st.composite
def pairs(draw: st.DrawFn) -> dict[tuple[int, str], float]:
    """Which of up to five lines could have which of up to five documents."""
    keys = draw(st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abcde")), unique=True))
    return {key: draw(st.integers(1, 50)) / 1.0 for key in keys}


def best(worth: dict[tuple[int, str], float]) -> float:
    """The greatest total by trying everything."""
    if not worth:
        return 0.0
    (line_, target), value = next(iter(worth.items()))
    without = {key: one for key, one in worth.items() if key != (line_, target)}
    apart = {key: one for key, one in without.items() if key[0] != line_ and key[1] != target}
    return max(best(without), value + best(apart))


@given(pairs())
@settings(max_examples=60)
def test_the_assignment_is_the_best_there_is_and_gives_nothing_twice(
    worth: dict[tuple[int, str], float],
) -> None:
    if len(worth) > 12:
        worth = dict(list(worth.items())[:12])
    found = assign.assign(worth)
    assert len(set(found.values())) == len(found)
    assert all(pair in worth for pair in found.items())
    assert sum(worth[pair] for pair in found.items()) == pytest.approx(best(worth))


AMOUNTS = st.sampled_from([10_000, 12_000, 5_050])
NAMES = st.sampled_from(["Greenfield", "Harrow Print", "Okafor Studio"])
TEXTS = st.sampled_from(["", "GM-20001", "GM 20002", "Invoice GM-20003", "Thank you", "20001"])


@st.composite
def books(draw: st.DrawFn) -> tuple[list[Line], list[OpenItem]]:
    """A few lines and open items with many equal amounts, names and numbers."""
    lines = [
        line(n, draw(AMOUNTS), text=draw(TEXTS), name=draw(st.none() | NAMES))
        for n in range(draw(st.integers(1, 6)))
    ]
    items = [item(n, draw(AMOUNTS), name=draw(NAMES)) for n in range(draw(st.integers(0, 6)))]
    return lines, items


def sure(found: dict[UUID, tuple[Suggestion, ...]]) -> list[Suggestion]:
    """Everything certain; it can only be the first."""
    assert not any(one.certainty == "certain" for listed in found.values() for one in listed[1:])
    return [listed[0] for listed in found.values() if listed and listed[0].certainty == "certain"]


@given(books())
def test_nothing_is_given_twice_as_certain(case: tuple[list[Line], list[OpenItem]]) -> None:
    lines, items = case
    found = engine.suggest(lines, Known(items=items))
    taken = Counter((s.entry_id, s.no) for one in sure(found) for s in one.open_items)
    assert not taken or max(taken.values()) == 1
    for listed in found.values():
        assert len(listed) <= 9
        for one in listed:
            assert one.certainty != "certain" or one.difference_minor == 0
            assert one.certainty != "certain" or one.probability >= 0.99


@given(books())
def test_with_two_equal_rivals_no_line_is_certain(
    case: tuple[list[Line], list[OpenItem]],
) -> None:
    lines, items = case
    twins = [
        replace(one, entry_id=UUID(int=one.entry_id.int + 9000)) for one in items
    ]  # the same number, party, amount and day once more
    found = engine.suggest(lines, Known(items=[*items, *twins]))
    singles = [one for one in sure(found) if len(one.open_items) == 1]
    assert not singles


@given(books())
def test_a_twin_of_a_line_keeps_both_from_being_certain(
    case: tuple[list[Line], list[OpenItem]],
) -> None:
    lines, items = case
    twins = [replace(one, id=UUID(int=one.id.int + 9000)) for one in lines]
    found = engine.suggest([*lines, *twins], Known(items=items))
    assert not [one for one in sure(found) if len(one.open_items) == 1]
    beside = engine.suggest(lines, Known(items=items), beside=twins)
    assert not [one for one in sure(beside) if len(one.open_items) == 1]


def test_own_accounts_lines_that_name_each_other_go_together() -> None:
    main = OwnAccount(UUID(int=1), UUID(int=2), "Main", "EUR", frozenset({"DE00MAIN"}))
    savings = OwnAccount(UUID(int=3), UUID(int=4), "Savings", "EUR", frozenset({"DE00SAVE"}))

    def moved(number: int, own: OwnAccount, amount: int, day: int, names: str | None) -> Line:
        return replace(
            line(number, amount, text="Umbuchung"),
            bank_account_id=own.id,
            account_id=own.account_id,
            booked_on=dt.date(2026, 5, day),
            counterparty_account=names,
        )

    both = [moved(1, main, -5_000, 14, "DE00SAVE"), moved(2, savings, 5_000, 16, "DE00MAIN")]
    silent = [moved(3, main, -5_000, 16, None), moved(4, savings, 5_000, 14, None)]
    found = engine.suggest([*both, *silent], Known(accounts=(main, savings)))
    for one, other in (both, both[::-1], silent, silent[::-1]):
        assert found[one.id][0].other_line_id == other.id
    assert [found[one.id][0].certainty for one in both] == ["certain", "certain"]
    assert "certain" not in [found[one.id][0].certainty for one in silent]


def test_a_sum_is_certain_only_where_no_other_choice_makes_it() -> None:
    one, two, three = item(1, 10_000), item(2, 20_050), item(3, 7_707)
    paid = line(1, 27_757, name="Greenfield", text="Statement")
    only = engine.suggest([paid], Known(items=[one, two, three]))[paid.id][0]
    assert {(s.entry_id, s.no) for s in only.open_items} == {two.key, three.key}
    assert only.certainty == "certain"
    twin = item(4, 20_050)
    again = engine.suggest([paid], Known(items=[one, two, three, twin]))[paid.id]
    assert all(s.certainty != "certain" for s in again)
    assert len([s for s in again if len(s.open_items) == 2]) == 2


def test_two_lines_may_pay_one_item_but_are_looked_at() -> None:
    lines = [line(n, amount, name="Greenfield") for n, amount in enumerate((40_000, 60_000))]
    found = engine.suggest(lines, Known(items=[item(1, 100_000)]))
    assert [found[one.id][0].open_items[0].amount_minor for one in lines] == [40_000, 60_000]
    assert {found[one.id][0].certainty for one in lines} == {"likely"}
    assert found[lines[0].id][0].reason.code == "item-part-receivable"


@pytest.mark.parametrize(
    ("paid", "open_", "explained"),
    [
        (9_800, 10_000, True),  # two percent discount
        (9_750, 10_000, True),
        (9_000, 10_000, True),  # a tenth held back
        (10_250, 10_000, True),  # a fee on top
        (8_123, 10_000, False),
        (990_000, 1_000_000, True),
        (993_700, 1_000_000, False),
    ],
)
def test_usual_differences_are_explained(paid: int, open_: int, explained: bool) -> None:
    assert documents.is_explained(paid, open_) is explained
    assert documents.is_explained(-paid, -open_) is explained


def test_names_are_alike_without_form_case_accent_and_what_a_bank_cut_off() -> None:
    whole = texts.name("Greenfield Machinery GmbH & Co. KG")
    assert parties.alike(whole, texts.name("GREENFIELD MACHINERY G")) > 0.8
    assert texts.name("Müller Möbel") == texts.name("MUELLER MOEBEL")
    assert parties.alike(texts.name("Schmidt"), texts.name("Schmidt Elektro")) < 0.9
    assert parties.alike(texts.name("Schmidt Bau"), texts.name("Weber Bau")) < 0.8


def rule(pattern: str | None, text: str | None = None, **more: object) -> Rule:
    """A rule with these patterns."""
    made = Rule(UUID(int=7), "R", 1, UUID(int=8), party_pattern=pattern, text_pattern=text)
    return replace(made, **more)  # type: ignore[arg-type]  # fields of the rule


@pytest.mark.parametrize(
    ("one", "fits"),
    [
        (rule("müller"), True),
        (rule("cafe*mull"), True),
        (rule("mull*cafe"), False),
        (rule(None, "lunch*may"), True),
        (rule("müller", direction="in"), False),
        (rule("müller", amount_from_minor=1200, amount_to_minor=1200), True),
        (rule("müller", amount_to_minor=1199), False),
        (rule("müller", bank_account_id=UUID(int=99)), False),
        (rule("müller", currency="USD"), False),
        (rule("m.*r"), False),  # no regular expression
    ],
)
def test_a_rule_fits_by_words_stars_amount_direction_and_account(one: Rule, fits: bool) -> None:
    said = rules.Said.of(line(1, -1_200, name="CAFÉ MÜLLER", text="Lunch in May"))
    assert bool(rules.Index.of((one,)).fitting(said)) is fits


@given(st.lists(st.sampled_from(["müll*lunch", "lunch", "caf", "xyz", "may*", "une"]), max_size=6))
def test_the_index_of_rules_finds_what_trying_each_finds(patterns: Sequence[str]) -> None:
    made = [
        replace(rule(None, text), id=UUID(int=n), position=n) for n, text in enumerate(patterns)
    ]
    said = rules.Said.of(line(1, -1_200, name="CAFÉ MÜLLER", text="Lunch in May"))
    tried = [one.number for one in rules.ready(made) if rules.fits(said, one)]
    assert [one.number for one in rules.Index.of(tuple(made)).fitting(said)] == tried


@pytest.mark.parametrize(
    ("party", "text", "code"),
    [
        (None, None, "rule-without-pattern"),
        (" ", "", "rule-without-pattern"),
        ("*", None, "rule-pattern-short"),
        ("a*b", None, "rule-pattern-short"),
        (None, "of", "rule-pattern-short"),
    ],
)
def test_a_rule_that_would_hit_everything_has_faults(
    party: str | None, text: str | None, code: str
) -> None:
    found = rules.faults(party_pattern=party, text_pattern=text)
    assert [one.code for listed in found.values() for one in listed] == [code]
    assert kernel_words.error_text(code, {"least": 3})
    assert not rules.faults(party_pattern="東京", text_pattern=None)


def test_a_rule_that_fits_most_lines_is_never_certain() -> None:
    lines = [line(n, -1_000 - n, name=f"Shop {n}", text="card payment") for n in range(40)]
    found = engine.suggest(lines, Known(rules=[rule("shop", "card payment")]))
    assert all(one.certainty == "unsure" for listed in found.values() for one in listed)


def test_every_reason_and_detail_has_words() -> None:
    for number in range(12):
        firm = matching_cases.firm(number)
        for listed in engine.suggest(firm.lines, firm.known).values():
            for one in listed:
                for reason in (one.reason, *one.details):
                    assert words.said(reason) != reason.code
    assert words.said(Reason("memory", {"times": 14, "of": 17})) == "14 of 17 times"


def test_what_is_certain_is_right_in_noisy_payments() -> None:
    count: Counter[str] = Counter()
    noise: Counter[tuple[str, str]] = Counter()
    for number in range(20):
        firm = matching_cases.firm(77_000 + number)
        found = engine.suggest(firm.lines, firm.known)
        for one in firm.lines:
            matching_cases.judge(count, noise, firm.truth[one.id], found[one.id])
    assert count["certain-right"] >= 0.999 * count["certain"]
    assert count["first"] >= 0.9 * count["known"]
