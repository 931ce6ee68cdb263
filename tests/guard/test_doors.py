"""What the doors of the guard give: rights, entering, roles, first people, covers, codes."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from app.kernel.scope import secret_hash
from tests.guard.arena import Arena
from tests.guard.conftest import Guarded

Connection = psycopg.Connection


@pytest.fixture
def root(guarded: Guarded, arena: Arena) -> psycopg.Connection:
    """The administrator's own transaction, in which a test may act as any login role."""
    del arena  # rolls back what the test changes
    return guarded.arena.admin


def say(connection: Connection, context: str) -> None:
    """Sends who acts."""
    connection.execute("select set_config('app.ctx', %s, true)", (context,))


def value(connection: Connection, sql: str, *values: object) -> object:
    """The single value of a statement."""
    row = connection.execute(sql.encode(), values).fetchone()
    return row[0] if row else None


def rights(connection: Connection) -> dict[str, Any]:
    """The rights of the context sent before."""
    found = value(connection, "select guard.rights()")
    assert isinstance(found, dict)
    return found


def test_rights_name_permissions_lines_role_and_side(arena: Arena, web: Connection) -> None:
    say(web, arena.token("clerk"))
    found = rights(web)
    assert found["permissions"] == ["accounting.post", "accounting.read", "link.make", "token.make"]
    assert found["lines"] == ["accounting", "member"]
    assert found["may_write"] is True
    assert (found["role"], found["side"]) == ("staff_accountant", "provider")
    assert found["person"] == str(arena.ids["clerk"])


def test_rights_of_a_token_are_narrowed_to_its_lines(arena: Arena, web: Connection) -> None:
    say(web, arena.token("clerk+token"))
    found = rights(web)
    assert found["permissions"] == ["accounting.post", "accounting.read"]
    assert found["lines"] == ["accounting"]


def test_rights_in_the_provider_s_tenant_count_in_a_client_only_where_it_is_reached(
    arena: Arena, web: Connection
) -> None:
    say(web, arena.token("admin", at="home"))
    assert "role.edit" in str(rights(web)["permissions"])
    say(web, arena.token("admin"))
    assert rights(web) == {}


def test_rights_of_a_worklist_are_those_of_all_clients_and_never_write(
    arena: Arena, web: Connection
) -> None:
    say(web, arena.token("clerk", mode="s"))
    found = rights(web)
    assert "accounting.post" in str(found["permissions"])
    assert found["may_write"] is False


def test_rights_agree_with_single_questions(arena: Arena, web: Connection) -> None:
    for who in ("clerk", "agent", "guardian", "owner", "viewer", "clerk+token", "clerk+tickets"):
        say(web, arena.token(who))
        found = rights(web)
        for permission in ("accounting.read", "accounting.post", "tickets.read", "access.list"):
            held = value(web, "select guard.may(%s)", permission)
            assert held == (permission in found.get("permissions", [])), (who, permission)
        for line in ("accounting", "tickets", "security", "member", "compliance"):
            reached = value(web, "select cardinality(guard.scope(%s))", line)
            assert (reached == 1) == (line in found.get("lines", [])), (who, line)


def test_entering_names_client_person_and_role(arena: Arena, root: Connection) -> None:
    say(root, arena.token("viewer"))
    row = root.execute("select * from guard.enter('accounting')").fetchone()
    assert row == (arena.ids["a"], arena.ids["viewer"], "viewer", False)


@pytest.mark.parametrize("who", ["agent", "gone", "clerk+tickets", "link+a"])
def test_entering_without_a_grant_on_the_line_is_refused(
    who: str, arena: Arena, root: Connection
) -> None:
    say(root, arena.token(who))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        root.execute("select * from guard.enter('accounting')")


def test_a_viewer_cannot_write_but_a_clerk_can_through_the_same_door(
    arena: Arena, web: Connection
) -> None:
    say(web, arena.token("clerk"))
    assert isinstance(value(web, "select app.put_canary('new')"), UUID)
    web.rollback()


def test_a_link_opens_its_own_object(arena: Arena, web: Connection, root: Connection) -> None:
    root.execute(
        "update guard.principal set object_id = %s where id = %s",
        (arena.ids["canary.a"], arena.ids["link+a.session"]),
    )
    root.commit()
    say(web, arena.token("link+a"))
    found = value(web, "select app.open_canary(%s)", arena.ids["canary.a"])
    root.execute(
        "update guard.principal set object_id = %s where id = %s",
        (UUID(int=1), arena.ids["link+a.session"]),
    )
    root.commit()
    assert found == "canary-of-the-other-firm-a"


