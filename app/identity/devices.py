"""What a browser says of itself, in the few words a person recognises a session by."""

from __future__ import annotations

import ipaddress

# The order matters: Edge also says Chrome, Chrome also says Safari.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def _named(agent: str, marks: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in marks if mark in agent), "")


def words_of(agent: str) -> str:
    """For example "Firefox · Mac"; empty when the browser says nothing we know."""
    return " · ".join(word for word in (_named(agent, _BROWSERS), _named(agent, _SYSTEMS)) if word)


def network_of(address: str | None) -> str:
    """The network a limit counts for: an IPv4 address, the /64 of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if found.version == 6:
        return str(ipaddress.ip_network(f"{found}/64", strict=False))
    return str(found)
