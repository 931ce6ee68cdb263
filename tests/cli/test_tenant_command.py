"""`backoffice tenant`: what an operator sees, as text and as JSON, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from app import factory
from app.cli import main
from app.kernel.settings import Settings
from tests import factories


@pytest.fixture
def operator(
    app: Flask, settings: Settings, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> CliRunner:
    """A command line over this test's database, which has a provider."""
    factories.make_provider(admin)
    monkeypatch.setattr(factory, "load_settings", lambda: settings)
    return CliRunner()


def run(operator: CliRunner, *words: str) -> Result:
    """Runs `backoffice` with these words."""
    return operator.invoke(main, list(words))


def lines(result: Result) -> list[dict[str, object]]:
    """The JSON objects of the answer."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_client_is_made_listed_suspended_and_reactivated(operator: CliRunner) -> None:
    slug = factories.unique("cli")
    made = run(operator, "tenant", "create", slug, "--name", "Cli", "--country", "GB", "--json")
    assert (made.exit_code, lines(made)[0]["state"]) == (0, "active")
    for word, state in (("suspend", "suspended"), ("reactivate", "active")):
        assert run(operator, "tenant", word, slug).exit_code == 0
        rows = lines(run(operator, "tenant", "list", "--json"))
        assert [row["state"] for row in rows if row["slug"] == slug] == [state]


def test_a_refused_client_says_field_and_remedy_and_exits_1(operator: CliRunner) -> None:
    refused = run(operator, "tenant", "create", "X", "--name", "X", "--country", "XX", "--json")
    assert refused.exit_code == 1
    errors = lines(refused)[0]["error"]
    assert isinstance(errors, dict)
    assert {one["field"] for one in errors["errors"]} == {"slug", "country"}


def test_an_unknown_client_and_an_unknown_person_are_refused(operator: CliRunner) -> None:
    assert run(operator, "tenant", "suspend", "nobody-here").exit_code == 1
    assert run(operator, "tenant", "suspend", "x", "--as", "no@where.example").exit_code == 1


def test_a_dry_run_makes_nothing_and_the_run_makes_all(operator: CliRunner, tmp_path: Path) -> None:
    slug = factories.unique("file")
    file = tmp_path / "clients.csv"
    file.write_text(f"kind,client,name,country,lines\nclient,{slug},File,DE,accounting\n")
    dry = run(operator, "tenant", "import", str(file), "--dry-run", "--json")
    assert (dry.exit_code, lines(dry)[-1]["done"]) == (0, False)
    assert slug not in run(operator, "tenant", "list").stdout
    done = run(operator, "tenant", "import", str(file), "--json")
    assert (done.exit_code, lines(done)[-1]["done"]) == (0, True)
    again = run(operator, "tenant", "import", str(file), "--json")
    assert (again.exit_code, lines(again)[0]["code"]) == (1, "slug-taken")
    assert slug in run(operator, "tenant", "list").stdout


def test_10_001_lines_are_refused_as_a_whole(operator: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    rows = "".join(f"client,many-{n},Many,DE\n" for n in range(10_001))
    file.write_text("kind,client,name,country\n" + rows)
    refused = run(operator, "tenant", "import", str(file), "--json")
    assert (refused.exit_code, lines(refused)[0]["error"]) == (
        1,
        {"code": "import-too-long", "errors": []},
    )
