"""The worklist of papers to look at, as a client's page and as the desk's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import url_for

from app.documents.readings import lots, schemas
from app.documents.readings.models import WaitingPaper
from app.kernel import words
from app.kernel.words import _
from app.web import lists
from app.web.context import Pin


def _amount(row: WaitingPaper) -> str:
    if row.total is None:
        return ""
    return f"{schemas.written(row.total, row.currency)} {row.currency or ''}".strip()


def _doubtful(row: WaitingPaper) -> lists.Tag:
    told = words.ngettext("%(n)s to look at", "%(n)s to look at", row.doubtful)
    return lists.Tag(told, "warn" if row.doubtful else "good")


_COLUMNS = (
    lists.Column("seller", _("Supplier"), cell=lambda row: row.seller or row.name, main=True),
    lists.Column("number", _("Invoice number"), cell=lambda row: row.number or "", phone="l2"),
    lists.Column("total", _("Amount"), kind="number", cell=_amount, phone="r1"),
    lists.Column("doubtful", _("Fields"), cell=_doubtful, phone="r2"),
    lists.Column("added_at", _("Added"), kind="instant"),
)
_NONE = lists.Empty("circle-check", _("No document waits to be looked at."))


def of_client() -> lists.ListView:
    """The papers of one client."""
    return lists.ListView(
        id="papers-to-check",
        caption=_("Documents to look at"),
        columns=_COLUMNS,
        href=lambda row: url_for(
            "document_readings.show", document_id=row.document_id, **lots.named(row.no)
        ),
        empty=_NONE,
        key=lambda row: row.reading_id,
    )


def of_desk(clients: Mapping[UUID, Pin]) -> lists.ListView:
    """The papers of the reader's clients; those of a client that is out of reach lead nowhere."""

    def client(row: WaitingPaper) -> Any:
        pin = clients.get(row.tenant_id)
        return lists.Badge(pin.name, pin.initials, pin.colour) if pin else ""

    def href(row: WaitingPaper) -> str:
        pin = clients.get(row.tenant_id)
        if pin is None:
            return url_for("document_readings_desk.index")
        return url_for(
            "document_readings.show",
            client=pin.slug,
            document_id=row.document_id,
            desk="1",
            **lots.named(row.no),
        )

    return lists.ListView(
        id="papers-to-check-desk",
        caption=_("Documents to look at"),
        columns=(
            lists.Column("client", _("Client"), cell=client, phone="l2"),
            *(replace(one, phone="ax") if one.phone == "l2" else one for one in _COLUMNS),
        ),
        href=href,
        empty=_NONE,
        key=lambda row: row.reading_id,
    )
