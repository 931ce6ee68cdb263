"""What is approved of a report or a pack is read by the decider, and is what is published."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.dialects.postgresql import JSONB

from app.cli import install
from app.kernel import approvals, db, registry
from app.kernel.registry import ReportDefinition
from app.kernel.settings import Settings
from app.reports import commands as reports
from app.reports import pack_commands, pack_queries, proposals, stored
from app.reports.document import Report
from tests import factories
from tests.http import Browser
from tests.tasks import approval_stage
from tests.tasks.approval_stage import Stage, refusal, ruled

NOTE = "Sales fell, as agreed."


@pytest.fixture(scope="module")
def stage(app: Flask, worker_app: Flask, settings: Settings) -> Stage:
    """A client with books in March 2026."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        made = approval_stage.build(app, worker_app, admin)
    made.books.post((12_345, -12_345), on=dt.date(2026, 3, 5))
    return made


def _slug(stage: Stage, admin: psycopg.Connection) -> str:
    return factories.slug_of(admin, stage.tenant)


def _browser(stage: Stage, who: str) -> Browser:
    return Browser(stage.app, stage.sessions[who])


def _api(browser: Browser, method: str, path: str, body: object = None) -> Any:
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": browser.token}
    return browser.client.open(path, method=method, headers=headers, json=body)


def _report(stage: Stage) -> Report:
    definition = next(
        one for one in registry.current().all(ReportDefinition) if one.key == "trial-balance"
    )
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        built: Report = definition.build(dt.date(2026, 3, 1), dt.date(2026, 3, 31), "none")
    return built


def _asked(stage: Stage, act: Callable[[], UUID | None]) -> tuple[UUID, str]:
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        made = act()
        assert made is not None
        return made, approvals.one(made).content_sha


