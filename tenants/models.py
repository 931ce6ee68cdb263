"""Tables of the client directory; what may be changed by whom is decided in the database."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Model, UtcTime

APP: Final = {"schema": "app"}


class ClientState(StrEnum):
    """The life of a client; suspended clients are read only, in the database."""

    CREATING = "creating"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSING = "closing"


class Client(Model):
    """A client firm, or the provider's own; slug, state, side and hue are the guard's to set."""

    __tablename__ = "client"
    __table_args__ = APP

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str]
    name: Mapped[str]
    legal_name: Mapped[str]
    country: Mapped[str]
    currency: Mapped[str]
    time_zone: Mapped[str]
    locale: Mapped[str]
    fiscal_year_start_month: Mapped[int]
    chart_template: Mapped[str]
    hue: Mapped[int] = mapped_column(server_default=FetchedValue())
    is_provider: Mapped[bool] = mapped_column(server_default=FetchedValue())
    state: Mapped[str] = mapped_column(server_default=FetchedValue())
    created_at: Mapped[datetime] = mapped_column(UtcTime, server_default=FetchedValue())


class ProviderSetting(Model):
    """What clients see of the provider; one row, in the provider's tenant."""

    __tablename__ = "provider_setting"
    __table_args__ = APP

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    logo_type: Mapped[str | None]
    logo: Mapped[bytes | None]
    accent: Mapped[str]
    sender_name: Mapped[str]
    sender_address: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(
        UtcTime, server_default=FetchedValue(), server_onupdate=FetchedValue()
    )


class ClientFigure(Model):
    """A figure of a client on the desk, kept by definer triggers of the lines."""

    __tablename__ = "client_figure"
    __table_args__ = APP

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]
    oldest: Mapped[datetime | None] = mapped_column(UtcTime)
    state: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(UtcTime, server_default=FetchedValue())
