"""Where entries come from: their bank line, also one they were matched with, and their document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.dialects.postgresql import ARRAY

from app.documents import queries as documents
from app.kernel.db import session

# The line an entry was booked from, else the first that it explains, alone or with others.
_LINES = sa.text(
    "select e.id, coalesce(case e.source_type when 'bank_transaction' then e.source_id end,"
    " (select t.id from app.bank_transaction t where t.tenant_id = e.tenant_id"
    "  and t.entry_id = e.id order by t.id limit 1),"
    " (select m.line_id from app.bank_line_entry m where m.tenant_id = e.tenant_id"
    "  and m.entry_id = e.id order by m.line_id limit 1)) as line,"
    " case when split_part(e.source_type, '/', 1) = 'document' then e.source_id end as document"
    " from ledger.entry e where e.tenant_id = (select guard.tenant_id()) and e.id = any(:ids)"
).bindparams(sa.bindparam("ids", type_=ARRAY(sa.Uuid())))


@dataclass(frozen=True, slots=True)
class Origin:
    """The addresses of an entry's bank line and of its document, where there are any."""

    line_address: str | None = None
    document_address: str | None = None


NOWHERE = Origin()


def of(entry_ids: Sequence[UUID]) -> dict[UUID, Origin]:
    """The origins of entries, in three statements; a document of the entry goes before its line's.

    Only documents that the reader may see.
    """
    if not entry_ids:
        return {}
    rows = session.execute(_LINES, {"ids": list(set(entry_ids))}).all()
    of_entry = documents.linked("entry", [row.id for row in rows])
    of_line = documents.linked("bank_transaction", [row.line for row in rows if row.line])
    found = {}
    for row in rows:
        heads = of_entry.get(row.id) or of_line.get(row.line) or ()
        paper = heads[0].id if heads else None
        shown = url_for("documents.show", document_id=paper) if paper else None
        if shown is None and row.document:
            shown = url_for("document_readings.show", document_id=row.document)
        line = url_for("accounting_bank.line", line_id=row.line) if row.line else None
        found[row.id] = Origin(line, shown)
    return found
