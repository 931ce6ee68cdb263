"""What is done with lists: write, send, accept, send back, remind, withdraw, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents import checks
from app.documents import commands as documents
from app.kernel import ids, scope, undo, usage, words
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound
from app.tasks.client_requests import links, queries, wanting
from app.tasks.client_requests.models import (
    MESSAGE_LENGTH,
    MOST_ITEMS,
    REASON_LENGTH,
    TITLE_LENGTH,
    RequestItem,
    RequestList,
    Wanted,
)

METER = "request-list"
SUBJECT = "request_item"
UNDO_ACCEPT = "request.accept"
UNDO_WITHDRAW = "request.withdraw"
UNDO_DROP = "request.drop"


def write(
    *,
    line: str,
    title: str,
    wanted: Sequence[Wanted],
    message: str = "",
    due_on: date | None = None,
    to_person: UUID | None = None,
) -> UUID:
    """Writes a list that nobody of the client sees yet; returns its id.

    Raises Invalid for no title, nothing asked for, more than 100 things, or too long words.
    """
    made = ids.uuid7()
    values = {"id": made, "line": line, "title": wanting.plain(title, "title", TITLE_LENGTH)}
    values["message"] = wanting.plain(message, "message", MESSAGE_LENGTH, needed=False)
    session.execute(_ADD, {**values, "due_on": due_on, "to_person": to_person})
    wanting.add(made, line, wanting.checked(wanted))
    return made


def rewrite(
    list_id: UUID,
    *,
    version: int,
    title: str,
    wanted: Sequence[Wanted],
    message: str = "",
    due_on: date | None = None,
) -> None:
    """Writes a draft anew, its things too. Raises NotFound, Conflict for one that was sent."""
    found = _locked(list_id, version)
    if found.state != "draft":
        raise Conflict("request-list-sent")
    checked = wanting.checked(wanted)
    values = {"id": list_id, "title": wanting.plain(title, "title", TITLE_LENGTH), "due_on": due_on}
    values["message"] = wanting.plain(message, "message", MESSAGE_LENGTH, needed=False)
    session.execute(_REWRITE, values)
    places = session.execute(_DROP_ALL, {"id": list_id}).scalar_one()
    wanting.add(list_id, found.line, checked, first=places)


def send(list_id: UUID, *, version: int) -> None:
    """Sends a draft: the client sees it at the portal, in the day's mail, and by its link.

    Raises NotFound, Conflict `request-list-sent`.
    """
    found = _locked(list_id, version)
    if found.state != "draft":
        raise Conflict("request-list-sent")
    session.execute(_SEND, {"id": list_id})
    _count(found)
    _link(found)


def remind(list_id: UUID) -> None:
    """Puts a list into the next mail once more, with a new link where the last one died.

    Raises NotFound, Conflict for a list that ended.
    """
    found = queries.one(list_id)
    if found.state != "open":
        raise Conflict("request-list-ended")
    session.execute(_REMIND, {"id": list_id})
    _link(found)


def _link(found: RequestList) -> None:
    """Sees to a living link; who may make none sends to the portal alone."""
    if scope.current().rights.may("link.make"):
        links.of_list(found.id, person_id=found.to_person)


def add(list_id: UUID, wanted: Wanted) -> UUID:
    """Asks for one thing more; of a list that was sent, the reminders begin anew.

    Raises NotFound, Invalid, Conflict for a list that ended.
    """
    found = _locked(list_id)
    if found.state not in {"draft", "open"}:
        raise Conflict("request-list-ended")
    if found.items >= MOST_ITEMS:
        raise Invalid.of("items", "request-items", most=MOST_ITEMS)
    place = session.execute(_NEXT_PLACE, {"id": list_id}).scalar_one()
    made = wanting.add(list_id, found.line, wanting.checked([wanted]), first=place)[0]
    _ask_anew(found.id)
    return made


def drop(item_id: UUID) -> UUID:
    """Takes a thing off its list that nothing was given for; returns the undo token.

    Raises NotFound, Conflict `request-item-given`.
    """
    found = queries.item(item_id)
    _locked(found.list_id)
    if session.execute(_DROP, {"id": item_id}).scalar() is None:
        raise Conflict("request-item-given")
    _finish(found.list_id)
    return undo.offer(UNDO_DROP, {"item": str(item_id)})


def accept(item_ids: Sequence[UUID]) -> UUID:
    """Accepts what was given; a list whose things are all accepted is done. Returns the undo token.

    Raises NotFound, Conflict `request-item-not-given` unless every one of them was given, or
    `request-list-ended` for a list that was withdrawn.
    """
    items = _given(item_ids)
    session.execute(_ACCEPT, {"ids": list(item_ids)})
    _note(items, "accepted")
    for list_id in {one.list_id for one in items}:
        _finish(list_id)
    return undo.offer(UNDO_ACCEPT, {"items": [str(one) for one in item_ids]})


def send_back(item_id: UUID, *, reason: str) -> None:
    """Sends what was given back with a reason; the client is asked and reminded of it anew.

    Raises NotFound, Invalid without a reason, Conflict `request-item-not-given`, or
    `request-list-ended` for a list that was withdrawn.
    """
    words = wanting.plain(reason, "reason", REASON_LENGTH)
    items = _given([item_id], also=("accepted",))
    session.execute(_SEND_BACK, {"id": item_id, "reason": words})
    _note(items, "sent_back", text=words)
    _open_again([items[0].list_id], "done")
    _ask_anew(items[0].list_id)


def withdraw(list_id: UUID) -> UUID:
    """Takes a list back: its links show that nothing is needed. Returns the undo token."""
    found = _locked(list_id)
    if found.state not in {"draft", "open"}:
        raise Conflict("request-list-ended")
    session.execute(_END, {"id": list_id, "state": "withdrawn"})
    usage.void(_key(list_id), reason="withdrawn")
    return undo.offer(UNDO_WITHDRAW, {"list": str(list_id)})


def give(
    item_id: UUID,
    *,
    text: str = "",
    confirmed: bool | None = None,
    files: Sequence[tuple[str, bytes]] = (),
) -> None:
    """Gives one thing at the portal: words, a yes or no, or files, which become papers.

    Raises NotFound, Invalid for nothing of the asked kind, Conflict for what was accepted or
    belongs to a list that ended.
    """
    found = queries.item(item_id)
    demand_given(found.kind, text=text, confirmed=confirmed, files=len(files))
    papers: list[UUID] = []
    for name, data in files:
        with naming(name, among=len(files)):
            papers.append(documents.add(data, name=name, line=found.line, source="request"))
    for paper in papers:
        documents.link(paper, subject_type=SUBJECT, subject_id=item_id)
    given: list[UUID | None] = [*papers] or [None]
    for one in given:
        values = {"item": item_id, "text": text.strip(), "confirmed": confirmed, "paper": one}
        session.execute(_GIVE, values)


@contextmanager
def naming(name: str, *, among: int) -> Iterator[None]:
    """Says at the form's field which of several files cannot be taken, and why."""
    try:
        yield
    except Invalid as error:
        faults = error.fields.get("file")
        if not faults:
            raise
        if among == 1:
            raise Invalid("invalid", {"files": faults}) from error
        why = words.error_text(faults[0].code, faults[0].params)
        named = {"file": checks.plain_name(name), "why": why, "n": among}
        raise Invalid.of("files", "request-file-refused", **named) from error


