"""Tasks over all my clients: my day, late, waiting; many changed at once with one way back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any
from uuid import UUID

from flask import Response, url_for

from app.kernel import db, words
from app.kernel.errors import Invalid, NotFound
from app.kernel.scope import Scope
from app.kernel.words import _
from app.tasks.work import bulk, listing, schemas
from app.tasks.work.bulk import Change, Done, Who
from app.web import context, forms, language
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import came_from, go, redirect_back, render, toast

MOST_NAMED = 1_000
"""So many letters of names one message holds: it waits for its page in a cookie of 4 kB."""
desk = Pages("work_desk", __name__, surface=Surface.DESK)


def who() -> Who:
    """The acting person, in one client and over all; raises NotFound for client people."""
    actor = context.actor()
    if actor.side != "staff":
        raise NotFound
    everywhere = Scope.worklist(
        person_id=actor.person_id,
        principal_id=actor.principal_id,
        request_id=context.request_id(),
    )
    return Who(
        inside=lambda tenant: language.scoped(context.scope_in(tenant)),
        worklist=language.scoped(everywhere),
        home=actor.home_tenant_id,
    )


@desk.get("/desk/tasks", needs=SIGNED_IN)
def of_my_clients() -> Response:
    """My day first; any view and filter over all my clients."""
    tenants = [pin.tenant_id for pin in context.place().clients]
    return render("tasks/work/desk.html", fragment="list", page=listing.page(listing.DESK, tenants))


@desk.post("/desk/tasks/done", needs=SIGNED_IN)
def finish() -> Response:
    """Says that the ticked tasks are done; what may not be done yet stays and is named."""
    return _told(bulk.change(forms.selected(), Change(state="done"), who()))


@desk.post("/desk/tasks/take", needs=SIGNED_IN)
def take_over() -> Response:
    """Gives the ticked tasks to whoever asks."""
    mine = Change(assignee_id=context.actor().person_id)
    return _told(bulk.change(forms.selected(), mine, who()))


@desk.post("/desk/tasks/change", needs=SIGNED_IN)
def change() -> Response:
    """The form that changes the ticked tasks."""
    chosen = forms.selected()
    with db.transaction(who().worklist):
        return render(
            "tasks/work/change.html",
            ids=chosen,
            people=listing.people(),
            action=url_for(".apply"),
            back=list_seen(url_for(".of_my_clients")),
            form=forms.Form(),
        )


@desk.post("/desk/tasks/apply", needs=SIGNED_IN)
def apply() -> Response:
    """Changes the ticked tasks, each client in a transaction of its own."""
    form = forms.bind(schemas.ChangeForm)
    wanted = form.change()
    if wanted.empty:
        raise Invalid("task-nothing-to-change")
    done = bulk.change(form.ids, wanted, who())
    tell(done, _undo(done.token))
    return list_again(url_for(".of_my_clients"), form.back)


@desk.post("/desk/tasks/undo/<uuid:token>", needs=SIGNED_IN)
def take_back(token: UUID) -> Response:
    """Takes the last change of many tasks back in every client."""
    refused = bulk.take_back(token, who())
    if refused:
        toast(_named(refused, _("%(client)s: not taken back. %(why)s")), tone="bad")
    else:
        toast(_("Taken back."))
    return redirect_back(url_for(".of_my_clients"))


def _named(refused: Sequence[tuple[UUID, str]], told: Any) -> str:
    """Every client that refused, by its reason; in one text, as only a few wait for a page."""
    known = {pin.tenant_id: pin.name for pin in context.place().clients}
    by_reason: dict[str, list[str]] = {}
    for tenant, code in refused:
        by_reason.setdefault(code, []).append(known.get(tenant) or words.gettext("A client"))
    return " ".join(_by_reason(told, code, names) for code, names in by_reason.items())


def _by_reason(told: Any, code: str, names: Sequence[str]) -> str:
    """The clients of one reason; what a page's message does not carry is counted."""
    lengths = accumulate(len(name) + 2 for name in names)
    shown = [name for name, length in zip(names, lengths, strict=True) if length <= MOST_NAMED]
    text = str(told) % {"client": ", ".join(shown), "why": words.error_text(code, {})}
    more = len(names) - len(shown)
    return f"{text} {words.ngettext('And %(n)s more.', 'And %(n)s more.', more)}" if more else text


def _undo(token: UUID | None) -> str | None:
    return url_for("work_desk.take_back", token=token) if token else None


def _told(done: Done) -> Response:
    tell(done, _undo(done.token))
    return redirect_back(url_for("work_desk.of_my_clients"))


def list_seen(home: str) -> str:
    """The list as it was seen, with its view and filters, where the form stood on it."""
    seen = came_from() or ""
    return seen if seen.startswith(f"{home}?") and len(seen) <= schemas.MOST_BACK else home


def list_again(home: str, seen: str) -> Response:
    """Back to the list as it was seen; to its plain address for any other."""
    return go(seen if seen.startswith(f"{home}?") else home)


def tell(done: Done, back: str | None) -> None:
    """Says how many tasks were changed, which clients refused, and the first tasks that did."""
    if done.changed:
        told = words.ngettext("%(n)s task changed.", "%(n)s tasks changed.", done.changed)
        toast(told, undo=back)
    elif not done.refused and not done.clients:
        toast(_("Nothing was changed: it stands so already."))
    if done.refused:
        title, code = done.refused[0]
        told = f"{title}: {words.error_text(code, {})}"
        more = len(done.refused) - 1
        if more:
            told += " " + words.ngettext("And %(n)s more.", "And %(n)s more.", more)
        toast(told, tone="bad")
    if done.clients:
        toast(_named(done.clients, _("%(client)s: not changed. %(why)s")), tone="bad")
