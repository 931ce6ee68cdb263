"""Accounts, invitations, roles and grants through HTTP with the real database."""

from __future__ import annotations

import re
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.identity import operator
from app.kernel import jobs, registry, scope
from app.kernel.db import session as kernel_session
from app.kernel.db import transaction
from app.kernel.registry import Permission, RoleTemplate
from tests import factories
from tests.identity.people import PASSWORD, email_of, enrolled, sign_in, with_cookie

ORIGIN = "http://localhost:8000"


def administrator(admin: psycopg.Connection) -> factories.Session:
    """A signed-in administrator of the provider."""
    provider = factories.make_provider(admin)
    person = factories.make_person(admin, "provider", "Mara Quist")
    factories.grant(admin, provider, person, role="administrator", lines=("member", "security"))
    return factories.sign_in(admin, person)


def _person_named(admin: psycopg.Connection, email: str) -> UUID:
    row = admin.execute("select id from guard.person where email = %s", (email,)).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


def _role_of(admin: psycopg.Connection, tenant: UUID, person: UUID) -> str | None:
    row = admin.execute(
        "select role from guard.membership where tenant_id = %s and user_id = %s"
        " and (valid_to is null or valid_to > clock_timestamp())",
        (tenant, person),
    ).fetchone()
    return row[0] if row else None


@pytest.mark.parametrize(
    "path",
    [
        "/me/",
        "/me/security",
        "/me/sessions",
        "/me/display",
        "/me/security/authenticator",
        "/desk/people",
        "/desk/people/invite",
        "/desk/grants",
        "/desk/grants/new",
        "/desk/roles",
        "/desk/roles/staff_accountant",
        "/desk/audit",
        "/login/again",
    ],
)
def test_every_page_of_an_administrator_opens(
    app: Flask, admin: psycopg.Connection, path: str
) -> None:
    page = with_cookie(app, administrator(admin)).get(path)
    assert page.status_code == 200, page.text[:2000]


@pytest.mark.parametrize("path", ["people", "people/invite", "access", "access-log", "audit"])
def test_every_page_of_an_owner_opens_in_the_portal(
    app: Flask, admin: psycopg.Connection, path: str
) -> None:
    tenant = factories.make_client(admin)
    browser = with_cookie(app, factories.owner(admin, tenant))
    page = browser.get(f"/portal/{factories.slug_of(admin, tenant)}/{path}")
    assert page.status_code == 200, page.text[:2000]


def test_an_administrator_invites_a_colleague_who_then_has_the_role(
    app: Flask, admin: psycopg.Connection
) -> None:
    browser = with_cookie(app, administrator(admin))
    email = f"{factories.unique('new')}@example.com"
    done = browser.post(
        "/desk/people/invite",
        data={"email": email, "name": "New Colleague", "role": "staff_accountant"},
    )
    assert done.status_code == 303, done.text[:3000]
    person = _person_named(admin, email)
    assert _role_of(admin, factories.make_provider(admin), person) == "staff_accountant"
    waiting = admin.execute(
        "select count(*) from guard.one_time where person_id = %s and purpose = 'invite'", (person,)
    ).fetchone()
    assert waiting == (1,)


def test_an_owner_invites_somebody_into_their_own_firm_only(
    app: Flask, admin: psycopg.Connection
) -> None:
    tenant, other = factories.make_client(admin), factories.make_client(admin)
    browser = with_cookie(app, factories.owner(admin, tenant))
    email = f"{factories.unique('member')}@example.com"
    data = {"email": email, "name": "Ida Moor", "role": "member"}
    elsewhere = browser.post(f"/portal/{factories.slug_of(admin, other)}/people/invite", data=data)
    assert elsewhere.status_code == 404
    done = browser.post(f"/portal/{factories.slug_of(admin, tenant)}/people/invite", data=data)
    assert done.status_code == 303, done.text[:3000]
    assert _role_of(admin, tenant, _person_named(admin, email)) == "member"


