"""What needs a second person: who decides, on which content, and what it leaves behind."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.kernel import (
    approvals,
    db,
)
from app.kernel.errors import (
    Conflict,
    Forbidden,
    FreshSignInNeeded,
    NotFound,
)
from tests import factories
from tests.kernel.service_stage import KIND, decided, maker, owner, requested, tenant

__all__ = ["maker", "owner", "tenant"]


def test_the_owner_decides_what_waits_for_them(
    app: Flask, worker_app: Flask, tenant: UUID, maker: Any, owner: Any
) -> None:
    asked = requested(app, maker, tenant)
    with app.app_context():
        with db.transaction(maker.scope(tenant)):
            assert approvals.waiting() == []
        with db.transaction(owner.scope(tenant)):
            assert [found.id for found in approvals.waiting()] == [asked[0]]
    assert decided(app, owner, tenant, asked) == "approved"
    with app.app_context(), db.transaction(owner.scope(tenant)):
        assert approvals.waiting() == []
        (decision,) = approvals.decisions(asked[0])
        subject = approvals.one(asked[0]).subject_id
        holds = sa.text("select app.approval_holds(:id, :kind, :subject, :sha)")
        values = {"id": asked[0], "kind": KIND, "subject": subject, "sha": asked[1]}
        assert db.session.execute(holds, values).scalar() is True
        assert db.session.execute(holds, {**values, "sha": "0" * 64}).scalar() is False
    assert (decision.person_id, decision.side) == (owner.person_id, "client")


def test_nobody_decides_on_other_content_on_their_own_wish_or_from_the_wrong_side(
    app: Flask, admin: psycopg.Connection, tenant: UUID, maker: Any, owner: Any
) -> None:
    asked = requested(app, maker, tenant)
    with pytest.raises(Conflict, match="approval-content-changed"):
        decided(app, owner, tenant, asked, sha="0" * 64)
    with pytest.raises(Forbidden):
        decided(app, maker, tenant, asked)
    with pytest.raises(Forbidden):
        decided(app, factories.staff(admin, tenant), tenant, asked)
    own = requested(app, owner, tenant)
    with pytest.raises(Conflict, match="approval-own-request"):
        decided(app, owner, tenant, own)
    assert decided(app, owner, tenant, asked, decision="refuse") == "refused"
    with pytest.raises(Conflict, match="approval-not-pending"):
        decided(app, owner, tenant, asked)


def test_access_needs_a_fresh_proof_and_leaves_a_basis(
    app: Flask, admin: psycopg.Connection, tenant: UUID, maker: Any, owner: Any
) -> None:
    wanted = {
        "user": str(maker.person_id),
        "role": "staff_accountant",
        "lines": ["accounting"],
        "may_write": True,
    }
    asked = requested(app, maker, tenant, kind="access.grant", content=wanted, line="member")
    stale = factories.sign_in(admin, owner.person_id, fresh=False)
    with pytest.raises(FreshSignInNeeded):
        decided(app, stale, tenant, asked)
    assert decided(app, owner, tenant, asked) == "approved"
    found = admin.execute(
        "select user_id, role, lines, may_write from guard.basis where approval_id = %s",
        (asked[0],),
    ).fetchone()
    assert found == (maker.person_id, "staff_accountant", ["accounting"], True)


def test_a_basis_must_be_what_the_hash_covers(
    app: Flask, tenant: UUID, maker: Any, owner: Any
) -> None:
    content = {"user": str(maker.person_id), "role": "owner", "lines": []}
    asked = requested(
        app,
        maker,
        tenant,
        kind="access.grant",
        content=content,
        line="member",
        content_sha="a" * 64,
    )
    with pytest.raises(Conflict, match="approval-content-changed"):
        decided(app, owner, tenant, asked)


def test_a_request_can_be_withdrawn_by_its_maker_only(
    app: Flask, tenant: UUID, maker: Any, owner: Any
) -> None:
    asked = requested(app, maker, tenant)
    with app.app_context():
        with pytest.raises(NotFound), db.transaction(owner.scope(tenant)):
            approvals.withdraw(asked[0])
        with db.transaction(maker.scope(tenant)):
            approvals.withdraw(asked[0])
            assert approvals.one(asked[0]).state == "withdrawn"
