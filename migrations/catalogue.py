"""The catalogue check: what the database's own tables say is wrong with its protection."""

from pathlib import Path

import psycopg

_CHECK = Path(__file__).with_suffix(".sql")


def catalogue_faults(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """Every fault with the object it is found on; empty when all tables stand under the guard.

    The connection is the administrator's: the guard's own tables are read.
    """
    rows = connection.execute(_CHECK.read_bytes()).fetchall()
    return [(str(fault), str(what)) for fault, what in rows]
