"""What the tests of an erasure share: it is asked for, approved, and its certificate read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from app.kernel import jobs
from tests import factories
from tests.http import Browser


def id_of(admin: psycopg.Connection, slug: str) -> UUID:
    row = admin.execute("select id from guard.tenant where slug = %s", (slug,)).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


def ask_and_approve(admin: psycopg.Connection, two: tuple[Browser, Browser], slug: str) -> None:
    """One person asks on the desk, the other approves."""
    asks, approves = two
    page = f"/desk/clients/{slug}/erase"
    assert asks.get(page).status_code == 200
    assert asks.post(page, {"reason": "The client has left"}).status_code == 303
    assert decide(admin, asks, slug) == 409  # not by whoever asked
    approve(admin, approves, slug)


def approve(admin: psycopg.Connection, browser: Browser, slug: str) -> None:
    """The second person says yes."""
    assert decide(admin, browser, slug) == 303


def decide(admin: psycopg.Connection, browser: Browser, slug: str) -> int:
    """Approves the newest wish to erase a client on screen; answers the status."""
    row = admin.execute(
        "select id, content_sha from app.approval where kind = 'client.erase'"
        " and content ->> 'slug' = %s order by id desc limit 1",
        (slug,),
    ).fetchone()
    assert row is not None
    provider = factories.slug_of(admin, factories.make_provider(admin))
    sheet = f"/c/{provider}/approvals/{row[0]}"
    browser.get(sheet)
    return browser.post(sheet, {"decision": "approve", "content_sha": row[1]}).status_code


def in_tray(admin: psycopg.Connection, tenant: UUID, stored: UUID, number: str) -> str:
    """Lets a file of the provider be a statement of the client; its hash."""
    row = admin.execute(
        "insert into app.statement_tray (tenant_id, stored_object_id, name, sha256, size, format,"
        " numbers, reason, state, given_tenant_id, given_file_id, dropped_by, done_at)"
        " select tenant_id, id, name, sha256, size, 'csv', to_jsonb(array[%s::text]), 'unknown',"
        " 'assigned', %s, uuidv7(), %s, now() from app.stored_object where id = %s"
        " returning sha256",
        (number, tenant, jobs.system_user("operator"), stored),
    ).fetchone()
    admin.commit()
    assert row is not None
    return str(row[0])


def certificate_of(admin: psycopg.Connection, tenant: UUID) -> dict[str, Any]:
    """The only certificate of a client."""
    with admin.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "select * from app.erasure_certificate where erased_tenant_id = %s", (tenant,)
        )
        (row,) = cursor.fetchall()
    admin.commit()
    return row


def rows_of(admin: psycopg.Connection, tenant: UUID) -> int:
    """How many rows of tables that are erased whole the client has."""
    count = 0
    for (name,) in admin.execute(
        "select name from app.leaving_tables() where erased = 'delete' and name not like 'guard.%'"
    ).fetchall():
        row = admin.execute(f"select count(*) from {name} where tenant_id = %s", (tenant,))
        count += (row.fetchone() or (0,))[0]
    admin.commit()
    return count
