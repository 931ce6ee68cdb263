"""The day's mail: one a person and day at most, in the reader's own daytime, with all that waits.

Every hour each client's job asks its sources (questions, lists, approvals, new reports) what waits
for whom. A mail goes out between 8 and 18 o'clock of the reader's time, Monday to Friday, when
something is new (an hour old or more, so that whoever asked may still add or withdraw) or is to be
reminded of: three and seven days after the first mail. What is asked anew, since it was sent back
or more was added, is new once more. A mail that could not leave by the evening leaves in the next
morning, and is that day's mail. It lists everything that waits; what is
answered is never mailed again, since each mail asks anew. News, such as a report, is told once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from app.kernel import clock, mail, registry, words
from app.kernel.day_mail import DayMailItem, DayMailSource
from app.kernel.db import session
from app.kernel.jobs_progress import Progress
from app.kernel.schedules import schedule
from app.kernel.words import _
from app.tasks.mail_replies import addresses

TEMPLATE = "question.day"
MIXED = "client.day"
FIRST_HOUR, LAST_HOUR = 8, 18
WORKING_DAYS = 5
SETTLING = timedelta(hours=1)
REMIND_AFTER = (timedelta(days=3), timedelta(days=7))
MOST_LISTED = 10
MOST_ABOUT = 500
ANSWERED_BY_MAIL = {"question", "request_list"}

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
mail.register(
    MIXED,
    subject=_("What is new for %(client)s"),
    paragraphs=(
        _("Hello %(name)s,"),
        _("this waits for you, or is new:"),
        "questions",
        _("What is asked takes a minute: a tap, a few words or a photo."),
    ),
    button=_("Have a look"),
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may answer, with their language and time zone, or the client's."""

    person_id: UUID
    name: str
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Mailed:
    """How often and since when a person has a question in their mails, counted from when it was
    asked (last), and when they had it last at all; `first` is None where `times` is 0.
    """

    times: int
    first: date | None
    last: date
    last_at: datetime


History = dict[tuple[str, UUID], Mailed]


@schedule("client.day-mail", every="1 hour", tenants="clients")
def mail_client(_args: dict[str, Any], _progress: Progress) -> None:
    """Writes the day's mails of one client."""
    send_due()


def send_due() -> int:
    """Writes the mails that are due now in the client of the open scope; returns how many."""
    sources = registry.current().all(DayMailSource)
    waiting = [one for source in sources for one in source.find()]
    if not waiting:
        return 0
    place = session.execute(_CLIENT).mappings().one()
    readers = _readers(waiting, place["time_zone"], place["locale"])
    history = _history([reader.person_id for reader, _asked in readers], waiting)
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
    waiting: list[DayMailItem], time_zone: str, locale: str
) -> list[tuple[Reader, list[DayMailItem]]]:
    """Everybody who may answer something, with what they are asked."""
    found: dict[UUID, tuple[Reader, list[DayMailItem]]] = {}
    pairs = sorted({(one.line, one.permission) for one in waiting})
    values = {"lines": [line for line, _p in pairs], "permissions": [p for _line, p in pairs]}
    for row in session.execute(_PEOPLE, values):
        reader = Reader(row.person_id, row.name, row.locale or locale, row.time_zone or time_zone)
        mine = [
            one
            for one in waiting
            if (one.line, one.permission) == (row.line, row.permission)
            and one.to_person in (None, row.person_id)
            and row.person_id not in one.not_to
            and (one.only_to is None or row.person_id in one.only_to)
        ]
        found.setdefault(row.person_id, (reader, []))[1].extend(mine)
    return [(reader, asked) for reader, asked in found.values() if asked]


def _history(people: list[UUID], waiting: list[DayMailItem]) -> dict[UUID, History]:
    """What stood in whose mails: all of what waits, however long ago, and all of the last days."""
    found: dict[UUID, History] = {}
    values: dict[str, object] = {"people": people, "items": [one.id for one in waiting]}
    values["asked"] = [one.asked_at for one in waiting]
    values["since"] = clock.now().date() - timedelta(days=2)  # today, wherever the reader lives
    for row in session.execute(_HISTORY, values):
        mailed = Mailed(row.times, row.first, row.last, row.last_at)
        found.setdefault(row.person_id, {})[row.item_type, row.item_id] = mailed
    return found


