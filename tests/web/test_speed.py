"""Quick ways that must say what the slow ones say: addresses, figures and dates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from babel.numbers import format_decimal
from flask import Flask, url_for
from hypothesis import given
from hypothesis import strategies as st

from app.kernel import money, words
from app.web import addresses

LOCALES = st.sampled_from(["en", "de"])
BABEL = {"en": "en_GB", "de": "de"}


def by_babel(value: Decimal, decimals: int, locale: str) -> str:
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, format=pattern, locale=BABEL[locale]).replace("-", words.MINUS)


@given(
    st.decimals(-(10**15), 10**15, places=4) | st.integers(-(10**15), 10**15),
    st.integers(0, 4),
    LOCALES,
)
def test_numbers_read_as_babel_writes_them(
    value: Decimal | int, decimals: int, locale: str
) -> None:
    with words.speaking(locale):
        assert words.format_number(value, decimals=decimals) == by_babel(
            Decimal(value), decimals, locale
        )


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "BHD"]), LOCALES)
def test_amounts_read_as_babel_writes_them(minor: int, currency: str, locale: str) -> None:
    with words.speaking(locale):
        assert words.format_minor(minor, currency) == by_babel(
            money.to_decimal(minor, currency), money.exponent(currency), locale
        )


def test_a_date_is_written_in_the_language_of_each_reader() -> None:
    day = date(2026, 10, 31)
    for locale, expected in (("en", "31 Oct 2026"), ("de", "31. Okt. 2026"), ("en", "31 Oct 2026")):
        with words.speaking(locale):
            assert words.format_date(day) == expected


@pytest.fixture
def site() -> Flask:
    made = Flask("addresses", static_folder=None)
    for endpoint, rule in {
        "home": "/c/<client>/",
        "one": "/c/<client>/things/<uuid:thing_id>",
        "page": "/pages/<int:number>",
        "file": "/files/<path:name>",
        "plain": "/plain",
    }.items():
        made.add_url_rule(rule, endpoint, lambda **_values: "")
    return made


SOME_ID = UUID("01890000-0000-7000-8000-000000000001")
ASKED: list[tuple[str, dict[str, object]]] = [
    ("home", {"client": "alpha"}),
    ("home", {"client": "a b/c?d&e"}),
    ("home", {"client": "alpha", "q": "ä&b", "empty": ""}),
    ("home", {"client": "alpha", "first": None, "last": "2026-10-31"}),
    ("home", {"client": "hole-0-eloh", "q": "hole-1-eloh"}),
    ("one", {"client": "alpha", "thing_id": SOME_ID}),
    ("one", {"client": "beta", "thing_id": str(SOME_ID), "part": "peek"}),
    ("one", {"part": "peek", "thing_id": SOME_ID, "client": "gamma"}),
    ("page", {"number": 7}),
    ("file", {"name": "a/b.txt"}),
    ("plain", {}),
    ("plain", {"step": -1, "many": ["a", "b"]}),
    ("plain", {"_anchor": "here"}),
    ("plain", {"_external": True}),
]


@pytest.mark.parametrize(("endpoint", "values"), ASKED)
@pytest.mark.parametrize("below", ["", "/office"])
def test_addresses_are_those_of_flask(
    site: Flask, below: str, endpoint: str, values: dict[str, object]
) -> None:
    with site.test_request_context("/plain", base_url=f"http://localhost{below}"):
        expected = url_for(endpoint, **values)  # type: ignore[arg-type]  # values of all kinds
    addresses.install(site)
    with site.test_request_context("/plain", base_url=f"http://localhost{below}"):
        for _again in range(3):
            assert url_for(endpoint, **values) == expected  # type: ignore[arg-type]  # as above


def test_a_made_address_holds_what_it_is_given(site: Flask) -> None:
    addresses.install(site)
    with site.test_request_context("/plain"):
        make = addresses.maker("home", "client")
        for slug in ("alpha", "a b/c?d&e", "hole-0-eloh"):
            assert make(slug) == url_for("home", client=slug)
