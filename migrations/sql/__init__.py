"""Runs one SQL file of this folder on the connection of the running revision."""

from pathlib import Path

from alembic import op

FOLDER = Path(__file__).parent


def read(name: str) -> str:
    """The text of one file, named as in ``read("guard/02_tables.sql")``."""
    return (FOLDER / name).read_text(encoding="utf-8")


def run(name: str) -> None:
    """Execute every statement of one file, in the transaction of the revision.

    The text goes to the server as it stands: no parameters, so ``%`` and ``:`` mean nothing here.
    """
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    with connection.cursor() as cursor:
        cursor.execute(read(name))


def run_folder(name: str) -> None:
    """Execute every SQL file of one folder in the order of their names."""
    for path in sorted((FOLDER / name).glob("*.sql")):
        run(f"{name}/{path.name}")
