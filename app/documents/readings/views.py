"""Read papers on screen: what waits, and one beside its page, walked by keyboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.documents import queries as papers
from app.documents.readings import (
    commands,
    doubts,
    learning,
    learnt,
    lists,
    lots,
    offers,
    queries,
    schemas,
    titles,
)
from app.documents.readings.models import ReadField, ReadingView
from app.documents.readings.queries import same_number
from app.kernel import clock, people, reads, undo, words
from app.kernel.errors import NotFound
from app.kernel.words import _
from app.web import client_rows, context, forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_back, redirect_to, render, toast

pages = Pages("document_readings", __name__, surface=Surface.CLIENT)
desk = Pages("document_readings_desk", __name__, surface=Surface.DESK)
BASE = "/c/<client>/documents/to-check"
ONE = "/c/<client>/documents/<uuid:document_id>/reading"
READ, CHECK = "document.read", "document.check"


@dataclass(frozen=True, slots=True)
class Shown:
    """One field as the page draws it: what is told of it, what is doubted, where it stands."""

    name: str
    title: Any
    kind: str
    is_doubtful: bool
    told: str
    percent: int | None
    warnings: tuple[Any, ...]
    page: int | None
    place: tuple[float, float, float, float] | None


@pages.get(BASE, needs=READ)
def index() -> Response:
    """The papers of a client that wait for a person's look."""
    reads.leave(reads.Look("documents", "member"))
    view = lists.of_client()
    asked = view.read()
    found = queries.waiting(after=asked.after, limit=asked.limit)
    return render("documents/readings.html", fragment="list", page=view.page(asked, found))


@desk.get("/desk/documents", needs=READ, endpoint="index")
def of_my_clients() -> Response:
    """The papers that wait, of every client in reach."""
    pins = {pin.tenant_id: pin for pin in client_rows.reached(context.actor().person_id)}
    view = lists.of_desk(pins)
    asked = view.read()
    found = queries.waiting(after=asked.after, limit=asked.limit)
    return render("documents/readings_desk.html", fragment="list", page=view.page(asked, found))


def show(document_id: UUID) -> Response:
    """A paper beside what was read off it."""
    head = papers.head(document_id)
    reads.leave(reads.Look("document", head.line, head.id))
    found = queries.current(document_id, lots.asked())
    if found is None and lots.asked() == 1:
        return render("documents/reading_none.html", document=head)
    if found is None:
        raise NotFound
    who = learning.supplier(found.values)
    standing = queries.standing(document_id)
    return render(
        "documents/reading.html",
        document=head,
        reading=found,
        state=titles.STATES[found.state],
        why=titles.CODES.get(found.code or "set-aside", "") if found.state in _UNREAD else "",
        fields=_fields(found),
        pages=range(1, papers.preview_pages(document_id) + 1),
        form=forms.current(schemas.ReadingForm, values=schemas.shown(found)),
        kinds=_kinds(found),
        lines=found.lines[:_MOST_LINES],
        faults=found.faults,
        decided_by=people.name(found.decided_by) if found.decided_by else "",
        learnt=learnt.of(who) if who else [],
        titles=titles.FIELDS,
        twin=same_number(found),
        offers=offers.of(found) if found.state in _OFFERED else [],
        left=queries.waiting_count(),
        written=schemas.written,
        which=lots.named(found.no),
        asks=any(one > 1 for one in standing.values()),
        kept=len(standing),
    )


_UNREAD = frozenset({"nothing", "refused"})
_OFFERED = frozenset({"to_check", "machine", "confirmed"})
_MOST_LINES = 100
pages.get(ONE, needs=READ, endpoint="show")(show)


def _kinds(found: ReadingView) -> list[tuple[str, Any]]:
    said = found.values.get("kind")
    known = list(titles.KINDS.items())
    return known if said is None or said.text in titles.KINDS else [*known, (said.text, said.text)]


def _fields(found: ReadingView) -> list[Shown]:
    wrong: dict[str, list[Any]] = {}
    for doubt in doubts.of(found.values, today=clock.today()):
        wrong.setdefault(doubt.field, []).append(_doubt(doubt, found.currency))
    return [
        _shown(name, title, found.fields.get(name), tuple(wrong.get(name, ())))
        for name, title in titles.FIELDS.items()
    ]


def _shown(name: str, title: Any, one: ReadField | None, warnings: tuple[Any, ...]) -> Shown:
    doubtful = one is not None and one.is_doubtful
    return Shown(
        name=name,
        title=title,
        kind="date" if name.endswith("_date") else "text",
        is_doubtful=doubtful or bool(warnings),
        told=_told(one) if one is not None else "",
        percent=round(one.confidence * 100) if one is not None and doubtful else None,
        warnings=warnings,
        page=one.page if one is not None else None,
        place=one.place if one is not None else None,
    )


