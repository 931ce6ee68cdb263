"""Directory and settings on screen: pages draw, acts are kept, bad input is told at its field."""

from __future__ import annotations

import io
import re
import struct
import zlib

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.kernel import jobs
from tests import factories


@pytest.fixture
def boss(client: FlaskClient, admin: psycopg.Connection) -> FlaskClient:
    """A browser of a freshly signed-in administrator."""
    home = factories.make_provider(admin)
    admin.execute(
        "insert into app.provider_setting(tenant_id, name) values (%s, 'Provider')"
        " on conflict do nothing",
        (home,),
    )
    admin.commit()
    session = factories.staff(admin, home, role="administrator", lines=("member",))
    client.set_cookie("login", session.cookie, domain="localhost")
    return client


def token(browser: FlaskClient, address: str) -> str:
    """The form token of a page."""
    text = browser.get(address).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert found is not None, text[:500]
    return found[1]


@pytest.mark.parametrize(
    "address",
    ["/desk/clients", "/desk/clients/new", "/desk/clients/new?country=DE", "/desk/clients/import",
     "/desk/settings"],
)  # fmt: skip
def test_every_page_of_the_directory_draws(boss: FlaskClient, address: str) -> None:
    answer = boss.get(address)
    assert answer.status_code == 200
    assert answer.get_data(as_text=True).count("<h1") == 1


def test_a_client_is_made_on_screen_by_a_job(
    boss: FlaskClient, worker_app: Flask, admin: psycopg.Connection
) -> None:
    slug = factories.unique("screen")
    form = {
        "csrf_token": token(boss, "/desk/clients/new"),
        "name": "Screen Firm",
        "slug": slug,
        "country": "DE",
        "lines": "accounting",
        "fiscal_year_start_month": "1",
    }
    assert boss.post("/desk/clients/new", data=form).status_code == 303
    jobs.run_due(worker_app)
    shown = boss.get(f"/desk/clients/{slug}").get_data(as_text=True)
    assert "Screen Firm" in shown
    assert boss.get(f"/desk/clients?q={slug}").status_code == 200


def test_a_refused_client_keeps_what_was_typed(boss: FlaskClient) -> None:
    form = {
        "csrf_token": token(boss, "/desk/clients/new"),
        "name": "Typed Name",
        "slug": "Not A Slug",
        "country": "DE",
    }
    answer = boss.post("/desk/clients/new", data=form)
    assert answer.status_code == 422
    assert "Typed Name" in answer.get_data(as_text=True)
    assert "e-slug" in answer.get_data(as_text=True)


def test_a_client_is_suspended_and_engaged_on_screen(
    boss: FlaskClient, admin: psycopg.Connection
) -> None:
    slug = factories.slug_of(admin, factories.make_client(admin, "Pausing"))
    page = f"/desk/clients/{slug}"
    proof = {"csrf_token": token(boss, page)}
    assert boss.post(f"{page}/suspend", data=proof).status_code == 303
    assert "Suspended" in boss.get(page).get_data(as_text=True)
    assert boss.post(f"{page}/reactivate", data=proof).status_code == 303
    served = {
        **proof,
        "line": "accounting",
        "serve_from": "2026-01-01",
        "serve_until": "2025-01-01",
    }
    assert boss.post(f"{page}/engagement", data=served).status_code == 422
    ended = boss.post(f"{page}/engagement/end", data={**proof, "line": "accounting"})
    assert ended.status_code == 303


def test_a_file_is_previewed_before_it_is_taken_in(
    boss: FlaskClient, worker_app: Flask, admin: psycopg.Connection
) -> None:
    slug = factories.unique("upload")
    text = f"kind,client,name,country,lines\nclient,{slug},Upload,DE,accounting\n"
    proof = {"csrf_token": token(boss, "/desk/clients/import")}
    faulty = {**proof, "file": (io.BytesIO(b"kind,client\nclient,Bad Slug\n"), "a.csv")}
    assert boss.post("/desk/clients/import", data=faulty).status_code == 422
    good = {**proof, "file": (io.BytesIO(text.encode()), "a.csv")}
    assert boss.post("/desk/clients/import", data=good).status_code == 200
    taken = boss.post("/desk/clients/import/go", data={**proof, "text": text})
    assert taken.status_code == 303
    jobs.run_due(worker_app)
    assert admin.execute("select 1 from app.client where slug = %s", (slug,)).fetchone() == (1,)


