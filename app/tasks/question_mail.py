"""The day's mail of questions: one a person and day at most, in the reader's own daytime.

Every hour each client's job looks who has questions that nobody answered. A mail goes out between
8 and 18 o'clock of the reader's time, Monday to Friday, when a question is new (asked an hour ago
or more, so that the asker may still add or withdraw) or is to be reminded of: three and seven days
after the first mail. It lists everything that waits; what is answered is never mailed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from app.kernel import clock, mail, words
from app.kernel.db import session
from app.kernel.jobs_progress import Progress
from app.kernel.schedules import schedule
from app.kernel.words import _

TEMPLATE = "question.day"
FIRST_HOUR, LAST_HOUR = 8, 18
WORKING_DAYS = 5
SETTLING = timedelta(hours=1)
REMIND_AFTER = (timedelta(days=3), timedelta(days=7))
MOST_LISTED = 10

mail.register(
    TEMPLATE,
    subject=_("%(provider)s has questions for %(client)s"),
    paragraphs=(
        _("Hello %(name)s,"),
        _("we need your answer to this:"),
        "questions",
        _("It takes a minute. You can answer with a tap, a few words or a photo."),
    ),
    button=_("Answer now"),
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question that nobody answered."""

    id: UUID
    line: str
    text: str
    to_person: UUID | None
    asked_at: datetime
    reminded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may answer, with their language and time zone, or the client's."""

    person_id: UUID
    name: str
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Mailed:
    """How often, since when and when last a person has a question in their mails."""

    times: int
    first: date
    last: date
    last_at: datetime


@schedule("questions.mail", every="1 hour", tenants="clients")
def mail_client(_args: dict[str, Any], _progress: Progress) -> None:
    """Writes the day's mails of one client."""
    send_due()


def send_due() -> int:
    """Writes the mails that are due now in the client of the open scope; returns how many."""
    waiting = [Waiting(**row) for row in session.execute(_WAITING).mappings()]
    if not waiting:
        return 0
    place = session.execute(_CLIENT).mappings().one()
    readers = _readers(waiting, place["time_zone"], place["locale"])
    history = _history([reader.person_id for reader, _asked in readers])
    mailed = [
        _mail(reader, asked, place, today)
        for reader, asked in readers
        if (today := _today(reader, asked, history.get(reader.person_id, {})))
    ]
    rows = [row for letter in mailed for row in letter]
    if rows:
        session.execute(_KEEP, {name: [row[name] for row in rows] for name in _KEPT})
    return len(mailed)


def _readers(
    waiting: list[Waiting], time_zone: str, locale: str
) -> list[tuple[Reader, list[Waiting]]]:
    """Everybody who may answer something, with what they are asked."""
    found: dict[UUID, tuple[Reader, list[Waiting]]] = {}
    lines = sorted({one.line for one in waiting})
    for row in session.execute(_PEOPLE, {"lines": lines}):
        reader = Reader(row.person_id, row.name, row.locale or locale, row.time_zone or time_zone)
        mine = [
            one
            for one in waiting
            if one.line == row.line and one.to_person in (None, row.person_id)
        ]
        found.setdefault(row.person_id, (reader, []))[1].extend(mine)
    return [(reader, asked) for reader, asked in found.values() if asked]


def _history(people: list[UUID]) -> dict[UUID, dict[UUID, Mailed]]:
    """What stood in whose mails, by person and question."""
    found: dict[UUID, dict[UUID, Mailed]] = {}
    for row in session.execute(_HISTORY, {"people": people}):
        mailed = Mailed(row.times, row.first, row.last, row.last_at)
        found.setdefault(row.person_id, {})[row.question_id] = mailed
    return found


@dataclass(frozen=True, slots=True)
class Today:
    """A mail that is due: the reader's own day, and the questions it mails for that day."""

    day: date
    due: list[Waiting]


