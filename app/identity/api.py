"""The API of people: me, sessions, people, grants and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import Field

from app.api import SIGNED_IN, Api, In, Out, Page, PageRequest
from app.identity import commands, queries
from app.kernel.errors import Invalid

api = Api("identity")

Row = TypeVar("Row")


def _page(rows: list[Row], page: PageRequest) -> Page[Row]:
    """A piece of a list that is read whole anyway; the cursor is the place in it."""
    after = page.after or "0"
    if not after.isdecimal() or len(after) > 9:
        raise Invalid("bad-cursor")
    start = int(after)
    end = start + page.limit
    return Page(items=rows[start:end], next=str(end) if end < len(rows) else None)


class Me(Out):
    """Who calls."""

    name: str
    email: str
    side: str


class Session(Out):
    """A living session or token of the caller."""

    id: UUID
    kind: str
    slug: str | None
    lines: tuple[str, ...] | None
    device: str
    address: str
    name: str
    opened_at: datetime | None
    expires_at: datetime
    is_this: bool


class Access(Out):
    """A grant: who may see what until when."""

    id: UUID
    slug: str
    role: str
    lines: tuple[str, ...]
    classes: tuple[str, ...]
    may_write: bool
    valid_from: datetime
    valid_to: datetime | None
    living: bool


class Grant(Access):
    """A grant with its person."""

    user_id: UUID
    name: str
    email: str
    side: str


class Person(Out):
    """A person with a membership in this client."""

    id: UUID
    name: str
    email: str
    side: str
    roles: tuple[str, ...]
    state: str
    last_seen: datetime | None


class Ending(In):
    """Grants to end at once."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    reason: Annotated[str, Field(max_length=500)] = ""


class Ended(Out):
    """How many grants ended."""

    ended: int


class TokenIn(In):
    """A new token: lines it is narrowed to, permissions it names, days it works."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    lines: Annotated[list[str], Field(min_length=1, max_length=10)]
    permissions: list[str] = Field(default_factory=list, max_length=100)
    days: Annotated[int, Field(ge=1, le=365)] = 90


class TokenOut(Out):
    """The token's text, answered this once."""

    id: UUID
    text: str


@api.get("/me", needs=SIGNED_IN, response=Me, summary="The signed-in person")
def me() -> object:
    """Name, address and side."""
    return queries.profile()


@api.get("/me/access", needs=SIGNED_IN, response=Access, paged=True, summary="Your access")
def my_access(page: PageRequest) -> Page[queries.OwnAccess]:
    """Clients, lines, ends."""
    return _page(queries.own_access(), page)


@api.get("/me/sessions", needs=SIGNED_IN, response=Session, paged=True, summary="Your sessions")
def sessions(page: PageRequest) -> Page[queries.OwnSession]:
    """Where the person is signed in."""
    return _page(queries.own_sessions(), page)


@api.get(
    "/clients/<client>/people",
    needs="access.list",
    response=Person,
    paged=True,
    summary="People of a client",
)
def people(page: PageRequest) -> Page[queries.PersonRow]:
    """Everybody with a membership."""
    return _page(queries.people(), page)


@api.get(
    "/clients/<client>/grants",
    needs="access.list",
    response=Grant,
    paged=True,
    summary="Who may see what of a client",
)
def grants(page: PageRequest) -> Page[queries.AccessRow]:
    """Every grant that has not ended."""
    return _page(queries.access(), page)


@api.post(
    "/clients/<client>/grants/end",
    needs="access.end",
    request=Ending,
    response=Ended,
    summary="End grants at once",
)
def end_grants(body: Ending) -> object:
    """All or none."""
    return Ended(ended=commands.end_access(body.ids, reason=body.reason))


@api.get(
    "/clients/<client>/tokens",
    needs="token.make",
    response=Session,
    paged=True,
    summary="Your API tokens of a client",
)
def tokens(page: PageRequest) -> Page[queries.OwnSession]:
    """Living tokens; their text is not kept."""
    return _page(queries.own_sessions("token"), page)


@api.post(
    "/clients/<client>/tokens",
    needs="token.make",
    request=TokenIn,
    response=TokenOut,
    status=201,
    secret=True,
    summary="Make an API token",
)
def make_token(body: TokenIn) -> object:
    """Narrower than the caller, at most a year, shown once."""
    return commands.make_token(
        name=body.name,
        lines=tuple(body.lines),
        permissions=tuple(body.permissions),
        days=body.days,
    )


@api.delete(
    "/clients/<client>/tokens/<uuid:token_id>",
    needs="token.make",
    summary="Revoke an API token",
    status=204,
)
def end_token(token_id: UUID) -> None:
    """It works no more."""
    commands.end_session(token_id)