def demand_given(kind: str, *, text: str, confirmed: bool | None, files: int) -> None:
    """Refuses a gift without what was asked for: a file, words, or a yes or no."""
    if len(text) > MESSAGE_LENGTH:
        raise Invalid.of("text", "text-too-long", most=MESSAGE_LENGTH)
    if kind == "file" and not files:
        raise Invalid.of("files", "request-file-missing")
    if kind == "answer" and not text.strip():
        raise Invalid.of("text", "request-answer-missing")
    if kind == "confirmation" and confirmed is None:
        raise Invalid.of("confirmed", "request-confirmation-missing")


@undo.handler(UNDO_ACCEPT)
def _unaccept(args: dict[str, Any]) -> None:
    ids_ = [UUID(one) for one in args["items"]]
    session.execute(_UNACCEPT, {"ids": ids_})
    _open_again([one.list_id for one in queries.items_by_id(ids_)], "done")


@undo.handler(UNDO_DROP)
def _undrop(args: dict[str, Any]) -> None:
    found = queries.item(UUID(args["item"]))
    if _locked(found.list_id).state == "withdrawn":
        raise Conflict("request-list-ended")
    session.execute(_UNDROP, {"id": found.id})
    _open_again([found.list_id], "done")
    _ask_anew(found.list_id)


@undo.handler(UNDO_WITHDRAW)
def _unwithdraw(args: dict[str, Any]) -> None:
    found = queries.one(UUID(args["list"]))
    if _open_again([found.id], "withdrawn") and found.sent_at is not None:
        _count(found)


def _open_again(list_ids: Sequence[UUID], ended: str) -> int:
    """Opens lists again that ended in the way which the act takes back; returns how many did."""
    values = {"ids": list(list_ids), "ended": ended}
    return len(session.execute(_OPEN_AGAIN, values).all())


def _ask_anew(list_id: UUID) -> None:
    """Begins the reminders of an open list anew, with a new link where the last one died."""
    if session.execute(_ASK_ANEW, {"id": list_id}).scalar() is not None:
        _link(queries.one(list_id))


def _count(found: RequestList) -> None:
    evidence = usage.Evidence("request_list", found.id, found.title)
    usage.record(METER, 1, key=_key(found.id), evidence=evidence, line=found.line, unit="list")


def _key(list_id: UUID) -> str:
    return f"request-list:{list_id}"


def _given(item_ids: Sequence[UUID], *, also: tuple[str, ...] = ()) -> list[RequestItem]:
    items = queries.items_by_id(item_ids)
    if len(items) != len(set(item_ids)):
        raise NotFound
    lists = {"ids": [one.list_id for one in items]}
    if "withdrawn" in session.execute(_LOCK_ALL, lists).scalars().all():
        raise Conflict("request-list-ended")
    items = queries.items_by_id(item_ids)  # what they are, now that nobody else decides
    if any(one.state not in {"given", *also} for one in items):
        raise Conflict("request-item-not-given")
    return items


