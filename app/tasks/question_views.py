"""Questions for staff: what clients answered, over all clients and in one; asking, settling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.documents import subjects
from app.kernel import paging, reads, undo, words
from app.kernel.errors import Invalid
from app.kernel.words import _
from app.tasks import (
    notes,
    questions,
    questions_bulk,
    questions_queries,
    request_rows,
    request_schemas,
)
from app.tasks.models import Question
from app.tasks.request_rows import STATES, Row
from app.web import forms, lists
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import redirect_back, redirect_to, render, toast
from tenants import queries as clients

desk = Pages("questions_desk", __name__, surface=Surface.DESK)
pages = Pages("questions", __name__, surface=Surface.CLIENT)
DESK_ROWS = 100
DEFAULT_CHIPS = _("Business, Private, I do not know")

LIST = lists.ListView(
    id="questions",
    caption=_("Questions"),
    columns=(
        lists.Column(
            "text", _("Question"), cell=lambda row: row.question.text, main=True, phone="t1"
        ),
        lists.Column("about", _("About"), wide=True, phone="l2"),
        lists.Column("newest", _("Answer"), wide=True),
        lists.Column(
            "asked_at", _("Asked"), cell=lambda row: row.question.asked_at, kind="instant"
        ),
        lists.Column("state", _("State"), cell=lambda row: STATES[row.state], phone="r1"),
    ),
    href=lambda row: url_for("questions.show", question_id=row.id),
    views=(
        lists.View("answered", _("To look at"), {"states": "answered"}),
        lists.View("waiting", _("Waiting on client"), {"states": "waiting"}),
        lists.View("all", _("All")),
    ),
    actions=(
        lists.Action(
            "remind", _("Remind"), "questions.remind", "M", icon="mail", permission="request.ask"
        ),
        lists.Action(
            "withdraw",
            _("Withdraw"),
            "questions.withdraw_many",
            "W",
            icon="undo-2",
            permission="request.ask",
        ),
    ),
    empty=lists.Empty("circle-help", _("No questions here. Ask from a bank line or an entry.")),
)
VIEWS: dict[str, dict[str, Any]] = {
    "answered": {"staff": True},
    "waiting": {"states": ("waiting",), "direction": "to_client"},
    "all": {},
}


@desk.get("/desk/questions", needs=SIGNED_IN)
def of_my_clients() -> Response:
    """What clients answered or ask, and what was sent back, over all my clients."""
    page = _for_staff(request.args.get("after"), limit=DESK_ROWS)
    found = page.rows
    sent_back = notes.sent_back() if "after" not in request.args else []
    places = {one.tenant_id: one for one in clients.my_clients(limit=1000)}
    answered = request_rows.rows([q for _t, q in found], tenants=[t for t, _q in found])
    back = request_rows.note_rows([n for _t, n in sent_back], tenants=[t for t, _n in sent_back])
    return render(
        "tasks/questions_desk.html",
        answered=answered,
        sent_back=back,
        places=places,
        after=page.next,
    )


@pages.get("/c/<client>/questions", needs="document.read")
def index() -> Response:
    """The questions of one client: what is to be looked at first."""
    reads.leave(reads.Look("questions", "member"))
    asked = LIST.read()
    page = _found(asked)
    drawn = LIST.page(asked, request_rows.rows(page.rows), after=page.next)
    sent_back = request_rows.note_rows([note for _tenant, note in notes.sent_back()])
    return render("tasks/questions.html", fragment="list", page=drawn, sent_back=sent_back)


def _for_staff(after: str | None, *, limit: int) -> paging.Page[tuple[UUID, Question]]:
    """A page of what staff is to look at, the oldest first."""
    start = paging.keys(after, paging.moment, UUID)
    found = questions_queries.for_staff(after=start, limit=limit + 1)
    return paging.page(
        found, limit=limit, key=lambda one: [one[1].answered_at or one[1].asked_at, one[1].id]
    )


def _found(asked: lists.Asked) -> paging.Page[Any]:
    wanted = dict(VIEWS[asked.view])
    if wanted.pop("staff", False):
        page = _for_staff(asked.after, limit=asked.limit)
        return paging.Page([one for _tenant, one in page.rows], page.next)
    cursor = paging.keys(asked.after, UUID)
    found = questions_queries.questions(
        before=cursor[0] if cursor else None, limit=asked.limit + 1, **wanted
    )
    return paging.page(found, limit=asked.limit, key=lambda one: [one.id])


def new() -> Response:
    """The form that asks about the records in the query string, or those posted."""
    sent = request.form if request.method == "POST" else request.args
    subject_type = sent.get("subject_type", "")
    if not subject_type:
        return redirect_to(".index")  # asked without a record: nothing to ask about
    return form_about(subject_type, sent.getlist("keys"), receipt=sent.get("kind") == "receipt")


def form_about(subject_type: str, keys: Sequence[str], *, receipt: bool = False) -> Response:
    """The form that asks about these records; another screen's bulk act may answer with it."""
    keys = keys[: questions.MOST_SUBJECTS]
    known = subjects.source(subject_type).describe(keys)
    if not known:
        raise Invalid.of("keys", "question-subjects", most=questions.MOST_SUBJECTS)
    values = {
        "text": _("Please send us the receipt.") if receipt else _("What was this?"),
        "chips": "" if receipt else DEFAULT_CHIPS,
        "wants_file": receipt,
    }
    return render(
        "tasks/question_new.html",
        subject_type=subject_type,
        about=[known[key] for key in keys if key in known],
        form=forms.current(request_schemas.AskForm, values=values),
    )


