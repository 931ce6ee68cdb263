"""The table of published reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Model


class PublishedReport(Model):
    """A report as the client reads it; written by the doors only, never changed."""

    __tablename__ = "published_report"
    __table_args__ = ({"schema": "app"},)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[str]
    key: Mapped[str]
    title: Mapped[str]
    first_on: Mapped[date]
    last_on: Mapped[date]
    currency: Mapped[str]
    books_version: Mapped[int]
    content: Mapped[dict[str, Any]]
    content_sha: Mapped[bytes]
    note: Mapped[str]
    published_by: Mapped[UUID]
    published_at: Mapped[datetime]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
