"""Documents found for a line put into suggestions: kind, certainty, coding, reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.accounting.coding import Coding, Part
from app.accounting.matching import coded, scoring
from app.accounting.matching.documents import Pair
from app.accounting.matching.groups import Together
from app.accounting.matching.payouts import Payout
from app.accounting.matching.sums import Sum
from app.accounting.matching.values import (
    Certainty,
    FeePast,
    ItemShare,
    Line,
    OpenItem,
    OwnAccount,
    Reason,
    Suggestion,
)


def of_pair(pair: Pair, *, assigned: bool) -> Suggestion:
    """A single document as a suggestion; certain only for the line it is assigned to."""
    probable = scoring.probability(pair.odds)
    sure = assigned and pair.fit == "equal" and pair.evidence and not pair.rivals
    sure = sure and pair.hit not in ("swapped", "cut") and "ref-another" not in pair.features
    cap: Certainty = "certain" if sure else "likely"
    details = coded.details(pair.features)
    certainty = scoring.certainty(probable, cap=cap)
    if pair.item is not None:
        return _item_suggestion(pair, pair.item, probable, certainty, details)
    if pair.entry is not None:
        entry = pair.entry
        return Suggestion(
            kind="entry",
            certainty=certainty,
            probability=probable,
            reason=Reason("entry", {"label": entry.label, "booked_on": entry.booked_on}),
            entry_id=entry.id,
            details=details,
        )
    assert pair.other is not None
    return _transfer_suggestion(pair, pair.other, probable, certainty, details)


def _item_suggestion(
    pair: Pair,
    item: OpenItem,
    probable: float,
    certainty: Certainty,
    details: tuple[Reason, ...],
) -> Suggestion:
    line = pair.seen.line
    if item.currency != line.currency:
        return _exchanged(pair, item, probable, certainty, details)
    taken = item.residual_minor
    if abs(line.amount_minor) < abs(taken) and pair.fit == "part":
        taken = line.amount_minor
    difference = line.amount_minor - taken
    code = "item" if pair.fit == "equal" else "item-difference" if difference else "item-part"
    return _items(
        line,
        (item,),
        (taken,),
        code=f"{code}-{item.control}",
        probable=probable,
        certainty=certainty,
        details=details,
    )


def _exchanged(
    pair: Pair,
    item: OpenItem,
    probable: float,
    certainty: Certainty,
    details: tuple[Reason, ...],
) -> Suggestion:
    """An item of another currency, settled whole: rates make what the line differs by."""
    line, fee = pair.seen.line, pair.fee_minor
    params = {
        "reference": item.reference or "",
        "counterparty": item.counterparty,
        "open_minor": item.residual_minor,
        "open_currency": item.currency,
        "exchange_minor": pair.exchange_minor,
        "base_currency": pair.base_currency,
        **({"fee_minor": fee, "currency": line.currency} if fee else {}),
    }
    part = Part(
        item.account_id,
        -line.amount_minor - fee,
        line.currency,
        counterparty_id=item.counterparty_id,
    )
    return Suggestion(
        kind="open_item",
        certainty=certainty,
        probability=probable,
        reason=Reason(f"item-foreign-{'fee-' if fee else ''}{item.control}", params),
        coding=Coding((part,)),
        open_items=(_share(item, item.residual_minor),),
        difference_minor=-fee,
        details=details,
    )


def with_fee(made: Suggestion, fee_minor: int, currency: str, fee: FeePast | None) -> Suggestion:
    """The suggestion with its fee as a part of its own, where its account is known."""
    if fee is None or not fee_minor:
        return made
    part = Part(
        fee.account_id,
        fee_minor,
        currency,
        tax_code=fee.tax_code,
        dim1_id=fee.dim1_id,
        dim2_id=fee.dim2_id,
    )
    parts = made.coding.parts if made.coding else ()
    return replace(made, coding=Coding((*parts, part)), difference_minor=0)


def _share(item: OpenItem, amount_minor: int) -> ItemShare:
    return ItemShare(
        item.entry_id,
        item.no,
        amount_minor,
        item.account_id,
        item.counterparty_id,
        item.reference,
        item.currency,
    )


def _items(
    line: Line,
    items: Sequence[OpenItem],
    amounts: Sequence[int],
    *,
    code: str,
    probable: float,
    certainty: Certainty,
    details: tuple[Reason, ...],
) -> Suggestion:
    difference = line.amount_minor - sum(amounts)
    params = {
        "reference": items[0].reference or "",
        "counterparty": items[0].counterparty,
        "count": len(items),
        "references": ", ".join(filter(None, (item.reference for item in items))),
        "difference_minor": difference,
        "currency": line.currency,
        "booked_on": items[0].booked_on,
    }
    parts = tuple(
        Part(item.account_id, -amount, line.currency, counterparty_id=item.counterparty_id)
        for item, amount in zip(items, amounts, strict=True)
    )
    return Suggestion(
        kind="open_item",
        certainty=certainty,
        probability=probable,
        reason=Reason(code, params),
        coding=Coding(parts),
        open_items=tuple(_share(item, amount) for item, amount in zip(items, amounts, strict=True)),
        difference_minor=difference,
        details=details,
    )


def _transfer_suggestion(
    pair: Pair, other: Line, probable: float, certainty: Certainty, details: tuple[Reason, ...]
) -> Suggestion:
    line = pair.seen.line
    return Suggestion(
        kind="transfer",
        certainty=certainty,
        probability=probable,
        reason=Reason(
            "transfer-line", {"account": pair.other_account, "booked_on": other.booked_on}
        ),
        coding=Coding((Part(other.account_id, -line.amount_minor, line.currency),)),
        other_line_id=other.id,
        details=details,
    )


def of_sum(made: Sum) -> Suggestion:
    """Several items of one line, or a part of one, as a suggestion."""
    probable = scoring.probability(made.odds)
    cap: Certainty = "certain" if made.only and not made.difference_minor else "likely"
    control = made.items[0].control
    if len(made.items) == 1:
        code = f"item-part-{control}"
    else:
        code = f"items-difference-{control}" if made.difference_minor else f"items-{control}"
    return _items(
        made.seen.line,
        made.items,
        made.amounts,
        code=code,
        probable=probable,
        certainty=scoring.certainty(probable, cap=cap),
        details=coded.details(made.features),
    )


def of_entries(made: Together) -> Suggestion:
    """Several entries as one line, or one entry as several lines; a person looks at it."""
    probable = scoring.probability(made.odds)
    first, *others = made.entries
    count = len(made.lines) if made.lines else len(made.entries)
    labels = ", ".join(one.label for one in made.entries[:3]) + ("…" if count > 3 else "")
    params = {"label": first.label, "labels": labels, "count": count, "others": count - 1}
    lines = "entry-of-two-lines" if count == 2 else "entry-of-lines"
    return Suggestion(
        kind="entry",
        certainty=scoring.certainty(probable, cap="likely"),
        probability=probable,
        reason=Reason(lines if made.lines else "entries", params),
        entry_id=first.id,
        more_entry_ids=tuple(one.id for one in others),
        with_line_ids=tuple(one for one in made.lines if one != made.seen.line.id),
        details=coded.details(made.features),
    )


def of_payout(paid: Payout) -> Suggestion:
    """A card processor's payout with its fee as a part of its own where its account is known."""
    made = _paid_entries(paid) if paid.entries else _paid_items(paid)
    return with_fee(made, paid.fee_minor, paid.seen.line.currency, paid.fee)


