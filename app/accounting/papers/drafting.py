"""A draft entry of a supplier's invoice: the cost as last coded, its tax, what is owed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from app.accounting import queries
from app.accounting.ledger import PostingInput
from app.accounting.matching import text as texts
from app.accounting.matching.parties import alike
from app.accounting.papers import queries as paper_queries
from app.accounting.papers.fits import CREDITS
from app.accounting.values import Account, Counterparty, TaxCode
from app.documents.readings.offers import PaperFacts
from app.kernel.db import session
from app.kernel.errors import Conflict

_SURE = 0.9
_NEAR = Decimal("0.006")
"""A rate read off rounded amounts is taken for a tax code's within 0.6 points."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed: `cost` None where nobody booked this supplier before."""

    on: dt.date | None
    description: str
    contact: Counterparty | None
    cost: Account | None
    tax_code: str | None
    payable: Account
    postings: tuple[PostingInput, ...]
    last_on: dt.date | None


@dataclass(frozen=True, slots=True)
class _Last:
    account_id: UUID
    tax_code: str | None
    dim1_id: UUID | None
    dim2_id: UUID | None
    on: dt.date


def propose(facts: PaperFacts) -> Proposal:
    """A draft in the base currency.

    Raises Conflict: `paper-foreign` in another currency, `paper-booked` where the paper has an
    entry, `no-payable-account`.
    """
    base = queries.book().base_currency
    if facts.currency != base:
        raise Conflict("paper-foreign", currency=facts.currency or "–")
    if booked := paper_queries.booked(
        facts.document_id, source_type=paper_queries.source(facts.no)
    ):
        raise Conflict("paper-booked", label=booked.label)
    payable = _payable()
    contact = _contact(facts)
    last = _last(contact.id) if contact else None
    chart = {one.id: one for one in queries.accounts()}
    cost = chart.get(last.account_id) if last else None
    tax = _tax(facts, last)
    return Proposal(
        on=facts.issued_on,
        description=" ".join(filter(None, (facts.seller, facts.number)))[:500],
        contact=contact,
        cost=cost,
        tax_code=tax.code if tax else None,
        payable=payable,
        postings=tuple(_postings(facts, base, cost, tax, payable, contact, last)),
        last_on=last.on if last else None,
    )


def _payable() -> Account:
    found = next((one for one in queries.accounts() if one.control == "payable"), None)
    if found is None:
        raise Conflict("no-payable-account")
    return found


def _contact(facts: PaperFacts) -> Counterparty | None:
    """By account number or VAT number among the aliases, else by a name that is nearly the same."""
    known = queries.counterparties()
    numbers = [_plain(one) for one in (facts.seller_iban, facts.seller_vat) if one]
    if numbers:
        by_alias = session.execute(_ALIAS, {"numbers": numbers}).scalar()
        found = next((one for one in known if one.id == by_alias), None)
        if found is not None:
            return found
    name = texts.name(facts.seller)
    likeness = [(alike(name, texts.name(one.name)), one) for one in known] if name else []
    best = max(likeness, key=lambda pair: pair[0], default=(0.0, None))
    return best[1] if best[0] >= _SURE else None


def _plain(number: str) -> str:
    return "".join(sign for sign in number.upper() if sign.isalnum())


def _last(counterparty_id: UUID) -> _Last | None:
    row = session.execute(_LAST, {"id": counterparty_id}).mappings().first()
    return _Last(**row) if row else None


def _tax(facts: PaperFacts, last: _Last | None) -> TaxCode | None:
    """The code of the rate that net and tax make; of several the one that was used last."""
    if not facts.tax or not facts.net:
        return None
    rate = Decimal(facts.tax) / Decimal(facts.net)
    near = [
        one
        for one in queries.tax_codes()
        if one.account_id and not one.reverse_account_id and abs(one.rate - rate) < _NEAR
    ]
    mine = [one for one in near if last and one.code == last.tax_code]
    bought = [one for one in near if one.account_id in _input_accounts()]
    return next(iter([*mine, *bought, *near]), None)


def _input_accounts() -> set[UUID]:
    """Where tax that is got back is booked: an asset, or debited so far."""
    return {one.id for one in queries.accounts() if one.type == "asset"}


def _postings(
    facts: PaperFacts,
    base: str,
    cost: Account | None,
    tax: TaxCode | None,
    payable: Account,
    contact: Counterparty | None,
    last: _Last | None,
) -> list[PostingInput]:
    gross = abs(facts.total or facts.payable or 0)
    taxed = abs(facts.tax or 0) if tax else 0
    sign = -1 if facts.kind in CREDITS or (facts.total or 0) < 0 else 1
    found = []
    if cost is not None:
        found.append(
            PostingInput(
                cost.id,
                sign * (gross - taxed),
                base,
                tax_code=tax.code if tax else None,
                dim1_id=last.dim1_id if last else None,
                dim2_id=last.dim2_id if last else None,
            )
        )
    if tax is not None and tax.account_id and taxed:
        found.append(PostingInput(tax.account_id, sign * taxed, base, tax_code=tax.code))
    owed = PostingInput(
        payable.id, -sign * gross, base, counterparty_id=contact.id if contact else None
    )
    return [*found, owed]


_ALIAS = sa.text(
    "select a.counterparty_id from ledger.living_alias a"
    " where a.tenant_id = (select guard.tenant_id())"
    " and regexp_replace(upper(a.value), '[^A-Z0-9]', '', 'g') = any(:numbers)"
    " order by a.created_at desc, a.id limit 1"
)
_LAST = sa.text(
    'select p.account_id, p.tax_code, p.dim1_id, p.dim2_id, e.entry_date as "on"'
    " from ledger.posting q join ledger.entry e on e.tenant_id = q.tenant_id and e.id = q.entry_id"
    " join ledger.posting p on p.tenant_id = e.tenant_id and p.entry_id = e.id"
    " join ledger.account a on a.tenant_id = p.tenant_id and a.id = p.account_id"
    " where q.tenant_id = (select guard.tenant_id()) and q.counterparty_id = :id"
    " and e.kind = 'normal' and a.control is null and a.archived_at is null and p.amount > 0"
    " and (a.type = 'expense' or a.type = 'asset' and a.subtype is distinct from 'bank')"
    " and not exists (select from ledger.tax_code t where t.tenant_id = p.tenant_id"
    " and p.account_id in (t.account_id, t.reverse_account_id))"
    " and not exists (select from ledger.entry r where r.tenant_id = e.tenant_id"
    " and r.reverses_id = e.id)"
    " order by e.entry_date desc, e.id desc, p.amount desc limit 1"
)
