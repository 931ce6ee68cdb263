"""Raw SQL with one living context does no more than that person, or that token, may do."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tests import factories

Connection = psycopg.Connection


class Acting:
    """Runs SQL as a login role under one signed context, in a transaction that is rolled back."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.settings, self.connection = settings, connection

    def begin(self, scope: Scope) -> None:
        self.connection.rollback()
        key = bytes.fromhex(self.settings.guard_key)
        token = scope.token(key=key, key_id=self.settings.guard_key_id)
        self.connection.execute("select set_config('app.ctx', %s, true)", (token,))

    def refused(self, scope: Scope, statement: str, *values: object) -> str:
        """The message of the refusal; fails when there was none."""
        self.begin(scope)
        with pytest.raises(psycopg.Error) as caught:
            self.connection.execute(statement, values)
        assert caught.value.sqlstate in {"42501", "BO403", "BO404", "BO409", "BO422"}, str(
            caught.value
        )
        return caught.value.diag.message_primary or ""

    def changed(self, scope: Scope, statement: str, *values: object) -> int:
        """How many rows a statement touches, before it is taken back."""
        self.begin(scope)
        return self.connection.execute(statement, values).rowcount

    def value(self, scope: Scope, statement: str, *values: object) -> object:
        """The single value of a statement, committed: what follows sees it."""
        self.begin(scope)
        row = self.connection.execute(statement, values).fetchone()
        self.connection.commit()
        assert row is not None
        return row[0]


@pytest.fixture
def by_sql(settings: Settings, rw: Connection) -> Acting:
    return Acting(settings, rw)


@pytest.fixture
def tenant(admin: Connection) -> UUID:
    return factories.make_client(admin)


def _member(admin: Connection, tenant: UUID, role: str = "member") -> factories.Session:
    person = factories.make_person(admin, "client")
    factories.grant(admin, tenant, person, role=role, lines=("accounting",))
    return factories.sign_in(admin, person)


def _token(by_sql: Acting, session: factories.Session, tenant: UUID, *named: str) -> Scope:
    """A token of the person with these permissions, on all lines."""
    made = by_sql.value(session.scope(tenant), "select guard.delegate('token', null, '1 day', 'x')")
    named_as = "select guard.name_token(%s, 'narrow', %s)"
    by_sql.value(session.scope(tenant), named_as, made, list(named))
    assert isinstance(made, UUID)
    return Scope.in_client(tenant, person_id=session.person_id, principal_id=made, request_id="t")


def test_a_job_of_a_narrowed_token_may_no_more_than_the_token(
    admin: Connection, by_sql: Acting, settings: Settings, worker_db: Connection, tenant: UUID
) -> None:
    clerk = factories.staff(admin, tenant)
    token = _token(by_sql, clerk, tenant, "accounting.read")
    try:
        job = by_sql.value(token, "select guard.delegate('job', null, '1 hour')")
        assert isinstance(job, UUID)
        at_work = Scope.in_client(
            tenant, person_id=clerk.person_id, principal_id=job, request_id=""
        )
        worker = Acting(settings, worker_db)
        assert worker.value(at_work, "select guard.may('accounting.read')") is True
        assert worker.value(at_work, "select guard.may('accounting.post')") is False
        second = worker.value(at_work, "select guard.delegate('job', null, '1 hour')")
        assert isinstance(second, UUID)
        again = Scope.in_client(
            tenant, person_id=clerk.person_id, principal_id=second, request_id=""
        )
        assert worker.value(again, "select guard.may('accounting.post')") is False
    finally:
        admin.execute("update guard.principal set secret_sha = null where secret_sha = 'x'")
        admin.commit()


def test_a_token_needs_a_fresh_session(admin: Connection, by_sql: Acting, tenant: UUID) -> None:
    clerk = factories.staff(admin, tenant)
    stale = factories.sign_in(admin, clerk.person_id, fresh=False)
    make = "select guard.delegate('token', null, '1 day', 'y')"
    assert "step up" in by_sql.refused(stale.scope(tenant), make)
    weak = factories.sign_in(admin, clerk.person_id)
    admin.execute(
        "update guard.principal set factors = '{password}' where id = %s", (weak.principal_id,)
    )
    admin.commit()
    assert "second factor" in by_sql.refused(weak.scope(tenant), make)


def test_an_answer_kept_for_one_person_is_nobody_elses(
    admin: Connection, by_sql: Acting, tenant: UUID
) -> None:
    one, other = _member(admin, tenant), _member(admin, tenant)
    admin.execute(
        "insert into app.idempotency_key (tenant_id, owner_id, key, line, request_sha, body)"
        " values (%s, %s, 'k', 'accounting', 'sha', 'secret'::bytea)",
        (tenant, one.person_id),
    )
    admin.commit()
    assert by_sql.changed(one.scope(tenant), "select body from app.idempotency_key") == 1
    for statement in (
        "select body from app.idempotency_key",
        "update app.idempotency_key set body = 'forged'",
        "delete from app.idempotency_key",
    ):
        assert by_sql.changed(other.scope(tenant), statement) == 0
    forged = (
        "insert into app.idempotency_key (tenant_id, owner_id, key, line, request_sha)"
        " values (guard.tenant_id(), %s, 'next', 'accounting', 'sha')"
    )
    by_sql.refused(other.scope(tenant), forged, one.person_id)