def test_what_changes_rights_asks_for_a_fresh_proof_and_leads_back(
    app: Flask, admin: psycopg.Connection
) -> None:
    who = enrolled(app, admin)
    provider = factories.make_provider(admin)
    factories.grant(admin, provider, who.id, role="administrator", lines=("member",))
    browser = app.test_client()
    sign_in(browser, who)
    old = browser.get_cookie("login")
    admin.execute(
        "update guard.principal set stepped_up_at = now() - interval '6 minutes'"
        " where user_id = %s",
        (who.id,),
    )
    admin.commit()
    asked = browser.get("/desk/people/invite")
    assert asked.status_code == 303
    assert "/login/again?next=/desk/people/invite" in asked.location
    half = browser.post("/login/again", data={"password": PASSWORD, "next": "/desk/people/invite"})
    assert half.location.endswith("/login/second")
    done = browser.post("/login/second", data={"code": who.code(steps=1)})
    assert done.location == "/desk/people/invite", done.text
    new = browser.get_cookie("login")
    assert old is not None
    assert new is not None
    assert old.value != new.value
    assert browser.get("/desk/people/invite").status_code == 200
    stale = app.test_client()
    stale.set_cookie("login", old.value)
    assert stale.get("/desk/people").status_code == 303


def test_a_grant_on_the_engagement_opens_its_line_and_bites_in_mid_login_when_it_ends(
    app: Flask, admin: psycopg.Connection
) -> None:
    boss = with_cookie(app, _operations_manager(admin))
    tenant = factories.make_client(admin)
    slug = factories.slug_of(admin, tenant)
    worker = factories.make_person(admin, "provider", "Remo Lind")
    done = boss.post(
        "/desk/grants/new",
        data={
            "people": [str(worker)],
            "clients": [slug],
            "role": "operations_manager",
            "lines": ["accounting"],
            "basis": "engagement",
            "may_write": "true",
        },
    )
    assert done.status_code == 303, done.text[:4000]
    browser = with_cookie(app, factories.sign_in(admin, worker))
    assert browser.get(f"/c/{slug}/people").status_code == 200
    row = admin.execute("select id from guard.membership where user_id = %s", (worker,)).fetchone()
    assert row is not None
    shown = boss.get(f"/desk/grants/end?ids={row[0]}")
    assert shown.status_code == 200
    assert "Nobody else is left" in shown.text
    ended = boss.post("/desk/grants/end", data={"ids": [str(row[0])], "when": "now"})
    assert ended.status_code == 303, ended.text[:3000]
    assert browser.get(f"/c/{slug}/people").status_code == 404


def _operations_manager(admin: psycopg.Connection) -> factories.Session:
    provider = factories.make_provider(admin)
    person = factories.make_person(admin, "provider", "Olga Reeve")
    factories.grant(admin, provider, person, role="operations_manager", lines=("member",))
    return factories.sign_in(admin, person)


def test_a_line_without_engagement_is_refused(app: Flask, admin: psycopg.Connection) -> None:
    boss = with_cookie(app, _operations_manager(admin))
    tenant = factories.make_client(admin, lines=("accounting",))
    worker = factories.make_person(admin, "provider")
    refused = boss.post(
        "/desk/grants/new",
        data={
            "people": [str(worker)],
            "clients": [factories.slug_of(admin, tenant)],
            "role": "it_support_agent",
            "lines": ["tickets"],
            "basis": "engagement",
        },
    )
    assert refused.status_code in {403, 422}
    assert _role_of(admin, tenant, worker) is None


