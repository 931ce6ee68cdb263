"""Notes at a bank line, an entry or a report's cell: written, put right, taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import events, ids, paging, undo
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.paging import Page
from app.tasks import questions
from app.tasks.models import AUDIENCES, TEXT_LENGTH, Audience, Note, NoteWritten
from app.tasks.work import parts, queries

UNDO_REMOVE = "note.remove"
UNDO_DONE = "note.done"
KEY_LENGTH = 200
_HERE = "tenant_id = (select guard.tenant_id())"
_COLUMNS = (
    "n.id, n.line, n.subject_type, n.subject_key, n.audience, n.text, n.written_by, n.written_at,"
    " n.to_person, n.done_at, n.question_id"
)


def write(
    *,
    line: str,
    subject_type: str,
    subject_key: str,
    text: str,
    audience: Audience,
    to_person: UUID | None = None,
) -> UUID:
    """Writes a note; returns its id.

    `team` and `sent_back` are read by staff only; `sent_back` is a to-do, of `to_person` or of
    whoever keeps the books, until `done`. `client` stands in the published pack. `to_provider` is
    the client's and becomes a question to the provider. Raises Invalid for an empty or too long
    text, Forbidden when the acting side may not write for that audience.
    """
    plain = text.strip()
    if not plain:
        raise Invalid.of("text", "note-text-missing")
    if len(plain) > TEXT_LENGTH:
        raise Invalid.of("text", "text-too-long", most=TEXT_LENGTH)
    if audience not in AUDIENCES:
        raise Invalid.of("audience", "not-a-choice")
    if not subject_key or len(subject_key) > KEY_LENGTH:
        raise Invalid.of("subject_key", "note-subject")
    question = None
    if audience == "to_provider":
        question = questions.ask_provider(
            line=line, subject_type=subject_type, subject_key=subject_key, text=plain
        )
    made = ids.uuid7()
    values = {"id": made, "line": line, "type": subject_type, "key": subject_key, "text": plain}
    values |= {"audience": audience, "to_person": to_person, "question": question}
    session.execute(_ADD, values)
    if audience != "to_provider":
        named = parts.mentioned(plain, queries.people_here(line)) if "@" in plain else ()
        events.emit(NoteWritten(made, line, subject_type, subject_key, to_person, named))
    return made


def of(subject_type: str, keys: Sequence[str]) -> dict[str, tuple[Note, ...]]:
    """The notes of each record that the reader may see, the oldest first."""
    if not keys:
        return {}
    values = {"type": subject_type, "keys": [str(key) for key in keys]}
    found: dict[str, list[Note]] = {}
    for row in session.execute(_OF, values).mappings():
        found.setdefault(row["subject_key"], []).append(_note(row))
    return {key: tuple(notes) for key, notes in found.items()}


def page(subject_type: str, key: str, *, after: str | None, limit: int) -> Page[Note]:
    """A page of a record's notes the reader may see, the oldest first; raises Invalid."""
    _, last = paging.keys(after, str, UUID) or (None, None)
    values = {"type": subject_type, "key": key, "last": last, "limit": limit + 1}
    found = [_note(row) for row in session.execute(_PAGE, values).mappings()]
    return paging.page(found, limit=limit, key=lambda one: ("", one.id))


def starting(subject_type: str, prefix: str) -> list[Note]:
    """The notes of every record whose key begins so, such as all cells of one report."""
    rows = session.execute(_STARTING, {"type": subject_type, "prefix": prefix}).mappings()
    return [_note(row) for row in rows]


def one(note_id: UUID) -> Note:
    """One note; raises NotFound."""
    row = session.execute(_ONE, {"id": note_id}).mappings().first()
    if row is None:
        raise NotFound
    return _note(row)


def sent_back(*, limit: int = 200) -> list[tuple[UUID, Note]]:
    """What was sent back and is not put right, in the open scope, each with its client."""
    rows = session.execute(_SENT_BACK, {"limit": limit}).mappings()
    return [(row["tenant_id"], _note(row)) for row in rows]


