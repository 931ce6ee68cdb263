"""A client with another beside it, and time written there: for the tests of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.cli import install
from app.kernel import clock
from app.kernel.db import session
from app.kernel.settings import Settings
from app.tasks.time import commands
from app.tasks.time.commands import About
from tests import factories
from tests.factories import Session
from tests.tasks import work_stage
from tests.tasks.work_stage import Firm

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return work_stage.build(app, worker_app, admin)


@pytest.fixture
def other(firm: Firm, settings: Settings) -> tuple[UUID, str]:
    """Another client of the same accountant."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        tenant = factories.make_client(admin, "Other")
        factories.grant(
            admin,
            tenant,
            firm.place.staff.person_id,
            role="staff_accountant",
            lines=("accounting",),
        )
        return tenant, factories.slug_of(admin, tenant)


def noon(days: int = -1) -> datetime:
    return datetime.combine(clock.today() + timedelta(days=days), datetime.min.time(), UTC).replace(
        hour=12
    )


def write(firm: Firm, start: datetime, minutes: int, *, by: Session | None = None) -> list[UUID]:
    with firm.place.acting(by or firm.place.staff):
        return commands.write(
            About(), start, start + timedelta(minutes=minutes), zone=ZoneInfo("UTC")
        )


def metered(firm: Firm) -> list[Any]:
    with firm.place.acting(firm.place.staff):
        return list(
            session.execute(
                sa.text(
                    "select quantity from app.usage_event where meter = 'hour'"
                    " and voided_at is null and tenant_id = (select guard.tenant_id())"
                )
            ).scalars()
        )


def set_client(settings: Settings, tenant: UUID, state: str) -> None:
    """A client suspended, or taken up again."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute("update guard.tenant set state = %s where id = %s", (state, tenant))


def end_engagement(settings: Settings, tenant: UUID, *lines: str) -> None:
    """These lines are served no more."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        admin.execute(
            "update guard.engagement set valid_to = now() where tenant_id = %s and line = any(%s)",
            (tenant, list(lines)),
        )


def lose(settings: Settings, tenant: UUID, how: str) -> None:
    """The accountant reaches a client no more: by their grant, its engagement or its state."""
    if how == "engagement":
        end_engagement(settings, tenant, "accounting", "compliance", "tickets")
    if how == "closing" or how.startswith("suspended"):
        set_client(settings, tenant, how.split(maxsplit=1)[0])
    if how.endswith("grant"):
        with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
            admin.execute("delete from guard.membership where tenant_id = %s", (tenant,))
