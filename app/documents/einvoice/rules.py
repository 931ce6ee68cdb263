"""The rules of EN 16931 (section 6.4) by which an invoice's figures must agree; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal

from app.documents.einvoice.invoice import Invoice
from app.documents.einvoice.sheet import Fault
from app.kernel.money import CURRENCIES, exponent

_NONE = Decimal(0)
_TAX_MAY_DIFFER = Decimal(1)
"""BR-CO-17 is checked as its official schematron does: within one unit of the currency."""


def broken(invoice: Invoice) -> tuple[Fault, ...]:
    """The rules that do not hold, in the standard's order; none for a sound invoice."""
    if invoice.currency not in CURRENCIES:
        return (*_missing(invoice), Fault("BR-05", f"currency: {invoice.currency or 'missing'}"))
    places = exponent(invoice.currency)
    checks = (*_SUMS, *_WITH_LINES) if invoice.summed else _SUMS[:1]
    found = [*_missing(invoice), *(fault for check in checks for fault in check(invoice, places))]
    return tuple(found)


def _missing(invoice: Invoice) -> Iterator[Fault]:
    needed = {
        "BR-02": ("number", invoice.number),
        "BR-03": ("issue date", invoice.issued_on),
        "BR-04": ("kind", invoice.kind),
        "BR-06": ("seller's name", invoice.seller_name),
        "BR-07": ("buyer's name", invoice.buyer_name),
        "BR-13": ("net total", invoice.totals.net),
        "BR-14": ("total with tax", invoice.totals.total),
        "BR-15": ("amount due", invoice.totals.payable),
    }
    for rule, (name, value) in needed.items():
        if value is None:
            yield Fault(rule, f"{name}: missing")
    if invoice.summed and not invoice.lines:
        yield Fault("BR-16", "lines: missing")


def _group_taxes(invoice: Invoice, places: int) -> Iterator[Fault]:
    """BR-CO-17: a group's tax is its base times its rate."""
    for group in invoice.groups:
        if group.rate is None or group.base is None or group.tax is None:
            continue
        expected = _rounded(group.base * group.rate / 100, places)
        if abs(group.tax - expected) >= _TAX_MAY_DIFFER:
            yield _differs("BR-CO-17", f"tax at {group.rate} %", group.tax, expected)


def _tax_sum(invoice: Invoice, places: int) -> Iterator[Fault]:
    """BR-CO-14: the tax is the sum of the groups' taxes."""
    if invoice.totals.tax is not None and invoice.groups:
        expected = _sum(group.tax for group in invoice.groups)
        yield from _compare("BR-CO-14", "tax", invoice.totals.tax, expected, places)


def _total_sum(invoice: Invoice, places: int) -> Iterator[Fault]:
    """BR-CO-15: total with tax is net and tax."""
    sums = invoice.totals
    if sums.net is not None:
        expected = sums.net + (sums.tax or _NONE)
        yield from _compare("BR-CO-15", "total with tax", sums.total, expected, places)


def _payable_sum(invoice: Invoice, places: int) -> Iterator[Fault]:
    """BR-CO-16: due is the total less what was prepaid, rounded as the invoice says."""
    sums = invoice.totals
    if sums.total is not None:
        expected = sums.total - (sums.prepaid or _NONE) + (sums.rounding or _NONE)
        yield from _compare("BR-CO-16", "amount due", sums.payable, expected, places)


def _line_sum(invoice: Invoice, places: int) -> Iterator[Fault]:
    """BR-CO-10: the lines add up."""
    if invoice.lines:
        expected = _sum(line.net for line in invoice.lines)
        yield from _compare("BR-CO-10", "sum of lines", invoice.totals.lines, expected, places)


def _net_sum(invoice: Invoice, places: int) -> Iterator[Fault]:
    """BR-CO-13: net is the lines, less allowances, and charges."""
    sums = invoice.totals
    if sums.lines is not None:
        expected = sums.lines - (sums.allowances or _NONE) + (sums.charges or _NONE)
        yield from _compare("BR-CO-13", "net total", sums.net, expected, places)


_SUMS: tuple[Callable[[Invoice, int], Iterator[Fault]], ...] = (
    _group_taxes, _tax_sum, _total_sum, _payable_sum,
)  # fmt: skip
_WITH_LINES: tuple[Callable[[Invoice, int], Iterator[Fault]], ...] = (_line_sum, _net_sum)


def _compare(
    rule: str, name: str, said: Decimal | None, expected: Decimal, places: int
) -> Iterator[Fault]:
    if said is not None and _rounded(said, places) != _rounded(expected, places):
        yield _differs(rule, name, said, _rounded(expected, places))


def _differs(rule: str, name: str, said: Decimal, expected: Decimal) -> Fault:
    return Fault(rule, f"{name}: says {said}, must be {expected}")


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((one for one in amounts if one is not None), _NONE)


def _rounded(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