pages.get("/c/<client>/questions/new", needs="request.ask", endpoint="new")(new)


@pages.post("/c/<client>/questions/new", needs="request.ask", again=new)
def ask() -> Response:
    """Asks; the client sees it at once at the portal and in the day's mail."""
    form = forms.bind(request_schemas.AskForm)
    source = subjects.demand(form.subject_type, form.keys)
    made = questions.ask(
        line=source.line,
        subject_type=form.subject_type,
        subject_ids=form.keys,
        text=form.text,
        chips=form.offered(),
        wants_file=form.wants_file,
        together=form.together,
    )
    token = questions.offer_unask(made)
    toast(
        words.ngettext("%(n)s question asked.", "%(n)s questions asked.", len(made)),
        undo=url_for(".take_back", token=token),
    )
    return redirect_to(".index", view="waiting")


def _row(question_id: UUID) -> Row:
    found = request_rows.row(question_id)
    reads.leave(reads.Look("question", found.question.line, question_id))
    return found


def show(question_id: UUID) -> Response:
    """One question with its answers."""
    found = _row(question_id)
    values = {"chips": ", ".join(found.question.chips)}
    return render(
        "tasks/question.html",
        row=found,
        form=forms.current(request_schemas.AnswerForm),
        again=forms.current(request_schemas.AgainForm, values=values),
    )


pages.get("/c/<client>/questions/<uuid:question_id>", needs="document.read", endpoint="show")(show)


@pages.post("/c/<client>/questions/<uuid:question_id>/close", needs="request.ask")
def close(question_id: UUID) -> Response:
    """Accepts the answer, or settles the question without one."""
    token = questions.close(question_id)
    toast(_("Settled."), undo=url_for(".take_back", token=token))
    return redirect_back(url_for(".index"))


@pages.post("/c/<client>/questions/<uuid:question_id>/withdraw", needs="request.ask")
def withdraw(question_id: UUID) -> Response:
    """Takes a question back that nobody answered."""
    token = questions.withdraw(question_id)
    toast(_("Withdrawn."), undo=url_for(".take_back", token=token))
    return redirect_to(".index")


@pages.post("/c/<client>/questions/<uuid:question_id>/again", needs="request.ask", again=show)
def ask_again(question_id: UUID) -> Response:
    """Asks the same records with other words."""
    form = forms.bind(request_schemas.AgainForm)
    chips = [part for part in (one.strip() for one in form.chips.split(",")) if part]
    made = questions.ask_again(question_id, text=form.text, chips=chips)
    toast(_("Asked again."))
    return redirect_to(".show", question_id=made)


@pages.post("/c/<client>/questions/<uuid:question_id>/answer", needs="request.ask", again=show)
def answer(question_id: UUID) -> Response:
    """The provider's answer to what the client asked."""
    form = forms.bind(request_schemas.AnswerForm)
    questions.answer(question_id, text=form.text)
    toast(_("Answered."))
    return redirect_to(".show", question_id=question_id)


def _ticked() -> list[UUID]:
    ids = [subjects.as_uuid(one) for one in request.form.getlist("ids")]
    return [one for one in ids if one is not None]


@pages.post("/c/<client>/questions/remind", needs="request.ask")
def remind() -> Response:
    """Puts the ticked questions that still wait into the next mail."""
    done = questions_bulk.remind(_ticked())
    told = words.ngettext(
        "%(n)s question comes in the next mail.",
        "%(n)s questions come in the next mail.",
        len(done),
    )
    token = questions_bulk.offer_back(questions_bulk.UNDO_REMIND, done)
    toast(told, undo=url_for(".take_back", token=token) if done else None)
    return redirect_back(url_for(".index", view="waiting"))


@pages.post("/c/<client>/questions/withdraw", needs="request.ask")
def withdraw_many() -> Response:
    """Takes the ticked questions back that nobody answered."""
    done = questions_bulk.withdraw(_ticked())
    told = words.ngettext("%(n)s question withdrawn.", "%(n)s questions withdrawn.", len(done))
    token = questions_bulk.offer_back(questions_bulk.UNDO_WITHDRAW, done)
    toast(told, undo=url_for(".take_back", token=token) if done else None)
    return redirect_back(url_for(".index", view="waiting"))


@pages.post("/c/<client>/questions/undo/<uuid:token>", needs="request.ask")
def take_back(token: UUID) -> Response:
    """Takes the last act on a question back."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back(url_for(".index"))


def permalink(question_id: UUID) -> str | None:
    """The page of a question."""
    return url_for("questions.show", question_id=questions_queries.one(question_id).id)
