"""Two client firms full of canaries, and every kind of principal that may try to reach them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import psycopg

from app.kernel.scope import Scope, secret_hash

Connection = psycopg.Connection

CANARY = "canary-of-the-other-firm"
EVERY_PERMISSION = (
    "access.grant access.end access.list access.first_owner person.invite person.leave"
    " tenant.state engagement.set role.edit token.make link.make accounting.read accounting.post"
)
ROLES = {
    "administrator": ("provider", EVERY_PERMISSION),
    "staff_accountant": ("provider", "accounting.read accounting.post link.make token.make"),
    "it_agent": ("provider", "tickets.read"),
    "security_manager": ("provider", "access.list"),
    "owner": ("client", "access.grant access.end access.list person.invite accounting.read"),
    "viewer": ("client", "accounting.read"),
}
TABLES = """
set role app_owner;
create table app.canary (
  tenant_id uuid not null, id uuid not null default uuidv7(), body text not null, n int default 1,
  primary key (tenant_id, id), unique (tenant_id, body));
call guard.protect('app.canary', 'accounting');
create table app.canary_part (
  tenant_id uuid not null, id uuid not null default uuidv7(), canary_id uuid not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, canary_id) references app.canary (tenant_id, id));
call guard.protect('app.canary_part', 'accounting');
create table app.canary_shared (
  tenant_id uuid not null, id uuid not null default uuidv7(), line text not null,
  body text not null, primary key (tenant_id, id));
call guard.protect_shared('app.canary_shared');
create table app.canary_head (
  tenant_id uuid not null, id uuid not null default uuidv7(), line text not null,
  body text not null, primary key (tenant_id, id));
call guard.protect_cross('app.canary_head', null, 'security');
create table app.canary_own (
  tenant_id uuid not null, id uuid not null default uuidv7(), owner_id uuid not null,
  body text not null, primary key (tenant_id, id));
call guard.protect_personal('app.canary_own');
grant select, insert, update, delete on app.canary, app.canary_part, app.canary_shared,
  app.canary_head, app.canary_own to app_rw, app_worker;
grant create on schema app to canary_door;
call guard.admit('app.canary', 'canary_door', null);
grant select, insert on app.canary to canary_door;
reset role;
set role canary_door;
create function app.open_canary(p_id uuid) returns text language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
  select body from app.canary
   where tenant_id = guard.link_opens('canary', p_id) and id = p_id $$;
create function app.put_canary(p_body text) returns uuid language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare g record; made uuid;
begin
  g := guard.enter('accounting');
  if not g.can_write then
    raise exception 'refused: read only' using errcode = '42501';
  end if;
  insert into app.canary (tenant_id, body) values (g.tenant, p_body) returning id into made;
  return made;
end $$;
reset role;
revoke create on schema app from canary_door;
revoke execute on function app.open_canary(uuid), app.put_canary(text) from public;
grant execute on function app.open_canary(uuid), app.put_canary(text) to app_rw, app_worker;
"""
DOOR_ROLE = """
do $$ begin
  if not exists (select from pg_roles where rolname = 'canary_door') then
    create role canary_door nologin;
  end if;
  grant guard_definer to canary_door;
