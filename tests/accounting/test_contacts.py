"""Contacts and open items through the browser: list, settle, release, merge, age, close check."""

from __future__ import annotations

import datetime as dt
import re
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounting.contacts import commands as contacts_commands
from app.accounting.contacts import queries as contacts_queries
from app.accounting.open_items import checks as open_items_checks
from app.accounting.open_items import pairing
from app.accounting.open_items import queries as open_items_queries
from app.kernel.errors import Conflict, Invalid, NotFound
from tests import factories
from tests.accounting.by_hand import HERE, browser, get, post
from tests.accounting.ledger_support import Books
from tests.accounting.test_open_items_ledger import claim, disagreements

__all__ = ["browser"]

MARCH, APRIL = dt.date(2026, 3, 4), dt.date(2026, 4, 9)


@pytest.fixture
def base(books: Books, admin: psycopg.Connection) -> str:
    """The address of the client's books."""
    return f"/c/{factories.slug_of(admin, books.tenant)}/books"


def undo_of(browser: FlaskClient, url: str) -> str:
    """The address behind the undo of the last toast."""
    page = get(browser, url)
    found = re.search(r'action="([^"]*(?:undo|release)[^"]*)"', page)
    assert found is not None, page[:3000]
    return found[1]


def make(books: Books, name: str, *, terms_days: int = 0) -> UUID:
    with books.open():
        return contacts_commands.create(name=name, kind="customer", terms_days=terms_days)


def left(books: Books, who: UUID) -> dict[tuple[UUID, int], int]:
    """What is open of a contact, by item."""
    with books.open(read_only=True):
        items = open_items_queries.open_items(counterparty_id=who)
    return {one.key: one.residual for one in items}


def test_a_contact_is_added_found_changed_and_archived(
    browser: FlaskClient, books: Books, base: str
) -> None:
    page = get(browser, f"{base}/contacts")
    made = post(browser, f"{base}/contacts", page, name="Vos Bakery", kind="customer")
    assert made.status_code == 303, made.text[:2000]
    where = made.headers["Location"]
    page = get(browser, where)
    vos = {"name": "Vos & Daughters", "kind": "supplier", "terms_days": "30"}
    changed = post(browser, where, page, version="1", **vos)
    assert changed.status_code == 303, changed.text[:2000]
    assert "Vos &amp; Daughters" in get(browser, f"{base}/contacts?q=daughters&kind=supplier")
    assert "Vos &amp; Daughters" not in get(browser, f"{base}/contacts?q=daughters&kind=customer")
    assert post(browser, f"{where}/archive", page).status_code == 303
    assert "Vos &amp; Daughters" not in get(browser, f"{base}/contacts")
    assert "Vos &amp; Daughters" in get(browser, f"{base}/contacts?view=archived")
    assert post(browser, f"{where}/restore", page).status_code == 303
    assert "Vos &amp; Daughters" in get(browser, f"{base}/contacts")
    blank = post(browser, f"{base}/contacts", page, name=" ", kind="customer")
    assert blank.status_code == 422


def test_who_changes_a_contact_second_is_told_who_was_first_and_what_stands_there(
    app: Flask, browser: FlaskClient, books: Books, base: str
) -> None:
    who = make(books, "Vos", terms_days=14)
    where = f"{base}/contacts/{who}"
    page = get(browser, where)
    assert books.second is not None
    other = app.test_client()
    other.set_cookie("login", books.second.cookie)
    theirs = {"name": "Vos", "kind": "customer", "terms_days": "30", "version": "1"}
    assert post(other, where, get(other, where), **theirs).status_code == 303

    mine = {"name": "Vos Ltd", "kind": "customer", "terms_days": "7", "version": "1"}
    refused = post(browser, where, page, **mine)
    assert refused.status_code == 409
    assert "changed this contact meanwhile" in refused.text
    assert "Days to pay: 30" in refused.text
    assert 'value="Vos Ltd"' in refused.text
    again = re.search(r'name="version" value="(\d+)"', refused.text)
    assert again is not None
    saved = post(browser, where, refused.text, **{**mine, "version": again[1]})
    assert saved.status_code == 303
    assert "Last changed by" in get(browser, where)


def test_a_claim_falls_due_after_the_days_to_pay(books: Books) -> None:
    who = make(books, "Thirty", terms_days=30)
    claim(books, who, 100)
    claim(books, who, -40, on=MARCH, against="1010")
    with books.open(read_only=True):
        found = open_items_queries.open_items(counterparty_id=who)
    assert {one.amount: one.due_on for one in found} == {
        100: MARCH + dt.timedelta(days=30),
        -40: MARCH,
    }


def test_the_list_says_amounts_as_money(browser: FlaskClient, books: Books, base: str) -> None:
    claim(books, make(books, "Money Shown"), 123_456)
    assert "1,234.56" in get(browser, f"{base}/contacts")


