"""A provider is set up once; clients are made whole, listed, suspended, and served until an end."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest
from flask import Flask

from app.cli import provider as provider_command
from app.cli.operator_scope import as_operator
from app.kernel import db, registry
from app.kernel.clients import PrincipalRef
from app.kernel.errors import Conflict, Forbidden, Invalid
from app.kernel.settings import Settings
from app.web import client_rows
from tenants import commands, importing, queries
from tenants.schemas import NewFirm
from tests import factories

FIRM = NewFirm(slug="harbour-lane", name="Harbour Lane Bakery", country="US")


@pytest.fixture
def operated(worker_app: Flask, admin: psycopg.Connection) -> Flask:
    """The worker's application over a database that has a provider."""
    factories.make_provider(admin)
    return worker_app


def test_a_client_is_made_with_directory_engagement_and_books(
    operated: Flask, admin: psycopg.Connection
) -> None:
    slug = factories.unique("harbour")
    with operated.app_context(), as_operator():
        made = commands.create_client(firm=replace(FIRM, slug=slug))
    row = admin.execute(
        "select c.state, c.currency, c.chart_template, c.time_zone, t.state, e.line"
        " from app.client c join guard.tenant t on t.id = c.tenant_id"
        " join guard.engagement e on e.tenant_id = t.id where c.tenant_id = %s",
        (made,),
    ).fetchone()
    assert row == ("active", "USD", "us", "America/New_York", "active", "accounting")


def test_a_taken_short_name_leaves_nothing_behind(
    operated: Flask, admin: psycopg.Connection
) -> None:
    slug = factories.unique("twice")
    with operated.app_context():
        with as_operator():
            commands.create_client(firm=replace(FIRM, slug=slug))
        with pytest.raises(Conflict), as_operator():
            commands.create_client(firm=replace(FIRM, slug=slug, name="Another"))
    count = admin.execute("select count(*) from app.client where slug = %s", (slug,)).fetchone()
    assert count == (1,)


def test_a_failing_hook_undoes_the_whole_client(
    operated: Flask, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = factories.unique("half")

    def fail(_client: registry.NewClient) -> None:
        raise Conflict("planted")

    found = registry.current()
    monkeypatch.setattr(found, "_created", [*found._created, (999, fail)])
    with operated.app_context(), pytest.raises(Conflict), as_operator():
        commands.create_client(firm=replace(FIRM, slug=slug))
    assert admin.execute("select 1 from guard.tenant where slug = %s", (slug,)).fetchone() is None


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"slug": "Harbour"}, "slug", "bad-slug"),
        ({"slug": "api"}, "slug", "reserved-slug"),
        ({"slug": "a--b"}, "slug", "bad-slug"),
        ({"name": ""}, "name", "required"),
        ({"name": "=1+1"}, "name", "looks-like-a-formula"),
        ({"country": "XX"}, "country", "unknown-country"),
        ({"currency": "XXX"}, "currency", "unknown-currency"),
        ({"time_zone": "Mars/Base"}, "time_zone", "unknown-time-zone"),
        ({"fiscal_year_start_month": 13}, "fiscal_year_start_month", "bad-month"),
        ({"lines": ()}, "lines", "required"),
    ],
)
def test_a_firm_that_cannot_be_is_refused_at_its_field(
    operated: Flask, change: dict[str, object], field: str, code: str
) -> None:
    with operated.app_context(), pytest.raises(Invalid) as refused, as_operator():
        commands.create_client(firm=replace(FIRM, **change))  # type: ignore[arg-type]  # planted
    assert [one.code for one in refused.value.fields[field]] == [code]


def test_only_the_worker_makes_clients(app: Flask, admin: psycopg.Connection) -> None:
    home = factories.make_provider(admin)
    session = factories.staff(admin, home, role="administrator", lines=("member",))
    with app.app_context(), pytest.raises(Forbidden), db.transaction(session.scope(home)):
        commands.create_client(firm=FIRM)


def test_a_suspended_client_can_be_read_and_not_written(
    app: Flask, operated: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin)
    owner = factories.owner(admin, tenant)
    with operated.app_context(), as_operator():
        commands.suspend(tenant_id=tenant)
    with app.app_context():
        with db.transaction(owner.scope(tenant)):
            assert queries.firm(tenant).state == "suspended"
        with pytest.raises(Forbidden), db.transaction(owner.scope(tenant)):
            client_rows.pin(tenant, owner.person_id)
        with operated.app_context(), as_operator():
            commands.reactivate(tenant_id=tenant)
        with db.transaction(owner.scope(tenant)):
            client_rows.pin(tenant, owner.person_id)


