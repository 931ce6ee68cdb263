"""Takes away what Valkey still holds of one client: presence, tickets, remembered answers."""

from __future__ import annotations

from uuid import UUID

from flask import current_app
from redis import Redis

from app.kernel.settings import Settings


def forget_client(tenant_id: UUID) -> int:
    """Deletes every key that carries the client's id; returns how many.

    Keys carry ids only, never names (tests/tenants hold it). Nothing decisive is kept there.
    """
    settings: Settings = current_app.extensions["settings"]
    with Redis.from_url(settings.valkey_url, socket_timeout=10) as store:
        count = 0
        for key in store.scan_iter(match=f"*{tenant_id}*", count=1000):
            count += int(store.delete(key))
        return count
