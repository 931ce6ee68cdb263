"""Notices over the API: the caller's own, over all clients they reach."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api import Api, Page, PageRequest
from app.api.operations import SIGNED_IN
from app.api.schema import In, Out
from app.kernel.notices import Wish
from app.tasks.notices import commands, queries
from app.tasks.notices.queries import Hours, Wanted
from app.tasks.notices.schemas import Hour, KindName

api = Api("notices")


class NoticeOut(Out):
    """One notice in the caller's words; `count` says how often it happened at the same thing."""

    id: UUID
    client: str
    kind: str
    text: str
    title: str
    subject_type: str
    subject_key: str
    actor_id: UUID | None
    count: int
    last_at: datetime
    read_at: datetime | None


class NoticesQuery(In):
    """Which ones: unread only, of a kind, of a client by its slug."""

    unread: bool = False
    kind: KindName | None = None
    client: Annotated[str, Field(max_length=63)] | None = None


class IdsIn(In):
    """Which notices."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]


class CountOut(Out):
    """How many there were."""

    count: int


class WishIn(In):
    """How a kind is told."""

    kind: KindName
    in_app: bool
    by_mail: Wish


class WishesIn(In):
    """Kinds that are to be told another way; `*` by mail `off` stops every mail."""

    wishes: Annotated[list[WishIn], Field(min_length=1, max_length=100)]


class HoursModel(In):
    """When the digest comes, in whole hours of the person's own zone."""

    hours: Annotated[list[Hour], Field(max_length=24)]
    every_day: bool = False
    quiet_from: Hour = queries.QUIET[0]
    quiet_to: Hour = queries.QUIET[1]
    paused_until: date | None = None


class WishOut(Out):
    """How a kind is told; one that `stops` not cannot be switched off."""

    kind: str
    in_app: bool
    by_mail: Wish
    stops: bool


class SettingsOut(Out):
    """How the caller is told; without `all_mails` every mail that can be stopped is stopped."""

    wishes: list[WishOut]
    all_mails: bool
    hours: list[int]
    every_day: bool
    quiet_from: int
    quiet_to: int
    paused_until: date | None


@api.get(
    "/me/notices",
    needs=SIGNED_IN,
    query=NoticesQuery,
    response=NoticeOut,
    paged=True,
    summary="Your notices, the newest first",
)
def list_notices(query: NoticesQuery, page: PageRequest) -> Page[Any]:
    """What the caller may still read."""
    client = None
    if query.client is not None:
        client = queries.client_of_mine(query.client)
        if client is None:
            return Page(items=[], next=None)
    wanted = Wanted(unread=query.unread, kind=query.kind, client=client)
    found = queries.page(wanted, after=page.after, limit=page.limit)
    return Page(items=[_out(one) for one in queries.shown(found.rows)], next=found.next)


def _out(one: queries.Shown) -> NoticeOut:
    kept = one.notice
    return NoticeOut(
        id=kept.id,
        client=kept.slug,
        kind=kept.kind,
        text=one.text,
        title=one.title,
        subject_type=kept.subject_type,
        subject_key=kept.subject_key,
        actor_id=kept.actor_id,
        count=kept.count,
        last_at=kept.last_at,
        read_at=kept.read_at,
    )


@api.post(
    "/me/notices/read",
    needs=SIGNED_IN,
    request=IdsIn,
    response=CountOut,
    summary="Mark notices read",
)
def read(body: IdsIn) -> CountOut:
    """The caller's own; others are left alone."""
    return CountOut(count=commands.read(body.ids)[0])


@api.post(
    "/me/notices/unread",
    needs=SIGNED_IN,
    request=IdsIn,
    response=CountOut,
    summary="Mark notices unread again",
)
def unread(body: IdsIn) -> CountOut:
    """Where the same happened anew meanwhile, that one stays the unread one."""
    return CountOut(count=commands.unread(body.ids))


@api.get("/me/notices/settings", needs=SIGNED_IN, response=SettingsOut, summary="How you are told")
def get_settings() -> SettingsOut:
    """Each kind that can reach a member of the staff, and the hours of the digest."""
    return _settings()


def _settings() -> SettingsOut:
    kept = queries.hours()
    return SettingsOut(
        wishes=[
            WishOut(
                kind=one.kind.name, in_app=one.in_app, by_mail=one.by_mail, stops=one.kind.stops
            )
            for one in queries.choices("provider")
        ],
        all_mails=not queries.stopped_all(),
        hours=list(kept.hours),
        every_day=kept.every_day,
        quiet_from=kept.quiet_from,
        quiet_to=kept.quiet_to,
        paused_until=kept.paused_until,
    )


@api.put(
    "/me/notices/settings",
    needs=SIGNED_IN,
    request=WishesIn,
    response=SettingsOut,
    summary="Be told of kinds another way",
)
def put_settings(body: WishesIn) -> SettingsOut:
    """What is not named stays as it is."""
    commands.choose({one.kind: (one.in_app, one.by_mail) for one in body.wishes})
    return _settings()


@api.put(
    "/me/notices/hours",
    needs=SIGNED_IN,
    request=HoursModel,
    response=SettingsOut,
    summary="When the digest comes",
)
def put_hours(body: HoursModel) -> SettingsOut:
    """Whole hours of your own zone, at most six."""
    commands.set_hours(
        Hours(tuple(body.hours), body.every_day, body.quiet_from, body.quiet_to, body.paused_until)
    )
    return _settings()
