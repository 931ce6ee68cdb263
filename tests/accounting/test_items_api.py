"""Contacts, open items, re-coding, tax codes and dimensions over the API."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from app.accounting import queries
from tests import factories
from tests.accounting.ledger_support import Books
from tests.accounting.test_open_items_ledger import claim
from tests.programs import Caller, token_of

pytestmark = pytest.mark.usefixtures("without_limits")


@pytest.fixture
def api(app: Flask, admin: psycopg.Connection, books: Books) -> Caller:
    """A program that may do what the accountant may."""
    header = token_of(admin, books.tenant, books.session.person_id)
    base = f"/api/v1/clients/{factories.slug_of(admin, books.tenant)}"
    return Caller(app.test_client(), base, header)


def test_a_contact_is_made_found_given_an_alias_and_merged(api: Caller) -> None:
    kept = api.post("/contacts", {"name": "Vos", "kind": "customer"}, status=201)["id"]
    lost = api.post("/contacts", {"name": "Vos B.V.", "terms_days": 14}, status=201)["id"]
    alias = {"kind": "iban", "value": "NL91 ABNA 0417 1643 00"}
    api.post(f"/contacts/{lost}/aliases", alias, status=201)
    api.post(f"/contacts/{kept}/aliases", alias, status=409)
    merged = api.post(f"/contacts/{lost}/merge", {"into": kept})
    assert {one["value"] for one in merged["aliases"]} == {"NL91ABNA0417164300", "Vos B.V."}
    assert [one["id"] for one in api.get("/contacts?text=vos")["items"]] == [kept]
    assert api.get(f"/contacts/{lost}")["merged_into_id"] == kept
    assert api.post(f"/contacts/{kept}/archived", {"archived": True})["archived"]
    body = {"name": "Vos & Co", "kind": "customer", "terms_days": 5}
    seen = api.get(f"/contacts/{kept}")["version"]
    api.put(f"/contacts/{kept}", body, status=422)
    assert api.put(f"/contacts/{kept}", {**body, "version": seen})["version"] == seen + 1
    api.put(f"/contacts/{kept}", {**body, "version": seen}, status=409)
    api.get(f"/contacts/{uuid4()}", status=404)
    api.post("/contacts", {"name": "", "kind": "friend"}, status=422)
    api.post("/contacts", {"name": "No account", "account_id": str(uuid4())}, status=422)


def test_items_settle_and_are_released(api: Caller, books: Books) -> None:
    who = api.post("/contacts", {"name": "Payer", "kind": "customer"}, status=201)["id"]
    due = claim(books, who, 900)
    paid = claim(books, who, -400, against="1010")
    body = {
        "id": str(uuid4()),
        "pairs": [
            {
                "debit_entry_id": str(due[0]),
                "debit_no": due[1],
                "credit_entry_id": str(paid[0]),
                "credit_no": paid[1],
                "amount_minor": 400,
            }
        ],
    }
    act = api.post("/settlements", body, status=201)
    assert api.post("/settlements", body, status=201)["id"] == act["id"]
    (left,) = api.get(f"/open-items?counterparty_id={who}")["items"]
    assert left["residual"] == "500"
    list_ = api.get("/open-items/aged?control=receivable&on=2026-12-31")
    assert list_["agrees"]
    assert list_["total"] == list_["account_balance"] == "500"
    released = api.post(f"/settlements/{act['id']}/release", {})
    assert released["pairs"][0]["released_on"] is not None
    assert api.get(f"/settlements/{act['id']}")["pairs"][0]["amount"] == "400"
    first = api.get("/open-items?limit=1")
    second = api.get(f"/open-items?limit=1&after={first['next']}")
    assert [one["residual"] for one in (*first["items"], *second["items"])] == ["900", "-400"]
    api.post("/settlements", {"pairs": []}, status=422)
    api.get("/open-items/aged?control=both&on=2026-12-31", status=422)


def test_lines_are_recoded_by_filter_and_taken_back(api: Caller, books: Books) -> None:
    for _count in range(3):
        books.post((100, -100), codes=("6900", "1010"))
    account = str(books.accounts["6900"])
    change = {"account_id": str(books.accounts["6100"])}
    body = {"filter": {"account_id": account}, "change": change}
    seen = api.post("/recodings/preview", body)
    assert seen["lines"] == 3
    assert {one["code"]: (one["before"], one["after"]) for one in seen["effects"]} == {
        "6100": ("0", "300"),
        "6900": ("300", "0"),
    }
    assert seen["profit_before"] == seen["profit_after"]
    done = api.post("/recodings", body, status=201)
    assert (done["state"], done["lines_done"]) == ("done", 3)
    assert api.post(f"/recodings/{done['id']}/undo", {})["state"] == "undone"
    assert api.get(f"/recodings/{done['id']}")["state"] == "undone"
    with books.open(read_only=True):
        page = queries.account_page(account_id=books.accounts["6900"])
    assert page.closing == 300
    api.post("/recodings", {"change": change}, status=422)
    api.post("/recodings/preview", {**body, "change": {}}, status=422)


def test_tax_codes_and_dimension_values_are_kept(api: Caller) -> None:
    tax = {"code": "V21", "name": "Twenty-one", "percent": "21"}
    made = api.post("/tax-codes", tax, status=201)
    assert str(made["rate"]).startswith("0.21")
    api.post("/tax-codes", tax, status=409)
    assert api.post("/tax-codes/V21/archived", {"archived": True})["archived"]
    assert "V21" in {one["code"] for one in api.get("/tax-codes")["items"]}
    value = {"slot": 1, "dimension": "Project", "code": "A", "name": "Alpha"}
    alpha = api.post("/dimension-values", value, status=201)
    assert alpha["dimension"] == "Project"
    left = api.post(f"/dimension-values/{alpha['id']}/archived", {"archived": True})
    assert left["items"] == []
    assert api.get("/dimension-values")["items"] == []