def test_staff_with_one_factor_cannot_administer(arena: Arena, web: Connection) -> None:
    say(web, arena.token("admin+weak", at="home"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="second factor"):
        web.execute("select * from guard.list_access()")


def test_a_session_opens_once_for_the_person_proved(arena: Arena, web: Connection) -> None:
    nonce = uuid4()
    say(web, arena.login_token(person="clerk", nonce=nonce))
    opened = value(
        web,
        "select guard.open_principal(%s, 'own', p_factors => '{password,totp}')",
        arena.ids["clerk"],
    )
    assert isinstance(opened, UUID)
    web.rollback()


def test_a_grant_on_an_engagement_lets_in_and_its_end_shuts_out(
    arena: Arena, web: Connection
) -> None:
    wish = {
        "tenant": str(arena.ids["b"]),
        "user": str(arena.ids["clerk"]),
        "role": "staff_accountant",
        "lines": ["accounting"],
        "may_write": True,
        "basis": "engagement",
    }
    say(web, arena.token("admin", at="home"))
    made = value(web, "select guard.grant_access(%s::jsonb)", json.dumps([wish]))
    say(web, arena.token("clerk", at="b"))
    assert value(web, "select count(*) from app.canary") == 1
    say(web, arena.token("admin", at="home"))
    assert value(web, "select guard.end_access(%s)", made) == 1
    say(web, arena.token("clerk", at="b"))
    assert value(web, "select count(*) from app.canary") == 0
    web.rollback()


def _approved(arena: Arena, root: Connection, lines: list[str]) -> str:
    approval = str(uuid4())
    root.execute(
        "insert into guard.basis (tenant_id, approval_id, user_id, role, lines, may_write)"
        " values (%s, %s, %s, 'viewer', %s, false)",
        (arena.ids["a"], approval, arena.ids["ownerb"], lines),
    )
    return approval


@pytest.mark.parametrize(
    ("lines", "may_write", "times", "refused"),
    [
        (["accounting"], False, 1, False),
        (["accounting", "tickets"], False, 1, True),
        (["accounting"], True, 1, True),
        (["accounting"], False, 2, True),
    ],
    ids=["as approved", "another line", "writing", "twice"],
)
def test_an_approval_gives_one_membership_and_no_more_than_it_says(
    lines: list[str], may_write: bool, times: int, refused: bool, arena: Arena, root: Connection
) -> None:
    wish = {
        "tenant": str(arena.ids["a"]),
        "user": str(arena.ids["ownerb"]),
        "role": "viewer",
        "lines": lines,
        "may_write": may_write,
        "basis": _approved(arena, root, ["accounting"]),
    }
    say(root, arena.token("owner"))
    given = json.dumps([wish] * times)
    if refused:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="refused: grant"):
            root.execute("select guard.grant_access(%s::jsonb)", (given,))
        return
    root.execute("select guard.grant_access(%s::jsonb)", (given,))


def _cover(arena: Arena, **changes: object) -> str:
    wish: dict[str, object] = {
        "tenant": str(arena.ids["a"]),
        "user": str(arena.ids["agent"]),
        "role": "staff_accountant",
        "lines": ["accounting"],
        "may_write": True,
        "basis": "engagement",
        "covers": str(arena.ids["clerk@a"]),
        "to": "tomorrow",
    }
    return json.dumps([{**wish, **changes}])


def test_who_stands_in_ends_with_the_membership_stood_in_for(
    arena: Arena, root: Connection
) -> None:
    say(root, arena.token("admin", at="home"))
    root.execute("select guard.grant_access(%s::jsonb)", (_cover(arena),))
    say(root, arena.token("agent"))
    assert value(root, "select guard.writable('accounting')") == arena.ids["a"]
    say(root, arena.token("admin", at="home"))
    assert value(root, "select guard.end_access(array[%s])", arena.ids["clerk@a"]) == 2
    say(root, arena.token("agent"))
    assert value(root, "select guard.writable('accounting')") is None


