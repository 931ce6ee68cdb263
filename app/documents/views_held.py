"""Quarantine on screen, and the page on which a phone's camera sends a receipt."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for

from app.documents import checks, held, schemas, uploads
from app.documents.held import Held
from app.documents.listing import line_choices
from app.documents.titles import SOURCE_TITLES
from app.documents.views import MOST_AT_ONCE, MOST_FILES, pages, portal
from app.kernel import paging, people, reads, words
from app.kernel.errors import Conflict, Invalid
from app.kernel.words import _
from app.web import forms, lists
from app.web.render import download, redirect_to, render, toast

__all__ = ["pages"]


def _reason(row: Held) -> Any:
    return words.error_text(row.reason, {})


LIST = lists.ListView(
    id="quarantine",
    caption=_("Quarantine"),
    columns=(
        lists.Column("added_at", _("Added"), kind="instant"),
        lists.Column("name", _("Name"), main=True, phone="t1"),
        lists.Column("reason", _("Why it is held"), cell=_reason, wide=True, phone="l2"),
        lists.Column("size", _("Size"), cell=lambda row: words.format_size(row.size), phone="r1"),
    ),
    href=lambda row: url_for("documents.held_file", held_id=row.id),
    empty=lists.Empty("shield-check", _("Nothing is held back.")),
)


@pages.get("/c/<client>/documents/quarantine", needs="document.read")
def quarantine() -> Response:
    """The files that failed a check, the newest first."""
    reads.leave(reads.Look("quarantine", "member"))
    asked = LIST.read()
    cursor = paging.keys(asked.after, UUID)
    rows = held.held(before=cursor[0] if cursor else None, limit=asked.limit + 1)
    found = paging.page(rows, limit=asked.limit, key=lambda row: [row.id])
    return render("documents/quarantine.html", fragment="list", page=LIST.page(asked, found))


@pages.get("/c/<client>/documents/quarantine/<uuid:held_id>", needs="document.read")
def held_file(held_id: UUID) -> Response:
    """One held file: why, from whom, and what may be done with it."""
    found = held.one(held_id)
    reads.leave(reads.Look("held_file", found.line, found.id))
    return render(
        "documents/held.html",
        held=found,
        reason=_reason(found),
        added_by=people.name(found.added_by),
        source=SOURCE_TITLES.get(found.source, found.source),
    )


@pages.get("/c/<client>/documents/quarantine/<uuid:held_id>/download", needs="document.release")
def held_download(held_id: UUID) -> Response:
    """The bytes of a held file, for whoever decides on it; never those of a virus."""
    found = held.one(held_id)
    if found.is_virus or found.state != "held":
        raise Conflict("held-virus" if found.is_virus else "held-decided")
    data = held.content(found)
    reads.leave(reads.Look("held_file", found.line, found.id, exported=True, rows=1))
    return download(
        data,
        name=found.name,
        media_type="application/octet-stream",
    )


@pages.post("/c/<client>/documents/quarantine/<uuid:held_id>/release", needs="document.release")
def release(held_id: UUID) -> Response:
    """A second look lets it in."""
    made = held.release(held_id)
    toast(_("The file was let in. It is a document now."))
    return redirect_to(".show", document_id=made)


@pages.post("/c/<client>/documents/quarantine/<uuid:held_id>/destroy", needs="document.release")
def destroy(held_id: UUID) -> Response:
    """It is destroyed, with a day to think again."""
    token = held.destroy(held_id)
    toast(
        _("The file will be destroyed in a day."),
        undo=url_for("documents.take_back", token=token),
    )
    return redirect_to(".quarantine")


def snap() -> Response:
    """The page with the camera: nobody has to have asked for anything."""
    reads.leave(reads.Look("documents", "member"))
    return render(
        "documents/snap.html", form=forms.current(schemas.SnapForm), sent=0, lines=line_choices()
    )


portal.get("/portal/<client>/snap", needs="document.add", endpoint="snap")(snap)


@portal.post("/portal/<client>/snap", needs="document.add", again=snap, max_bytes=MOST_AT_ONCE)
def snapped() -> Response:
    """Keeps the photos and says thank you; they are looked at afterwards."""
    forms.bind(schemas.SnapForm)
    line = next((name for name, _title in line_choices()), None)
    if line is None:
        raise Invalid.of("files", "not-a-choice")
    sent = forms.uploads("files", max_bytes=checks.MOST_BYTES, most=MOST_FILES)
    if not sent:
        raise Invalid.of("files", "file-missing")
    for one in sent:
        uploads.receive(one.data, name=one.name, line=line, source="camera")
    return render(
        "documents/snap.html",
        form=forms.Form(),
        sent=len(sent),
        lines=line_choices(),
    )