def _told(one: ReadField) -> str:
    """Where a value comes from."""
    if one.method == "person":
        return f"{people.name(one.said_by)}, {words.format_day_month(one.said_at)}"
    if one.method == "template" and one.learnt_at and one.learnt_by:
        day, who = words.format_day_month(one.learnt_at), people.name(one.learnt_by)
        return words.gettext("as %(name)s corrected on %(day)s", name=who, day=day)
    return str(titles.METHODS[one.method])


def _doubt(doubt: doubts.Doubt, currency: str | None) -> Any:
    params = dict(doubt.params)
    if "difference" in params:
        params["difference"] = schemas.written(int(params["difference"]), currency)
    return words.error_text(doubt.code, params)


@pages.post(ONE, needs=CHECK, again=show)
def confirm(document_id: UUID) -> Response:
    """Keeps what stands in the form and says that the paper is right; the next one follows."""
    form = forms.bind(schemas.ReadingForm)
    found = _of(document_id)
    changed, token = commands.confirm(found.id, version=form.version, typed=schemas.typed(form))
    told = (
        words.ngettext(
            "Checked; %(n)s field corrected.", "Checked; %(n)s fields corrected.", len(changed)
        )
        if changed
        else _("Checked.")
    )
    toast(told, undo=url_for(".take_back", token=token))
    return _next(found)


@pages.post(f"{ONE}/keep", needs=CHECK, again=show)
def keep(document_id: UUID) -> Response:
    """Keeps corrections without saying that all of it is right."""
    form = forms.bind(schemas.ReadingForm)
    commands.correct(_of(document_id).id, version=form.version, typed=schemas.typed(form))
    toast(_("Kept. The document is still to be looked at."))
    return redirect_to(".show", document_id=document_id, **lots.named(lots.asked()))


@pages.post(f"{ONE}/aside", needs=CHECK, again=show)
def set_aside(document_id: UUID) -> Response:
    """Says that the paper is no invoice."""
    form = forms.bind(schemas.VersionForm)
    found = _of(document_id)
    token = commands.set_aside(found.id, version=form.version)
    toast(_("Put away as no invoice."), undo=url_for(".take_back", token=token))
    return _next(found)


@pages.post(f"{ONE}/open", needs=CHECK, again=show)
def open_again(document_id: UUID) -> Response:
    """Puts a decided paper among those to look at once more."""
    form = forms.bind(schemas.VersionForm)
    commands.open_again(_of(document_id).id, version=form.version)
    return redirect_to(".show", document_id=document_id, **lots.named(lots.asked()))


@pages.post(f"{ONE}/again", needs=CHECK)
def read_again(document_id: UUID) -> Response:
    """Has the paper read once more, with all that was learnt since."""
    head = papers.head(document_id)
    form = forms.bind(schemas.AgainForm)
    _job, token = commands.read_again(
        head.id, line=head.line, version=form.version, no=lots.asked()
    )
    back = url_for(".take_back", token=token) if token else None
    toast(_("The document is read again. This takes a moment."), undo=back)
    return redirect_to(".show", document_id=document_id, **lots.named(lots.asked()))


@pages.post(f"{ONE}/forget", needs=CHECK)
def forget(document_id: UUID) -> Response:
    """Forgets what corrections taught about this paper's supplier."""
    who = learning.supplier(_of(document_id).values)
    if who is None:
        raise NotFound
    token = learnt.forget(who)
    back = url_for(".take_back", token=token)
    toast(_("What was learnt of this supplier is forgotten."), undo=back)
    return redirect_to(".show", document_id=document_id, **lots.named(lots.asked()))


@pages.post(f"{BASE}/undo/<uuid:token>", needs=CHECK)
def take_back(token: UUID) -> Response:
    """Takes the last act on a reading back."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back(url_for(".index"))


def _of(document_id: UUID) -> ReadingView:
    found = queries.current(papers.head(document_id).id, lots.asked())
    if found is None:
        raise NotFound
    return found


def _next(found: ReadingView) -> Response:
    """The next paper that waits; back to the desk's or the client's list after the last."""
    following = queries.next_waiting(found.id)
    back = {"desk": "1"} if request.args.get("desk") == "1" else {}
    if following is not None:
        paper, no = following
        return redirect_to(".show", document_id=paper, **back, **lots.named(no))
    if back:
        return redirect_to("document_readings_desk.index")
    return redirect_to(".index")
