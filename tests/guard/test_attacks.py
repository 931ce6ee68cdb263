"""Arbitrary SQL as a login role neither yields nor changes a byte of another client."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest

from app.kernel.scope import secret_hash
from tests.guard.arena import CANARY, Arena, signed
from tests.guard.attack import Attack
from tests.guard.attacks import ATTACKS
from tests.guard.conftest import Guarded

OPERATOR = UUID("00000000-0000-7000-8000-000000000001")


def _fields(arena: Arena, **changes: object) -> list[object]:
    """The clerk's own context, with some fields changed before it is signed."""
    fields = {
        "mode": "t",
        "tenant": arena.ids["a"],
        "person": arena.ids["clerk"],
        "principal": arena.ids["clerk.session"],
        "expires": int(time.time()) + 60,
        "key_id": arena.key_id,
    }
    return list({**fields, **changes}.values())


def _signed(**changes: object) -> Callable[[Arena], str]:
    return lambda arena: signed(_fields(arena, **changes), arena.key)


def _changed(old: str, new: str) -> Callable[[Arena], str]:
    """The clerk's context changed after it was signed."""
    return lambda arena: arena.token("clerk").replace(
        str(arena.ids.get(old, old)), str(arena.ids.get(new, new)), 1
    )


CONTEXTS: dict[str, Callable[[Arena], str | None]] = {
    "nobody": lambda arena: None,
    "empty": lambda arena: "",
    "clerk": lambda arena: arena.token("clerk"),
    "clerk at b": lambda arena: arena.token("clerk", at="b"),
    "clerk at paused": lambda arena: arena.token("clerk", at="paused"),
    "clerk at making": lambda arena: arena.token("clerk", at="making"),
    "clerk at closing": lambda arena: arena.token("clerk", at="closing"),
    "clerk worklist": lambda arena: arena.token("clerk", mode="s"),
    "agent": lambda arena: arena.token("agent"),
    "guardian": lambda arena: arena.token("guardian"),
    "owner": lambda arena: arena.token("owner"),
    "owner at b": lambda arena: arena.token("owner", at="b"),
    "viewer": lambda arena: arena.token("viewer"),
    "admin": lambda arena: arena.token("admin", at="home"),
    "admin at a": lambda arena: arena.token("admin"),
    "admin worklist": lambda arena: arena.token("admin", mode="s"),
    "stale admin": lambda arena: arena.token("admin+stale", at="home"),
    "weak admin": lambda arena: arena.token("admin+weak", at="home"),
    "admin token": lambda arena: arena.token("admin+token", at="home"),
    "stale": lambda arena: arena.token("clerk+stale"),
    "gone": lambda arena: arena.token("gone"),
    "left": lambda arena: arena.token("left"),
    "lapse": lambda arena: arena.token("lapse", at="lapsed"),
    "revoked": lambda arena: arena.token("clerk+revoked"),
    "idle": lambda arena: arena.token("clerk+idle"),
    "expired": lambda arena: arena.token("clerk+expired"),
    "unknown principal": _signed(principal=UUID(int=7)),
    "no principal": _signed(principal=None),
    "another's principal": lambda arena: signed(
        _fields(arena, principal=arena.ids["owner.session"]), arena.key
    ),
    "token": lambda arena: arena.token("clerk+token"),
    "token on tickets": lambda arena: arena.token("clerk+tickets"),
    "token of b at a": lambda arena: arena.token("staffb+token"),
    "token elsewhere as worklist at b": lambda arena: arena.token("clerk+token", at="b"),
    "link": lambda arena: arena.token("link+a"),
    "link as worklist": lambda arena: arena.token("link+a", mode="s"),
    "link with a user": lambda arena: arena.token("clerk+link"),
    "job by web": lambda arena: arena.token("clerk+job"),
    "mac changed": lambda arena: arena.token("clerk")[:-1] + "g",
    "mac cut": lambda arena: arena.token("clerk")[:-1],
    "another key": lambda arena: signed(_fields(arena), b"x" * 32),
    "unknown key id": _signed(key_id="other"),
    "expired context": _signed(expires=int(time.time()) - 5),
    "client changed": _changed("a", "b"),
    "mode changed": _changed("t|", "s|"),
    "person changed": _changed("clerk", "owner"),
    "a field more": lambda arena: signed([*_fields(arena), "x"], arena.key),
    "a field less": lambda arena: signed(_fields(arena)[:-1], arena.key),
    "unknown mode": _signed(mode="x"),
    "garbage": lambda arena: "garbage",
    "garbage of the right length": lambda arena: "x|y|z|not-a-uuid|soon|k1|" + "0" * 64,
    "system job by web": lambda arena: arena.job_token("a"),
    "system job of the provider by web": lambda arena: arena.job_token("home"),
    "login step": lambda arena: arena.login_token(hashed=secret_hash("once", "guess")),
    "used code": lambda arena: arena.login_token(hashed=secret_hash("once", "used")),
    "login as clerk": lambda arena: arena.login_token(person="clerk"),
    "login as operator": lambda arena: signed(
        ("l", None, OPERATOR, OPERATOR, int(time.time()) + 60, arena.key_id), arena.key
    ),
}


