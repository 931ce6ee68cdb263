"""Net, tax, total and amount due of a printed invoice: labelled amounts that prove each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.documents.printed import labels, values
from app.documents.printed.labels import Beside
from app.documents.printed.page import Row

PROVEN = 0.997
"""Net and tax found under their labels add up to the labelled total."""
LABELLED = 0.9
_MOST = 40
_TAX_AT_MOST = Decimal("0.30")


@dataclass(frozen=True, slots=True)
class Found:
    """The totals; None where not found, each with how far it is believed."""

    net: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    payable: Decimal | None = None
    proven: bool = False
    due_labelled: bool = False
    due_proven: bool = False
    """The labelled amount due is the proven total, less an amount that is printed too."""


def find(rows: list[Row]) -> Found:
    """The totals of a document; the last labelled amounts count most, for sums stand at the end."""
    nets = _labelled(rows, labels.NET)
    taxes = _labelled(rows, labels.TAX)
    totals = _labelled(rows, labels.TOTAL)
    dues = _labelled(rows, labels.PAYABLE)
    payable = dues[-1] if dues else None
    for total in _largest_first([*totals, *dues]):
        for net in reversed(nets):
            rest = total - net
            plausible = rest and 0 < rest / (net or rest) <= _TAX_AT_MOST
            if rest == 0 or (plausible and _adds_up(rest, taxes)):
                tax = rest if rest else (Decimal(0) if not any(taxes) else None)
                if tax is not None:
                    due = payable if payable is not None else total
                    return Found(
                        net,
                        tax,
                        total,
                        due,
                        proven=True,
                        due_labelled=bool(dues),
                        due_proven=bool(dues) and _is_rest(due, total, dues, rows),
                    )
    if totals or dues:
        total = max(totals, key=abs) if totals else dues[-1]
        due = payable if payable is not None else total
        return Found(total=total, payable=due, due_labelled=bool(dues))
    return Found()


def _is_rest(due: Decimal, total: Decimal, dues: list[Decimal], rows: list[Row]) -> bool:
    """Whether one amount due is said, and it is the total or what a printed amount leaves of it."""
    if len(set(dues)) != 1:
        return False
    paid = abs(total - due)
    return not paid or any(paid in map(abs, values.amounts(row.text)) for row in rows)


def _adds_up(rest: Decimal, taxes: list[Decimal]) -> bool:
    """Whether the tax is one of those labelled, or the sum of all different ones."""
    return rest in taxes or rest == sum(set(taxes), Decimal(0))


def _labelled(rows: list[Row], phrases: tuple[str, ...]) -> list[Decimal]:
    found = [amount for label in labels.beside(rows, phrases) for amount in _value(label)]
    return found[-_MOST:]


def _value(label: Beside) -> Iterator[Decimal]:
    """The amount behind a label: alone right of it, else in its cell, right of it, or below."""
    right = label.right.text if label.right else ""
    texts = (right, label.rest) if values.is_amount(right) else (label.rest, right)
    for text in texts:
        if found := values.amounts(text):
            yield found[-1]
            return
    for under in label.below[:1]:
        yield from values.amounts(under.text)[-1:]


def _largest_first(found: Iterable[Decimal]) -> list[Decimal]:
    return sorted({one for one in found if one}, key=abs, reverse=True)[:_MOST]
