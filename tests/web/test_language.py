"""Which language a page speaks: its reader's choice, that of their side, then the browser's."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask

from app.web import recall
from tests import factories
from tests.http import Browser

GERMAN = {"Accept-Language": "de-AT,de;q=0.9"}


@pytest.fixture
def client_slug(app: Flask, admin: psycopg.Connection) -> Iterator[str]:
    """A German-speaking client of an English-speaking provider."""
    provider = factories.make_provider(admin)
    admin.execute(
        "insert into app.provider_setting (tenant_id, name) values (%s, 'Provider')"
        " on conflict do nothing",
        (provider,),
    )
    tenant = factories.make_client(admin, "Voss")
    admin.execute("update app.client set locale = 'de' where tenant_id = %s", (tenant,))
    admin.commit()
    _forget(app)
    yield factories.slug_of(admin, tenant)
    _say(app, admin, "en")


def _forget(app: Flask) -> None:
    with app.app_context():
        recall.forget_all()


def _say(app: Flask, admin: psycopg.Connection, locale: str) -> None:
    """The provider's firm changes its language."""
    admin.execute("update app.client set locale = %s where is_provider", (locale,))
    admin.commit()
    _forget(app)


@pytest.fixture
def staff(admin: psycopg.Connection, client_slug: str) -> factories.Session:
    """Somebody of the provider who never chose a language."""
    row = admin.execute("select id from guard.tenant where slug = %s", (client_slug,)).fetchone()
    assert row
    return factories.staff(admin, row[0])


@pytest.fixture
def owner(admin: psycopg.Connection, client_slug: str) -> factories.Session:
    """The client's owner, who never chose a language either."""
    row = admin.execute("select id from guard.tenant where slug = %s", (client_slug,)).fetchone()
    assert row
    return factories.owner(admin, row[0])


def lang(app: Flask, person: factories.Session, address: str, **headers: str) -> str:
    """The language that a page says it is written in."""
    text = Browser(app, person).get(address, headers=headers).get_data(as_text=True)
    return text.partition('<html lang="')[2][:2]


def test_staff_read_a_german_clients_pages_in_the_providers_language(
    app: Flask, client_slug: str, staff: factories.Session
) -> None:
    for page in (f"/c/{client_slug}/", f"/c/{client_slug}/reports/packs", "/desk"):
        assert lang(app, staff, page) == "en"
        assert lang(app, staff, page, **GERMAN) == "en"


def test_staff_of_a_german_provider_read_everything_in_german(
    app: Flask, client_slug: str, staff: factories.Session, admin: psycopg.Connection
) -> None:
    _say(app, admin, "de")
    assert lang(app, staff, f"/c/{client_slug}/") == "de"
    assert lang(app, staff, "/desk") == "de"


def test_what_staff_chose_comes_before_all_of_it(
    app: Flask, client_slug: str, staff: factories.Session, admin: psycopg.Connection
) -> None:
    admin.execute(
        "insert into guard.person_setting (person_id, locale) values (%s, 'de')", (staff.person_id,)
    )
    admin.commit()
    assert lang(app, staff, f"/c/{client_slug}/") == "de"


def test_before_the_provider_is_set_up_staff_read_what_their_browser_asks_for(
    app: Flask, client_slug: str, staff: factories.Session, admin: psycopg.Connection
) -> None:
    admin.execute("delete from app.provider_setting")
    admin.commit()
    _forget(app)
    assert lang(app, staff, f"/c/{client_slug}/", **GERMAN) == "de"
    assert lang(app, staff, f"/c/{client_slug}/") == "en"


def test_the_portal_keeps_the_clients_language_also_for_staff_who_look_at_it(
    app: Flask, client_slug: str, staff: factories.Session, owner: factories.Session
) -> None:
    for person in (owner, staff):
        assert lang(app, person, f"/portal/{client_slug}/") == "de"
