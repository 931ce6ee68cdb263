"""Organising and replacing papers on screen: many at once, new versions, the mail address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.documents import (
    checks,
    mail_in,
    organise,
    queries,
    schemas,
    versions,
)
from app.documents.listing import line_choices
from app.documents.models import DocumentHead
from app.documents.titles import TYPE_TITLES
from app.documents.views import MOST_AT_ONCE, looked, pages, portal, show
from app.kernel import words
from app.kernel.errors import Invalid, NotFound
from app.kernel.words import _
from app.web import forms
from app.web.render import download, redirect_to, render, toast

__all__ = ["pages"]


def _organising(heads: Sequence[DocumentHead], values: Mapping[str, Any]) -> Response:
    parties, tags = organise.known()
    return render(
        "documents/organise.html",
        documents=heads,
        form=forms.current(schemas.OrganiseForm, values=values),
        types=[(one, TYPE_TITLES[one]) for one in organise.TYPES],
        parties=parties,
        tags=tags,
    )


def _chosen() -> list[DocumentHead]:
    ids = forms.selected()
    found = queries.heads(ids)
    if len(found) != len(ids):
        raise NotFound
    return found


def choose() -> Response:
    """What is set on the ticked papers: the form, with what they have in common."""
    heads = _chosen()
    first = heads[0]
    same: dict[str, Any] = {}
    if len({one.type for one in heads}) == 1:
        same["type"] = first.type
    if len({one.period for one in heads}) == 1 and first.period:
        same["period"] = f"{first.period:%Y-%m}"
    if len({one.counterparty for one in heads}) == 1:
        same["counterparty"] = first.counterparty
    return _organising(heads, same)


pages.post("/c/<client>/documents/organise", needs="document.add", endpoint="choose")(choose)


def _again() -> Response:
    return _organising(_chosen(), {})


@pages.post("/c/<client>/documents/organise/set", needs="document.add", again=_again)
def organise_many() -> Response:
    """Sets it on all of them, with one way back."""
    form = forms.bind(schemas.OrganiseForm)
    heads = _chosen()
    change = organise.Change(
        type=form.type,
        period=form.period,
        counterparty=form.counterparty,
        add_tags=organise.tags_of(form.add_tags),
        remove_tags=organise.tags_of(form.remove_tags),
    )
    token = organise.organise([one.id for one in heads], change)
    toast(
        words.ngettext("%(n)s document organised.", "%(n)s documents organised.", len(heads)),
        undo=url_for("documents.take_back", token=token),
    )
    if len(heads) == 1:
        return redirect_to(".show", document_id=heads[0].id)
    return redirect_to(".index")


@pages.post(
    "/c/<client>/documents/<uuid:document_id>/versions",
    needs="document.add",
    again=show,
    max_bytes=MOST_AT_ONCE,
)
def replace(document_id: UUID) -> Response:
    """A new version of a paper."""
    forms.bind(schemas.ReplaceForm)
    sent = forms.upload("file", max_bytes=checks.MOST_BYTES)
    if sent is None:
        raise Invalid.of("file", "file-missing")
    token = versions.replace(document_id, sent.data, name=sent.name)
    if token is None:
        toast(_("This content is the newest version already."))
    else:
        toast(
            _("The document was replaced. What it was stays."),
            undo=url_for("documents.take_back", token=token),
        )
    return redirect_to(".show", document_id=document_id)


def version_file(document_id: UUID, no: int) -> Response:
    """One of the contents a paper had, as a file to save."""
    head = queries.head(document_id)
    if no >= 2**31:
        raise NotFound
    found = versions.version(document_id, no)
    pieces = versions.content(document_id, no)
    looked(head, handed_out=True)
    name = versions.file_name(head, found.media_type)
    return download(chain([next(pieces, b"")], pieces), name=name, media_type=found.media_type)


for _surface, _place in ((pages, "/c/<client>"), (portal, "/portal/<client>")):
    _surface.get(
        f"{_place}/documents/<uuid:document_id>/versions/<int:no>/download",
        needs="document.read",
        endpoint="version_file",
    )(version_file)


@pages.post("/c/<client>/documents/address", needs="link.make")
def renew_address() -> Response:
    """A new address for mailing papers in; the one before ends."""
    forms.bind(schemas.AddressForm)
    if request.form.get("end"):
        mail_in.end()
        toast(_("The address has ended. Mail to it is refused."))
        return redirect_to(".index")
    line = next((name for name, _title in line_choices()), None)
    if line is None:
        raise Invalid.of("line", "not-a-choice")
    made = mail_in.renew(line=line)
    toast(_("Papers mailed to %(address)s become documents here.", address=made))
    return redirect_to(".index")