def test_an_import_asks_for_a_fresh_proof_also_when_sent_or_repeated_past_the_form(
    boss: FlaskClient, admin: psycopg.Connection
) -> None:
    proof = {"csrf_token": token(boss, "/desk/clients/import")}
    slug = factories.unique("late")
    text = f"kind,client,name,country,lines\nclient,{slug},Late,DE,accounting\n"
    _grow_stale(admin)
    page = boss.get("/desk/clients/import")
    assert "/login/again?next=/desk/clients/import" in page.location
    sent = boss.post("/desk/clients/import/go", data={**proof, "text": text})
    assert "/login/again" in sent.location
    jobs_made = admin.execute(
        "select count(*) from app.job j join app.job_args a on a.tenant_id = j.tenant_id"
        " and a.job_id = j.id where j.kind = 'tenants.import' and a.args->>'text' = %s",
        (text,),
    ).fetchone()
    assert jobs_made == (0,)


def _grow_stale(admin: psycopg.Connection) -> None:
    """Every session's last proof is six minutes old."""
    admin.execute("update guard.principal set stepped_up_at = now() - interval '6 minutes'")
    admin.commit()


def png(width: int = 4, height: int = 4, extra: bytes = b"") -> bytes:
    """A small picture, with a comment in it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + b"\x20\x40\x60" * width for _ in range(height)))
    parts = chunk(b"IHDR", header) + chunk(b"tEXt", b"Comment\0secret") + chunk(b"IDAT", pixels)
    return b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IEND", b"") + extra


def test_a_logo_is_written_anew_and_shown_to_everybody(boss: FlaskClient, app: Flask) -> None:
    form = {
        "csrf_token": token(boss, "/desk/settings"),
        "name": "Brightwater",
        "accent": "#2457a6",
        "logo": (io.BytesIO(png(extra=b"<script>")), "logo.png"),
    }
    assert boss.post("/desk/settings", data=form).status_code == 303
    shown = app.test_client().get("/brand/logo")
    assert (shown.status_code, shown.mimetype) == (200, "image/png")
    assert b"secret" not in shown.data
    assert b"<script>" not in shown.data


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', 422),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', 422),
        ("a.svg", b'<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', 422),
        ("a.png", b"\x89PNG\r\n\x1a\nnot a picture", 422),
        ("a.png", png(width=5_000), 422),
        ("a.exe", b"MZ", 422),
        (
            "a.svg",
            b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>',
            303,
        ),
    ],
)
def test_a_logo_that_could_do_more_than_be_seen_is_refused(
    boss: FlaskClient, name: str, data: bytes, code: int
) -> None:
    form = {
        "csrf_token": token(boss, "/desk/settings"),
        "name": "Brightwater",
        "accent": "#2457a6",
        "logo": (io.BytesIO(data), name),
    }
    assert boss.post("/desk/settings", data=form).status_code == code


@pytest.mark.parametrize("accent", ["#ffffff", "#ffcc00", "blue", "#12345"])
def test_an_accent_that_cannot_be_read_is_refused(boss: FlaskClient, accent: str) -> None:
    form = {"csrf_token": token(boss, "/desk/settings"), "name": "B", "accent": accent}
    assert boss.post("/desk/settings", data=form).status_code == 422


def test_a_firm_changes_its_name_and_keeps_its_currency(
    client: FlaskClient, admin: psycopg.Connection
) -> None:
    tenant = factories.make_client(admin, "Renaming")
    session = factories.staff(admin, tenant, role="operations_manager")
    client.set_cookie("login", session.cookie, domain="localhost")
    page = f"/c/{factories.slug_of(admin, tenant)}/settings"
    form = {
        "csrf_token": token(client, page),
        "name": "Renamed",
        "legal_name": "Renamed Ltd",
        "country": "GB",
        "time_zone": "Europe/London",
        "locale": "en",
    }
    assert client.post(page, data=form).status_code == 303
    assert "Renamed Ltd" in client.get(page).get_data(as_text=True)
    assert client.post(page, data={**form, "currency": "EUR"}).status_code == 422
