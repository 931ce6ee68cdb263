"""Raw SQL as the web's login role against what the bookkeeping month added: its own rules hold."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.documents import commands as documents
from app.kernel.settings import Settings
from tests import factories
from tests.guard.test_rights_by_sql import Acting
from tests.tasks import request_stage
from tests.tasks.request_stage import PDF, Place


@pytest.fixture(scope="module")
def place(app: Flask, worker_app: Flask, settings: Settings) -> Place:
    """A client with three bank lines to do."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return request_stage.build(app, worker_app, admin)


@pytest.fixture
def by_sql(settings: Settings, rw: psycopg.Connection) -> Acting:
    return Acting(settings, rw)


def line_entry(by_sql: Acting, place: Place) -> None:
    """Sets one line aside, which is a decision, in a transaction that is rolled back."""
    by_sql.begin(place.staff.scope(place.tenant))
    by_sql.connection.execute(
        "update app.bank_transaction set state = 'skipped', decided_by = 'person',"
        " decided_as = 'skip', decided_by_id = guard.user_id(), decided_at = now() where id = %s",
        (place.lines[0],),
    )


@pytest.mark.parametrize(
    "change",
    [
        "status = 'pending'",
        "booked_on = booked_on - 30",
        "value_on = date '2020-01-01'",
        "amount_minor = 1",
        "text = 'something else'",
    ],
)
def test_what_the_bank_has_booked_stays_as_the_bank_said(
    change: str, by_sql: Acting, place: Place
) -> None:
    statement = f"update app.bank_transaction set {change} where id = %s"
    refusal = by_sql.refused(place.staff.scope(place.tenant), statement, place.lines[0])
    assert refusal == "refused: a booked bank line"


def test_what_a_line_was_called_while_pending_is_written_once(by_sql: Acting, place: Place) -> None:
    by_sql.begin(place.staff.scope(place.tenant))
    call = (
        "update app.bank_transaction set pending_key = sha256(%s), pending_occurrence = 1"
        " where id = %s"
    )
    assert by_sql.connection.execute(call, (b"one", place.lines[0])).rowcount == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        by_sql.connection.execute(call, (b"two", place.lines[0]))


def test_a_decision_is_signed_by_whoever_takes_it(by_sql: Acting, place: Place) -> None:
    line_entry(by_sql, place)
    by_sql.connection.rollback()
    forged = (
        "update app.bank_transaction set state = 'skipped', decided_by = 'person',"
        " decided_as = 'skip', decided_by_id = %s, decided_at = now() where id = %s"
    )
    refusal = by_sql.refused(
        place.staff.scope(place.tenant), forged, place.owner.person_id, place.lines[0]
    )
    assert refusal == "refused: another person in decided_by_id"


SIGNED = {
    "override": (
        "insert into app.close_override (tenant_id, period_id, checks, reason, made_by)"
        " select guard.tenant_id(), min(id), '{}', 'because I may', %s from ledger.period"
    ),
    "explanation": (
        "insert into app.close_explanation (tenant_id, period_id, account_id, month_minor,"
        " usual_minor, text, made_by) select guard.tenant_id(), min(p.id),"
        " (select id from ledger.account order by code limit 1), 1, 1, 'x', %s from ledger.period p"
    ),
    "step": (
        "insert into app.close_step (tenant_id, title, first_starts, made_by)"
        " values (guard.tenant_id(), 'x', '2026-01-01', %s)"
    ),
    "gap": (
        "insert into app.statement_gap_note (tenant_id, statement_id, why, made_by)"
        " select guard.tenant_id(), id, 'x', %s from app.statement limit 1"
    ),
    "mapping": (
        "insert into app.statement_mapping (tenant_id, bank_account_id, fingerprint, mapping,"
        " made_by) select guard.tenant_id(), id, repeat('0', 64), '{}', %s from app.bank_account"
        " limit 1"
    ),
    "moved account": (
        "insert into app.moving_account (tenant_id, source, type, decided_by)"
        " values (guard.tenant_id(), 'x', 'asset', %s)"
    ),
}