@dataclass(frozen=True, slots=True)
class Today:
    """A mail that is due: the reader's own day, and the questions it mails for that day."""

    day: date
    due: list[DayMailItem]


def _today(reader: Reader, asked: list[DayMailItem], history: History) -> Today | None:
    """What somebody is mailed now; None outside their day, and after the day's mail."""
    now = clock.now().astimezone(_zone(reader.time_zone))
    if not is_daytime(now) or any(one.last == now.date() for one in history.values()):
        return None
    due = [one for one in asked if _is_due(one, history.get((one.type, one.id)), now)]
    return Today(now.date(), due) if due else None


def _mail(
    reader: Reader, asked: list[DayMailItem], place: sa.RowMapping, today: Today
) -> list[dict[str, object]]:
    """Writes one mail; returns what is to be remembered of it, a row a question."""
    asked = [one for one in asked if not one.once or one in today.due]  # news is told once
    answered = [one.line for one in asked if one.type in ANSWERED_BY_MAIL]
    sent = mail.send(
        TEMPLATE if {one.type for one in asked} == {"question"} else MIXED,
        to_person=reader.person_id,
        locale=words.best_locale(reader.locale),
        params={
            "name": reader.name,
            "client": place["name"],
            "questions": _listed(asked),
            "link": _address(asked, place["slug"]),
            "slug": place["slug"],
            "person": str(reader.person_id),
            "time_zone": reader.time_zone,
            "about": [_key(one) for one in asked[:MOST_ABOUT]],
        },
        replies=bool(answered),
    )
    if answered:
        addresses.make(sent, line=answered[0], person_id=reader.person_id)
    about = {"people": reader.person_id, "days": today.day, "mails": sent}
    return [about | {"types": one.type, "items": one.id, "lines": one.line} for one in today.due]


def _key(one: DayMailItem) -> str:
    return f"{one.type}:{one.id}"


def as_it_stands(params: dict[str, Any]) -> dict[str, Any] | None:
    """A mail that waited, with what of it still waits for its reader; None when nothing does."""
    about, person = set(params["about"]), UUID(params["person"])
    sources = registry.current().all(DayMailSource)
    waiting = [one for source in sources for one in source.find() if _key(one) in about]
    readers = _readers(waiting, params.get("time_zone", ""), "")
    left = next((asked for reader, asked in readers if reader.person_id == person), [])
    if not left:
        return None
    return params | {"questions": _listed(left), "link": _address(left, params["slug"])}


def put_off(mail_id: UUID, params: dict[str, Any]) -> datetime | None:
    """The next morning for a mail that would leave outside its reader's day: it is then the mail of
    that day too. None within the day, and for a mail that says no zone.
    """
    now = clock.now().astimezone(_zone(params.get("time_zone", "")))
    if "time_zone" not in params or is_daytime(now):
        return None
    morning = next_morning(now)
    session.execute(_PUT_OFF, {"mail": mail_id, "day": morning.date()})
    return morning


for _name in (TEMPLATE, MIXED):
    mail.at_sending(_name, as_it_stands)
    mail.keep_hours(_name, put_off)


def _address(asked: Sequence[DayMailItem], slug: str) -> str:
    """Where the button leads: to the one thing there is, else to the portal's list of all."""
    if {one.type for one in asked} == {"question"}:
        return f"/portal/{slug}/questions/next"
    if len(asked) == 1:
        return asked[0].path.replace("<client>", slug)
    return f"/portal/{slug}/"


def is_daytime(now: datetime) -> bool:
    """Whether a mail may arrive at this hour of the reader's day."""
    return now.weekday() < WORKING_DAYS and FIRST_HOUR <= now.hour < LAST_HOUR


