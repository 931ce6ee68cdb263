"""The operator at the command line: the worker's login role, as a named person or `operator`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import click
import sqlalchemy as sa
from flask import Flask

from app.kernel import clients, db, jobs
from app.kernel.scope import Scope

_PROVIDER = sa.text("select guard.provider()")
_PERSON = sa.text("select id from guard.operator_person(:email) where left_at is null")
_TENANT = sa.text("select id from guard.known_for_import('{}', array[:slug])")
NOWHERE = UUID(int=0)


@contextmanager
def working() -> Iterator[Flask]:
    """The application under the worker's login role; its connections end with the command."""
    from app.factory import create_worker_app

    app = create_worker_app()
    with app.app_context():
        try:
            yield app
        finally:
            db.db.engine.dispose()


def provider_id() -> UUID:
    """The provider's tenant; a clear refusal before `backoffice provider init`."""
    with db.transaction(Scope.system_job(NOWHERE, person_id=jobs.system_user("operator"))):
        found: UUID | None = db.session.execute(_PROVIDER).scalar_one()
    if found is None:
        raise click.ClickException("There is no provider yet: run `backoffice provider init`.")
    return found


@contextmanager
def as_operator(person: str | None = None, *, tenant: str | None = None) -> Iterator[UUID]:
    """One transaction in the provider's tenant, or in a client's by its slug.

    `person` (an address) is who the audit names; without one it is the system user `operator`.
    """
    home = provider_id()
    actor = jobs.system_user("operator")
    if person is not None:
        actor = _person(home, person)
    with db.transaction(Scope.system_job(home, person_id=actor, request_id="cli")):
        if tenant is None:
            yield home
            return
        found = db.session.execute(_TENANT, {"slug": tenant}).scalar_one_or_none()
        if found is None:
            raise click.ClickException(f"There is no client {tenant!r}.")
        with clients.acting_in(found):
            yield found


def actor_of(person: str | None) -> UUID:
    """Who the audit names: the person of an address, or the system user `operator`."""
    return jobs.system_user("operator") if person is None else _person(provider_id(), person)


def _person(home: UUID, email: str) -> UUID:
    operator = jobs.system_user("operator")
    with db.transaction(Scope.system_job(home, person_id=operator)):
        found: UUID | None = db.session.execute(_PERSON, {"email": email}).scalar_one_or_none()
    if found is None:
        raise click.ClickException(f"Nobody here has the address {email!r}.")
    return found
