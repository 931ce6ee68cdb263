"""What tasks contribute: approvals here, questions and notes beside."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, url_for

from app.api import Api
from app.kernel import approvals, words
from app.kernel.day_mail import DayMailSource
from app.kernel.registry import NavItem, Permalink, Registry, TodoSource
from app.kernel.words import _
from app.tasks import api, mailbox_views, queries, request_registration, views
from app.tasks.approving import registration as approving_registration
from app.tasks.client_requests import registration as client_requests
from app.tasks.mail_replies import registration as mail_replies
from app.tasks.notices import registration as notices_registration
from app.tasks.repeat import registration as repeat_registration
from app.tasks.time import registration as time_registration
from app.tasks.work import registration as work_registration

PARTS = (
    request_registration,
    approving_registration,
    client_requests,
    mail_replies,
    work_registration,
    repeat_registration,
    time_registration,
    notices_registration,
)
JOBS = (
    *request_registration.JOBS,
    *client_requests.JOBS,
    *mail_replies.JOBS,
    *repeat_registration.JOBS,
    *time_registration.JOBS,
    *notices_registration.JOBS,
)


def register(registry: Registry) -> None:
    """Adds the entries of this package."""
    registry.add(
        NavItem(
            "approvals",
            _("Approvals"),
            "check",
            "tasks_desk.approvals_of_my_clients",
            "desk",
            order=40,
        ),
        NavItem("approvals", _("Approvals"), "check", "tasks.index", "client", order=60),
        NavItem("approvals", _("Approvals"), "check", "tasks_portal.waiting", "portal", order=30),
        TodoSource("approvals", views.todo, order=10),
        Permalink("approval", _permalink),
    )
    words.declare_errors(
        {
            "approval-own-request": _("You asked for this yourself; somebody else decides."),
            "approval-not-pending": _("This has been decided, withdrawn or has run out."),
            "approval-content-changed": _(
                "What you saw is not what is asked now. Read it again, then decide."
            ),
            "approval-decided-already": _("You have decided this already."),
            "approval-kind-unknown": _("There is no such approval."),
            "approval-limits": _("Write amounts with their currency, such as 10,000.00 EUR."),
            "approval-needed": _("This has to be approved first. Send it for approval."),
            "approval-nobody": _("Somebody has to approve: choose at least one person of a side."),
            "approval-not-your-turn": _("Others approve before you, or enough have approved."),
            "approval-people": _(
                "Choose people of the right side who have access here, at least as many as must"
                " approve, and 20 at most."
            ),
            "approval-policy-of-other-side": _("The other side wrote this rule; it changes it."),
            "approval-waits-already": _("Somebody else has sent this for approval already."),
            "delegate-colleague": _("Choose a colleague of your own side, not yourself."),
            "delegate-days": _("Choose days from today on, at most %(most)s."),
            "delegated-already": _("You delegate in these days already. End that first."),
            "delegation-over": _("You do not decide for this person, or no longer."),
            "second-factor-needed": _(
                "This needs two proofs that it is you. Set up an authenticator or a passkey under"
                " your account's security, then confirm that it is you."
            ),
            "refusal-reason": _("Say why you refuse; the person who asked reads it."),
        }
    )
    registry.add(DayMailSource("approvals", queries.day_items, order=20))
    for part in PARTS:
        part.register(registry)


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of staff, of the portal, and the demo's mailbox."""
    own = (views.desk, views.pages, views.portal, mailbox_views.pages)
    return (*own, *(one for part in PARTS for one in part.blueprints()))


def apis() -> tuple[Api, ...]:
    """The operations on approvals, questions and notes."""
    return (api.api, *(one for part in PARTS for one in part.apis()))


def install(app: Flask) -> None:
    """Gives templates the words of an approval's states."""
    app.jinja_env.globals["states"] = queries.STATES
    app.jinja_env.globals["approval_sides"] = queries.SIDES
    app.jinja_env.globals["voices_of"] = queries.voice_options
    for part in PARTS:
        part.install(app)


def _permalink(approval_id: UUID) -> str | None:
    return url_for("tasks.show", approval_id=approvals.one(approval_id).id)
