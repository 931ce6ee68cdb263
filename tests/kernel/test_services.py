"""Audit, reads, approvals, usage and small tables through their edges, with attacks on each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.kernel import (
    approvals,
    audit,
    counters,
    db,
    idempotency,
    jobs,
    reads,
    saved_views,
    undo,
    usage,
)
from app.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    NotFound,
    Unavailable,
)
from tests import factories
from tests.kernel.service_stage import decided, looked, maker, owner, requested, tenant

__all__ = ["maker", "owner", "tenant"]


def test_a_change_is_audited_with_who_and_what(
    app: Flask, tenant: UUID, maker: Any, owner: Any
) -> None:
    asked = requested(app, maker, tenant)
    decided(app, owner, tenant, asked)
    with app.app_context(), db.transaction(owner.scope(tenant)):
        found = audit.events(subject_type="approval", subject_id=asked[0])
    assert [event.act for event in found] == ["approval.changed", "approval.added"]
    assert [event.actor for event in found] == [owner.person_id, maker.person_id]
    assert found[0].before is not None
    assert found[0].before["state"] == "pending"
    assert found[0].after is not None
    assert found[0].after["state"] == "approved"
    assert found[0].request_id == "test"


def test_a_note_is_kept_and_its_detail_is_for_its_line(
    app: Flask, admin: psycopg.Connection, tenant: UUID, maker: Any
) -> None:
    with app.app_context(), db.transaction(maker.scope(tenant)):
        audit.note("report.exported", subject_type="report", line="accounting", detail={"rows": 3})
    reader = factories.staff(admin, tenant, lines=("security",))
    with app.app_context(), db.transaction(reader.scope(tenant)):
        (found,) = [event for event in audit.events() if event.act == "report.exported"]
    assert found.actor == maker.person_id
    assert found.after is None


@pytest.mark.parametrize(
    "statement",
    [
        (
            "insert into app.audit_event (tenant_id, act, subject_type, line, leaf)"
            " values (guard.tenant_id(), 'x.y', 'z', 'accounting', '')"
        ),
        (
            "insert into app.audit_change (tenant_id, event_id, line)"
            " values (guard.tenant_id(), uuidv7(), 'accounting')"
        ),
        "update app.audit_event set actor = uuidv7()",
        "delete from app.audit_event",
        "delete from app.audit_change",
        "select app.audit_note('forged.act', 'thing', null, 'tickets', null, null)",
        "select app.audit_note('free text', 'thing', null, 'accounting', null, null)",
        "alter table app.approval disable trigger audit_added",
        (
            "insert into app.view_log (tenant_id, person_id, day, kind, object_id, line)"
            " values (guard.tenant_id(), uuidv7(), current_date, 'x', uuidv7(), 'accounting')"
        ),
        "update app.view_log set views = 0",
        "delete from app.view_log",
        'select app.leave_reads(\'[{"kind":"report","line":"tickets"}]\')',
        (
            "insert into app.approval (tenant_id, kind, line, subject_type, title, content,"
            " content_sha, requested_by) values (guard.tenant_id(), 'test.thing', 'accounting',"
            " 'x', 'x', '{}', repeat('0', 64), uuidv7())"
        ),
        "update app.approval set state = 'approved'",
        (
            "insert into app.approval_decision (tenant_id, approval_id, person_id, line, decision,"
            " side, content_sha, principal_id) select tenant_id, id, uuidv7(), line, 'approve',"
            " 'client', content_sha, uuidv7() from app.approval"
        ),
        "delete from app.approval_decision",
        (
            "select app.request_approval('test.thing', 'x', null, 'accounting', 'x', '{}', null,"
            " null, uuidv7())"
        ),
        (
            "select app.request_approval('test.thing', 'x', null, 'tickets', 'x', '{}', null, null,"
            " null)"
        ),
        "select guard.record_basis(uuidv7(), uuidv7(), 'owner')",
        "select guard.side_of(uuidv7())",
        "select guard.address_of(uuidv7())",
        "insert into app.approval_kind (kind, side) values ('mine.kind', 'any')",
        (
            "insert into app.usage_event (tenant_id, key, meter, quantity, at, line, evidence_type,"
            " payload_sha) values (guard.tenant_id(), 'k', 'm.m', 1, now(), 'accounting', 'x', '')"
        ),
        "update app.usage_event set quantity = 0",
        "delete from app.usage_event",
        "select app.record_usage('m.m', 1, '', 'k', 'x', null, '', 'tickets', null)",
        "insert into app.tenant_key (tenant_id, wrapped) values (guard.tenant_id(), '')",
        "update app.stored_object set line = 'tickets'",
        "select app.hand_over('billing.none', guard.provider(), '{}', 'k')",
        "insert into app.hand_over_route values ('mine', 'to_client')",
        "insert into app.system_job values ('mine', 'x')",
        "update app.mail_message set state = 'sent'",
    ],
)
def test_the_web_role_forges_nothing(app: Flask, tenant: UUID, maker: Any, statement: str) -> None:
    requested(app, maker, tenant)
    with app.app_context(), db.transaction(maker.scope(tenant)):
        usage.record("m.m", 1, key="mine", evidence=usage.Evidence("x"), line="accounting")
    with app.app_context(), pytest.raises(Forbidden), db.transaction(maker.scope(tenant)):
        db.session.execute(sa.text(statement))


def test_a_definer_door_says_nothing_of_another_client(
    app: Flask, admin: psycopg.Connection, tenant: UUID, maker: Any, owner: Any
) -> None:
    asked = requested(app, maker, tenant)
    other = factories.make_client(admin, "Other")
    stranger = factories.owner(admin, other)
    with app.app_context():
        with pytest.raises(NotFound), db.transaction(stranger.scope(other)):
            approvals.decide(asked[0], "approve", content_sha=asked[1])
        with pytest.raises(NotFound), db.transaction(stranger.scope(other)):
            approvals.one(asked[0])
        with pytest.raises(NotFound), db.transaction(stranger.scope(other)):
            approvals.withdraw(asked[0])
        with db.transaction(stranger.scope(other)):
            assert approvals.waiting() == []
            assert audit.events(subject_id=asked[0]) == []


def test_who_looked_at_what_adds_up_by_person_day_and_kind(
    app: Flask, tenant: UUID, maker: Any, owner: Any
) -> None:
    report = uuid4()
    look = reads.Look("report", "accounting", report)
    assert looked(app, maker.scope(tenant), look, look) == 1
    looked(
        app, maker.scope(tenant), reads.Look("report", "accounting", report, exported=True, rows=9)
    )
    with app.app_context(), db.transaction(owner.scope(tenant)):
        (found,) = reads.viewed()
    assert (found.person_id, found.kind) == (maker.person_id, "report")
    assert (found.views, found.exports, found.exported_rows) == (1, 1, 9)
    assert (found.objects, found.first_visit) == (1, True)


def test_looking_again_counts_as_a_new_visit_after_ten_minutes(
    app: Flask,
    admin: psycopg.Connection,
    tenant: UUID,
    maker: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look = reads.Look("report", "accounting", uuid4())
    assert looked(app, maker.scope(tenant), look) == 1
    assert looked(app, maker.scope(tenant), look) == 0  # the visit goes on: nothing to write
    admin.execute(
        "update app.view_log set last_at = now() - interval '11 minutes' where tenant_id = %s",
        (tenant,),
    )
    admin.commit()
    monkeypatch.setattr(reads, "_visits", reads._Visits())  # as after a restart
    assert looked(app, maker.scope(tenant), look) == 1
    count = admin.execute(
        "select sum(views)::int from app.view_log where tenant_id = %s", (tenant,)
    ).fetchone()
    assert count == (2,)


def test_a_worklist_writes_for_several_clients_at_once_each_checked(
    app: Flask, admin: psycopg.Connection, tenant: UUID, maker: Any
) -> None:
    other, foreign = factories.make_client(admin, "Other"), factories.make_client(admin, "Foreign")
    factories.grant(admin, other, maker.person_id, role="staff_accountant", lines=("accounting",))
    mine = [reads.Look("desk", "accounting", tenant_id=found) for found in (tenant, other)]
    assert looked(app, maker.worklist(), *mine) == 2
    with pytest.raises(Unavailable, match="read-not-recorded"):
        looked(app, maker.worklist(), *mine, reads.Look("desk", "accounting", tenant_id=foreign))
    assert reads.pending() == ()


def test_a_use_counts_once_and_afresh_after_its_void(app: Flask, tenant: UUID, maker: Any) -> None:
    evidence = usage.Evidence("bank_line", uuid4(), "Line 7")
    with app.app_context(), db.transaction(maker.scope(tenant)):
        first = usage.record(
            "accounting.lines", 1, key="line:7", evidence=evidence, line="accounting"
        )
        assert (
            usage.record(
                "accounting.lines",
                Decimal("1.0"),
                key="line:7",
                evidence=evidence,
                line="accounting",
            )
            == first
        )
        assert usage.void("line:7")
        assert not usage.void("line:7")
        again = usage.record(
            "accounting.lines", 2, key="line:7", evidence=evidence, line="accounting"
        )
        assert again != first
        (living,) = usage.events(meter="accounting.lines")
        assert (living.id, living.quantity) == (again, Decimal(2))
    with (
        app.app_context(),
        pytest.raises(Conflict, match="usage-key-reused"),
        db.transaction(maker.scope(tenant)),
    ):
        usage.record("accounting.lines", 3, key="line:7", evidence=evidence, line="accounting")


def test_billing_reads_uses_and_nothing_else_of_the_line(
    app: Flask, admin: psycopg.Connection, tenant: UUID, maker: Any
) -> None:
    with app.app_context(), db.transaction(maker.scope(tenant)):
        usage.record("x.y", 1, key="a", evidence=usage.Evidence("x"), line="accounting")
    clerk = factories.staff(admin, tenant, lines=("billing",))
    other = factories.staff(admin, tenant, lines=("tickets",))
    with app.app_context():
        with db.transaction(clerk.scope(tenant)):
            assert [found.key for found in usage.events()] == ["a"]
        with db.transaction(other.scope(tenant)):
            assert usage.events() == []


def test_an_idempotency_key_answers_as_the_first_time(app: Flask, tenant: UUID, maker: Any) -> None:
    with app.app_context():
        with db.transaction(maker.scope(tenant)):
            assert idempotency.begin("k", request_hash="a", line="accounting") is None
            idempotency.keep("k", status=201, body=b"{}", media_type="application/json")
        with db.transaction(maker.scope(tenant)):
            stored = idempotency.begin("k", request_hash="a", line="accounting")
            assert stored == idempotency.Stored(201, "application/json", b"{}")
            with pytest.raises(Conflict, match="idempotency-key-reused"):
                idempotency.begin("k", request_hash="b", line="accounting")


def test_numbers_have_no_gaps(app: Flask, tenant: UUID, maker: Any) -> None:
    def take_and_fail() -> None:
        with db.transaction(maker.scope(tenant)):
            assert counters.take("ticket", line="accounting") == 2
            raise Conflict("nothing-done")

    with app.app_context():
        with db.transaction(maker.scope(tenant)):
            assert counters.take("ticket", line="accounting") == 1
        with pytest.raises(Conflict):
            take_and_fail()
        with db.transaction(maker.scope(tenant)):
            assert counters.take("ticket", line="accounting") == 2


def test_saved_views_are_personal(
    app: Flask, admin: psycopg.Connection, tenant: UUID, maker: Any
) -> None:
    colleague = factories.staff(admin, tenant)
    with app.app_context():
        with db.transaction(maker.scope(tenant)):
            made = saved_views.save("bank-lines", "Mine", "state=todo")
            assert saved_views.save("bank-lines", "Mine", "state=done") == made
            assert [view.query for view in saved_views.of("bank-lines")] == ["state=done"]
        with db.transaction(colleague.scope(tenant)):
            assert saved_views.of("bank-lines") == []
            with pytest.raises(NotFound):
                saved_views.remove(made)


def test_undo_goes_back_once_and_only_for_the_person(
    app: Flask, admin: psycopg.Connection, tenant: UUID, maker: Any
) -> None:
    back: list[dict[str, Any]] = []
    undo.handler("test.undo")(back.append)
    colleague = factories.staff(admin, tenant)
    with app.app_context():
        with db.transaction(maker.scope(tenant)):
            token = undo.offer("test.undo", {"id": 1})
        with pytest.raises(NotFound), db.transaction(colleague.scope(tenant)):
            undo.take(token)
        with db.transaction(maker.scope(tenant)):
            assert undo.take(token) == "test.undo"
        with pytest.raises(NotFound), db.transaction(maker.scope(tenant)):
            undo.take(token)
    assert back == [{"id": 1}]


def test_a_door_without_a_scope_refuses(app: Flask, rw: psycopg.Connection) -> None:
    for call in (
        "app.record_usage('m.m', 1, '', 'k', 'x', null, '', 'member', null)",
        "app.audit_note('a.b', 'x', null, 'member', null, null)",
        "app.enqueue_job('x', '{}', 'k', null, 'member', 'default', null, 5, 10, null)",
        "app.keep_client_key('x')",
        "app.leave_reads('[]')",
        "app.request_approval('test.thing', 'x', null, 'member', 'x', '{}', null, null, null)",
        "app.decide_approval(uuidv7(), 'approve', 'x', '')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rw.execute(f"select {call}")
        rw.rollback()
    assert issubclass(Forbidden, DomainError)
    assert jobs.find("mail.deliver") is not None
