"""A client with a maker and an owner, and what is asked of two people."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from app.kernel import (
    approvals,
    db,
    reads,
)
from tests import factories

KIND = "test.thing"


@pytest.fixture
def tenant(admin: psycopg.Connection) -> UUID:
    """A client firm."""
    admin.execute(
        "insert into app.approval_kind (kind, side, needed, fresh) values"
        " ('test.thing', 'client', 1, false) on conflict do nothing"
    )
    admin.execute(
        "insert into guard.role_permission (role, permission) values ('owner',"
        " 'approve.test.thing'), ('staff_accountant', 'approve.test.thing'),"
        " ('owner', 'approve.access.grant') on conflict do nothing"
    )
    admin.commit()
    return factories.make_client(admin)


@pytest.fixture
def maker(admin: psycopg.Connection, tenant: UUID) -> factories.Session:
    """Staff with a grant for accounting."""
    return factories.staff(admin, tenant)


@pytest.fixture
def owner(admin: psycopg.Connection, tenant: UUID) -> factories.Session:
    """The client's owner."""
    return factories.owner(admin, tenant)


def requested(app: Flask, maker: Any, tenant: UUID, **more: Any) -> tuple[UUID, str]:
    with app.app_context(), db.transaction(maker.scope(tenant)):
        made = approvals.request(
            more.pop("kind", KIND),
            subject_type="thing",
            subject_id=uuid4(),
            line=more.pop("line", "accounting"),
            title="A thing",
            content=more.pop("content", {"amount": "10.00"}),
            **more,
        )
        return made, approvals.one(made).content_sha


def decided(app: Flask, who: Any, tenant: UUID, asked: tuple[UUID, str], **more: Any) -> str:
    with app.app_context(), db.transaction(who.scope(tenant)):
        return approvals.decide(
            asked[0],
            more.pop("decision", "approve"),
            content_sha=more.pop("sha", asked[1]),
            reason=more.pop("reason", "Not as agreed"),
        )


def looked(app: Flask, scope: Any, *looks: reads.Look) -> int:
    with app.app_context():
        for look in looks:
            reads.leave(look)
        return reads.write(scope)
