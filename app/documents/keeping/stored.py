"""What a client's stored files take, measured once a day: a use of so many gigabytes."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from app.kernel import clock, usage
from app.kernel.db import session
from app.kernel.jobs_progress import Progress
from app.kernel.schedules import schedule
from app.kernel.usage import Evidence

METER = "stored_day"
GIGABYTE = Decimal(10**9)
SIX_PLACES = Decimal("0.000001")
_BYTES = sa.text(
    "select coalesce(sum(x.size), 0) from (select distinct on (sha256) size"
    " from app.stored_object where tenant_id = (select guard.tenant_id()) and state <> 'gone'"
    " order by sha256, id) x"
)


@schedule("documents.stored", every="daily 01:40", tenants="clients", queue="bulk")
def measure(_args: dict[str, Any], _progress: Progress) -> None:
    """Records each content once, however many documents it belongs to; nothing for no files."""
    today = clock.today()
    began = datetime.combine(today, time.min, UTC)
    if usage.events(meter=METER, since=began, limit=1):
        return
    stored = Decimal(session.execute(_BYTES).scalar_one())
    if stored:
        usage.record(
            METER,
            (stored / GIGABYTE).quantize(SIX_PLACES),
            key=f"{METER}:{today.isoformat()}",
            evidence=Evidence("client"),
            line="member",
            unit="GB",
        )