def test_ticked_items_settle_and_the_settlement_is_released_and_restored(
    browser: FlaskClient, books: Books, base: str, admin: psycopg.Connection
) -> None:
    who = make(books, "Ticked")
    first, second = claim(books, who, 300), claim(books, who, 500, on=APRIL)
    paid = claim(books, who, -600, on=APRIL, against="1010")
    where = f"{base}/contacts/{who}"
    ticked = [f"{entry}:{no}" for entry, no in (first, second, paid)]
    done = post(browser, f"{where}/settle", get(browser, where), items=ticked)
    assert done.status_code == 303, done.text[:2000]
    assert left(books, who) == {second: 200}
    back = undo_of(browser, where)
    assert post(browser, back, get(browser, where)).status_code == 303
    assert left(books, who) == {first: 300, second: 500, paid: -600}
    again = undo_of(browser, where)
    assert "undo" in again
    assert post(browser, again, get(browser, where)).status_code == 303
    assert left(books, who) == {second: 200}
    assert disagreements(admin, books.tenant) == []


def test_a_part_of_an_item_is_settled_by_hand(
    browser: FlaskClient, books: Books, base: str
) -> None:
    who = make(books, "Part")
    due, paid = claim(books, who, 5_000), claim(books, who, -5_000, against="1010")
    where = f"{base}/contacts/{who}"
    ticked = [f"{entry}:{no}" for entry, no in (due, paid)]
    page = get(browser, where)
    wrong = post(browser, f"{where}/settle", page, items=ticked, amount="many")
    assert wrong.status_code == 422
    one_side = post(browser, f"{where}/settle", page, items=[ticked[0], ticked[0]])
    assert one_side.status_code == 422
    done = post(browser, f"{where}/settle", page, items=ticked, amount="12.50")
    assert done.status_code == 303, done.text[:2000]
    assert left(books, who) == {due: 3_750, paid: -3_750}


def test_equal_amounts_are_proposed_unless_there_are_rivals(books: Books) -> None:
    who = make(books, "Proposed")
    due, paid = claim(books, who, 700), claim(books, who, -700, against="1010")
    with books.open(read_only=True):
        items = open_items_queries.open_items(counterparty_id=who)
    assert [(one.debit, one.credit) for one in pairing.suggested(items)] == [(due, paid)]
    claim(books, who, 700)
    with books.open(read_only=True):
        items = open_items_queries.open_items(counterparty_id=who)
    assert pairing.suggested(items) == ()


def test_two_contacts_become_one_and_part_again(
    browser: FlaskClient, books: Books, base: str, admin: psycopg.Connection
) -> None:
    lost, kept = make(books, "Vos B.V."), make(books, "Vos")
    due, paid = claim(books, lost, 100), claim(books, kept, -100, against="1010")
    with books.open():
        contacts_commands.add_alias(lost, kind="iban", value="nl91 abna 0417 1643 00")
    where = f"{base}/contacts/{lost}"
    done = post(browser, f"{where}/merge", get(browser, where), into=str(kept))
    assert done.status_code == 303, done.text[:2000]
    assert left(books, kept) == {due: 100, paid: -100}
    with books.open(read_only=True):
        aliases = {one.value for one in contacts_queries.contact(kept).aliases}
    assert aliases == {"NL91ABNA0417164300", "Vos B.V."}
    assert "Vos B.V." not in get(browser, f"{base}/contacts?q=B.V.").split("<tbody>")[-1][:300]
    back = undo_of(browser, f"{base}/contacts/{kept}")
    assert post(browser, back, get(browser, f"{base}/contacts")).status_code == 303
    assert (left(books, kept), left(books, lost)) == ({paid: -100}, {due: 100})
    with books.open(read_only=True):
        assert contacts_queries.contact(kept).aliases == ()


def test_an_alias_leads_to_one_contact_only(books: Books) -> None:
    one, other = make(books, "One"), make(books, "Other")
    with books.open():
        alias, _forgotten = contacts_commands.add_alias(one, kind="token", value="RENT")
    with pytest.raises(Conflict, match="alias-taken"), books.open():
        contacts_commands.add_alias(other, kind="token", value="rent")
    with books.open():
        contacts_commands.remove_alias(one, alias)
        contacts_commands.add_alias(other, kind="token", value="rent")
    with pytest.raises(NotFound, match="alias-unknown"), books.open():
        contacts_commands.remove_alias(one, alias)
    with pytest.raises(Invalid) as caught, books.open():
        contacts_commands.merge(one, into=one)
    assert caught.value.fields["into"][0].code == "merge-self"


def test_the_aged_page_says_that_it_agrees_and_leads_to_contacts(
    browser: FlaskClient, books: Books, base: str
) -> None:
    who = make(books, "Old debt")
    claim(books, who, 123_400, on=dt.date(2025, 1, 2))
    page = get(browser, f"{base}/open-items?on=2026-06-30")
    assert "1,234.00" in page
    assert "Agrees" in page
    assert f"contacts/{who}" in page
    assert "Old debt" not in get(browser, f"{base}/open-items?on=2024-12-31")
    assert browser.get(f"{base}/open-items?on=never", headers=HERE).status_code == 422
    with books.open(read_only=True):
        assert open_items_checks.differing(202506) == 0


def test_the_day_an_item_falls_due_can_be_changed(
    browser: FlaskClient, books: Books, base: str
) -> None:
    who = make(books, "Later")
    entry, no = claim(books, who, 100)
    where = f"{base}/open-items/{entry}/{no}"
    done = post(browser, where, get(browser, where), due_on="2026-09-30", reference="INV 4711")
    assert done.status_code == 303, done.text[:2000]
    with books.open(read_only=True):
        found = open_items_queries.item(entry, no)
    assert (found.due_on, found.reference) == (dt.date(2026, 9, 30), "INV 4711")