def next_morning(now: datetime) -> datetime:
    """When the next day begins on which a mail may arrive, in the zone of `now`."""
    morning = now.replace(hour=FIRST_HOUR, minute=0, second=0, microsecond=0)
    while morning <= now or not is_daytime(morning):
        morning += timedelta(days=1)
    return morning


def _is_due(asked: DayMailItem, mailed: Mailed | None, now: datetime) -> bool:
    """Due by its days, or because somebody asked for a reminder after the last mail."""
    if asked.reminded_at and (mailed is None or asked.reminded_at > mailed.last_at):
        return True
    if mailed is not None and asked.once:
        return False
    return is_due(asked.asked_at, mailed, now)


def is_due(asked_at: datetime, mailed: Mailed | None, now: datetime) -> bool:
    """Whether a question belongs into today's mail: new and settled, or a reminder's day came."""
    if mailed is None or mailed.first is None:
        return now - asked_at >= SETTLING
    if mailed.times > len(REMIND_AFTER):
        return False
    return now.date() - mailed.first >= REMIND_AFTER[mailed.times - 1]


def _listed(asked: list[DayMailItem]) -> str:
    """The questions' own words, one a line; at most ten, and the links of lists at theirs."""
    alone = len(asked) == 1  # then the button leads there
    shown = [_line(one, alone=alone) for one in asked[:MOST_LISTED]]
    if len(asked) > MOST_LISTED:
        shown.append(f"– … +{len(asked) - MOST_LISTED}")
    return "\n".join(shown)


def _line(one: DayMailItem, *, alone: bool) -> str:
    text = f"– {' '.join(one.text.split())[:200]}"
    opens_it = one.opens and not alone
    return f"{text}\n  {mail.public_url(one.path)}" if opens_it else text


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


_HERE = "tenant_id = (select guard.tenant_id())"
_CLIENT = sa.text(f"select name, slug, time_zone, locale from app.client where {_HERE}")
_PEOPLE = sa.text(
    "select l.line, l.permission, p.person_id, p.name, p.locale, p.time_zone"
    " from unnest(cast(:lines as text[]), cast(:permissions as text[]))"
    " with ordinality l(line, permission, place) cross join lateral"
    " guard.client_people(l.line, l.permission) p order by l.place, p.person_id"
)
_HISTORY = sa.text(
    "select k.person_id, k.item_type, k.item_id,"
    " (count(distinct k.mail_id) filter (where a.asked_at <= m.made_at is not false))::int times,"
    " min(k.mailed_on) filter (where a.asked_at <= m.made_at is not false) as first,"
    " max(k.mailed_on) as last, max(m.made_at) as last_at from app.day_mailing k"
    " join app.mail_message m on m.tenant_id = k.tenant_id and m.id = k.mail_id"
    " left join unnest(cast(:items as uuid[]), cast(:asked as timestamptz[])) a(id, asked_at)"
    " on a.id = k.item_id"
    f" where k.{_HERE} and k.person_id = any(cast(:people as uuid[]))"
    " and (k.mailed_on >= :since or k.item_id = any(cast(:items as uuid[])))"
    " group by k.person_id, k.item_type, k.item_id"
)
_KEPT = ("people", "days", "types", "items", "lines", "mails")
_KEEP = sa.text(
    "insert into app.day_mailing (tenant_id, person_id, mailed_on, item_type, item_id, line,"
    " mail_id) select (select guard.tenant_id()), k.* from unnest(cast(:people as uuid[]),"
    " cast(:days as date[]), cast(:types as text[]), cast(:items as uuid[]),"
    " cast(:lines as text[]), cast(:mails as uuid[])) k"
)
_PUT_OFF = sa.text(
    "insert into app.day_mailing (tenant_id, person_id, mailed_on, item_type, item_id, line,"
    " mail_id) select k.tenant_id, k.person_id, :day, k.item_type, k.item_id, k.line, k.mail_id"
    f" from app.day_mailing k where k.{_HERE} and k.mail_id = :mail on conflict do nothing"
)
