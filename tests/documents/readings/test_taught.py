"""What was learnt of a supplier's currency: amounts keep their decimal value, or it is not used."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.documents.readings import taught
from app.documents.readings.learning import Lesson, Supplier, Template
from app.documents.readings.run import Answer, FoundField

YEN = Template(UUID(int=1), Supplier("name", "yamadapaper"), Lesson("currency", constant="JPY"))


def read(total: str, minor: int) -> Answer:
    """A paper without a currency: its amounts are read with two places."""
    said = (("seller_name", "Yamada Paper", None), ("total_minor", total, minor))
    fields = [FoundField(field=f, value=v, minor=m, confidence=0.9) for f, v, m in said]
    return Answer(state="read", kind="pdf", method="text", fields=fields)


@pytest.mark.parametrize(
    ("total", "minor", "expected"),
    [("1000.00", 100_000, ("JPY", 1_000)), ("10.50", 1_050, (None, 1_050))],
)
def test_amounts_keep_their_value_in_a_learnt_currency_that_fits(
    total: str, minor: int, expected: tuple[str | None, int]
) -> None:
    answer = taught.with_lessons(read(total, minor), [YEN])
    said = {one.field: one for one in answer.fields}
    currency = said["currency"].value if "currency" in said else None
    assert (currency, said["total_minor"].minor) == expected
