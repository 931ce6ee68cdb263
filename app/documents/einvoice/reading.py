"""Reads an electronic invoice: finds its syntax by the root, its invoices, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from app.documents import checks
from app.documents.einvoice import cii, fatturapa, rules, ubl
from app.documents.einvoice.invoice import Invoice
from app.documents.einvoice.sheet import Fault, NotAnInvoice, Sheet, line_of, local, parsed

Syntax = Literal["cii", "ubl", "fatturapa"]
_ORDERS = frozenset(
    {"SCRDMCCBDACIOMessageStructure", "Order", "OrderResponse", "CrossIndustryOrder"}
)
NO_INVOICE = frozenset({"xml-broken", "xml-entities", "not-an-invoice", "an-order"})
"""Codes of what is no invoice at all, rather than one with something wrong in it."""


@dataclass(frozen=True, slots=True)
class EInvoice:
    """A file that was read; `faults` names every value and rule that is wrong, empty when sound."""

    syntax: Syntax
    invoices: tuple[Invoice, ...]
    faults: tuple[Fault, ...]


def read(data: bytes) -> EInvoice:
    """What an XML invoice says.

    Raises NotAnInvoice: `xml-broken`, `xml-entities`, `not-an-invoice` (other XML), `an-order`;
    and Invalid `file-virus` where a file inside it is the test virus.
    """
    root = parsed(data)
    syntax, reader = _syntax(root)
    faults: list[Fault] = []
    invoices = reader(Sheet(root, faults))
    if not invoices:
        raise NotAnInvoice("not-an-invoice", line=line_of(root), what=local(root))
    for invoice in invoices:
        for attachment in invoice.attachments:
            checks.refuse_virus(attachment.content)
        faults.extend(rules.broken(invoice))
    return EInvoice(syntax, invoices, tuple(faults))


def _syntax(root: etree._Element) -> tuple[Syntax, Callable[[Sheet], tuple[Invoice, ...]]]:
    name = local(root)
    if name in cii.ROOTS:
        return "cii", cii.invoices
    if name in ubl.ROOTS and "ubl" in (etree.QName(root).namespace or ""):
        return "ubl", ubl.invoices
    if name in fatturapa.ROOTS:
        return "fatturapa", fatturapa.invoices
    code = "an-order" if name in _ORDERS else "not-an-invoice"
    raise NotAnInvoice(code, line=line_of(root), what=name)
