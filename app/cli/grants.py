"""The operator's commands about grants: read them from a file."""

from __future__ import annotations

from typing import TextIO

import click

from app.cli.operator_scope import working
from app.identity import operator


@click.group()
def grants() -> None:
    """Who may see what."""


@grants.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@click.option("--dry-run", is_flag=True, help="Check every row and change nothing.")
def import_grants(file: TextIO, dry_run: bool) -> None:
    """Reads `client,email,role,lines,write,until` rows; all of them or none."""
    with working():
        found = operator.import_grants(file.read(), dry_run=dry_run)
    for fault in found.faults:
        click.echo(fault, err=True)
    click.echo(f"{found.rows} rows, {len(found.faults)} refused, {found.made} given", err=True)
    raise SystemExit(1 if found.faults else 0)
