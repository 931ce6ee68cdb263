"""How a bank line is coded: parts, splits, tax inside the gross, and the postings they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from app.accounting import arithmetic, ledger
from app.accounting.ledger import Book, PostingInput
from app.kernel import money
from app.kernel.errors import Invalid, Problem

MAX_PARTS = 100


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a coding; the amount is gross, with the sign of the line's other side.

    A payment of 120.00 (line −12,000) has parts that add up to +12,000: a debit of the expense.
    """

    account_id: UUID
    amount_minor: int
    currency: str
    tax_code: str | None = None
    dim1_id: UUID | None = None
    dim2_id: UUID | None = None
    counterparty_id: UUID | None = None
    memo: str | None = None


@dataclass(frozen=True, slots=True)
class Coding:
    """All that a bank line is booked against; parts add up to the line with the other sign."""

    parts: tuple[Part, ...]

    @property
    def total_minor(self) -> int:
        """The sum of the parts, in minor units of the line's currency."""
        return sum(part.amount_minor for part in self.parts)


@dataclass(frozen=True, slots=True)
class Tax:
    """What splitting needs of a tax code: 0.2 is twenty percent of the net.

    Without an account, or at rate nought, nothing is split off.

    `reverse_account_id` makes it a reverse charge: the buyer owes the tax, the amount paid is net.
    The tax owed is booked there (Council Directive 2006/112/EC arts 194 to 199; UK VATA 1994 s.8),
    and what may be deducted of it (art. 168 of the Directive) on `account_id`; without that
    account it cannot be deducted and is part of the cost.
    """

    code: str
    rate: Decimal
    account_id: UUID | None = None
    reverse_account_id: UUID | None = None

    @property
    def reverse(self) -> bool:
        """Whether the buyer owes the tax."""
        return self.reverse_account_id is not None


@dataclass(frozen=True, slots=True)
class BankSide:
    """The bank's side of the entry: the line's amount, positive for money in."""

    account_id: UUID
    amount_minor: int
    currency: str
    memo: str | None = None


def split_amounts(
    typed: Sequence[str | None],
    *,
    total_minor: int,
    currency: str,
    decimal_comma: bool = False,
) -> tuple[int, ...]:
    """The parts' amounts from what was typed: `25%`, `12*3`, `100+20`; a blank takes the rest.

    `total_minor` is what the parts add up to, with its sign; typed amounts are in its direction,
    so a fee held back from a payment is typed with a minus. One rounding point a part; shares that
    make up the whole leave the last minor units to the last part. Raises Invalid with the field
    `parts.<n>.amount` (from 0): `not-a-sum`, `split-blank-twice`, `split-differs` with the
    difference in minor units, `split-part-zero`.
    """
    blanks = [place for place, text in enumerate(typed) if not (text or "").strip()]
    if len(blanks) > 1:
        raise Invalid.of(f"parts.{blanks[1]}.amount", "split-blank-twice")
    sign = -1 if total_minor < 0 else 1
    whole = abs(total_minor)
    found = [
        0 if place in blanks else _typed_minor(place, text or "", whole, currency, decimal_comma)
        for place, text in enumerate(typed)
    ]
    rest = whole - sum(found)
    if blanks:
        found[blanks[0]] = rest
    elif rest and _shares_of_all(typed, whole, decimal_comma):
        found[-1] += rest
    elif rest:
        raise Invalid.of(
            f"parts.{len(found) - 1}.amount",
            "split-differs",
            difference_minor=rest * sign,
            currency=currency,
        )
    for place, amount in enumerate(found):
        if amount == 0:
            raise Invalid.of(f"parts.{place}.amount", "split-part-zero")
    return tuple(amount * sign for amount in found)


def _typed_minor(place: int, text: str, whole: int, currency: str, decimal_comma: bool) -> int:
    exact_whole = money.to_decimal(whole, currency)
    try:
        value = arithmetic.evaluate(text, whole=exact_whole, decimal_comma=decimal_comma)
        scaled = value.scaleb(money.exponent(currency))
        if abs(scaled) > money.MAX_MINOR:
            raise money.NotAnAmount("amount-too-large")
    except money.NotAnAmount as fault:
        raise Invalid.of(f"parts.{place}.amount", fault.code, currency=currency) from fault
    return money.round_half_up(scaled)


def _shares_of_all(typed: Sequence[str | None], whole: int, decimal_comma: bool) -> bool:
    """Whether the parts are percentages that make up a hundred."""
    if not all(arithmetic.is_share(text or "") for text in typed):
        return False
    shares = [
        arithmetic.evaluate(text or "", whole=Decimal(100), decimal_comma=decimal_comma)
        for text in typed
    ]
    return sum(shares) == 100


def split_tax(gross_minor: int, rate: Decimal) -> tuple[int, int]:
    """Net and tax inside a gross amount; the tax is rounded once, half away from zero.

    Net and tax always add up to the gross. `rate` 0.2 is twenty percent of the net; it is above -1.
    """
    if rate <= -1:
        raise ValueError("a tax cannot take away more than the net")
    tax = money.round_half_up(Decimal(gross_minor) * rate / (1 + rate))
    return gross_minor - tax, tax


def reverse_tax(net_minor: int, rate: Decimal) -> int:
    """The tax owed on a net amount under reverse charge, rounded once, half away from zero.

    Both sides are this one amount, so they cancel out exactly and the net stays what was paid.
    """
    return money.round_half_up(Decimal(net_minor) * rate)


