"""Attacks on who one is: other kinds of principals, forged contexts, and signing in."""

from __future__ import annotations

from tests.guard.attack import REFUSED, Attack, all_of

PRINCIPALS = [
    *(
        Attack(f"{kind}, table", kind, "select * from app.canary")
        for kind in (
            "revoked",
            "idle",
            "expired",
            "unknown principal",
            "no principal",
            "another's principal",
            "token of b at a",
            "link as worklist",
            "job by web",
            "token elsewhere as worklist at b",
        )
    ),
    Attack("a token of another line", "token on tickets", "select * from app.canary", "nothing"),
    Attack("a token's member rows", "token", "select * from app.canary_own", "nothing"),
    Attack(
        "a token's other lines",
        "token",
        "select * from app.canary_shared where line <> 'accounting'",
        "nothing",
    ),
    Attack("a token's administration", "admin token", "select * from guard.list_access()"),
    Attack("a token's permissions", "token", "select guard.may('link.make')", "zero"),
    Attack(
        "a token made by a token", "token", "select guard.delegate('token', '{accounting}', '1 h')"
    ),
    Attack("a token widened", "token", "select guard.delegate('job', null, '1 h')"),
    Attack("a token on another line", "token", "select guard.delegate('job', '{tickets}', '1 h')"),
    Attack("a token keeps a session awake", "token", "select guard.touch_principal()"),
    Attack("a token sets a password", "token", "select guard.set_credential('password', '\\x00')"),
    Attack("a link reads tables", "link", "select * from app.canary", "nothing"),
    Attack("a link reads shared tables", "link", "select * from app.canary_shared", "nothing"),
    Attack("a link's client", "link", "select guard.tenant_id()", "zero"),
    Attack("a link's rights", "link", "select guard.rights()", "zero"),
    Attack("a link opens another object", "link", "select app.open_canary('<canary.b>')", "zero"),
    Attack(
        "a link opens another of its client", "link", "select app.open_canary('<canary.a>')", "zero"
    ),
    Attack(
        "a link with a user named", "link with a user", "select * from app.canary_own", "nothing"
    ),
    Attack("a link delegates", "link with a user", "select guard.delegate('job', null, '1 h')"),
    Attack("a link revokes", "link with a user", "select guard.revoke('<clerk.session>')"),
    Attack(
        "a link made by hand",
        "clerk",
        "select guard.make_link('canary', '<canary.b>', '1 day', 'x')",
    ),
    Attack("a link writes through a door", "link with a user", "select app.put_canary('x')"),
]

FORGED = [
    Attack(f"{name}, table", name, "select * from app.canary")
    for name in (
        "mac changed",
        "mac cut",
        "another key",
        "unknown key id",
        "expired context",
        "client changed",
        "mode changed",
        "person changed",
        "a field more",
        "a field less",
        "unknown mode",
        "garbage",
        "garbage of the right length",
        "system job by web",
        "system job of the provider by web",
    )
] + [
    Attack("a login step for rows", "login step", "select * from app.canary", "nothing"),
    Attack(
        "a login step for scope",
        "login step",
        "select nullif(guard.scope('accounting'), '{}')",
        "zero",
    ),
    Attack("a login step for a person", "login step", "select guard.user_id()", "zero"),
    Attack("a login step for a right", "login step", "select guard.may('access.grant')", "zero"),
    Attack("a login step grants", "login step", "select guard.grant_access('[]')"),
    Attack("a login step writes", "login step", "select app.put_canary('x')"),
    Attack(
        "a login step reads names",
        "login step",
        "select * from guard.person_name(array['<owner>']::uuid[])",
        "nothing",
    ),
]

LOGIN = [
    *(
        Attack(f"guard.{table} read", "admin", f"select * from guard.{table}")
        for table in (
            "hmac_key",
            "person",
            "credential",
            "one_time",
            "principal",
            "membership",
            "engagement",
            "basis",
            "audit",
            "tenant",
            "role",
            "role_permission",
            "protected",
            "first_owner",
            "living",
            "running",
        )
    ),
    *(
        Attack(f"guard.{table} written", "admin", sql)
        for table, sql in (
            ("membership", "update guard.membership set may_write = true"),
            (
                "role_permission",
                "insert into guard.role_permission values ('viewer', 'access.grant')",
            ),
            ("hmac_key", "delete from guard.hmac_key"),
            ("audit", "insert into guard.audit (tenant_id) values ('<a>')"),
            ("audit again", "delete from guard.audit"),
            ("basis", "insert into guard.basis values ('<a>', '<a>', '<clerk>', 'owner')"),
        )
    ),
    Attack("credentials without a login step", "clerk", "select * from guard.credential_for()"),
    Attack(
        "credentials of another",
        "login as clerk",
        "select * from guard.credential_for() where person_id <> '<clerk>'",
        "nothing",
    ),
    Attack(
        "a session without a login step", "clerk", "select guard.open_principal('<clerk>', 'x')"
    ),
    Attack("a session by hash only", "login step", "select guard.open_principal('<clerk>', 'x')"),
    Attack(
        "a session for another", "login as clerk", "select guard.open_principal('<owner>', 'x')"
    ),
    Attack(
        "a session for a system person",
        "login as operator",
        "select guard.open_principal('00000000-0000-7000-8000-000000000001', 'x')",
    ),
    Attack(
        "a nonce replayed",
        "login as clerk",
        "select guard.open_principal('<clerk>', 'one'), guard.open_principal('<clerk>', 'two')",
    ),
    *all_of(
        "clerk",
        REFUSED,
        ("another session of the web ended", "select pg_terminate_backend(1)"),
        ("another session's work stopped", "select pg_cancel_backend(1)"),
        ("a lock that others wait for", "select pg_advisory_lock(4711)"),
        ("a large object outside all clients", "select lo_create(0)"),
        ("a file written as large object", "select lo_export(1, '/tmp/x')"),
        ("a number set by hand", "update app.counter set value = 1"),
    ),
    Attack("a code used twice", "used code", "select guard.redeem()"),
    Attack("a code guessed", "login step", "select guard.redeem()"),
    Attack("a code without a login step", "owner", "select guard.redeem()"),
    Attack("an invitation asked for", "login step", "select guard.request_code('invite')"),
    Attack("a code taken by the web", "clerk", "select * from guard.issue_code('x')"),
    Attack(
        "a principal by a guess", "login step", "select * from guard.principal_for()", "nothing"
    ),
    Attack("a principal without a login step", "clerk", "select * from guard.principal_for()"),
    Attack(
        "a credential by a stale session", "stale", "select guard.set_credential('totp', '\\x00')"
    ),
    Attack(
        "a credential by a weak session",
        "weak admin",
        "select guard.set_credential('passkey', null, '\\x00', 'x')",
    ),
]
