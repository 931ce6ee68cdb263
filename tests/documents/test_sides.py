"""The client's people and the provider's papers: what may be taken off, shown wider, removed."""

from __future__ import annotations

import io
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.documents import commands
from app.kernel.settings import Settings
from tests import factories
from tests.factories import Session
from tests.guard.test_rights_by_sql import Acting
from tests.http import Browser
from tests.tasks import request_stage
from tests.tasks.request_stage import Place

BANK = "bank_transaction"
UNLINK = "delete from app.document_link where document_id = %s"
CLASS = "update app.document set class = %s where id = %s"
REMOVE = "update app.document set removed_at = now(), removed_by = %s where id = %s"


@pytest.fixture(scope="module")
def place(app: Flask, worker_app: Flask, settings: Settings) -> Place:
    """A client with bank lines."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return request_stage.build(app, worker_app, admin)


@pytest.fixture
def by_sql(settings: Settings, rw: psycopg.Connection) -> Acting:
    return Acting(settings, rw)


@pytest.fixture
def payroll_clerk(place: Place, admin: psycopg.Connection) -> Session:
    """One of the provider's people who sees payroll."""
    clerk = factories.make_person(admin, "provider")
    factories.grant(
        admin,
        place.tenant,
        clerk,
        role="staff_accountant",
        lines=("accounting",),
        classes=("payroll", "owner_only"),
    )
    return factories.sign_in(admin, clerk)


def paper(place: Place, who: Session, *, kind: str = "normal") -> UUID:
    """A paper of somebody's, linked to a bank line by the same person."""
    with place.acting(who):
        made = commands.add(
            factories.unique("paper").encode(),
            name="a.txt",
            line="accounting",
            document_class=kind,
            source="api",
        )
        commands.link(made, subject_type=BANK, subject_id=place.lines[0])
    return made


def call(place: Place, browser: Browser, made: UUID, act: str, **values: str) -> tuple[int, str]:
    """Status and code of an act on a paper over the API."""
    browser.get(f"/portal/{place.slug}/documents")
    sent = browser.client.post(
        f"/api/v1/clients/{place.slug}/documents/{made}/{act}",
        json=values,
        headers={"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": browser.token},
    )
    return sent.status_code, str(sent.get_json().get("code", ""))


def unlink(place: Place, who: Session, made: UUID) -> tuple[int, str]:
    values = {"subject_type": BANK, "subject_id": str(place.lines[0])}
    return call(place, place.browser(who), made, "unlink", **values)


def test_the_client_takes_off_what_its_own_people_attached(place: Place) -> None:
    made = paper(place, place.owner)
    assert unlink(place, place.owner, made)[0] == 200


def test_what_the_provider_attached_the_provider_takes_off(place: Place, by_sql: Acting) -> None:
    made = paper(place, place.staff)
    assert unlink(place, place.owner, made) == (403, "document-link-of-provider")
    assert by_sql.refused(place.owner.scope(place.tenant), UNLINK, made)
    assert by_sql.changed(place.staff.scope(place.tenant), UNLINK, made) == 1
    by_sql.connection.rollback()
    assert unlink(place, place.staff, made)[0] == 200


def test_what_was_attached_a_day_ago_stays_for_the_client(
    place: Place, by_sql: Acting, admin: psycopg.Connection
) -> None:
    made = paper(place, place.owner)
    admin.execute(
        "update app.document_link set linked_at = now() - interval '25 hours'"
        " where document_id = %s",
        (made,),
    )
    admin.commit()
    assert unlink(place, place.owner, made) == (403, "document-link-settled")
    assert by_sql.refused(place.owner.scope(place.tenant), UNLINK, made)
    assert unlink(place, place.staff, made)[0] == 200


