"""Who else is at the same thing just now: kept in Valkey for seconds, shown, never decisive.

Each look at a place is a beat; who has not beaten for a while is gone. Nothing is locked and
nothing waits: without Valkey nobody is shown, and versions alone decide whose change holds.
"""

from __future__ import annotations

from uuid import UUID

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from app.kernel import clock, people
from app.kernel import scope as scopes
from app.kernel.settings import Settings

SECONDS = 40
MOST_SHOWN = 8
PATIENCE = 0.2
_STORE = "presence"


def others(place: str) -> list[str]:
    """Beats for the acting person at a place of the client; the names of the others, sorted."""
    found = scopes.current()
    if found.tenant_id is None or found.person_id is None:
        return []
    here = _beat(f"presence:{found.tenant_id}:{place}", str(found.person_id))
    ids = [UUID(one) for one in here if one != str(found.person_id)]
    return sorted(people.names(ids[:MOST_SHOWN]).values())


def _beat(key: str, person: str) -> list[str]:
    now = clock.now().timestamp()
    try:
        with _store().pipeline() as pipe:
            pipe.zadd(key, {person: now})
            pipe.zremrangebyscore(key, "-inf", now - SECONDS)
            pipe.expire(key, SECONDS)
            pipe.zrange(key, 0, -1)
            answers = pipe.execute()
    except RedisError:
        return []
    return [str(one, "ascii") for one in answers[-1]]


def _store() -> Redis:
    """One client a process; a silent server costs a fifth of a second."""
    known = current_app.extensions.get(_STORE)
    if not isinstance(known, Redis):
        settings: Settings = current_app.extensions["settings"]
        known = Redis.from_url(
            settings.valkey_url,
            socket_connect_timeout=PATIENCE,
            socket_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        current_app.extensions[_STORE] = known
    return known
