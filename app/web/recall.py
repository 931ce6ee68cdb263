"""Short memory of cookies and slugs, so that a warm page costs one transaction.

Only who and which client is remembered, never what somebody may do: rights come from the database
with each transaction, so an ended session or grant is refused whatever is remembered here.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from flask import current_app
from sqlalchemy.orm import Session

from app.kernel import clients, db, scope
from app.kernel.clients import ClientRef, PrincipalRef
from app.kernel.errors import NotFound
from app.web import client_rows, context

LIFE_SECONDS = 60.0
MOST = 10_000

T = TypeVar("T")


class Memory(Generic[T]):
    """A bounded map whose entries are forgotten after a minute; misses are not kept."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, find: Callable[[str], T | None]) -> T | None:
        """The remembered value, or what `find` says now."""
        with self._lock:
            entry = self._found.get(key)
        if entry is not None and entry[0] > time.monotonic():
            return entry[1]
        found = find(key)
        if found is not None:
            self._keep(key, found)
        return found

    def _keep(self, key: str, value: T) -> None:
        with self._lock:
            self._found[key] = (time.monotonic() + LIFE_SECONDS, value)
            self._found.move_to_end(key)
            while len(self._found) > MOST:
                self._found.popitem(last=False)

    def forget(self, key: str | None = None) -> None:
        """Drops one entry, or all of them."""
        with self._lock:
            if key is None:
                self._found.clear()
            else:
                self._found.pop(key, None)


class Memories:
    """The memories of one application."""

    def __init__(self) -> None:
        self.actors: Memory[context.Actor] = Memory()
        self.clients: Memory[context.ClientHead] = Memory()
        self.pins: Memory[tuple[context.Pin, ...]] = Memory()
        self.brand: Memory[context.Brand] = Memory()


def memories() -> Memories:
    """The memories of this application."""
    found = current_app.extensions.setdefault("web-memories", Memories())
    assert isinstance(found, Memories)
    return found


def find_actor(cookie: str) -> context.Actor | None:
    """Who a login cookie belongs to; the database decides again whether it still lives."""
    if not cookie or len(cookie) > 512:
        return None
    key = scope.secret_hash("prin", cookie)
    return memories().actors.get(key, lambda _key: context.hooks().resolve_principal(cookie))


def find_client(slug: str) -> context.ClientHead | None:
    """The client of a slug if the signed-in person reaches it; the database decides again."""
    who = context.actor()
    principal = PrincipalRef(who.principal_id, who.person_id, "person")

    def find(_key: str) -> context.ClientHead | None:
        found = clients.resolve(principal, slug)
        return head_of(found) if found is not None else None

    return memories().clients.get(f"{who.principal_id}:{slug}", find)


def head_of(found: ClientRef) -> context.ClientHead:
    """What pages show of a client, from what its address found."""
    return context.ClientHead(
        tenant_id=found.tenant_id,
        slug=found.slug,
        name=found.name,
        state=found.state,
        currency=found.currency,
        time_zone=found.time_zone,
        country=found.country,
        locale=found.locale,
        is_provider=found.is_provider,
        hue=found.hue,
    )


def find_clients() -> tuple[context.Pin, ...]:
    """The clients of the signed-in person, by name, with pins and what is left to do."""
    who = context.actor()

    def find(_key: str) -> tuple[context.Pin, ...]:
        worklist = scope.Scope.worklist(
            person_id=who.person_id,
            principal_id=who.principal_id,
            request_id=context.request_id(),
        )
        with db.transaction(worklist, read_only=True):
            return client_rows.reached(who.person_id)

    return memories().pins.get(str(who.principal_id), find) or ()


def find_brand() -> context.Brand:
    """The provider's name, logo and accent."""
    found = memories().brand.get("brand", lambda _key: context.hooks().resolve_brand())
    return found or context.Brand()


def forget_actor(cookie: str) -> None:
    """To be called when a person's settings or session changed in this process."""
    memories().actors.forget(scope.secret_hash("prin", cookie))


def forget_clients() -> None:
    """To be called when the signed-in person pinned a client or gained one."""
    memories().pins.forget(str(context.actor().principal_id))


def forget_all() -> None:
    """Drops everything: after a rename, a new logo, or in tests."""
    kept = memories()
    for memory in (kept.actors, kept.clients, kept.pins, kept.brand):
        memory.forget()


@contextmanager
def in_client(slug: str, *, read_only: bool = False) -> Iterator[Session]:
    """A transaction of the acting person in one client, for acts of the desk over many.

    Raises NotFound for a client that is unknown or not theirs.
    """
    found = find_client(slug)
    if found is None:
        raise NotFound
    with db.transaction(context.scope_in(found.tenant_id), read_only=read_only) as session:
        if not scope.current().rights.reached:
            raise NotFound
        yield session
