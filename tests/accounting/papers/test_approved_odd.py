"""Entries that wait for an approval in odd states: archived, large, posted already, made up."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.accounting import commands as books
from app.accounting import queries
from app.accounting.ledger import MAX_POSTINGS, EntryDraft, PostingInput
from app.accounting.papers import approved
from app.cli import install
from app.kernel import approval_rules, approvals, clock, ids
from app.kernel.approval_rules import PolicyIn
from app.kernel.settings import Settings
from tests.accounting.papers.scenes import drafted, invoice
from tests.documents.printed import papers
from tests.documents.readings import stage
from tests.http import Browser
from tests.tasks import request_stage
from tests.tasks.request_stage import Place

LIMIT = 1_000


@pytest.fixture(scope="module")
def ruled(app: Flask, worker_app: Flask, settings: Settings) -> Place:
    """A client whose owner approves entries from 10.00 on."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        made = request_stage.build(app, worker_app, admin, "Overlimit")
    with made.acting(made.owner):
        policy = PolicyIn(
            kind=approved.KIND,
            title="Ours",
            provider_needed=0,
            client_needed=1,
            limits={"GBP": LIMIT},
        )
        approval_rules.keep(ids.uuid7(), policy)
    return made


def _accounts(place: Place) -> list[UUID]:
    with place.acting(place.staff):
        chart = [one for one in queries.accounts() if one.control is None]
    return [one.id for one in chart if one.type == "expense"]


def _draft(place: Place, cents: int = 2 * LIMIT) -> EntryDraft:
    debit, credit, *_rest = _accounts(place)
    return EntryDraft(
        journal="GEN",
        date=clock.today(),
        description="Harrow Press",
        postings=(PostingInput(debit, cents, "GBP"), PostingInput(credit, -cents, "GBP")),
        key=str(ids.uuid7()),
    )


def _body(made: EntryDraft) -> dict[str, object]:
    """The draft as the API takes it."""
    return {
        "date": made.date.isoformat(),
        "description": made.description,
        "key": made.key,
        "postings": [
            {
                "account_id": str(one.account_id),
                "amount_minor": one.amount,
                "currency": one.currency,
                "memo": one.memo,
            }
            for one in made.postings
        ],
    }


def _send(browser: Browser, path: str, body: object = None) -> TestResponse:
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": browser.token}
    return browser.client.post(path, json=body, headers=headers)


def _asked(place: Place, made: EntryDraft) -> tuple[UUID, str]:
    with place.acting(place.staff):
        asked = approved.ask(made)
        return asked, approvals.one(asked).content_sha


def _approve(place: Place, asked: tuple[UUID, str]) -> None:
    with place.acting(place.owner):
        assert approvals.decide(asked[0], "approve", content_sha=asked[1]) == "approved"
    stage.work(place)


def test_a_draft_whose_account_is_archived_is_read_decided_and_ends_with_the_reason(
    ruled: Place,
) -> None:
    with ruled.acting(ruled.staff):
        account = books.create_account(code="7999", name="Old presses", type="expense")
    made = _draft(ruled)
    first = replace(made.postings[0], account_id=account)
    asked = _asked(ruled, replace(made, postings=(first, *made.postings[1:])))
    with ruled.acting(ruled.staff):
        books.archive_account(account_id=account)
    staff, owner = ruled.browser(ruled.staff), ruled.browser(ruled.owner)
    for browser, surface in ((staff, "c"), (owner, "portal")):
        page = browser.get(f"/{surface}/{ruled.slug}/approvals/{asked[0]}")
        assert page.status_code == 200
        assert "7999 Old presses" in page.text
    told = owner.get(f"/api/v1/clients/{ruled.slug}/approvals/{asked[0]}").get_json()
    assert "7999 Old presses" in told["content"]["postings"][0]
    _approve(ruled, asked)
    page = staff.get(f"/c/{ruled.slug}/approvals/{asked[0]}")
    assert "Not carried out" in page.text
    assert "archived" in page.text


def test_an_entry_that_was_approved_and_posted_is_not_asked_about_again(ruled: Place) -> None:
    staff = ruled.browser(ruled.staff)
    form = drafted(ruled, uuid4(), 2 * LIMIT, str(ids.uuid7()))
    grid = f"/c/{ruled.slug}/books/entries/new"
    sent = staff.post(grid, form)
    asked = UUID(sent.headers["Location"].rsplit("/", 1)[1])
    with ruled.acting(ruled.owner):
        sha = approvals.one(asked).content_sha
    _approve(ruled, (asked, sha))
    with ruled.acting(ruled.staff):
        before = [one.id for one in approvals.recent()]
    again = staff.post(grid, form)
    assert again.status_code == 303
    assert "/books/entries/" in again.headers["Location"]
    made = _draft(ruled)
    body = _body(made)
    asked = _asked(ruled, made)[0]
    with ruled.acting(ruled.owner):
        sha = approvals.one(asked).content_sha
    _approve(ruled, (asked, sha))
    base = f"/api/v1/clients/{ruled.slug}/entries"
    refused = _send(staff, f"{base}/approval", body)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "entry-posted")
    replayed = _send(staff, base, body)
    assert (replayed.status_code, replayed.get_json()["replayed"]) == (201, True)
    with ruled.acting(ruled.staff):
        assert [one.id for one in approvals.recent()] == [asked, *before]


