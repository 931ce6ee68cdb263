"""Rating: what must hold for every price and every quantity, and the models' own rules."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.rating import deltas, rate, reading
from billing.rating.deltas import Billed
from billing.rating.lines import Line, total
from billing.rating.models import Convention, Event, Measured
from billing.rating.price import (
    ONE,
    ZERO,
    Block,
    Blocks,
    Conversion,
    Dynamic,
    Flat,
    Graduated,
    Matrix,
    Package,
    Percentage,
    Price,
    PriceRefused,
    Stairstep,
    Tier,
    Unit,
    Volume,
)

CENTS = Convention(places=2)
EXACT = Convention()
OPEN = Convention(places=2, volume_while_open=True)


def _rated(
    price: Price,
    quantity: object,
    *,
    convention: Convention = CENTS,
    events: tuple[Event, ...] = (),
) -> tuple[Line, ...]:
    used = Measured(ZERO, Decimal(str(quantity)), events)
    return rate.rate(price, used, convention=convention)


def _amounts(found: tuple[Line, ...]) -> dict[str, str]:
    return {one.part: str(one.total) for one in found}


_PRICES = st.decimals(0, 1000, places=4)
_QUANTITIES = st.decimals(0, 5000, places=2)


@st.composite
def _tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    bounds = sorted(draw(st.sets(st.integers(1, 4000), max_size=4)))
    fee = st.one_of(st.none(), _PRICES)
    return tuple(
        Tier(None if bound is None else Decimal(bound), draw(_PRICES), draw(fee))
        for bound in [*bounds, None]
    )


_MODELS = st.one_of(
    _PRICES.map(Unit),
    _tiers().map(Graduated),
    _tiers().map(Volume),
    st.builds(Package, _PRICES, st.integers(1, 50).map(Decimal)),
    st.builds(Dynamic, st.decimals(0, 3, places=2)),
)


@settings(max_examples=200, deadline=None)
@given(_MODELS, st.lists(_QUANTITIES, min_size=1, max_size=6), st.one_of(st.none(), _PRICES))
def test_what_was_billed_step_by_step_adds_up_to_the_rating_of_all(
    model: object, cumulative: list[Decimal], minimum: Decimal | None
) -> None:
    """Late, corrected and falling quantities too: whatever came before, the sum is the truth."""
    price = Price(model, minimum=minimum)  # type: ignore[arg-type]  # one of the models
    billed: list[Billed] = []
    for number, quantity in enumerate(cumulative):
        used = Measured(ZERO, quantity, ends=number == len(cumulative) - 1)
        now = rate.rate(price, used, convention=OPEN)
        for at, change in enumerate(deltas.changes(now, billed)):
            billed.append(Billed(f"{number}-{at}", change.line))
        assert sum((one.line.total for one in billed), ZERO) == total(now)
    again = deltas.changes(now, billed)
    assert not again  # a second run changes nothing


@settings(max_examples=200, deadline=None)
@given(_tiers(), _QUANTITIES, _QUANTITIES)
def test_a_period_in_parts_comes_to_the_same_as_in_one(
    tiers: tuple[Tier, ...], first: Decimal, second: Decimal
) -> None:
    price = Price(Graduated(tiers))
    whole = rate.rate(price, Measured(ZERO, first + second), convention=EXACT)
    parts = [
        rate.rate(price, Measured(ZERO, first, ends=False), convention=EXACT),
        rate.rate(price, Measured(first, first + second, starts=False), convention=EXACT),
    ]
    assert total(whole) == sum(map(total, parts), ZERO)


@settings(max_examples=200, deadline=None)
@given(_MODELS, _QUANTITIES, _PRICES, _PRICES)
def test_a_total_lies_between_minimum_and_maximum(
    model: object, quantity: Decimal, one: Decimal, other: Decimal
) -> None:
    low, high = (round(each, 2) for each in sorted((one, other)))
    price = Price(model, minimum=low, maximum=high)  # type: ignore[arg-type]  # one of the models
    found = _rated(price, quantity)
    assert low <= total(found) <= high


def test_the_maximum_of_a_period_counts_what_was_billed_of_it() -> None:
    price = Price(Unit(Decimal(10)), maximum=Decimal(100))
    used = Measured(Decimal(9), Decimal(15), starts=False)
    found = rate.rate(price, used, convention=CENTS, billed=Decimal(90))
    assert [(int(one.amount), int(one.discount), int(one.total)) for one in found] == [(60, 50, 10)]


def test_a_retainer_in_advance_is_due_with_the_first_line_and_one_in_arrears_with_the_last() -> (
    None
):
    first, last = Measured(ZERO, ZERO, ends=False), Measured(ZERO, ZERO, starts=False)
    for when, due in (("advance", first), ("arrears", last)):
        price = Price(Flat(Decimal(80), when))  # type: ignore[arg-type]  # one of both
        other = last if due is first else first
        assert total(rate.rate(price, due, convention=CENTS)) == 80
        assert not rate.rate(price, other, convention=CENTS)


def test_an_allowance_is_taken_after_the_conversion() -> None:
    """Seconds of work, in started hours, the first two of them free."""
    hours = Conversion(Decimal(3600), rounding="up")
    price = Price(Unit(Decimal(85)), allowance=Decimal(2), conversion=hours)
    assert total(_rated(price, 7200)) == 0
    assert total(_rated(price, 7201)) == 85


def test_a_matrix_prices_by_what_events_say_and_refuses_what_it_does_not_name() -> None:
    night, day = ("urgent", "night"), ("urgent", "day")
    model = Matrix({night: Decimal(120), day: Decimal(80)})
    events = (Event(Decimal("0.5"), night), Event(Decimal(1), day), Event(Decimal(1), night))
    assert _amounts(_rated(Price(model), "2.5", events=events)) == {
        "urgent/day": "80.00",
        "urgent/night": "180.00",
    }
    with pytest.raises(PriceRefused) as refused:
        _rated(Price(model), 1, events=(Event(Decimal(1), ("low", "day")),))
    assert (refused.value.code, refused.value.where) == ("not-in-matrix", "low, day")


def test_a_share_of_values_leaves_the_first_events_free() -> None:
    model = Percentage(Decimal(2), Decimal("0.30"), free_events=2, free_value=Decimal(250))
    events = tuple(Event(Decimal(one)) for one in (100, 100, 100, 500))
    found = _rated(Price(model), 800, events=events)
    assert _amounts(found) == {"percentage": "12.00", "per-event": "0.60"}


def test_a_matrix_converts_the_sum_of_each_cell() -> None:
    """Seconds of night work: an hour of them is one hour, however many events made it."""
    night = ("night",)
    price = Price(Matrix({night: Decimal(120)}), conversion=Conversion(Decimal(3600)))
    events = tuple(Event(Decimal(1200), night) for _each in range(3))
    assert _amounts(_rated(price, 3600, events=events)) == {"night": "120.00"}


def test_no_two_cells_of_a_matrix_are_one_part() -> None:
    cells = (("a/b", "c"), ("a", "b/c"), ("a%2Fb", "c"))
    model = Matrix(dict.fromkeys(cells, Decimal(1)))
    found = _rated(Price(model), 3, events=tuple(Event(ONE, one) for one in cells))
    assert len({one.part for one in found}) == 3


def test_events_with_a_price_of_their_own_are_compared_as_one_part() -> None:
    model = Percentage(Decimal(1), event_minimum=Decimal("1.75"))
    used = Measured(ZERO, Decimal(30), tuple(Event(Decimal(one)) for one in (10, 20)))
    now = rate.rate(Price(model), used, convention=CENTS)
    (change,) = deltas.changes(now, [])
    assert change.line.total == total(now) == Decimal("3.50")
    assert deltas.changes(now, [Billed("x", change.line)]) == ()


def test_corrections_below_nothing_are_not_billed_a_tiers_fee() -> None:
    tiers = (Tier(Decimal(10), Decimal(1), Decimal(10)), Tier(None, Decimal(1)))
    assert total(_rated(Price(Volume(tiers)), -5)) == 0


def test_the_maximum_holds_to_the_cent_and_counts_what_goes_back() -> None:
    halves = Graduated((Tier(ONE, Decimal("5.005")), Tier(None, Decimal("5.005"))))
    assert str(total(_rated(Price(halves, maximum=Decimal(10)), 2))) == "10.00"
    given, back = ("given",), ("given back",)
    model = Matrix({given: Decimal(1), back: Decimal(1)})
    events = (Event(Decimal(120), given), Event(Decimal(-50), back))
    assert total(_rated(Price(model, maximum=Decimal(100)), 70, events=events)) == 70


def test_steps_and_blocks() -> None:
    steps = Stairstep((Tier(Decimal(10), flat=Decimal(50)), Tier(None, flat=Decimal(90))))
    assert [str(total(_rated(Price(steps), n))) for n in (0, 10, 11)] == ["0", "50.00", "90.00"]
    blocks = (Block(Decimal(10), Decimal(2), Decimal(5)), Block(Decimal(100), None, Decimal(30)))
    assert [one.quantity for one in _rated(Price(Blocks(blocks)), 121)] == [2, 2]
    assert total(_rated(Price(Blocks(blocks, "volume")), 121)) == 60


def test_lines_are_rounded_one_by_one_so_that_they_add_up() -> None:
    tiers = Graduated((Tier(Decimal(1), Decimal("0.005")), Tier(None, Decimal("0.005"))))
    found = _rated(Price(tiers), 2)
    assert [str(one.amount) for one in found] == ["0.01", "0.01"]
    assert str(total(found)) == "0.02"
    even = Convention(places=2, half="even")
    assert str(total(_rated(Price(Unit(Decimal("0.005"))), 1, convention=even))) == "0.00"


def test_the_greatest_quantity_at_the_finest_price_is_exact() -> None:
    price = Price(Unit(Decimal("1.000000000001")))
    found = _rated(price, "999999999999999", convention=EXACT)
    assert total(found) == Decimal("1000000000000998.999999999999")


@pytest.mark.parametrize(
    ("content", "code", "where"),
    [
        ([], "not-a-price", "price"),
        ({}, "unknown-model", "price.model"),
        ({"model": "unit"}, "missing", "price.amount"),
        ({"model": "unit", "amount": 1.5}, "not-a-number", "price.amount"),
        ({"model": "unit", "amount": "NaN"}, "not-a-number", "price.amount"),
        ({"model": "unit", "amount": "1e400"}, "not-a-number", "price.amount"),
        ({"model": "unit", "amount": "-1"}, "negative", "price.amount"),
        ({"model": "unit", "amount": "0.0000000000001"}, "too-many-places", "price.amount"),
        ({"model": "unit", "amount": "1", "price": "2"}, "unknown-field", "price.price"),
        ({"model": "package", "amount": "1", "size": 0}, "nought", "price.size"),
        ({"model": "volume", "tiers": []}, "rows", "price.tiers"),
        ({"model": "volume", "tiers": [{"up_to": 5}]}, "tier-open", "price.tiers[0].up_to"),
        ({"model": "volume", "tiers": [{}, {}]}, "tier-open", "price.tiers[0].up_to"),
        (
            {"model": "graduated", "tiers": [{"up_to": 5}, {"up_to": 5}, {}]},
            "tier-order",
            "price.tiers[1].up_to",
        ),
        (
            {"model": "unit", "amount": 1, "minimum": 2, "maximum": 1},
            "minimum-above-maximum",
            "price.minimum",
        ),
        ({"model": "unit", "amount": 1, "discount": 101}, "above-hundred", "price.discount"),
        ({"model": "unit", "amount": "1e1000000"}, "not-a-number", "price.amount"),
        (
            {"model": "graduated", "tiers": [{"up_to": 5, "unit_price": "7"}, {"unit": 1}]},
            "unknown-field",
            "price.tiers[0].unit_price",
        ),
        (
            {"model": "stairstep", "tiers": [{"unit": 1}]},
            "unknown-field",
            "price.tiers[0].unit",
        ),
        (
            {"model": "unit", "amount": 1, "conversion": {"factor": 60, "round": "up"}},
            "unknown-field",
            "price.conversion.round",
        ),
        (
            {"model": "blocks", "tiers": [{"size": 1, "most": "2.5", "price": 1}]},
            "not-whole",
            "price.tiers[0].most",
        ),
        (
            {"model": "blocks", "tiers": [{"size": 1, "price": 1}, {"size": 2, "price": 1}]},
            "tier-open",
            "price.tiers[0].most",
        ),
        (
            {"model": "percentage", "percent": 1, "event_minimum": 2, "event_maximum": 1},
            "minimum-above-maximum",
            "price.event_minimum",
        ),
        (
            {"model": "percentage", "percent": 1, "conversion": {"factor": 100}},
            "not-with-model",
            "price.conversion",
        ),
        (
            {"model": "matrix", "prices": [{"of": ["a"], "amount": 1}], "allowance": 3},
            "not-with-model",
            "price.allowance",
        ),
        (
            {"model": "matrix", "prices": [{"of": ["a"], "amount": 1}, {"of": ["a"], "amount": 2}]},
            "twice",
            "price.prices[1].of",
        ),
    ],
)
def test_a_price_that_cannot_be_rated_is_refused_by_its_field(
    content: object, code: str, where: str
) -> None:
    with pytest.raises(PriceRefused) as refused:
        reading.read(content)
    assert (refused.value.code, refused.value.where) == (code, where)
