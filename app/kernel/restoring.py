"""The restoring tool's way into the database: one client a transaction, as the role app_restore."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
from flask import current_app

from app.kernel.database_errors import from_database
from app.kernel.errors import Unavailable
from app.kernel.settings import Settings

Connection = psycopg.Connection


@contextmanager
def client(tenant_id: UUID) -> Iterator[Connection]:
    """One transaction on the rows of one client; immutability and audit stand still in it.

    Foreign keys between the client's rows are asked at its end. Raises Unavailable without
    DATABASE_RESTORE_URL, and whatever the database refuses as a DomainError.
    """
    settings: Settings = current_app.extensions["settings"]
    if not settings.database_restore_url:
        raise Unavailable("no-restoring-address")
    address = settings.database_restore_url.replace("+psycopg", "", 1)
    options = "-c timezone=UTC -c jit=off -c lock_timeout=15000"
    with psycopg.connect(address, application_name="restoring", options=options) as connection:
        try:
            connection.execute(
                "select set_config('app.restore_tenant', %s, true)", [str(tenant_id)]
            )
            connection.execute("set constraints all deferred")
            yield connection
            connection.execute("set constraints all immediate")
        except psycopg.Error as error:
            refusal = from_database(error)
            if refusal is None:
                raise
            raise refusal from error


def turn_to(connection: Connection, tenant_id: UUID) -> None:
    """Goes on in the same transaction with the rows of another tenant.

    What the rows of the first refer to is asked before.
    """
    connection.execute("set constraints all immediate")
    connection.execute("set constraints all deferred")
    connection.execute("select set_config('app.restore_tenant', %s, true)", [str(tenant_id)])
