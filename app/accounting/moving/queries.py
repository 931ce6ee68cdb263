"""What is asked of moving in: files, decisions on accounts, and how far a client has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting import queries
from app.accounting.moving.accounts import Remembered
from app.accounting.moving.plan import Books
from app.accounting.moving.values import Settings
from app.kernel import paging
from app.kernel.db import session
from app.kernel.errors import NotFound

_FILE = (
    "select id, name, kind, state, size, header, settings, report, error, job_id, uploaded_by,"
    " uploaded_at, imported_by, imported_at, version, stored_object_id, fingerprint"
    " from app.moving_file"
)


@dataclass(frozen=True, slots=True)
class MovingFile:
    """A file of another package with how it is read and what was found."""

    id: UUID
    name: str
    kind: str | None
    state: str
    size: int
    header: list[str]
    settings: Mapping[str, Any]
    report: Mapping[str, Any]
    error: Mapping[str, Any] | None
    job_id: UUID | None
    uploaded_by: UUID
    uploaded_at: datetime
    imported_by: UUID | None
    imported_at: datetime | None
    version: int
    stored_object_id: UUID
    fingerprint: str | None

    @property
    def read_as(self) -> Settings:
        """How it is read."""
        return Settings.from_json(self.settings)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the move has come: accounts, contacts, entries taken over, lines reconciled."""

    accounts: int
    contacts: int
    opening: bool
    items: int
    entries: int
    bank_accounts: int
    lines_booked: int


def file(file_id: UUID) -> MovingFile:
    """One file; raises NotFound."""
    row = session.execute(sa.text(f"{_FILE} where id = :id"), {"id": file_id}).mappings()
    found = row.one_or_none()
    if found is None:
        raise NotFound
    return MovingFile(**found)


def files(*, limit: int = 100) -> list[MovingFile]:
    """The client's files, the newest first."""
    rows = session.execute(
        sa.text(f"{_FILE} order by uploaded_at desc, id desc limit :limit"), {"limit": limit}
    ).mappings()
    return [MovingFile(**row) for row in rows]


def page(after: str | None, *, limit: int) -> paging.Page[MovingFile]:
    """The client's files, the newest first, a page at a time; raises Invalid `bad-cursor`."""
    at, last = paging.keys(after, paging.moment, UUID) or (None, None)
    rows = session.execute(
        sa.text(
            f"{_FILE} where cast(:at as timestamptz) is null or (uploaded_at, id) < (:at, :id)"
            " order by uploaded_at desc, id desc limit :limit"
        ),
        {"at": at, "id": last, "limit": limit + 1},
    ).mappings()
    found = [MovingFile(**row) for row in rows]
    return paging.page(found, limit=limit, key=lambda one: (one.uploaded_at, one.id))


def progress() -> Progress:
    """How far this client has come."""
    row = session.execute(
        sa.text(
            "select (select count(*) from ledger.account where archived_at is null) as accounts,"
            " (select count(*) from ledger.counterparty where archived_at is null) as contacts,"
            " exists (select from app.moving_file where kind = 'opening' and state = 'imported')"
            "   as opening,"
            " (select count(*) from ledger.open_item where residual <> 0) as items,"
            " (select count(*) from ledger.entry where source_type = 'moving_file'"
            "   and kind <> 'reversal') as entries,"
            " (select count(*) from app.bank_account) as bank_accounts,"
            " (select count(*) from app.bank_transaction where state = 'booked') as lines_booked"
        )
    ).mappings()
    return Progress(**row.one())


def remembered() -> dict[str, Remembered]:
    """What was decided of the other package's accounts."""
    rows = session.execute(sa.text("select source, account_id, type from app.moving_account"))
    return {row.source: Remembered(row.account_id, row.type) for row in rows}


def remembered_taxes() -> dict[str, str | None]:
    """What was decided of the other package's taxes; None: they carry no code here."""
    rows = session.execute(sa.text("select source, tax_code from app.moving_tax"))
    return {row.source: row.tax_code for row in rows}


def books() -> Books:
    """What of the client's books a plan needs."""
    return Books(
        queries.book(),
        queries.accounts(include_archived=True),
        {one.name.casefold() for one in queries.counterparties()},
        {one.id for one in queries.periods() if one.state == "closed"},
        remembered(),
        queries.tax_codes(),
        remembered_taxes(),
    )


def mapping_of(fingerprint: str) -> Mapping[str, Any] | None:
    """How a file of this shape was read before: by this client, else by most others."""
    row = session.execute(
        sa.text(
            "select settings from (select settings, 0 as place, 0::bigint as uses"
            " from app.moving_mapping where fingerprint = :print union all"
            " select settings, 1, -uses from app.moving_shape where fingerprint = :print) found"
            " order by place, uses limit 1"
        ),
        {"print": fingerprint},
    ).one_or_none()
    return None if row is None else dict(row.settings)
