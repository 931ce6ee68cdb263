"""What the Reconcile screen takes in, and how what was typed becomes a coding."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from pydantic import Field

from app.accounting import coding, queries
from app.accounting.coding import Coding, Part
from app.accounting.values import Account, Counterparty
from app.kernel import money, words
from app.kernel.errors import Invalid
from app.web import forms

VERSION = Field(ge=1, lt=2**31)


class ActForm(forms.Schema):
    """What every act on a line sends: the version the person saw, and a key of this one act."""

    version: int = VERSION
    key: str | None = Field(None, pattern="^[0-9a-zA-Z-]{8,80}$")
    tab: str | None = Field(None, max_length=20)


class AcceptForm(forms.Schema):
    """A guess chosen: version and mark in one value, as one button sends it."""

    accept: str = Field(pattern="^[0-9]{1,9}:[0-9a-f]{16}$")
    key: str | None = Field(None, pattern="^[0-9a-zA-Z-]{8,80}$")
    tab: str | None = Field(None, max_length=20)


class PartForm(forms.Schema):
    """One part of a coding as typed; a blank amount takes the rest of the line."""

    account: str = Field("", max_length=200)
    amount: str | None = Field(None, max_length=80)
    tax_code: str | None = Field(None, max_length=20)
    dim1: UUID | None = None
    dim2: UUID | None = None
    contact: str | None = Field(None, max_length=200)
    memo: str | None = Field(None, max_length=500)


class BookForm(ActForm):
    """A line coded by hand, in one part or several."""

    parts: list[PartForm] = Field(min_length=1, max_length=coding.MAX_PARTS)
    rate: str | None = Field(None, max_length=30)


class SettleForm(forms.Schema):
    """A guess that leaves a difference, and the account that takes it.

    Beside an item of another currency `fee` is what the bank kept.
    """

    accept: str = Field(pattern="^[0-9]{1,9}:[0-9a-f]{16}$")
    account: str = Field(min_length=1, max_length=200)
    fee: str | None = Field(None, max_length=30)
    tax_code: str | None = Field(None, max_length=20)
    key: str | None = Field(None, pattern="^[0-9a-zA-Z-]{8,80}$")


class MatchForm(ActForm):
    """An entry that a line is."""

    entry_id: UUID


class TransferForm(ActForm):
    """Another own account that the money came from or went to."""

    to: UUID
    other_line_id: UUID | None = None


class SkipForm(ActForm):
    """Why a line is set aside."""

    why: str | None = Field(None, max_length=500)


class NoteForm(ActForm):
    """A note at a line, and who reads it."""

    text: str = Field(min_length=1, max_length=2000)
    audience: str = Field("team", pattern="^(team|sent_back|client)$")


class AskForm(ActForm):
    """A question to the client about a line; chips are answers to choose from, by commas."""

    text: str = Field(min_length=1, max_length=1000)
    chips: str | None = Field(None, max_length=500)
    wants_file: bool = False


class PapersForm(forms.Schema):
    """Which lines to ask the document of, in which words."""

    lines: list[UUID] = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=1000)
    key: str | None = Field(None, pattern="^[0-9a-zA-Z-]{8,80}$")


class PapersFromForm(forms.Schema):
    """From which amount on lines need a document, as typed."""

    amount: str = Field(min_length=1, max_length=20)


class CertainForm(forms.Schema):
    """All certain lines, as counted and shown."""

    count: int = Field(ge=1, le=10_000)
    digest: str = Field(pattern="^[0-9a-f]{32}$")
    key: str | None = Field(None, pattern="^[0-9a-zA-Z-]{8,80}$")


def coding_of(form: BookForm, *, amount_minor: int, currency: str) -> Coding:
    """The coding a person typed for a line; raises Invalid at the field of the part."""
    rows = [row for row in form.parts if row.account or row.amount]
    if not rows:
        raise Invalid.of("parts.0.account", "account-unknown")
    amounts = coding.split_amounts(
        [row.amount for row in rows],
        total_minor=-amount_minor,
        currency=currency,
        decimal_comma=words.decimal_comma(),
    )
    chart, contacts = queries.accounts(), queries.counterparties()
    return Coding(
        tuple(
            Part(
                account_id=account_of(row.account, chart, place).id,
                amount_minor=amount,
                currency=currency,
                tax_code=row.tax_code,
                dim1_id=row.dim1,
                dim2_id=row.dim2,
                counterparty_id=_contact_of(row.contact, contacts, place),
                memo=row.memo,
            )
            for place, (row, amount) in enumerate(zip(rows, amounts, strict=True))
        )
    )


def account_of(typed: str, chart: Sequence[Account], place: int) -> Account:
    """The account that was typed: its code, the first code that begins so, or part of its name."""
    wanted = typed.split(" ", maxsplit=1)[0].casefold()
    exact = [one for one in chart if one.code.casefold() == wanted]
    begins = [one for one in chart if wanted and one.code.casefold().startswith(wanted)]
    named = [one for one in chart if typed and typed.casefold() in one.name.casefold()]
    found = exact or begins or named
    if not found or (not exact and not begins and len(named) > 1):
        raise Invalid.of(f"parts.{place}.account", "account-unknown")
    return found[0]


def _contact_of(typed: str | None, known: Sequence[Counterparty], place: int) -> UUID | None:
    if not typed:
        return None
    found = [one for one in known if one.name.casefold() == typed.casefold()]
    begins = [one for one in known if one.name.casefold().startswith(typed.casefold())]
    if not found and len(begins) != 1:
        raise Invalid.of(f"parts.{place}.contact", "counterparty-unknown")
    return (found or begins)[0].id


def rate_of(text: str | None) -> Decimal | None:
    """A typed exchange rate; raises Invalid at its field."""
    if not text:
        return None
    try:
        found = money.parse_decimal(text, decimal_comma="," in text and "." not in text)
    except money.NotAnAmount as fault:
        raise Invalid.of("rate", fault.code) from fault
    if not 0 < found < 10**9:
        raise Invalid.of("rate", "rate-out-of-range")
    return found


def fee_of(text: str | None, currency: str) -> int:
    """A typed fee in minor units, nought for none; raises Invalid at its field."""
    if not text:
        return 0
    try:
        found = money.parse_amount(text, currency, decimal_comma=words.decimal_comma())
    except money.NotAnAmount as fault:
        raise Invalid.of("fee", fault.code) from fault
    if found <= 0:
        raise Invalid.of("fee", "items-foreign-rest")
    return found


def chips_of(text: str | None) -> tuple[str, ...]:
    """Answers to choose from, typed with commas between."""
    return tuple(one.strip() for one in (text or "").split(",") if one.strip())
