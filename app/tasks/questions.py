"""Questions: ask from one record or many, answer with files, close, withdraw, ask again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents import commands as documents
from app.kernel import events, ids, undo, usage
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound
from app.tasks import questions_bulk, questions_queries
from app.tasks.models import (
    CHIP_LENGTH,
    MOST_CHIPS,
    MOST_FILES,
    TEXT_LENGTH,
    Question,
    QuestionAnswered,
    QuestionAsked,
)
from app.tasks.questions_queries import of

__all__ = ["File", "answer", "ask", "ask_again", "close", "of", "reopen", "withdraw"]

METER = "question"
UNDO_WITHDRAW = "question.withdraw"
UNDO_CLOSE = "question.close"
UNDO_ASK = "question.ask"
MOST_SUBJECTS = 200


@dataclass(frozen=True, slots=True)
class File:
    """A file that comes with an answer, as it was sent."""

    name: str
    data: bytes


def ask(
    *,
    line: str,
    subject_type: str,
    subject_ids: Sequence[UUID | str],
    text: str,
    chips: Sequence[str] = (),
    wants_file: bool = False,
    together: bool = False,
    to_person: UUID | None = None,
) -> tuple[UUID, ...]:
    """Asks the client about one record or many; returns the questions made, in order.

    One question a record, or with `together` one about all of them. The client's people see them
    at once at the portal and in the day's mail. Raises Invalid for an empty text, no record, more
    than 200 records, more than 6 chips.
    """
    keys = list(dict.fromkeys(str(one) for one in subject_ids))
    text, chips = _checked_text(text), _checked_chips(chips)
    if not keys or len(keys) > MOST_SUBJECTS:
        raise Invalid.of("subject_ids", "question-subjects", most=MOST_SUBJECTS)
    groups = [keys] if together else [[key] for key in keys]
    head: dict[str, Any] = {"line": line, "direction": "to_client", "text": text}
    head |= {"chips": list(chips), "wants_file": wants_file, "to_person": to_person}
    return _ask(head, subject_type, groups)


def ask_provider(
    *, line: str, text: str, subject_type: str = "", subject_key: str | None = None
) -> UUID:
    """A client's person asks the provider, about a record or in general; shown on the desk."""
    head: dict[str, Any] = {"line": line, "direction": "to_provider", "text": _checked_text(text)}
    head |= {"chips": [], "wants_file": False, "to_person": None}
    return _ask(head, subject_type, [[subject_key] if subject_key else []])[0]


def _ask(head: dict[str, Any], subject_type: str, groups: list[list[str]]) -> tuple[UUID, ...]:
    """One question for each group of keys, with the same words; three statements for all."""
    made = tuple(ids.uuid7() for _group in groups)
    session.execute(_ADD, {"ids": list(made), **head})
    subjects = [
        (question, place, key)
        for question, group in zip(made, groups, strict=True)
        for place, key in enumerate(group)
    ]
    if subjects:
        questions, places, keys = (list(column) for column in zip(*subjects, strict=True))
        values = {"questions": questions, "places": places, "keys": keys}
        session.execute(_ADD_SUBJECTS, {**values, "line": head["line"], "type": subject_type})
    session.execute(_METER, {"ids": list(made), "meter": METER, "line": head["line"]})
    events.emit_many(QuestionAsked(one, head["line"], head["direction"]) for one in made)
    return made


def ask_again(question_id: UUID, *, text: str, chips: Sequence[str] = ()) -> UUID:
    """Closes a question and asks the same records with other words; returns the new one."""
    found = _locked(question_id)
    _refuse_ended(found)
    if found.direction != "to_client":
        raise Conflict("question-not-to-client")
    text = _checked_text(text)
    _end(found, "done")
    head = {
        "line": found.line,
        "direction": "to_client",
        "text": text,
        "chips": list(_checked_chips(chips or found.chips)),
        "wants_file": found.wants_file,
        "to_person": found.to_person,
    }
    return _ask(head, found.subjects[0][0], [[key for _type, key in found.subjects]])[0]


