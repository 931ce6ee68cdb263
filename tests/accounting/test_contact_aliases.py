"""What accepted bank lines teach of contacts, and how people put it right."""

from __future__ import annotations

import re
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.accounting import commands
from app.accounting.bank import commands as bank_commands
from app.accounting.bank import intake as bank_import
from app.accounting.bank import queries as bank_queries
from app.accounting.coding import Coding, Part
from app.accounting.contacts import aliases as contacts_aliases
from app.accounting.contacts import commands as contacts_commands
from app.accounting.contacts import queries as contacts_queries
from app.accounting.reconcile import accept as reconcile_accept
from app.accounting.reconcile import commands as reconcile_commands
from app.kernel import undo
from app.kernel.errors import Conflict, NotFound
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.reconcile_scene import Scene
from tests.accounting.test_reconcile_pending import HERE, Person
from tests.accounting.test_suggest import NUMBER, bring, invoice, suggested

THEIRS = "DE89370400440532013000"


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """Books with one bank account."""
    made = ledger_support.make_books(app, worker_app, admin)
    with made.open():
        bank_commands.create_bank_account(number=NUMBER, name="Main", currency="EUR")
    return made


def contact(books: Books, name: str) -> UUID:
    with books.open():
        return commands.create_counterparty(name=name, kind="customer")


def aliases(books: Books, who: UUID) -> dict[str, str]:
    with books.open(read_only=True):
        return {one.value: one.kind for one in contacts_queries.contact(who).aliases}


def settle(books: Books, line: UUID) -> UUID:
    """Accepts the first suggestion of open items for a line, as a person does."""
    (listed,) = suggested(books, [line])
    guess = next(one for one in listed if one.open_items)
    with books.open():
        version = bank_queries.line(line).version
        return reconcile_accept.accept(
            line_id=line, version=version, candidate=reconcile_accept.mark(guess)
        ).undo


def code(books: Books, line: UUID, who: UUID, amount: int) -> UUID:
    with books.open():
        version = bank_queries.line(line).version
        part = Part(books.accounts["1100"], -amount, "EUR", counterparty_id=who)
        return reconcile_commands.book(line_id=line, version=version, coding=Coding((part,))).undo


def test_an_accepted_line_teaches_the_banks_name_and_taking_it_back_forgets_it(
    books: Books,
) -> None:
    who = contact(books, "Harrow & Sons Timber")
    invoice(books, "", "INV-88120", 50_000, who=who)
    invoice(books, "", "INV-88121", 61_700, who=who)
    first, second = bring(
        books,
        [
            ("260302", "500,00", "HRS HOLDING 0042", "INV-88120"),
            ("260309", "617,00", "HRS HOLDING 0042", "thank you"),
        ],
    )
    before = suggested(books, [second])[0]
    assert not any(one.open_items and one.certainty != "unsure" for one in before)
    token = settle(books, first)
    assert aliases(books, who) == {"HRS HOLDING 0042": "name"}
    ((guess, *_rest),) = suggested(books, [second])
    assert guess.open_items[0].counterparty_id == who
    assert any(one.code == "because-name-alike" for one in guess.details)
    with books.open():
        undo.take(token)
    assert aliases(books, who) == {}
    settle(books, first)
    assert aliases(books, who) == {"HRS HOLDING 0042": "name"}


def test_an_account_number_is_learnt_and_leads_to_the_contact(books: Books) -> None:
    who = contact(books, "Brook Foods")
    line = numbered(books, "BRK 77")
    code(books, line, who, 4_200)
    assert aliases(books, who) == {THEIRS: "iban", "BRK 77": "name"}


def numbered(books: Books, name: str) -> UUID:
    """A line of 42.00 whose payer's account number the bank gives."""
    text = (
        f":20:S\n:25:{NUMBER}\n:28C:1\n:60F:C260101EUR0,00\n:61:260302C42,00NTRFNONREF\n"
        f":86:166?20Rent?30COBADEFF?31{THEIRS}?32{name}\n-\n"
    )
    with books.open():
        bank_import.upload_statement(data=text.encode(), name="one.sta")
    with books.open(read_only=True):
        (line,) = bank_queries.lines(bank_queries.LineFilter(state="to_do")).rows
    return line.id


def test_a_payer_for_two_contacts_tells_nobody_apart(books: Books) -> None:
    one, other = contact(books, "Site One"), contact(books, "Site Two")
    lines = bring(
        books,
        [(f"26030{day}", "10,00", "GROUP TREASURY", f"Payment {day}") for day in range(1, 5)],
    )
    token = code(books, lines[0], one, 1_000)
    assert aliases(books, one) == {"GROUP TREASURY": "name"}
    code(books, lines[1], other, 1_000)
    assert (aliases(books, one), aliases(books, other)) == ({}, {})
    code(books, lines[2], other, 1_000)
    assert aliases(books, other) == {}
    with books.open():
        undo.take(token)
    code(books, lines[3], other, 1_000)
    assert aliases(books, other) == {"GROUP TREASURY": "name"}


