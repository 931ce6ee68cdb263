"""`backoffice sla due` answers every line and names what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.sla import sla

SCHEDULES = {
    "desk": {
        "tz": "Europe/Berlin",
        "hours": {"mon": {"09:00": "17:00"}, "tue": {"09:00": "17:00"}},
    },
    "odd": {"tz": "Europe/Berlin", "hours": {"mon": {"17:00": "09:00"}}},
}
ASKED = {"id": 7, "schedule": "desk", "start": "2026-11-23T15:00:00Z", "business_seconds": 7200}


def _due(tmp_path: Path, *lines: str) -> tuple[int, list[dict[str, Any]]]:
    file = tmp_path / "schedules.json"
    file.write_text(json.dumps(SCHEDULES))
    done = CliRunner().invoke(sla, ["due", "--schedules", str(file)], input="\n".join(lines))
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


def test_a_question_is_answered_with_the_hours_that_were_counted(tmp_path: Path) -> None:
    code, (answer,) = _due(tmp_path, json.dumps(ASKED))
    assert code == 0
    assert answer == {
        "id": 7,
        "due": "2026-11-24T09:00:00Z",
        "spans": [
            {"start": "2026-11-23T15:00:00Z", "end": "2026-11-23T16:00:00Z"},
            {"start": "2026-11-24T08:00:00Z", "end": "2026-11-24T09:00:00Z"},
        ],
        "error": None,
    }


@pytest.mark.parametrize(
    ("changed", "code", "named"),
    [
        ({"schedule": "night"}, "unknown-schedule", "schedule"),
        ({"schedule": ["desk"]}, "unknown-schedule", "schedule"),
        ({"schedule": "odd"}, "span-order", "hours.mon"),
        ({"start": "2026-11-23T15:00:00"}, "start", "start"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "instant", "start"),
        ({"start": "9999-12-31T00:00:00Z"}, "instant", ""),
        ({"business_seconds": -1}, "seconds", "business_seconds"),
        ({"business_seconds": 1.5}, "seconds", "business_seconds"),
        ({"business_seconds": True}, "seconds", "business_seconds"),
        ({"business_seconds": 10**30}, "seconds", "business_seconds"),
    ],
)
def test_a_bad_question_is_refused_and_the_next_one_answered(
    tmp_path: Path, changed: dict[str, Any], code: str, named: str
) -> None:
    status, (bad, good) = _due(tmp_path, json.dumps({**ASKED, **changed}), json.dumps(ASKED))
    assert status == 1
    assert (bad["id"], bad["due"], bad["error"]["code"], bad["error"]["line"]) == (7, None, code, 1)
    assert named in bad["error"]["message"]
    assert good["due"] == "2026-11-24T09:00:00Z"


@pytest.mark.parametrize("line", ["no json", "[1]", '{"id":', "[" * 50_000])
def test_a_line_that_is_no_question_is_refused(tmp_path: Path, line: str) -> None:
    status, (bad,) = _due(tmp_path, line)
    assert (status, bad["error"]["code"]) == (1, "not-json")


@pytest.mark.parametrize("content", ["no json", "[]", None])
def test_a_file_without_schedules_is_wrong_usage(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "schedules.json"
    if content is not None:
        file.write_text(content)
    done = CliRunner().invoke(sla, ["due", "--schedules", str(file)], input="{}")
    assert done.exit_code == 2
