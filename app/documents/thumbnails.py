"""The small picture of a paper in a list; where none was painted, a sign of the file's kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from flask import url_for
from markupsafe import Markup

from app.documents.models import DocumentHead
from app.web.render import icon

WIDTH, HEIGHT = 28, 36
_PICTURE = Markup(
    '<span class="thumb"><img src="{}" alt="" width="{}" height="{}" loading="lazy"'
    ' decoding="async"></span>'
)
_SIGN = Markup('<span class="thumb">{}</span>')
_SIGNS = {"message/rfc822": "mail"}


def of(head: DocumentHead, endpoint: str = "documents.thumbnail") -> Markup:
    """The picture of a paper of the open client, fetched when it is scrolled into sight."""
    address = url_for(endpoint, document_id=head.id) if head.has_thumbnail else None
    return drawn(address, head.media_type)


def by_id(
    groups: Iterable[Sequence[DocumentHead]], endpoint: str = "documents.thumbnail"
) -> dict[UUID, Markup]:
    """The pictures of papers that stand in several groups."""
    return {head.id: of(head, endpoint) for group in groups for head in group}


def drawn(address: str | None, media_type: str) -> Markup:
    """The picture at an address; a sign where there is none. Its text is the name beside it."""
    if address is not None:
        return _PICTURE.format(address, WIDTH, HEIGHT)
    return _SIGN.format(icon(_SIGNS.get(media_type, "file-text")))