@pytest.mark.parametrize(
    "change",
    [{"to": None}, {"lines": ["accounting", "tickets"]}, {"covers": str(UUID(int=5))}],
    ids=["without an end", "wider", "of nobody"],
)
def test_standing_in_is_never_wider_or_longer(
    change: dict[str, object], arena: Arena, root: Connection
) -> None:
    say(root, arena.token("admin", at="home"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="cover"):
        root.execute("select guard.grant_access(%s::jsonb)", (_cover(arena, **change),))


def test_an_edited_role_is_not_overwritten_by_what_is_shipped(
    arena: Arena, root: Connection
) -> None:
    say(root, arena.token("admin", at="home"))
    root.execute("select guard.set_role('viewer', '{accounting.read,reports.read}')")
    root.execute(
        "select guard.seed_roles(%s::jsonb)",
        (
            json.dumps(
                [
                    {"role": "viewer", "side": "client", "permissions": ["accounting.read"]},
                    {"role": "it_agent", "side": "provider", "permissions": ["tickets.write"]},
                ]
            ),
        ),
    )
    rows = root.execute("select role, permissions from guard.roles()").fetchall()
    found = {row[0]: row[1] for row in rows}
    assert found["viewer"] == ["accounting.read", "reports.read"]
    assert found["it_agent"] == ["tickets.write"]


def test_a_client_sees_the_roles_of_its_own_side(arena: Arena, web: Connection) -> None:
    say(web, arena.token("viewer"))
    assert {row[0] for row in web.execute("select side from guard.roles()")} == {"client"}


def test_a_role_of_one_s_own_making_is_made_and_dropped(arena: Arena, root: Connection) -> None:
    say(root, arena.token("admin", at="home"))
    root.execute("select guard.set_role('night_shift', 'provider', 'Night', '{tickets.read}')")
    root.execute("select guard.drop_role('night_shift')")
    with pytest.raises(psycopg.Error, match="role-in-use") as refusal:
        root.execute("select guard.drop_role('viewer')")
    assert refusal.value.sqlstate == "BO409"


def test_a_first_owner_needs_two_different_people(arena: Arena, root: Connection) -> None:
    say(root, arena.token("admin", at="home"))
    wish = value(
        root,
        "select guard.propose_first_owner(%s, 'first@client.example', 'First Owner')",
        arena.ids["making"],
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="a second person"):
        root.execute("select guard.confirm_first_owner(%s)", (wish,))


def test_the_command_line_is_the_second_person_for_a_first_owner(
    guarded: Guarded, web: Connection, worker: Connection
) -> None:
    arena = guarded.arena
    firm = uuid4()
    arena.admin.execute(
        "insert into guard.tenant (id, slug, state) values (%s, 'young', 'active')", (firm,)
    )
    arena.admin.commit()
    say(web, arena.token("admin", at="home"))
    wish = value(web, "select guard.propose_first_owner(%s, 'first@young.example', 'First')", firm)
    web.commit()
    say(worker, arena.job_token("home"))
    person = value(
        worker,
        "select guard.confirm_first_owner(%s, %s)",
        wish,
        secret_hash("once", "printed"),
    )
    worker.commit()
    found = arena.admin.execute(
        "select m.role, m.basis, o.secret_sha is not null from guard.membership m"
        " join guard.one_time o on o.person_id = m.user_id where m.user_id = %s",
        (person,),
    ).fetchone()
    assert found == ("owner", "founding", True)


def test_the_provider_is_made_once(arena: Arena, root: Connection) -> None:
    with pytest.raises(psycopg.Error, match="provider-exists") as refusal:
        root.execute("select guard.init_provider('x', 'X', '{x@x.example}', '{sha}')")
    assert refusal.value.sqlstate == "BO409"
    root.rollback()
    root.execute("update guard.tenant set is_provider = false")
    home = value(
        root, "select guard.init_provider('new', 'New', '{x@x.example,y@x.example}', '{s1,s2}')"
    )
    made = root.execute(
        "select count(*), count(distinct o.secret_sha) from guard.membership m"
        " join guard.one_time o on o.person_id = m.user_id where m.tenant_id = %s",
        (home,),
    ).fetchone()
    assert made == (2, 2)
    assert value(root, "select guard.provider_name()") == "New"


def test_names_reach_authors_here_and_nobody_elsewhere(arena: Arena, web: Connection) -> None:
    say(web, arena.token("viewer"))
    ids = [arena.ids[name] for name in ("gone", "ownerb", "viewer", "admin")]
    rows = web.execute("select id, initials from guard.person_name(%s)", (ids,)).fetchall()
    assert {row[0] for row in rows} == {arena.ids["gone"], arena.ids["viewer"], arena.ids["admin"]}
    assert {row[1] for row in rows} == {"GP", "VP", "AP"}


def test_owners_see_who_may_see_what(arena: Arena, web: Connection) -> None:
    say(web, arena.token("owner"))
    rows = web.execute("select name, side, role from guard.access_of_client()").fetchall()
    assert ("Clerk Person", "provider", "staff_accountant") in rows
    assert all(name != "Gone Person" for name, _side, _role in rows)


def test_every_row_of_the_guards_audit_carries_the_hash_of_its_content(
    arena: Arena, root: Connection
) -> None:
    say(root, arena.token("admin", at="home"))
    root.execute("select * from guard.list_access()")
    wrong = value(
        root,
        "select count(*) from guard.audit a where sha <> sha256(convert_to(jsonb_build_array("
        "'guard/1', tenant_id, id, extract(epoch from at), actor, principal, login, act, detail"
        ")::text, 'UTF8'))",
    )
    assert wrong == 0
    assert value(root, "select count(*) from guard.audit where act = 'access.list'") != 0
