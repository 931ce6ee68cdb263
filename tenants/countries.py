"""What a country suggests for a new client: currency, time zone, language, chart of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.numbers import get_territory_currencies

from app.kernel import money

CHARTS = ("general", "uk", "us")
_CHART_OF = {"GB": "uk", "US": "us"}
_GERMAN_SPEAKING = {"DE", "AT", "CH", "LI", "LU"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Defaults a country gives; each may be chosen otherwise."""

    currency: str
    time_zone: str
    locale: str
    chart: str


def countries(language: str = "en") -> dict[str, str]:
    """ISO 3166-1 codes and names in a language, by name."""
    names = Locale.parse(language).territories
    found = {code: names.get(code, code) for code in _zones()}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def is_country(code: str) -> bool:
    """Whether this is a country we know a time zone for."""
    return code in _zones()


def is_time_zone(name: str) -> bool:
    """Whether this is an IANA time zone on this machine."""
    return name in available_timezones() and bool(ZoneInfo(name))


def suggest(country: str) -> Suggestion:
    """The defaults of a country; raises KeyError for an unknown one."""
    currencies = [code for code in get_territory_currencies(country) if code in money.CURRENCIES]
    return Suggestion(
        currency=currencies[-1] if currencies else "EUR",
        time_zone=_zones()[country],
        locale="de" if country in _GERMAN_SPEAKING else "en",
        chart=_CHART_OF.get(country, "general"),
    )


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    """The first zone the IANA database lists for each country, which is its most populous."""
    table = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            code, _place, zone = line.split("\t")[:3]
            found.setdefault(code, zone)
    return found
