"""The search on screen: in one client, at the portal, and over all of a person's on both sides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request, url_for
from markupsafe import Markup

from app.documents import queries as documents
from app.documents import thumbnails
from app.documents.finding import queries
from app.documents.finding.queries import Asked, Found
from app.documents.titles import CLASS_READERS, CLASS_TITLES, TYPE_TITLES
from app.kernel import paging, reads, scope
from app.web.pages import Pages, Surface
from app.web.render import render
from tenants import queries as clients

pages = Pages("finding", __name__, surface=Surface.CLIENT)
portal = Pages("finding_portal", __name__, surface=Surface.PORTAL)
desk = Pages("finding_desk", __name__, surface=Surface.DESK)
ROWS = 25
MOST_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One found paper with its page, and whose it is where that is not plain."""

    found: Found
    href: str
    thumb: Markup
    client: Any = None


def _row(found: Found, place: str, client: Any = None) -> Row:
    """`place` are the pages it stands on: those of staff or of the portal."""
    slug = {"client": client.slug} if client is not None else {}

    def address(page: str) -> str:
        return url_for(f"{place}.{page}", document_id=found.id, **slug)

    picture = address("thumbnail") if found.has_thumbnail else None
    page = "show" if place == "documents" else "paper"
    return Row(found, address(page), thumbnails.drawn(picture, found.media_type), client)


def asked() -> Asked:
    """What the query string asks for; what cannot be read is left aside."""
    chosen = request.args.get("class") or None
    return Asked(
        typed=_text("q"),
        type=_type(request.args.get("type", "")),
        document_class=chosen if chosen in CLASS_READERS else None,
        first=_day("from"),
        last=_day("to"),
        counterparty=_text("party").strip() or None,
        tag=_text("tag").strip() or None,
    )


def _text(name: str) -> str:
    return request.args.get(name, "")[:MOST_LETTERS].replace("\0", "")


def _type(text: str) -> str | None:
    return text if re.fullmatch("[a-z_]{1,30}", text) else None


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _found(wanted: Asked) -> paging.Page[Found]:
    place = paging.keys(request.args.get("after"), UUID)
    # a box that is sent holds whole words or the beginning of the last: both are found
    rows = queries.find(wanted, before=place[0] if place else None, limit=ROWS + 1)
    return paging.page(rows, limit=ROWS, key=lambda one: [one.id])


def _next(after: str | None) -> str | None:
    if after is None:
        return None
    query = {key: value for key, value in request.args.items() if value and key != "after"}
    return f"{request.path}?{urlencode({**query, 'after': after})}"


def _page(
    template: str, rows: list[Row], wanted: Asked, after: str | None, **more: Any
) -> Response:
    return render(
        template,
        fragment="found",
        rows=rows,
        asked=wanted,
        args=request.args,
        more=_next(after),
        class_titles=CLASS_TITLES,
        types=[(key, text) for key, text in TYPE_TITLES.items() if key],
        **more,
    )


def _class_choices() -> list[tuple[str, Any]]:
    held = documents.my_classes()
    return [(one, CLASS_READERS[one]) for one in held] if len(held) > 1 else []


@pages.get("/c/<client>/documents/find", needs="document.read")
def find() -> Response:
    """The client's papers that hold all words, the newest first."""
    reads.leave(reads.Look("documents", "member"))
    wanted = asked()
    found = _found(wanted)
    rows = [_row(one, "documents") for one in found.rows]
    return _page("documents/find.html", rows, wanted, found.next, classes=_class_choices())


@portal.get("/portal/<client>/documents/find", needs="document.read")
def find_own() -> Response:
    """The same for the client's people."""
    reads.leave(reads.Look("documents", "member"))
    wanted = asked()
    found = _found(wanted)
    rows = [_row(one, "documents_portal") for one in found.rows]
    return _page("documents/portal_find.html", rows, wanted, found.next, classes=_class_choices())


@portal.get("/portal/documents/find", needs="document.read")
def find_in_all() -> Response:
    """The same over all firms of a person of the client side; each paper says whose it is."""
    return _over_all("documents/portal_find_all.html", "documents_portal")


def seek() -> dict[str, Any] | None:
    """The search box where a person chooses among their firms, of who may read papers there."""
    may = scope.current().rights.may("document.read")
    return {"action": url_for("finding_portal.find_in_all")} if may else None


@desk.get("/desk/documents/find", needs="document.read")
def find_everywhere() -> Response:
    """Papers of all my clients that hold all words."""
    return _over_all("documents/desk_find.html", "documents")


def _over_all(template: str, place: str) -> Response:
    """What a worklist finds; `place` are the pages a paper stands on."""
    wanted = replace(asked(), document_class=None)
    found = _found(wanted)
    known = {one.tenant_id: one for one in clients.my_clients(limit=1000)} if found.rows else {}
    seen = {one.tenant_id for one in found.rows}
    for one in sorted(seen):
        reads.leave(reads.Look("documents", "member", tenant_id=one))
    return _page(template, _rows_of(found, known, place), wanted, found.next, classes=[])


def _rows_of(found: paging.Page[Found], known: Mapping[UUID, Any], place: str) -> list[Row]:
    return [_row(one, place, known[one.tenant_id]) for one in found.rows if one.tenant_id in known]