def test_staff_ask_and_only_the_owner_decides(app: Flask, admin: psycopg.Connection) -> None:
    boss = with_cookie(app, _operations_manager(admin))
    tenant = factories.make_client(admin)
    slug = factories.slug_of(admin, tenant)
    worker = factories.make_person(admin, "provider")
    factories.sign_in(admin, worker)  # was here before
    asked = boss.post(
        "/desk/grants/new",
        data={
            "people": [str(worker)],
            "clients": [slug],
            "role": "data_analyst",
            "lines": ["accounting"],
            "basis": "owner",
            "reason": "Cash forecast",
        },
    )
    assert asked.status_code == 303, asked.text[:3000]
    row = admin.execute(
        "select id from guard.access_request where tenant_id = %s", (tenant,)
    ).fetchone()
    assert row is not None
    data = {"ids": str(row[0]), "decision": "yes"}
    assert boss.post("/desk/grants/decide", data=data).status_code == 409
    owner = with_cookie(app, factories.owner(admin, tenant))
    assert "Cash forecast" in owner.get(f"/portal/{slug}/access").text
    done = owner.post(f"/portal/{slug}/access/decide", data=data)
    assert done.status_code == 303, done.text[:3000]
    assert _role_of(admin, tenant, worker) == "data_analyst"
    told = admin.execute("select kind, count from app.notice where owner_id = %s", (worker,))
    assert told.fetchall() == [("security.grant", 1)]
    assert owner.post(f"/portal/{slug}/access/decide", data=data).status_code == 409


def test_the_leaver_command_ends_everything(app: Flask, admin: psycopg.Connection) -> None:
    boss = with_cookie(app, administrator(admin))
    tenant = factories.make_client(admin)
    leaver = factories.staff(admin, tenant)
    email = email_of(admin, leaver.person_id)
    path = f"/desk/people/{leaver.person_id}/leave"
    assert boss.get(path).status_code == 200
    assert boss.post(path, data={"confirm": "other@example.com"}).status_code == 422
    done = boss.post(path, data={"confirm": email})
    assert done.status_code == 303, done.text[:3000]
    assert _role_of(admin, tenant, leaver.person_id) is None
    assert with_cookie(app, leaver).get("/me/").status_code == 303


def test_every_shipped_role_holds_exactly_its_row_and_only_known_permissions(
    app: Flask, admin: psycopg.Connection
) -> None:
    found = registry.current()
    known = found.permission_names()
    held: dict[str, set[str]] = {}
    # Other tests of this process may have edited a role, or let it decide kinds of their own.
    for role, permission in admin.execute(
        "select role, permission from guard.role_permission join guard.role using (role)"
        " where edited_at is null and permission not like 'approve.%test%'"
    ):
        held.setdefault(role, set()).add(permission)
    assert len(held) > 10
    for template in found.all(RoleTemplate):
        if template.name in held:
            assert held[template.name] == set(template.permissions), template.name
    unknown = {name for one in found.all(RoleTemplate) for name in one.permissions} - known
    assert not unknown, unknown
    assert all(str(one.title) for one in found.all(Permission))


def test_a_role_is_edited_on_screen_and_counts_at_once(
    app: Flask, admin: psycopg.Connection
) -> None:
    boss = with_cookie(app, administrator(admin))
    assert (
        boss.post("/desk/roles/hr_assistant", data={"permissions": ["nonsense"]}).status_code == 422
    )
    done = boss.post("/desk/roles/hr_assistant", data={"permissions": ["access.list"]})
    assert done.status_code == 303, done.text[:3000]
    rows = admin.execute("select permission from guard.role_permission where role='hr_assistant'")
    assert rows.fetchall() == [("access.list",)]
    boss.post(
        "/desk/roles/hr_assistant",
        data={"permissions": ["access.list", "person.invite", "person.leave"]},
    )


def test_somebody_without_the_permission_sees_no_people(
    app: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin)
    slug = factories.slug_of(admin, tenant)
    browser = with_cookie(app, factories.staff(admin, tenant, role="staff_accountant"))
    assert browser.get(f"/c/{slug}/people").status_code == 403
    assert (
        browser.get(
            f"/c/{factories.slug_of(admin, factories.make_client(admin))}/people"
        ).status_code
        == 404
    )


def test_a_grant_of_one_line_does_not_open_another(app: Flask, admin: psycopg.Connection) -> None:
    tenant = factories.make_client(admin)
    agent = factories.staff(admin, tenant, role="it_support_agent", lines=("tickets",))
    accountant = factories.staff(admin, tenant)
    with app.app_context():
        for session, lines in ((agent, {"tickets"}), (accountant, {"accounting"})):
            with transaction(session.scope(tenant), read_only=True):
                assert scope.current().rights.lines - {"member"} == lines
                reached = kernel_session.execute(
                    sa.text("select guard.scope('accounting'), guard.scope('tickets')")
                ).one()
            assert [bool(one) for one in reached] == ["accounting" in lines, "tickets" in lines]


