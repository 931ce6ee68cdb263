"""Typed sums: `12*3`, `100+20`, `25%` of a whole; read by hand, never evaluated as code."""

from __future__ import annotations

import re
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow

from app.kernel import money

LONGEST = 80
_DEEPEST = 20
_TOKEN = re.compile(r"\s*(?:([0-9.,][0-9.,'’\u00a0\u202f]*)|([-+*/()%×÷−]))")
_SIGNS = {"×": "*", "÷": "/", "−": "-"}


def evaluate(text: str, *, whole: Decimal, decimal_comma: bool = False) -> Decimal:
    """The exact value of a typed sum; `%` means hundredths of `whole`.

    Numbers are read as the reader's language writes them. Raises NotAnAmount (`not-a-sum`,
    `not-an-amount`) for anything else, for a division by nothing and beyond 80 characters.
    """
    tokens = _tokens(text)
    reader = _Reader(tokens, whole, decimal_comma)
    try:
        value = reader.sum(0)
    except (DivisionByZero, InvalidOperation, Overflow):
        raise money.NotAnAmount("not-a-sum") from None
    if reader.place != len(tokens) or not value.is_finite():
        raise money.NotAnAmount("not-a-sum")
    return value


def is_share(text: str) -> bool:
    """Whether the text is nothing but a percentage, such as `25%`."""
    tokens = text.split("%")
    return len(tokens) == 2 and not tokens[1].strip() and not re.search(r"[-+*/()]", tokens[0])


def _tokens(text: str) -> list[str]:
    if len(text) > LONGEST:
        raise money.NotAnAmount("not-a-sum")
    found: list[str] = []
    place, text = 0, text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise money.NotAnAmount("not-an-amount")
        token = match.group(1) or match.group(2)
        found.append(_SIGNS.get(token, token))
        place = match.end()
    return found


class _Reader:
    """Reads sums of products of numbers, from the left."""

    def __init__(self, tokens: list[str], whole: Decimal, decimal_comma: bool) -> None:
        self.tokens, self.whole, self.decimal_comma = tokens, whole, decimal_comma
        self.place = 0

    def next_is(self, signs: str) -> bool:
        return self.place < len(self.tokens) and self.tokens[self.place] in signs

    def take(self) -> str:
        if self.place >= len(self.tokens):
            raise money.NotAnAmount("not-a-sum")
        self.place += 1
        return self.tokens[self.place - 1]

    def sum(self, depth: int) -> Decimal:
        value = self.product(depth)
        while self.next_is("+-"):
            sign = self.take()
            other = self.product(depth)
            value = value + other if sign == "+" else value - other
        return value

    def product(self, depth: int) -> Decimal:
        value = self.factor(depth)
        while self.next_is("*/"):
            sign = self.take()
            other = self.factor(depth)
            value = value * other if sign == "*" else value / other
        return value

    def factor(self, depth: int) -> Decimal:
        if depth > _DEEPEST:
            raise money.NotAnAmount("not-a-sum")
        word = self.take()
        if word in "+-":
            value = self.factor(depth + 1)
            return -value if word == "-" else value
        if word == "(":
            value = self.sum(depth + 1)
            if self.take() != ")":
                raise money.NotAnAmount("not-a-sum")
        elif word in "*/)%":
            raise money.NotAnAmount("not-a-sum")
        else:
            value = money.parse_decimal(word, decimal_comma=self.decimal_comma)
        while self.next_is("%"):
            self.take()
            value = value * self.whole / 100
        return value
