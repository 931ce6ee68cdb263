"""`backoffice billing`: rate prices without a database or the web application."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any, Literal, cast

import click

from app.kernel import money
from billing.rating import lines, rate, reading
from billing.rating.lines import Line
from billing.rating.models import Convention, Event, Measured
from billing.rating.price import ZERO, PriceRefused

MOST_LINE = 10_000_000
MOST_EVENTS = 50_000
_FLAGS = ("flat_at_zero", "volume_while_open", "convert_parts", "starts", "ends")
_WORDS = {
    "not-json": "A line is one JSON object: id, price, quantities, convention, currency.",
    "line-too-long": f"A line has at most {MOST_LINE:,} bytes.",
    "bad-id": "An id is a string or a whole number.",
    "not-a-price": "This is no object.",
    "unknown-model": "Models are flat, unit, graduated, volume, stairstep, package, blocks,"
    " percentage, graduated_percentage, dynamic, matrix.",
    "unknown-field": "This field is unknown here.",
    "unknown-value": "This value is not one of those it can have.",
    "unknown-currency": "Name a currency by its ISO 4217 code.",
    "missing": "This field is needed.",
    "nought": "This must be more than nought.",
    "negative": "This cannot be negative.",
    "not-whole": "This must be a whole number.",
    "not-a-number": f"Write a number below {reading.GREATEST:f} as a string or a whole number.",
    "too-many-places": f"At most {reading.MOST_PLACES} decimal places.",
    "not-with-model": "This has no effect on this model; leave it out.",
    "rows": "A list of objects is wanted, not empty and not too long.",
    "twice": "This stands twice.",
    "tier-open": "The last tier, and only that, has no up_to.",
    "tier-order": "A tier ends above the one before it.",
    "minimum-above-maximum": "The minimum is above the maximum.",
    "above-hundred": "More than 100 percent off.",
    "beyond-tiers": "No tier reaches so far.",
    "not-in-matrix": "The matrix has no price for this; name one in otherwise.",
    "needs-whole-period": "This model is rated for a whole period: before must be 0.",
    "events": f"quantities is a list of at most {MOST_EVENTS} numbers or {{quantity, of}}.",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    used: Measured
    convention: Convention
    billed: Decimal
    places: int


@click.group()
def billing() -> None:
    """Rate prices (offline)."""


@billing.command("rate")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line (always so).")
@click.pass_context
def rate_lines(context: click.Context, as_json: bool) -> None:
    """Read questions from standard input, one JSON a line, and say what each comes to.

    A question is {id, price: {model, …}, quantities: […], convention: {…}, currency}; the answer
    {id, lines: […], total, error}, amounts in major units as strings. Exit 1 when one is refused.
    """
    refused = False
    with localcontext(prec=rate.PRECISION):
        for number, line in enumerate(_lines(), 1):
            if not line.strip():
                continue
            answer = _answer(line, number)
            refused = refused or answer["error"] is not None
            click.echo(json.dumps(answer))
    context.exit(1 if refused else 0)


def _lines() -> Iterator[bytes]:
    """The lines of standard input; of one that is too long the begin, which is too long as well."""
    source = sys.stdin.buffer
    while line := source.readline(MOST_LINE + 1):
        yield line
        while len(line) > MOST_LINE and not line.endswith(b"\n"):
            line = source.readline(MOST_LINE + 1)
            if not line:
                return


def _answer(line: bytes, number: int) -> dict[str, Any]:
    id_: str | int | None = None
    try:
        content = _content(line)
        id_ = _id(content)
        asked = _asked(content)
        found = rate.rate(
            reading.read(content.get("price")),
            asked.used,
            convention=asked.convention,
            billed=asked.billed,
        )
    except PriceRefused as refused:
        place = f"{refused.where}: " if refused.where else ""
        told = {"code": refused.code, "line": number, "message": place + _WORDS[refused.code]}
        return {"id": id_, "lines": [], "total": None, "error": told}
    total = f"{lines.total(found):.{asked.places}f}"
    return {
        "id": id_,
        "lines": [_line(one) for one in found],
        "total": total,
        "error": None,
    }


def _content(line: bytes) -> dict[str, Any]:
    if len(line) > MOST_LINE:
        raise PriceRefused("line-too-long")
    try:
        found = json.loads(line, parse_float=_Fraction)
    except (ValueError, RecursionError) as error:
        raise PriceRefused("not-json") from error
    if not isinstance(found, dict):
        raise PriceRefused("not-json")
    return found


class _Fraction(str):
    """A number with a point or an exponent, as it is written."""

    __slots__ = ()


def _id(content: dict[str, Any]) -> str | int | None:
    found = content.get("id")
    whole = isinstance(found, int) and not isinstance(found, bool)
    text = isinstance(found, str) and not isinstance(found, _Fraction)
    if found is not None and not whole and not text:
        raise PriceRefused("bad-id", "id")
    return cast("str | int | None", found)


def _asked(content: dict[str, Any]) -> _Asked:
    reading.only(content, ("id", "price", "quantities", "convention", "currency"), "")
    currency = content.get("currency", "EUR")
    if not isinstance(currency, str) or currency not in money.CURRENCIES:
        raise PriceRefused("unknown-currency", "currency")
    given = {} if content.get("convention") is None else content["convention"]
    if not isinstance(given, dict):
        raise PriceRefused("not-a-price", "convention")
    reading.only(given, (*_FLAGS, "half", "before", "billed"), "convention")
    places = money.exponent(currency)
    convention = Convention(
        flat_at_zero=_flag(given, "flat_at_zero"),
        volume_while_open=_flag(given, "volume_while_open"),
        convert_parts=_flag(given, "convert_parts"),
        places=places,
        half=_half(given),
    )
    events = _events(content.get("quantities"))
    before = reading.number(given.get("before", 0), "convention.before")
    used = Measured(
        before,
        before + sum((one.quantity for one in events), ZERO),
        events,
        starts=_flag(given, "starts", otherwise=not before),
        ends=_flag(given, "ends", otherwise=True),
    )
    billed = reading.number(given.get("billed", 0), "convention.billed", signed=True)
    return _Asked(used, convention, billed, places)


def _flag(given: dict[str, Any], key: str, *, otherwise: bool = False) -> bool:
    found = given.get(key, otherwise)
    if not isinstance(found, bool):
        raise PriceRefused("unknown-value", f"convention.{key}")
    return found


def _half(given: dict[str, Any]) -> Literal["up", "even"]:
    found = given.get("half", "up")
    if found not in ("up", "even"):
        raise PriceRefused("unknown-value", "convention.half")
    return cast(Literal["up", "even"], found)


def _events(content: Any) -> tuple[Event, ...]:
    if not isinstance(content, list) or len(content) > MOST_EVENTS:
        raise PriceRefused("events", "quantities")
    return tuple(_event(one, f"quantities[{n}]") for n, one in enumerate(content))


def _event(given: Any, field: str) -> Event:
    if not isinstance(given, dict):
        return Event(reading.number(given, field, signed=True))
    reading.only(given, ("quantity", "of"), field)
    says = given.get("of", [])
    if not isinstance(says, list) or not all(isinstance(one, str) for one in says):
        raise PriceRefused("events", f"{field}.of")
    quantity = reading.number(given.get("quantity"), f"{field}.quantity", signed=True)
    return Event(quantity, tuple(says))


def _line(one: Line) -> dict[str, str]:
    return {
        "part": one.part,
        "kind": one.kind,
        "quantity": f"{one.quantity.normalize():f}",
        "unit_price": f"{one.unit_price.normalize():f}",
        "amount": f"{one.amount:f}",
        "discount": f"{one.discount:f}",
        "total": f"{one.total:f}",
    }
