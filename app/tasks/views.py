"""Approval pages: for staff over all clients and in one, and for the client at the portal.

Everything works without JavaScript: a list, a page with the content, a form with two buttons.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from flask import Response, url_for
from pydantic import Field

from app.kernel import approvals, reads, undo
from app.kernel.registry import TodoItem
from app.kernel.words import _
from app.tasks import queries
from app.web import context, forms
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import redirect_to, render, toast

desk = Pages("tasks_desk", __name__, surface=Surface.DESK)
pages = Pages("tasks", __name__, surface=Surface.CLIENT)
portal = Pages("tasks_portal", __name__, surface=Surface.PORTAL)
SAID = {
    "approved": _("Approved."),
    "refused": _("Refused."),
    "pending": _("Your approval counts; another one is needed."),
}


class DecisionForm(forms.Schema):
    """The decision, on exactly the content whose hash the page carried."""

    decision: Literal["approve", "refuse"]
    content_sha: str = Field(min_length=64, max_length=64, pattern="^[0-9a-f]{64}$")
    reason: str | None = Field(None, max_length=2_000)
    for_person: UUID | None = None


@desk.get("/desk/approvals", needs=SIGNED_IN)
def approvals_of_my_clients() -> Response:
    """What waits for my decision in any client."""
    return render("tasks/desk.html", cards=queries.waiting())


@pages.get("/c/<client>/approvals", needs=SIGNED_IN)
def index() -> Response:
    """Approvals of one client: mine first, then the newest of all."""
    waiting, recent = queries.lists()
    return render("tasks/index.html", waiting=waiting, recent=recent)


def _sheet_page(template: str, approval_id: UUID) -> Response:
    found = queries.sheet(approval_id)
    reads.leave(reads.Look("approval", found.approval.line, approval_id))
    return render(template, sheet=found, form=forms.current(DecisionForm))


@pages.get("/c/<client>/approvals/<uuid:approval_id>", needs=SIGNED_IN)
def show(approval_id: UUID) -> Response:
    """One approval with what is decided on."""
    return _sheet_page("tasks/show.html", approval_id)


def _again(approval_id: UUID) -> Response:
    found = queries.sheet(approval_id)
    return render("tasks/show.html", sheet=found, form=forms.current(DecisionForm))


@pages.post("/c/<client>/approvals/<uuid:approval_id>", needs=SIGNED_IN, again=_again)
def decide(approval_id: UUID) -> Response:
    """The decision of staff."""
    _decide(approval_id)
    return redirect_to(".show", approval_id=approval_id)


@pages.post("/c/<client>/approvals/<uuid:approval_id>/withdraw", needs=SIGNED_IN)
def withdraw(approval_id: UUID) -> Response:
    """Takes one's own request back."""
    approvals.withdraw(approval_id)
    toast(_("Withdrawn."))
    return redirect_to(".index")


@portal.get("/portal/<client>/approvals", needs=SIGNED_IN)
def waiting() -> Response:
    """What waits for me at the portal, and what was decided."""
    mine, recent = queries.lists()
    return render("tasks/portal_index.html", waiting=mine, recent=recent)


@portal.get("/portal/<client>/approvals/<uuid:approval_id>", needs=SIGNED_IN)
def sheet(approval_id: UUID) -> Response:
    """One approval at the portal."""
    return _sheet_page("tasks/portal_show.html", approval_id)


def _portal_again(approval_id: UUID) -> Response:
    found = queries.sheet(approval_id)
    return render("tasks/portal_show.html", sheet=found, form=forms.current(DecisionForm))


@portal.post("/portal/<client>/approvals/<uuid:approval_id>", needs=SIGNED_IN, again=_portal_again)
def decide_at_portal(approval_id: UUID) -> Response:
    """The decision of a client's person."""
    _decide(approval_id)
    return redirect_to(".sheet", approval_id=approval_id)


def _decide(approval_id: UUID) -> None:
    form = forms.bind(DecisionForm)
    state = approvals.decide(
        approval_id,
        form.decision,
        content_sha=form.content_sha,
        reason=form.reason or "",
        for_person=form.for_person,
    )
    at_desk = context.place().surface == Surface.CLIENT
    if not at_desk or (state == "approved" and not approvals.one(approval_id).marks):
        toast(SAID[state])
        return
    token = undo.offer(approvals.UNDO, {"approval": str(approval_id)})
    toast(SAID[state], undo=url_for("saved.client_take_back", token=token))


@pages.post("/c/<client>/approvals/<uuid:approval_id>/back", needs=SIGNED_IN, again=_again)
def take_back(approval_id: UUID) -> Response:
    """Takes one's own decision back, while nothing was carried out."""
    approvals.take_back(approval_id)
    toast(_("Taken back. The approval waits again."))
    return redirect_to(".show", approval_id=approval_id)


@portal.post(
    "/portal/<client>/approvals/<uuid:approval_id>/back", needs=SIGNED_IN, again=_portal_again
)
def take_back_at_portal(approval_id: UUID) -> Response:
    """The same for a client's person."""
    approvals.take_back(approval_id)
    toast(_("Taken back. The approval waits again."))
    return redirect_to(".sheet", approval_id=approval_id)


def todo() -> list[TodoItem]:
    """The portal's home: one line for each approval that waits."""
    return [
        TodoItem(
            title=card.approval.title,
            detail=_("%(name)s asks for your approval", name=card.asked_by),
            url=url_for("tasks_portal.sheet", client=card.slug, approval_id=card.approval.id),
            icon="check",
        )
        for card in queries.waiting()
        if card.slug and card.approval.kind != "access.grant"
    ]
