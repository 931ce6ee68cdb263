"""Papers by mail: each client has an address; a message is kept raw first, then taken apart.

The mail server of the installation hands a raw message (RFC 5322) over by HTTP. The local part of
the address is a secret; with `BACKOFFICE_MAIL_IN_KEY` set the body must be signed besides.
"""

from __future__ import annotations

import email.utils
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from flask import current_app

from app.documents import checks, raw_mail, uploads
from app.kernel import db, ids, sealing
from app.kernel import scope as scopes
from app.kernel.db import session
from app.kernel.errors import Forbidden, Invalid, NotFound
from app.kernel.rewrapping import Sealed
from app.kernel.scope import Scope, secret_hash
from app.kernel.settings import Settings

KIND = "document_address"
MOST_BYTES = 40 * 1024 * 1024
MOST_FILES = 100
SMALL_PICTURE = 20_000
SEALED = Sealed(
    "mail addresses",
    "select id, sealed, context from app.document_address_sealed()",
    "select app.document_address_seal(:id, :old, :new)",
)
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside a mail."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail taken apart: its name as a paper, where it came from in words, and its files."""

    name: str
    note: str
    files: tuple[Attached, ...]


def address() -> str | None:
    """The living address of the open client; None where there is none."""
    sealed = session.execute(_LIVING).scalar()
    if sealed is None:
        return None
    local = sealing.unseal(bytes(sealed), _context()).decode()
    return f"{local}@{domain()}"


def renew(*, line: str) -> str:
    """Makes a new address and ends the one before; raises Forbidden without `link.make`."""
    made = ids.uuid7()
    local = "papers-" + "".join(secrets.choice(_ALPHABET) for _sign in range(20))
    values = {
        "id": made,
        "line": line,
        "sha": secret_hash("prin", local),
        "sealed": sealing.seal(local.encode(), _context()),
    }
    session.execute(_MAKE, values)
    return f"{local}@{domain()}"


def end() -> None:
    """Ends the address; mail to it is refused from now on."""
    session.execute(_END)


def domain() -> str:
    """What stands behind the @."""
    settings: Settings = current_app.extensions["settings"]
    return settings.mail_in_domain or urlsplit(settings.public_url).hostname or "localhost"


def check_signature(raw: bytes, signature: str) -> None:
    """Raises Forbidden unless the body is signed, where the installation asks for it."""
    settings: Settings = current_app.extensions["settings"]
    if settings.mail_in_key is None:
        return
    proper = hmac.new(settings.mail_in_key.encode(), raw, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature.removeprefix("sha256=").lower().encode(), proper.encode()):
        raise Forbidden("mail-not-signed")


def accept(kind: str, door: sa.TextClause) -> None:
    """Declares another kind of address: its door opens the upload of a raw message."""
    _doors[kind] = door


def receive(recipient: str, raw: bytes, *, request_id: str = "") -> UUID:
    """Keeps a raw message for the client of an address; a job takes it apart. Returns its id.

    Raises NotFound for an address that nobody has, or has any more, Invalid for nothing at all.
    """
    if not raw:
        raise Invalid.of("body", "file-empty")
    local = recipient.partition("@")[0].strip().lower()
    step = Scope.login_by_hash("prin", local, request_id=request_id)
    with db.transaction(step, read_only=True):
        row = session.execute(_PRINCIPAL, {"kinds": list(_doors)}).one_or_none()
    if row is None:
        raise NotFound
    with db.transaction(Scope("t", row.tenant_id, None, row.id, request_id=request_id)):
        about = {
            "name": read(raw).name,
            "size": len(raw),
            "sha": hashlib.sha256(raw).hexdigest(),
        }
        made: UUID = session.execute(_doors[row.object_type], about).scalar_one()
        for no in range(1, -(-len(raw) // uploads.PART_BYTES) + 1):
            uploads.put_part(made, no, raw[(no - 1) * uploads.PART_BYTES : no * uploads.PART_BYTES])
        uploads.complete(made)
    return made


def read(raw: bytes) -> Letter:
    """A message taken apart; what cannot be read is left out, so that it never fails."""
    try:
        message = raw_mail.parse(raw)
        files = tuple(_files(message))
    except checks.MAIL_FAULTS:
        return Letter("mail.eml", "", ())
    subject = _header(message, "subject").replace("/", "-").replace("\\", "-")
    name = checks.plain_name(f"{subject[:150] or 'mail'}.eml")
    sender = email.utils.parseaddr(_header(message, "from"))[1] or _header(message, "from")
    note = " · ".join(one for one in (sender[:200], _header(message, "date")[:60]) if one)
    return Letter(name, note, files)


def _header(message: EmailMessage, name: str) -> str:
    try:
        text = str(message.get(name, ""))
    except checks.MAIL_FAULTS:
        return ""
    return "".join(sign for sign in text if sign.isprintable()).strip()


def _files(message: EmailMessage) -> Iterator[Attached]:
    """The attached files; small pictures of a signature and the mail's own text are none."""
    count = 0
    for part in raw_mail.parts(message):
        found = _file(part)
        if found is not None and count < MOST_FILES:
            count += 1
            yield found


def _file(part: EmailMessage) -> Attached | None:
    try:
        if part.is_multipart() and part.get_content_type() != "message/rfc822":
            return None
        name = part.get_filename() or ""
        disposition = part.get_content_disposition() or ""
        data = _content(part)
    except checks.MAIL_FAULTS:
        return None
    is_text = part.get_content_type() in {"text/plain", "text/html"} and disposition != "attachment"
    is_signature = (part.get_content_maintype() == "image" and disposition != "attachment") and len(
        data
    ) < SMALL_PICTURE
    if not data or is_signature or (is_text and not name) or not (name or disposition):
        return None
    return Attached(name or "attachment", data)


def _content(part: EmailMessage) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner = next(part.iter_parts(), None)
        return inner.as_bytes() if inner is not None else b""
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _context() -> str:
    return f"document-address|{scopes.current().tenant_id}"


_LIVING = sa.text(
    "select sealed from app.document_address where tenant_id = (select guard.tenant_id())"
    " and ended_at is null"
)
_MAKE = sa.text("select app.make_document_address(:id, :line, :sha, :sealed)")
_END = sa.text("select app.end_document_address()")
_PRINCIPAL = sa.text(
    "select id, tenant_id, object_type from guard.principal_for() where kind = 'link'"
    " and object_type = any(:kinds)"
)
_OPEN = sa.text("select app.open_mailed_upload(:name, :size, :sha)")
_doors = {KIND: _OPEN}