def test_ending_a_line_ends_the_grants_that_rest_on_it(
    app: Flask, operated: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin, lines=("accounting",))
    worker = factories.staff(admin, tenant)
    with app.app_context(), db.transaction(worker.scope(tenant)) as session:
        assert session is not None
    with operated.app_context(), as_operator():
        assert commands.end_engagement(tenant_id=tenant, line="accounting") == 1
    principal = PrincipalRef(worker.principal_id, worker.person_id, "person")
    with app.app_context():
        assert queries.resolve_client(principal, factories.slug_of(admin, tenant)) is None


def test_the_directory_is_for_the_provider_with_the_permission(
    app: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin, "Oakwell")
    home = factories.make_provider(admin)
    boss = factories.staff(admin, home, role="administrator", lines=("member",))
    with app.app_context():
        with db.transaction(boss.scope(home), read_only=True):
            rows = queries.directory(search=factories.slug_of(admin, tenant))
            assert [row.tenant_id for row in rows] == [tenant]
            assert rows[0].lines == ("accounting", "compliance", "tickets")
        with pytest.raises(Forbidden), db.transaction(factories.owner(admin, tenant).scope(tenant)):
            queries.directory()


CSV = """kind,client,name,country,lines,email,side,role,write
client,{slug},Kestrel Works,GB,accounting tickets,,,,
person,,Ada Quill,,,{mail},client,,
person,,Robin Vale,,,{staff},provider,,
grant,{slug},,,accounting,{mail},,owner,yes
grant,{slug},,,accounting,{staff},,staff_accountant,yes
"""


def _csv() -> tuple[str, str]:
    slug = factories.unique("kestrel")
    return slug, CSV.format(slug=slug, mail=f"a@{slug}.example", staff=f"r@{slug}.example")


def test_a_file_of_clients_people_and_grants_is_taken_in_whole(
    operated: Flask, admin: psycopg.Connection
) -> None:
    slug, text = _csv()
    with operated.app_context(), as_operator():
        plan = importing.check(importing.read(text))
        assert plan.faults == []
        importing.carry_out(plan)
    rows = admin.execute(
        "select m.role, m.may_write from guard.membership m join guard.tenant t"
        " on t.id = m.tenant_id where t.slug = %s order by 1",
        (slug,),
    ).fetchall()
    assert rows == [("owner", True), ("staff_accountant", True)]


def test_the_same_file_twice_is_refused_line_by_line(operated: Flask) -> None:
    _slug, text = _csv()
    with operated.app_context():
        with as_operator():
            importing.carry_out(importing.check(importing.read(text)))
        with as_operator():
            faults = importing.check(importing.read(text)).faults
    assert [(one.line, one.code) for one in faults] == [
        (2, "slug-taken"),
        (5, "import-grant-exists"),
        (6, "import-grant-exists"),
    ]


def test_a_dry_run_names_line_field_and_remedy_of_every_fault(operated: Flask) -> None:
    slug, text = _csv()
    text += f"client,{slug},Again,GB,accounting,,,,\nperson,,=cmd(),,,x@y.example,client,,\n"
    text += "person,,Nobody,,,not an address,client,,\nparty,,,,,,,,\n"
    text += f"grant,{slug},,,accounting,nobody@else.example,,owner,perhaps\n"
    with operated.app_context(), as_operator():
        faults = importing.check(importing.read(text)).faults
    assert [(one.line, one.field, one.code) for one in faults] == [
        (7, "client", "import-double"),
        (8, "name", "looks-like-a-formula"),
        (9, "email", "bad-address"),
        (10, "kind", "import-kind"),
        (11, "email", "import-unknown-person"),
        (11, "write", "import-yes-or-no"),
    ]
    assert all(fault.remedy for fault in faults)


def test_a_provider_is_set_up_once(
    operated: Flask, settings: Settings, admin: psycopg.Connection
) -> None:
    with operated.app_context(), pytest.raises(Conflict):
        provider_command.initialise(settings, firm=FIRM, admins=("first@example.com",))
    assert admin.execute("select count(*) from guard.tenant where is_provider").fetchone() == (1,)
