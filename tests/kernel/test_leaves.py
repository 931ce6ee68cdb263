"""The hashes that sealing will take are recomputed outside the database, as documented."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from flask import Flask

from app.accounting import commands
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with books, where things happened that are worth a hash."""
    made = ledger_support.make_books(app, worker_app, admin)
    first = made.post((12_345, -12_345))
    with made.open():
        commands.reverse_entry(entry_id=first.id, key="back", description='Zurück "Ä" \\ €')
        commands.create_counterparty(name="Ödön & Söhne 東京")
    return made


def canonical(value: Any) -> str:
    """JSON as jsonb prints it: keys by length in bytes, then by bytes; numbers as written."""
    if isinstance(value, list):
        return "[" + ", ".join(canonical(one) for one in value) + "]"
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{canonical(key)}: {canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text, parse_float=Decimal)


def leaf(*parts: Any) -> bytes:
    """SHA-256 of the canonical array."""
    kept = (bool, int, list, dict, type(None))
    plain = [part if isinstance(part, kept) else str(part) for part in parts]
    return hashlib.sha256(canonical(plain).encode()).digest()


def test_the_leaf_of_every_entry_is_what_the_documents_say(
    books: Books, admin: psycopg.Connection
) -> None:
    rows = admin.execute(
        "select e.tenant_id, e.id, e.fiscal_year, e.number, e.in_review, e.approved_ref, e.made_by,"
        " encode(e.request_sha, 'hex'), e.leaf from ledger.entry e where e.tenant_id = %s",
        (books.tenant,),
    ).fetchall()
    assert len(rows) == 2
    for *parts, kept in rows:
        assert leaf("entry/1", *parts) == kept


def test_the_leaf_of_every_audit_event_is_what_the_documents_say(
    books: Books, admin: psycopg.Connection
) -> None:
    rows = admin.execute(
        "select a.id, a.tenant_id, a.actor, a.principal, a.act, a.subject_type, a.subject_id,"
        " a.line, c.before::text, c.after::text, a.leaf from app.audit_event a"
        " left join app.audit_change c on c.tenant_id = a.tenant_id and c.event_id = a.id"
        " where a.tenant_id = %s",
        (books.tenant,),
    ).fetchall()
    assert rows
    for *head, before, after, kept in rows:
        assert leaf(*head, _read(before), _read(after)) == kept
