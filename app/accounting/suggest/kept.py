"""What a person coded while a line was pending, put before every guess of the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting.coding import Coding
from app.accounting.matching.values import MOST, Certainty, Line, Reason, Suggestion
from app.accounting.reconcile.lines import read_coding
from app.kernel import people
from app.kernel.db import session


def first(
    lines: Sequence[Line], found: Mapping[UUID, tuple[Suggestion, ...]]
) -> dict[UUID, tuple[Suggestion, ...]]:
    """The suggestions with the kept coding of each line as its first; at most nine a line."""
    rows = session.execute(_KEPT, {"ids": [line.id for line in lines]}).all()
    result = dict(found)
    if not rows:
        return result
    names = people.names({row.kept_by_id for row in rows})
    known = {line.id: line for line in lines}
    for row in rows:
        one = of_line(known[row.id], row.kept_coding, names.get(row.kept_by_id, "–"), row.gone)
        result[row.id] = (one, *result.get(row.id, ()))[:MOST]
    return result


def of_line(
    line: Line, kept: Sequence[Mapping[str, Any]], who: str, archived: bool = False
) -> Suggestion:
    """A kept coding for the line as the bank booked it; `unsure` where it must be looked at.

    One part takes whatever the line is by now. Of a split that no longer adds up the largest part
    takes the difference, and a person looks at it.
    """
    coding = read_coding(kept)
    assert coding is not None
    details: list[Reason] = []
    certainty: Certainty = "certain"
    if coding.total_minor != -line.amount_minor:
        split = len(coding.parts) > 1
        code = "because-kept-split" if split else "because-kept-resized"
        before = {"before_minor": -coding.total_minor, "currency": line.currency}
        details.append(Reason(code, before))
        certainty = "unsure" if split else "certain"
        coding = fitted(coding, -line.amount_minor)
    if archived:
        details.append(Reason("because-kept-archived"))
        certainty = "unsure"
    return Suggestion(
        kind="kept",
        certainty=certainty,
        probability=1.0 if certainty == "certain" else 0.5,
        reason=Reason("kept", {"who": who}),
        coding=coding,
        details=tuple(details),
    )


def fitted(coding: Coding, total_minor: int) -> Coding:
    """The coding with its largest part changed so that all add up to the total."""
    sizes = [abs(part.amount_minor) for part in coding.parts]
    place = sizes.index(max(sizes))
    parts = list(coding.parts)
    amount = parts[place].amount_minor + total_minor - coding.total_minor
    parts[place] = replace(parts[place], amount_minor=amount)
    return Coding(tuple(part for part in parts if part.amount_minor))


_KEPT = sa.text(
    "select t.id, t.kept_coding, t.kept_by_id, exists ("
    " select from jsonb_to_recordset(t.kept_coding)"
    "  as p(account_id uuid, tax_code text, dim1_id uuid, dim2_id uuid)"
    " left join ledger.account a on a.tenant_id = t.tenant_id and a.id = p.account_id"
    " left join ledger.tax_code x on x.tenant_id = t.tenant_id and x.code = p.tax_code"
    " left join ledger.dimension_value d on d.tenant_id = t.tenant_id and d.id = p.dim1_id"
    " left join ledger.dimension_value e on e.tenant_id = t.tenant_id and e.id = p.dim2_id"
    " where coalesce(a.archived_at, x.archived_at, d.archived_at, e.archived_at) is not null)"
    " as gone from app.bank_transaction t where t.tenant_id = (select guard.tenant_id())"
    " and t.id = any(cast(:ids as uuid[])) and t.kept_coding is not null and t.status = 'booked'"
)
