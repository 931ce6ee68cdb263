"""The shell around a page: navigation, pinned clients and tabs, all from the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app, g, request, url_for

from app.kernel import registry, scope, words
from app.kernel.registry import NavItem
from app.web import client_rows, context

TABS = 5
PINS = 8
MOST_SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the navigation as drawn."""

    title: Any
    icon: str
    url: str
    key: str
    count: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Shell:
    """What the shell of a page shows."""

    desk: Sequence[Entry]
    client: Sequence[Entry]
    account: Sequence[Entry]
    portal: Sequence[Entry]
    pins: Sequence[context.Pin]
    pinned: bool
    tabs: Sequence[Entry]


def build() -> Shell:
    """The shell of this page; asks for counts once, and only if an entry shows one."""
    items = registry.current().all(NavItem)
    counts = _counts(items)
    place = context.place()
    staff = place.actor is None or place.actor.side == "staff"
    found = _worklists(items) if place.client is not None else items
    desk = _entries(found, "desk", counts) if staff else []
    client = _entries(items, "client", counts) if place.client is not None else []
    portal = _entries(items, "portal", counts) if place.client is not None else []
    pinned = [pin for pin in place.clients if pin.pinned]
    others = [pin for pin in place.clients if not pin.is_provider]
    taken = {entry.key for entry in client}
    desk = [replace(entry, key="") if entry.key in taken else entry for entry in desk]
    return Shell(
        desk=desk,
        client=client,
        account=_entries(items, "account", counts),
        portal=portal,
        pins=(pinned or others)[:PINS],
        pinned=bool(pinned),
        tabs=(portal if place.surface == "portal" else client or desk)[:TABS],
    )


def _worklists(items: Sequence[NavItem]) -> list[NavItem]:
    """The desk's entries that everybody has: from inside a client the provider's rights are not
    known, so what asks for one is left to the desk itself."""
    return [item for item in items if item.permission is None]


def _counts(items: Sequence[NavItem]) -> Mapping[str, int]:
    found = scope.peek()
    if found is None or not any(item.figure for item in items):
        return {}
    return client_rows.sums()


def _entries(items: Sequence[NavItem], surface: str, counts: Mapping[str, int]) -> list[Entry]:
    shown = [item for item in items if item.surface == surface and _open(item)]
    addresses = [url_for(item.endpoint) for item in shown]
    here = _best(shown, addresses)
    return [
        Entry(
            title=item.title,
            icon=item.icon,
            url=address,
            key=item.shortcut or "",
            count=_count(counts, item.figure),
            current=address == here,
        )
        for item, address in zip(shown, addresses, strict=True)
    ]


def _open(item: NavItem) -> bool:
    """Whether the reader may follow the entry from here.

    A permission is judged in the open scope; on the desk that is the worklist's.
    """
    if item.endpoint not in current_app.view_functions:
        return False
    if item.permission is None:
        return True
    found = scope.peek()
    if found is None:
        return False
    away = item.surface == "desk" and found.mode == "t"
    return away or found.rights.may(item.permission)


def _best(items: Sequence[NavItem], addresses: Sequence[str]) -> str | None:
    """The entry whose address, or a folder near it, covers most of this page's address."""
    path = request.path.rstrip("/") + "/"
    reach = {
        address: max(_covered(path, address, item.near))
        for item, address in zip(items, addresses, strict=True)
    }
    found = max(reach, key=lambda address: reach[address], default=None)
    return found if found is not None and reach[found] else None


def _covered(path: str, address: str, near: Sequence[str]) -> list[int]:
    """How many characters of the path an entry's address and its folders cover; 0 is none."""
    begins = path.startswith(address.rstrip("/") + "/")
    ends = [path.find(f"/{folder}/") + len(folder) + 1 for folder in near if f"/{folder}/" in path]
    return [len(address) if begins else 0, *ends]


def _count(counts: Mapping[str, int], figure: str | None) -> str:
    if figure is None:
        return ""
    found = counts.get(figure)
    if found is None:
        found = sum(n for key, n in counts.items() if key.endswith(f"/{figure}"))
    if not found:
        return ""
    return (
        f"{words.format_number(MOST_SHOWN)}+" if found > MOST_SHOWN else words.format_number(found)
    )


def kept() -> dict[str, str]:
    """What this screen names besides its client that the next client has too, for `[` and `]`."""
    said: dict[str, Any] | None = g.get("kept")
    values = {**(said or request.view_args or {}), "focus": request.args.get("focus", "")}
    return {
        name: str(value)
        for name, value in values.items()
        if name != "client" and value and len(str(value)) <= 30
    }


def keep(**values: str) -> None:
    """Says what `[` and `]` take along instead of the address's own values, such as the calendar
    month behind a period's number, which differs from client to client."""
    g.kept = values


def neighbour(step: int) -> context.Pin | None:
    """The client before or after this one, in the order of the desk; round and round."""
    place = context.place()
    order = sorted(
        (pin for pin in place.clients if not pin.is_provider), key=lambda pin: pin.name.lower()
    )
    if place.client is None or not order:
        return order[0] if order else None
    slugs = [pin.slug for pin in order]
    if place.client.slug not in slugs:
        return order[0]
    return order[(slugs.index(place.client.slug) + step) % len(order)]