def answer(
    question_id: UUID,
    *,
    chip: str | None = None,
    text: str = "",
    files: Sequence[File] = (),
) -> UUID:
    """Answers a question; returns the answer's id. What is answered twice is kept as an addition.

    Files become papers linked to the answer and to every record of the question. The same answer
    of the same person sent again is the same answer. Raises Invalid for an answer with nothing in
    it or a chip that was not offered, Conflict `question-withdrawn`.
    """
    found = _locked(question_id)
    if found.state == "withdrawn":
        raise Conflict("question-withdrawn")
    chip, text = (chip or "").strip() or None, text.strip()
    if chip is not None and chip not in found.chips:
        raise Invalid.of("chip", "question-chip-unknown")
    if len(text) > TEXT_LENGTH:
        raise Invalid.of("text", "text-too-long", most=TEXT_LENGTH)
    if len(files) > MOST_FILES:
        raise Invalid.of("files", "too-many-files", most=MOST_FILES)
    if chip is None and not text and not files:
        raise Invalid.of("text", "answer-empty")
    same = session.execute(_SAME, {"id": question_id, "chip": chip, "text": text}).scalar()
    if same is not None and not files:
        return UUID(str(same))
    return _keep_answer(found, chip, text, files)


def _keep_answer(found: Question, chip: str | None, text: str, files: Sequence[File]) -> UUID:
    made = ids.uuid7()
    papers = tuple(_paper(found, one) for one in files)
    values = {"id": made, "question": found.id, "line": found.line, "chip": chip, "text": text}
    session.execute(_ADD_ANSWER, {**values, "files": len(papers)})
    session.execute(_ANSWERED, {"id": found.id})
    belong_to(found, made, papers)
    tell(found, made, papers)
    return made


def belong_to(found: Question, answer_id: UUID, papers: Sequence[UUID]) -> None:
    """Says that papers came with an answer and so belong to every record of its question."""
    for subject_type, subject_id in (("answer", answer_id), *records(found)):
        for paper in papers:
            documents.link(paper, subject_type=subject_type, subject_id=subject_id)


def tell(found: Question, answer_id: UUID, papers: Sequence[UUID]) -> None:
    """Tells whoever listens that a question was answered, however the answer came."""
    keys = tuple(key for _type, key in found.subjects)
    kind = found.subjects[0][0] if found.subjects else ""
    events.emit(QuestionAnswered(found.id, answer_id, kind, keys, tuple(papers)))


def records(found: Question) -> list[tuple[str, UUID]]:
    """The records of a question that papers can belong to: a report's cell is none."""
    kept = []
    for subject_type, key in found.subjects:
        with suppress(ValueError):
            kept.append((subject_type, UUID(key)))
    return kept


def _paper(found: Question, file: File) -> UUID:
    return documents.add(file.data, name=file.name, line=found.line, source="question")


def close(question_id: UUID) -> UUID:
    """Accepts what was answered, or settles a question without an answer; returns the undo token.

    Raises NotFound, Conflict `question-ended`.
    """
    found = _locked(question_id)
    _refuse_ended(found)
    _end(found, "done")
    return undo.offer(UNDO_CLOSE, {"question": str(question_id)})


def withdraw(question_id: UUID) -> UUID:
    """Takes a question back that nobody answered; returns the token of the way back.

    Raises NotFound, Conflict `question-ended`, or `question-answered` once there is an answer.
    """
    found = _locked(question_id)
    _refuse_ended(found)
    if found.state == "answered":
        raise Conflict("question-answered")
    _end(found, "withdrawn")
    usage.void(_key(found.id), reason="withdrawn")
    return undo.offer(UNDO_WITHDRAW, {"question": str(question_id)})


def reopen(question_id: UUID) -> None:
    """Puts a closed or withdrawn question back to where it was: answered, or waiting.

    Raises NotFound, Conflict `question-open`.
    """
    found = _locked(question_id)
    if found.state not in {"done", "withdrawn"}:
        raise Conflict("question-open")
    session.execute(_REOPEN, {"id": found.id})
    if found.state == "withdrawn":
        _count(found.id, found.line)


@undo.handler(UNDO_CLOSE)
@undo.handler(UNDO_WITHDRAW)
def _back(args: dict[str, Any]) -> None:
    reopen(UUID(args["question"]))


