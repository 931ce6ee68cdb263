"""Words: translations, and numbers, money and dates as the reader writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date as babel_date
from babel.dates import format_skeleton
from babel.messages.pofile import read_po
from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol
from markupsafe import escape

from app.kernel import money

LOCALES = ("en", "de")
PSEUDO = "en_XA"
CATALOGUES = Path(__file__).parent.parent / "translations"
MINUS = "\u2212"

_locale: ContextVar[str] = ContextVar("locale", default="en")
_zone: ContextVar[str] = ContextVar("time_zone", default="UTC")

Key = str | tuple[str, str]


class Lazy:
    """A text that becomes words when it is shown, in the reader's language then."""

    __slots__ = ("message", "params")

    def __init__(self, message: str, params: dict[str, Any]) -> None:
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return gettext(self.message, **self.params)

    def __html__(self) -> str:
        return str(escape(str(self)))

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self.message)


@lru_cache(maxsize=16)
def _catalogue(locale: str) -> dict[str, str | tuple[str, ...]]:
    path = CATALOGUES / locale / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=locale)
    found: dict[str, str | tuple[str, ...]] = {}
    for message in catalogue:
        if message.id and message.string and not message.fuzzy:
            key = message.id if isinstance(message.id, str) else message.id[0]
            text = message.string
            found[key] = text if isinstance(text, str) else tuple(text)
    return found


def _pseudo(text: str) -> str:
    """Marks a text as translated without changing its placeholders."""
    return f"⟦{text}⟧"


def _filled(text: str, params: dict[str, Any]) -> str:
    return text % params if params else text


def gettext(message: str, /, **params: Any) -> str:
    """The text in the reader's language; the English text where no translation is."""
    locale = _locale.get()
    if locale == PSEUDO:
        return _pseudo(_filled(message, params))
    text = _catalogue(locale).get(message, message)
    return _filled(text if isinstance(text, str) else text[0], params)


def ngettext(singular: str, plural: str, n: int, /, **params: Any) -> str:
    """The text for a number, by the language's own plural rule; `%(n)s` is the number."""
    values = {"n": format_number(n), **params}
    locale = _locale.get()
    if locale == PSEUDO:
        return _pseudo(_filled(singular if n == 1 else plural, values))
    forms = _catalogue(locale).get(singular)
    if isinstance(forms, tuple) and all(forms):
        return _filled(forms[0 if n == 1 else 1], values)
    return _filled(singular if n == 1 else plural, values)


def _(message: str, /, **params: Any) -> Any:
    """A lazy translation: safe at import time, in dataclasses and in templates."""
    return Lazy(message, params)


@contextmanager
def speaking(locale: str, *, time_zone: str = "UTC") -> Iterator[None]:
    """Uses a language and a time zone inside: a request's, or a mail's reader's."""
    chosen = locale if locale in (*LOCALES, PSEUDO) else best_locale(locale)
    tokens = _locale.set(chosen), _zone.set(time_zone)
    try:
        yield
    finally:
        _locale.reset(tokens[0])
        _zone.reset(tokens[1])


def locale() -> str:
    """The reader's language code."""
    return _locale.get()


def time_zone() -> str:
    """The reader's IANA time zone."""
    return _zone.get()


def best_locale(accepted: str) -> str:
    """The first language of an Accept-Language header that we speak; English otherwise."""
    for part in accepted.split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in LOCALES:
            return code
    return "en"


@lru_cache(maxsize=16)
def _locale_of(code: str) -> Locale:
    return Locale.parse("en_GB" if code in ("en", PSEUDO) else code)


def _babel() -> Locale:
    return _locale_of(_locale.get())


@lru_cache(maxsize=16)
def _separators(code: str) -> dict[int, str]:
    """What stands for Python's comma and point, by the language's own table."""
    locale_ = _locale_of(code)
    return str.maketrans(
        {",": get_group_symbol(locale_), ".": get_decimal_symbol(locale_), "-": MINUS}
    )


def decimal_comma() -> bool:
    """Whether the reader writes a comma before the decimals."""
    return _locale.get() == "de"


def format_number(value: int | Decimal, *, decimals: int = 0) -> str:
    """A number with the reader's grouping, rounded half to even; minus is U+2212."""
    # A page shows hundreds of figures and babel reads its pattern anew for each.
    text = f"{value:,}" if isinstance(value, int) and not decimals else f"{value:,.{decimals}f}"
    return text.translate(_separators(_locale.get()))


def format_minor(minor: int, currency: str) -> str:
    """An amount without its unit, for columns whose head names the currency."""
    decimals = money.exponent(currency)
    units, rest = divmod(abs(minor), 10**decimals)
    text = f"{units:,}.{rest:0{decimals}}" if decimals else f"{units:,}"
    return (f"-{text}" if minor < 0 else text).translate(_separators(_locale.get()))


