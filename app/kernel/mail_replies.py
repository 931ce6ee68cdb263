"""The address of its own that a mail asks replies to: worked out from the mail's id and our key.

The local part is the id and a proof that only this installation works out, in letters that no mail
server changes (case does not count). The database knows its hash only, so that nothing is forged.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

from flask import current_app

from app.kernel.settings import Settings
from app.kernel.words import _

PREFIX = "reply-"
PROOF_BYTES = 10  # 80 bits, to be guessed through a door that counts
ABOVE = _("— To answer, reply above this line. —")


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def are_taken() -> bool:
    """Whether this installation takes mail in; without a domain for it no mail asks for replies."""
    return _settings().mail_in_domain is not None


def trusted_server() -> str | None:
    """The authserv-id (RFC 8601) of the mail server that hands mails in; None where none is set."""
    return _settings().mail_in_authserv_id


def local_part(mail_id: UUID) -> str:
    """What stands before the @ of a mail's own address."""
    key = _settings().secret_key.encode()
    proof = hmac.new(key, b"mail reply " + mail_id.bytes, hashlib.sha256).digest()
    text = base64.b32encode(mail_id.bytes + proof[:PROOF_BYTES]).decode()
    return PREFIX + text.rstrip("=").lower()


def address(mail_id: UUID) -> str | None:
    """Where a reply to this mail goes; None where the installation takes no mail in."""
    domain = _settings().mail_in_domain
    return f"{local_part(mail_id)}@{domain}" if domain else None
