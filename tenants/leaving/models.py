"""An approved wish to erase a client, and the certificate that stays of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Request:
    """An approved wish to erase a client; `begun`: its rows are gone, the bucket may not be."""

    approval_id: UUID
    tenant_id: UUID
    slug: str
    name: str
    asked_by: UUID
    approved_by: UUID
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was erased. The name is told once and kept as its hash only.

    `finished_at` is None while only the rows are gone. `own_locked` are versions of the
    provider's own files about the client, such as statements, that a lock of the bucket still
    holds. `backups_until`: until then backups made
    before still hold the rows; papers in them are unreadable wherever the key was destroyed in
    every copy of the database.
    """

    client: str
    erased_tenant_id: UUID
    name_sha256: str
    slug_sha256: str
    approval_id: UUID
    asked_by: UUID
    approved_by: UUID
    erased_at: datetime
    rows_erased: int
    objects_erased: int
    objects_locked: int
    own_locked: int
    people_erased: int
    backups_until: datetime
    finished_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Ids and instants as text."""
        return {
            name: value if isinstance(value, int | str) else str(value)
            for name, value in asdict(self).items()
        }
