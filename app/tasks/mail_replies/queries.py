"""What is known of replies: whose address one came to, what waits, and what may take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.kernel import paging
from app.kernel.db import session
from app.kernel.errors import NotFound
from app.tasks.mail_replies.models import Decided, MailReply, Target

MOST_TARGETS = 200
MOST_DECIDED = 20


@dataclass(frozen=True, slots=True)
class Address:
    """Whom a mail was for, where their mails go, and what stood in it."""

    id: UUID
    line: str
    person_id: UUID | None
    link_id: UUID | None
    email: str | None
    about: list[tuple[str, UUID]]


@dataclass(frozen=True, slots=True)
class Taken:
    """A paper, a held file, or neither, with the code of the reason."""

    document_id: UUID | None
    held_id: UUID | None
    code: str


def address(address_id: UUID) -> Address:
    """The address of a mail; `email` is None for somebody who may answer no more."""
    row = session.execute(_ADDRESS, {"id": address_id}).mappings().first()
    if row is None:
        raise NotFound
    about = [
        (kind, UUID(key)) for kind, _colon, key in (one.partition(":") for one in row["about"])
    ]
    mail = str(row["email"]).strip().lower() if row["email"] else None
    return Address(row["id"], row["line"], row["person_id"], row["link_id"], mail, about)


def taken_before(address_id: UUID, sha: str) -> Taken | None:
    """What became of the same message when it came to this address before; None for a new one."""
    row = session.execute(_BEFORE, {"id": address_id, "sha": sha}).mappings().first()
    return Taken(**row) if row else None


def targets(about: Sequence[tuple[str, UUID]]) -> list[Target]:
    """Of what stood in a mail, what is still open: questions, and the things of lists."""
    return [Target(**row) for row in session.execute(_TARGETS, _asked(about)).mappings()]


def targets_of(person_id: UUID, about: Sequence[tuple[str, UUID]]) -> list[Target]:
    """The same, of what somebody may answer still: each thing on its own line. For jobs only."""
    values = _asked(about) | {"person": person_id}
    return [Target(**row) for row in session.execute(_TARGETS_OF, values).mappings()]


def _asked(about: Sequence[tuple[str, UUID]]) -> dict[str, object]:
    return {"types": [kind for kind, _id in about], "ids": [key for _kind, key in about]}


def every_target() -> list[Target]:
    """What is open that staff may place a reply at: the newest two hundred of each kind."""
    return [Target(**row) for row in session.execute(_EVERY).mappings()]


def to_place(*, after: str | None = None, limit: int = 50) -> paging.Page[MailReply]:
    """Replies that wait to be placed, the oldest first; raises Invalid `bad-cursor`."""
    last = paging.keys(after, UUID)
    values = {"after": last and last[0], "limit": limit + 1}
    found = [MailReply(**row) for row in session.execute(_TO_PLACE, values).mappings()]
    return paging.page(found, limit=limit, key=lambda one: [one.id])


def waiting() -> int:
    """How many replies wait to be placed."""
    return int(session.execute(_WAITING).scalar_one())


def waiting_by_client() -> dict[UUID, int]:
    """How many replies wait in each client reached that has some."""
    return {row.tenant_id: row.waiting for row in session.execute(_WAITING_BY_CLIENT)}


def decided(kinds: Sequence[str]) -> list[Decided]:
    """What the acting person placed or put aside within a day and can take back, newest first."""
    rows = session.execute(_DECIDED, {"kinds": list(kinds)}).mappings()
    return [Decided(**row) for row in rows]


def one(reply_id: UUID) -> MailReply:
    """One reply; raises NotFound."""
    row = session.execute(_ONE, {"id": reply_id}).mappings().first()
    if row is None:
        raise NotFound
    return MailReply(**row)


_HERE = "tenant_id = (select guard.tenant_id())"
_ADDRESS = sa.text(
    "select a.id, a.line, a.person_id, a.link_id,"
    " case when a.link_id is not null then"
    " (select k.address from app.request_link k where k.tenant_id = a.tenant_id"
    " and k.id = a.link_id and app.request_link_lives(k.id))"
    " else (select p.email from (select a.line union select q.line from app.question q"
    " where q.tenant_id = a.tenant_id and q.id = any(k.ids) union select l.line"
    " from app.request_list l where l.tenant_id = a.tenant_id and l.id = any(k.ids)) mailed"
    " cross join lateral guard.client_people(mailed.line, 'request.answer') c"
    " cross join lateral guard.address_of(c.person_id) p where c.person_id = a.person_id limit 1)"
    " end as email, k.about from app.mail_reply_address a"
    " join app.mail_message m on m.tenant_id = a.tenant_id and m.id = a.id"
    " cross join lateral (select coalesce(array_agg(t), '{}') as about,"
    " coalesce(array_agg(split_part(t, ':', 2)::uuid), '{}') as ids"
    " from jsonb_array_elements_text(coalesce(m.params -> 'about', '[]')) t) k"
    f" where a.{_HERE} and a.id = :id"
)
_BEFORE = sa.text(
    "select u.document_id, u.held_id, u.code from app.mail_reply r"
    " join app.upload u on u.tenant_id = r.tenant_id and u.id = r.upload_id"
    f" where r.{_HERE} and r.address_id = :id and r.message_sha = :sha"
)
_QUESTIONS = (
    "select 'question' as type, q.id, q.line, 'question' as kind, q.text as title,"
    " null::uuid as list_id, q.wants_file from app.question q"
    f" where q.{_HERE} and q.state = 'waiting' and q.direction = 'to_client'"
)
_THINGS = (
    "select 'request_item' as type, i.id, i.line, i.kind, i.title, i.list_id,"
    " i.kind = 'file' as wants_file"
    " from app.request_item i join app.request_list l"
    " on l.tenant_id = i.tenant_id and l.id = i.list_id and l.state = 'open'"
    f" where i.{_HERE} and i.state in ('waiting', 'sent_back')"
)
_ASKED = "(select * from unnest(cast(:types as text[]), cast(:ids as uuid[])) a(type, id))"
_MAILED = (
    f"{_QUESTIONS} and ('question', q.id) in {_ASKED} union all {_THINGS}"
    f" and (('request_list', i.list_id) in {_ASKED} or ('request_item', i.id) in {_ASKED})"
)
_TARGETS = sa.text(_MAILED)
_TARGETS_OF = sa.text(
    f"with mailed as materialized ({_MAILED}), theirs as materialized (select l.line"
    " from (select distinct line from mailed) l cross join lateral"
    " guard.client_people(l.line, 'request.answer') c where c.person_id = :person)"
    " select * from mailed where line in (select line from theirs)"
)
_EVERY = sa.text(
    f"({_THINGS} order by i.id desc limit {MOST_TARGETS}) union all"
    f" ({_QUESTIONS} order by q.id desc limit {MOST_TARGETS})"
)
_COLUMNS = (
    "select r.id, r.line, r.person_id, coalesce(k.name, k.address, '') as name, r.text,"
    " r.documents, r.state, r.came_at, r.version, r.paper_id, r.item_type, r.item_id, r.answer_id,"
    " r.decided_at from app.mail_reply r"
    " left join app.request_link k on k.tenant_id = r.tenant_id and k.id = r.link_id"
)
_TO_PLACE = sa.text(
    f"{_COLUMNS} where r.{_HERE} and r.state = 'to_place'"
    " and (cast(:after as uuid) is null or r.id > :after) order by r.id limit :limit"
)
_ONE = sa.text(f"{_COLUMNS} where r.{_HERE} and r.id = :id")
_DECIDED = sa.text(
    "select r.id as reply_id, coalesce(k.name, k.address, '') as name, r.text,"
    " coalesce(i.title, q.text) as title, u.id as undo from app.undo_token u"
    " join app.mail_reply r on r.tenant_id = u.tenant_id and r.id::text = u.args ->> 'reply'"
    " left join app.request_link k on k.tenant_id = r.tenant_id and k.id = r.link_id"
    " left join app.request_item i on i.tenant_id = r.tenant_id and i.id = r.item_id"
    " left join app.question q on q.tenant_id = r.tenant_id and q.id = r.item_id"
    f" where u.{_HERE} and u.owner_id = (select guard.user_id())"
    " and u.kind = any(cast(:kinds as text[])) and u.taken_at is null and u.expires_at > now()"
    f" and r.state in ('placed', 'put_aside') order by u.id desc limit {MOST_DECIDED}"
)
_WAITING_BY_CLIENT = sa.text(
    "select tenant_id, count(*)::int as waiting from app.mail_reply where state = 'to_place'"
    " group by tenant_id"
)
_WAITING = sa.text(f"select count(*) from app.mail_reply where {_HERE} and state = 'to_place'")