end $$;
"""


def signed(fields: Sequence[object], key: bytes) -> str:
    """A context with a right signature over any fields at all."""
    body = "|".join("" if part is None else str(part) for part in fields)
    return f"{body}|{hmac.new(key, body.encode(), hashlib.sha256).hexdigest()}"


@dataclass(slots=True)
class Arena:
    """What was arranged: ids by name, and the key that signs contexts."""

    admin: Connection
    key: bytes
    key_id: str
    ids: dict[str, UUID] = field(default_factory=dict)

    def one(self, statement: str, *values: object) -> UUID:
        """The single value of a statement that the administrator runs."""
        row = self.admin.execute(statement, values).fetchone()
        assert row is not None
        found: UUID = row[0]
        return found

    def token(self, who: str, *, at: str | None = "a", mode: str = "t") -> str:
        """The context of a principal `who.session` in client `at`; s names no client."""
        fields = (
            mode,
            self.ids[at] if at and mode == "t" else None,
            self.ids.get(who),
            self.ids[f"{who}.session"],
            int(time.time()) + 60,
            self.key_id,
        )
        return signed(fields, self.key)

    def job_token(self, at: str) -> str:
        """The context of the platform's own job in a client."""
        operator = "00000000-0000-7000-8000-000000000001"
        return signed(
            ("j", self.ids[at], operator, None, int(time.time()) + 60, self.key_id), self.key
        )

    def login_token(
        self, *, person: str | None = None, hashed: str | None = None, nonce: UUID | None = None
    ) -> str:
        """The context of a step of logging in."""
        scope = Scope(
            "l", None, self.ids[person] if person else None, nonce or uuid4(), login_hash=hashed
        )
        return scope.token(key=self.key, key_id=self.key_id)

    def tenant(self, name: str, state: str = "active", *lines: str) -> None:
        """A client firm with running engagements."""
        self.ids[name] = self.one(
            "insert into guard.tenant (slug, name, state, is_provider) values (%s, %s, %s, %s)"
            " returning id",
            f"firm-{name}",
            name,
            state,
            name == "home",
        )
        for line in lines:
            self.engage(name, line)

    def engage(self, name: str, line: str, *, ended: bool = False) -> None:
        """An engagement that began yesterday, or ended an hour ago."""
        self.admin.execute(
            "insert into guard.engagement (tenant_id, line, valid_from, valid_to) values"
            " (%s, %s, now() - interval '1 day', case when %s then now() - interval '1 hour' end)",
            (self.ids[name], line, ended),
        )

    def person(self, name: str, side: str) -> None:
        """A person with an open session, stepped up just now with two factors."""
        self.ids[name] = self.one(
            "insert into guard.person (side, email, name) values (%s, %s, %s) returning id",
            side,
            f"{name}@example.com",
            f"{name.title()} Person",
        )
        self.session(name)

    def session(self, name: str, **columns: object) -> UUID:
        """A principal of the person; columns override what is usual."""
        values: dict[str, object] = {
            "kind": "person",
            "user_id": self.ids.get(name.split("+", maxsplit=1)[0]),
            "expires_at": "tomorrow",
            "stepped_up_at": "now",
            "factors": ["password", "totp"],
            "secret_sha": secret_hash("prin", name),
            **columns,
        }
        names = ", ".join(values)
        places = ", ".join(["%s"] * len(values))
        made = self.one(
            f"insert into guard.principal ({names}) values ({places}) returning id",
            *values.values(),
        )
        self.ids[f"{name}.session"] = made
        if "+" in name and values["user_id"] is not None:
            self.ids[name] = self.ids[name.split("+", maxsplit=1)[0]]
        return made

    def member(
        self,
        name: str,
        at: str,
        role: str,
        *lines: str,
        write: bool = True,
        basis: str = "founding",
        ended: bool = False,
    ) -> None:
        """A membership since yesterday, or one that ended an hour ago."""
        self.ids[f"{name}@{at}"] = self.one(
            "insert into guard.membership (tenant_id, user_id, role, lines, may_write, basis,"
            " valid_from, valid_to) values (%s, %s, %s, %s, %s, %s, now() - interval '1 day',"
            " case when %s then now() - interval '1 hour' end) returning id",
            self.ids[at],
            self.ids[name],
            role,
            list(lines),
            write,
            basis,
            ended,
        )

    def fill(self, at: str) -> None:
        """Canaries in every kind of table, on every line."""
        tenant = self.ids[at]
        body = f"{CANARY}-{at}"
        self.ids[f"canary.{at}"] = self.one(
            "insert into app.canary (tenant_id, body) values (%s, %s) returning id", tenant, body
        )
        self.admin.execute(
            "insert into app.canary_part (tenant_id, canary_id) values (%s, %s)",
            (tenant, self.ids[f"canary.{at}"]),
        )
        for table in ("canary_shared", "canary_head"):
            self.admin.execute(
                f"insert into app.{table} (tenant_id, line, body)"
                " select %s, line, %s || line from guard.line",
                (tenant, body),
            )
        self.admin.execute(
            "insert into app.canary_own (tenant_id, owner_id, body)"
            " select %s, id, %s from guard.person where not system",
            (tenant, body),
        )

    def checksum(self, at: str) -> dict[str, str]:
        """Per table a digest of this client's rows, and of all rows where no client is named."""
        found = self.admin.execute(
            "select c.oid::regclass::text, exists (select from pg_attribute a"
            "   where a.attrelid = c.oid and a.attname = 'tenant_id')"
            " from pg_class c where c.relkind in ('r', 'p') and c.relnamespace::regnamespace::text"
            " in ('app', 'guard', 'ledger') order by 1"
        ).fetchall()
        digests = {}
        for table, tenanted in found:
            where = "where t.tenant_id = %s" if tenanted else ""
            row = self.admin.execute(
                f"select md5(coalesce(string_agg(t::text, '~' order by t::text), ''))"
                f" from {table} t {where}",
                (self.ids[at],) if tenanted else None,
            ).fetchone()
            assert row is not None
            digests[table] = row[0]
        self.admin.rollback()
        return digests


