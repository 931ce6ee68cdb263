"""Which invoice of a file a page shows: a file may hold several, each a reading of its own."""

from __future__ import annotations

from typing import Any

from flask import request

from app.kernel.errors import NotFound

NAME = "invoice"
"""The part of an address that says which; left out it is the first."""


def asked() -> int:
    """The invoice that this address names, from 1; raises NotFound for what is no number."""
    text = request.args.get(NAME, "1")
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise NotFound
    return int(text[:9])


def named(no: int) -> dict[str, Any]:
    """What an address needs to name one; nothing for the first."""
    return {NAME: no} if no > 1 else {}