def _paid_items(paid: Payout) -> Suggestion:
    probable = scoring.probability(paid.odds)
    made = _items(
        paid.seen.line,
        paid.items,
        [item.residual_minor for item in paid.items],
        code="payout",
        probable=probable,
        certainty=scoring.certainty(probable, cap="likely"),
        details=coded.details(paid.features),
    )
    told = {**made.reason.params, "processor": paid.processor, "fee_minor": paid.fee_minor}
    return replace(made, reason=Reason("payout", told))


def _paid_entries(paid: Payout) -> Suggestion:
    probable = scoring.probability(paid.odds)
    first, *others = paid.entries
    told = {
        "processor": paid.processor,
        "count": len(paid.entries),
        "fee_minor": paid.fee_minor,
        "currency": paid.seen.line.currency,
    }
    return Suggestion(
        kind="entry",
        certainty=scoring.certainty(probable, cap="likely"),
        probability=probable,
        reason=Reason("payout-entries", told),
        entry_id=first.id,
        more_entry_ids=tuple(one.id for one in others),
        difference_minor=-paid.fee_minor,
        details=coded.details(paid.features),
    )


def to_own_account(line: Line, own: OwnAccount) -> Suggestion:
    """A transfer whose other side has not come yet; likely at most."""
    features = {"transfer-start": 1.0, "transfer-number": 0.8}
    probable = scoring.probability(scoring.log_odds(features))
    return Suggestion(
        kind="transfer",
        certainty=scoring.certainty(probable, cap="likely"),
        probability=probable,
        reason=Reason("transfer-account", {"account": own.name}),
        coding=Coding((Part(own.account_id, -line.amount_minor, line.currency),)),
        details=coded.details(features),
    )
