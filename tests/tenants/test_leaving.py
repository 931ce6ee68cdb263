"""A client leaves and returns: one file, the same bytes again, nothing believed unchecked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.factory import create_app
from app.kernel import db, jobs, storage
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tenants.leaving import exporting, returning
from tests import factories
from tests.serving import close

OPERATOR = jobs.system_user("operator")


def scope_of(tenant: UUID) -> Scope:
    """The operator in one client."""
    return Scope.system_job(tenant, person_id=OPERATOR, request_id="test")


@pytest.fixture
def firm(worker_app: Flask, admin: psycopg.Connection) -> UUID:
    """A client with people and two papers."""
    tenant = factories.make_client(admin, "Harbour Lane")
    factories.owner(admin, tenant)
    factories.staff(admin, tenant)
    with worker_app.app_context(), db.transaction(scope_of(tenant)):
        for text in ("first", "second"):
            storage.put(
                text.encode() * 1000,
                kind="document",
                name=f"{text}.txt",
                media_type="text/plain",
                line="accounting",
            )
    return tenant


@pytest.fixture(scope="module")
def other(elsewhere: Settings, worker_app: Flask) -> Iterator[Flask]:
    """A second installation, which knows nobody."""
    made = create_app(elsewhere, role="worker")
    yield made
    close(made)


def test_what_left_returns_elsewhere_and_leaves_again_with_the_same_bytes(
    worker_app: Flask, other: Flask, firm: UUID, tmp_path: Path
) -> None:
    with worker_app.app_context():
        left = exporting.write(tmp_path / "left.zip", scope_of(firm))
    with other.app_context():
        back = returning.bring_back(tmp_path / "left.zip", operator=OPERATOR)
        again = exporting.write(tmp_path / "again.zip", scope_of(firm))
    assert (back.tenant_id, back.papers, back.strangers) == (firm, 2, 0)
    assert (tmp_path / "left.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()
    assert left == again
