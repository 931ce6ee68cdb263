"""The list of papers: its columns, filters and the words of their cells."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import url_for
from markupsafe import Markup, escape

from app.documents import checks, organise, queries, thumbnails
from app.documents.models import DocumentHead
from app.documents.titles import CLASS_READERS, CLASS_TITLES, TYPE_TITLES
from app.kernel import paging, registry, scope, words
from app.kernel.registry import ServiceLine
from app.kernel.words import _
from app.web import lists


def kind_of(head: DocumentHead) -> str:
    if head.media_type == "application/octet-stream":
        return head.name.rpartition(".")[2][:8].upper()
    return checks.EXTENSIONS[head.media_type][0].lstrip(".").upper()


def _class_tag(head: DocumentHead) -> Any:
    if head.document_class == "normal":
        return ""
    return lists.Tag(CLASS_TITLES[head.document_class], "warn")


def _name_of(head: DocumentHead) -> Markup:
    return thumbnails.of(head) + escape(head.name)


def _type_of(head: DocumentHead) -> Any:
    return TYPE_TITLES[head.type] if head.type else ""


def type_choices() -> list[tuple[str, Any]]:
    return [(one, TYPE_TITLES[one]) for one in organise.TYPES]


def month_of(head: DocumentHead) -> Any:
    return words.format_month(head.period) if head.period else ""


def _tags_of(head: DocumentHead) -> Any:
    return ", ".join(head.tags)


def _asked_month(text: str | None) -> date | None:
    """The month of the filter; None for what is no month."""
    try:
        return date.fromisoformat(f"{text}-01") if text else None
    except ValueError:
        return None


def class_choices() -> list[tuple[str, Any]]:
    return [(one, CLASS_READERS[one]) for one in queries.my_classes()]


LIST = lists.ListView(
    id="documents",
    caption=_("Documents"),
    columns=(
        lists.Column("added_at", _("Added"), kind="instant", phone="l2"),
        lists.Column("name", _("Name"), cell=_name_of, main=True, phone="t1"),
        lists.Column("type", _("What it is"), cell=_type_of),
        lists.Column("period", _("Month"), cell=month_of),
        lists.Column("counterparty", _("Counterparty"), wide=True),
        lists.Column("tags", _("Tags"), cell=_tags_of),
        lists.Column("kind", _("Kind"), cell=kind_of),
        lists.Column("size", _("Size"), cell=lambda row: words.format_size(row.size), phone="r1"),
        lists.Column("class", _("Class"), cell=_class_tag, phone="r2"),
    ),
    href=lambda row: url_for("documents.show", document_id=row.id),
    filters=(
        lists.Filter("q", _("Name"), kind="search"),
        lists.Filter("type", _("What it is"), options=type_choices),
        lists.Filter("period", _("Month"), kind="month"),
        lists.Filter("party", _("Counterparty"), kind="search"),
        lists.Filter("tag", _("Tag"), kind="search"),
        lists.Filter("class", _("Class"), options=class_choices),
    ),
    actions=(
        lists.Action(
            "organise",
            _("Organise"),
            "documents.choose",
            key="O",
            icon="layers",
            permission="document.add",
        ),
    ),
    empty=lists.Empty("file-text", _("No documents yet. Add the first one above.")),
)


def line_choices() -> list[tuple[str, Any]]:
    """The service lines the reader reaches here."""
    reached = scope.current().rights.lines
    return [
        (one.name, one.title) for one in registry.current().all(ServiceLine) if one.name in reached
    ]


def listed(asked: lists.Asked) -> paging.Page[DocumentHead]:
    cursor = paging.keys(asked.after, UUID)
    rows = queries.documents(
        search=asked.filters.get("q"),
        document_class=asked.filters.get("class"),
        type=asked.filters.get("type"),
        period=_asked_month(asked.filters.get("period")),
        counterparty=asked.filters.get("party"),
        tag=asked.filters.get("tag"),
        before=cursor[0] if cursor else None,
        limit=asked.limit + 1,
    )
    return paging.page(rows, limit=asked.limit, key=lambda row: [row.id])
