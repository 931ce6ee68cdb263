"""The tables of packs and of published reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
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
    pack_id: Mapped[UUID | None]
    position: Mapped[int | None]


class ReportPack(Model):
    """A pack as it is being made: which reports, in which order, with which words."""

    __tablename__ = "report_pack"
    __table_args__ = ({"schema": "app"},)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[str]
    title: Mapped[str]
    narrative: Mapped[str]
    first_on: Mapped[date]
    last_on: Mapped[date]
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    version: Mapped[int]
    made_by: Mapped[UUID]
    made_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class PublishedPack(Model):
    """A pack as the client reads it; its reports point at it."""

    __tablename__ = "published_pack"
    __table_args__ = ({"schema": "app"},)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[str]
    pack_id: Mapped[UUID]
    title: Mapped[str]
    narrative: Mapped[str]
    first_on: Mapped[date]
    last_on: Mapped[date]
    books_version: Mapped[int]
    content_sha: Mapped[bytes]
    published_by: Mapped[UUID]
    published_at: Mapped[datetime]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
