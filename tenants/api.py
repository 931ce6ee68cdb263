"""Client firms over the API: list, one, create as a job, suspend and reactivate."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from flask import g
from pydantic import Field

from app.api import SIGNED_IN, Accepted, Api, CurrencyCode, In, Out, Page, PageRequest, accepted
from app.kernel import jobs, paging
from app.kernel.errors import NotFound
from tenants import commands, queries
from tenants.jobs import CREATE, as_args
from tenants.schemas import NewFirm, complete

api = Api("clients")


class ClientOut(Out):
    """A client firm the caller reaches."""

    slug: str
    name: str
    country: str
    currency: CurrencyCode
    time_zone: str
    locale: str
    state: str
    is_provider: bool


class DirectoryOut(Out):
    """A client firm in the provider's directory."""

    slug: str
    name: str
    legal_name: str
    country: str
    currency: CurrencyCode
    state: str
    lines: list[str]
    until: datetime | None
    created_at: datetime


class DirectoryFilter(In):
    """Which clients of the directory are asked for."""

    state: Literal["creating", "active", "suspended", "closing"] | None = None
    q: str | None = Field(None, max_length=100)


class NewClientIn(In):
    """A client firm to be made; what is left out is taken from the country."""

    slug: str = Field(min_length=2, max_length=40)
    name: str = Field(min_length=1, max_length=120)
    country: str = Field(pattern="^[A-Z]{2}$")
    legal_name: str = Field("", max_length=200)
    currency: str = Field("", max_length=3)
    time_zone: str = Field("", max_length=64)
    locale: str = Field("", max_length=5)
    chart: str = Field("", max_length=40)
    fiscal_year_start_month: int = Field(1, ge=1, le=12)
    books_from_year: int | None = Field(None, ge=1990, le=2100)
    lines: list[str] = Field(default=["accounting"], min_length=1, max_length=20)
    serve_from: date | None = None
    serve_until: date | None = None


@api.get(
    "/clients",
    needs=SIGNED_IN,
    response=ClientOut,
    paged=True,
    summary="The clients you reach",
)
def clients(page: PageRequest) -> Page[Any]:
    """Every client a living grant opens to you, by slug."""
    after = paging.decode(page.after, width=1)
    found = queries.my_clients(after=after[0] if after else None, limit=page.limit)
    cut = paging.page(found, limit=page.limit, key=lambda one: (one.slug,))
    return Page(cut.rows, cut.next)


@api.get(
    "/clients/<client>",
    needs=SIGNED_IN,
    response=ClientOut,
    summary="A client you reach",
)
def client() -> Any:
    """What everybody who reaches a client may know of it."""
    return g.api_client


@api.get(
    "/directory",
    needs="tenant.list",
    where="provider",
    query=DirectoryFilter,
    response=DirectoryOut,
    paged=True,
    summary="All clients of the provider",
)
def directory(query: DirectoryFilter, page: PageRequest) -> Page[Any]:
    """The provider's directory: also clients you hold no grant for; nothing of their business."""
    found = queries.directory(
        state=query.state,
        search=query.q,
        after=paging.decode(page.after, width=2),
        limit=page.limit,
    )
    cut = paging.page(found, limit=page.limit, key=lambda one: (one.name.lower(), one.slug))
    return Page(cut.rows, cut.next)


@api.post(
    "/clients",
    needs="client.create",
    request=NewClientIn,
    status=202,
    summary="Make a client",
)
def create_client(body: NewClientIn) -> Accepted:
    """Checked at once, made by a job: directory, books, engagement, then active."""
    return accepted(enqueue_creation(NewFirm(**{**body.model_dump(), "lines": tuple(body.lines)})))


def enqueue_creation(firm: NewFirm) -> UUID:
    """Checks a firm and hands it to the worker; answers the job."""
    wanted = complete(firm)
    return jobs.enqueue(CREATE, as_args(wanted), title=wanted.name)


@api.post(
    "/directory/<slug>/suspend",
    needs="tenant.state",
    where="provider",
    response=DirectoryOut,
    summary="Make a client read only",
)
def suspend_client(slug: str) -> Any:
    """Refused by the database for everything that would write, until it is reactivated."""
    return _with_state(slug, commands.suspend)


@api.post(
    "/directory/<slug>/reactivate",
    needs="tenant.state",
    where="provider",
    response=DirectoryOut,
    summary="Let a client write again",
)
def reactivate_client(slug: str) -> Any:
    """Undoes `suspend`."""
    return _with_state(slug, commands.reactivate)


def _with_state(slug: str, change: Any) -> Any:
    found = queries.directory_row(slug)
    if found.is_provider:
        raise NotFound
    change(tenant_id=found.tenant_id)
    return queries.directory_row(slug)
