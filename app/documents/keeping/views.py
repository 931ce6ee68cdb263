"""Keeping on screen: what is due, holds, rules, disposals and their certificates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.documents.keeping import certificate, commands, queries, schemas, titles
from app.documents.keeping.models import Due
from app.documents.subjects import as_uuid
from app.kernel import paging, people, reads
from app.kernel.approvals import ApprovalView
from app.kernel.words import _, ngettext
from app.web import context, forms, lists
from app.web.pages import Pages, Surface
from app.web.render import download, redirect_to, render, toast

MOST_BESIDE = 50
pages = Pages("keeping", __name__, surface=Surface.CLIENT)
portal = Pages("keeping_portal", __name__, surface=Surface.PORTAL)
desk = Pages("keeping_desk", __name__, surface=Surface.PROVIDER)

DUE = lists.ListView(
    id="keeping-due",
    caption=_("Due for disposal"),
    columns=(
        lists.Column("name", _("Name"), main=True, phone="t1"),
        lists.Column("added_at", _("Added"), kind="instant", phone="ax"),
        lists.Column("kept_until", _("Kept until"), kind="day", phone="r1"),
        lists.Column("source", _("Rule"), wide=True, phone="l2"),
    ),
    href=lambda row: url_for("documents.show", document_id=row.id),
    actions=(
        lists.Action(
            "propose",
            _("Propose destruction"),
            "keeping.propose",
            icon="trash-2",
            permission="document.dispose",
        ),
    ),
    empty=lists.Empty(
        "circle-check",
        _("Nothing is due. A document appears here on the day after its time has run out."),
    ),
    limit=100,
)


def _page(asked: lists.Asked) -> paging.Page[Due]:
    cursor = paging.decode(asked.after, width=1)
    after = as_uuid(cursor[0]) if cursor else None
    rows = queries.due(after=after, limit=asked.limit + 1)
    return paging.page(rows, limit=asked.limit, key=lambda row: [row.id])


def _rule_form() -> dict[str, Any]:
    return {
        "titles": titles,
        "kinds": list(titles.KINDS.items()),
        "runs_from": [(key, text) for key, text in titles.RUNS_FROM.items() if key != "tax_year"],
        "bases": list(titles.BASES.items()),
        "rule_form": forms.current(
            schemas.RuleForm, values={"runs_from": "calendar_year", "basis": "choice"}
        ),
    }


def _about() -> dict[str, Any]:
    holds = queries.holds_page(request.args.get("holds"), limit=MOST_BESIDE)
    disposals = queries.disposals_page(request.args.get("disposals"), limit=MOST_BESIDE)
    wanted = [one.placed_by for one in holds.rows] + [one.made_by for one in disposals.rows]
    wanted += [one.released_by for one in holds.rows if one.released_by]
    wanted += [one.done_by for one in disposals.rows if one.done_by]
    return {
        "holds": holds.rows,
        "more_holds": holds.next,
        "disposals": disposals.rows,
        "more_disposals": disposals.next,
        "own": [*queries.own_rules(), *queries.firm_rules()],
        "statutes": queries.statutes(),
        "names": people.names(wanted),
        "covers": [(key, text) for key, text in titles.COVERS.items() if key != "papers"],
        **_rule_form(),
        "hold_form": forms.current(schemas.HoldForm, values={"covers": "client"}),
    }


def index() -> Response:
    """What is due, what is held, by which rules papers are kept, what was destroyed."""
    reads.leave(reads.Look("documents", "member"))
    asked = DUE.read()
    return render(
        "documents/keeping.html",
        fragment="list",
        page=DUE.page(asked, _page(asked)),
        **_about(),
    )


pages.get("/c/<client>/documents/keeping", needs="document.read", endpoint="index")(index)


def own_index() -> Response:
    """The same for the client's people: rules, holds and certificates."""
    reads.leave(reads.Look("documents", "member"))
    return render("documents/portal_keeping.html", **_about())


portal.get("/portal/<client>/documents/keeping", needs="document.read", endpoint="index")(own_index)


def firm_index() -> Response:
    """What the provider keeps longer at all its clients."""
    return render("documents/desk_keeping.html", own=queries.own_rules(), **_rule_form())


desk.get("/desk/keeping", needs="document.keep", endpoint="index")(firm_index)


@pages.post("/c/<client>/documents/keeping/dispose", needs="document.dispose", again=index)
def propose() -> Response:
    """Lists the chosen papers and asks a second person."""
    form = forms.bind(schemas.PapersForm)
    made = commands.propose_disposal(form.ids)
    toast(
        ngettext(
            "%(n)s document is proposed; a second person decides.",
            "%(n)s documents are proposed; a second person decides.",
            len(set(form.ids)),
        )
    )
    return redirect_to(".disposal", disposal_id=made)


