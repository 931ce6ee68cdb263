"""`backoffice provider init`: the provider's own firm and its first people, once."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from uuid import UUID

import click
import psycopg

from app.cli import install
from app.kernel import db, jobs
from app.kernel.errors import Conflict
from app.kernel.scope import Scope, secret_hash
from app.kernel.settings import Settings
from tenants import commands, countries
from tenants.schemas import NewFirm, complete, slug_of

ADMINISTRATOR = "administrator"
_LIFE = "7 days"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time address for a first administrator."""

    email: str
    url: str


@click.group()
def provider() -> None:
    """Set up the provider."""


@provider.command("init")
@click.option("--name", required=True, help="The provider's name, as clients see it.")
@click.option("--admin", "admins", multiple=True, required=True, help="Address; repeat for more.")
@click.option("--country", default="GB", show_default=True, help="ISO 3166, such as DE.")
@click.option("--currency", default="", help="ISO 4217; the country's own when left out.")
@click.option("--time-zone", default="", help="Such as Europe/Berlin; the country's by default.")
@click.option("--chart", default="", type=click.Choice(["", *countries.CHARTS]))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def init(
    name: str,
    admins: tuple[str, ...],
    country: str,
    currency: str,
    time_zone: str,
    chart: str,
    as_json: bool,
) -> None:
    """Make the provider's tenant and print one-time invitations for its administrators.

    Needs DATABASE_ADMIN_URL, and works once.
    """
    from app.cli.operator_scope import working
    from app.kernel.settings import load_settings

    settings = load_settings()
    firm = NewFirm(
        slug=slug_of(name),
        name=name,
        country=country.upper(),
        currency=currency.upper(),
        time_zone=time_zone,
        chart=chart,
    )
    with working():
        invitations = initialise(settings, firm=firm, admins=admins)
    for one in invitations:
        click.echo(
            json.dumps({"email": one.email, "invitation": one.url})
            if as_json
            else f"{one.email}\t{one.url}"
        )
    if not as_json:
        click.echo("Each address works once, for seven days.", err=True)


def initialise(settings: Settings, *, firm: NewFirm, admins: tuple[str, ...]) -> list[Invitation]:
    """The provider's tenant, people and books; in an application of the worker's role.

    Raises Conflict('provider-exists') the second time, Invalid for a firm that cannot be.
    """
    complete(firm)
    url = install.libpq_url(settings.database_admin_url or "")
    with psycopg.connect(url) as connection:
        tenant = _tenant(connection, firm.slug)
        codes = [(email, secrets.token_hex(16)) for email in admins]
        for email, code in codes:
            _administrator(connection, tenant, email, code)
    scope = Scope.system_job(tenant, person_id=jobs.system_user("operator"), request_id="cli")
    with db.transaction(scope):
        commands.open_provider(tenant=tenant, firm=firm)
    return [Invitation(email, f"{settings.public_url}/invite/{code}") for email, code in codes]


def _tenant(connection: psycopg.Connection, slug: str) -> UUID:
    """The provider's tenant; one that was begun and has no books yet is finished, not refused."""
    row = connection.execute(
        "select t.id, exists(select from app.client k where k.tenant_id = t.id)"
        " from guard.tenant t where t.is_provider"
    ).fetchone()
    if row is not None:
        if row[1]:
            raise Conflict("provider-exists")
        found: UUID = row[0]
        return found
    made = connection.execute(
        "insert into guard.tenant(slug, state, is_provider) values (%s, 'active', true)"
        " returning id",
        (slug,),
    ).fetchone()
    assert made is not None
    new: UUID = made[0]
    return new


def _administrator(connection: psycopg.Connection, tenant: UUID, email: str, code: str) -> None:
    """A person with the administrator's grant and an open invitation; audited as the operator's."""
    row = connection.execute(
        "insert into guard.person(side, email, name) values ('provider', %s, %s)"
        " on conflict (mail_sha) do update set side = guard.person.side returning id",
        (email, email.partition("@")[0].replace(".", " ").title()),
    ).fetchone()
    assert row is not None
    connection.execute(
        "insert into guard.membership(tenant_id, user_id, role, lines, may_write, basis)"
        " select %s, %s, %s, '{member,security}', true, %s where not exists (select from"
        " guard.membership where tenant_id = %s and user_id = %s and role = %s)",
        (tenant, row[0], ADMINISTRATOR, str(tenant), tenant, row[0], ADMINISTRATOR),
    )
    connection.execute(
        "insert into guard.one_time(secret_sha, purpose, person_id, expires_at)"
        f" values (%s, 'invite', %s, now() + interval '{_LIFE}')",
        (secret_hash("once", code), row[0]),
    )
    connection.execute(
        "select guard.note(%s, null::guard.claim, 'provider.init', %s)",
        (tenant, json.dumps({"person": str(row[0])})),
    )
