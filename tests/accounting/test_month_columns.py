"""Raw SQL of a person who may write: what the database sets stays the database's."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.kernel.settings import Settings
from tests import factories
from tests.factories import Session
from tests.guard.test_rights_by_sql import Acting
from tests.tasks import request_stage
from tests.tasks.request_stage import Place


@pytest.fixture(scope="module")
def place(app: Flask, worker_app: Flask, settings: Settings) -> Place:
    """A client with three bank lines to do."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return request_stage.build(app, worker_app, admin)


@pytest.fixture
def by_sql(settings: Settings, rw: psycopg.Connection) -> Acting:
    return Acting(settings, rw)


@pytest.fixture
def two(place: Place, admin: psycopg.Connection) -> tuple[Session, Session]:
    """Two managers, who may both do everything in the books."""
    one, other = (factories.staff(admin, place.tenant, role="operations_manager") for _ in range(2))
    return one, other


# What is written, how it is found again, and how somebody else rewrites it.
SIGNED = {
    "explanation": (
        (
            "insert into app.close_explanation (tenant_id, period_id, account_id, month_minor,"
            " usual_minor, text, made_by) select guard.tenant_id(), min(p.id),"
            " (select id from ledger.account order by code limit 1), 1, 1, 'mine', %s"
            " from ledger.period p on conflict do nothing"
        ),
        "update app.close_explanation set text = 'not what I said'",
        "select made_by from app.close_explanation",
    ),
    "tick": (
        (
            "with step as (insert into app.close_step (tenant_id, title, first_starts, made_by)"
            " values (guard.tenant_id(), 'x', '2026-01-01', guard.user_id()) returning id)"
            " insert into app.close_step_done (tenant_id, step_id, period_id, done_by)"
            " select guard.tenant_id(), step.id, (select min(id) from ledger.period), %s from step"
        ),
        "update app.close_step_done set done = false",
        "select done_by from app.close_step_done",
    ),
    "moved account": (
        (
            "insert into app.moving_account (tenant_id, source, type, decided_by)"
            " values (guard.tenant_id(), 'x', 'asset', %s)"
        ),
        "update app.moving_account set type = 'income'",
        "select decided_by from app.moving_account",
    ),
    "mapping": (
        (
            "insert into app.statement_mapping (tenant_id, bank_account_id, fingerprint, mapping,"
            " made_by) select guard.tenant_id(), id, repeat('0', 64), '{}', %s"
            " from app.bank_account limit 1"
        ),
        "update app.statement_mapping set mapping = '{\"a\": 1}'",
        "select made_by from app.statement_mapping",
    ),
}


@pytest.mark.parametrize("what", SIGNED)
def test_whoever_changes_the_words_of_another_signs_them(
    what: str, by_sql: Acting, place: Place, two: tuple[Session, Session]
) -> None:
    written, rewritten, signed = SIGNED[what]
    one, other = two
    by_sql.begin(one.scope(place.tenant))
    by_sql.connection.execute(written, (one.person_id,))
    by_sql.connection.execute("select set_config('app.ctx', '', true)")
    key = bytes.fromhex(by_sql.settings.guard_key)
    context = other.scope(place.tenant).token(key=key, key_id=by_sql.settings.guard_key_id)
    by_sql.connection.execute("select set_config('app.ctx', %s, true)", (context,))
    assert by_sql.connection.execute(rewritten).rowcount == 1
    assert by_sql.connection.execute(signed).fetchall() == [(other.person_id,)]


FORGED = {
    "a step made last year": (
        "insert into app.close_step (tenant_id, title, first_starts, made_by, made_at)"
        " values (guard.tenant_id(), 'x', '2026-01-01', guard.user_id(), '2020-01-01')"
    ),
    "a reason given before the close": (
        "insert into app.close_override (tenant_id, period_id, checks, reason, made_by, made_at)"
        " select guard.tenant_id(), min(id), '{}', 'because I may', guard.user_id(), '2020-01-01'"
        " from ledger.period"
    ),
    "a recoding by somebody": (
        "insert into app.recode (tenant_id, change, lines, made_by)"
        " values (guard.tenant_id(), '{}', 1, guard.user_id())"
    ),
    "a recoding that is undone already": (
        "insert into app.recode (tenant_id, change, lines, state)"
        " values (guard.tenant_id(), '{}', 1, 'undone')"
    ),
    "a contact known for years": (
        "insert into ledger.counterparty (tenant_id, name, created_at)"
        " values (guard.tenant_id(), 'x', '2020-01-01')"
    ),
    "a mail of one's own words": (
        "insert into app.mail_message (tenant_id, line, to_address, template, message_id,"
        " body_text) values (guard.tenant_id(), 'accounting', 'a@example.com', 'x', 'x', 'pay me')"
    ),
    "a mail that was sent": (
        "insert into app.mail_message (tenant_id, line, to_address, template, message_id, state)"
        " values (guard.tenant_id(), 'accounting', 'a@example.com', 'x', 'x', 'sent')"
    ),
    "a file put in by another": (
        "insert into app.stored_object (tenant_id, line, kind, name, media_type, size, sha256,"
        " made_by) values (guard.tenant_id(), 'accounting', 'x', 'x', 'a/b', 1, repeat('0', 64),"
        " uuidv7())"
    ),
    "a file that came last year": (
        "insert into app.stored_object (tenant_id, line, kind, name, media_type, size, sha256,"
        " made_at) values (guard.tenant_id(), 'accounting', 'x', 'x', 'a/b', 1, repeat('0', 64),"
        " '2020-01-01')"
    ),
    "a file that nobody can open any more": "update app.stored_object set state = 'gone'",
    "a way back that was not offered": "update app.undo_token set args = '{}', taken_at = null",
}


