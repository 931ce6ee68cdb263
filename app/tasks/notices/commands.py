"""Reading notices and choosing how to be told; each with its way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, SMALLINT

from app.kernel import audit, clock, notices, undo
from app.kernel.db import session
from app.kernel.errors import Invalid, NotFound
from app.kernel.notices import Wish
from app.tasks.notices.queries import EVERYTHING, Hours, Wanted

UNDO = "notices.read"
MOST_HOURS = 6
LAST_YEAR = 2200
"""No pause is longer; the table asks the same."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Where an opened notice leads: its client's slug, its kind and its thing."""

    client: str
    kind: str
    subject_type: str
    subject_key: str


def open_notice(notice_id: UUID) -> Opened:
    """Marks a notice read and says where it leads; raises NotFound for what is not one's own."""
    row = session.execute(_OPEN, {"id": notice_id}).mappings().first()
    if row is None:
        raise NotFound
    return Opened(**row)


def read(ids: Sequence[UUID]) -> tuple[int, UUID | None]:
    """Marks notices read; how many there were, and the token of the way back."""
    return _read({"ids": list(ids), "kind": None, "client": None})


def read_all(wanted: Wanted) -> tuple[int, UUID | None]:
    """Marks all unread ones of a filter read, however many; one way back."""
    return _read({"ids": None, "kind": wanted.kind, "client": wanted.client})


def _read(values: dict[str, Any]) -> tuple[int, UUID | None]:
    row = session.execute(_READ, values).one()
    if not row.n:
        return 0, None
    return row.n, undo.offer(UNDO, {"at": row.at.isoformat()})


def unread(ids: Sequence[UUID]) -> int:
    """Marks notices unread again; where the same happened anew, that one stays the unread one."""
    return int(session.execute(_UNREAD, {"ids": list(ids), "at": None}).scalar_one())


@undo.handler(UNDO)
def _unread(args: dict[str, Any]) -> None:
    session.execute(_UNREAD, {"ids": None, "at": datetime.fromisoformat(args["at"])})


def choose(wishes: Mapping[str, tuple[bool, Wish]]) -> None:
    """Keeps in the person's home how they are told of kinds: in the app, and by mail.

    Raises Invalid for a kind that nobody declared, and `notice-safety` for switching off what
    concerns the safety of the account.
    """
    known = notices.kinds()
    for name, (in_app, by_mail) in wishes.items():
        if name != EVERYTHING and name not in known:
            raise Invalid.of("kinds", "not-a-choice")
        if name != EVERYTHING and not known[name].stops and (not in_app or by_mail == "off"):
            raise Invalid("notice-safety")
    names = list(wishes)
    values = {
        "kinds": names,
        "shown": [wishes[name][0] for name in names],
        "mails": [wishes[name][1] for name in names],
    }
    changed = [row.kind for row in session.execute(_CHOOSE, values)]
    if changed:
        audit.note(
            "notice.settings-changed", subject_type="notice_choice", detail={"kinds": changed}
        )


def set_hours(wanted: Hours) -> None:
    """Keeps when the person wants the digest; raises Invalid at what is out of range."""
    if len(set(wanted.hours)) > MOST_HOURS:
        raise Invalid.of("hours", "notice-hours", most=MOST_HOURS)
    if any(not 0 <= one <= 23 for one in (*wanted.hours, wanted.quiet_from, wanted.quiet_to)):
        raise Invalid.of("hours", "not-a-choice")
    if wanted.paused_until is not None and wanted.paused_until < clock.now().date():
        raise Invalid.of("paused_until", "in-the-past")
    if wanted.paused_until is not None and wanted.paused_until.year > LAST_YEAR:
        raise Invalid.of("paused_until", "not-a-date")
    values = {
        "hours": sorted(set(wanted.hours)),
        "every_day": wanted.every_day,
        "quiet_from": wanted.quiet_from,
        "quiet_to": wanted.quiet_to,
        "paused_until": wanted.paused_until,
    }
    session.execute(_SET_HOURS, values)


_OPEN = sa.text("select client, kind, subject_type, subject_key from app.open_notice(:id)")
_READ = sa.text(
    "select n, at from app.read_notices(cast(:ids as uuid[]), :kind, cast(:client as uuid))"
)
_UNREAD = sa.text("select app.unread_notices(cast(:ids as uuid[]), cast(:at as timestamptz))")
_CHOOSE = sa.text(
    "insert into app.notice_choice as c (tenant_id, owner_id, kind, in_app, by_mail)"
    " select (select guard.tenant_id()), (select guard.user_id()), k.* from unnest("
    "cast(:kinds as text[]), cast(:shown as boolean[]), cast(:mails as text[])) k"
    " on conflict (tenant_id, owner_id, kind) do update set in_app = excluded.in_app,"
    " by_mail = excluded.by_mail"
    " where (c.in_app, c.by_mail) is distinct from (excluded.in_app, excluded.by_mail)"
    " returning kind"
)
_SET_HOURS = sa.text(
    "insert into app.notice_hours (tenant_id, owner_id, hours, every_day, quiet_from, quiet_to,"
    " paused_until) values ((select guard.tenant_id()), (select guard.user_id()), :hours,"
    " :every_day, :quiet_from, :quiet_to, :paused_until)"
    " on conflict (tenant_id, owner_id) do update set hours = excluded.hours,"
    " every_day = excluded.every_day, quiet_from = excluded.quiet_from,"
    " quiet_to = excluded.quiet_to, paused_until = excluded.paused_until"
).bindparams(sa.bindparam("hours", type_=ARRAY(SMALLINT)))