def test_nobody_takes_the_keys_of_schedules_and_hand_overs(
    admin: Connection, by_sql: Acting, tenant: UUID
) -> None:
    session = _member(admin, tenant)
    enqueue = "select app.enqueue_job('x', '{}', %s, 'x', 'member', 'default', null, 1, 10, null)"
    for key in ("schedule:mail.codes:1", f"from:{tenant}:1", "wake:mail.codes:1"):
        by_sql.refused(session.scope(tenant), enqueue, key)


def test_a_note_cannot_pass_for_the_record_of_a_changed_row(
    admin: Connection, by_sql: Acting, tenant: UUID
) -> None:
    session = _member(admin, tenant)
    note = "select app.audit_note(%s, 'approval', null, 'member', null, null)"
    for act in ("approval.added", "approval.changed", "approval_decision.removed"):
        by_sql.refused(session.scope(tenant), note, act)


def test_client_people_have_no_place_in_the_providers_own_firm(
    admin: Connection, by_sql: Acting, tenant: UUID
) -> None:
    home = factories.make_provider(admin)
    boss, outsider = factories.make_person(admin), factories.make_person(admin, "client")
    factories.grant(admin, home, boss, role="administrator", lines=("member",))
    give = (
        "select guard.give_access(jsonb_build_array(jsonb_build_object('user', %s::uuid,"
        " 'role', 'owner', 'lines', array['member'])))"
    )
    by_sql.refused(factories.sign_in(admin, boss).scope(home), give, outsider)


def test_two_of_the_provider_do_not_make_people_of_a_client_that_has_an_owner(
    admin: Connection, by_sql: Acting, tenant: UUID
) -> None:
    home = factories.make_provider(admin)
    factories.owner(admin, tenant)
    asking, deciding = factories.make_person(admin), factories.make_person(admin)
    outsider = factories.make_person(admin, "client")
    for person in (asking, deciding):
        factories.grant(admin, home, person, role="administrator", lines=("member",))
    request = by_sql.value(
        factories.sign_in(admin, asking).scope(home),
        "select (guard.request_access(jsonb_build_array(jsonb_build_object('tenant', %s::uuid,"
        " 'user', %s::uuid, 'role', 'owner', 'lines', array['accounting']))))[1]",
        tenant,
        outsider,
    )
    decided = "select guard.decide_access(array[%s::uuid], true)"
    refusal = by_sql.refused(factories.sign_in(admin, deciding).scope(home), decided, request)
    assert refusal == "another-decides"


def test_writing_takes_the_permission_of_the_screen_also_by_sql(
    admin: Connection, by_sql: Acting, tenant: UUID
) -> None:
    member, clerk = _member(admin, tenant), factories.staff(admin, tenant)
    rate = (
        "insert into app.exchange_rate (tenant_id, currency, rated_on, rate)"
        " values (guard.tenant_id(), 'USD', '2026-01-01', 1)"
    )
    code = (
        "insert into ledger.tax_code (tenant_id, code, name, rate)"
        " values (guard.tenant_id(), 'MINE', 'mine', 0)"
    )
    for statement in (rate, code):
        assert by_sql.changed(clerk.scope(tenant), statement) == 1
        by_sql.refused(member.scope(tenant), statement)
    rename = "update app.client set name = 'Renamed'"
    for session in (member, clerk):
        assert by_sql.changed(session.scope(tenant), rename) == 0
    narrow = _token(by_sql, clerk, tenant, "accounting.read")
    for statement in (rate, code):
        by_sql.refused(narrow, statement)
    admin.execute("update guard.principal set secret_sha = null where secret_sha = 'x'")
    admin.commit()


def test_the_providers_name_and_colours_take_their_permission(
    admin: Connection, by_sql: Acting
) -> None:
    home = factories.make_provider(admin)
    admin.execute(
        "insert into app.provider_setting (tenant_id, name) values (%s, 'P')"
        " on conflict do nothing",
        (home,),
    )
    admin.commit()
    clerk, boss = factories.make_person(admin), factories.make_person(admin)
    factories.grant(admin, home, clerk, role="staff_accountant", lines=("member",))
    factories.grant(admin, home, boss, role="administrator", lines=("member",))
    rename = "update app.provider_setting set sender_address = 'a@example.com'"
    assert by_sql.changed(factories.sign_in(admin, clerk).scope(home), rename) == 0
    assert by_sql.changed(factories.sign_in(admin, boss).scope(home), rename) == 1