def test_a_paper_that_was_approved_and_posted_is_not_asked_about_again(ruled: Place) -> None:
    paper = stage.add(ruled, papers.typeset(invoice(90_041, number="HP-9041", sign="£")), "p.pdf")
    staff = ruled.browser(ruled.staff)
    form = drafted(ruled, paper, 90_041, str(ids.uuid7()))
    address = f"/c/{ruled.slug}/documents/{paper}/books/entry"
    asked = UUID(staff.post(address, form).headers["Location"].rsplit("/", 1)[1])
    with ruled.acting(ruled.owner):
        sha = approvals.one(asked).content_sha
    _approve(ruled, (asked, sha))
    assert "/books/entries/" in staff.post(address, form).headers["Location"]
    assert staff.post(f"{address}/approval", form).status_code == 409


def test_the_largest_entry_that_a_call_can_hold_waits_is_read_and_posted(ruled: Place) -> None:
    debit, credit, *_rest = _accounts(ruled)
    pair = (
        PostingInput(debit, LIMIT, "GBP", memo="m" * 300),
        PostingInput(credit, -LIMIT, "GBP", memo="n" * 300),
    )
    made = replace(_draft(ruled), postings=pair * (MAX_POSTINGS // 2))
    staff = ruled.browser(ruled.staff)
    answer = _send(staff, f"/api/v1/clients/{ruled.slug}/entries/approval", _body(made))
    assert answer.status_code == 201, answer.text[:800]
    asked = UUID(answer.get_json()["approval_id"])
    with ruled.acting(ruled.owner):
        sha = approvals.one(asked).content_sha
    assert staff.get(f"/c/{ruled.slug}/approvals/{asked}").status_code == 200
    _approve(ruled, (asked, sha))
    with ruled.acting(ruled.staff):
        assert approvals.one(asked).carried_at is not None


def test_what_no_page_asks_has_a_sheet_and_posts_nothing(ruled: Place) -> None:
    paper = stage.add(ruled, papers.typeset(invoice(90_051, number="HP-9051", sign="£")), "q.pdf")
    staff = ruled.browser(ruled.staff)
    odd = replace(_draft(ruled), source_type="x", source_id=paper)
    page = staff.get(f"/c/{ruled.slug}/approvals/{_asked(ruled, odd)[0]}")
    assert page.status_code == 200
    assert "Harrow Press" in page.text
    unknown = replace(odd.postings[0], account_id=uuid4())
    for draft in ("x", {"source_id": "x"}, approved._written(replace(odd, postings=(unknown,)))):
        with ruled.acting(ruled.staff):
            made = approvals.request(
                approved.KIND,
                subject_type="x",
                line="accounting",
                title="Made up",
                content={"_draft": draft},
                amount_minor=LIMIT,
                currency="GBP",
            )
            sha = approvals.one(made).content_sha
        assert staff.get(f"/c/{ruled.slug}/approvals/{made}").status_code == 200
        with ruled.acting(ruled.owner):
            assert approvals.decide(made, "refuse", content_sha=sha, reason="No") == "refused"


def test_every_answer_of_the_api_tells_the_draft_and_no_words_written_beside_it(
    ruled: Place,
) -> None:
    asked, sha = _asked(ruled, _draft(ruled))
    with ruled.acting(ruled.staff):
        found = approvals.one(asked)
        told = {**found.content, "description": "Stamps", "postings": ["5000 Stamps: £3.00"]}
        approvals.change(
            asked,
            title=found.title,
            content=told,
            content_sha=sha,
            amount_minor=found.amount_minor,
            currency=found.currency,
        )
    base = f"/api/v1/clients/{ruled.slug}/approvals"
    owner, staff = ruled.browser(ruled.owner), ruled.browser(ruled.staff)
    owner.get(f"/portal/{ruled.slug}/approvals")
    listed = owner.get(f"{base}?limit=200").get_json()["items"]
    refusal = {"decision": "refuse", "content_sha": sha, "reason": "Not this"}
    answers = [
        next(one for one in listed if one["id"] == str(asked)),
        owner.get(f"{base}/{asked}").get_json(),
        _send(owner, f"{base}/{asked}/decision", refusal).get_json(),
        _send(owner, f"{base}/{asked}/take-back").get_json(),
        _send(staff, f"{base}/{asked}/withdraw").get_json(),
    ]
    assert [one["state"] for one in answers] == [
        "pending",
        "pending",
        "refused",
        "pending",
        "withdrawn",
    ]
    assert {one["content"]["description"] for one in answers} == {"Harrow Press"}
    page = staff.get(f"/c/{ruled.slug}/approvals/{asked}").text
    assert "Stamps" not in page
