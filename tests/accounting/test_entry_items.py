"""An entry's page: what is left of its open items, with what they were settled, and the ways on."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from app.accounting.contacts import commands as contacts
from app.accounting.open_items import commands as open_items
from app.accounting.open_items.values import Pairing
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.test_open_items_ledger import claim
from tests.http import Browser


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with books of its own."""
    return ledger_support.make_books(app, worker_app, admin)


def test_the_entry_says_what_is_left_and_what_settled_it(
    app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    with books.open():
        who = contacts.create(name="Payer", kind="customer")
    due, paid = claim(books, who, 90_000), claim(books, who, -40_000, against="1010")
    at = f"/c/{factories.slug_of(admin, books.tenant)}/books"
    browser = Browser(app, books.session)
    before = browser.get(f"{at}/entries/{due[0]}").get_data(as_text=True)
    with books.open():
        open_items.allocate(allocation_id=uuid4(), pairs=[Pairing(due, paid, 40_000)])

    after = browser.get(f"{at}/entries/{due[0]}").get_data(as_text=True)

    assert "900.00" in before
    assert f"{at}/entries/{paid[0]}" not in before
    assert "500.00" in after
    assert "Partly open" in after
    for address in (
        f"{at}/entries/{paid[0]}",
        f"{at}/contacts/{who}",
        f"{at}/open-items/{due[0]}/1",
    ):
        assert f'href="{address}"' in after
    other = browser.get(f"{at}/entries/{paid[0]}").get_data(as_text=True)
    assert f'href="{at}/entries/{due[0]}"' in other
    assert "Settled" in other


def test_an_entry_without_control_accounts_says_nothing_of_open_items(
    app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    entry = books.post([100, -100])
    page = Browser(app, books.session).get(
        f"/c/{factories.slug_of(admin, books.tenant)}/books/entries/{entry.id}"
    )
    assert "What is left of the postings" not in page.get_data(as_text=True)


def test_inside_a_client_the_desk_and_its_open_items_are_one_step_away(
    app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    at = f"/c/{factories.slug_of(admin, books.tenant)}"
    page = Browser(app, books.session).get(f"{at}/books/accounts").get_data(as_text=True)
    side = page.partition('id="nav"')[2].partition("</nav>")[0]
    wanted = ("/desk/statements", "/desk/questions", "/desk/close", f"{at}/books/open-items",
              f"{at}/books/contacts")  # fmt: skip
    for address in wanted:
        assert f'href="{address}' in side, address
    assert side.count('data-key="G E"') == 1
    owner = Browser(app, factories.owner(admin, books.tenant))
    answer = owner.get(f"{at.replace('/c/', '/portal/')}/reports")
    assert answer.status_code == 200
    portal = answer.get_data(as_text=True)
    assert "/desk" not in portal
    assert "open-items" not in portal
