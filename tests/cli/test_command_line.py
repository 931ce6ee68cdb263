"""The command line loads what it needs and no more, and says in plain words what is wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from app import cli
from app.cli import prove


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, without any setting."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "BACKOFFICE_DATA_DIR": "nowhere"},
    )


def modules_after(*arguments: str) -> set[str]:
    """Return the modules that a command has imported when it ends."""
    code = (
        "import sys\nfrom app.cli import main\n"
        f"try:\n    main({list(arguments)!r}, standalone_mode=False)\n"
        "except BaseException as error:\n    print(repr(error), file=sys.stderr)\n"
        "print('MODULES', *sys.modules)"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(made.stdout.rpartition("MODULES")[2].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("statements", "--help"),
        ("statements", "parse", "no-such-file"),
        ("mail", "parse", "no-such-file"),
    ],
)
def test_offline_commands_load_no_web_application(arguments: tuple[str, ...]) -> None:
    loaded = modules_after(*arguments)
    assert not {"flask", "sqlalchemy", "psycopg", "redis", "boto3"} & loaded


def test_the_overview_names_the_commands() -> None:
    made = run("--help")
    assert made.returncode == 0
    assert "serve" in made.stdout


def test_every_listed_command_can_be_loaded() -> None:
    with cli.main.make_context("backoffice", ["--help"], resilient_parsing=True) as context:
        for name in cli.main.list_commands(context):
            assert cli.main.get_command(context, name) is not None, name


def test_an_unknown_command_is_wrong_usage() -> None:
    assert run("no-such-command").returncode == 2


def test_missing_settings_are_named_without_a_traceback() -> None:
    made = run("migrate")
    assert made.returncode == 1
    assert "DATABASE_URL" in made.stderr
    assert "Traceback" not in made.stderr


def test_prove_names_the_proofs_and_refuses_an_unknown_one() -> None:
    assert CliRunner().invoke(prove.prove, ["no-such-proof"]).exit_code == 2
