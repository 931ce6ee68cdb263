"""Papers on screen, for staff and at the portal: list, one with its preview, upload, links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from uuid import UUID

from flask import Response, request, url_for

from app.documents import (
    checks,
    commands,
    held,
    intake,
    mail_in,
    queries,
    schemas,
    shares,
    subjects,
    thumbnails,
    uploads,
)
from app.documents.intake import Taken
from app.documents.keeping import queries as keeping_queries
from app.documents.keeping import schemas as keeping_schemas
from app.documents.listing import LIST, class_choices, kind_of, line_choices, listed, month_of
from app.documents.models import DocumentHead
from app.documents.titles import CLASS_READERS, CLASS_TITLES, SHARE_ACTS, SOURCE_TITLES, TYPE_TITLES
from app.kernel import people, reads, undo, words
from app.kernel.errors import Forbidden, Invalid
from app.kernel.registry import PaletteHit, Subject
from app.kernel.words import _
from app.web import forms
from app.web.pages import Pages, Surface
from app.web.render import download as as_file
from app.web.render import redirect_back, redirect_to, render, toast

pages = Pages("documents", __name__, surface=Surface.CLIENT)
portal = Pages("documents_portal", __name__, surface=Surface.PORTAL)
MOST_FILES = 10
MOST_AT_ONCE = 60 * 1024 * 1024


def index() -> Response:
    """The papers of a client, the newest first."""
    reads.leave(reads.Look("documents", "member"))
    asked = LIST.read()
    return render(
        "documents/index.html",
        fragment="list",
        page=LIST.page(asked, listed(asked)),
        form=forms.current(schemas.UploadForm),
        classes=class_choices(),
        lines=line_choices(),
        waiting=uploads.unfinished(),
        held=held.count(),
        address=mail_in.address(),
    )


pages.get("/c/<client>/documents", needs="document.read", endpoint="index")(index)


def uploaded(source: str) -> list[Taken]:
    """What became of each file of the form; refused ones that are not held are a refusal of all."""
    form = forms.bind(schemas.UploadForm)
    line = form.line or next((name for name, _title in line_choices()), None)
    if line is None:
        raise Invalid.of("line", "not-a-choice")
    sent = forms.uploads("files", max_bytes=checks.MOST_BYTES, most=MOST_FILES)
    if not sent:
        raise Invalid.of("files", "file-missing")
    if not queries.sees(form.document_class):
        raise Forbidden("document-class-not-yours")
    return [
        intake.take(
            one.data, name=one.name, line=line, document_class=form.document_class, source=source
        )
        for one in sent
    ]


def say_held(taken: Sequence[Taken]) -> None:
    """Says of each file that was kept in quarantine why."""
    for one in taken:
        if one.held_id is not None:
            reason = words.error_text(one.code, {})
            toast(_("Kept in quarantine: %(reason)s", reason=reason), tone="warn")


@pages.post("/c/<client>/documents", needs="document.add", again=index, max_bytes=MOST_AT_ONCE)
def upload() -> Response:
    """Adds papers."""
    taken = uploaded("staff")
    made = [one.document_id for one in taken if one.document_id is not None]
    if made:
        toast(words.ngettext("%(n)s document added.", "%(n)s documents added.", len(made)))
    say_held(taken)
    if len(taken) == len(made) == 1:
        return redirect_to(".show", document_id=made[0])
    return redirect_to(".index")


def looked(head: DocumentHead, *, handed_out: bool = False) -> None:
    reads.leave(
        reads.Look("document", head.line, head.id, exported=handed_out, rows=int(handed_out))
    )


def show(document_id: UUID) -> Response:
    """One paper: preview, facts, what it belongs to."""
    head = queries.head(document_id)
    looked(head)
    pairs = [(one.subject_type, str(one.subject_id)) for one in queries.links(document_id)]
    told = subjects.describe(pairs)
    values = {"document_class": head.document_class}
    repeats = queries.again(document_id)
    return render(
        "documents/show.html",
        document=head,
        kind=kind_of(head),
        pages=queries.preview_pages(document_id),
        versions=queries.versions(document_id),
        keeping=keeping_queries.keeping(document_id),
        hold_form=forms.current(keeping_schemas.HoldForm),
        links=[(pair, told[pair]) for pair in pairs if pair in told],
        added_by=people.name(head.added_by),
        source=SOURCE_TITLES.get(head.source, head.source),
        classes=class_choices(),
        class_titles=CLASS_READERS,
        form=forms.current(schemas.ClassForm, values=values),
        again=repeats,
        names=people.names([one.added_by for one in repeats]),
        same=queries.same_content(document_id),
        shares=shares.of(document_id),
        share_views=shares.views(document_id, limit=20),
        share_acts=SHARE_ACTS,
        replace_form=forms.current(schemas.ReplaceForm),
        share_form=forms.current(schemas.ShareForm, values={"days": 7}),
        type_title=TYPE_TITLES.get(head.type, head.type),
        month=month_of(head),
    )


pages.get("/c/<client>/documents/<uuid:document_id>", needs="document.read", endpoint="show")(show)


def _streamed(document_id: UUID) -> tuple[DocumentHead, Iterable[bytes]]:
    """Head and bytes; the first piece is fetched now, so that a fault is still an answer."""
    head = queries.head(document_id)
    pieces = queries.content(document_id)
    return head, chain([next(pieces, b"")], pieces)


def file(document_id: UUID) -> Response:
    """The bytes for the preview: sandboxed, and only what a browser shows by itself."""
    head, pieces = _streamed(document_id)
    looked(head, handed_out=not head.is_inline)
    if not head.is_inline:
        return as_file(pieces, name=head.name, media_type=head.media_type)
    response = Response(pieces, mimetype=head.media_type)
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Length"] = str(head.size)
    return response


def page(document_id: UUID, page: int) -> Response:
    """The picture of a page, for the preview of what a browser does not draw in a sandbox."""
    head = queries.head(document_id)
    media_type, pieces = queries.preview(document_id, page)
    looked(head)
    return Response(chain([next(pieces, b"")], pieces), mimetype=media_type)


def thumbnail(document_id: UUID) -> Response:
    """The small picture in a list: whoever draws the list has left the look already."""
    media_type, pieces = queries.thumbnail(document_id)
    return Response(chain([next(pieces, b"")], pieces), mimetype=media_type)


def download(document_id: UUID) -> Response:
    """The bytes as a file to save."""
    head, pieces = _streamed(document_id)
    looked(head, handed_out=True)
    response = as_file(pieces, name=head.name, media_type=head.media_type)
    response.headers["Content-Length"] = str(head.size)
    return response


for _surface, _place in ((pages, "/c/<client>"), (portal, "/portal/<client>")):
    _address = f"{_place}/documents/<uuid:document_id>"
    _surface.get(f"{_address}/file", needs="document.read", endpoint="file", frame=True)(file)
    _surface.get(
        f"{_address}/pages/<int:page>", needs="document.read", endpoint="page", frame=True
    )(page)
    _surface.get(f"{_address}/thumbnail", needs="document.read", endpoint="thumbnail", frame=True)(
        thumbnail
    )
    _surface.get(f"{_address}/download", needs="document.read", endpoint="download")(download)


@pages.post("/c/<client>/documents/<uuid:document_id>/class", needs="document.add", again=show)
def set_class(document_id: UUID) -> Response:
    """Moves a paper into another class."""
    form = forms.bind(schemas.ClassForm)
    commands.set_class(document_id, document_class=form.document_class)
    toast(_("Who may see it now: %(readers)s.", readers=CLASS_READERS[form.document_class]))
    return redirect_to(".show", document_id=document_id)


@pages.post("/c/<client>/documents/<uuid:document_id>/remove", needs="document.add")
def remove(document_id: UUID) -> Response:
    """Takes a paper out of the lists; it can be brought back."""
    token = commands.remove(document_id)
    toast(_("The document was removed."), undo=url_for(".take_back", token=token))
    return redirect_to(".index")


@pages.post("/c/<client>/documents/attach", needs="document.add", max_bytes=MOST_AT_ONCE)
def attach() -> Response:
    """Files for one record, from whatever screen shows it; goes back there."""
    form = forms.bind(schemas.AttachForm)
    found = subjects.demand(form.subject_type, [str(form.subject_id)])
    sent = forms.uploads("files", max_bytes=checks.MOST_BYTES, most=MOST_FILES)
    if not sent:
        raise Invalid.of("files", "file-missing")
    for one in sent:
        made = commands.add(one.data, name=one.name, line=found.line, source="staff")
        commands.link(made, subject_type=form.subject_type, subject_id=form.subject_id)
    toast(words.ngettext("%(n)s document added.", "%(n)s documents added.", len(sent)))
    return redirect_back(url_for(".index"))


@pages.post("/c/<client>/documents/<uuid:document_id>/unlink", needs="document.add")
def unlink(document_id: UUID) -> Response:
    """Takes a paper off a record; the paper stays."""
    form = forms.bind(schemas.AttachForm)
    token = commands.unlink(document_id, subject_type=form.subject_type, subject_id=form.subject_id)
    toast(_("Taken off. The document itself stays."), undo=url_for(".take_back", token=token))
    return redirect_back(url_for(".show", document_id=document_id))


@pages.post("/c/<client>/documents/undo/<uuid:token>", needs="document.add")
def take_back(token: UUID) -> Response:
    """Takes the last act on a paper back."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_back(url_for(".index"))


