"""Share links on screen: made and ended at the paper, opened on a page of their own."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import chain
from uuid import UUID, uuid4

from flask import Response, request, url_for

from app.documents import queries, schemas, shares
from app.documents.models import INLINE
from app.documents.shares import SharedContent
from app.documents.views import pages, show
from app.kernel.words import _
from app.web import context, forms
from app.web.pages import Pages, Surface
from app.web.render import download, redirect_to, render, toast

public = Pages("shared", __name__, surface=Surface.PUBLIC)
MOST_SHOWN = 8 * 1024 * 1024


@pages.post("/c/<client>/documents/<uuid:document_id>/shares", needs="document.share", again=show)
def share(document_id: UUID) -> Response:
    """Makes a link; its address stands on the page that follows, this once."""
    form = forms.bind(schemas.ShareForm)
    made, secret = shares.share(
        document_id, days=form.days, most_views=form.most_views, label=form.label
    )
    return render(
        "documents/share_made.html",
        document=queries.head(document_id),
        ends=next(one.expires_at for one in shares.of(document_id) if one.id == made),
        address=url_for("shared.landing", token_text=secret, _external=True),
    )


@pages.post("/c/<client>/documents/<uuid:document_id>/shares/end", needs="document.share")
def end_share(document_id: UUID) -> Response:
    """Ends a link at once."""
    form = forms.bind(schemas.EndShareForm)
    shares.end(form.share_id)
    toast(_("The link has ended."))
    return redirect_to(".show", document_id=document_id)


def _agent() -> str:
    text = request.headers.get("User-Agent", "")[:200]
    return "".join(sign for sign in text if sign.isprintable())


@public.get("/shared/<token_text>", public=True)
def landing(token_text: str) -> Response:
    """What was shared, by name: mail scanners and previews of chats open this, and take nothing."""
    with shares.held_by(token_text, request_id=context.request_id(), read_only=True):
        paper = shares.shared_paper()
    return render("documents/shared.html", paper=paper, token_text=token_text, shown=None)


@public.post("/shared/<token_text>/open", public=True)
def open_paper(token_text: str) -> Response:
    """Shows the paper and counts a view; what is not shown is offered as a file."""
    visit = uuid4()
    with shares.held_by(token_text, request_id=context.request_id(), read_only=False):
        found = shares.opened("shown", visit=visit, agent=_agent())
        pictures = _pictures(found)
    return render(
        "documents/shared.html",
        paper=found,
        token_text=token_text,
        shown=pictures,
        visit=visit,
    )


@public.post("/shared/<token_text>/file", public=True)
def shared_file(token_text: str) -> Response:
    """Hands the paper out as a file; right after a look it is the same view."""
    form = forms.bind(schemas.VisitForm)
    visit = form.visit or uuid4()
    with shares.held_by(token_text, request_id=context.request_id(), read_only=False):
        found = shares.opened("downloaded", visit=visit, agent=_agent())
        pieces = shares.content(found.sha256)
        first = next(pieces, b"")
    return download(chain([first], pieces), name=found.name, media_type=found.media_type)


def _pictures(found: SharedContent) -> Sequence[str]:
    """The pictures of the paper as they stand in the page itself, within a bound."""
    if found.media_type in INLINE:
        hashes, kind = [found.sha256], found.media_type
    else:
        hashes, kind = list(found.pictures), found.picture_type or ""
    made, left = [], MOST_SHOWN
    for sha in hashes:
        data = b"".join(shares.content(sha))
        left -= len(data)
        if left < 0:
            break
        made.append(f"data:{kind};base64,{base64.b64encode(data).decode()}")
    return made