def format_money(minor: int, currency: str) -> str:
    """An amount with its currency sign, for single figures and the portal."""
    amount = format_minor(abs(minor), currency)
    sign = MINUS if minor < 0 else ""
    symbol = get_currency_symbol(currency, locale=_babel())
    if decimal_comma():
        return f"{sign}{amount}\u00a0{symbol}"
    return f"{sign}{symbol}{amount}" if len(symbol) == 1 else f"{sign}{symbol}\u00a0{amount}"


def format_whole(minor: int, currency: str) -> str:
    """An amount in whole units, for key figures."""
    units = money.round_half_up(money.to_decimal(minor, currency))
    return format_number(units)


def format_percent(value: Decimal | None) -> str:
    """A change in percent with its sign and one decimal; an en dash for none."""
    if value is None:
        return "–"
    text = format_number(value, decimals=1)
    return f"+{text}\u00a0%" if value > 0 else f"{text}\u00a0%"


def format_tenths(value: int) -> str:
    """A change given in tenths of a percent: 63 is `+6.3 %`."""
    return format_percent(Decimal(value).scaleb(-1))


def format_share(value: int) -> str:
    """A share given in tenths of a percent: 63 is `6.3 %`."""
    return f"{format_number(Decimal(value).scaleb(-1), decimals=1)}\u00a0%"


@lru_cache(maxsize=4096)
def format_size(size: int) -> str:
    """Bytes as people say them: `840 B`, `12 kB`, `3.4 MB`."""
    if size < 1_000:
        return f"{format_number(size)} B"
    if size < 1_000_000:
        return f"{format_number(Decimal(size) / 1_000)} kB"
    return f"{format_number(Decimal(size) / 1_000_000, decimals=1)} MB"


def _date(value: date, pattern: str, code: str) -> str:
    return babel_date(value, pattern, locale=_locale_of(code))


@lru_cache(maxsize=4096)
def _skeleton(value: date, skeleton: str, code: str) -> str:
    return format_skeleton(skeleton, value, locale=_locale_of(code))


def format_date(value: date | None) -> str:
    """`31 Oct 2026`."""
    return _skeleton(value, "yMMMd", _locale.get()) if value else ""


def format_day_month(value: date | None) -> str:
    """`31 Oct`, for lists."""
    return _skeleton(value, "MMMd", _locale.get()) if value else ""


def format_weekday(value: date) -> str:
    """`Mon`, for the head of a week."""
    return _date(value, "EEE", _locale.get())


def format_month(value: date) -> str:
    """`October 2026`."""
    return _date(value, "LLLL y", _locale.get())


def format_short_month(value: date) -> str:
    """`Oct 2026`."""
    return _date(value, "LLL y", _locale.get())


def format_instant(value: datetime | None) -> str:
    """`31 Oct 2026, 17:04` in the reader's time zone."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(_zone.get()))
    return f"{format_date(local.date())}, {local:%H:%M}"


def format_age(since: datetime, *, now: datetime | None = None) -> str:
    """How long ago, in the largest whole unit."""
    seconds = int(((now or datetime.now(UTC)) - since).total_seconds())
    if seconds < 60:
        return gettext("just now")
    if seconds < 3600:
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", seconds // 60)
    if seconds < 86400:
        return ngettext("%(n)s hour ago", "%(n)s hours ago", seconds // 3600)
    return ngettext("%(n)s day ago", "%(n)s days ago", seconds // 86400)


_ERROR_TEXTS: dict[str, str] = {}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def declare_errors(texts: dict[str, Any]) -> None:
    """Adds the words of a package's error codes; texts are made with `_()`."""
    for code, text in texts.items():
        _ERROR_TEXTS[code] = text.message if isinstance(text, Lazy) else text


_NAMES: dict[str, str] = {}


def declare_names(texts: dict[str, Any]) -> None:
    """Adds the words of kinds of objects and of acts, as logs keep them; made with `_()`."""
    for code, text in texts.items():
        _NAMES[code] = text.message if isinstance(text, Lazy) else text


def name_of(code: str) -> str:
    """The words of a kind or an act; the code itself where none are declared."""
    text = _NAMES.get(code)
    return gettext(text) if text else code


def error_codes() -> frozenset[str]:
    """The codes that have words."""
    return frozenset(_ERROR_TEXTS)


def error_text(code: str, params: dict[str, Any] | None = None) -> str:
    """The words of an error code; parameters that the text does not name are left out.

    A code without words, or whose words name a parameter that is not given, is named itself.
    """
    text, given = _ERROR_TEXTS.get(code), params or {}
    named = _PLACEHOLDER.findall(text or "")
    if text is None or any(name not in given for name in named):
        return gettext("This could not be done (%(code)s). Nothing was changed.", code=code)
    return gettext(text, **{name: given[name] for name in named})
