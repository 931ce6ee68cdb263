"""Amounts, currencies and dates as bank files write them, read without guessing."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from app.kernel import money
from connectors.catalog.bank.statement import Notes, StatementRefused, _

_DECIMAL = re.compile(r"([+-]?)(\d{0,60})(?:\.(\d{0,60}))?\Z", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in minor units; `written` is kept where the bank wrote it finer than that."""

    minor: int
    written: str | None = None


def digits_of(currency: str | None, notes: Notes, *, line: int | None = None) -> int:
    """How many decimals the currency has (ISO 4217); two, with a warning, for one not in it."""
    if currency is None:
        notes.once(
            "currency-missing",
            _("The file names no currency here; amounts were read with two decimals."),
            line=line,
        )
        return 2
    if not _CURRENCY.match(currency):
        raise StatementRefused(
            "currency-invalid",
            _(
                "The currency “%(code)s” is not a code of three capital letters.",
                code=currency[:12],
            ),
            line=line,
        )
    found = money.CURRENCIES.get(currency)
    if found is None:
        notes.once(
            "currency-unknown",
            _(
                "The currency %(code)s is not in use today; amounts were read with two decimals.",
                code=currency,
            ),
            line=line,
        )
        return 2
    return found


def read_amount(
    text: str, currency: str | None, notes: Notes, *, line: int | None, comma: bool = False
) -> Amount:
    """Read an unsigned or signed decimal into minor units, rounded half-up where too fine.

    `comma` says which decimal mark the format prescribes. Rounding is half away from zero; the
    text is kept and warned as `amount-precision` (rulings 45).
    """
    plain = text.strip()
    if not comma:
        # The common case at a glance: whole units, a point, exactly the currency's decimals.
        whole, _point, fraction = plain.partition(".")
        if (
            len(whole) <= 12
            and len(fraction) == money.CURRENCIES.get(currency or "")
            and plain.isascii()
            and (whole + fraction).isdigit()
            and whole
        ):
            return Amount(int(whole + fraction))
    found = _DECIMAL.match(plain.replace(",", ".") if comma else plain)
    if found is None or not (found[2] or found[3]):
        raise StatementRefused(
            "amount-invalid",
            _("“%(text)s” is not an amount; ask the bank for the file again.", text=plain[:40]),
            line=line,
        )
    digits = digits_of(currency, notes, line=line)
    whole, fraction = found[2] or "0", found[3] or ""
    minor = int(whole + fraction[:digits].ljust(digits, "0"))
    rest = fraction[digits:]
    finer = rest.strip("0") != ""
    if finer and rest[0] >= "5":
        minor += 1
    if minor > money.MAX_MINOR:
        raise StatementRefused(
            "amount-too-large",
            _("The amount %(text)s is beyond what books can hold.", text=plain[:40]),
            line=line,
        )
    if finer:
        notes.warn(
            "amount-precision",
            _("The amount %(text)s is finer than its currency and was rounded.", text=plain[:40]),
            line=line,
        )
    return Amount(-minor if found[1] == "-" else minor, plain if finer else None)


def implied(
    text: str, places: int, currency: str | None, notes: Notes, *, line: int | None
) -> Amount:
    """Read digits whose last `places` stand behind a decimal mark that is not written."""
    plain = text.strip()
    if not plain.isascii() or not plain.isdigit():
        raise StatementRefused(
            "amount-invalid",
            _("“%(text)s” is not an amount; ask the bank for the file again.", text=plain[:40]),
            line=line,
        )
    padded = plain.lstrip("0").rjust(places + 1, "0")
    return read_amount(
        f"{padded[:-places]}.{padded[-places:]}" if places else plain, currency, notes, line=line
    )


def flipped(amount: Amount) -> Amount:
    """The same amount in the other direction, as it is written too."""
    written = amount.written
    if written is not None:
        written = written[1:] if written.startswith("-") else f"-{written.lstrip('+')}"
    return Amount(-amount.minor, written)


def day_of(
    year: str, month: str, day: str, notes: Notes, *, line: int | None, written: str = ""
) -> date:
    """A date of digits; two of a year are of this century up to 79, refused where none."""
    parts = (year, month, day)
    if not all(one.isascii() and one.isdigit() and len(one) <= 4 for one in parts):
        raise StatementRefused(
            "date-invalid",
            _("“%(text)s” is not a date.", text=(written or "".join(parts)).strip()[:40]),
            line=line,
        )
    full = int(year)
    if len(year) <= 2:
        full += 1900 if full >= 80 else 2000
    return _in_calendar(full, int(month), int(day), notes, line=line)


def short_date(text: str, notes: Notes, *, line: int | None) -> date:
    """Read YYMMDD; 80 to 99 are of the last century, and a day past the month's end is its end."""
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:6])
    return _in_calendar(year + (1900 if year >= 80 else 2000), month, day, notes, line=line)


@lru_cache(maxsize=4096)
def _plain_day(text: str) -> date | None:
    """The day of `YYYY-MM-DD`, or None where a closer look is needed."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or not text.isascii():
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def iso_date(text: str, notes: Notes, *, line: int | None) -> date:
    """Read the day of an ISO date or date-time, as the bank wrote it and in no other time zone."""
    known = _plain_day(text[:10]) if not text[10:11].isdigit() else None
    if known is not None:
        return known
    found = re.match(r"\s*(\d{4})-(\d\d)-(\d\d)(?!\d)", text, re.ASCII)
    if found is None:
        raise StatementRefused(
            "date-invalid",
            _("“%(text)s” is not a date (YYYY-MM-DD).", text=text.strip()[:40]),
            line=line,
        )
    return _in_calendar(int(found[1]), int(found[2]), int(found[3]), notes, line=line)


def _in_calendar(year: int, month: int, day: int, notes: Notes, *, line: int | None) -> date:
    """Banks that reckon months of thirty days write 30 February: that is its last day."""
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= 31:
        raise StatementRefused(
            "date-invalid",
            _("%(day)s is not a date.", day=f"{year:04}-{month:02}-{day:02}"),
            line=line,
        )
    last = 28 if day <= 28 else calendar.monthrange(year, month)[1]
    if day > last:
        notes.warn(
            "date-out-of-calendar",
            _(
                "%(day)s is no day; the month's last day was taken.",
                day=f"{year:04}-{month:02}-{day:02}",
            ),
            line=line,
        )
    return date(year, month, min(day, last))


def beside(value_on: date, month_day: str, notes: Notes, *, line: int | None) -> date:
    """The day MMDD that lies nearest to another day, which gives it the year that is not written.

    An entry of 31 December with a value date of 1 January belongs to the year before.
    """
    month, day = int(month_day[:2]), int(month_day[2:])
    same = _in_calendar(value_on.year, month, day, notes, line=line)
    apart = (same - value_on).days
    if apart > 183 and value_on.year > 1:
        return _in_calendar(value_on.year - 1, month, day, notes, line=line)
    if apart < -183 and value_on.year < 9999:
        return _in_calendar(value_on.year + 1, month, day, notes, line=line)
    return same
