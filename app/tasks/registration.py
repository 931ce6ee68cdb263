"""What tasks contribute: the approval pages, what waits at the portal, words of refusals."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, url_for

from app.api import Api
from app.kernel import words
from app.kernel.registry import Meter, NavItem, Permalink, Permission, Registry, TodoSource
from app.kernel.words import _
from app.tasks import api, mailbox_views, queries, questions, views

REQUESTS = _("Questions and notes")


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
        Permission("request.ask", _("Ask the client and write notes"), REQUESTS),
        Permission("request.answer", _("Answer questions and ask the provider"), REQUESTS),
        Meter(questions.METER, _("Question asked"), "question", "accounting"),
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
            "answer-empty": _("Choose an answer, write something or add a file."),
            "note-is-question": _("The provider was asked by this note. Withdraw the question."),
            "note-not-open": _("This has been put right already."),
            "note-subject": _("Say what the note is about."),
            "note-text-missing": _("Write the note."),
            "question-answered": _("This has been answered already. Accept the answer instead."),
            "question-chip-unknown": _("Choose one of the answers, or write your own."),
            "question-ended": _("This question is settled already."),
            "question-not-to-client": _("The client asked this. Answer it instead."),
            "question-open": _("This question is open already."),
            "question-subjects": _("Ask about 1 to %(most)s records at once."),
            "question-text-missing": _("Write what you want to know."),
            "question-withdrawn": _("This question was taken back. Nothing is needed from you."),
            "too-many-chips": _("Offer at most %(most)s answers."),
            "too-many-files": _("Send at most %(most)s files at once."),
        }
    )
    words.declare_names(
        {
            "answer": _("Answer"),
            "note": _("Note"),
            "question": _("Question"),
            "questions": _("Questions"),
        }
    )


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of staff, of the portal, and the demo's mailbox."""
    return (views.desk, views.pages, views.portal, mailbox_views.pages)


def apis() -> tuple[Api, ...]:
    """The operations on approvals."""
    return (api.api,)


def install(app: Flask) -> None:
    """Gives templates the words of an approval's states."""
    app.jinja_env.globals["states"] = queries.STATES


def _permalink(approval_id: UUID) -> str | None:
    return url_for("tasks.show", approval_id=approval_id)
