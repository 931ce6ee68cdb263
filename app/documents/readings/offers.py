"""What other packages offer for a read paper: its bank line, a draft entry; they register it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from app.documents.readings.models import ReadingView
from app.kernel import registry, scope


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """What a paper says, for whoever matches or books it; amounts in minor units.

    `no` says which of the invoices that the file holds, `further` how many others there are.
    """

    document_id: UUID
    line: str
    kind: str | None
    number: str | None
    issued_on: date | None
    due_on: date | None
    seller: str | None
    seller_vat: str | None
    seller_iban: str | None
    currency: str | None
    net: int | None
    tax: int | None
    total: int | None
    payable: int | None
    tax_rates: tuple[str, ...]
    no: int = 1
    further: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing to do with the paper: in words, why, and the form that does it.

    `post` False makes it a link. `is_done` says that it was done already: then it only leads there.
    """

    title: Any
    detail: Any
    reason: Any
    label: Any
    url: str
    icon: str
    values: Mapping[str, str] = field(default_factory=dict)
    post: bool = True
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class PaperOffers:
    """A package's offers for a paper on its line, for readers with the permission."""

    key: str
    line: str
    permission: str
    find: Callable[[PaperFacts], Sequence[Offer]]
    order: int = 100


def facts(found: ReadingView) -> PaperFacts:
    """What a reading says, typed."""
    values = found.values

    def text(name: str) -> str | None:
        return values[name].text if name in values else None

    def minor(name: str) -> int | None:
        return values[name].minor if name in values else None

    def day(name: str) -> date | None:
        return values[name].on_day if name in values else None

    rates = (str(one["tax_rate"]) for one in found.lines if one.get("tax_rate") is not None)
    return PaperFacts(
        document_id=found.document_id,
        line=found.line,
        kind=text("kind"),
        number=text("invoice_number"),
        issued_on=day("issue_date"),
        due_on=day("due_date"),
        seller=text("seller_name"),
        seller_vat=text("seller_vat"),
        seller_iban=text("seller_iban"),
        currency=text("currency"),
        net=minor("net_minor"),
        tax=minor("tax_minor"),
        total=minor("total_minor"),
        payable=minor("payable_minor"),
        tax_rates=tuple(dict.fromkeys(rates)),
        no=found.no,
        further=found.further,
    )


def of(found: ReadingView) -> list[Offer]:
    """Everything offered for a paper to the acting person."""
    rights, told = scope.current().rights, facts(found)
    return [
        offer
        for one in registry.current().all(PaperOffers)
        if one.line == found.line and rights.may(one.permission)
        for offer in one.find(told)
    ]
