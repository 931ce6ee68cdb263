"""What ends with a grant or a person: those who stand in, links given out; weak sessions."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.identity import commands
from app.kernel import db, jobs
from app.kernel.errors import Forbidden
from app.kernel.jobs_catalog import SYSTEM_USERS
from app.kernel.scope import Scope
from tests import factories
from tests.factories import Session

Connection = psycopg.Connection
END = sa.text("select guard.end_access(array[cast(:id as uuid)])")
LIMIT = sa.text("select guard.limit_access(array[cast(:id as uuid)], now() + interval '1 day')")
LEAVE = sa.text("select guard.leave(:id)")
OPERATOR_LEAVE = sa.text("select guard.operator_leave(:id)")


def _boss(admin: Connection) -> tuple[UUID, Session]:
    home = factories.make_provider(admin)
    return home, factories.staff(admin, home, role="administrator", lines=("member",))


def _absent_and_cover(admin: Connection) -> tuple[UUID, UUID, UUID, UUID]:
    """A client, an absent colleague with a grant there, and the grant of who stands in."""
    tenant = factories.make_client(admin)
    absent = factories.make_person(admin)
    own = factories.grant(admin, tenant, absent, role="staff_accountant", lines=("accounting",))
    cover = factories.grant(
        admin,
        tenant,
        factories.make_person(admin),
        role="staff_accountant",
        lines=("accounting",),
    )
    admin.execute(
        "update guard.membership set covers = %s, valid_to = now() + interval '9 days'"
        " where id = %s",
        (own, cover),
    )
    admin.commit()
    return tenant, absent, own, cover


def _link(admin: Connection, tenant: UUID, maker: UUID) -> UUID:
    row = admin.execute(
        "insert into guard.principal(kind, tenant_id, object_type, object_id, expires_at, made_by)"
        " values ('link', %s, 'report', %s, now() + interval '1 day', %s) returning id",
        (tenant, uuid4(), maker),
    ).fetchone()
    assert row is not None
    admin.commit()
    found: UUID = row[0]
    return found


def _revoked(admin: Connection, principal: UUID) -> bool:
    admin.rollback()
    row = admin.execute(
        "select revoked_at is not null from guard.principal where id = %s", (principal,)
    ).fetchone()
    assert row is not None
    return bool(row[0])


def _ends(admin: Connection, membership: UUID, within: str) -> bool:
    admin.rollback()
    row = admin.execute(
        "select coalesce(valid_to <= now() + cast(%s as interval), false) from guard.membership"
        " where id = %s",
        (within, membership),
    ).fetchone()
    assert row is not None
    return bool(row[0])


def _as_boss(app: Flask, admin: Connection, act: sa.TextClause, subject: UUID) -> None:
    home, boss = _boss(admin)
    with app.app_context(), db.transaction(boss.scope(home)):
        db.session.execute(act, {"id": subject})


def _as_operator(worker_app: Flask, admin: Connection, act: sa.TextClause, subject: UUID) -> None:
    home = factories.make_provider(admin)
    scope = Scope.system_job(home, person_id=SYSTEM_USERS["operator"])
    with worker_app.app_context(), db.transaction(scope):
        db.session.execute(act, {"id": subject})


def test_an_earlier_end_holds_for_who_stands_in_too(app: Flask, admin: Connection) -> None:
    _tenant, _absent, own, cover = _absent_and_cover(admin)
    _as_boss(app, admin, LIMIT, own)
    assert _ends(admin, own, "25 hours")
    assert _ends(admin, cover, "25 hours")
    assert not _ends(admin, cover, "1 hour")


def test_the_operators_leaver_command_ends_who_stands_in(
    worker_app: Flask, admin: Connection
) -> None:
    tenant, absent, own, cover = _absent_and_cover(admin)
    link = _link(admin, tenant, absent)
    _as_operator(worker_app, admin, OPERATOR_LEAVE, absent)
    assert _ends(admin, own, "0")
    assert _ends(admin, cover, "0")
    assert _revoked(admin, link)


@pytest.mark.parametrize("act", [LEAVE, END])
def test_links_die_with_their_maker_s_grant(
    act: sa.TextClause, app: Flask, admin: Connection
) -> None:
    tenant, absent, own, cover = _absent_and_cover(admin)
    link, other = _link(admin, tenant, absent), _link(admin, tenant, factories.make_person(admin))
    _as_boss(app, admin, act, own if act is END else absent)
    assert _revoked(admin, link)
    assert not _revoked(admin, other)
    assert _ends(admin, cover, "0")


@pytest.mark.parametrize("end", ["now() - interval '1 second'", "null"])
def test_a_link_opens_only_while_its_maker_may_enter(
    end: str, app: Flask, admin: Connection
) -> None:
    tenant, maker, own, _cover = _absent_and_cover(admin)
    link = _link(admin, tenant, maker)
    object_id = admin.execute(
        "select object_id from guard.principal where id = %s", (link,)
    ).fetchone()
    assert object_id is not None
    admin.execute(f"update guard.membership set valid_to = {end} where id = %s", (own,))
    admin.commit()
    settings = app.extensions["settings"]
    scope = Scope("t", tenant_id=tenant, principal_id=link)
    token = scope.token(key=bytes.fromhex(settings.guard_key), key_id=settings.guard_key_id)
    admin.execute("select set_config('app.ctx', %s, true)", (token,))
    opened = admin.execute("select guard.link_opens('report', %s)", object_id).fetchone()
    assert opened == ((tenant,) if end == "null" else (None,))


def _reasons(worker_app: Flask, admin: Connection, person: UUID) -> list[object]:
    """What mails of an ended access said to a person, after the jobs ran."""
    jobs.run_due(worker_app)
    admin.rollback()
    rows = admin.execute(
        "select params->>'reason' from app.mail_message where to_person = %s"
        " and template = 'identity.access-ended' order by id",
        (person,),
    ).fetchall()
    return [reason for (reason,) in rows]


def test_the_mail_of_an_ended_access_says_the_reason_of_the_membership_and_no_other(
    app: Flask, worker_app: Flask, admin: Connection
) -> None:
    _boss(admin)  # somebody who answers for access stays
    tenant = factories.make_client(admin)
    owner, other = factories.owner(admin, tenant), factories.owner(admin, tenant)
    leaving = factories.grant(
        admin, tenant, factories.make_person(admin), role="member", lines=("accounting",)
    )
    with app.app_context(), db.transaction(owner.scope(tenant)):
        commands.end_access([leaving], reason="Works elsewhere from May")
    assert _reasons(worker_app, admin, other.person_id) == ["Works elsewhere from May"]

    args = {"membership_ids": [str(leaving)], "reason": "Pay to the new account"}
    kind = "identity.access-ended>app.identity.jobs.tell_managers"
    with app.app_context(), db.transaction(owner.scope(tenant)):
        jobs.enqueue(kind, args, line="member")
    again = _reasons(worker_app, admin, other.person_id)
    assert again == ["Works elsewhere from May"] * 2


CHANGES: list[tuple[str, Callable[[UUID], dict[str, object]]]] = [
    (
        'select guard.put_my_credential(\'{"kind":"password","secret":"aa"}\')',
        lambda _credential: {},
    ),
    ("select guard.drop_credential(:id)", lambda credential: {"id": credential}),
]


@pytest.mark.parametrize(("statement", "values"), CHANGES)
@pytest.mark.parametrize("factors", [["password"], ["password", "totp"]])
def test_a_session_of_one_factor_changes_no_way_in_of_staff(
    statement: str,
    values: Callable[[UUID], dict[str, object]],
    factors: list[str],
    app: Flask,
    admin: Connection,
) -> None:
    tenant = factories.make_client(admin)
    session = factories.staff(admin, tenant)
    admin.execute(
        "update guard.principal set factors = %s where id = %s", (factors, session.principal_id)
    )
    ids = [
        admin.execute(
            "insert into guard.credential(person_id, kind, secret) values (%s, %s, 'x')"
            " returning id",
            (session.person_id, kind),
        ).fetchone()
        for kind in ("password", "totp", "passkey")
    ]
    admin.commit()
    assert ids[2] is not None

    def change() -> None:
        with db.transaction(session.scope(tenant), read_only=False):
            db.session.execute(sa.text(statement), values(ids[2][0]))  # type: ignore[index]  # checked above

    with app.app_context():
        if factors == ["password"]:
            with pytest.raises(Forbidden):
                change()
        else:
            change()
