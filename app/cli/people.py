"""The operator's commands about people: invite, leave."""

from __future__ import annotations

import click

from app.cli.operator_scope import working
from app.identity import operator


@click.group()
def people() -> None:
    """People of both sides."""


@people.command("invite")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--side", type=click.Choice(["provider", "client"]), default="provider")
@click.option("--role", help="The role to give at once, in --client or the provider's tenant.")
@click.option("--client", "slug", help="The client the role is for.")
@click.option("--line", "lines", multiple=True)
def invite(
    email: str, name: str, side: str, role: str | None, slug: str | None, lines: tuple[str, ...]
) -> None:
    """Adds a person and has an invitation mailed."""
    with working():
        operator.invite(email, name=name, side=side, role=role, slug=slug, lines=lines)
    click.echo(f"{email} is invited", err=True)


@people.command("leave")
@click.argument("email")
@click.option("--successor", help="The address of who takes the work over.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def leave(email: str, successor: str | None, yes: bool) -> None:
    """Ends every session, token and grant of a leaver and hands the work over."""
    if not yes:
        click.confirm(f"End everything {email} may do, at once and for good?", abort=True)
    with working():
        ended = operator.leave(email, successor=successor)
    click.echo(f"{email} has left; {ended} grants have ended", err=True)
