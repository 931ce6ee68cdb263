"""Organising papers: what they are, their month, whom they are from, tags; many with one undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import undo
from app.kernel.db import session
from app.kernel.errors import Invalid, NotFound

UNDO = "document.organise"
MOST = 200
MOST_TAGS = 20
TAG_LENGTH = 40
TYPES = (
    "invoice",
    "receipt",
    "credit_note",
    "contract",
    "statement",
    "payroll",
    "tax",
    "filing_receipt",
    "letter",
    "other",
)


@dataclass(frozen=True, slots=True)
class Change:
    """What is set on papers; None leaves a field as it is, an empty text clears it.

    `period` is the first day of a month, `clear_period` takes it away; tags are added and removed.
    """

    type: str | None = None
    period: date | None = None
    clear_period: bool = False
    counterparty: str | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return self == Change()


def organise(document_ids: Sequence[UUID], change: Change) -> UUID:
    """Sets what was said on all papers at once; returns the token of the one way back.

    Raises Invalid at `type`, `tags` or for nothing said, NotFound when one of them is out of
    reach: then none is changed.
    """
    _check(change)
    wanted = list(dict.fromkeys(document_ids))
    rows = session.execute(_BEFORE, {"ids": wanted}).mappings().all()
    if len(rows) != len(wanted) or not wanted:
        raise NotFound
    before = [_as_before(row) for row in rows]
    session.execute(_SET, {"rows": [_changed(one, change) for one in before]})
    return undo.offer(UNDO, {"before": before})


def tags_of(text: str) -> tuple[str, ...]:
    """The tags in a text with commas, each once and in lower case; raises Invalid at `tags`."""
    found = tuple(dict.fromkeys(" ".join(one.split()).lower() for one in text.split(",")))
    return tuple(one for one in found if one)


def known(*, limit: int = 200) -> tuple[list[str], list[str]]:
    """Counterparties and tags that papers of this client carry already, for choosing."""
    row = session.execute(_KNOWN, {"limit": limit}).one()
    return list(row.counterparties), list(row.tags)


@undo.handler(UNDO)
def _as_it_was(args: dict[str, Any]) -> None:
    session.execute(_SET, {"rows": args["before"]})


def _check(change: Change) -> None:
    if change.is_empty:
        raise Invalid("nothing-to-change")
    if change.type and change.type not in TYPES:
        raise Invalid.of("type", "not-a-choice")
    if any(len(one) > TAG_LENGTH for one in change.add_tags):
        raise Invalid.of("add_tags", "tag-too-long", most=TAG_LENGTH)


def _as_before(row: sa.RowMapping) -> dict[str, Any]:
    period = row["period"]
    return {
        "id": str(row["id"]),
        "type": row["type"],
        "period": period.isoformat() if period else None,
        "counterparty": row["counterparty"],
        "tags": list(row["tags"]),
    }


def _changed(before: dict[str, Any], change: Change) -> dict[str, Any]:
    period = change.period.replace(day=1).isoformat() if change.period else before["period"]
    kept = [one for one in before["tags"] if one not in change.remove_tags]
    tags = list(dict.fromkeys([*kept, *change.add_tags]))
    if len(tags) > MOST_TAGS:
        raise Invalid.of("add_tags", "too-many-tags", most=MOST_TAGS)
    return {
        "id": before["id"],
        "type": before["type"] if change.type is None else change.type,
        "period": None if change.clear_period else period,
        "counterparty": before["counterparty"]
        if change.counterparty is None
        else change.counterparty,
        "tags": tags,
    }


_BEFORE = sa.text(
    "select id, type, period, counterparty, tags from app.document"
    " where tenant_id = (select guard.tenant_id()) and id = any(cast(:ids as uuid[]))"
    " and removed_at is null order by id"
)
_SET = sa.text(
    "update app.document d set type = x.type, period = x.period, counterparty = x.counterparty,"
    " tags = array(select jsonb_array_elements_text(x.tags))"
    " from jsonb_to_recordset(:rows) x(id uuid, type text, period date, counterparty text,"
    " tags jsonb) where d.tenant_id = (select guard.tenant_id()) and d.id = x.id"
    " and d.removed_at is null"
).bindparams(sa.bindparam("rows", type_=JSONB))
_KNOWN = sa.text(
    "with mine as materialized (select counterparty, tags from app.document"
    " where tenant_id = (select guard.tenant_id()) and removed_at is null"
    " order by id desc limit 5000)"
    " select array(select distinct counterparty from mine where counterparty <> ''"
    " order by 1 limit :limit) counterparties,"
    " array(select distinct t from mine, unnest(tags) t order by 1 limit :limit) tags"
)
