"""The secret of a link: worked out from its id and the installation's key whenever it is needed.

The database knows its hash only, and nothing keeps it: a reminder mails the same address again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

from flask import current_app

from app.kernel.settings import Settings

PATH = "/r/"


def of_link(link_id: UUID) -> str:
    """The text that opens a link: its id and what only this installation works out from it."""
    settings: Settings = current_app.extensions["settings"]
    proof = hmac.new(
        settings.secret_key.encode(), b"request link " + link_id.bytes, hashlib.sha256
    ).digest()
    return base64.urlsafe_b64encode(link_id.bytes + proof[:20]).decode().rstrip("=")


def path(link_id: UUID) -> str:
    """The address of a link on this installation."""
    return f"{PATH}{of_link(link_id)}"


def address(link_id: UUID) -> str:
    """The whole address of a link, to be copied."""
    settings: Settings = current_app.extensions["settings"]
    return settings.public_url.rstrip("/") + path(link_id)