def test_a_colleague_stands_in_until_the_absent_person_is_back(
    app: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin)
    absent = factories.staff(admin, tenant)
    cover = factories.make_person(admin, "provider", f"Cover {factories.unique('x')}")
    admin.execute(
        "insert into guard.absence values (%s, current_date + 10, %s)", (absent.person_id, cover)
    )
    admin.commit()
    boss = with_cookie(app, administrator(admin))
    path = f"/desk/people/{absent.person_id}"
    assert "stand in" in boss.get(path).text
    done = boss.post(f"{path}/cover")
    assert done.status_code == 303, done.text[:3000]
    row = admin.execute(
        "select role, lines, valid_to < now() + interval '12 days' from guard.membership"
        " where user_id = %s",
        (cover,),
    ).fetchone()
    assert row == ("staff_accountant", ["accounting"], True)


def test_the_operator_invites_imports_grants_and_lets_people_leave(
    worker_app: Flask, admin: psycopg.Connection
) -> None:
    factories.make_provider(admin)
    tenant = factories.make_client(admin)
    slug, email = factories.slug_of(admin, tenant), f"{factories.unique('op')}@example.com"
    text = (
        "client,email,role,lines,write,until\n"
        f"{slug},{email},staff_accountant,accounting,yes,2099-12-31\n"
    )
    with worker_app.app_context():
        operator.invite(email, name="Op Invited", side="provider", role=None, slug=None, lines=())
        person = _person_named(admin, email)
        wrong = operator.import_grants(
            text + f"{slug},{email},staff_accountant,accounting,yes,2099-12-31\n"
            f"nowhere,{email},auditor,accounting,no,\n",
            dry_run=False,
        )
        assert (wrong.rows, len(wrong.faults), wrong.made) == (3, 2, 0)
        assert operator.import_grants(text, dry_run=True).faults == ()
        assert _role_of(admin, tenant, person) is None
        assert operator.import_grants(text, dry_run=False).made == 1
        admin.rollback()
        assert _role_of(admin, tenant, person) == "staff_accountant"
        assert operator.leave(email, successor=None) == 1
    admin.rollback()
    assert _role_of(admin, tenant, person) is None


def test_owners_are_told_of_new_people_by_mail(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin)
    first = factories.owner(admin, tenant)
    browser = with_cookie(app, first)
    email = f"{factories.unique('second')}@example.com"
    browser.post(
        f"/portal/{factories.slug_of(admin, tenant)}/people/invite",
        data={"email": email, "name": "Second Owner", "role": "owner"},
    )
    jobs.run_due(worker_app)
    row = admin.execute(
        "select count(*) from app.mail_message where to_person = %s and template = %s",
        (first.person_id, "identity.access-given"),
    ).fetchone()
    assert row == (1,)


@pytest.mark.parametrize("path", ["/desk/people", "/desk/grants"])
def test_long_lists_come_page_by_page_and_leave_nobody_out(
    app: Flask, admin: psycopg.Connection, path: str
) -> None:
    browser = with_cookie(app, administrator(admin))
    provider = factories.make_provider(admin)
    names = {f"Paged {number:03}" for number in range(130)}
    for name in sorted(names):
        person = factories.make_person(admin, "provider", name)
        factories.grant(admin, provider, person, role="data_analyst", lines=("member",))
    seen: list[str] = []
    address = f"{path}?q=paged"
    for _page in range(10):
        text = browser.get(address).text
        seen += re.findall(r"Paged \d{3}", text)
        more = re.search(r'href="([^"]*after=[^"]+)"', text)
        if more is None:
            break
        address = more[1].replace("&amp;", "&")
    assert set(seen) == names
    assert browser.get(f"{path}?after=nonsense").status_code == 422