def test_what_a_person_removed_or_said_stays_so(books: Books) -> None:
    one, other = contact(books, "Mill Lane"), contact(books, "Mill Road")
    lines = bring(
        books, [(f"26030{day}", "10,00", "MLANE PAYMENTS", "Payment") for day in range(1, 5)]
    )
    code(books, lines[0], one, 1_000)
    with books.open():
        (alias,) = contacts_queries.contact(one).aliases
        contacts_commands.remove_alias(one, alias.id)
    code(books, lines[1], one, 1_000)
    assert aliases(books, one) == {}
    with books.open():
        contacts_commands.add_alias(other, kind="name", value="Mlane Payments")
    code(books, lines[2], one, 1_000)
    assert (aliases(books, one), aliases(books, other)) == ({}, {"Mlane Payments": "name"})


def test_own_names_processors_and_splits_over_contacts_teach_nothing(books: Books) -> None:
    one, other = contact(books, "Quay Works"), contact(books, "Pier Works")
    lines = bring(
        books,
        [
            ("260301", "10,00", "QUAY WORKS", "Payment"),
            ("260302", "10,00", "Stripe Payments", "Payout"),
            ("260303", "10,00", "DOCK CO", "Payment"),
        ],
    )
    for line in lines[:2]:
        code(books, line, one, 1_000)
    with books.open():
        control = books.accounts["1100"]
        parts = tuple(Part(control, -500, "EUR", counterparty_id=who) for who in (one, other))
        reconcile_commands.book(line_id=lines[2], version=1, coding=Coding(parts))
    assert (aliases(books, one), aliases(books, other)) == ({}, {})


def test_the_contacts_page_changes_removes_and_brings_back_what_was_learnt(
    app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    who = contact(books, "Harrow Timber")
    (line,) = bring(books, [("260302", "10,00", "HRS HOLDING", "Payment")])
    code(books, line, who, 1_000)
    with books.open(read_only=True):
        bank = bank_queries.bank_accounts()[0].id
    scene = Scene(books, factories.slug_of(admin, books.tenant), bank, bank)
    person = Person(app, scene)
    where = f"/c/{scene.slug}/books/contacts/{who}"
    page = person.see(where)
    assert "Learnt" in page
    assert f"/reconcile/lines/{line}" in page
    (alias,) = re.findall(rf'action="{where}/aliases/([0-9a-f-]{{36}})"', page)
    post(person, f"{where}/aliases/{alias}", {"alias_kind": "name", "value": "HRS GROUP"})
    assert aliases(books, who) == {"HRS GROUP": "name"}
    back(person, where)
    assert aliases(books, who) == {"HRS HOLDING": "name"}
    post(person, f"{where}/aliases/{alias}/remove", {})
    assert aliases(books, who) == {}
    back(person, where)
    assert aliases(books, who) == {"HRS HOLDING": "name"}
    post(person, f"{where}/aliases/{alias}", {"alias_kind": "name", "value": ""}, status=422)


def post(person: Person, url: str, data: dict[str, str], status: int = 303) -> None:
    answer = person.client.post(url, data=data | {"csrf_token": person.csrf}, headers=HERE)
    assert answer.status_code == status, answer.text[:2000]


def back(person: Person, where: str) -> None:
    """Presses Undo in the toast that stands on the page now."""
    url = re.findall(r'action="([^"]*/views/undo/[^"]+)"', person.see(where))[-1]
    post(person, url, {})


def test_the_api_changes_and_removes_aliases(
    app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    who, other = contact(books, "Ash"), contact(books, "Elm")
    with books.open():
        contacts_commands.add_alias(other, kind="name", value="Elm and Co")
    with books.open(read_only=True):
        bank = bank_queries.bank_accounts()[0].id
    person = Person(app, Scene(books, factories.slug_of(admin, books.tenant), bank, bank))
    base = f"/contacts/{who}/aliases"
    made = person.api(base, {"kind": "token", "value": "ASHWORK"}, status=201)
    (alias,) = made["aliases"]
    assert alias["learnt_from"] is None
    url = f"/api/v1/clients/{person.scene.slug}{base}/{alias['id']}"
    headers = HERE | {"X-CSRF-Token": person.csrf}
    put = person.client.put
    assert (
        put(url, json={"kind": "name", "value": "ELM AND CO"}, headers=headers).status_code == 409
    )
    done = put(url, json={"kind": "name", "value": "Ash Works"}, headers=headers)
    assert [one["value"] for one in done.get_json()["aliases"]] == ["Ash Works"]
    (alias,) = done.get_json()["aliases"]
    assert person.api(f"{base}/{alias['id']}/remove", {})["aliases"] == []
    person.api(f"{base}/{alias['id']}/remove", {}, status=404)


def test_an_alias_of_another_contact_is_not_changed_here(books: Books) -> None:
    one, other = contact(books, "Fir"), contact(books, "Oak")
    with books.open():
        alias, _forgotten = contacts_commands.add_alias(other, kind="token", value="OAKWORK")
    with pytest.raises(NotFound), books.open():
        contacts_aliases.change(one, alias, kind="token", value="FIRWORK")
    with pytest.raises(Conflict), books.open():
        contacts_aliases.change(other, alias, kind="token", value="oakwork")
