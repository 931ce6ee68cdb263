"""The database: model base, session, and the one function that commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm import registry as orm_registry

from app.kernel import scope as scopes
from app.kernel.database_errors import from_database
from app.kernel.scope import Rights, Scope
from app.kernel.settings import Settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


UtcTime = TIMESTAMP(timezone=True)


class Model(DeclarativeBase):
    """Base of all mapped tables; tables are made by migrations, never from here."""

    registry = orm_registry(
        metadata=sa.MetaData(naming_convention=NAMING),
        type_annotation_map={UUID: sa.Uuid(), datetime: UtcTime, dict[str, Any]: JSONB()},
    )


db = SQLAlchemy(model_class=Model, disable_autonaming=True)
session = db.session

_CONTEXT = (
    "select set_config('app.ctx', %(token)s, true), set_config('app.request_id', %(request)s, true)"
)
_WITH_RIGHTS = f"{_CONTEXT}, guard.rights()"
_SNAPSHOT = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}


def engine_options(settings: Settings) -> dict[str, Any]:
    """Pool and server settings of every connection; time-outs in milliseconds."""
    return {
        "pool_pre_ping": False,
        "pool_size": 8,
        "max_overflow": 8,
        "pool_recycle": 1800,
        "pool_use_lifo": True,
        "connect_args": {
            "connect_timeout": 5,
            "prepare_threshold": 0,
            "application_name": "backoffice",
            "options": "-c timezone=UTC -c jit=off -c statement_timeout=60000 "
            "-c lock_timeout=15000 -c idle_in_transaction_session_timeout=120000",
        },
    }


def is_open() -> bool:
    """Whether a transaction is open in this context."""
    return scopes.peek() is not None


def _rights(found: dict[str, Any] | None) -> Rights:
    if not found:
        return Rights()
    return Rights(
        permissions=frozenset(found.get("permissions") or ()),
        lines=frozenset(found.get("lines") or ()),
        may_write=bool(found.get("may_write")),
        role=found.get("role") or "",
        side=found.get("side") or "",
        stepped_up_at=found.get("stepped_up_at"),
    )


@event.listens_for(Session, "after_begin")
def _send_context(session_: Session, _transaction: Any, connection: Connection) -> None:
    """Signs and sends who acts before any other statement; no scope, no transaction.

    The token travels as a bound parameter: a literal could be read in pg_stat_activity.
    """
    scope = scopes.current()
    settings: Settings = current_app.extensions["settings"]
    token = scope.token(key=bytes.fromhex(settings.guard_key), key_id=settings.guard_key_id)
    values = {"token": token, "request": scope.request_id}
    if scope.mode in ("t", "s"):
        found = connection.exec_driver_sql(_WITH_RIGHTS, values).one()[2]
        session_.info["rights"] = _rights(found)
        return
    connection.exec_driver_sql(_CONTEXT, values)
    session_.info["rights"] = Rights()


@contextmanager
def transaction(
    scope: Scope, *, read_only: bool | None = None, snapshot: bool = False
) -> Iterator[Session]:
    """The unit of work: one scope, one transaction, one commit.

    Rights are fetched with the context, so `scope.current().rights` is known inside. Database
    refusals leave as DomainErrors. Raises RuntimeError when one is open already: a nested
    scope would silently keep the outer client. A worklist reads only, unless a door that writes
    for several clients at once is called with `read_only=False`. In a `snapshot` every statement
    sees the same moment, and none may write.
    """
    if is_open():
        raise RuntimeError("a transaction is open already; scopes do not nest")
    token = scopes.enter(scope)
    try:
        own = session()
        if snapshot:
            own.connection(execution_options=_SNAPSHOT)
        elif scope.mode == "s" if read_only is None else read_only:
            own.connection(execution_options={"postgresql_readonly": True})
        else:
            own.connection()
        scopes.leave(token)
        token = scopes.enter(scope.with_rights(own.info["rights"]))
        yield own
        own.commit()
    except DBAPIError as error:
        session.rollback()
        refusal = from_database(error)
        if refusal is None:
            raise
        raise refusal from error
    except BaseException:
        session.rollback()
        raise
    finally:
        session.remove()
        scopes.leave(token)
