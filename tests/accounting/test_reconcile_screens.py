"""Reconciling on screen, as an accountant without JavaScript and as the screen's script."""

from __future__ import annotations

import base64
import io
import re
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounting.bank import commands as bank_commands
from app.accounting.bank import queries as bank_queries
from app.accounting.reconcile import balance as reconcile_balance
from app.accounting.rules import commands as rule_commands
from app.accounting.rules.commands import RuleInput
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.by_hand import HERE, browser, token
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import all_lines, mt940, upload

__all__ = ["browser"]

SCRIPT = {**HERE, "Accept": "application/json"}
NUMBER, SAVINGS = "NL91ABNA0417164300", "NL02ABNA0123456789"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ROWS = [
    ("260302", "100,00", "Rent from Vos"),
    ("260303", "-25,50", "Paper shop"),
    ("260304", "-120,00", "Golden Mill flour"),
    ("260305", "-500,00", "To savings"),
]


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with two bank accounts and four lines to do."""
    ledger_support.role_with(admin, "ledger_tester", ("request.ask", "document.add"))
    made = ledger_support.make_books(app, worker_app, admin)
    with made.open():
        for number, name in ((NUMBER, "Main"), (SAVINGS, "Savings")):
            bank_commands.create_bank_account(number=number, name=name, currency="EUR")
    upload(made, mt940(ROWS))
    return made


@pytest.fixture
def base(books: Books, admin: psycopg.Connection) -> str:
    """The address of the screen."""
    return f"/c/{factories.slug_of(admin, books.tenant)}/books/reconcile"


def get(browser: FlaskClient, url: str, status: int = 200) -> str:
    answer = browser.get(url, headers=HERE, follow_redirects=True)
    assert answer.status_code == status, answer.text[:3000]
    return answer.text


def line_of(books: Books, amount: int) -> UUID:
    return next(one.id for one in all_lines(books) if one.amount_minor == amount)


def state_of(books: Books, amount: int) -> tuple[str, int]:
    found = next(one for one in all_lines(books) if one.amount_minor == amount)
    return found.state, found.version


def test_the_screen_opens_on_the_account_with_the_most_to_do(
    browser: FlaskClient, base: str
) -> None:
    page = get(browser, base)
    assert "Reconcile Main" in page
    assert "Golden Mill flour" in page
    assert "No match" in page


def test_a_line_is_booked_split_with_tax_and_taken_back(
    browser: FlaskClient, books: Books, base: str, admin: psycopg.Connection
) -> None:
    line = line_of(books, -12_000)
    page = get(browser, f"{base}/lines/{line}")
    typed = {
        **token(page),
        "version": "1",
        "parts.0.account": "5000",
        "parts.0.tax_code": "PSTD",
        "parts.1.amount": "25%",
        "parts.1.account": "6000",
    }
    done = browser.post(f"{base}/lines/{line}/book", data=typed, headers=HERE)
    assert done.status_code == 303, done.text[:3000]
    amounts = admin.execute(
        "select a.code, p.amount from ledger.posting p join ledger.account a on a.id = p.account_id"
        " join app.bank_transaction t on t.entry_id = p.entry_id where t.id = %s order by p.no",
        (line,),
    ).fetchall()
    assert [amount for _code, amount in amounts] == [-12_000, 7_500, 1_500, 3_000]
    assert state_of(books, -12_000) == ("booked", 2)
    page = get(browser, done.headers["Location"])
    undo = re.search(r'action="([^"]*/undo/[^"]+)"', page)
    assert undo is not None
    back = browser.post(undo[1], data=token(page), headers=HERE)
    assert back.status_code == 303
    assert state_of(books, -12_000) == ("to_do", 3)


def test_a_fault_in_a_split_is_told_at_its_part_and_what_was_typed_stays(
    browser: FlaskClient, books: Books, base: str
) -> None:
    line = line_of(books, -12_000)
    page = get(browser, f"{base}/lines/{line}")
    typed = {
        **token(page),
        "version": "1",
        "parts.0.account": "5000",
        "parts.1.amount": "twelve",
        "parts.1.account": "6000",
    }
    answer = browser.post(f"{base}/lines/{line}/book", data=typed, headers=HERE)
    assert answer.status_code == 422
    assert 'value="twelve"' in answer.text
    assert 'id="e-parts.1.amount"' in answer.text


def test_the_same_act_sent_again_after_a_cut_line_changes_nothing(
    browser: FlaskClient, books: Books, base: str
) -> None:
    line = line_of(books, -2_550)
    page = get(browser, f"{base}/lines/{line}")
    act = {**token(page), "version": "1", "parts.0.account": "6000", "key": "act-0000-0001"}
    first = browser.post(f"{base}/lines/{line}/book", data=act, headers=SCRIPT)
    again = browser.post(f"{base}/lines/{line}/book", data=act, headers=SCRIPT)
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert state_of(books, -2_550) == ("booked", 2)
    other = browser.post(
        f"{base}/lines/{line}/book", data={**act, "key": "act-0000-0002"}, headers=SCRIPT
    )
    assert other.status_code == 409
    told = other.get_json()
    assert "did this line meanwhile" in told["reason"]
    assert told["row"] is None


def test_an_act_behind_which_none_waits_is_answered_with_the_newest_counts(
    browser: FlaskClient, books: Books, base: str
) -> None:
    line = line_of(books, -2_550)
    page = get(browser, f"{base}/lines/{line}")
    named = re.search(r'data-numbers="([^"]+)"', page)
    assert named
    script = {**SCRIPT, "X-Numbers": named[1]}
    before = count_of(page, "To do")
    act = {**token(page), "version": "1", "parts.0.account": "6000", "key": "act-0000-0003"}
    told = browser.post(f"{base}/lines/{line}/book", data=act, headers=script).get_json()
    assert count_of(told["tabs"], "To do") == before - 1
    assert "Left to do" in told["head"]

    undo = re.search(r'action="([^"]+/undo/[^"]+)"', told["toast"])
    assert undo
    told = browser.post(undo[1], data=token(page), headers=script).get_json()
    assert count_of(told["tabs"], "To do") == before
    plain = browser.post(f"{base}/lines/{line}/skip", data=act | {"version": "3"}, headers=SCRIPT)
    assert "tabs" not in plain.get_json()


def count_of(text: str, view: str) -> int:
    """How many lines a view says it has."""
    found = re.search(rf'{view} <span class="n">(\d+)', text)
    assert found, text
    return int(found[1])


def test_same_as_above_transfer_and_skip_by_their_buttons(
    browser: FlaskClient, books: Books, base: str
) -> None:
    one, two, three = (line_of(books, amount) for amount in (-2_550, -12_000, -50_000))
    form = token(get(browser, f"{base}/lines/{one}"))
    empty = browser.post(f"{base}/lines/{two}/same", data={**form, "version": "1"}, headers=HERE)
    assert empty.status_code == 409
    booked = {**form, "version": "1", "parts.0.account": "6000"}
    assert browser.post(f"{base}/lines/{one}/book", data=booked, headers=HERE).status_code == 303
    same = browser.post(f"{base}/lines/{two}/same", data={**form, "version": "1"}, headers=HERE)
    assert same.status_code == 303
    with books.open(read_only=True):
        savings = next(one for one in bank_queries.bank_accounts() if one.name == "Savings")
    moved = {**form, "version": "1", "to": str(savings.id)}
    transfer = browser.post(f"{base}/lines/{three}/transfer", data=moved, headers=HERE)
    assert transfer.status_code == 303, transfer.text[:2000]
    skipped = {**form, "version": "1"}
    four = line_of(books, 10_000)
    assert browser.post(f"{base}/lines/{four}/skip", data=skipped, headers=HERE).status_code == 303
    states = {amount: state_of(books, amount)[0] for amount in (-2_550, -12_000, -50_000, 10_000)}
    assert states == {-2_550: "booked", -12_000: "booked", -50_000: "booked", 10_000: "skipped"}
    assert "Skipped" in get(browser, f"{base}/{_main(books)}?tab=skipped")
    assert "By hand" in get(browser, f"{base}/{_main(books)}?tab=done")
    assert "Transfers whose line has not come" in get(browser, f"{base}/{savings.id}")


def test_a_rule_suggests_is_accepted_by_its_mark_and_no_other(
    browser: FlaskClient, books: Books, base: str
) -> None:
    rule = RuleInput("Mill", books.accounts["5000"], text_pattern="golden mill")
    with books.open():
        rule_commands.create_rule(rule)
    page = get(browser, base)
    line = line_of(books, -12_000)
    found = re.search(rf'value="(1:[0-9a-f]+)" formaction="[^"]*{line}/accept', page)
    assert found is not None, page[:2000]
    wrong = browser.post(
        f"{base}/lines/{line}/accept",
        data={**token(page), "accept": "1:0000000000000000"},
        headers=HERE,
    )
    assert wrong.status_code == 409
    done = browser.post(
        f"{base}/lines/{line}/accept", data={**token(page), "accept": found[1]}, headers=HERE
    )
    assert done.status_code == 303
    assert "Suggestion accepted" in get(browser, f"{base}/{_main(books)}?tab=done")


def test_ask_note_and_attach_stay_at_the_line(
    browser: FlaskClient, books: Books, base: str
) -> None:
    line = line_of(books, -12_000)
    form = {**token(get(browser, f"{base}/lines/{line}")), "version": "1"}
    asked = {**form, "text": "What was this?", "chips": "Goods, Private"}
    assert browser.post(f"{base}/lines/{line}/ask", data=asked, headers=HERE).status_code == 303
    noted = {**form, "text": "Looks like flour", "audience": "team"}
    assert browser.post(f"{base}/lines/{line}/note", data=noted, headers=HERE).status_code == 303
    paper = {**form, "file": (io.BytesIO(base64.b64decode(PIXEL)), "receipt.png")}
    del paper["version"]
    sent = browser.post(f"{base}/lines/{line}/attach", data=paper, headers=HERE)
    assert sent.status_code == 303, sent.text[:2000]
    page = get(browser, f"{base}/{_main(books)}?tab=asked")
    assert "receipt.png" in page
    assert "What was this?" in page
    assert "Looks like flour" in page


def test_the_difference_is_explained_to_the_last_cent(books: Books) -> None:
    main = _main(books)
    with books.open(read_only=True):
        found = reconcile_balance.balance(main)
    assert found.difference_minor == sum(one.minor for one in found.shares)
    assert found.to_do == 4


def _main(books: Books) -> UUID:
    with books.open(read_only=True):
        return next(one.id for one in bank_queries.bank_accounts() if one.name == "Main")


def test_a_rule_is_made_of_a_line_previewed_ordered_archived_and_brought_back(
    browser: FlaskClient, books: Books, base: str
) -> None:
    rules = base.replace("/reconcile", "/rules")
    line = line_of(books, -12_000)
    page = get(browser, f"{rules}/new?line={line}")
    assert "What it would have hit" in page
    typed = {
        **token(page),
        "name": "Mill",
        "direction": "out",
        "text_pattern": "golden mill",
        "account": "5000",
        "version": "0",
    }
    seen = browser.post(f"{rules}/preview", data=typed, headers=HERE)
    assert seen.status_code == 200, seen.text[:2000]
    assert "Golden Mill flour" in seen.text
    wide = {**typed, "text_pattern": "", "party_pattern": ""}
    assert browser.post(f"{rules}/new", data=wide, headers=HERE).status_code == 422
    assert browser.post(f"{rules}/new", data=typed, headers=HERE).status_code == 303
    page = get(browser, rules)
    found = re.search(r'action="([^"]*/rules/[^"]+/archive)"', page)
    assert found is not None
    gone = browser.post(found[1], data={**token(page), "version": "1"}, headers=HERE)
    assert gone.status_code == 303
    page = get(browser, f"{rules}?view=archived")
    back = re.search(r'action="([^"]*/rules/[^"]+/restore)"', page)
    assert back is not None
    assert browser.post(back[1], data=token(page), headers=HERE).status_code == 303
    assert "Mill" in get(browser, rules)
