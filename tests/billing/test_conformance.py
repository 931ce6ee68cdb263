"""The cases of other billing systems are answered as their sets say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.billing import answer

SETS = Path(__file__).resolve().parents[3] / "shared" / "data" / "billing"


def _without_expectations(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_expectations(one)
            for key, one in value.items()
            if not key.startswith(("expect", "want"))
        }
    return [_without_expectations(one) for one in value] if isinstance(value, list) else value


def _expectations(value: dict[str, Any]) -> dict[str, Any]:
    found = {key: one for key, one in value.items() if key.startswith(("expect", "want"))}
    if "phases" in value:
        found["phases"] = [_expectations(one) for one in value["phases"]]
    return found


@pytest.mark.parametrize("name", sorted(answer.SOURCES))
def test_every_case_of_a_set_agrees_though_its_expectation_is_not_seen(name: str) -> None:
    file = SETS / f"{name}.json"
    if not file.exists():
        pytest.skip("the set is not on this machine")
    content = json.loads(file.read_text(encoding="utf-8"))
    got = list(answer.answers(_without_expectations(content), name))
    wrong = [
        (case["id"], one["got"], _expectations(case))
        for case, one in zip(content["cases"], got, strict=True)
        if not answer.agrees(one["got"], _expectations(case))
    ]
    assert not wrong
    assert [one["id"] for one in got] == [case["id"] for case in content["cases"]]


def test_an_answer_that_differs_does_not_agree() -> None:
    assert answer.agrees({"a": "1.50", "b": [1]}, {"a": 1.5, "b": ["1"]})
    assert not answer.agrees({"a": "1.51"}, {"a": "1.5"})
    assert not answer.agrees({}, {"a": 0})
    assert not answer.agrees([1], [1, 2])
