"""Approvals of the demo: a rule of two of three, an entry that waits, and a delegation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from app.accounting import queries
from app.accounting.ledger import EntryDraft, PostingInput
from app.accounting.papers import approved
from app.cli.demo_books.firms import Firm
from app.kernel import approval_rules, approvals, clock, db, ids, words
from app.kernel.approval_rules import PolicyIn
from app.kernel.scope import Scope

LIMIT = 5_000_000
AMOUNT = 6_480_000


def rule(lead: Scope, people: Sequence[UUID]) -> None:
    """Large entries need two of three, then the client; written while the proof is fresh."""
    with db.transaction(lead):
        currency = queries.book().base_currency
        approval_rules.keep(
            ids.uuid7(),
            PolicyIn(
                kind=approved.KIND,
                title=words.gettext("Large entries"),
                limits={currency: LIMIT},
                provider_needed=2,
                provider_people=tuple(people),
                client_needed=1,
                sequence="provider",
                days=30,
            ),
        )


def waiting(firm: Firm, keeper: Scope, other: Scope, *, today: date) -> None:
    """An entry over the limit that one of the three has approved."""
    with db.transaction(keeper):
        chart = {one.code: one for one in queries.accounts()}
        currency = queries.book().base_currency
        asset, bank = chart[firm.ledger["asset"]], chart[firm.banks[0].code]
        asked = approved.ask(
            EntryDraft(
                journal="GEN",
                date=today - timedelta(days=1),
                description=words.gettext("New oven line, delivered"),
                postings=(
                    PostingInput(asset.id, AMOUNT, currency),
                    PostingInput(bank.id, -AMOUNT, currency),
                ),
                key=str(ids.uuid7()),
            )
        )
        sha = approvals.one(asked).content_sha
    with db.transaction(other):
        approvals.decide(
            asked, "approve", content_sha=sha, reason=words.gettext("As in the offer of May.")
        )


def delegation(owner: Scope, colleague: UUID) -> None:
    """The owner's approvals are decided by a colleague for ten days."""
    with db.transaction(owner):
        approval_rules.delegate(
            to=colleague,
            from_at=clock.now(),
            until_at=clock.now() + timedelta(days=10),
            reason=words.gettext("Trade fair"),
        )
