"""`backoffice statements parse` as an operator runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"
KEYS = [
    "booked_on",
    "value_on",
    "amount_minor",
    "currency",
    "status",
    "counterparty",
    "counterparty_account",
    "reference",
    "end_to_end_id",
    "bank_id",
    "text",
]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", "statements", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_parse_answers_one_json_line_a_file_in_order() -> None:
    done = run("parse", "--json", str(FIXTURES / "envelope.sta"), str(FIXTURES / "batch.xml"))
    first, second = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (0, "")
    assert (first["format"], second["format"]) == ("mt940", "camt.053")
    assert list(first["statements"][0]["transactions"][0]) == KEYS
    assert first["error"] is None
    assert first["statements"][0]["opening_minor"] == -100000


def test_parse_ends_with_one_when_a_file_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text("nothing", encoding="utf-8")
    done = run("parse", "--json", str(bad), str(FIXTURES / "batch.xml"), str(tmp_path / "none"))
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 1
    assert first["error"]["code"] == "format-unknown"
    assert second["error"] is None
    assert third["error"]["code"] == "file-unreadable"


def test_parse_without_a_file_is_wrong_usage() -> None:
    assert run("parse").returncode == 2


def test_parse_loads_no_web_application() -> None:
    code = (
        "import sys\nfrom app.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    heavy = {'flask', 'sqlalchemy', 'psycopg', 'pydantic', 'babel'}\n"
        "    assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    arguments = ["statements", "parse", "--json", str(FIXTURES / "envelope.sta")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
