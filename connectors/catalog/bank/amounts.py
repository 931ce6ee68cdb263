"""Amounts, currencies and dates as bank files write them, read without guessing."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

from app.kernel import money
from connectors.catalog.bank.statement import Notes, StatementRefused

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
            "The file names no currency here; amounts were read with two decimals.",
            line=line,
        )
        return 2
    if not _CURRENCY.match(currency):
        raise StatementRefused(
            "currency-invalid",
            f"The currency “{currency[:12]}” is not a code of three capital letters.",
            line=line,
        )
    found = money.CURRENCIES.get(currency)
    if found is None:
        notes.once(
            "currency-unknown",
            f"The currency {currency} is not in use today; amounts were read with two decimals.",
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
    found = _DECIMAL.match(plain.replace(",", ".") if comma else plain)
    if found is None or not (found[2] or found[3]):
        raise StatementRefused(
            "amount-invalid",
            f"“{plain[:40]}” is not an amount; ask the bank for the file again.",
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
            "amount-too-large", f"The amount {plain[:40]} is beyond what books can hold.", line=line
        )
    if finer:
        notes.warn(
            "amount-precision",
            f"The amount {plain[:40]} is finer than {currency or 'the currency'} and was rounded.",
            line=line,
        )
    return Amount(-minor if found[1] == "-" else minor, plain if finer else None)


def short_date(text: str, notes: Notes, *, line: int | None) -> date:
    """Read YYMMDD; 80 to 99 are of the last century, and a day past the month's end is its end."""
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:6])
    return _in_calendar(year + (1900 if year >= 80 else 2000), month, day, notes, line=line)


def iso_date(text: str, notes: Notes, *, line: int | None) -> date:
    """Read the day of an ISO date or date-time, as the bank wrote it and in no other time zone."""
    found = re.match(r"\s*(\d{4})-(\d\d)-(\d\d)(?!\d)", text, re.ASCII)
    if found is None:
        raise StatementRefused(
            "date-invalid", f"“{text.strip()[:40]}” is not a date (YYYY-MM-DD).", line=line
        )
    return _in_calendar(int(found[1]), int(found[2]), int(found[3]), notes, line=line)


def _in_calendar(year: int, month: int, day: int, notes: Notes, *, line: int | None) -> date:
    """Banks that reckon months of thirty days write 30 February: that is its last day."""
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= 31:
        raise StatementRefused(
            "date-invalid", f"{year:04}-{month:02}-{day:02} is not a date.", line=line
        )
    last = calendar.monthrange(year, month)[1]
    if day > last:
        notes.warn(
            "date-out-of-calendar",
            f"{year:04}-{month:02}-{day:02} is no day; the month's last day was taken.",
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