def _today(reader: Reader, asked: list[Waiting], history: dict[UUID, Mailed]) -> Today | None:
    """What somebody is mailed now; None outside their day, and after the day's mail."""
    now = clock.now().astimezone(_zone(reader.time_zone))
    if not is_daytime(now) or any(one.last == now.date() for one in history.values()):
        return None
    due = [one for one in asked if _is_due(one, history.get(one.id), now)]
    return Today(now.date(), due) if due else None


def _mail(
    reader: Reader, asked: list[Waiting], place: sa.RowMapping, today: Today
) -> list[dict[str, object]]:
    """Writes one mail; returns what is to be remembered of it, a row a question."""
    sent = mail.send(
        TEMPLATE,
        to_person=reader.person_id,
        locale=words.best_locale(reader.locale),
        params={
            "name": reader.name,
            "client": place["name"],
            "questions": _listed(asked),
            "link": f"/portal/{place['slug']}/questions/next",
        },
    )
    about = {"people": reader.person_id, "days": today.day, "mails": sent}
    return [about | {"questions": one.id, "lines": one.line} for one in today.due]


def is_daytime(now: datetime) -> bool:
    """Whether a mail may arrive at this hour of the reader's day."""
    return now.weekday() < WORKING_DAYS and FIRST_HOUR <= now.hour < LAST_HOUR


def _is_due(asked: Waiting, mailed: Mailed | None, now: datetime) -> bool:
    """Due by its days, or because somebody asked for a reminder after the last mail."""
    if asked.reminded_at and (mailed is None or asked.reminded_at > mailed.last_at):
        return True
    return is_due(asked.asked_at, mailed, now)


def is_due(asked_at: datetime, mailed: Mailed | None, now: datetime) -> bool:
    """Whether a question belongs into today's mail: new and settled, or a reminder's day came."""
    if mailed is None:
        return now - asked_at >= SETTLING
    if mailed.times > len(REMIND_AFTER):
        return False
    return now.date() - mailed.first >= REMIND_AFTER[mailed.times - 1]


def _listed(asked: list[Waiting]) -> str:
    """The questions' own words, one a line; at most ten."""
    shown = [f"– {' '.join(one.text.split())[:200]}" for one in asked[:MOST_LISTED]]
    if len(asked) > MOST_LISTED:
        shown.append(f"– … +{len(asked) - MOST_LISTED}")
    return "\n".join(shown)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


_HERE = "tenant_id = (select guard.tenant_id())"
_WAITING = sa.text(
    f"select id, line, text, to_person, asked_at, reminded_at from app.question where {_HERE}"
    " and state = 'waiting' and direction = 'to_client' order by id limit 1000"
)
_CLIENT = sa.text(f"select name, slug, time_zone, locale from app.client where {_HERE}")
_PEOPLE = sa.text(
    "select l.line, p.person_id, p.name, p.locale, p.time_zone from unnest(cast(:lines as text[]))"
    " with ordinality l(line, place) cross join lateral"
    " guard.client_people(l.line, 'request.answer') p order by l.place, p.person_id"
)
_HISTORY = sa.text(
    "select k.person_id, k.question_id, count(*)::int times, min(k.mailed_on) as first,"
    " max(k.mailed_on) as last, max(m.made_at) as last_at from app.question_mailing k"
    " join app.mail_message m on m.tenant_id = k.tenant_id and m.id = k.mail_id"
    f" where k.{_HERE} and k.person_id = any(cast(:people as uuid[]))"
    " group by k.person_id, k.question_id"
)
_KEPT = ("people", "days", "questions", "lines", "mails")
_KEEP = sa.text(
    "insert into app.question_mailing (tenant_id, person_id, mailed_on, question_id, line, mail_id)"
    " select (select guard.tenant_id()), k.* from unnest(cast(:people as uuid[]),"
    " cast(:days as date[]), cast(:questions as uuid[]), cast(:lines as text[]),"
    " cast(:mails as uuid[])) k"
)