def build(admin: Connection, *, key: bytes, key_id: str) -> Arena:
    """Roles, firms, people, principals and canaries."""
    arena = Arena(admin, key, key_id)
    admin.execute(
        "select guard.seed_roles(%s::jsonb)",
        (
            json.dumps(
                [
                    {"role": role, "side": side, "title": role, "permissions": names.split()}
                    for role, (side, names) in ROLES.items()
                ]
            ),
        ),
    )
    admin.execute(DOOR_ROLE.encode())
    admin.execute(TABLES.encode())
    _firms_and_people(arena)
    _principals(arena)
    for at in ("a", "b", "paused", "making", "closing"):
        arena.fill(at)
    admin.commit()
    return arena


def _firms_and_people(arena: Arena) -> None:
    arena.tenant("home")
    arena.tenant("a", "active", "accounting", "tickets")
    arena.tenant("b", "active", "accounting", "tickets")
    arena.tenant("paused", "suspended", "accounting")
    arena.tenant("making", "creating", "accounting")
    arena.tenant("closing", "closing", "accounting")
    arena.tenant("lapsed")
    arena.engage("lapsed", "accounting", ended=True)
    for name in ("admin", "clerk", "agent", "guardian", "gone", "left", "lapse", "staffb"):
        arena.person(name, "provider")
    for name in ("owner", "viewer", "ownerb"):
        arena.person(name, "client")
    arena.member("admin", "home", "administrator", "member")
    arena.member("clerk", "a", "staff_accountant", "accounting", basis="engagement")
    for at in ("paused", "making", "closing"):
        arena.member("clerk", at, "staff_accountant", "accounting")
    arena.member("agent", "a", "it_agent", "tickets", basis="engagement")
    arena.member("guardian", "a", "security_manager", "security", basis="engagement")
    arena.member("gone", "a", "staff_accountant", "accounting", ended=True)
    arena.member("left", "a", "staff_accountant", "accounting")
    arena.member("lapse", "lapsed", "staff_accountant", "accounting", basis="engagement")
    arena.member("staffb", "b", "staff_accountant", "accounting", basis="engagement")
    arena.member("owner", "a", "owner", "accounting", "tickets")
    arena.member("viewer", "a", "viewer", "accounting", write=False)
    arena.member("ownerb", "b", "owner", "accounting", "tickets")
    arena.member("clerk", "lapsed", "staff_accountant", "accounting", basis="engagement")


def _principals(arena: Arena) -> None:
    a, b = arena.ids["a"], arena.ids["b"]
    arena.session("clerk+revoked", revoked_at="yesterday")
    arena.session("clerk+idle", idle_until="yesterday")
    arena.session("clerk+expired", expires_at="yesterday")
    arena.session("clerk+stale", stepped_up_at="yesterday")
    arena.session("admin+stale", stepped_up_at="yesterday")
    arena.session("admin+weak", factors=["password"])
    arena.session("clerk+token", kind="token", tenant_id=a, lines=["accounting"], factors=None)
    arena.session("clerk+tickets", kind="token", tenant_id=a, lines=["tickets"], factors=None)
    arena.session("staffb+token", kind="token", tenant_id=b, lines=["accounting"], factors=None)
    arena.session("admin+token", kind="token", tenant_id=arena.ids["home"], factors=None)
    arena.session("clerk+job", kind="job", tenant_id=a, factors=None)
    arena.session(
        "link+a",
        kind="link",
        user_id=None,
        tenant_id=a,
        object_type="canary",
        object_id=UUID(int=1),
        made_by=arena.ids["clerk"],
        factors=None,
    )
    arena.session(
        "clerk+link",
        kind="link",
        tenant_id=a,
        object_type="canary",
        object_id=UUID(int=1),
        factors=None,
    )
    arena.admin.execute(
        "update guard.person set left_at = now() where id = %s", (arena.ids["left"],)
    )
    arena.admin.execute(
        "update guard.principal set revoked_at = now() where user_id = %s", (arena.ids["left"],)
    )
    arena.admin.execute(
        "insert into guard.credential (person_id, kind, secret) select id, 'password', %s"
        " from guard.person where not system",
        (CANARY.encode(),),
    )
    arena.admin.execute(
        "insert into guard.credential (person_id, kind, secret) values (%s, 'totp', 'x')",
        (arena.ids["admin"],),
    )
    arena.admin.execute(
        "insert into guard.one_time (secret_sha, purpose, person_id, expires_at, used_at) values"
        " (%s, 'reset', %s, now() + interval '1 day', now())",
        (secret_hash("once", "used"), arena.ids["ownerb"]),
    )