def _sql(arena: Arena, text: str) -> bytes:
    return re.sub(
        r"<([a-z_.@+]+)>", lambda found: str(arena.ids.get(found[1], found[0])), text
    ).encode()


def _end(connection: psycopg.Connection, sql: bytes) -> tuple[str, list[tuple[object, ...]]]:
    """How a text of statements ended: a SQLSTATE, else what its last statement gave."""
    try:
        cursor = connection.execute(sql)
        while cursor.nextset():
            pass
        rows = cursor.fetchall() if cursor.description else []
    except psycopg.Error as error:
        connection.rollback()
        return error.sqlstate or "no state", []
    if rows and all(value in (None, 0, False, {}, []) for row in rows for value in row):
        end = "zero"
    else:
        end = "something" if rows or cursor.rowcount > 0 else "nothing"
    connection.commit()  # what it changed is kept, so that the checksum below would show it
    return end, rows


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_yields_and_changes_nothing(
    attack: Attack, guarded: Guarded, web: psycopg.Connection
) -> None:
    before = guarded.arena.checksum("b")
    context = CONTEXTS[attack.who](guarded.arena)
    if context is not None:
        web.execute("select set_config('app.ctx', %s, true)", (context,))
    end, rows = _end(web, _sql(guarded.arena, attack.sql))
    assert end == attack.ends
    assert f"{CANARY}-b" not in str(rows)
    assert guarded.arena.checksum("b") == before


def test_attacks_are_many_and_told_apart() -> None:
    assert len(ATTACKS) >= 150
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


def test_the_guardian_of_security_reads_heads_of_all_lines_and_no_more(
    arena: Arena, web: psycopg.Connection
) -> None:
    web.execute("select set_config('app.ctx', %s, true)", (arena.token("guardian"),))
    heads = web.execute(
        "select count(*), count(distinct tenant_id) from app.canary_head"
    ).fetchone()
    books = web.execute("select count(*) from app.canary").fetchone()
    assert heads == (9, 1)
    assert books == (0,)


