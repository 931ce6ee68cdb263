"""Lines that need a document: counted, listed, asked for together; and who else is here."""

from __future__ import annotations

import re
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.accounting.reconcile import papers
from app.accounting.rules import queries as rules
from app.documents import commands as documents
from app.kernel.errors import NotFound
from app.tasks import questions_queries
from tests import factories
from tests.accounting import reconcile_scene
from tests.accounting.reconcile_scene import Scene
from tests.http import Browser

ROWS = [
    ("260302", "900,00", "166?20Rent from Vos?32Vos"),
    ("260303", "-25,50", "166?20Paper?32Paper shop"),
    ("260304", "-120,00", "166?20Flour?32Other mill"),
    ("260305", "-100,00", "166?20Tools?32Toolmaker"),
]
PARTIAL = {"HX-Request-Type": "partial", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def scene(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Scene:
    """Books with four lines, two of them money out from 100 on."""
    return reconcile_scene.make(app, worker_app, admin, rows=ROWS)


@pytest.fixture
def browser(app: Flask, scene: Scene) -> Browser:
    return Browser(app, scene.books.session)


def line_of(scene: Scene, amount: int) -> UUID:
    return next(one.id for one in scene.lines() if one.amount_minor == amount)


def unasked(scene: Scene) -> set[UUID]:
    with scene.books.open(read_only=True):
        return set(papers.unasked(scene.main))


def test_money_out_from_the_amount_on_needs_a_document(scene: Scene, browser: Browser) -> None:
    page = browser.get(f"{scene.url}?tab=papers").text
    assert re.search(r'Needs document <span class="n">2</span>', page)
    assert "Other mill" in page
    assert "Toolmaker" in page
    assert "Paper shop" not in page
    assert unasked(scene) == {line_of(scene, -12_000), line_of(scene, -10_000)}


def test_the_amount_is_the_clients(scene: Scene, browser: Browser) -> None:
    browser.get(f"{scene.url}?tab=papers")
    sent = browser.post(f"{scene.url}/papers/from", {"amount": "25.50"})
    assert sent.status_code == 303
    assert re.search(
        r'Needs document <span class="n">3</span>', browser.get(f"{scene.url}?tab=papers").text
    )
    for wrong in ("-1", "many", "9" * 15):
        refused = browser.post(f"{scene.url}/papers/from", {"amount": wrong})
        assert refused.status_code == 422, wrong


def test_a_line_with_a_paper_needs_none(scene: Scene) -> None:
    line = line_of(scene, -12_000)
    with scene.books.open():
        made = documents.add(b"bill", name="a.txt", line="accounting", source="upload")
        documents.link(made, subject_type="bank_transaction", subject_id=line)
    assert unasked(scene) == {line_of(scene, -10_000)}


def test_what_a_rule_demands_a_document_for_needs_one_whatever_the_amount(
    scene: Scene, browser: Browser, admin: psycopg.Connection
) -> None:
    with scene.books.open():
        (rule,) = rules.rules()
    page = browser.get(f"/c/{scene.slug}/books/rules/{rule.id}").text
    assert "Its lines need a document" in page
    values = {
        "name": rule.name,
        "direction": "out",
        "party_pattern": "golden mill",
        "account": rule.account,
        "needs_document": "on",
        "version": str(rule.version),
    }
    kept = browser.post(f"/c/{scene.slug}/books/rules/{rule.id}", values)
    assert kept.status_code == 303, kept.text[:2000]
    line = line_of(scene, -2_550)
    admin.execute("update app.bank_transaction set rule_id = %s where id = %s", (rule.id, line))
    admin.commit()
    assert line in unasked(scene)


def test_all_are_asked_for_at_once_and_taken_back_with_one_undo(
    scene: Scene, browser: Browser
) -> None:
    page = browser.get(f"{scene.url}/papers").text
    assert page.count('name="lines"') == 2
    ids = [str(one) for one in sorted(unasked(scene))]
    told = browser.post(f"{scene.url}/papers", {"lines": ids, "text": "The bill?"}, follow=True)
    assert "The client is asked for 2 documents." in told.text
    assert unasked(scene) == set()
    with scene.books.open(read_only=True):
        asked = questions_queries.questions(states=("waiting",))
    assert {one.text for one in asked} == {"The bill?"}
    assert all(one.wants_file for one in asked)
    undo = re.findall(r'action="([^"]+/undo/[^"]+)"', told.text)[0]
    assert browser.post(undo).status_code == 303
    assert len(unasked(scene)) == 2


def test_nobody_is_asked_twice(scene: Scene, browser: Browser) -> None:
    lines = sorted(unasked(scene))
    with scene.books.open():
        first = papers.ask(scene.main, lines[:1], text="The bill?")
        second = papers.ask(scene.main, lines, text="The bill?")
        with pytest.raises(NotFound):
            papers.ask(scene.main, lines, text="The bill?")
    assert (len(first), len(second)) == (1, 1)
    assert "asked about already" in browser.get(f"{scene.url}/papers").text


def test_the_api_counts_asks_and_sets_the_amount(scene: Scene, browser: Browser) -> None:
    browser.get(f"{scene.url}?tab=papers")
    base = f"/api/v1/clients/{scene.slug}/bank-accounts/{scene.main}/papers"
    head = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": browser.token}
    found = browser.client.get(base).get_json()
    assert (found["count"], found["more"], len(found["unasked"])) == (2, False, 2)
    asked = browser.client.post(
        base, json={"line_ids": found["unasked"], "text": "Bill?"}, headers=head
    )
    assert asked.status_code == 201
    assert len(asked.get_json()["question_ids"]) == 2
    again = browser.client.post(
        base, json={"line_ids": found["unasked"], "text": "Bill?"}, headers=head
    )
    assert again.status_code == 404
    changed = browser.client.post(f"{base}/from", json={"amount_from": "500"}, headers=head)
    assert changed.get_json()["count"] == 0


def test_who_else_is_on_the_account_is_shown_and_nobody_blocked(
    scene: Scene, browser: Browser, app: Flask, admin: psycopg.Connection
) -> None:
    other = factories.staff(admin, scene.books.tenant)
    name = admin.execute(
        "select name from guard.person where id = %s", (other.person_id,)
    ).fetchone()
    assert name is not None
    alone = browser.client.get(f"{scene.url}/here", headers=PARTIAL)
    assert alone.status_code == 200
    assert "is here now" not in alone.text
    Browser(app, other).client.get(f"{scene.url}/here", headers=PARTIAL)
    seen = browser.client.get(f"{scene.url}/here", headers=PARTIAL)
    assert f"{name[0]} is here now" in seen.text
    savings = f"/c/{scene.slug}/books/reconcile/{scene.savings}/here"
    assert "is here now" not in browser.client.get(savings, headers=PARTIAL).text


def test_without_valkey_nobody_is_shown_and_the_page_works(
    scene: Scene, browser: Browser, app: Flask
) -> None:
    settings = app.extensions["settings"]
    known = app.extensions.pop("presence", None)
    away = settings.model_copy(update={"valkey_url": "redis://127.0.0.1:1/0"})
    app.extensions["settings"] = away
    try:
        answer = browser.client.get(f"{scene.url}/here", headers=PARTIAL)
    finally:
        app.extensions["settings"] = settings
        app.extensions.pop("presence", None)
        if known is not None:
            app.extensions["presence"] = known
    assert answer.status_code == 200
    assert "is here now" not in answer.text


def test_of_two_on_one_line_the_later_is_told_and_overwrites_nothing(
    scene: Scene, browser: Browser, app: Flask, admin: psycopg.Connection
) -> None:
    other = Browser(app, factories.staff(admin, scene.books.tenant))
    line = line_of(scene, -12_000)
    address = f"/c/{scene.slug}/books/reconcile/lines/{line}"
    for one in (browser, other):
        one.get(scene.url)
    first = other.post(f"{address}/book", {"version": "1", "parts.0.account": "5000"})
    assert first.status_code == 303, first.text[:2000]
    second = browser.post(f"{address}/book", {"version": "1", "parts.0.account": "6000"})
    assert second.status_code == 409
    coded = admin.execute(
        "select a.code from ledger.posting p join ledger.account a on a.id = p.account_id"
        " join app.bank_transaction t on t.entry_id = p.entry_id where t.id = %s"
        " and a.code in ('5000', '6000')",
        (line,),
    ).fetchall()
    assert coded == [("5000",)]
