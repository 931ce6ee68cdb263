"""Rules of approvals, decisions by phone and delegation through pages and API."""

from __future__ import annotations

import datetime as dt
import re
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from app.accounting import commands as accounting
from app.accounting import ledger, queries
from app.accounting.close import checks as close_checks
from app.accounting.close import commands as closing
from app.accounting.papers import approved
from app.cli import install
from app.kernel import approval_rules, approvals, clock, db, ids, jobs
from app.kernel.settings import Settings
from tests import factories
from tests.http import Browser
from tests.tasks import approval_stage
from tests.tasks.approval_stage import Stage


@pytest.fixture(scope="module")
def stage(app: Flask, worker_app: Flask, settings: Settings) -> Stage:
    """A client with a rule of two of three, then the client."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return approval_stage.build(app, worker_app, admin)


def _slug(stage: Stage, admin: psycopg.Connection) -> str:
    return factories.slug_of(admin, stage.tenant)


def _browser(stage: Stage, who: str) -> Browser:
    return Browser(stage.app, stage.sessions[who])


def _api(browser: Browser, method: str, path: str, body: object = None) -> TestResponse:
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": browser.token}
    return browser.client.open(path, method=method, headers=headers, json=body)


def _rule(**changes: object) -> dict[str, object]:
    told: dict[str, object] = {
        "kind": "report.publish",
        "title": "Reports are read by two",
        "limits": "",
        "provider_needed": "0",
        "client_needed": "1",
        "sequence": "beside",
        "second_factor": "never",
        "second_limits": "",
        "days": "14",
    }
    return {**told, **changes}


def test_an_owner_writes_changes_and_ends_a_rule_at_the_portal(
    stage: Stage, admin: psycopg.Connection
) -> None:
    at = f"/portal/{_slug(stage, admin)}/approvals/rules"
    browser = _browser(stage, "owner")
    assert "New rule" in browser.get(f"{at}/new").text
    assert browser.post(f"{at}/new", _rule()).status_code == 303
    listed = browser.get(at).text
    assert "Reports are read by two" in listed
    assert "lapses after 14 days" in listed
    assert "Of your firm" in listed
    found = re.findall(rf'href="{at}/([0-9a-f-]{{36}})"', listed)
    mine = next(one for one in found if one != str(stage.policy))
    page = browser.get(f"{at}/{mine}").text
    assert 'value="1"' in page
    changed = _rule(version="1", days="", client_needed="2")
    assert browser.post(f"{at}/{mine}", changed).status_code == 303
    again = browser.post(f"{at}/{mine}", changed)
    assert again.status_code == 409
    assert browser.post(f"{at}/{mine}/end", {"version": "2"}).status_code == 303
    assert "Reports are read by two" not in browser.get(at).text
    assert "This rule has ended" in browser.get(f"{at}/{mine}").text


def test_amounts_are_typed_with_their_currency(stage: Stage, admin: psycopg.Connection) -> None:
    at = f"/c/{_slug(stage, admin)}/approvals/rules"
    browser = _browser(stage, "boss")
    wrong = browser.post(f"{at}/new", _rule(kind="entry.post", limits="1,000.00"))
    assert wrong.status_code == 422
    assert "10,000.00 EUR" in wrong.text
    typed = _rule(kind="entry.post", limits="9,000,000.00 EUR\n12,000 JPY", title="Large ones")
    assert browser.post(f"{at}/new", typed).status_code == 303
    with stage.app.app_context(), db.transaction(stage.scope("boss")):
        kept = next(one for one in approval_rules.own() if one.title == "Large ones")
        assert kept.limits == {"EUR": 900_000_000, "JPY": 12_000}
        approval_rules.end(kept.id, version=1)
    of_reports = browser.post(f"{at}/new", _rule(limits="1.00 EUR"))
    assert of_reports.status_code == 422


def test_who_may_not_write_rules_finds_no_page_of_them(
    stage: Stage, admin: psycopg.Connection
) -> None:
    slug = _slug(stage, admin)
    assert _browser(stage, "clerk").get(f"/c/{slug}/approvals/rules").status_code == 403
    assert _browser(stage, "viewer").get(f"/portal/{slug}/approvals/rules").status_code == 403
    assert _browser(stage, "stranger").get(f"/c/{slug}/approvals/rules").status_code == 404


def test_a_form_that_is_not_fresh_asks_for_the_proof_first(
    stage: Stage, admin: psycopg.Connection
) -> None:
    stale = factories.sign_in(admin, stage.sessions["boss"].person_id, fresh=False)
    answer = Browser(stage.app, stale).get(f"/c/{_slug(stage, admin)}/approvals/rules/new")
    assert answer.status_code == 303
    assert "/login/again" in answer.headers["Location"]


def _draft(stage: Stage, amount: int) -> ledger.EntryDraft:
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        plain = [one.id for one in queries.accounts() if one.type == "expense"]
    return ledger.EntryDraft(
        journal="GEN",
        date=clock.today().replace(year=2026, month=3, day=4),
        description="A new boiler",
        postings=(
            ledger.PostingInput(plain[0], amount, "EUR"),
            ledger.PostingInput(plain[1], -amount, "EUR"),
        ),
        key=str(ids.uuid7()),
    )


def _sha(page: str) -> str:
    return str(re.findall(r'name="content_sha" value="([0-9a-f]{64})"', page)[0])


def test_the_sheet_says_who_is_needed_and_the_client_decides_last(
    stage: Stage, admin: psycopg.Connection
) -> None:
    slug = _slug(stage, admin)
    draft = _draft(stage, 250_000)
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        asked = approved.ask(draft)
    page = _browser(stage, "first").get(f"/c/{slug}/approvals/{asked}").text
    assert "0 of 2" in page
    assert "2,500.00" in page
    assert "not yet its turn" in page
    at_portal = f"/portal/{slug}/approvals/{asked}"
    early = _browser(stage, "owner").get(at_portal).text
    assert 'name="decision"' not in early
    for who in ("first", "second"):
        browser = _browser(stage, who)
        sheet = browser.get(f"/c/{slug}/approvals/{asked}").text
        form = {"decision": "approve", "content_sha": _sha(sheet)}
        assert browser.post(f"/c/{slug}/approvals/{asked}", form).status_code == 303
    owner = _browser(stage, "owner")
    assert "A new boiler" in owner.get(f"/portal/{slug}/approvals").text
    sheet = owner.get(at_portal).text
    refusal = {"decision": "refuse", "content_sha": _sha(sheet), "reason": ""}
    told = owner.post(at_portal, refusal)
    assert told.status_code == 422
    assert "Say why you refuse" in told.text
    done = owner.post(at_portal, {"decision": "approve", "content_sha": _sha(sheet)})
    assert done.status_code == 303
    assert "Take my decision back" in owner.get(at_portal).text
    assert owner.post(f"{at_portal}/back", {}).status_code == 303
    assert "taken back" in owner.get(at_portal).text
    assert "Waiting" in owner.get(at_portal).text


def test_an_entry_by_hand_over_the_limit_waits_and_is_posted_by_itself(
    stage: Stage, worker_app: Flask, admin: psycopg.Connection
) -> None:
    slug = _slug(stage, admin)
    made = _draft(stage, 300_000)
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        codes = {one.id: one.code for one in queries.accounts()}
    values = {
        "key": made.key,
        "on": made.date.isoformat(),
        "description": made.description,
        "lines.0.account": codes[made.postings[0].account_id],
        "lines.0.debit": "3,000.00",
        "lines.1.account": codes[made.postings[1].account_id],
        "lines.1.credit": "3,000.00",
    }
    maker = _browser(stage, "maker")
    sent = maker.post(f"/c/{slug}/books/entries/new", values)
    assert sent.status_code == 303, sent.text[:800]
    assert "/approvals/" in sent.headers["Location"]
    again = maker.post(f"/c/{slug}/books/entries/new", values)
    assert again.headers["Location"] == sent.headers["Location"]
    other = maker.post(f"/c/{slug}/books/entries/new", {**values, "description": "A boiler"})
    assert other.headers["Location"] == sent.headers["Location"]
    assert "The content was changed" in maker.get(sent.headers["Location"]).text
    asked = UUID(sent.headers["Location"].rpartition("/")[2])
    posted = sa.text("select description, made_by from ledger.entry where approved_ref = :asked")
    for who, surface in (("first", "c"), ("second", "c"), ("owner", "portal")):
        with stage.app.app_context(), db.transaction(stage.scope("maker")):
            assert db.session.execute(posted, {"asked": asked}).all() == []
        browser, at = _browser(stage, who), f"/{surface}/{slug}/approvals/{asked}"
        form = {"decision": "approve", "content_sha": _sha(browser.get(at).text)}
        assert browser.post(at, form).status_code == 303
        jobs.run_due(worker_app)
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        (entry,) = db.session.execute(posted, {"asked": asked}).all()
    assert (entry.description, entry.made_by) == ("A boiler", stage.sessions["maker"].person_id)
    assert "Carried out" in maker.get(sent.headers["Location"]).text


def test_the_api_tells_steps_and_takes_a_decision_in_anothers_stead(
    stage: Stage, admin: psycopg.Connection
) -> None:
    base = f"/api/v1/clients/{_slug(stage, admin)}/approvals"
    asked = stage.ask()
    third = _browser(stage, "third")
    now = clock.now()
    body = {
        "to_person": str(stage.sessions["delegate"].person_id),
        "from_at": now.isoformat(),
        "until_at": (now + timedelta(days=2)).isoformat(),
        "reason": "Holiday",
    }
    made = _api(third, "POST", f"{base}/delegations", body)
    assert made.status_code == 201, made.text
    given = made.get_json()["delegations"][0]
    delegate = _browser(stage, "delegate")
    told = _api(delegate, "GET", f"{base}/{asked[0]}").get_json()
    assert told["mine_as"] == [str(stage.sessions["third"].person_id)]
    assert [one["needed"] for one in told["steps"]] == [2, 1]
    decided = _api(
        delegate,
        "POST",
        f"{base}/{asked[0]}/decision",
        {
            "decision": "approve",
            "content_sha": asked[1],
            "for_person": told["mine_as"][0],
        },
    )
    assert decided.status_code == 200, decided.text
    back = _api(delegate, "POST", f"{base}/{asked[0]}/take-back", None)
    assert back.status_code == 200, back.text
    ended = _api(third, "POST", f"{base}/delegations/{given['id']}/end", None)
    assert ended.get_json()["delegations"][0]["ended_at"] is not None


def test_a_person_delegates_on_their_own_page_and_ends_it_there(
    stage: Stage, admin: psycopg.Connection
) -> None:
    home = factories.make_provider(admin)  # everybody of the provider belongs there
    for who in ("second", "boss"):
        person = stage.sessions[who].person_id
        factories.grant(admin, home, person, role="staff_accountant", lines=("member",))
    asked, me = stage.ask(), stage.sessions["second"].person_id
    mine, deputy = _browser(stage, "second"), _browser(stage, "boss")
    assert "Who decides" in mine.get("/me/approvals").text
    today = clock.today("Europe/Berlin")
    form = {
        "to_person": str(stage.sessions["boss"].person_id),
        "from_on": today.isoformat(),
        "until_on": (today - timedelta(days=1)).isoformat(),
        "reason": "Holiday in Norway",
    }
    backwards = mine.post("/me/approvals", form)
    assert backwards.status_code == 422
    assert "Holiday in Norway" in backwards.text  # what was typed is still there
    assert stage.decide("boss", asked, for_person=me) == "delegation-over"
    until = (today + timedelta(days=7)).isoformat()
    assert mine.post("/me/approvals", {**form, "until_on": until}).status_code == 303
    given = mine.get("/me/approvals").text
    assert "In my stead" in given
    assert "Holiday in Norway" in given
    assert "I decide for" in deputy.get("/me/approvals").text
    assert stage.decide("boss", asked, for_person=me) == "pending"
    (end,) = re.findall(r'action="(/me/approvals/[0-9a-f-]{36}/end)"', given)
    assert deputy.post(end, {}).status_code == 404
    assert mine.post(end, {}).status_code == 303
    assert "/end" not in mine.get("/me/approvals").text
    assert stage.decide("boss", stage.ask(), for_person=me) == "delegation-over"


def test_rules_over_the_api(stage: Stage, admin: psycopg.Connection) -> None:
    base = f"/api/v1/clients/{_slug(stage, admin)}/approvals/rules"
    boss = _browser(stage, "boss")
    made = _api(
        boss,
        "POST",
        base,
        {"kind": "period.close", "title": "Closing", "provider_needed": 0, "client_needed": 1},
    )
    assert made.status_code == 201, made.text
    rule = made.get_json()["versions"][0]
    assert rule["id"] in {one["id"] for one in _api(boss, "GET", base).get_json()["own"]}
    changed = {**{k: rule[k] for k in ("kind", "title", "provider_needed", "client_needed")}}
    ended = _api(boss, "POST", f"{base}/{rule['id']}", {**changed, "version": 1, "ended": True})
    assert [one["ended"] for one in ended.get_json()["versions"]] == [True, False]
    with stage.app.app_context(), db.transaction(stage.scope("boss")):
        assert approvals.needed("period.close") is False


def test_a_month_is_closed_once_what_stands_in_it_was_approved(
    stage: Stage, admin: psycopg.Connection
) -> None:
    period = 202502
    stage.books.hand_in(period)

    def shut() -> None:
        accounting.close_period(period_id=period)
        db.session.execute(
            sa.text(
                "update app.close_month set blocking = 0, counted_at = now(),"
                " counted_version = ledger.books_version() where period_id = :period"
            ),
            {"period": period},
        )

    def ask() -> tuple[UUID, str] | None:
        with stage.app.app_context(), db.transaction(stage.scope("maker")):
            made = closing.ask_close(period_id=period)
            return (made, approvals.one(made).content_sha) if made else None

    with approval_stage.ruled(stage, "period.close"):
        assert approval_stage.refusal(stage, shut) == "approval-needed"
        first = ask()
        assert first is not None
        assert approval_stage.refusal(stage, shut) == "approval-needed"
        assert stage.decide("owner", first) == "approved"
        stage.books.post(on=dt.date(2025, 2, 9))
        assert approval_stage.refusal(stage, shut) == "approval-needed"
        second = ask()
        assert second is not None
        assert second[1] != first[1]
        assert stage.decide("owner", second) == "approved"
        admin.execute(  # nobody pressed the button in the days it had
            "update app.approval set expires_at = now() - interval '1 day' where id = %s",
            (second[0],),
        )
        admin.commit()
        assert ask() is None
        assert approval_stage.refusal(stage, shut) == ""


def test_what_is_left_in_a_month_is_counted_for_its_decider_and_not_told_by_whoever_asked(
    stage: Stage, admin: psycopg.Connection
) -> None:
    period = 202503
    stage.books.post(on=dt.date(2025, 3, 9))
    stage.books.hand_in(period)
    maker = stage.scope("maker")
    with approval_stage.ruled(stage, "period.close"):
        with stage.app.app_context(), db.transaction(maker):
            closing.add_step(period_id=period, title="Wages agreed with the office")
            waiting = close_checks.drafts(period)
            asked = closing.ask_close(period_id=period)
            assert asked is not None
            assert close_checks.drafts(period) == waiting  # it does not keep the month from closing
            true = approvals.one(asked)
            told = {**true.content, "entries": "4,711", "open": "Nothing at all"}
            approvals.change(asked, title="x", content=told, content_sha=true.content_sha)
        sheet = _browser(stage, "owner").get(f"/portal/{_slug(stage, admin)}/approvals/{asked}")
    assert "4,711" not in sheet.text
    assert "Nothing at all" not in sheet.text
    assert "The client&#39;s own steps are done: 1" in sheet.text
