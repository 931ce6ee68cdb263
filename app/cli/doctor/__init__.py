"""`backoffice doctor`: checks the installation; each finding says what it means and what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

import click
from pydantic import ValidationError

from app.cli.doctor import backups, database, keys, machine, services
from app.cli.doctor.finding import Finding, fail
from app.kernel.settings import Settings, load_settings

MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
@click.option("--sql", "only_sql", is_flag=True, help="Print the SQL an administrator must run.")
def doctor(as_json: bool, only_sql: bool) -> None:
    """Check servers, roles, migrations, keys, mail and address. Exit code 1 on a failure."""
    if only_sql:
        click.echo(database.administrators_sql())
        return
    bad = False
    for finding in findings():
        click.echo(json.dumps(asdict(finding)) if as_json else _told(finding))
        bad = bad or finding.state == "fail"
    sys.exit(1 if bad else 0)


def findings() -> Iterator[Finding]:
    """Check everything that can be checked, also after a failure."""
    try:
        settings = load_settings()
    except ValidationError as error:
        for wrong in error.errors():
            name = ".".join(map(str, wrong["loc"]))
            yield fail("settings", f"{name}: {wrong['msg']}", remedy=f"Set {name}.")
        return
    yield from _all(settings)


def _all(settings: Settings) -> Iterator[Finding]:
    yield from machine.check(settings)
    yield from database.check(settings)
    yield from services.check_valkey(settings)
    yield from services.check_storage(settings)
    yield from services.check_scanner(settings)
    yield from keys.check(settings)
    yield from backups.check(settings)
    yield from services.check_address(settings)
    yield from services.check_mail(settings)
    yield from services.check_mail_in(settings)
    yield from machine.check_house_rules()


def _told(finding: Finding) -> str:
    lines = [f"{MARKS[finding.state]}  {finding.subject:<12} {finding.said}"]
    if finding.means:
        lines.append(f"{'':<19}{finding.means}")
    if finding.remedy:
        lines += [f"{'':<19}-> {line}" for line in finding.remedy.splitlines()]
    return "\n".join(lines)
