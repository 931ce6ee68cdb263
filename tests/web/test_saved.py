"""Saved views: kept under a name, shown as chips, personal, undone in one step."""

from __future__ import annotations

import re

import psycopg
from flask import Flask
from flask.testing import FlaskClient

from app.cli import install
from app.kernel.settings import Settings
from tests import factories
from tests.web.browser import Firm, csrf_token, signed_in


def _keep(client: FlaskClient, firm: Firm, name: str, query: str, **more: str) -> int:
    page = f"/c/{firm.slug}/sample/things"
    data = {"list": "client/things", "name": name, "query": query, **more}
    data["csrf_token"] = csrf_token(client, page)
    where = {"Referer": f"http://localhost{page}"}
    return client.post(f"/c/{firm.slug}/views", data=data, headers=where).status_code


def _things(client: FlaskClient, firm: Firm, query: str = "") -> str:
    return client.get(f"/c/{firm.slug}/sample/things{query}").get_data(True)


def _act(client: FlaskClient, firm: Firm, pattern: str) -> None:
    text = _things(client, firm, "?q=Thing+2")
    found = re.search(pattern, text)
    assert found is not None, pattern
    token = csrf_token(client, f"/c/{firm.slug}/sample/things")
    assert client.post(found.group(1), data={"csrf_token": token}).status_code == 303


def test_a_filter_is_kept_under_a_name_removed_and_brought_back(
    staff: FlaskClient, firm: Firm
) -> None:
    assert "Save view" in _things(staff, firm, "?q=Thing+2")
    assert _keep(staff, firm, "Twenties", "q=Thing+2&after=xyz") == 303
    text = _things(staff, firm, "?q=Thing+2")
    assert f'href="/c/{firm.slug}/sample/things?q=Thing+2" aria-current="page"' in text
    assert "Save view" not in text
    _act(staff, firm, r'action="([^"]+/remove)"')
    assert "Twenties" not in re.sub(r"<title>.*", "", _things(staff, firm))
    _act(staff, firm, r'id="undo" method="post" action="([^"]+/views/undo/[^"]+)"')
    assert "Twenties" in _things(staff, firm)
    _act(staff, firm, r'action="([^"]+/remove)"')


def test_undoing_a_replaced_view_brings_its_former_filter_back(
    staff: FlaskClient, firm: Firm
) -> None:
    _keep(staff, firm, "Mine", "q=Thing+2")
    _keep(staff, firm, "Mine", "q=Thing+3")
    assert "?q=Thing+3" in _things(staff, firm)
    _act(staff, firm, r'id="undo" method="post" action="([^"]+/views/undo/[^"]+)"')
    assert "?q=Thing+3" not in _things(staff, firm)
    _act(staff, firm, r'action="([^"]+/remove)"')


def test_a_colleague_sees_none_of_my_views(
    live_app: Flask, settings: Settings, staff: FlaskClient, firm: Firm
) -> None:
    _keep(staff, firm, "Private", "q=Thing+2")
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        found = admin.execute("select id from guard.tenant where slug = %s", (firm.slug,))
        colleague = factories.staff(admin, found.fetchone()[0])  # type: ignore[index]  # exists
    assert "Private" not in _things(signed_in(live_app, colleague.cookie), firm)
    _act(staff, firm, r'action="([^"]+/remove)"')


def test_the_desk_keeps_views_too(live_app: Flask, settings: Settings, firm: Firm) -> None:
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        person = factories.make_person(admin)
        factories.grant(
            admin, factories.make_provider(admin), person, role="staff_accountant", lines=()
        )
        staff = signed_in(live_app, factories.sign_in(admin, person).cookie)
    data = {"list": "desk/clients", "name": "By name", "query": "sort=-name"}
    data["csrf_token"] = csrf_token(staff, "/desk?sort=-name")
    assert staff.post("/me/views", data=data).status_code == 303
    assert "By name" in staff.get("/desk").get_data(True)


def test_a_view_with_unknown_fields_or_a_vast_query_is_refused(
    staff: FlaskClient, firm: Firm
) -> None:
    assert _keep(staff, firm, "x", "q=1", other="y") == 422
    assert _keep(staff, firm, "x" * 81, "q=1") == 422
    assert _keep(staff, firm, "x", "q=" + "y" * 2_000) == 422
