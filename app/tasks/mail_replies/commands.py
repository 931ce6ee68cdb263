"""What is done with replies: taken in by a job, placed, put aside, and back."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents import commands as documents
from app.documents import held, intake, mail_in, uploads
from app.documents import queries as papers
from app.documents.intake import Taken
from app.documents.uploads import Upload
from app.kernel import ids, mail_replies, undo
from app.kernel.db import session
from app.kernel.errors import Conflict
from app.mail import authentication
from app.tasks import questions, questions_queries
from app.tasks.mail_replies import queries, reading
from app.tasks.mail_replies.models import TEXT_LENGTH, MailReply, Target, fitting

SOURCE = "reply"
SUBJECT = "mail_reply"
UNDO_PUT_ASIDE = "mail-reply.put-aside"
UNDO_PLACE = "mail-reply.place"
MACHINE, STRANGER = "file-mail-automated", "file-mail-sender"
UNREADABLE = "file-mail-unreadable"


def take_in(upload: Upload, raw: bytes) -> Taken:
    """Takes a raw reply in: it answers the one open thing of its mail, or waits to be placed.

    What a machine wrote answers nothing, and what somebody else sent is held: the address alone is
    no proof of who writes.
    """
    address_id = upload.subject_id or upload.id
    address, reply = queries.address(address_id), reading.read(raw)
    before = queries.taken_before(address_id, reply.sha)
    if before is not None:  # mail servers hand a message over again when they missed our answer
        return Taken(before.document_id, before.held_id, before.code)
    about: dict[str, object] = {"address": address.id, "upload": upload.id, "line": upload.line}
    about["sha"] = reply.sha
    about |= {"person": address.person_id, "link": address.link_id}
    letter = mail_in.read(raw)
    if reply.automated:
        _keep(about, text=reply.whole, state="automated")
        return _hold(upload, raw, letter.name, MACHINE) if letter.files else Taken(code=MACHINE)
    if reply.unreadable:
        _keep(about, text="", state="held")
        return _hold(upload, raw, letter.name, UNREADABLE)
    if address.email is None or reply.sender != address.email or not _is_proven(reply):
        _keep(about, text="", state="held")
        return _hold(upload, raw, letter.name, STRANGER)
    return _take(upload, raw, about, letter, reply, address.about)


def _is_proven(reply: reading.Reply) -> bool:
    """Whether the mail server that hands in stands for the sender, where it is known by name."""
    server = mail_replies.trusted_server()
    domain = reply.sender.rpartition("@")[2]
    return server is None or authentication.dmarc_passes(
        reply.results, server=server, domain=domain
    )


def _take(
    upload: Upload,
    raw: bytes,
    about: dict[str, object],
    letter: mail_in.Letter,
    reply: reading.Reply,
    asked: list[tuple[str, UUID]],
) -> Taken:
    """Keeps the message and its files as papers and gives them for what they answer."""
    person = about["person"]
    open_things = (
        queries.targets_of(person, asked) if isinstance(person, UUID) else queries.targets(asked)
    )
    lines = {one.line for one in open_things}
    line = lines.pop() if len(lines) == 1 else upload.line  # where what it answers is read
    made = ids.uuid7()
    take = partial(
        intake.take,
        line=line,
        source="mail",
        subject=(SUBJECT, made),  # what is held belongs there too, once it is let in
        most=uploads.MOST_BYTES,
        note=letter.note,
    )
    whole = take(raw, name=letter.name)
    taken = [take(one.data, name=one.name) for one in letter.files]
    files = [one.document_id for one in taken if one.document_id]
    target = fitting(open_things, text=reply.text, files=len(files))
    text = reply.text if target else reply.text or reply.whole
    about |= {"id": made, "line": line, "documents": files, "paper": whole.document_id}
    _keep(about, text=text, state="to_place")
    if target:
        place(made, target)
    return whole


def _hold(upload: Upload, raw: bytes, name: str, reason: str) -> Taken:
    made = held.hold(
        raw,
        name=name,
        line=upload.line,
        document_class="normal",
        reason=reason,
        source="mail",
        most=uploads.MOST_BYTES,
    )
    return Taken(held_id=made, code=reason)


def _keep(about: dict[str, object], *, text: str, state: str) -> None:
    values = {"id": ids.uuid7(), "documents": [], "paper": None}
    session.execute(_KEEP, values | about | {"text": text[:TEXT_LENGTH], "state": state})


def place(reply_id: UUID, target: Target, *, confirmed: bool | None = None) -> None:
    """Gives a reply for an open thing, in the name of whom it came from.

    Raises NotFound, Conflict `mail-reply-decided` for one that was placed or put aside, and what
    giving refuses: nothing of the asked kind, a list that ended, something accepted.
    """
    found = queries.one(reply_id)
    living = {one.id for one in papers.heads([*found.documents, *_whole(found)])}
    files = [one for one in found.documents if one in living]
    if target.type == "question":
        at = ("answer", _answer(reply_id, target.id, files))
    else:
        values = {"reply": reply_id, "item": target.id, "confirmed": confirmed}
        session.execute(_GIVE, values)
        at = ("request_item", target.id)
    for paper in [*files, *_whole(found)]:
        if paper in living:  # the whole message besides: what was cut off is read there
            documents.link(paper, subject_type=at[0], subject_id=at[1])


def _answer(reply_id: UUID, question_id: UUID, files: list[UUID]) -> UUID:
    made = ids.uuid7()
    session.execute(_ANSWER, {"reply": reply_id, "question": question_id, "answer": made})
    found = questions_queries.one(question_id)
    questions.belong_to(found, made, files)
    questions.tell(found, made, files)
    return made


def _whole(found: MailReply) -> list[UUID]:
    return [found.paper_id] if found.paper_id else []


def _records(found: MailReply) -> list[tuple[str, UUID]]:
    """Where the files of a placed reply belong: its thing, or its answer and what that is about."""
    if found.item_id is None:
        return []
    if found.answer_id is None:
        return [("request_item", found.item_id)]
    return [("answer", found.answer_id), *questions.records(questions_queries.one(found.item_id))]


def _let_in(reply_id: UUID, document_id: UUID) -> None:
    """A held file of a reply was let in: it belongs where the reply was placed.

    The whole message belongs to the thing or the answer alone: it is no receipt of a bank line.
    """
    session.execute(_ADD, {"reply": reply_id, "document": document_id})
    found = queries.one(reply_id)
    every = _records(found)
    for subject_type, subject_id in every[:1] if found.paper_id == document_id else every:
        documents.link(document_id, subject_type=subject_type, subject_id=subject_id)


def place_at(reply_id: UUID, *, item_id: UUID, confirmed: bool | None = None) -> UUID:
    """Places a reply at an open thing or question that staff chose; returns the undo token.

    Raises as `place`, and Conflict `mail-reply-target` for what is open no more, or for a question
    where the reply came from somebody to whom a thing was handed on.
    """
    found = queries.one(reply_id)
    chosen = queries.targets([("request_item", item_id), ("question", item_id)])
    if not chosen or (chosen[0].type == "question" and found.person_id is None):
        raise Conflict("mail-reply-target")
    place(reply_id, chosen[0], confirmed=confirmed)
    return undo.offer(UNDO_PLACE, {"reply": str(reply_id)})


@undo.handler(UNDO_PLACE)
def _unplace(args: dict[str, Any]) -> None:
    """Takes what a reply gave back; Conflict `mail-reply-taken-up` where that went on since."""
    found = queries.one(UUID(args["reply"]))
    session.execute(_TAKE_BACK, {"reply": found.id})
    if found.decided_at is not None:
        its_papers = [*found.documents, *_whole(found)]
        documents.take_off(its_papers, subjects=_records(found), since=found.decided_at)


def put_aside(reply_id: UUID) -> UUID:
    """Puts a reply aside that answers nothing; returns the undo token.

    Raises NotFound, Conflict `mail-reply-decided`.
    """
    _move(reply_id, "to_place", "put_aside")
    return undo.offer(UNDO_PUT_ASIDE, {"reply": str(reply_id)})


@undo.handler(UNDO_PUT_ASIDE)
def _unput(args: dict[str, Any]) -> None:
    _move(UUID(args["reply"]), "put_aside", "to_place")


def _move(reply_id: UUID, old: str, new: str) -> None:
    queries.one(reply_id)
    values = {"id": reply_id, "old": old, "new": new}
    if session.execute(_MOVE, values).scalar() is None:
        raise Conflict("mail-reply-decided")


_HERE = "tenant_id = (select guard.tenant_id())"
_KEEP = sa.text(
    "insert into app.mail_reply (tenant_id, id, line, address_id, upload_id, message_sha,"
    " person_id, link_id, text, documents, paper_id, state) values ((select guard.tenant_id()),"
    " :id, :line, :address, :upload, :sha, cast(:person as uuid), cast(:link as uuid), :text,"
    " cast(:documents as uuid[]), cast(:paper as uuid), :state)"
)
_GIVE = sa.text("select app.give_by_reply(:reply, :item, cast(:confirmed as boolean))")
_ANSWER = sa.text("select app.answer_by_reply(:reply, :question, :answer)")
_ADD = sa.text("select app.add_to_mail_reply(:reply, :document)")
_TAKE_BACK = sa.text("select app.take_back_mail_reply(:reply)")
_MOVE = sa.text(
    "update app.mail_reply set state = :new, version = version + 1,"
    " decided_at = case when :new = 'put_aside' then now() end,"
    " decided_by = case when :new = 'put_aside' then (select guard.user_id()) end"
    f" where {_HERE} and id = :id and state = :old returning id"
)
mail_in.accept("mail_reply_address", sa.text("select app.open_reply_upload(:name, :size, :sha)"))
intake.take_by(SOURCE, take_in)
held.when_let_in(SUBJECT, _let_in)
