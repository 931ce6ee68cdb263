"""Values the directory takes and gives, shared by commands, pages, the API and the CSV."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from app.kernel import money
from app.kernel.errors import Invalid, Problem
from tenants import countries

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_SLUG = 40
# Words of our own addresses: a client of that name could be taken for a page of ours.
RESERVED_SLUGS = frozenset(
    "admin api backoffice books brand c clients demo desk dev help import "
    "invite login logout me new people portal provider reports reset settings static "
    "system x".split()
)
LOCALES = ("en", "de")
_LOOKS_LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class NewFirm:
    """A client firm to be made; empty texts take what the country suggests.

    `serve_from` and `serve_until` (exclusive) bound the engagement of all `lines`.
    """

    slug: str
    name: str
    country: str
    legal_name: str = ""
    currency: str = ""
    time_zone: str = ""
    locale: str = ""
    chart: str = ""
    fiscal_year_start_month: int = 1
    books_from_year: int | None = None
    lines: tuple[str, ...] = ("accounting",)
    serve_from: date | None = None
    serve_until: date | None = None


def complete(firm: NewFirm) -> NewFirm:
    """The firm with the country's defaults filled in; raises Invalid, each fault at its field."""
    faults: dict[str, list[Problem]] = {}
    _check_slug(firm.slug, faults)
    _check_name("name", firm.name, 120, faults)
    if not countries.is_country(firm.country):
        faults["country"] = [Problem("unknown-country", {"country": firm.country[:8]})]
        raise Invalid("invalid", faults)
    suggestion = countries.suggest(firm.country)
    made = NewFirm(
        slug=firm.slug,
        name=firm.name,
        country=firm.country,
        legal_name=firm.legal_name or firm.name,
        currency=firm.currency or suggestion.currency,
        time_zone=firm.time_zone or suggestion.time_zone,
        locale=firm.locale or suggestion.locale,
        chart=firm.chart or suggestion.chart,
        fiscal_year_start_month=firm.fiscal_year_start_month,
        books_from_year=firm.books_from_year,
        lines=firm.lines,
        serve_from=firm.serve_from,
        serve_until=firm.serve_until,
    )
    _check_rest(made, faults)
    if faults:
        raise Invalid("invalid", faults)
    return made


def _check_slug(slug: str, faults: dict[str, list[Problem]]) -> None:
    if not 2 <= len(slug) <= LONGEST_SLUG or not SLUG.fullmatch(slug):
        faults["slug"] = [Problem("bad-slug")]
    elif slug in RESERVED_SLUGS:
        faults["slug"] = [Problem("reserved-slug")]


def _check_name(field: str, name: str, longest: int, faults: dict[str, list[Problem]]) -> None:
    if not name.strip():
        faults[field] = [Problem("required")]
    elif len(name) > longest:
        faults[field] = [Problem("too-long", {"longest": longest})]
    elif name.startswith(_LOOKS_LIKE_A_FORMULA):
        faults[field] = [Problem("looks-like-a-formula")]


def _check_rest(firm: NewFirm, faults: dict[str, list[Problem]]) -> None:
    _check_name("legal_name", firm.legal_name, 200, faults)
    if firm.currency not in money.CURRENCIES:
        faults["currency"] = [Problem("unknown-currency", {"currency": firm.currency[:8]})]
    if not countries.is_time_zone(firm.time_zone):
        faults["time_zone"] = [Problem("unknown-time-zone")]
    if firm.locale not in LOCALES:
        faults["locale"] = [Problem("unknown-language")]
    if firm.chart not in countries.CHARTS:
        faults["chart"] = [Problem("unknown-chart", {"charts": ", ".join(countries.CHARTS)})]
    if not 1 <= firm.fiscal_year_start_month <= 12:
        faults["fiscal_year_start_month"] = [Problem("bad-month")]
    if firm.books_from_year is not None and not 1990 <= firm.books_from_year <= 2100:
        faults["books_from_year"] = [Problem("bad-year")]
    if not firm.lines:
        faults["lines"] = [Problem("required")]
    if firm.serve_from and firm.serve_until and firm.serve_until <= firm.serve_from:
        faults["serve_until"] = [Problem("ends-before-it-starts")]


def slug_of(name: str) -> str:
    """A slug suggested by a name: its letters and digits, lower case, words joined by hyphens."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    slug = "-".join(words)[:LONGEST_SLUG].strip("-")
    return slug.lstrip("0123456789-")
