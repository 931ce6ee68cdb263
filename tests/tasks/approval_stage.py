"""A client whose entries from 1,000.00 EUR on need two of three named people, then the client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.cli import install
from app.kernel import approval_rules, approvals, clock, db, ids
from app.kernel.approval_rules import PolicyIn
from app.kernel.errors import DomainError
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tests import factories
from tests.accounting import ledger_support
from tests.factories import Session

KIND = "entry.post"
FORBIDDEN = "forbidden"
STEP_UP = "fresh-sign-in-needed"
DECIDE = "select app.decide_approval(:id, 'approve', :sha, '')"
LIMIT = 100_000
SECOND_FACTOR = 500_000


@dataclass(frozen=True, slots=True)
class Stage:
    """The client, its books, and who acts: `sessions` by the name they have in attacks."""

    app: Flask
    books: ledger_support.Books
    sessions: dict[str, Session]
    policy: UUID
    other: UUID

    @property
    def tenant(self) -> UUID:
        """The client."""
        return self.books.tenant

    def scope(self, who: str) -> Scope:
        """Somebody in the client; the stranger in their own."""
        return self.sessions[who].scope(self.other if who == "stranger" else self.tenant)

    def ask(self, who: str = "maker", *, amount: int = 200_000, **more: Any) -> tuple[UUID, str]:
        """An approval that somebody asked for, and its hash."""
        with self.app.app_context(), db.transaction(self.scope(who)):
            made = approvals.request(
                KIND,
                subject_type="entry_draft",
                subject_id=uuid4(),
                line="accounting",
                title="Rent",
                content={"amount": str(amount), "nonce": str(uuid4())},
                amount_minor=amount,
                currency="EUR",
                **more,
            )
            return made, approvals.one(made).content_sha

    def decide(self, who: str, asked: tuple[UUID, str], **more: Any) -> str:
        """Somebody's decision: the state it left, or the code of its refusal."""
        with self.app.app_context():
            try:
                with db.transaction(self.scope(who)):
                    return approvals.decide(
                        asked[0],
                        more.pop("decision", "approve"),
                        content_sha=more.pop("sha", asked[1]),
                        reason=more.pop("reason", "because"),
                        **more,
                    )
            except DomainError as refusal:
                return refusal.code

    def run(self, scope: Scope, sql: str, **values: object) -> str:
        """How raw SQL of the web's login role ends: a refusal's code, else how many rows it met."""
        with self.app.app_context():
            try:
                with db.transaction(scope):
                    done = db.session.execute(sa.text(sql), values)
                    met: int = done.rowcount  # type: ignore[attr-defined]
                    return f"rows {met}"
            except DomainError as refusal:
                return refusal.code

    def state(self, asked: tuple[UUID, str]) -> str:
        """The state of an approval."""
        with self.app.app_context(), db.transaction(self.scope("maker")):
            return approvals.one(asked[0]).state

    def approve(self, asked: tuple[UUID, str]) -> None:
        """Everybody approves who has to."""
        assert self.decide("first", asked) == "pending"
        assert self.decide("second", asked) == "pending"
        assert self.decide("owner", asked) == "approved"

    def delegate(self, owner: str, to: str, *, days: int = 3) -> UUID:
        """Lets somebody decide in another's stead from now on."""
        with self.app.app_context(), db.transaction(self.scope(owner)):
            now = clock.now()
            return approval_rules.delegate(
                to=self.sessions[to].person_id, from_at=now, until_at=now + timedelta(days=days)
            )


def build(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Stage:
    """Makes the client, its people and its policy."""
    books = ledger_support.make_books(app, worker_app, admin)
    tenant, other = books.tenant, factories.make_client(admin, "Elsewhere")
    manager = {"role": "operations_manager", "lines": ("accounting",)}
    sessions = {
        name: factories.staff(admin, tenant, **manager)  # type: ignore[arg-type]
        for name in ("first", "second", "third", "boss", "delegate", "makerboss")
    }
    sessions["maker"] = books.session
    sessions["clerk"] = factories.staff(admin, tenant)
    sessions["owner"] = factories.owner(admin, tenant)
    viewer = factories.make_person(admin, "client", "Vi Ewer")
    factories.grant(admin, tenant, viewer, role="viewer", lines=("accounting",), may_write=False)
    sessions["viewer"] = factories.sign_in(admin, viewer)
    sessions["stranger"] = factories.staff(admin, other, **manager)  # type: ignore[arg-type]
    policy = ids.uuid7()
    stage = Stage(app, books, sessions, policy, other)
    with app.app_context(), db.transaction(stage.scope("boss")):
        approval_rules.keep(policy, rule(stage))
    return stage


def rule(stage: Stage, **changes: Any) -> PolicyIn:
    """The client's policy, with changes."""
    named = tuple(stage.sessions[one].person_id for one in ("first", "second", "third"))
    told: dict[str, Any] = {
        "kind": KIND,
        "title": "Over a thousand",
        "limits": {"EUR": LIMIT},
        "provider_needed": 2,
        "provider_people": named,
        "client_needed": 1,
        "sequence": "provider",
        "second_factor": {"EUR": SECOND_FACTOR},
    }
    return PolicyIn(**{**told, **changes})


@pytest.fixture(scope="module")
def stage(app: Flask, worker_app: Flask, settings: Settings) -> Stage:
    """The client with its policy, once for all attacks: they leave nothing behind."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return build(app, worker_app, admin)


def end(admin: psycopg.Connection, delegation: UUID) -> None:
    """A delegation is over from now on."""
    admin.execute(
        "update app.approval_delegation set ended_at = now() where id = %s", (delegation,)
    )
    admin.commit()


@contextmanager
def ruled(stage: Stage, kind: str) -> Iterator[None]:
    """While a rule wants the client's approval of a kind."""
    rule = ids.uuid7()
    with stage.app.app_context(), db.transaction(stage.scope("boss")):
        approval_rules.keep(
            rule, PolicyIn(kind=kind, title="The client looks", provider_needed=0, client_needed=1)
        )
    try:
        yield
    finally:
        with stage.app.app_context(), db.transaction(stage.scope("boss")):
            approval_rules.end(rule, version=1)


def refusal(stage: Stage, act: Callable[[], object]) -> str:
    """How an act of the maker ends: the code of its refusal, or nothing."""
    with stage.app.app_context():
        try:
            with db.transaction(stage.scope("maker")):
                act()
        except DomainError as refusal:
            return refusal.code
    return ""
