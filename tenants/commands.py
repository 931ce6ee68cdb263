"""Verbs on client firms and the provider: make, serve, suspend, change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.kernel import clients, clock, registry, scope
from app.kernel.db import session
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.registry import NewClient
from tenants import countries, queries
from tenants.brand import Logo, checked_accent
from tenants.models import Client, ProviderSetting
from tenants.schemas import LOCALES, NewFirm, complete

_CREATE = sa.text("select guard.create_tenant(:slug)")
_STATE = sa.text("select guard.set_state(:tenant, :state)")
_ENGAGE_BY_WORKER = sa.text(
    "select guard.engage_by_worker(:tenant, :line, :starts, :ends, :document)"
)
_ENGAGE = sa.text("select guard.engage(:tenant, :line, :starts, :ends, :document)")


def create_client(*, firm: NewFirm) -> UUID:
    """Makes a client firm with its books, all or nothing; answers its tenant id.

    The worker's act, in mode `j` in the provider's tenant (ruling 17). Raises Invalid with every
    fault at its field, Conflict('slug-taken').
    """
    if scope.current().mode != "j":
        raise Forbidden("forbidden")
    wanted = complete(firm)
    tenant = _make_tenant(wanted.slug)
    with clients.acting_in(tenant):
        _write_directory(tenant, wanted)
    _serve(tenant, wanted)
    session.execute(_STATE, {"tenant": tenant, "state": "active"})
    return tenant


def _make_tenant(slug: str) -> UUID:
    try:
        made: UUID = session.execute(_CREATE, {"slug": slug}).scalar_one()
    except IntegrityError as error:
        raise Conflict("slug-taken", slug=slug) from error
    return made


def _write_directory(tenant: UUID, firm: NewFirm, *, is_provider: bool = False) -> None:
    """The directory row, then what each package makes for a new client."""
    session.add(
        Client(
            tenant_id=tenant,
            slug=firm.slug,
            name=firm.name,
            legal_name=firm.legal_name,
            country=firm.country,
            currency=firm.currency,
            time_zone=firm.time_zone,
            locale=firm.locale,
            fiscal_year_start_month=firm.fiscal_year_start_month,
            chart_template=firm.chart,
        )
    )
    session.flush()
    registry.current().client_created(
        NewClient(
            tenant_id=tenant,
            slug=firm.slug,
            name=firm.name,
            country=firm.country,
            currency=firm.currency,
            time_zone=firm.time_zone,
            locale=firm.locale,
            fiscal_year_start_month=firm.fiscal_year_start_month,
            chart_template=firm.chart,
            books_from_year=firm.books_from_year or clock.today(firm.time_zone).year,
            lines=firm.lines,
            is_provider=is_provider,
        )
    )


def _serve(tenant: UUID, firm: NewFirm) -> None:
    """The engagement: the lines served, from today or the named day on."""
    starts = start_of(firm.serve_from, firm.time_zone)
    ends = start_of(firm.serve_until, firm.time_zone)
    for line in firm.lines:
        session.execute(
            _ENGAGE_BY_WORKER,
            {"tenant": tenant, "line": line, "starts": starts, "ends": ends, "document": None},
        )


def start_of(day: date | None, zone: str) -> datetime | None:
    """The instant a day begins in a time zone."""
    if day is None:
        return None
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def open_provider(*, tenant: UUID, firm: NewFirm) -> None:
    """Directory row, settings and books of the provider's own firm; mode `j` in its tenant."""
    wanted = complete(firm)
    if session.get(Client, tenant) is not None:
        raise Conflict("provider-exists")
    _write_directory(tenant, wanted, is_provider=True)
    session.add(
        ProviderSetting(
            tenant_id=tenant,
            name=wanted.name,
            accent="#2457a6",
            sender_name=wanted.name,
            sender_address="",
        )
    )
    session.flush()


def suspend(*, tenant_id: UUID) -> None:
    """Makes a client read only, in the database; in the provider's tenant, freshly signed in."""
    session.execute(_STATE, {"tenant": tenant_id, "state": "suspended"})


def reactivate(*, tenant_id: UUID) -> None:
    """Lets a suspended client write again."""
    session.execute(_STATE, {"tenant": tenant_id, "state": "active"})


def engage(
    *,
    tenant_id: UUID,
    line: str,
    starts: datetime,
    ends: datetime | None = None,
    document_id: UUID | None = None,
) -> None:
    """Serves a line from an instant until another; the same start changes the end.

    Ending it ends every grant that rests on it (ruling 4). Provider's tenant, freshly signed in.
    """
    if ends is not None and ends <= starts:
        raise Invalid.of("serve_until", "ends-before-it-starts")
    values = {
        "tenant": tenant_id,
        "line": line,
        "starts": starts,
        "ends": ends,
        "document": document_id,
    }
    by_worker = scope.current().mode == "j"
    session.execute(_ENGAGE_BY_WORKER if by_worker else _ENGAGE, values)


def end_engagement(*, tenant_id: UUID, line: str, at: datetime | None = None) -> int:
    """Ends every running engagement of a line; answers how many there were."""
    ends = at or clock.now()
    running = [
        one
        for one in queries.engagements()
        if one.tenant_id == tenant_id and one.line == line and one.runs_at(ends)
    ]
    for one in running:
        engage(tenant_id=tenant_id, line=line, starts=one.starts, ends=ends)
    return len(running)


def change_firm(
    *, tenant_id: UUID, name: str, legal_name: str, country: str, time_zone: str, locale: str
) -> Client:
    """Changes what is written of a firm; currency and fiscal year stay as its books were opened."""
    found = session.get(Client, tenant_id)
    if found is None:
        raise NotFound
    if not countries.is_country(country):
        raise Invalid.of("country", "unknown-country", country=country[:8])
    if not countries.is_time_zone(time_zone):
        raise Invalid.of("time_zone", "unknown-time-zone")
    if locale not in LOCALES:
        raise Invalid.of("locale", "unknown-language")
    found.name, found.legal_name, found.country = name, legal_name, country
    found.time_zone, found.locale = time_zone, locale
    session.flush()
    return found


def change_provider(
    *,
    name: str,
    accent: str,
    sender_name: str = "",
    sender_address: str = "",
    logo: Logo | None = None,
    remove_logo: bool = False,
) -> None:
    """Changes the provider's face; raises Invalid for an accent that cannot be read on white."""
    found = session.scalars(sa.select(ProviderSetting)).one_or_none()
    if found is None:
        raise NotFound
    found.name, found.accent = name, checked_accent(accent)
    found.sender_name, found.sender_address = sender_name, sender_address
    if remove_logo:
        found.logo, found.logo_type = None, None
    elif logo is not None:
        found.logo, found.logo_type = logo.data, logo.media_type
    session.flush()
