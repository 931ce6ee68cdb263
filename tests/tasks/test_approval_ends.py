"""Until when an approval waits: what nobody decided lapses, what was approved does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounting import ledger, queries
from app.accounting.papers import approved
from app.cli import install
from app.kernel import approval_rules, approvals, clock, db, ids, jobs
from app.kernel.settings import Settings
from tests.tasks import approval_stage
from tests.tasks.approval_stage import LIMIT, Stage

DAYS = 14


@pytest.fixture(scope="module")
def stage(app: Flask, worker_app: Flask, settings: Settings) -> Stage:
    """A client whose entries over a limit wait for 14 days."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        made = approval_stage.build(app, worker_app, admin)
    with app.app_context(), db.transaction(made.scope("boss")):
        approval_rules.keep(made.policy, approval_stage.rule(made, days=DAYS), version=1)
    return made


def _ends(stage: Stage, asked: tuple[UUID, str]) -> datetime | None:
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        return approvals.one(asked[0]).expires_at


def _moved(admin: psycopg.Connection, asked: tuple[UUID, str], away: timedelta) -> None:
    """The end of an approval comes nearer, or has passed."""
    admin.execute("update app.approval set expires_at = now() + %s where id = %s", (away, asked[0]))
    admin.commit()


def _changed(stage: Stage, asked: tuple[UUID, str], amount: int) -> None:
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        content = {"amount": str(amount)}
        approvals.change(
            asked[0], title="Rent", content=content, amount_minor=amount, currency="EUR"
        )


def _draft(stage: Stage) -> ledger.EntryDraft:
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        plain = [one.id for one in queries.accounts() if one.type == "expense"]
    return ledger.EntryDraft(
        journal="GEN",
        date=clock.today().replace(year=2026, month=3, day=4),
        description="Rent",
        postings=(
            ledger.PostingInput(plain[0], 2 * LIMIT, "EUR"),
            ledger.PostingInput(plain[1], -2 * LIMIT, "EUR"),
        ),
        key=str(ids.uuid7()),
    )


def _asked(stage: Stage, draft: ledger.EntryDraft) -> tuple[UUID, str]:
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        made = approved.ask(draft)
        return made, approvals.one(made).content_sha


def test_what_was_approved_in_time_is_posted_however_late_the_worker_comes(
    stage: Stage, worker_app: Flask, admin: psycopg.Connection
) -> None:
    draft = _draft(stage)
    asked = _asked(stage, draft)
    stage.approve(asked)
    _moved(admin, asked, timedelta(minutes=-1))
    assert _asked(stage, draft) == asked  # asking again finds what was granted
    jobs.run_due(worker_app)
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        posted = sa.text("select approved_ref from ledger.entry where idem_key = :key")
        assert db.session.execute(posted, {"key": draft.key}).scalar_one_or_none() == asked[0]
        assert approvals.one(asked[0]).state == "approved"


def test_an_approval_is_taken_back_after_its_end_too_and_then_it_has_lapsed(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = _asked(stage, _draft(stage))
    stage.approve(asked)
    _moved(admin, asked, timedelta(minutes=-1))
    back = "select app.take_back_decision(:id)"
    assert stage.run(stage.scope("owner"), back, id=asked[0]) == "rows 1"
    assert stage.decide("owner", asked) == "approval-not-pending"


def test_other_content_on_the_last_day_has_all_its_days_again(
    stage: Stage, admin: psycopg.Connection
) -> None:
    asked = stage.ask()
    _moved(admin, asked, timedelta(hours=1))
    _changed(stage, asked, 300_000)
    ends = _ends(stage, asked)
    assert ends is not None
    assert ends > clock.now() + timedelta(days=DAYS - 1)


def test_an_end_goes_with_the_rule_that_set_it(stage: Stage) -> None:
    asked = stage.ask()
    assert _ends(stage, asked) is not None
    _changed(stage, asked, LIMIT - 1)
    assert _ends(stage, asked) is None


def test_whoever_asks_may_set_a_nearer_end_which_stays(stage: Stage) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    asked = stage.ask(expires_at=tomorrow)
    assert _ends(stage, asked) == tomorrow
    _changed(stage, asked, 300_000)
    assert _ends(stage, asked) == tomorrow
