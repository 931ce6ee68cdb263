"""No entry over a policy's limit is posted but the one that was approved, and that once."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest

from app.accounting import commands, ledger, queries
from app.accounting.papers import approved
from app.kernel import approvals, clock, db, ids
from app.kernel.errors import DomainError
from tests.tasks.approval_stage import KIND, Stage, stage

__all__ = ["stage"]


def _entry(stage: Stage, amount: int = 200_000, **more: object) -> ledger.EntryDraft:
    codes = sorted(stage.books.accounts)
    accounts = [stage.books.accounts[code] for code in codes]
    plain = [one for one in accounts if one in _plain(stage)]
    return ledger.EntryDraft(
        journal="GEN",
        date=clock.today().replace(year=2026, month=3, day=4),
        description="Rent",
        postings=(
            ledger.PostingInput(plain[0], amount, "EUR"),
            ledger.PostingInput(plain[1], -amount, "EUR"),
        ),
        key=str(ids.uuid7()),
        **more,  # type: ignore[arg-type]
    )


def _plain(stage: Stage) -> set[UUID]:
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        return {one.id for one in queries.accounts() if one.type == "expense"}


def _post(stage: Stage, draft: ledger.EntryDraft, ref: UUID | None = None) -> str:
    with stage.app.app_context():
        try:
            with db.transaction(stage.scope("maker")):
                commands.post_entry(
                    journal=draft.journal,
                    date=draft.date,
                    description=draft.description,
                    postings=draft.postings,
                    key=draft.key,
                    source_type=draft.source_type,
                    source_id=draft.source_id,
                    approved_ref=ref,
                )
        except DomainError as refusal:
            return refusal.code
    return "posted"


def _asked(stage: Stage, draft: ledger.EntryDraft) -> tuple[UUID, str]:
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        made = approved.ask(draft)
        return made, approvals.one(made).content_sha


def test_nothing_over_the_limit_is_posted_unapproved(stage: Stage) -> None:
    assert _post(stage, _entry(stage, 99_999)) == "posted"
    assert _post(stage, _entry(stage, 100_000)) == "approval-needed"
    paper = _entry(stage, source_type="document", source_id=uuid4())
    assert _post(stage, paper) == "approval-needed"
    second_of_a_lot = _entry(stage, source_type="document/2", source_id=uuid4())
    assert _post(stage, second_of_a_lot) == "approval-needed"
    many = [_entry(stage, 10), _entry(stage)]
    with (
        stage.app.app_context(),
        pytest.raises(DomainError, match="approval-needed"),
        db.transaction(stage.scope("maker")),
    ):
        commands.post_many(drafts=many)


def test_what_is_undecided_refused_or_changed_is_not_posted(stage: Stage) -> None:
    draft = _entry(stage)
    asked = _asked(stage, draft)
    assert _post(stage, draft, asked[0]) == "approval-does-not-cover"
    assert stage.decide("first", asked) == "pending"
    assert _post(stage, draft, asked[0]) == "approval-does-not-cover"
    assert stage.decide("second", asked, decision="refuse") == "refused"
    assert _post(stage, draft, asked[0]) == "approval-does-not-cover"
    granted = _asked(stage, draft)
    stage.approve(granted)
    assert _post(stage, _entry(stage, 200_001), granted[0]) == "approval-does-not-cover"
    assert _post(stage, draft, granted[0]) == "posted"
    again = _entry(stage)
    assert _post(stage, again, granted[0]) == "approval-does-not-cover"


def test_an_amount_that_was_told_too_small_covers_nothing(stage: Stage) -> None:
    draft = _entry(stage)
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        made = approved.ask(draft)
        sha = approvals.one(made).content_sha
        approvals.withdraw(made)
        small = approvals.request(
            KIND,
            subject_type="entry_draft",
            line="accounting",
            title="Rent",
            content={"_draft": approved._written(draft)},
            content_sha=sha,
            amount_minor=1,
            currency="EUR",
        )
    assert stage.decide("delegate", (small, sha)) == "approved"
    assert _post(stage, draft, small) == "approval-does-not-cover"


def test_another_kind_of_entry_does_not_stand_in_for_the_rule(
    stage: Stage, admin: psycopg.Connection
) -> None:
    admin.execute(
        "insert into app.approval_kind (kind, side) values ('entry.easy', 'any')"
        " on conflict do nothing"
    )
    admin.execute(
        "insert into guard.role_permission (role, permission)"
        " values ('owner', 'approve.entry.easy') on conflict do nothing"
    )
    admin.commit()
    draft = _entry(stage)
    with stage.app.app_context(), db.transaction(stage.scope("maker")):
        made = approved.ask(draft)
        sha = approvals.one(made).content_sha
        approvals.withdraw(made)
        easy = approvals.request(
            "entry.easy",
            subject_type="entry_draft",
            line="accounting",
            title="Rent",
            content={},
            content_sha=sha,
        )
    assert stage.decide("owner", (easy, sha)) == "approved"
    assert _post(stage, draft, easy) == "approval-does-not-cover"


def test_a_decision_is_taken_back_until_it_is_carried_out(stage: Stage) -> None:
    back = "select app.take_back_decision(:id)"
    draft = _entry(stage)
    asked = _asked(stage, draft)
    assert stage.decide("first", asked) == "pending"
    assert stage.run(stage.scope("second"), back, id=asked[0]) == "not-found"
    assert stage.run(stage.scope("first"), back, id=asked[0]) == "rows 1"
    stage.approve(asked)
    assert stage.run(stage.scope("first"), back, id=asked[0]) == "rows 1"
    assert stage.state(asked) == "pending"
    assert _post(stage, draft, asked[0]) == "approval-does-not-cover"
    assert stage.decide("owner", asked) == "approval-not-your-turn"
    assert stage.decide("third", asked) == "pending"
    assert stage.decide("owner", asked) == "approved"
    assert _post(stage, draft, asked[0]) == "posted"
    assert stage.run(stage.scope("owner"), back, id=asked[0]) == "undo-not-possible"
