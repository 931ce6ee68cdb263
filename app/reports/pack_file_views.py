"""A published pack as a file: the PDF that a job typeset, how far that is, and the workbook."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from flask import Response, url_for

from app.kernel import storage, words
from app.kernel.words import _
from app.reports import asking, file_views, orders, pack_files, pack_queries, prose, sheet
from app.reports.pack_queries import PublishedPackWhole
from app.reports.portal_views import portal
from app.reports.views import WithdrawForm, pages
from app.web import context, forms
from app.web.pages import SIGNED_IN
from app.web.render import download, go, render, toast

BLUEPRINTS = (pages, portal)
STAFF = "/c/<client>/reports/published-packs/<uuid:publication_id>"
PORTAL = "/portal/<client>/packs/<uuid:publication_id>"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a pack, its file and the file's page are, for this side."""

    pack: str
    file: str
    page: str


def _addresses(publication_id: UUID, *, at_portal: bool) -> Addresses:
    names = (
        ("portal_reports.pack", "portal_reports.portal_pack_pdf", "portal_reports.portal_pack_file")
        if at_portal
        else ("reports.published_pack", "reports.staff_pack_pdf", "reports.staff_pack_file")
    )
    return Addresses(*(url_for(name, publication_id=publication_id) for name in names))


def _exported(publication_id: UUID, *, at_portal: bool) -> PublishedPackWhole:
    """The pack whose file is taken now: a right of its own, and logged with its rows."""
    found = _wanted(publication_id, at_portal=at_portal)
    rows = sum(len(one.report.rows) for one in found.reports)
    asking.looked("published_pack", publication_id, found.head.line, exported=rows)
    return found


def _wanted(publication_id: UUID, *, at_portal: bool) -> PublishedPackWhole:
    found = pack_queries.published_pack(publication_id, at_portal=at_portal)
    asking.demand(found.head.line, "export")
    return found


def _pdf(publication_id: UUID, *, at_portal: bool) -> Response:
    """The stored file; where it is not there yet, the page that says how far it is."""
    _wanted(publication_id, at_portal=at_portal)
    if pack_files.kept(publication_id) is None:
        return go(_addresses(publication_id, at_portal=at_portal).page)
    _exported(publication_id, at_portal=at_portal)
    head = pack_files.head(publication_id)
    return download(storage.open(head.id), name=head.name, media_type=head.media_type)


def _page(publication_id: UUID, *, at_portal: bool) -> Response:
    found = _wanted(publication_id, at_portal=at_portal)
    return render(
        "reports/pack_file.html",
        fragment="progress",
        pack=found,
        file=pack_files.state(publication_id),
        address=_addresses(publication_id, at_portal=at_portal),
        at_portal=at_portal,
    )


def _order(publication_id: UUID, *, at_portal: bool) -> Response:
    forms.bind(WithdrawForm)
    found = _wanted(publication_id, at_portal=at_portal)
    if pack_files.kept(publication_id) is None:
        pack_files.order(publication_id, line=found.head.line)
        toast(_("The file is being made."))
    return go(_addresses(publication_id, at_portal=at_portal).page)


@pages.get(f"{STAFF}.pdf", needs=SIGNED_IN)
def staff_pack_pdf(publication_id: UUID) -> Response:
    """A published pack as PDF, for staff."""
    return _pdf(publication_id, at_portal=False)


@pages.get(f"{STAFF}/pdf", needs=SIGNED_IN)
def staff_pack_file(publication_id: UUID) -> Response:
    """How far the file of a pack is, and the file when it is there."""
    return _page(publication_id, at_portal=False)


@pages.post(f"{STAFF}/pdf", needs=SIGNED_IN)
def staff_order_pack_file(publication_id: UUID) -> Response:
    """Asks for the file where it is missing."""
    return _order(publication_id, at_portal=False)


@portal.get(f"{PORTAL}.pdf", needs=SIGNED_IN)
def portal_pack_pdf(publication_id: UUID) -> Response:
    """A published pack as PDF."""
    return _pdf(publication_id, at_portal=True)


@portal.get(f"{PORTAL}/pdf", needs=SIGNED_IN)
def portal_pack_file(publication_id: UUID) -> Response:
    """How far the file of a pack is, and the file when it is there."""
    return _page(publication_id, at_portal=True)


@portal.post(f"{PORTAL}/pdf", needs=SIGNED_IN)
def portal_order_pack_file(publication_id: UUID) -> Response:
    """Asks for the file where it is missing."""
    return _order(publication_id, at_portal=True)


@pages.get(f"{STAFF}.xlsx", needs=SIGNED_IN)
def staff_pack_xlsx(publication_id: UUID) -> Response:
    """A published pack as workbook, for staff."""
    return _xlsx(_exported(publication_id, at_portal=False))


@portal.get(f"{PORTAL}.xlsx", needs=SIGNED_IN)
def portal_pack_xlsx(publication_id: UUID) -> Response:
    """A published pack as workbook."""
    return _xlsx(_exported(publication_id, at_portal=True))


def _xlsx(found: PublishedPackWhole) -> Response:
    """The pack as one workbook, a sheet a report, marked with who takes it."""
    client, head = context.client(), found.head
    with words.speaking(client.locale, time_zone=client.time_zone):
        published = words.gettext(
            "Published %(when)s by %(who)s",
            when=words.format_instant(head.published_at),
            who=head.publisher,
        )
        texts = [head.title, published, prose.plain(head.narrative)]
        texts += [f"{one.head.title}: {prose.plain(one.head.note)}"
                  for one in found.reports if one.head.note]  # fmt: skip
        reports = [one.report for one in found.reports]
        mark = replace(file_views.mark(), books_at=head.published_at)
        content = sheet.workbook(reports, mark, texts=texts)
    name = f"{client.slug}-{head.title}-{head.last_on.isoformat()}.xlsx"
    return download(content, name=name, media_type=orders.MEDIA_TYPES["xlsx"])
