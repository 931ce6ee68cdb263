"""Questions at the portal: one a page, answers to choose from, free text, a photo or a file.

Everything works without JavaScript: choose, send, and the next question is there.
"""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for

from app.documents import checks, subjects
from app.kernel import reads, scope, words
from app.kernel.registry import TodoItem
from app.kernel.words import _
from app.tasks import notes, questions, questions_queries, request_rows, request_schemas
from app.tasks.models import MOST_FILES
from app.tasks.request_rows import PORTAL_STATES
from app.web import context, forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_back, redirect_to, render, toast

portal = Pages("questions_portal", __name__, surface=Surface.PORTAL)
MOST_AT_ONCE = 60 * 1024 * 1024
SINGLE_TODOS = 3


def _me() -> UUID | None:
    return scope.current().person_id


def index() -> Response:
    """What we ask the client, and what the client asked us."""
    reads.leave(reads.Look("questions", "member"))
    waiting = questions_queries.waiting_for_client(_me())
    rest = questions_queries.questions(states=("answered", "done"), limit=30)
    asked = questions_queries.questions(states=("waiting",), direction="to_provider", limit=30)
    return render(
        "tasks/portal_questions.html",
        waiting=request_rows.rows(waiting),
        earlier=request_rows.rows([*asked, *rest]),
        states=PORTAL_STATES,
        form=forms.current(request_schemas.ProviderForm),
    )


portal.get("/portal/<client>/questions", needs="document.read", endpoint="index")(index)


@portal.get("/portal/<client>/questions/next", needs="document.read")
def following() -> Response:
    """The first question that waits; where a mail leads."""
    waiting = questions_queries.waiting_for_client(_me())
    return redirect_to(".show", question_id=waiting[0].id) if waiting else redirect_to(".index")


def show(question_id: UUID) -> Response:
    """One question with its form."""
    found = request_rows.row(question_id)
    reads.leave(reads.Look("question", found.question.line, question_id))
    waiting = [one.id for one in questions_queries.waiting_for_client(_me())]
    place = waiting.index(question_id) + 1 if question_id in waiting else 0
    return render(
        "tasks/portal_question.html",
        row=found,
        place=place,
        total=len(waiting),
        states=PORTAL_STATES,
        most=checks.MOST_BYTES,
        form=forms.current(request_schemas.AnswerForm),
    )


portal.get("/portal/<client>/questions/<uuid:question_id>", needs="document.read", endpoint="show")(
    show
)


@portal.post(
    "/portal/<client>/questions/<uuid:question_id>",
    needs="request.answer",
    again=show,
    max_bytes=MOST_AT_ONCE,
)
def answer(question_id: UUID) -> Response:
    """Keeps the answer and goes on to the next question."""
    form = forms.bind(request_schemas.AnswerForm)
    sent = [
        questions.File(one.name, one.data)
        for field in ("photo", "files")
        for one in forms.uploads(field, max_bytes=checks.MOST_BYTES, most=MOST_FILES)
    ]
    questions.answer(question_id, chip=form.chip, text=form.text, files=sent)
    waiting = questions_queries.waiting_for_client(_me())
    if not waiting:
        toast(_("Thank you. That was all."))
        return redirect_to(".index")
    left = words.ngettext("%(n)s more question.", "%(n)s more questions.", len(waiting))
    toast(_("Thank you. %(left)s", left=left))
    return redirect_to(".show", question_id=waiting[0].id)


@portal.post("/portal/<client>/questions", needs="request.answer", again=index)
def ask_provider() -> Response:
    """The client asks: about a figure or a line, or in general."""
    form = forms.bind(request_schemas.ProviderForm)
    if form.subject_type and form.subject_key:
        source = subjects.demand(form.subject_type, [form.subject_key])
        notes.write(
            line=source.line,
            subject_type=form.subject_type,
            subject_key=form.subject_key,
            text=form.text,
            audience="to_provider",
        )
    else:
        questions.ask_provider(line="accounting", text=form.text)
    toast(_("Sent. We answer here."))
    return redirect_back(url_for(".index"))


def todo() -> list[TodoItem]:
    """The portal's home: each question that waits, or one line for many of them."""
    place = context.place().client
    if place is None or not scope.current().rights.may("request.answer"):
        return []
    waiting = questions_queries.waiting_for_client(_me())
    if len(waiting) > SINGLE_TODOS:
        return [_many(len(waiting), place.slug)]
    return [
        TodoItem(
            title=one.question.text,
            detail=one.about or _("%(name)s asks", name=one.asked_by),
            url=url_for("questions_portal.show", client=place.slug, question_id=one.id),
            icon="circle-help",
            state="new",
            minutes=1,
        )
        for one in request_rows.rows(waiting)
    ]


def _many(count: int, slug: str) -> TodoItem:
    return TodoItem(
        title=words.ngettext("%(n)s question", "%(n)s questions", count),
        detail=_("One after the other; each takes a moment."),
        url=url_for("questions_portal.following", client=slug),
        icon="circle-help",
        state="new",
        minutes=count,
    )


def card() -> dict[str, object] | None:
    """The portal's card: ask us, send something."""
    return {} if scope.current().rights.may("request.answer") else None
