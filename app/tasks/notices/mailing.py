"""Mails of notices to the provider's people: one digest for all clients, and what goes at once.

The job runs in the provider's own firm each minute, since the database tells some of what is to go
at once (a sign-in from a new device), and is woken by what people tell. What is taken into a mail
is marked in the same transaction, so that nothing is mailed twice, whatever dies and however often
it runs. The client's people have the one mail of the day, and beside it only what concerns the
safety of their account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import sqlalchemy as sa

from app.kernel import clock, mail, mail_sending, notices, words
from app.kernel.db import session
from app.kernel.jobs_catalog import job
from app.kernel.jobs_progress import Progress
from app.kernel.mail_sending import Letter
from app.kernel.notices import NoticeKind
from app.kernel.schedules import schedule
from app.kernel.words import gettext, ngettext
from app.tasks.notices import digest, letters, stops
from app.tasks.notices.queries import EVERYTHING, Hours

TEMPLATE = "notice.digest"
FORGET = "notices.forget"
CLOCK = "notices.digest"


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who has something to be mailed, and how they want it."""

    person_id: UUID
    name: str
    locale: str
    time_zone: str
    wanted: Hours
    had: datetime | None
    waiting: digest.Waiting


@dataclass(frozen=True, slots=True)
class Line:
    """So many of a kind in one client: what a mail says of them."""

    person_id: UUID
    tenant_id: UUID
    slug: str
    client: str
    kind: str
    n: int


@schedule(CLOCK, every="1 minute")
def by_the_clock(_args: dict[str, Any], _progress: Progress) -> None:
    """Writes the digests whose hour has come."""
    send_due()


@job(notices.JOB, queue="urgent", wakeable=True)
def at_once(_args: dict[str, Any], _progress: Progress) -> None:
    """Writes what is to go at once."""
    send_due()


@schedule(FORGET, every="daily 03:50", tenants="clients", queue="bulk")
def forget(_args: dict[str, Any], _progress: Progress) -> None:
    """Ends notices of a client that were read three months ago, or stood unread for a year."""
    session.execute(_FORGET)


@schedule("notices.forget-provider", every="daily 03:55", queue="bulk")
def forget_here(_args: dict[str, Any], _progress: Progress) -> None:
    """The same in the provider's own firm, where mails of notices end too."""
    session.execute(_FORGET)
    session.execute(_FORGET_MAILS)


def send_due() -> int:
    """Writes the mails that are due now, in the provider's firm; returns how many."""
    now = clock.now()
    readers = {one.person_id: one for one in _readers()}
    due = {
        one.person_id: found
        for one in readers.values()
        if (found := digest.due(one.waiting, one.wanted, zone=_zone(one), had=one.had, now=now))
    }
    due = _without_those_who_had_it(due)
    if not due:
        return 0
    values = {"people": list(due), "what": [one.what for one in due.values()]}
    lines = [Line(**row) for row in session.execute(_TAKE, values).mappings()]
    return _write(readers, lines)


def _readers() -> list[Reader]:
    found = []
    for row in session.execute(_WAITING):
        wanted = Hours(
            tuple(row.hours), row.every_day, row.quiet_from, row.quiet_to, row.paused_until
        )
        waiting = digest.Waiting(row.since, row.at_once, row.safety)
        found.append(
            Reader(row.person_id, row.name, row.locale, row.time_zone, wanted, row.slot, waiting)
        )
    return found


def _zone(reader: Reader) -> Any:
    return digest.zone_of(reader.time_zone or "UTC")


def _without_those_who_had_it(due: dict[UUID, digest.Due]) -> dict[UUID, digest.Due]:
    """Takes the hour of each digest; whose hour another run has taken gets none from this one."""
    slots = {person: one.slot for person, one in due.items() if one.slot is not None}
    if not slots:
        return due
    values = {"people": list(slots), "slots": list(slots.values())}
    taken = set(session.execute(_SLOTS, values).scalars())
    return {person: one for person, one in due.items() if person not in slots or person in taken}


def _write(readers: dict[UUID, Reader], lines: Sequence[Line]) -> int:
    """One mail a person; the links that stop its kinds are known before it leaves."""
    known = notices.kinds()
    told = [one for one in lines if one.kind in known]
    by_person = {
        person: list(found) for person, found in groupby(told, key=lambda one: one.person_id)
    }
    pairs = [
        (person, kind)
        for person, found in by_person.items()
        for kind in (*dict.fromkeys(one.kind for one in found if known[one.kind].stops), EVERYTHING)
    ]
    if not pairs:
        return 0
    people, kinds = (list(column) for column in zip(*pairs, strict=True))
    shas = [stops.sha(person, kind) for person, kind in pairs]
    session.execute(_STOPS, {"people": people, "kinds": kinds, "shas": shas})
    for person, found in by_person.items():
        reader = readers[person]
        locale = words.best_locale(reader.locale)
        letter = _letter(reader, found, known, locale)
        mail_sending.keep_sealed(letter, TEMPLATE, locale=locale, to_person=person)
    return len(by_person)


def _letter(
    reader: Reader, lines: Sequence[Line], known: dict[str, NoticeKind], locale: str
) -> Letter:
    """The mail in its reader's language. It says what kind of thing happened, and for which client;
    the thing itself is named in the product only, where the reader's rights are asked.
    """
    kinds = list(dict.fromkeys(one.kind for one in lines if known[one.kind].stops))
    count = sum(one.n for one in lines)
    with words.speaking(locale):
        groups = [
            (client, [(known[one.kind].told(one.n), _page(one)) for one in found])
            for client, found in _by_client(lines)
        ]
        every = gettext("All mails but those on the safety of your account")
        ends = [(str(known[kind].title), stops.path(reader.person_id, kind)) for kind in kinds]
        stop = kinds[0] if len(kinds) == 1 else EVERYTHING
        if ends:  # what concerns the safety of an account cannot be stopped
            ends.append((every, stops.path(reader.person_id, EVERYTHING)))
        return letters.build(
            subject=ngettext(
                "%(provider)s: something new for you",
                "%(provider)s: %(n)s things are new for you",
                count,
                provider=mail.brand().name,
                n=words.format_number(count),
            ),
            hello=gettext("Hello %(name)s,", name=reader.name),
            groups=groups,
            ends=ends,
            stop=stops.path(reader.person_id, stop) if ends else "",
            locale=locale,
        )


def _by_client(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    return [
        (name, list(found))
        for (_tenant, name), found in groupby(lines, key=lambda one: (one.tenant_id, one.client))
    ]


def _page(one: Line) -> str:
    return f"/me/notices?{urlencode({'client': one.slug, 'kind': one.kind})}"


_WAITING = sa.text("select * from app.notices_waiting()")
_SLOTS = sa.text(
    "select person_id from app.take_notice_slots(cast(:people as uuid[]),"
    " cast(:slots as timestamptz[]))"
)
_TAKE = sa.text(
    "select person_id, tenant_id, slug, client, kind, n from app.take_notices("
    "cast(:people as uuid[]), cast(:what as text[]))"
)
_STOPS = sa.text(
    "select app.keep_notice_stops(cast(:people as uuid[]), cast(:kinds as text[]),"
    " cast(:shas as text[]))"
)
_FORGET = sa.text("select app.forget_notices()")
_FORGET_MAILS = sa.text("select app.forget_notice_mails()")
