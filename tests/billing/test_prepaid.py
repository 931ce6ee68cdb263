"""Prepaid credits and quantities from events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from billing import aggregation, prepaid
from billing.aggregation import Seen
from billing.prepaid import Grant, Use

START = datetime(2026, 11, 1, tzinfo=UTC)


def _at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


_AMOUNTS = st.decimals(0, 100, places=2)
_GRANTS = st.lists(
    st.tuples(_AMOUNTS, st.integers(0, 50), st.integers(1, 100), st.integers(1, 3)), max_size=6
)


@settings(max_examples=200, deadline=None)
@given(_GRANTS, st.lists(st.tuples(st.integers(0, 99), _AMOUNTS), max_size=8))
def test_nothing_is_burned_twice_and_nothing_is_lost(
    given_: list[tuple[Decimal, int, int, int]], uses: list[tuple[int, Decimal]]
) -> None:
    grants = [
        Grant(f"g{n}", amount, _at(begin), None, priority)
        for n, (amount, begin, _end, priority) in enumerate(given_)
    ]
    found = prepaid.burn(grants, [Use(_at(at), one) for at, one in uses], until=_at(200))
    used = sum((one for _at_, one in uses), Decimal(0))
    granted = sum((one.amount for one in grants), Decimal(0))
    assert granted - sum(found.balances.values(), Decimal(0)) == used - found.uncovered
    assert all(one >= 0 for one in found.balances.values())


def test_the_lower_priority_then_the_first_to_expire_is_used_first_and_none_after_its_end() -> None:
    grants = [
        Grant("late", Decimal(10), _at(0), _at(90)),
        Grant("soon", Decimal(10), _at(0), _at(10)),
        Grant("last", Decimal(10), _at(0), None, priority=2),
        Grant("coming", Decimal(10), _at(50), None),
    ]
    uses = [Use(_at(1), Decimal(4)), Use(_at(11), Decimal(14)), Use(_at(12), Decimal(9))]
    found = prepaid.burn(grants, uses, until=_at(60))
    assert found.balances == {"late": 0, "soon": 0, "last": 0, "coming": 10}
    assert found.uncovered == 3  # a grant that comes later covers nothing that was used before


def test_quantities_of_a_period_by_kind() -> None:
    seen = [
        Seen(_at(-1), Decimal(100), "before"),
        Seen(_at(0), Decimal(4), "a"),
        Seen(_at(6), Decimal(-2), "b"),
        Seen(_at(6), Decimal(6), "a"),
        Seen(_at(24), Decimal(100), "after"),
    ]
    period = (START, _at(24))
    kinds = ("sum", "count", "unique", "max", "min", "latest", "average")
    found = [aggregation.aggregate(kind, seen, period=period) for kind in kinds]  # type: ignore[arg-type]
    assert found == [8, 3, 2, 6, -2, 6, Decimal(8) / 3]
    held = aggregation.aggregate("time_weighted", seen, period=period, held=Decimal(10))
    assert held == 14 + 4 * Decimal(18) / 24
    assert aggregation.aggregate("max", [], period=period) == 0