def _figures(page: str) -> list[str]:
    """Every amount of a page's tables, in their order, as text."""
    cells = re.findall(r'<td class="num[^>]*>(.*?)</td>', page, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", one).strip() for one in cells]


def test_the_decider_reads_the_report_as_it_is_published_then_at_the_portal_too(
    stage: Stage, admin: psycopg.Connection
) -> None:
    slug, report = _slug(stage, admin), _report(stage)
    with ruled(stage, "report.publish"):
        asked = _asked(stage, lambda: proposals.ask_report(report, line="accounting", note=NOTE))
        seen = {}
        for who, surface in (("owner", "portal"), ("boss", "c")):
            browser = _browser(stage, who)
            sheet = browser.get(f"/{surface}/{slug}/approvals/{asked[0]}").text
            (way,) = re.findall(r'href="(/[^"]+/reports/proposed/[0-9a-f-]{36})"', sheet)
            seen[who] = browser.get(way).text
            assert NOTE in seen[who]
            assert f"/{surface}/{slug}/approvals/{asked[0]}" in seen[who]  # back to the decision
        assert stage.decide("owner", asked) == "approved"
        maker = _browser(stage, "maker")
        days = "from=2026-03-01&to=2026-03-31&cmp=none"
        maker.get(f"/c/{slug}/reports/trial-balance?{days}")
        with stage.app.app_context(), db.transaction(stage.scope("maker")):
            published = reports.publish_report(report, line="accounting", note=NOTE)
    page = _browser(stage, "owner").get(f"/portal/{slug}/reports/{published}").text
    assert "123.45" in _figures(page)
    assert _figures(seen["owner"]) == _figures(seen["boss"]) == _figures(page)
    other = _browser(stage, "stranger").get(f"/c/{slug}/reports/proposed/{_proposal(stage, asked)}")
    assert other.status_code == 404


def _proposal(stage: Stage, asked: tuple[UUID, str]) -> str:
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        return str(approvals.one(asked[0]).content["_proposal"])


def test_words_that_were_written_beside_the_hash_are_not_what_is_read(
    stage: Stage, admin: psycopg.Connection
) -> None:
    slug, report = _slug(stage, admin), replace(_report(stage), title="The true one")
    with ruled(stage, "report.publish"):
        asked = _asked(stage, lambda: proposals.ask_report(report, line="accounting"))
        with stage.app.app_context(), db.transaction(stage.scope("maker")):
            told = {"report": "Harmless", "from": "1 Jan 2020", "note": "Nothing new"}
            approvals.change(asked[0], title="Publish", content=told, content_sha=asked[1])
        owner = _browser(stage, "owner")
        sheet = owner.get(f"/portal/{slug}/approvals/{asked[0]}").text
        assert "Harmless" not in sheet
        assert "The true one" in sheet
        with stage.app.app_context(), db.transaction(stage.scope("maker")):
            approvals.change(asked[0], title="Publish", content=told, content_sha="ab" * 32)
        sheet = owner.get(f"/portal/{slug}/approvals/{asked[0]}").text
        assert "Harmless" not in sheet
        assert "/reports/proposed/" not in sheet
        form = {"decision": "approve", "content_sha": "ab" * 32}
        assert owner.post(f"/portal/{slug}/approvals/{asked[0]}", form).status_code == 409


@pytest.mark.parametrize(
    "document",
    [{"line": "accounting"}, {"line": "accounting", "pack": "x"}, {"line": "accounting", "key": 7}],
)
def test_a_document_that_is_no_report_is_approved_by_nobody(
    stage: Stage, admin: psycopg.Connection, document: dict[str, Any]
) -> None:
    keep = sa.text(
        "insert into app.report_proposal (tenant_id, line, document)"
        " values ((select guard.tenant_id()), 'accounting', :document) returning sha"
    ).bindparams(sa.bindparam("document", type_=JSONB))
    with ruled(stage, "report.publish"):
        with stage.app.app_context(), db.transaction(stage.scope("maker")):
            sha = db.session.execute(keep, {"document": document}).scalar_one()
            made = approvals.request(
                proposals.APPROVAL,
                subject_type=proposals.SUBJECT,
                line="accounting",
                title="x",
                content={"report": "Harmless"},
                content_sha=sha,
            )
        sheet = _browser(stage, "owner").get(f"/portal/{_slug(stage, admin)}/approvals/{made}")
        assert sheet.status_code == 200
        assert "Harmless" not in sheet.text
        assert stage.decide("owner", (made, sha)) == "approval-content-changed"


RAW = sa.text(
    "select app.publish_report(:line, :key, :title, cast(:first as date), cast(:last as date),"
    " :currency, :books_version, :content, :note)"
).bindparams(sa.bindparam("content", type_=JSONB))


@pytest.mark.parametrize(
    "heading",
    [
        {"key": "balance-sheet"},
        {"title": "Profit of April"},
        {"first": "2026-02-01"},
        {"last": "2026-04-30"},
        {"currency": "USD"},
        {"books_version": 2**40},
    ],
)
def test_approved_figures_are_not_published_under_another_heading(
    stage: Stage, heading: dict[str, Any]
) -> None:
    report = _report(stage)
    (name,) = heading
    row = {"line": "accounting", **stored.as_row(report, f"for the heading {name}")}
    note = str(row["note"])
    with ruled(stage, "report.publish"):
        asked = _asked(stage, lambda: proposals.ask_report(report, line="accounting", note=note))
        assert stage.decide("owner", asked) == "approved"
        published = refusal(stage, lambda: db.session.execute(RAW, {**row, **heading}))
        assert published == "approval-needed"
        assert refusal(stage, lambda: db.session.execute(RAW, row)) == ""


def test_a_packs_own_words_are_approved_with_it_and_read_before(
    stage: Stage, admin: psycopg.Connection
) -> None:
    slug, chapters = _slug(stage, admin), [(_report(stage), "Before the figures.")]
    draft = pack_commands.Draft(
        "March", dt.date(2026, 3, 1), dt.date(2026, 3, 31), (pack_commands.Part("trial-balance"),),
        "A good month."
    )  # fmt: skip
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        pack = pack_commands.create_pack(draft, line="accounting")

    def retitle(words: str) -> None:
        change = "update app.report_pack set title = :title where id = :id"
        db.session.execute(sa.text(change), {"title": words, "id": pack})

    def publish() -> None:
        assert pack_queries.pack(pack).version == 1
        pack_commands.publish_pack(pack, chapters, line="accounting", version=1)

    def retitled() -> None:
        retitle("April")
        publish()

    with ruled(stage, "report.publish"):
        stale = refusal(stage, lambda: proposals.ask_pack(pack, chapters, version=2))
        assert stale == "somebody-else-was-first"
        asked = _asked(stage, lambda: proposals.ask_pack(pack, chapters, version=1))
        page = _browser(stage, "owner").get(
            f"/portal/{slug}/reports/proposed/{_proposal(stage, asked)}"
        )
        for words in ("March", "A good month.", "Before the figures.", "123.45"):
            assert words in page.text
        assert stage.decide("owner", asked) == "approved"
        assert refusal(stage, retitled) == "approval-needed"
        assert refusal(stage, publish) == ""


def test_more_than_a_decider_can_be_shown_is_refused_in_words(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposals, "MOST_BYTES", 100)
    report = _report(stage)
    with ruled(stage, "report.publish"):
        asked = refusal(stage, lambda: proposals.ask_report(report, line="accounting"))
    assert asked == "proposal-too-large"
    assert refusal(stage, lambda: proposals.ask_report(report, line="accounting")) == ""


def test_a_report_is_published_as_it_was_approved(stage: Stage) -> None:
    report = _report(stage)
    changed = replace(report, title="Another title")

    def ask(one: Report, note: str = "") -> tuple[UUID, str] | None:
        with stage.app.app_context(), db.transaction(stage.scope("maker")):
            made = proposals.ask_report(one, line="accounting", note=note)
            return (made, approvals.one(made).content_sha) if made else None

    def publish(one: Report, note: str = "") -> str:
        return refusal(stage, lambda: reports.publish_report(one, line="accounting", note=note))

    with ruled(stage, "report.publish"):
        assert publish(report) == "approval-needed"
        asked = ask(report)
        assert asked is not None
        assert publish(report) == "approval-needed"
        assert stage.decide("owner", asked) == "approved"
        assert publish(changed) == "approval-needed"
        assert publish(report, "With other words") == "approval-needed"
        assert ask(report) is None
        assert publish(report) == ""
        assert publish(report) == "approval-needed"


def test_a_report_and_a_pack_are_sent_for_approval_and_published_over_the_api(
    stage: Stage, admin: psycopg.Connection
) -> None:
    stage.books.post(on=dt.date(2026, 4, 7))
    at, maker = f"/api/v1/clients/{_slug(stage, admin)}", _browser(stage, "maker")
    maker.get("/desk")
    days = {"from": "2026-04-01", "to": "2026-04-30", "cmp": "none", "note": "As agreed"}
    pack = {"title": "April", "first_on": "2026-04-01", "last_on": "2026-04-30",
            "parts": [{"key": "trial-balance"}]}  # fmt: skip
    made = _api(maker, "POST", f"{at}/report-packs", pack).get_json()["id"]
    wanted = {f"{at}/reports/trial-balance": days, f"{at}/report-packs/{made}": {"version": 1}}
    for address, body in wanted.items():
        with ruled(stage, "report.publish"):
            refused = _api(maker, "POST", f"{address}/publish", body)
            assert (refused.status_code, refused.get_json()["code"]) == (409, "approval-needed")
            asked = UUID(_api(maker, "POST", f"{address}/approval", body).get_json()["approval_id"])
            with stage.app.app_context(), db.transaction(stage.scope("owner")):
                bound = approvals.one(asked).content_sha
            assert stage.decide("owner", (asked, bound)) == "approved"
            published = _api(maker, "POST", f"{address}/publish", body)
        assert published.status_code == 201, published.text
        assert _api(maker, "POST", f"{address}/approval", body).get_json() == {"approval_id": None}


def test_what_is_to_be_published_is_read_over_the_api(
    stage: Stage, admin: psycopg.Connection
) -> None:
    at, report = f"/api/v1/clients/{_slug(stage, admin)}", _report(stage)
    with ruled(stage, "report.publish"):
        note = "Over the API"
        asked = _asked(stage, lambda: proposals.ask_report(report, line="accounting", note=note))
    boss = _browser(stage, "boss")
    content = _api(boss, "GET", f"{at}/approvals/{asked[0]}").get_json()["content"]
    found = _api(boss, "GET", f"{at}/report-proposals/{content['_proposal']}").get_json()
    assert (found["approval_id"], found["pack_id"]) == (str(asked[0]), None)
    (one,) = found["reports"]
    assert one["note"] == note
    amounts = [amount for row in one["report"]["rows"] for amount in row["amounts"]]
    true = [amount for row in report.rows for amount in row.amounts]
    assert amounts == [None if amount is None else str(amount) for amount in true]