def own_papers() -> Response:
    """The portal's list, and the form to send something."""
    reads.leave(reads.Look("documents", "member"))
    found = queries.documents(
        before=subjects.as_uuid(request.args.get("before", "")), limit=_PORTAL_ROWS + 1
    )
    more = found[_PORTAL_ROWS - 1].id if len(found) > _PORTAL_ROWS else None
    return render(
        "documents/portal_index.html",
        documents=[
            (one, kind_of(one), thumbnails.of(one, "documents_portal.thumbnail"))
            for one in found[:_PORTAL_ROWS]
        ],
        more=more,
        form=forms.current(schemas.UploadForm),
        classes=class_choices(),
        class_titles=CLASS_TITLES,
        lines=line_choices(),
        waiting=uploads.unfinished(),
        held=held.held(limit=20),
    )


_PORTAL_ROWS = 50
portal.get("/portal/<client>/documents", needs="document.read", endpoint="own_papers")(own_papers)


@portal.post(
    "/portal/<client>/documents",
    needs="document.add",
    again=own_papers,
    max_bytes=MOST_AT_ONCE,
)
def send() -> Response:
    """The client's people send papers."""
    taken = uploaded("portal")
    made = [one for one in taken if one.document_id is not None]
    if made:
        toast(words.ngettext("%(n)s document sent.", "%(n)s documents sent.", len(made)))
    say_held(taken)
    return redirect_to(".own_papers")


