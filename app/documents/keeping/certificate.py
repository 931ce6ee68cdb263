"""The certificate of a disposal: what was destroyed, by which rule, agreed to by whom, when.

It is made from rows that nobody can change, so that it reads the same years later. Copies in
backups go when those backups are deleted, and what a lock of the bucket holds when that ends; the
certificate says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import typst

from app.documents.keeping import queries
from app.documents.keeping.models import DisposalItem
from app.documents.keeping.titles import SETTLED
from app.kernel import people, words
from app.kernel.db import session
from app.kernel.errors import Conflict
from app.kernel.words import gettext

FORMAT = "backoffice-disposal-certificate/1"


def document(disposal_id: UUID) -> dict[str, Any]:
    """The certificate as data; raises NotFound, Conflict while the disposal is not done.

    It names the papers of classes that the reader sees and counts the others.
    """
    found = queries.disposal(disposal_id)
    if found.done_at is None:
        raise Conflict("disposal-not-done")
    items = queries.items(disposal_id)
    known = people.names([one for one in (found.made_by, found.done_by) if one])
    client = session.execute(
        sa.text("select legal_name, country from app.client where tenant_id = guard.tenant_id()")
    ).one()
    body: dict[str, Any] = {
        "format": FORMAT,
        "disposal": str(found.id),
        "client": {"name": client.legal_name, "country": client.country},
        "proposed": {
            "by": known.get(found.made_by, ""),
            "at": found.made_at.isoformat(),
        },
        "approved": {"by": known.get(found.done_by, "") if found.done_by else ""},
        "done_at": found.done_at.isoformat(),
        "backups_until": found.backups_until.isoformat() if found.backups_until else None,
        "list_sha256": found.content_sha,
        "not_shown": found.papers - len(items),
        "papers": [
            {
                "document": str(one.document_id),
                "name": one.name,
                "class": one.document_class,
                "contents": list(one.contents),
                "added_at": one.added_at.isoformat(),
                "counts_from": one.counts_from.isoformat(),
                "kept_until": one.kept_until.isoformat(),
                "rule": one.source,
                "outcome": one.state,
                "at": one.settled_at.isoformat() if one.settled_at else None,
                "locked_versions": one.locked,
                "locked_until": one.locked_until.isoformat() if one.locked_until else None,
            }
            for one in items
        ],
    }
    return {**body, "sha256": _sha(body)}


def as_json(disposal_id: UUID) -> bytes:
    """The certificate as JSON; `sha256` is of the text without it, keys sorted, no blanks."""
    return json.dumps(document(disposal_id), ensure_ascii=False, indent=1).encode()


def _sha(body: dict[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def as_pdf(disposal_id: UUID) -> bytes:
    """The certificate as PDF, in the language that is spoken now."""
    found = document(disposal_id)
    disposal, items = queries.disposal(disposal_id), queries.items(disposal_id)
    data = {
        "title": gettext("Certificate of destruction"),
        "client": found["client"]["name"],
        "facts": [
            [gettext("Proposed by"), found["proposed"]["by"]],
            [gettext("Approved by"), found["approved"]["by"]],
            [gettext("Carried out"), words.format_instant(disposal.done_at)],
            [gettext("List"), found["list_sha256"]],
            [gettext("Certificate"), found["sha256"]],
        ],
        "head": [gettext("Document"), gettext("Rule"), gettext("Kept until"), gettext("Outcome")],
        "rows": [_row(one) for one in items],
        "note": gettext(
            "The sealed contents were deleted from the store. Copies in backups are deleted with"
            " the backups, at the latest on %(day)s.",
            day=words.format_date(disposal.backups_until),
        ),
        "locked": locked_in_all(items),
    }
    return typst.compile(
        _TEMPLATE.encode(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
        timestamp=int(disposal.done_at.timestamp()) if disposal.done_at else 0,
    )


def locked_in_all(items: Sequence[DisposalItem]) -> str:
    """What a lock of the bucket still holds of these papers, in words; "" for nothing."""
    count = sum(one.locked for one in items)
    ends = [one.locked_until for one in items if one.locked]
    days = [end.date() for end in ends if end is not None]
    if len(days) < len(ends):
        return words.ngettext(
            "Not deleted yet: %(n)s sealed file, which is locked in the bucket and goes when its"
            " lock ends.",
            "Not deleted yet: %(n)s sealed files, which are locked in the bucket and go when their"
            " locks end.",
            count,
        )
    if not days:
        return ""
    return words.ngettext(
        "Not deleted yet: %(n)s sealed file, which is locked in the bucket until %(day)s and goes"
        " then.",
        "Not deleted yet: %(n)s sealed files, which are locked in the bucket, the last until"
        " %(day)s, and go then.",
        count,
        day=words.format_date(max(days)),
    )


def _row(one: DisposalItem) -> list[str]:
    hashes = "\n".join(str(content["sha256"]) for content in one.contents)
    outcome = str(SETTLED[one.state][0])
    return [one.name, hashes, one.source, words.format_date(one.kept_until), outcome]


_TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set page(paper: "a4", margin: 20mm, numbering: "1 / 1")
#set text(size: 9pt)
#set par(justify: false)
#text(size: 17pt, weight: "bold", data.title)

#text(size: 12pt, data.client)
#v(4mm)
#grid(columns: (34mm, 1fr), row-gutter: 2.4mm,
  ..data.facts.map(one => (text(fill: luma(90), one.at(0)), one.at(1))).flatten())
#v(4mm)
#table(columns: (1fr, 42mm, 24mm, 26mm), stroke: none, inset: (x: 0mm, y: 1.6mm),
  table.hline(stroke: 0.6pt),
  table.header(..data.head.map(one => strong(one))),
  table.hline(stroke: 0.4pt),
  ..data.rows.map(one => (
    [#one.at(0) #linebreak() #text(size: 6.4pt, fill: luma(90), raw(one.at(1)))],
    one.at(2), one.at(3), one.at(4))).flatten(),
  table.hline(stroke: 0.6pt))
#v(3mm)
#data.note #data.locked
"""