@pytest.mark.parametrize("what", SIGNED)
def test_nobody_writes_in_another_persons_name(
    what: str, by_sql: Acting, place: Place, admin: psycopg.Connection
) -> None:
    manager = factories.staff(admin, place.tenant, role="operations_manager")
    scope = manager.scope(place.tenant)
    assert by_sql.changed(scope, SIGNED[what], manager.person_id) == 1
    by_sql.refused(scope, SIGNED[what], place.staff.person_id)


def test_a_question_is_neither_answered_nor_ended_in_anothers_place(
    by_sql: Acting, place: Place
) -> None:
    asked = request_stage.ask(place)
    staff, owner = place.staff.scope(place.tenant), place.owner.scope(place.tenant)
    answered = (
        "update app.question set state = 'answered', answered_at = now(), answered_by = %s"
        " where id = %s"
    )
    ended = "update app.question set state = %s, closed_at = now(), closed_by = %s where id = %s"
    by_sql.refused(staff, answered, place.owner.person_id, asked)
    assert "state" in by_sql.refused(staff, answered, place.staff.person_id, asked)
    for state in ("done", "withdrawn"):
        assert by_sql.changed(staff, ended, state, place.staff.person_id, asked) == 1
        by_sql.refused(staff, ended, state, place.owner.person_id, asked)
        assert "state" in by_sql.refused(owner, ended, state, place.owner.person_id, asked)


def test_an_answer_stands_on_the_line_of_its_question(by_sql: Acting, place: Place) -> None:
    asked = request_stage.ask(place, lines=place.lines[1:2])
    answer = (
        "insert into app.answer (tenant_id, question_id, line, text)"
        " values (guard.tenant_id(), %s, %s, 'x')"
    )
    owner = place.owner.scope(place.tenant)
    assert by_sql.changed(owner, answer, asked, "accounting") == 1
    by_sql.begin(owner)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        by_sql.connection.execute(answer, (asked, "tickets"))


def test_no_file_changes_what_kind_it_is_but_a_paper_with_its_class(
    by_sql: Acting, place: Place
) -> None:
    owner = place.owner.scope(place.tenant)
    with place.acting(place.owner):
        paper = documents.add(PDF, name="a.pdf", line="accounting", source="portal")
    change = "update app.stored_object set kind = %s where kind = %s"
    by_sql.refused(owner, change, "document.payroll", "document")
    by_sql.refused(owner, change, "document", "bank-statement")
    by_sql.refused(owner, change, "bank-statement", "document")
    removed = "update app.document set removed_at = now(), removed_by = %s where id = %s"
    assert by_sql.changed(owner, removed, place.owner.person_id, paper) == 1
    by_sql.refused(owner, removed, place.staff.person_id, paper)


def test_the_tray_takes_the_permission_to_import(
    by_sql: Acting, place: Place, admin: psycopg.Connection
) -> None:
    home = factories.make_provider(admin)
    stored = admin.execute(
        "insert into app.stored_object (tenant_id, line, kind, name, media_type, size, sha256)"
        " values (%s, 'intake', 'bank-statement', 'a', 'a/b', 1, repeat('0', 64)) returning id",
        (home,),
    ).fetchone()
    admin.commit()
    assert stored is not None
    add = (
        "insert into app.statement_tray (tenant_id, stored_object_id, name, sha256, size, reason,"
        " dropped_by) values (guard.tenant_id(), %s, 'a', repeat('0', 64), 1, 'unknown', %s)"
    )
    assert _added(by_sql, admin, home, "staff_accountant", add, stored[0]) == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        _added(by_sql, admin, home, "hr_assistant", add, stored[0])


def _added(
    by_sql: Acting, admin: psycopg.Connection, home: UUID, role: str, add: str, stored: UUID
) -> int:
    person = factories.make_person(admin)
    factories.grant(admin, home, person, role=role, lines=("intake",))
    session = factories.sign_in(admin, person)
    return by_sql.changed(session.scope(home), add, stored, person)
