"""Limits on tries at signing in: per address, per person and per network, shared in Valkey.

When Valkey is down each process counts for itself: slower to notice, never open. The window moves
with the clock, so that no instant (such as a full five minutes) lets a try more through.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Literal

from flask import current_app
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from app.kernel.errors import Throttled
from app.kernel.settings import Settings

Kind = Literal["address", "person", "network", "code"]

_log = logging.getLogger(__name__)
_LIMITS: dict[Kind, tuple[RateLimitItem, ...]] = {
    "address": (parse("8 per 5 minutes"), parse("30 per day")),
    "person": (parse("8 per 5 minutes"), parse("40 per day")),
    "network": (parse("60 per 5 minutes"), parse("1000 per day")),
    "code": (parse("5 per 15 minutes"), parse("20 per day")),
}


class Throttle:
    """Counts tries in Valkey, and in this process while Valkey cannot be reached."""

    def __init__(self, storage: Storage) -> None:
        self._shared = MovingWindowRateLimiter(storage)
        self._own = MovingWindowRateLimiter(MemoryStorage())

    def hit(self, kind: Kind, subject: str) -> None:
        """Counts one try; raises Throttled with the seconds to wait when it is one too many."""
        key = hashlib.sha256(subject.lower().encode()).hexdigest()[:32]
        for limit in _LIMITS[kind]:
            try:
                allowed = self._shared.hit(limit, "sign-in", kind, key)
            except StorageError:
                _log.warning("sign-in limits are counted locally: Valkey cannot be reached")
                allowed = self._own.hit(limit, "sign-in", kind, key)
            if not allowed:
                raise Throttled("too-many-tries", retry_after=int(limit.get_expiry()))

    def forget(self, kind: Kind, subject: str) -> None:
        """Clears the short count of somebody who has proved who they are."""
        key = hashlib.sha256(subject.lower().encode()).hexdigest()[:32]
        try:
            self._shared.clear(_LIMITS[kind][0], "sign-in", kind, key)
        except StorageError:
            self._own.clear(_LIMITS[kind][0], "sign-in", kind, key)


def throttle() -> Throttle:
    """The throttle of this application."""
    found = current_app.extensions.get("sign-in-throttle")
    if not isinstance(found, Throttle):
        settings: Settings = current_app.extensions["settings"]
        storage = storage_from_string(settings.valkey_url, wrap_exceptions=True)
        assert isinstance(storage, Storage)  # the address names no asyncio one
        found = Throttle(storage)
        current_app.extensions["sign-in-throttle"] = found
    return found
