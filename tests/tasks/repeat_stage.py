"""Something that comes round in a client, on a fixed Monday: for the tests of repeats."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from app.kernel import clock, db
from app.kernel.db import session
from app.kernel.settings import Settings
from app.tasks.repeat import commands, roll
from app.tasks.repeat.commands import RepeatIn
from app.tasks.work import queries as tasks
from app.tasks.work.models import Task
from app.tasks.work.queries import Wanted
from tests.tasks import work_stage
from tests.tasks.work_stage import Firm

TODAY = date(2026, 11, 23)
VAT = {
    "sections": [
        {
            "title": "Return",
            "items": [
                {
                    "title": "Send the VAT return",
                    "kind": "filing",
                    "due": {"n": 10},
                    "checklist": ["Agree the ledger", "Send it"],
                },
                {"title": "Agree the VAT account", "due": {"n": 10, "before": 3}},
            ],
        }
    ]
}


def firm(
    app: Flask, worker_app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Firm:
    """A client with its people, on a Monday in November."""
    found = work_stage.firm(app, worker_app, settings)
    monkeypatch.setattr(clock, "today", lambda zone="UTC": TODAY)
    return found


def start(firm: Firm, **fields: Any) -> UUID:
    """A repeat of the VAT return since October, made by the manager."""
    wanted: dict[str, Any] = {
        "name": "VAT",
        "content": VAT,
        "every": "month",
        "start_on": date(2026, 10, 15),
    }
    with firm.place.acting(firm.manager):
        return commands.start(RepeatIn(**(wanted | fields)))


def made(firm: Firm) -> list[Task]:
    """All tasks of the client."""
    with firm.place.acting(firm.place.staff):
        return tasks.tasks(Wanted(view="all"))


def rolled(firm: Firm, day: date) -> int:
    """Rolls forward to a day as the platform's job; how many tasks are new."""
    with firm.place.job():
        return roll.roll(day)


@contextmanager
def provider(firm: Firm) -> Iterator[Any]:
    """The manager in the provider's own firm."""
    with firm.place.app.app_context():
        tenant = _provider(firm)
        yield db.transaction(firm.manager.scope(tenant))


def _provider(firm: Firm) -> UUID:
    with db.transaction(firm.manager.worklist()):
        found: UUID = session.execute(
            sa.text("select tenant_id from app.client where is_provider")
        ).scalar_one()
    return found
