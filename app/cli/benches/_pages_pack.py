"""A published pack for the bench of pages: the bench's person publishes October."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from app.cli.benches import _scratch
from app.factory import create_app
from app.kernel import db, registry
from app.kernel.registry import ReportDefinition
from app.reports import pack_commands
from app.reports.pack_commands import Draft, Part

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
KEYS = ("profit-and-loss", "balance-sheet", "cash-flow")


def publish(scratch: _scratch.Scratch, tenant_id: UUID) -> UUID:
    """Publishes a pack of three reports in the client; returns what was published."""
    app = create_app(scratch.settings)
    with app.app_context():
        with db.transaction(scratch.scope(tenant_id)):
            offered = {one.key: one for one in registry.current().all(ReportDefinition)}
            parts = tuple(Part(key) for key in KEYS)
            made = pack_commands.create_pack(
                Draft("October 2026", FIRST, LAST, parts, "As ever."), line="accounting"
            )
            chapters = [(offered[key].build(FIRST, LAST, "previous"), "") for key in KEYS]
            published = pack_commands.publish_pack(made, chapters, line="accounting", version=1)
        db.db.engine.dispose()
    return published
