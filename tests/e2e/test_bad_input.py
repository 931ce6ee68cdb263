"""Bad input over HTTP: refused with words at the field, and nothing half done."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests import factories
from tests.e2e.house import Firm, House
from tests.http import Browser

COUNTED = (
    "ledger.entry",
    "ledger.posting",
    "app.bank_transaction",
    "app.bank_account",
    "app.published_report",
    "app.usage_event",
)
HERE = {"Sec-Fetch-Site": "same-origin"}
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><x>&b;</x></Document>'
)


@pytest.fixture(scope="module")
def firm(house: House) -> Firm:
    """A client whose rows are counted."""
    return house.firm("Oakwell Fittings")


@pytest.fixture(scope="module")
def session(house: House, firm: Firm) -> factories.Session:
    """An accountant of that client."""
    return house.accountant(firm)


@pytest.fixture
def browser(house: House, session: factories.Session) -> Browser:
    """The accountant's browser."""
    return Browser(house.app, session)


@contextmanager
def nothing_done(house: House, firm: Firm) -> Iterator[None]:
    """Holds that no row was made."""
    before = [house.count(table, firm.tenant) for table in COUNTED]
    yield
    assert [house.count(table, firm.tenant) for table in COUNTED] == before


def entry(**changes: str) -> dict[str, str]:
    """A balanced entry as the grid sends it."""
    return {
        "on": "2026-03-04",
        "description": "Rent of March",
        "key": factories.unique("form"),
        "lines.0.account": "1010",
        "lines.0.debit": "1200.50",
        "lines.1.account": "4000",
        "lines.1.credit": "1200.50",
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"on": "2026-02-30"}, "on", "date"),
        ({"lines.0.debit": "1.2345"}, "lines.0.debit", "decimal"),
        ({"description": "Rent\0of March"}, "description", "signs"),
        ({"description": "x" * 2_000}, "description", "long"),
        ({"surprise": "1"}, "surprise", "surprise|field"),
        ({"lines.0.account": "9999"}, "lines.0.account", "account"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_posted(
    house: House, firm: Firm, browser: Browser, changes: dict[str, str], field: str, words: str
) -> None:
    address = f"/c/{firm.slug}/books/entries/new"
    browser.get(address)
    with nothing_done(house, firm):
        answer = browser.post(address, entry(**changes))
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert any(word in answer.text.lower() for word in words.split("|"))


def test_fifty_megabytes_in_one_field_are_refused_with_words(
    house: House, firm: Firm, browser: Browser
) -> None:
    address = f"/c/{firm.slug}/books/entries/new"
    browser.get(address)
    with nothing_done(house, firm):
        answer = browser.post(address, entry(description="x" * 50_000_000))
    assert answer.status_code == 413
    assert "<h1" in answer.text
    assert "too" in answer.text.lower()


@pytest.mark.parametrize("name", ["april.xml", "april.sta"])
def test_a_file_with_entities_is_refused_with_its_reason(
    house: House, firm: Firm, browser: Browser, name: str
) -> None:
    address = f"/c/{firm.slug}/books/bank/files"
    browser.get(address)
    with nothing_done(house, firm):
        values: dict[str, Any] = {"file": (io.BytesIO(BOMB), name)}
        answer = browser.post(address, values, follow=True)
    assert answer.status_code in {200, 422}
    assert "Refused" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
    ],
)
def test_a_form_of_another_site_is_refused(
    house: House, firm: Firm, browser: Browser, headers: dict[str, str]
) -> None:
    address = f"/c/{firm.slug}/books/entries/new"
    browser.get(address)
    sent = {**entry(), "csrf_token": browser.token}
    with nothing_done(house, firm):
        assert browser.client.post(address, data=sent, headers=headers).status_code == 403


@pytest.mark.parametrize("token", ["", "forged", "IjEi.aaaa.bbbb"])
def test_a_forged_token_is_refused(house: House, firm: Firm, browser: Browser, token: str) -> None:
    address = f"/c/{firm.slug}/books/entries/new"
    browser.get(address)
    sent = {**entry(), "csrf_token": token}
    with nothing_done(house, firm):
        assert browser.client.post(address, data=sent, headers=HERE).status_code == 403


def _api(house: House, firm: Firm, session: factories.Session) -> tuple[str, dict[str, str]]:
    bearer = f"Bearer {house.token(firm.tenant, session.person_id)}"
    return f"/api/v1/clients/{firm.slug}/entries", {"Authorization": bearer}


def _body(house: House, firm: Firm, **changes: Any) -> dict[str, Any]:
    with house.admin() as admin:
        ids: dict[str, str] = dict(
            admin.execute(
                "select code, id::text from ledger.account where tenant_id = %s", (firm.tenant,)
            ).fetchall()
        )
    postings = [("1010", 1_000), ("4000", -1_000)]
    return {
        "journal": "GEN",
        "date": "2026-03-04",
        "description": "Rent",
        "key": factories.unique("api"),
        "postings": [
            {"account_id": ids[code], "amount_minor": minor, "currency": "EUR"}
            for code, minor in postings
        ],
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"surprise": 1}, "surprise"),
        ({"date": "2026-02-30"}, "date"),
        ({"description": "Rent\0"}, "cannot be stored"),
        ({"postings": []}, "postings"),
    ],
)
def test_a_wrong_body_of_the_api_is_a_problem_at_its_field(
    house: House, firm: Firm, session: factories.Session, changes: dict[str, Any], field: str
) -> None:
    address, headers = _api(house, firm, session)
    body = _body(house, firm, **changes)
    with nothing_done(house, firm):
        answer = house.app.test_client().post(address, json=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.mimetype == "application/problem+json"
    assert field in answer.text


def test_a_replayed_key_with_another_body_is_a_conflict(
    house: House, firm: Firm, session: factories.Session
) -> None:
    address, headers = _api(house, firm, session)
    headers["Idempotency-Key"] = factories.unique("once")
    client, body = house.app.test_client(), _body(house, firm)
    first = client.post(address, json=body, headers=headers)
    assert first.status_code == 201, first.text
    with nothing_done(house, firm):
        again = client.post(address, json=body, headers=headers)
        other = client.post(address, json={**body, "description": "Other"}, headers=headers)
    assert (again.status_code, again.json) == (201, first.json)
    assert other.status_code in {409, 422}, other.text


def test_a_csv_of_clients_with_doubles_takes_nothing_in(house: House) -> None:
    slug = factories.unique("double")
    text = f"kind,client,name,country\nclient,{slug},One,GB\nclient,{slug},Two,GB\n"
    with house.admin() as admin:
        provider = factories.make_provider(admin)
        person = factories.make_person(admin, "provider")
        factories.grant(admin, provider, person, role="administrator", lines=("member",))
        browser = Browser(house.app, factories.sign_in(admin, person))
    browser.get("/desk/clients/import")
    values: dict[str, Any] = {"file": (io.BytesIO(text.encode()), "clients.csv")}
    answer = browser.post("/desk/clients/import", values)
    house.work()
    assert answer.status_code in {200, 422}
    assert "Nothing was taken in" in answer.text
    with house.admin() as admin:
        row = admin.execute("select count(*) from guard.tenant where slug = %s", (slug,)).fetchone()
    assert row == (0,)
