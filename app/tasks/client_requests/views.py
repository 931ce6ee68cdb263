"""Lists for staff: over all clients and in one; writing, sending, accepting, sending back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.documents import queries as papers
from app.documents import thumbnails
from app.kernel import people, reads, undo, words
from app.kernel.words import _
from app.tasks.client_requests import commands, lines, links, queries, secrets
from app.tasks.client_requests.forms import AddForm, ListForm, SendBackForm, lines_of
from app.tasks.client_requests.models import RequestItem, RequestList, Wanted
from app.web import forms, lists
from app.web.lists import Tag
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import redirect_back, redirect_to, render, toast
from tenants import queries as clients

desk = Pages("client_requests_desk", __name__, surface=Surface.DESK)
pages = Pages("client_requests", __name__, surface=Surface.CLIENT)
DESK_ROWS = 100
STATES = {
    "draft": Tag(_("Draft"), ""),
    "open": Tag(_("Waiting on client"), "warn"),
    "done": Tag(_("Done"), "good"),
    "withdrawn": Tag(_("Withdrawn"), ""),
}
ITEM_STATES = {
    "waiting": Tag(_("Waiting on client"), "warn"),
    "given": Tag(_("To look at"), "acc"),
    "accepted": Tag(_("Accepted"), "good"),
    "sent_back": Tag(_("Sent back"), "bad"),
}
KINDS = {
    "file": _("A photo or a file"),
    "answer": _("An answer"),
    "confirmation": _("A confirmation"),
}
VIEWS = {
    "open": ("open",),
    "draft": ("draft",),
    "done": ("done", "withdrawn"),
    "all": ("draft", "open", "done", "withdrawn"),
}
LIST = lists.ListView(
    id="client-requests",
    caption=_("Lists"),
    columns=(
        lists.Column("title", _("List"), main=True, phone="t1"),
        lists.Column("due_on", _("Due"), kind="day", phone="l2"),
        lists.Column("left", _("Missing"), kind="number"),
        lists.Column("given", _("To look at"), kind="number", phone="r1"),
        lists.Column("accepted", _("Accepted"), kind="number"),
        lists.Column("state", _("State"), cell=lambda row: STATES[row.state], phone="r2"),
    ),
    href=lambda row: url_for("client_requests.show", list_id=row.id),
    views=(
        lists.View("open", _("Open"), {"states": "open"}),
        lists.View("draft", _("Drafts"), {"states": "draft"}),
        lists.View("done", _("Done"), {"states": "done"}),
        lists.View("all", _("All")),
    ),
    empty=lists.Empty(
        "list-checks", _("No lists here. Write one when you need papers or answers.")
    ),
)


@desk.get("/desk/requests", needs=SIGNED_IN)
def of_my_clients() -> Response:
    """Lists on which something was given or which are late, over all my clients."""
    page = queries.for_staff(after=request.args.get("after"), limit=DESK_ROWS)
    places = {one.tenant_id: one for one in clients.my_clients(limit=1000)}
    return render(
        "client_requests/desk.html", found=page.rows, places=places, after=page.next, states=STATES
    )


@pages.get("/c/<client>/requests", needs="document.read")
def index() -> Response:
    """The lists of one client, the open ones first."""
    reads.leave(reads.Look("request_lists", "member"))
    asked = LIST.read()
    found = queries.lists(states=VIEWS[asked.view], after=asked.after, limit=asked.limit)
    drawn = LIST.page(asked, found.rows, after=found.next)
    return render("client_requests/index.html", fragment="list", page=drawn)


def new() -> Response:
    """The form of a new list."""
    return render(
        "client_requests/write.html",
        found=None,
        lines=lines.choices(),
        form=forms.current(ListForm),
    )


pages.get("/c/<client>/requests/new", needs="request.ask", endpoint="new")(new)


@pages.post("/c/<client>/requests/new", needs="request.ask", again=new)
def write() -> Response:
    """Keeps a new list as a draft, or sends it at once."""
    form = forms.bind(ListForm)
    made = commands.write(
        line=lines.chosen(form.line),
        title=form.title,
        wanted=form.wanted(),
        message=form.message,
        due_on=form.due_on,
    )
    if form.send:
        commands.send(made, version=1)
        toast(_("Sent. The client sees it at the portal and in the day's mail."))
    else:
        toast(_("Kept as a draft."))
    return redirect_to(".show", list_id=made)


def edit(list_id: UUID) -> Response:
    """The form of a draft."""
    found = queries.one(list_id)
    items = queries.items(list_id)
    values = {
        "title": found.title,
        "message": found.message,
        "due_on": found.due_on,
        "version": found.version,
        "files": lines_of(items, "file"),
        "answers": lines_of(items, "answer"),
        "confirmations": lines_of(items, "confirmation"),
    }
    form = forms.current(ListForm, values=values)
    return render("client_requests/write.html", found=found, lines=[], form=form)


pages.get("/c/<client>/requests/<uuid:list_id>/edit", needs="request.ask", endpoint="edit")(edit)


@pages.post("/c/<client>/requests/<uuid:list_id>/edit", needs="request.ask", again=edit)
def rewrite(list_id: UUID) -> Response:
    """Keeps a draft anew, or sends it."""
    form = forms.bind(ListForm)
    commands.rewrite(
        list_id,
        version=form.version or 0,
        title=form.title,
        wanted=form.wanted(),
        message=form.message,
        due_on=form.due_on,
    )
    if form.send:
        commands.send(list_id, version=queries.one(list_id).version)
    toast(
        _("Sent. The client sees it at the portal and in the day's mail.")
        if form.send
        else _("Kept as a draft.")
    )
    return redirect_to(".show", list_id=list_id)


def show(list_id: UUID) -> Response:
    """One list: what came, and what is missing."""
    found = queries.one(list_id)
    reads.leave(reads.Look("request_list", found.line, list_id))
    return render("client_requests/show.html", **_shown(found))


def _shown(found: RequestList) -> dict[str, Any]:
    items = queries.items(found.id)
    acts = queries.acts(found.id)
    many = [act for one in acts.values() for act in one]
    came = papers.linked(commands.SUBJECT, [one.id for one in items])
    return {
        "found": found,
        "items": items,
        "acts": acts,
        "names": people.names({found.made_by, *(a.by_person for a in many if a.by_person)}),
        "uploads": queries.uploads([a.upload_id for a in many if a.upload_id]),
        "papers": came,
        "thumbs": thumbnails.by_id(came.values()),
        "link": _link(found),
        "states": STATES,
        "kinds": KINDS,
        "add_form": forms.current(AddForm),
        "back_form": forms.current(SendBackForm),
    }


def _link(found: RequestList) -> str | None:
    """The whole address that opens the list, to be copied into a chat."""
    if found.state != "open":
        return None
    for one in queries.links(found.id):
        if one.item_id is None:
            return secrets.address(one.id)
    return None


pages.get("/c/<client>/requests/<uuid:list_id>", needs="document.read", endpoint="show")(show)


@pages.post("/c/<client>/requests/<uuid:list_id>/send", needs="request.ask")
def send(list_id: UUID) -> Response:
    """Sends a draft."""
    commands.send(list_id, version=queries.one(list_id).version)
    toast(_("Sent. The client sees it at the portal and in the day's mail."))
    return redirect_to(".show", list_id=list_id)


@pages.post("/c/<client>/requests/<uuid:list_id>/link", needs="request.ask")
def make_link(list_id: UUID) -> Response:
    """Makes the link anew where the last one ran out."""
    links.to_copy(queries.one(list_id))
    toast(_("The link is good for 30 days."))
    return redirect_to(".show", list_id=list_id)


@pages.post("/c/<client>/requests/<uuid:list_id>/remind", needs="request.ask")
def remind(list_id: UUID) -> Response:
    """Puts the list into the next mail once more."""
    commands.remind(list_id)
    toast(_("It comes in the next mail."))
    return redirect_to(".show", list_id=list_id)


@pages.post("/c/<client>/requests/<uuid:list_id>/withdraw", needs="request.ask")
def withdraw(list_id: UUID) -> Response:
    """Takes a list back."""
    token = commands.withdraw(list_id)
    toast(_("Withdrawn."), undo=url_for(".take_back", token=token))
    return redirect_to(".index")


@pages.post("/c/<client>/requests/<uuid:list_id>/items", needs="request.ask", again=show)
def add(list_id: UUID) -> Response:
    """Asks for one thing more."""
    form = forms.bind(AddForm)
    commands.add(list_id, Wanted(form.kind, form.title, form.hint))
    toast(_("Added. The client sees it at once."))
    return redirect_to(".show", list_id=list_id)


@pages.post("/c/<client>/requests/<uuid:list_id>/accept", needs="request.ask")
def accept_all(list_id: UUID) -> Response:
    """Accepts everything that was given."""
    given = [one.id for one in queries.items(list_id) if one.state == "given"]
    if given:
        token = commands.accept(given)
        told = words.ngettext("%(n)s thing accepted.", "%(n)s things accepted.", len(given))
        toast(told, undo=url_for(".take_back", token=token))
    return redirect_to(".show", list_id=list_id)


def _item_again(item_id: UUID) -> Response:
    return show(queries.item(item_id).list_id)


@pages.post("/c/<client>/requests/items/<uuid:item_id>/accept", needs="request.ask")
def accept(item_id: UUID) -> Response:
    """Accepts one thing."""
    token = commands.accept([item_id])
    toast(_("Accepted."), undo=url_for(".take_back", token=token))
    return redirect_to(".show", list_id=_item(item_id).list_id)


@pages.post(
    "/c/<client>/requests/items/<uuid:item_id>/send-back", needs="request.ask", again=_item_again
)
def send_back(item_id: UUID) -> Response:
    """Sends one thing back with a reason."""
    form = forms.bind(SendBackForm)
    commands.send_back(item_id, reason=form.reason)
    toast(_("Sent back. The client reads your reason."))
    return redirect_to(".show", list_id=_item(item_id).list_id)


@pages.post("/c/<client>/requests/items/<uuid:item_id>/drop", needs="request.ask")
def drop(item_id: UUID) -> Response:
    """Takes one thing off the list."""
    found = _item(item_id)
    token = commands.drop(item_id)
    toast(_("Taken off the list."), undo=url_for(".take_back", token=token))
    return redirect_to(".show", list_id=found.list_id)


def _item(item_id: UUID) -> RequestItem:
    return queries.item(item_id)


@pages.post("/c/<client>/requests/undo/<uuid:token>", needs="request.ask")
def take_back(token: UUID) -> Response:
    """Takes the last act on a list back."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back(url_for(".index"))


def permalink(list_id: UUID) -> str | None:
    """The page of a list."""
    return url_for("client_requests.show", list_id=queries.one(list_id).id)
