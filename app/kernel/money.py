"""Money: whole minor units of an ISO 4217 currency, and the one place that rounds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

# ISO 4217 (list one): the currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_HUNDREDTHS = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
    "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD "
    "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC "
    "SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW "
    "ZWG"
).split()
CURRENCIES: dict[str, int] = dict(sorted({**dict.fromkeys(_HUNDREDTHS, 2), **_EXPONENTS}.items()))

# The ledger refuses more (10^14 minor units), so that sums of many stay within a bigint.
MAX_MINOR = 10**14

_NUMBER = re.compile(r"[+\-−]?[0-9][0-9.,'’\u00a0\u202f ]*[+\-−]?|[+\-−]?[.,][0-9]+")


class NotAnAmount(ValueError):
    """The text is no amount of this currency; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def exponent(currency: str) -> int:
    """Decimal places of the currency's minor unit; raises KeyError for an unknown code."""
    return CURRENCIES[currency]


def round_half_up(value: Decimal) -> int:
    """A whole number of minor units, half away from zero: the platform's one rounding rule."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_minor(amount: Decimal, currency: str) -> int:
    """Minor units of a decimal amount; raises NotAnAmount where the currency has fewer places."""
    scaled = amount.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise NotAnAmount("too-many-decimals")
    if abs(scaled) > MAX_MINOR:
        raise NotAnAmount("amount-too-large")
    return int(scaled)


def to_decimal(minor: int, currency: str) -> Decimal:
    """The decimal amount of minor units, with exactly the currency's places."""
    return Decimal(minor).scaleb(-exponent(currency))


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount; arithmetic across currencies is refused."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in CURRENCIES:
            raise ValueError(f"unknown currency {self.currency!r}")

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def times(self, factor: Decimal) -> Money:
        """The product, rounded half up to the minor unit."""
        return Money(round_half_up(self.minor * factor), self.currency)

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Parts in proportion to the weights that add up exactly (largest remainder)."""
        return [Money(part, self.currency) for part in split(self.minor, weights)]

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.minor


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divides a whole number in proportion to non-negative weights, by largest remainder."""
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative and not all zero")
    sign, size = (-1, -total) if total < 0 else (1, total)
    parts = [size * weight // whole for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda place: (-(size * weights[place] % whole), place)
    )
    for place in by_remainder[: size - sum(parts)]:
        parts[place] += 1
    return [sign * part for part in parts]


def parse_decimal(text: str, *, decimal_comma: bool = False) -> Decimal:
    """A typed number: `1,234.5`, `1.234,5`, `1234.5-`, `(12)`; raises NotAnAmount.

    With one kind of separator only, three digits behind it are read as thousands unless that
    sign is the locale's decimal sign.
    """
    cleaned = text.strip()
    negative = cleaned.startswith("(") and cleaned.endswith(")")
    cleaned = cleaned.strip("()").strip()
    if len(cleaned) > 40 or not _NUMBER.fullmatch(cleaned):
        raise NotAnAmount("not-an-amount")
    negative ^= cleaned[0] in "-−" or cleaned[-1] in "-−"
    digits = re.sub(r"[+\-−'’\u00a0\u202f ]", "", cleaned)
    decimal_sign = "," if decimal_comma else "."
    if "," in digits and "." in digits:
        decimal_sign = max(",.", key=digits.rfind)
    elif re.fullmatch(r"[0-9]+[,.][0-9]{1,2}", digits):
        decimal_sign = "," if "," in digits else "."
    other = "." if decimal_sign == "," else ","
    digits = digits.replace(other, "").replace(decimal_sign, ".")
    try:
        value = Decimal(digits)
    except InvalidOperation:
        raise NotAnAmount("not-an-amount") from None
    return -value if negative else value


def parse_amount(text: str, currency: str, *, decimal_comma: bool = False) -> int:
    """Minor units of a typed amount; raises NotAnAmount with the reason."""
    return to_minor(parse_decimal(text, decimal_comma=decimal_comma), currency)
