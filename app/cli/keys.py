"""`backoffice keys rewrap`: the second half of a change of the key-encryption key."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import UUID

import click

if TYPE_CHECKING:
    from app.kernel.rewrapping import Done


@click.group()
def keys() -> None:
    """The keys of the installation."""


@keys.command("rewrap")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def rewrap(as_json: bool) -> None:
    """Seal under BACKOFFICE_KEK what still stands under BACKOFFICE_KEK_BEFORE.

    A run that was cut off is started again and goes on. Exits 1 while anything that lasts opens
    under neither key.
    """
    from app.cli.operator_scope import working
    from app.kernel import rewrapping

    with working():
        done = _done()
        failed = rewrapping.lasting_lost(done)
    if as_json:
        click.echo(json.dumps({name: asdict(found) for name, found in done.items()}))
    else:
        for name, found in done.items():
            click.echo(
                f"{name}: {found.anew} sealed anew, {found.before} stood so already,"
                f" {found.lost} open under neither key"
            )
    if failed:
        sys.exit(1)


def left() -> int:
    """How many values still stand under BACKOFFICE_KEK_BEFORE; changes nothing."""
    from app.cli.operator_scope import working

    with working():
        return sum(found.anew for found in _done(keep=False).values())


def _done(*, keep: bool = True) -> dict[str, Done]:
    from app.cli.operator_scope import provider_id
    from app.kernel import rewrapping

    home, clients = provider_id(), _clients()
    done = {
        one.name: rewrapping.everywhere(one, home=home, keep=keep)
        for one in rewrapping.places(of_clients=False)
    }
    for place, tenant in enumerate(clients, start=1):
        for name, found in rewrapping.client(tenant, keep=keep).items():
            done[name] = done.get(name, rewrapping.Done()) + found
        if keep:
            click.echo(f"{place} of {len(clients)} clients", err=True)
    return done


def _clients() -> list[UUID]:
    """Every client, and the provider's own firm."""
    from app.cli.operator_scope import as_operator
    from tenants import queries

    with as_operator():
        return [row.tenant_id for row in queries.directory(limit=1_000_000)]