def test_the_client_narrows_a_class_of_the_provider_and_never_widens_it(
    place: Place, by_sql: Acting, payroll_clerk: Session
) -> None:
    made = paper(place, payroll_clerk, kind="payroll")
    owner = place.browser(place.owner)
    asked = call(place, owner, made, "class", document_class="normal")
    assert asked == (403, "document-class-of-provider")
    assert by_sql.refused(place.owner.scope(place.tenant), CLASS, "normal", made)
    assert call(place, owner, made, "class", document_class="owner_only")[0] == 200
    assert call(place, owner, made, "class", document_class="payroll")[0] == 200
    assert call(place, owner, made, "class", document_class="normal")[0] == 403
    clerk = place.browser(payroll_clerk)
    assert call(place, clerk, made, "class", document_class="normal")[0] == 200
    assert call(place, owner, made, "class", document_class="payroll")[0] == 200
    assert call(place, owner, made, "class", document_class="normal")[0] == 200


def test_a_class_that_the_client_chose_is_the_clients_to_change(place: Place) -> None:
    made = paper(place, place.owner, kind="payroll")
    owner = place.browser(place.owner)
    assert call(place, owner, made, "class", document_class="normal")[0] == 200


def test_a_provider_who_narrows_a_paper_of_the_clients_keeps_it_narrow(
    place: Place, payroll_clerk: Session
) -> None:
    made = paper(place, place.owner)
    clerk, owner = place.browser(payroll_clerk), place.browser(place.owner)
    assert call(place, clerk, made, "class", document_class="payroll")[0] == 200
    assert call(place, owner, made, "class", document_class="normal")[0] == 403


def test_a_paper_of_the_provider_is_not_removed_by_the_client(place: Place, by_sql: Acting) -> None:
    theirs, own = paper(place, place.staff), paper(place, place.owner)
    owner, person = place.owner.scope(place.tenant), place.owner.person_id
    assert by_sql.refused(owner, REMOVE, person, theirs) == "document-of-provider"
    assert by_sql.changed(owner, REMOVE, person, own) == 1


def test_sides_and_moments_are_written_by_nobody(place: Place, by_sql: Acting) -> None:
    made = paper(place, place.owner)
    owner = place.owner.scope(place.tenant)
    for column, value in (
        ("provider_class", "'normal'"),
        ("added_side", "'client'"),
        ("added_at", "now()"),
        ("name", "'x'"),
    ):
        by_sql.refused(owner, f"update app.document set {column} = {value} where id = %s", made)
    by_sql.refused(owner, "update app.document_link set linked_side = 'client'")
    row = (
        "insert into app.stored_object (tenant_id, line, kind, name, media_type, size, sha256{0})"
        " values (guard.tenant_id(), 'accounting', 'document', 'a', 'a/b', 1, repeat('0', 64){1})"
    )
    assert by_sql.changed(owner, row.format("", "")) == 1
    by_sql.refused(owner, row.format(", made_at", ", now()"))
    by_sql.refused(owner, row.format(", state", ", 'gone'"))
    by_sql.refused(owner, "update app.stored_object set state = 'clean'")
    by_sql.refused(owner, "select app.settle_held_object(id, 'clean') from app.stored_object")


def test_a_moment_of_an_act_is_now_whatever_is_written(place: Place, by_sql: Acting) -> None:
    made = paper(place, place.owner)
    late = (
        "update app.document set removed_at = '2001-01-01', removed_by = %s where id = %s"
        " returning removed_at = now()"
    )
    by_sql.begin(place.owner.scope(place.tenant))
    row = by_sql.connection.execute(late, (place.owner.person_id, made)).fetchone()
    assert row == (True,)


def test_a_page_inserts_no_mail(place: Place, by_sql: Acting) -> None:
    by_sql.refused(
        place.owner.scope(place.tenant),
        "insert into app.mail_message (tenant_id, line, to_address, template, message_id)"
        " values (guard.tenant_id(), 'accounting', 'a@example.com', 'question.day', 'x')",
    )


def test_a_file_sent_again_stays_one_paper_of_the_first_side(place: Place) -> None:
    data = factories.unique("same").encode()
    with place.acting(place.staff):
        first = commands.add(data, name="a.txt", line="accounting", source="staff")
    owner = place.browser(place.owner)
    owner.get(f"/portal/{place.slug}/documents")
    sent = owner.post(f"/portal/{place.slug}/documents", {"files": (io.BytesIO(data), "again.txt")})
    assert sent.status_code == 303
    with place.acting(place.owner):
        again = commands.add(data, name="b.txt", line="accounting", source="portal")
    assert again == first
