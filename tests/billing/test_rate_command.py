"""`backoffice billing rate` answers every line and names what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.billing import _WORDS, MOST_LINE, billing

ASKED: dict[str, Any] = {
    "id": "a",
    "price": {"model": "graduated", "tiers": [{"up_to": 5, "unit": "7"}, {"unit": "6.5"}]},
    "quantities": [4, "2"],
    "currency": "USD",
}


def _rate(*lines: str) -> tuple[int, list[dict[str, Any]]]:
    done = CliRunner().invoke(billing, ["rate"], input="\n".join(lines))
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


def test_a_question_is_answered_with_its_lines_and_their_sum() -> None:
    code, (answer,) = _rate(json.dumps(ASKED))
    assert code == 0
    assert (answer["id"], answer["total"], answer["error"]) == ("a", "41.50", None)
    assert [(one["part"], one["total"]) for one in answer["lines"]] == [
        ("tier-1-usage", "35.00"),
        ("tier-2-usage", "6.50"),
    ]


def test_the_places_are_those_of_the_currency() -> None:
    price = {"model": "unit", "amount": "0.5"}
    lines = [{"price": price, "quantities": [3], "currency": one} for one in ("JPY", "KWD")]
    assert [one["total"] for one in _rate(*map(json.dumps, lines))[1]] == ["2", "1.500"]


def test_a_convention_says_where_in_the_period_a_line_lies() -> None:
    asked = {**ASKED, "convention": {"before": "4", "billed": "28", "ends": False}}
    _code, (answer,) = _rate(json.dumps(asked))
    assert answer["total"] == "39.50"  # one more at 7, five at 6.50


@pytest.mark.parametrize(
    ("changed", "code", "named"),
    [
        ({"price": None}, "not-a-price", "price"),
        ({"price": {"model": "unit", "amount": "x"}}, "not-a-number", "price.amount"),
        ({"quantities": None}, "events", "quantities"),
        ({"quantities": ["NaN"]}, "not-a-number", "quantities[0]"),
        ({"quantities": [{"quantity": 1, "of": "x"}]}, "events", "quantities[0].of"),
        ({"currency": "XXX"}, "unknown-currency", "currency"),
        ({"convention": {"half": "odd"}}, "unknown-value", "convention.half"),
        ({"convention": {"mood": True}}, "unknown-field", "convention.mood"),
        ({"convention": {"ends": "yes"}}, "unknown-value", "convention.ends"),
        ({"convention": []}, "not-a-price", "convention"),
        ({"convenion": {"ends": True}}, "unknown-field", "convenion"),
        ({"quantities": [{"quantity": 1, "off": ["x"]}]}, "unknown-field", "quantities[0].off"),
    ],
)
def test_a_bad_question_is_refused_and_the_next_one_answered(
    changed: dict[str, Any], code: str, named: str
) -> None:
    status, (bad, good) = _rate(json.dumps({**ASKED, **changed}), json.dumps(ASKED))
    assert status == 1
    assert (bad["id"], bad["total"], bad["error"]["code"]) == ("a", None, code)
    assert bad["error"]["message"] == f"{named}: {_WORDS[code]}"
    assert good["total"] == "41.50"


@pytest.mark.parametrize("line", ["no json", "[1]", "{" * 5_000])
def test_a_line_that_is_no_question_is_refused(line: str) -> None:
    status, (bad,) = _rate(line)
    assert (status, bad["error"]["code"], bad["error"]["line"]) == (1, "not-json", 1)


@pytest.mark.parametrize("id_", ["NaN", "1.5", "true", "[1]", '{"a": 1}'])
def test_an_id_is_a_text_or_a_whole_number(id_: str) -> None:
    line = json.dumps({**ASKED, "id": "?"}).replace('"?"', id_)
    status, (bad, good) = _rate(line, json.dumps(ASKED))
    assert (status, bad["id"], bad["error"]["code"]) == (1, None, "bad-id")
    assert good["total"] == "41.50"


def test_an_id_that_cannot_be_written_as_it_is_ends_nothing() -> None:
    status, (odd, good) = _rate(json.dumps({**ASKED, "id": "\ud800"}), json.dumps(ASKED))
    assert (status, odd["id"], good["total"]) == (0, "\ud800", "41.50")


def test_a_total_has_every_digit_of_its_lines() -> None:
    price = {"model": "unit", "amount": "999999999999999"}
    _code, (answer,) = _rate(json.dumps({"price": price, "quantities": ["999999999999999"]}))
    assert answer["total"] == answer["lines"][0]["total"] == "999999999999998000000000000001.00"


def test_a_line_that_is_too_long_is_refused_and_the_next_one_answered() -> None:
    long = json.dumps({**ASKED, "quantities": [1] * (MOST_LINE // 2)})
    status, (bad, good) = _rate(long, json.dumps(ASKED))
    assert (status, bad["error"]["code"], good["total"]) == (1, "line-too-long", "41.50")