def _disposal(disposal_id: UUID, template: str) -> Response:
    found, items = queries.disposal(disposal_id), queries.items(disposal_id)
    reads.leave(reads.Look("disposal", "member", disposal_id))
    return render(
        template,
        disposal=found,
        items=items,
        locked=certificate.locked_in_all(items),
        titles=titles,
        names=people.names([one for one in (found.made_by, found.done_by) if one]),
    )


@pages.get("/c/<client>/documents/keeping/<uuid:disposal_id>", needs="document.read")
def disposal(disposal_id: UUID) -> Response:
    """One list for disposal, and what became of its papers."""
    return _disposal(disposal_id, "documents/disposal.html")


@portal.get("/portal/<client>/documents/keeping/<uuid:disposal_id>", needs="document.read")
def own_disposal(disposal_id: UUID) -> Response:
    """The same at the portal."""
    return _disposal(disposal_id, "documents/portal_disposal.html")


def list_to_decide(asked: ApprovalView) -> str | None:
    """The documents that somebody wants destroyed, in the pages of whoever decides."""
    address = {"client": "keeping.disposal", "portal": "keeping_portal.own_disposal"}
    surface = context.place().surface
    if surface not in address or asked.subject_type != "disposal" or asked.subject_id is None:
        return None
    return url_for(address[surface], disposal_id=asked.subject_id)


def holds(_asked: ApprovalView) -> str | None:
    """Where the holds of the client stand, with their reasons."""
    address = {"client": "keeping.index", "portal": "keeping_portal.index"}
    surface = context.place().surface
    return url_for(address[surface]) if surface in address else None


def certificate_pdf(disposal_id: UUID) -> Response:
    """The certificate to print."""
    made = certificate.as_pdf(disposal_id)
    reads.leave(reads.Look("disposal", "member", disposal_id, exported=True, rows=1))
    return download(made, name=f"certificate-{disposal_id}.pdf", media_type="application/pdf")


def certificate_json(disposal_id: UUID) -> Response:
    """The certificate for a program."""
    made = certificate.as_json(disposal_id)
    reads.leave(reads.Look("disposal", "member", disposal_id, exported=True, rows=1))
    return download(made, name=f"certificate-{disposal_id}.json", media_type="application/json")


def add_rule() -> Response:
    """Keeps papers longer."""
    form = forms.bind(schemas.RuleForm)
    commands.add_rule(**form.model_dump())
    toast(_("Kept longer from now on."))
    return redirect_to(".index")


def end_rule(kept_rule_id: UUID) -> Response:
    """Ends a rule of one's own side."""
    commands.end_rule(kept_rule_id)
    toast(_("The rule has ended. The law's time counts again."))
    return redirect_to(".index")


def place_hold() -> Response:
    """Forbids deleting from now on."""
    form = forms.bind(schemas.HoldForm)
    commands.place_hold(
        title=form.title,
        reason=form.reason,
        covers=form.covers,
        from_on=form.from_on,
        to_on=form.to_on,
        papers=form.papers,
    )
    toast(_("The hold stands. Nothing that it covers can be deleted."))
    return redirect_to(".index")


def ask_release(hold_id: UUID) -> Response:
    """Asks a second person."""
    commands.ask_release(hold_id)
    toast(_("Asked. The hold stands until a second person has approved."))
    return redirect_to(".index")


desk.post("/desk/keeping/rules", needs="document.keep", again=firm_index, endpoint="add_rule")(
    add_rule
)
desk.post(
    "/desk/keeping/rules/<uuid:kept_rule_id>/end", needs="document.keep", endpoint="end_rule"
)(end_rule)
for _surface, _place, _again in (
    (pages, "/c/<client>", index),
    (portal, "/portal/<client>", own_index),
):
    _base = f"{_place}/documents/keeping"
    _surface.get(
        f"{_base}/<uuid:disposal_id>/certificate.pdf",
        needs="document.read",
        endpoint="certificate_pdf",
    )(certificate_pdf)
    _surface.get(
        f"{_base}/<uuid:disposal_id>/certificate.json",
        needs="document.read",
        endpoint="certificate_json",
    )(certificate_json)
    _surface.post(f"{_base}/rules", needs="document.keep", again=_again, endpoint="add_rule")(
        add_rule
    )
    _surface.post(
        f"{_base}/rules/<uuid:kept_rule_id>/end", needs="document.keep", endpoint="end_rule"
    )(end_rule)
    _surface.post(f"{_base}/holds", needs="document.hold", again=_again, endpoint="place_hold")(
        place_hold
    )
    _surface.post(
        f"{_base}/holds/<uuid:hold_id>/release", needs="document.hold", endpoint="ask_release"
    )(ask_release)


def permalink(disposal_id: UUID) -> str | None:
    """The page of a disposal."""
    return url_for("keeping.disposal", disposal_id=queries.disposal(disposal_id).id)
