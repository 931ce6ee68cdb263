"""Brings a database to the present: revisions, roles and what the packages ship."""

from __future__ import annotations

import json

import psycopg
from sqlalchemy import make_url

from app.kernel import registry
from app.kernel.settings import Settings
from migrations import bootstrap


def prepare_database(settings: Settings) -> None:
    """Migrates as administrator and seeds the shipped roles; running it again changes nothing.

    An edited role is never overwritten (guard.seed_roles keeps what the provider made of it).
    """
    bootstrap.migrate(settings)
    seed_roles(settings)


def seed_roles(settings: Settings) -> None:
    """Hands the registry's role templates to the guard, as administrator."""
    roles = [
        {
            "role": role.name,
            "side": role.side,
            "title": getattr(role.title, "message", role.title),
            "permissions": sorted(role.permissions),
            "lines": list(role.lines),
            "may_write": role.may_write,
        }
        for role in registry.current().all(registry.RoleTemplate)
    ]
    if not roles:
        return
    with psycopg.connect(libpq_url(settings.database_admin_url or "")) as connection:
        connection.execute("select guard.seed_roles(%s::jsonb)", (json.dumps(roles),))


def libpq_url(url: str) -> str:
    """The address as psycopg itself takes it, without SQLAlchemy's driver name."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