def _note(items: Sequence[RequestItem], act: str, *, text: str = "") -> None:
    values = {"ids": [one.id for one in items], "act": act, "text": text}
    session.execute(_ADD_ACTS, values)


def _finish(list_id: UUID) -> None:
    """Ends a list of which everything was accepted."""
    session.execute(_FINISH, {"id": list_id})


def _locked(list_id: UUID, version: int | None = None) -> RequestList:
    """The list, its row locked; raises NotFound, Conflict when somebody else changed it."""
    if session.execute(_LOCK, {"id": list_id}).scalar() is None:
        raise NotFound
    found = queries.one(list_id)
    if version is not None and found.version != version:
        raise Conflict("somebody-else-was-first")
    return found


_HERE = "tenant_id = (select guard.tenant_id())"
_ADD = sa.text(
    "insert into app.request_list (tenant_id, id, line, title, message, due_on, to_person)"
    " values ((select guard.tenant_id()), :id, :line, :title, :message, :due_on, :to_person)"
)
_REWRITE = sa.text(
    "update app.request_list set title = :title, message = :message, due_on = :due_on,"
    f" version = version + 1 where {_HERE} and id = :id"
)
_DROP_ALL = sa.text(
    "with gone as (update app.request_item set state = 'dropped', version = version + 1"
    f" where {_HERE} and list_id = :id and state <> 'dropped')"
    f" select coalesce(max(position) + 1, 0) from app.request_item where {_HERE} and list_id = :id"
)
_NEXT_PLACE = sa.text(
    f"select coalesce(max(position) + 1, 0) from app.request_item where {_HERE} and list_id = :id"
)
_SEND = sa.text(
    "update app.request_list set state = 'open', sent_at = now(), asked_at = now(),"
    f" version = version + 1 where {_HERE} and id = :id"
)
_ASK_ANEW = sa.text(
    "update app.request_list set asked_at = now(), version = version + 1"
    f" where {_HERE} and id = :id and state = 'open' returning id"
)
_REMIND = sa.text(
    "update app.request_list set reminded_at = now(), version = version + 1"
    f" where {_HERE} and id = :id"
)
_DROP = sa.text(
    "update app.request_item set state = 'dropped', version = version + 1"
    f" where {_HERE} and id = :id and state = 'waiting' and given_at is null returning id"
)
_UNDROP = sa.text(
    "update app.request_item set state = 'waiting', version = version + 1"
    f" where {_HERE} and id = :id and state = 'dropped'"
)
_ACCEPT = sa.text(
    "update app.request_item set state = 'accepted', decided_at = now(),"
    f" decided_by = (select guard.user_id()), version = version + 1 where {_HERE}"
    " and id = any(cast(:ids as uuid[]))"
)
_UNACCEPT = sa.text(
    "update app.request_item set state = 'given', decided_at = null, decided_by = null,"
    f" version = version + 1 where {_HERE} and id = any(cast(:ids as uuid[]))"
    " and state = 'accepted'"
)
_SEND_BACK = sa.text(
    "update app.request_item set state = 'sent_back', reason = :reason, decided_at = now(),"
    f" decided_by = (select guard.user_id()), version = version + 1 where {_HERE} and id = :id"
)
_ADD_ACTS = sa.text(
    "insert into app.request_act (tenant_id, item_id, line, act, text)"
    " select i.tenant_id, i.id, i.line, :act, :text from app.request_item i"
    f" where i.{_HERE} and i.id = any(cast(:ids as uuid[]))"
)
_FINISH = sa.text(
    "update app.request_list l set state = 'done', closed_at = now(),"
    f" closed_by = (select guard.user_id()), version = version + 1 where l.{_HERE} and l.id = :id"
    " and l.state = 'open' and not exists (select from app.request_item i"
    " where i.tenant_id = l.tenant_id and i.list_id = l.id"
    " and i.state not in ('accepted', 'dropped'))"
)
_END = sa.text(
    "update app.request_list set state = :state, closed_at = now(),"
    f" closed_by = (select guard.user_id()), version = version + 1 where {_HERE} and id = :id"
)
_OPEN_AGAIN = sa.text(
    "update app.request_list set state = case when sent_at is null then 'draft' else 'open' end,"
    f" closed_at = null, closed_by = null, version = version + 1 where {_HERE}"
    " and id = any(cast(:ids as uuid[])) and state = :ended returning id"
)
_LOCK_ALL = sa.text(
    f"select state from app.request_list where {_HERE} and id = any(cast(:ids as uuid[]))"
    " order by id for update"
)
_LOCK = sa.text(f"select id from app.request_list where {_HERE} and id = :id for update")
_GIVE = sa.text(
    "select app.give_request_item(:item, :text, :confirmed, cast(:paper as uuid), null)"
)
