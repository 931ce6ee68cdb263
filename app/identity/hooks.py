"""Answers to the layers below: who a cookie belongs to, and what waits for a client's owner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa
from flask import Request, url_for
from flask_login import LoginManager, UserMixin

from app.identity import queries, roles
from app.kernel import scope
from app.kernel.db import session, transaction
from app.kernel.errors import SignInNeeded
from app.kernel.registry import TodoItem
from app.kernel.scope import Scope
from app.kernel.words import _
from app.web import context
from app.web.context import Actor

MOST_ON_CARD = 5


def resolve_principal(cookie: str) -> Actor | None:
    """The living person session behind a cookie; keeps it from going idle.

    The web remembers the answer for a minute, so a session is touched at most once a minute.
    """
    with transaction(Scope.login_by_hash("prin", cookie), read_only=True):
        row = session.execute(sa.text("select * from guard.whoami()")).one_or_none()
    if row is None or row.kind != "person":
        return None
    own = Scope.in_client(row.home or row.person_id, person_id=row.person_id, principal_id=row.id)
    try:
        with transaction(own):
            session.execute(sa.text("select guard.touch_principal()"))
    except SignInNeeded:
        return None
    return _actor(row)


def _actor(row: Any) -> Actor:
    side: Literal["staff", "client"] = "staff" if row.side == "provider" else "client"
    return Actor(
        person_id=row.person_id,
        principal_id=row.id,
        name=row.name or row.email,
        side=side,
        home_tenant_id=row.home,
        locale=row.locale,
        time_zone=row.time_zone or "UTC",
        theme="" if row.theme == "auto" else row.theme,
        density="" if row.density == "default" else row.density,
        keys=row.keys_on,
    )


class CurrentUser(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """The signed-in person as Flask-Login's `current_user` knows them."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    def get_id(self) -> str:
        """The person's id; nothing is kept in Flask's session under it."""
        return str(self.actor.person_id)


def login_manager() -> LoginManager:
    """Flask-Login fed from our server-side session, never from its own cookie."""
    manager = LoginManager()
    manager.session_protection = None

    @manager.request_loader  # type: ignore[untyped-decorator]  # Flask-Login has no types
    def load(_request: Request) -> CurrentUser | None:
        actor = context.place().actor
        return CurrentUser(actor) if actor is not None else None

    return manager


def who_has_access() -> dict[str, Any] | None:
    """The card of the portal's home: who of the provider sees this client's papers, and until
    when; nothing for readers who may not list it."""
    if not scope.current().rights.may("access.list"):
        return None
    rows = [row for row in queries.access() if row.living and row.side == "provider"]
    return {
        "rows": rows[:MOST_ON_CARD],
        "more": max(0, len(rows) - MOST_ON_CARD),
        "role_title": roles.title,
        "line_title": roles.line_title,
    }


def requests_to_decide() -> Sequence[TodoItem]:
    """Requests for access that the owner of this client has not answered."""
    if scope.current().mode != "t" or not scope.current().rights.may("access.grant"):
        return ()
    return [
        TodoItem(
            _("%(name)s asks for access", name=one.name),
            str(roles.title(one.role)),
            url_for("identity.portal_grants", client=one.slug),
            "shield-check",
        )
        for one in queries.requests()
    ]
