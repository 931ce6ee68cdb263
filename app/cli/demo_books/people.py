"""The people of the demo: invited, given access and signed in through the product's own doors."""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import io
import secrets

import psycopg
from flask import Flask

from app.cli import install
from app.cli.demo_books.firms import FIRMS, MAYA, PROVIDER_SLUG, STAFF, Firm, Person
from app.cli.operator_scope import as_operator
from app.identity import credentials, recovery, sign_in
from app.kernel.scope import Scope, secret_hash
from app.kernel.settings import Settings
from tenants import importing

_LINES = {
    "operations_manager": "accounting tickets oversight",
    "staff_accountant": "accounting",
    "finance_assistant": "accounting",
    "it_support_agent": "tickets",
    "auditor": "accounting security oversight",
}
_SERVES_TRAY = {"operations_manager", "staff_accountant", "finance_assistant"}
_READERS = {"auditor", "viewer"}
_NOT_AT_KESTREL = {"finance_assistant", "it_support_agent"}


def everybody() -> list[Person]:
    """All people of the demo, staff first."""
    clients = [person for firm in FIRMS for person in (firm.owner, *firm.others)]
    return [MAYA, *STAFF, *clients]


def password_of(settings: Settings, person: Person) -> str:
    """A password of this installation's own: the demo shows it, no other demo has it."""
    return "demo-" + _secret(settings, "password", person)[:14].lower()


def seed_of(settings: Settings, person: Person) -> str:
    """The seed of the authenticator of this person in this installation."""
    return _secret(settings, "authenticator", person)[:32]


def _secret(settings: Settings, purpose: str, person: Person) -> str:
    key = bytes.fromhex(settings.kek)
    made = hmac.new(key, f"demo {purpose} {person.email}".encode(), hashlib.sha256).digest()
    return base64.b32encode(made).decode().rstrip("=")


def bring_in(app: Flask) -> None:
    """Clients, people and grants as one file, taken in by the operator."""
    with app.app_context(), as_operator():
        importing.carry_out(importing.check(importing.read(as_csv())))


def as_csv() -> str:
    """The file an operator would write."""
    out = io.StringIO()
    writer = csv.DictWriter(out, importing.COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for person in STAFF:
        _row(writer, kind="person", email=person.email, name=person.name, side="provider")
        lines = "member intake" if person.role in _SERVES_TRAY else "member"
        _grant(writer, PROVIDER_SLUG, person, lines=lines)
    for firm in FIRMS:
        _firm(writer, firm)
    return out.getvalue()


def _row(writer: csv.DictWriter[str], **values: str) -> None:
    writer.writerow(values)


def _grant(writer: csv.DictWriter[str], slug: str, person: Person, *, lines: str) -> None:
    _row(
        writer,
        kind="grant",
        email=person.email,
        client=slug,
        role=person.role,
        lines=lines,
        write="no" if person.role in _READERS else "yes",
    )


def _firm(writer: csv.DictWriter[str], firm: Firm) -> None:
    for person in (firm.owner, *firm.others):
        _row(writer, kind="person", email=person.email, name=person.name, side="client")
        _grant(writer, firm.slug, person, lines="accounting tickets")
    for person in STAFF:
        if firm.slug == "kestrel-joinery" and person.role in _NOT_AT_KESTREL:
            continue
        _grant(writer, firm.slug, person, lines=_LINES[person.role])


def enrol(settings: Settings, person: Person) -> Scope:
    """Accepts the person's invitation with password and authenticator; answers their session.

    Mail is not read here: the code is made as `backoffice provider init` makes its own.
    """
    code = secrets.token_hex(16)
    url = install.libpq_url(settings.database_admin_url or "")
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "insert into guard.one_time(secret_sha, purpose, person_id, expires_at)"
            " select %s, 'invite', id, now() + interval '1 hour' from guard.person"
            " where lower(email) = %s returning person_id",
            (secret_hash("once", code), person.email),
        ).fetchone()
    assert row is not None
    made = [credentials.of_password(password_of(settings, person), person_id=row[0])]
    if person is MAYA or person in STAFF:
        codes = recovery.new_codes()
        made.append(credentials.of_totp(seed_of(settings, person), codes, person_id=row[0]))
    opened = sign_in.open_session(sign_in.accept(code, "invite", made), device="Demo")
    return Scope.worklist(person_id=opened.person_id, principal_id=opened.principal_id)