@pytest.mark.parametrize("what", FORGED)
def test_nobody_writes_what_the_database_sets(
    what: str, by_sql: Acting, place: Place, two: tuple[Session, Session]
) -> None:
    by_sql.refused(two[0].scope(place.tenant), FORGED[what])


def _skip(by_sql: Acting, place: Place, line: UUID, at: str = "now()") -> None:
    by_sql.begin(place.staff.scope(place.tenant))
    by_sql.connection.execute(
        "update app.bank_transaction set state = 'skipped', decided_by = 'person',"
        " decided_as = 'skip', decided_by_id = guard.user_id(), skipped_why = 'private',"
        f" decided_at = {at} where id = %s",
        (line,),
    )


def test_a_decision_is_not_dated_back(by_sql: Acting, place: Place) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        _skip(by_sql, place, place.lines[0], "now() - interval '40 days'")


def test_a_decision_is_not_reworded_under_its_makers_name(
    by_sql: Acting, place: Place, two: tuple[Session, Session]
) -> None:
    _skip(by_sql, place, place.lines[1])
    by_sql.connection.commit()
    reworded = "update app.bank_transaction set skipped_why = 'paid twice' where id = %s"
    scope = two[0].scope(place.tenant)
    assert "another person" in by_sql.refused(scope, reworded, place.lines[1])


def test_whoever_only_brings_statements_in_does_not_recode_a_line(
    by_sql: Acting, place: Place
) -> None:
    recoded = "update app.bank_transaction set coding = '[]' where id = %s"
    by_sql.refused(place.owner.scope(place.tenant), recoded, place.lines[2])
    assert by_sql.changed(place.staff.scope(place.tenant), recoded, place.lines[2]) == 1


def test_contacts_are_merged_in_no_chain_and_no_circle(
    by_sql: Acting, place: Place, two: tuple[Session, Session]
) -> None:
    scope = two[0].scope(place.tenant)
    made = [
        by_sql.value(
            scope,
            "insert into ledger.counterparty (tenant_id, name) values (guard.tenant_id(), 'x')"
            " returning id",
        )
        for _ in range(3)
    ]
    merge = "update ledger.counterparty set merged_into_id = %s where id = %s returning id"
    by_sql.value(scope, merge, made[1], made[0])
    by_sql.refused(scope, merge, made[0], made[1])
    by_sql.refused(scope, merge, made[2], made[1])
    by_sql.refused(scope, merge, made[0], made[2])


def test_a_report_withdrawn_and_shown_again_leaves_both_in_the_log(
    by_sql: Acting, place: Place, two: tuple[Session, Session], admin: psycopg.Connection
) -> None:
    scope = two[0].scope(place.tenant)
    made = by_sql.value(
        scope,
        "select app.publish_report('accounting', 'x-report', 'x', '2026-01-01', '2026-01-31',"
        " 'EUR', 1, '{\"secret\": 1}', '')",
    )
    by_sql.value(scope, "select app.withdraw_report('accounting', %s)", made)
    by_sql.value(scope, "select app.show_again('accounting', %s)", made)
    logged = admin.execute(
        "select e.actor, e.act, c.after::text from app.audit_event e"
        " join app.audit_change c on c.tenant_id = e.tenant_id and c.event_id = e.id"
        " where e.subject_id = %s order by e.id",
        (made,),
    ).fetchall()
    acts = ["published_report.added", *["published_report.changed"] * 2]
    assert [(row[0], row[1]) for row in logged] == [(two[0].person_id, act) for act in acts]
    assert "secret" not in str(logged)


def test_months_are_begun_by_those_who_write_here(
    by_sql: Acting, place: Place, admin: psycopg.Connection
) -> None:
    viewer = factories.make_person(admin, "client")
    factories.grant(
        admin, place.tenant, viewer, role="viewer", lines=("accounting",), may_write=False
    )
    scope = factories.sign_in(admin, viewer).scope(place.tenant)
    assert "refused" in by_sql.refused(scope, "select app.begin_close_months()")