def test_the_last_administrator_is_neither_limited_nor_made_to_leave(
    admin: Connection, by_sql: Acting
) -> None:
    home = factories.make_provider(admin)
    paused = admin.execute(
        "update guard.membership set valid_to = valid_from"
        " where tenant_id = %s and valid_to is null returning id",
        (home,),
    ).fetchall()
    admin.commit()
    boss, hr = factories.make_person(admin), factories.make_person(admin)
    held = factories.grant(admin, home, boss, role="administrator", lines=("member",))
    factories.grant(admin, home, hr, role="hr_assistant", lines=("member",))
    limit = "select guard.limit_access(array[%s::uuid], now() + interval '2 seconds')"
    one, other = factories.sign_in(admin, boss), factories.sign_in(admin, hr)
    try:
        assert by_sql.refused(one.scope(home), limit, held) == "last-administrator"
        leave = "select guard.leave(%s)"
        assert by_sql.refused(other.scope(home), leave, boss) == "last-administrator"
    finally:
        admin.execute(
            "update guard.membership set valid_to = null where id = any (%s)",
            ([row[0] for row in paused],),
        )
        admin.commit()


def test_an_import_gives_what_its_person_could_give_and_to_others_only(
    admin: Connection, settings: Settings, worker_db: Connection, tenant: UUID
) -> None:
    home = factories.make_provider(admin)
    manager, colleague = factories.make_person(admin), factories.make_person(admin)
    clerk, outsider = factories.make_person(admin), factories.make_person(admin, "client")
    factories.grant(admin, home, manager, role="operations_manager", lines=("member",))
    factories.grant(admin, home, clerk, role="staff_accountant", lines=("member",))
    factories.owner(admin, tenant)
    worker = Acting(settings, worker_db)
    give = (
        "select guard.operator_give(jsonb_build_array(jsonb_build_object('tenant', %s::uuid,"
        " 'user', %s::uuid, 'role', %s::text, 'lines', array['member'])))"
    )
    of_manager = Scope.system_job(home, person_id=manager)
    worker.refused(of_manager, give, home, manager, "administrator")
    assert worker.refused(of_manager, give, tenant, outsider, "owner") == "another-decides"
    worker.refused(Scope.system_job(home, person_id=clerk), give, home, colleague, "administrator")
    assert worker.changed(of_manager, give, home, colleague, "staff_accountant") == 1


def test_an_import_asks_for_a_clients_first_owner_and_another_person_decides(
    admin: Connection, settings: Settings, worker_db: Connection, tenant: UUID
) -> None:
    home = factories.make_provider(admin)
    manager, owner = factories.make_person(admin), factories.make_person(admin, "client")
    factories.grant(admin, home, manager, role="operations_manager", lines=("member",))
    worker = Acting(settings, worker_db)
    give = (
        "select guard.operator_give(jsonb_build_array(jsonb_build_object('tenant', %s::uuid,"
        " 'user', %s::uuid, 'role', 'owner', 'lines', array['member'])))"
    )
    assert worker.value(Scope.system_job(home, person_id=manager), give, tenant, owner) == []
    held = "select count(*) from guard.membership where tenant_id = %s and user_id = %s"
    asked = "select requested_by, state from guard.access_request where user_id = %s"
    assert admin.execute(held, (tenant, owner)).fetchone() == (0,)
    assert admin.execute(asked, (owner,)).fetchone() == (manager, "open")


def test_usage_is_neither_lessened_nor_voided_by_the_client(
    admin: Connection, by_sql: Acting, tenant: UUID
) -> None:
    member, clerk = _member(admin, tenant), factories.staff(admin, tenant)
    viewer = factories.make_person(admin, "client")
    factories.grant(admin, tenant, viewer, role="viewer", lines=("accounting",), may_write=False)
    record = "select app.record_usage('m.m', %s, '', %s, 'x', null, '', 'accounting', null)::text"
    by_sql.refused(factories.sign_in(admin, viewer).scope(tenant), record, 1, "of-a-viewer")
    by_sql.begin(member.scope(tenant))
    with pytest.raises(psycopg.errors.CheckViolation):
        by_sql.connection.execute(record, (-1000, "less"))
    assert by_sql.value(clerk.scope(tenant), record, 1, "served")
    void = "select app.void_usage('{served}', 'mine')"
    assert by_sql.value(member.scope(tenant), void) == 0
    assert by_sql.value(clerk.scope(tenant), void) == 1


def test_a_reader_lays_no_key(admin: Connection, by_sql: Acting, tenant: UUID) -> None:
    viewer = factories.make_person(admin, "client")
    factories.grant(admin, tenant, viewer, role="viewer", lines=("accounting",), may_write=False)
    lay = "select app.keep_client_key('garbage'::bytea)"
    by_sql.refused(factories.sign_in(admin, viewer).scope(tenant), lay)
    assert by_sql.changed(_member(admin, tenant).scope(tenant), lay) == 1