def reverse_postings(net: PostingInput, known: Tax) -> tuple[PostingInput, ...]:
    """Both sides of a reverse charge on a net posting: the tax deducted and the tax owed.

    The base amounts of both sides are left out for the base currency and for the caller else.
    """
    tax = reverse_tax(net.amount, known.rate)
    own = net.account_id in (known.account_id, known.reverse_account_id)
    if not tax or own or known.reverse_account_id is None:
        return ()
    deducted = replace(net, amount=tax, base=None)
    if known.account_id is not None:
        deducted = replace(deducted, account_id=known.account_id, dim1_id=None, dim2_id=None)
    owed = replace(
        deducted, account_id=known.reverse_account_id, amount=-tax, dim1_id=None, dim2_id=None
    )
    return deducted, owed


def faults(bank: BankSide, coding: Coding) -> dict[str, list[Problem]]:
    """What is wrong with a coding by field, as far as arithmetic can say."""
    found: dict[str, list[Problem]] = {}
    if not coding.parts:
        found["parts"] = [Problem("split-empty")]
    if len(coding.parts) > MAX_PARTS:
        found["parts"] = [Problem("split-too-many", {"most": MAX_PARTS})]
    for place, part in enumerate(coding.parts):
        if part.account_id == bank.account_id:
            found[f"parts.{place}.account"] = [Problem("bank-line-own-account")]
        if part.amount_minor == 0:
            found[f"parts.{place}.amount"] = [Problem("split-part-zero")]
        if part.currency != bank.currency:
            found[f"parts.{place}.amount"] = [
                Problem("part-currency", {"currency": bank.currency, "other": part.currency})
            ]
    rest = -bank.amount_minor - coding.total_minor
    if rest and not found:
        params = {"difference_minor": rest, "currency": bank.currency}
        found[f"parts.{len(coding.parts) - 1}.amount"] = [Problem("split-differs", params)]
    return found


def postings(
    bank: BankSide,
    coding: Coding,
    *,
    taxes: Mapping[str, Tax],
    book: Book,
    rate: Decimal | None = None,
    account_currencies: Mapping[UUID, str | None] | None = None,
) -> tuple[PostingInput, ...]:
    """The balanced postings of a line: the bank's side, then net and tax of each part.

    `rate` is what one unit of the line's currency is worth in the base currency, needed where they
    differ; an account that keeps the base currency then takes the base amount. Raises Invalid by
    field: see `faults`, and `tax-code-unknown`, `rate-missing`, `rate-out-of-range`.
    """
    wrong = faults(bank, coding)
    if wrong:
        raise Invalid("invalid", wrong)
    plain = [
        PostingInput(bank.account_id, bank.amount_minor, bank.currency, memo=bank.memo),
        *(
            posting
            for place, part in enumerate(coding.parts)
            for posting in _part_postings(place, part, taxes)
        ),
    ]
    if bank.currency != book.base_currency:
        plain = list(_with_base(plain, bank.currency, book, rate, account_currencies or {}))
    return tuple(_with_reverse(plain, taxes, book, rate, account_currencies or {}))


def _with_reverse(
    plain: Sequence[PostingInput],
    taxes: Mapping[str, Tax],
    book: Book,
    rate: Decimal | None,
    account_currencies: Mapping[UUID, str | None],
) -> Iterator[PostingInput]:
    """The postings, each under reverse charge followed by both sides of its tax."""
    for posting in plain:
        yield posting
        known = taxes.get(posting.tax_code) if posting.tax_code is not None else None
        if known is None or not known.reverse:
            continue
        for one in reverse_postings(posting, known):
            if posting.base is None:
                yield one
            else:
                assert rate is not None
                base = ledger.base_amount(one.amount, one.currency, book, rate)
                fixed = account_currencies.get(one.account_id) == book.base_currency
                currency = book.base_currency if fixed else one.currency
                yield replace(
                    one, amount=base if fixed else one.amount, currency=currency, base=base
                )


def _part_postings(place: int, part: Part, taxes: Mapping[str, Tax]) -> Iterator[PostingInput]:
    net, tax, tax_account = part.amount_minor, 0, None
    if part.tax_code is not None:
        known = taxes.get(part.tax_code)
        if known is None:
            raise Invalid.of(f"parts.{place}.tax_code", "tax-code-unknown")
        # a posting straight onto the tax's own account is tax already
        if known.account_id is not None and not known.reverse:
            tax_account = known.account_id if known.account_id != part.account_id else None
        if tax_account is not None:
            net, tax = split_tax(part.amount_minor, known.rate)
    whole = PostingInput(
        account_id=part.account_id,
        amount=net,
        currency=part.currency,
        counterparty_id=part.counterparty_id,
        tax_code=part.tax_code,
        dim1_id=part.dim1_id,
        dim2_id=part.dim2_id,
        memo=part.memo,
    )
    if net:
        yield whole
    if tax and tax_account is not None:
        yield replace(whole, account_id=tax_account, amount=tax, dim1_id=None, dim2_id=None)


def _with_base(
    plain: Sequence[PostingInput],
    currency: str,
    book: Book,
    rate: Decimal | None,
    account_currencies: Mapping[UUID, str | None],
) -> Iterator[PostingInput]:
    if rate is None:
        raise Invalid.of("rate", "rate-missing", currency=currency, base=book.base_currency)
    if rate <= 0:
        raise Invalid.of("rate", "rate-out-of-range")
    bases = ledger.base_amounts([one.amount for one in plain], currency, book, rate)
    for posting, base in zip(plain, bases, strict=True):
        fixed = account_currencies.get(posting.account_id)
        if fixed == book.base_currency and fixed != currency:
            yield replace(posting, amount=base, currency=fixed)
        else:
            yield replace(posting, base=base)