def test_every_real_table_is_closed_to_a_foreign_client(
    guarded: Guarded, web: psycopg.Connection
) -> None:
    arena = guarded.arena
    before = arena.checksum("b")
    tables = arena.admin.execute(
        "select tbl::text from guard.protected"
        " where kind in ('line', 'shared', 'cross', 'personal')"
    ).fetchall()
    assert tables
    open_doors = []
    for (table,) in tables:
        for statement, allowed in (
            ("select * from {t} where tenant_id = '<b>'", {"nothing", "42501"}),
            ("select count(*) from {t} where tenant_id = '<b>'", {"zero", "42501"}),
            ("update {t} set tenant_id = tenant_id where tenant_id = '<b>'", {"nothing", "42501"}),
            ("delete from {t} where tenant_id = '<b>'", {"nothing", "42501"}),
            ("insert into {t} (tenant_id) values ('<b>')", {"42501"}),
        ):
            web.execute("select set_config('app.ctx', %s, true)", (arena.token("clerk"),))
            end, _rows = _end(web, _sql(arena, statement.format(t=table)))
            if end not in allowed:
                open_doors.append((table, statement, end))
    assert open_doors == []
    assert arena.checksum("b") == before


@pytest.mark.parametrize("who", ["clerk", "owner", "admin", "nobody"])
@pytest.mark.parametrize("prefix", ["app.audit", "app.approval"])
def test_audit_and_approvals_cannot_be_forged_by_hand(
    prefix: str, who: str, guarded: Guarded, web: psycopg.Connection
) -> None:
    arena = guarded.arena
    tables = arena.admin.execute(
        "select tbl::text from guard.protected where tbl::text like %s"
        " and kind in ('line', 'shared', 'cross', 'personal')",
        (f"{prefix}%",),
    ).fetchall()
    assert tables
    for (table,) in tables:
        for client in ("a", "b", "home"):
            for statement in (
                f"insert into {table} (tenant_id) values ('<{client}>')",
                f"update {table} set tenant_id = tenant_id",
                f"delete from {table}",
            ):
                context = CONTEXTS[who](arena)
                if context:
                    web.execute("select set_config('app.ctx', %s, true)", (context,))
                end, _rows = _end(web, _sql(arena, statement))
                assert end == "42501", (table, statement)


def test_a_grant_that_ends_bites_inside_an_open_transaction(
    guarded: Guarded, web: psycopg.Connection
) -> None:
    arena = guarded.arena
    web.execute("select set_config('app.ctx', %s, true)", (arena.token("clerk"),))
    assert web.execute("select count(*) from app.canary").fetchone() == (1,)
    membership = arena.ids["clerk@a"]
    arena.admin.execute("update guard.membership set valid_to = now() where id = %s", (membership,))
    arena.admin.commit()
    try:
        assert web.execute("select count(*) from app.canary").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            web.execute("select app.put_canary('too late')")
    finally:
        arena.admin.execute(
            "update guard.membership set valid_to = null where id = %s", (membership,)
        )
        arena.admin.commit()


WORKER = [
    (
        "another client in a client's job",
        "a",
        "select * from app.canary where tenant_id = '<b>'",
        "nothing",
    ),
    ("a client made in a client's job", "a", "select guard.create_tenant('mine')", "42501"),
    ("a code issued in a client's job", "a", "select * from guard.issue_code('x')", "42501"),
    (
        "a state elsewhere from a client's job",
        "a",
        "select guard.set_state('<b>', 'suspended')",
        "42501",
    ),
    (
        "a first owner in a client's job",
        "a",
        "select guard.propose_first_owner('<b>', 'x@x.example', 'X')",
        "42501",
    ),
    ("writing in a suspended client's job", "paused", "update app.canary set n = 2", "nothing"),
    ("a grant by the worker", "home", "select guard.grant_access('[]')", "42501"),
    ("a session by the worker", "home", "select guard.open_principal('<clerk>', 'x')", "42501"),
]


@pytest.mark.parametrize(("name", "at", "sql", "ends"), WORKER, ids=[row[0] for row in WORKER])
def test_a_job_stays_in_its_client(
    name: str, at: str, sql: str, ends: str, guarded: Guarded, worker: psycopg.Connection
) -> None:
    del name
    arena = guarded.arena
    before = arena.checksum("b")
    worker.execute("select set_config('app.ctx', %s, true)", (arena.job_token(at),))
    assert _end(worker, _sql(arena, sql))[0] == ends
    assert arena.checksum("b") == before
