"""Notes from any screen: written where the thing is shown, and back there."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for

from app.documents import subjects
from app.kernel import undo
from app.kernel.words import _
from app.tasks import notes, request_schemas
from app.web import forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_back, toast

pages = Pages("notes", __name__, surface=Surface.CLIENT)
SAID = {
    "team": _("Noted."),
    "sent_back": _("Sent back. It stands on the desk until it is put right."),
    "client": _("Noted for the client."),
}


@pages.post("/c/<client>/notes", needs="request.ask")
def write() -> Response:
    """Writes a note at a record and goes back to where the record is shown."""
    form = forms.bind(request_schemas.NoteForm)
    source = subjects.demand(form.subject_type, [form.subject_key])
    made = notes.write(
        line=source.line,
        subject_type=form.subject_type,
        subject_key=form.subject_key,
        text=form.text,
        audience=form.audience,
        to_person=form.to_person,
    )
    del made
    toast(SAID[form.audience])
    return _back()


@pages.post("/c/<client>/notes/<uuid:note_id>/done", needs="request.ask")
def done(note_id: UUID) -> Response:
    """What was sent back is put right."""
    toast(_("Put right."), undo=url_for(".take_back", token=notes.done(note_id)))
    return _back()


@pages.post("/c/<client>/notes/<uuid:note_id>/remove", needs="request.ask")
def remove(note_id: UUID) -> Response:
    """Takes one's own note back."""
    toast(_("The note was removed."), undo=url_for(".take_back", token=notes.remove(note_id)))
    return _back()


@pages.post("/c/<client>/notes/undo/<uuid:token>", needs="request.ask")
def take_back(token: UUID) -> Response:
    """Takes the last act on a note back."""
    undo.take(token)
    toast(_("Taken back."))
    return _back()


def _back() -> Response:
    return redirect_back(url_for("questions.index"))
