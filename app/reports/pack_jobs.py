"""Typesets a published pack in a program with bounds, and keeps what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from app.kernel import scope, storage, words, workroom
from app.kernel.errors import NotFound
from app.kernel.jobs import Progress, job
from app.reports import orders, pack_files, pack_queries, pdf, pdf_parts
from app.reports.marking import Mark
from app.reports.pack_queries import PublishedPackWhole
from tenants import queries as tenants

STEPS = 3


@dataclass(frozen=True, slots=True)
class Paper:
    """What is typeset, for which client, in its language."""

    found: PublishedPackWhole
    mark: Mark
    locale: str
    name: str


@job(pack_files.JOB, queue="bulk", lease=60, retries=3, steps=True)
def make(args: dict[str, Any], progress: Progress) -> None:
    """The pack as PDF, from what is stored: whenever it is made, the same bytes.

    What was withdrawn meanwhile is made as well: staff may still take it.
    """
    publication = UUID(args["publication"])
    with progress.step(done=1, total=STEPS, stage="Reading what was published"):
        if pack_files.kept(publication) is not None:
            return  # an earlier attempt kept it and died before it said so
        paper = _paper(publication)
    with workroom.folder("pack") as folder:
        progress.at(1, STEPS, stage="Typesetting")
        with words.speaking(paper.locale, time_zone=paper.mark.time_zone):
            path = pdf_parts.typeset_whole(_data(paper), paper.mark, folder=folder)
        with progress.step(done=STEPS, total=STEPS, stage="Done"):
            _keep(paper, path)


def _paper(publication: UUID) -> Paper:
    found = pack_queries.published_pack(publication)
    tenant = scope.current().tenant_id
    if tenant is None:
        raise NotFound
    client, face = tenants.firm(tenant), tenants.provider_face()
    mark = Mark(
        client=client.name,
        provider=face.name if face else "",
        accent=face.accent if face else "",
        person=found.head.publisher,
        at=found.head.published_at,
        time_zone=client.time_zone,
    )
    name = f"{client.slug}-{found.head.title}-{found.head.last_on.isoformat()}.pdf"
    return Paper(found, mark, client.locale, name)


def _data(paper: Paper) -> dict[str, Any]:
    """Cover, contents, words and reports as the template takes them."""
    head = paper.found.head
    published = words.gettext(
        "Published %(when)s by %(who)s",
        when=words.format_instant(head.published_at),
        who=head.publisher,
    )
    state = words.gettext(
        "State of the books of %(when)s", when=words.format_instant(head.published_at)
    )
    days = f"{words.format_date(head.first_on)} – {words.format_date(head.last_on)}"
    return pdf.whole_data(
        [pdf.Chapter(one.report, one.head.note) for one in paper.found.reports],
        paper.mark,
        title=head.title,
        foot=f"{paper.mark.client} · {head.title}",
        cover=pdf.Cover(days, (published, state, head.content_sha.hex()[:16])),
        narrative=head.narrative,
    )


def _keep(paper: Paper, path: Path) -> None:
    line = paper.found.head.line
    with path.open("rb") as file:
        stored = storage.put(
            file,
            kind=pack_files.KIND,
            name=paper.name,
            media_type=orders.MEDIA_TYPES["pdf"],
            line=line,
        )
    pack_files.keep(paper.found.head.id, stored, line=line)
