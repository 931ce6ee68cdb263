"""What came in is looked at: a file becomes a paper, is held, or is refused with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents import checks, commands, examining, held, mail_in, uploads
from app.documents.happened import UploadEnded
from app.documents.uploads import Upload
from app.kernel import clock, events, jobs, scope, storage
from app.kernel.db import session
from app.kernel.errors import Invalid
from app.kernel.jobs_catalog import job
from app.kernel.jobs_progress import Progress
from app.kernel.schedules import schedule
from app.kernel.words import _


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: a paper, a held file with its reason, or neither with the reason."""

    document_id: UUID | None = None
    held_id: UUID | None = None
    code: str = ""


def take(
    data: bytes,
    *,
    name: str,
    line: str,
    source: str,
    document_class: str = "normal",
    subject: tuple[str, UUID] | None = None,
    most: int = checks.MOST_BYTES,
    strict: bool = True,
    note: str = "",
) -> Taken:
    """Checks a file and makes it a paper, or holds it where somebody may want to look at it.

    Nothing that was sent is lost but what is empty or too large. Raises Unavailable.
    """
    try:
        checked = examining.examine(data, name=name, most=most, strict=strict)
    except Invalid as refusal:
        code = examining.code_of(refusal)
        if code not in examining.HELD:
            return Taken(code=code)
        kept = held.hold(
            data,
            name=name,
            line=line,
            document_class=document_class,
            reason=code,
            source=source,
            subject=subject,
            most=most,
        )
        return Taken(held_id=kept, code=code)
    paper = commands.Paper(
        checked.name, checked.media_type, line, document_class, source, note[:1000]
    )
    made = commands.keep(data, paper, most=most)
    if subject is not None:
        commands.link(made, subject_type=subject[0], subject_id=subject[1])
    return Taken(document_id=made)


@job(uploads.JOB, queue="default", retries=10, lease=120)
def take_in(args: dict[str, Any], _progress: Progress) -> None:
    """Makes a paper of a complete upload; once, whatever dies or runs twice."""
    upload = uploads.one(UUID(args["upload"]))
    if upload.state == "complete":
        _finish(upload)


_takers: dict[str, Callable[[Upload, bytes], Taken]] = {}


def take_by(source: str, taker: Callable[[Upload, bytes], Taken]) -> None:
    """Declares who takes in what comes from a source of its own, such as replies to our mails."""
    _takers[source] = taker


def _finish(upload: Upload) -> None:
    data = b"".join(_pieces(upload.id))
    subject = None
    if upload.subject_type is not None and upload.subject_id is not None:
        subject = (upload.subject_type, upload.subject_id)
    if upload.sha256 not in (None, hashlib.sha256(data).hexdigest()):
        taken = Taken(code="upload-changed")
    elif upload.source in _takers:
        taken = _takers[upload.source](upload, data)
    elif upload.source == "mail":
        taken = _take_mail(upload, data)
    else:
        taken = take(
            data,
            name=upload.name,
            line=upload.line,
            source=upload.source,
            document_class=upload.document_class,
            subject=subject,
            most=uploads.MOST_BYTES,
        )
    end(upload, taken)


def _take_mail(upload: Upload, raw: bytes) -> Taken:
    """The message as a paper, and each of its files as one that belongs to it.

    What is no mail that we can read is kept as what it is; what is held is held by itself.
    """
    letter = mail_in.read(raw)
    whole = take(
        raw,
        name=letter.name if letter.note or letter.files else "mail.txt",
        line=upload.line,
        source="mail",
        most=uploads.MOST_BYTES,
        note=letter.note or str(_("This came by mail and could not be read as one.")),
    )
    subject = ("document", whole.document_id) if whole.document_id else None
    for file in letter.files:
        take(
            file.data,
            name=file.name,
            line=upload.line,
            source="mail",
            subject=subject,
            most=uploads.MOST_BYTES,
            note=letter.note,
        )
    return whole


def end(upload: Upload, taken: Taken) -> None:
    """Writes down what became of an upload and tells whoever waits for it."""
    state = "done" if taken.document_id else "held" if taken.held_id else "refused"
    values = {
        "id": upload.id,
        "state": state,
        "code": taken.code,
        "document": taken.document_id,
        "held": taken.held_id,
    }
    session.execute(_END, values)
    tenant = scope.current().tenant_id
    if tenant is not None:
        happened = UploadEnded(
            tenant,
            upload.id,
            taken.document_id,
            taken.held_id,
            taken.code,
            upload.subject_type,
            upload.subject_id,
        )
        events.emit(happened)


def _pieces(upload_id: UUID) -> list[bytes]:
    """The parts in their order."""
    return [b"".join(storage.open_content(part.sha256)) for part in uploads.parts(upload_id)]


@schedule("documents.uploads", every="1 hour", tenants="clients", queue="bulk")
def sweep(_args: dict[str, Any], _progress: Progress) -> None:
    """Ends uploads that stopped for a day, takes in what a lost job left, drops what was destroyed.

    A complete upload is never dropped: when its sender's rights ended before the job ran, the
    platform takes it in.
    """
    session.execute(_EXPIRE)
    today = clock.today()
    for row in session.execute(_WAITING):
        key = f"again:{row.id}:{today}"  # what failed once more is tried another day
        jobs.enqueue(uploads.JOB, {"upload": str(row.id)}, key=key, line=row.line)
    session.execute(_SWEEP_HELD)


_END = sa.text("select app.end_upload(:id, :state, :code, :document, :held)")
_EXPIRE = sa.text(
    "select app.end_upload(u.id, 'expired', '', null, null) from (select id from app.upload"
    " where tenant_id = (select guard.tenant_id()) and state = 'open'"
    " and opened_at < now() - interval '24 hours' limit 1000) u"
)
_WAITING = sa.text(
    "select id, line from app.upload where tenant_id = (select guard.tenant_id())"
    " and state = 'complete' and opened_at < now() - interval '1 hour' limit 1000"
)
_SWEEP_HELD = sa.text("select app.sweep_held_files()")