def done(note_id: UUID) -> UUID:
    """Says that what was sent back is put right; returns the token of the way back.

    Raises NotFound, Conflict `note-not-open`.
    """
    if not one(note_id).is_open:
        raise Conflict("note-not-open")
    session.execute(_DONE, {"id": note_id})
    return undo.offer(UNDO_DONE, {"note": str(note_id)})


def put_right(subject_type: str, key: str) -> None:
    """Says that all that was sent back at one record is put right, as doing it anew tells."""
    session.execute(_PUT_RIGHT, {"type": subject_type, "key": key})


def remove(note_id: UUID) -> UUID:
    """Takes one's own note back; returns the token of the way back.

    Raises NotFound for another person's, Conflict `note-is-question` for one that the provider was
    asked by: its question is withdrawn instead.
    """
    if one(note_id).question_id is not None:
        raise Conflict("note-is-question")
    if session.execute(_REMOVE, {"id": note_id}).scalar() is None:
        raise NotFound
    return undo.offer(UNDO_REMOVE, {"note": str(note_id)})


@undo.handler(UNDO_REMOVE)
def _restore(args: dict[str, Any]) -> None:
    session.execute(_RESTORE, {"id": UUID(args["note"])})


@undo.handler(UNDO_DONE)
def _not_done(args: dict[str, Any]) -> None:
    session.execute(_NOT_DONE, {"id": UUID(args["note"])})


def _note(row: sa.RowMapping) -> Note:
    return Note(**{name: row[name] for name in Note.__slots__})


_ADD = sa.text(
    "insert into app.note (tenant_id, id, line, subject_type, subject_key, audience, text,"
    " to_person, question_id) values ((select guard.tenant_id()), :id, :line, :type, :key,"
    " :audience, :text, :to_person, :question)"
)
_OF = sa.text(
    f"select {_COLUMNS} from app.note n where n.{_HERE} and n.subject_type = :type"
    " and n.subject_key = any(:keys) and n.removed_at is null order by n.id"
)
_PAGE = sa.text(
    f"select {_COLUMNS} from app.note n where n.{_HERE} and n.subject_type = :type"
    " and n.subject_key = :key and n.removed_at is null"
    " and (cast(:last as uuid) is null or n.id > :last) order by n.id limit :limit"
)
_STARTING = sa.text(
    f"select {_COLUMNS} from app.note n where n.{_HERE} and n.subject_type = :type"
    " and starts_with(n.subject_key, :prefix) and n.removed_at is null order by n.id limit 1000"
)
_ONE = sa.text(
    f"select {_COLUMNS} from app.note n where n.{_HERE} and n.id = :id and n.removed_at is null"
)
_SENT_BACK = sa.text(
    f"select n.tenant_id, {_COLUMNS} from app.note n where n.audience = 'sent_back'"
    " and n.done_at is null and n.removed_at is null order by n.written_at, n.id limit :limit"
)
_DONE = sa.text(
    "update app.note set done_at = now(), done_by = (select guard.user_id())"
    f" where {_HERE} and id = :id"
)
_PUT_RIGHT = sa.text(
    "update app.note set done_at = now(), done_by = (select guard.user_id())"
    f" where {_HERE} and subject_type = :type and subject_key = :key"
    " and audience = 'sent_back' and done_at is null and removed_at is null"
)
_NOT_DONE = sa.text(
    f"update app.note set done_at = null, done_by = null where {_HERE} and id = :id"
)
_REMOVE = sa.text(
    "update app.note set removed_at = now(), removed_by = (select guard.user_id())"
    f" where {_HERE} and id = :id and written_by = (select guard.user_id()) returning id"
)
_RESTORE = sa.text(
    f"update app.note set removed_at = null, removed_by = null where {_HERE} and id = :id"
)