@undo.handler(UNDO_ASK)
def _unask(args: dict[str, Any]) -> None:
    questions_bulk.withdraw([UUID(one) for one in args["questions"]])


def offer_unask(made: Sequence[UUID]) -> UUID:
    """The way back from asking: withdraws what nobody has answered meanwhile."""
    return undo.offer(UNDO_ASK, {"questions": [str(one) for one in made]})


def _end(found: Question, state: str) -> None:
    session.execute(_END, {"id": found.id, "state": state})


def _refuse_ended(found: Question) -> None:
    if found.state in {"done", "withdrawn"}:
        raise Conflict("question-ended")


def _locked(question_id: UUID) -> Question:
    """The question, its row locked: of two who act at once the later sees what the earlier did."""
    if session.execute(_LOCK, {"id": question_id}).scalar() is None:
        raise NotFound
    return questions_queries.one(question_id)


def _count(question_id: UUID, line: str) -> None:
    usage.record(
        METER,
        1,
        key=_key(question_id),
        evidence=usage.Evidence("question", question_id),
        line=line,
        unit="question",
    )


def _key(question_id: UUID) -> str:
    return f"question:{question_id}"


def _checked_text(text: str) -> str:
    plain = text.strip()
    if not plain:
        raise Invalid.of("text", "question-text-missing")
    if len(plain) > TEXT_LENGTH:
        raise Invalid.of("text", "text-too-long", most=TEXT_LENGTH)
    return plain


def _checked_chips(chips: Sequence[str]) -> tuple[str, ...]:
    plain = tuple(dict.fromkeys(one.strip() for one in chips if one.strip()))
    if len(plain) > MOST_CHIPS:
        raise Invalid.of("chips", "too-many-chips", most=MOST_CHIPS)
    if any(len(one) > CHIP_LENGTH for one in plain):
        raise Invalid.of("chips", "text-too-long", most=CHIP_LENGTH)
    return plain


_HERE = "tenant_id = (select guard.tenant_id())"
_ADD = sa.text(
    "insert into app.question (tenant_id, id, line, direction, text, chips, wants_file, to_person)"
    " select (select guard.tenant_id()), q.id, :line, :direction, :text, cast(:chips as text[]),"
    " :wants_file, cast(:to_person as uuid) from unnest(cast(:ids as uuid[])) q(id)"
)
_ADD_SUBJECTS = sa.text(
    "insert into app.question_subject (tenant_id, question_id, line, position, subject_type,"
    " subject_key) select (select guard.tenant_id()), k.question, :line, k.place, :type, k.key"
    " from unnest(cast(:questions as uuid[]), cast(:places as int[]), cast(:keys as text[]))"
    " k(question, place, key)"
)
_METER = sa.text(
    "select app.record_usage(:meter, 1, 'question', 'question:' || q.id, 'question', q.id, '',"
    " :line, null) from unnest(cast(:ids as uuid[])) q(id)"
)
_ADD_ANSWER = sa.text(
    "insert into app.answer (tenant_id, id, question_id, line, chip, text, files)"
    " values ((select guard.tenant_id()), :id, :question, :line, :chip, :text, :files)"
)
_SAME = sa.text(
    f"select id from app.answer where {_HERE} and question_id = :id"
    " and answered_by = (select guard.user_id()) and chip is not distinct from :chip"
    " and text = :text and answered_at > now() - interval '1 hour' order by id desc limit 1"
)
_ANSWERED = sa.text(
    "update app.question set state = 'answered', answered_at = coalesce(answered_at, now()),"
    " answered_by = coalesce(answered_by, (select guard.user_id())), closed_at = null,"
    f" closed_by = null, version = version + 1 where {_HERE} and id = :id"
)
_END = sa.text(
    "update app.question set state = :state, closed_at = now(),"
    f" closed_by = (select guard.user_id()), version = version + 1 where {_HERE} and id = :id"
)
_REOPEN = sa.text(
    "update app.question set state = case when answered_at is null then 'waiting' else 'answered'"
    " end, closed_at = null, closed_by = null, version = version + 1"
    f" where {_HERE} and id = :id"
)
_LOCK = sa.text(f"select id from app.question where {_HERE} and id = :id for update")
