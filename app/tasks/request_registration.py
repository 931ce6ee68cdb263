"""What questions and notes contribute; the package's registration calls it."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.api import Api
from app.kernel import words
from app.kernel.day_mail import DayMailSource
from app.kernel.registry import (
    DeskColumn,
    Meter,
    NavItem,
    Permalink,
    Permission,
    PortalCard,
    Registry,
    TodoSource,
)
from app.kernel.words import _
from app.tasks import (
    answer_views,
    bulk_api,
    note_views,
    question_views,
    questions,
    questions_queries,
    request_api,
    request_rows,
    request_subjects,
)

JOBS = ("app.tasks.day_mail",)
GROUP = _("Questions and notes")
FIGURE = "questions_answered"
ERROR_TEXTS = {
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
}


def register(registry: Registry) -> None:
    """Adds navigation, figures, the portal's to-dos and card, permissions and words."""
    registry.add(*_navigation())
    registry.add(
        DeskColumn("accounting", FIGURE, _("Answers"), "questions.index", order=40),
        DeskColumn("accounting", "notes_sent_back", _("Sent back"), "questions.index", order=45),
        DayMailSource("questions", questions_queries.day_items, order=10),
        TodoSource("questions", answer_views.todo, order=5),
        PortalCard("ask", "tasks/_portal_ask.html", answer_views.card, order=10),
        Permission("request.ask", _("Ask the client and write notes"), GROUP),
        Permission("request.answer", _("Answer questions and ask the provider"), GROUP),
        Meter(questions.METER, _("Question asked"), "question", "accounting"),
        Permalink("question", question_views.permalink),
        *request_subjects.SOURCES,
    )
    words.declare_errors(ERROR_TEXTS)
    words.declare_names(
        {
            "answer": _("Answer"),
            "note": _("Note"),
            "question": _("Question"),
            "questions": _("Questions"),
            "client.day-mail": _("The day's mail to clients"),
        }
    )


def _navigation() -> tuple[NavItem, ...]:
    title, icon = _("Questions"), "circle-help"
    return (
        NavItem(
            "questions",
            title,
            icon,
            "questions_desk.of_my_clients",
            "desk",
            order=30,
            figure=FIGURE,
        ),
        NavItem(
            "questions",
            title,
            icon,
            "questions.index",
            "client",
            permission="document.read",
            order=45,
            figure=FIGURE,
            shortcut="Q",
        ),
    )


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of staff and of the portal."""
    return (question_views.desk, question_views.pages, answer_views.portal, note_views.pages)


def apis() -> tuple[Api, ...]:
    """The operations on questions and notes."""
    return (request_api.api, bulk_api.api)


def install(app: Flask) -> None:
    """Gives templates the words of states and audiences."""
    app.jinja_env.globals["question_states"] = request_rows.STATES
    app.jinja_env.globals["audiences"] = request_rows.AUDIENCES