@portal.get("/portal/<client>/documents/<uuid:document_id>", needs="document.read")
def paper(document_id: UUID) -> Response:
    """One paper at the portal."""
    head = queries.head(document_id)
    looked(head)
    pairs = [(one.subject_type, str(one.subject_id)) for one in queries.links(document_id)]
    told = subjects.describe(pairs)
    return render(
        "documents/portal_show.html",
        document=head,
        kind=kind_of(head),
        pages=queries.preview_pages(document_id),
        links=[told[pair] for pair in pairs if pair in told],
        added_by=people.name(head.added_by),
        class_titles=CLASS_TITLES,
    )


def permalink(document_id: UUID) -> str | None:
    """The page of a paper."""
    return url_for("documents.show", document_id=queries.head(document_id).id)


def find(text: str, limit: int) -> list[PaletteHit]:
    """Papers by a part of their name, for the palette."""
    return [
        PaletteHit(
            one.name,
            f"{kind_of(one)} · {words.format_instant(one.added_at)}",
            url_for("documents.show", document_id=one.id),
            "file-text",
        )
        for one in queries.documents(search=text, limit=limit)
    ]


def as_subjects(keys: Sequence[str]) -> dict[str, Subject]:
    """Papers as what other papers belong to: a mail and its attachments."""
    wanted = [one for one in map(subjects.as_uuid, keys) if one is not None]
    return {
        str(one.id): Subject(
            str(one.id),
            one.name,
            words.format_instant(one.added_at),
            url_for("documents.show", document_id=one.id),
            url_for("documents_portal.paper", document_id=one.id),
        )
        for one in queries.heads(wanted)
    }
