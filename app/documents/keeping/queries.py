"""What is known of keeping in the open client: rules, holds, what is due, disposals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.documents.keeping.models import (
    Disposal,
    DisposalItem,
    Due,
    Hold,
    Keeping,
    OwnRule,
    Statute,
)
from app.kernel import paging
from app.kernel.db import session
from app.kernel.errors import NotFound

MOST_DUE = 500
_HERE = "tenant_id = (select guard.tenant_id())"


def statutes() -> list[Statute]:
    """The rules of law of the client's country that are in force today."""
    rows = session.execute(
        sa.text(
            "select s.key, s.country, s.kinds, s.years, s.runs_from, s.source,"
            " nullif(s.valid_from, '-infinity') as valid_from, s.valid_to"
            " from app.retention_statute s join app.client c on c.country = s.country"
            " where c.tenant_id = (select guard.tenant_id()) and current_date >= s.valid_from"
            " and (s.valid_to is null or current_date <= s.valid_to)"
            " order by s.years desc, s.key"
        )
    ).mappings()
    return [Statute(**{**row, "kinds": tuple(row["kinds"])}) for row in rows]


def own_rules() -> list[OwnRule]:
    """What provider and client keep longer here; in the provider's own tenant, at every client."""
    rows = session.execute(
        sa.text(
            "select id, kind, years, runs_from, basis, reason, side, made_by, made_at"
            f" from app.retention_own where {_HERE} and ended_at is null order by id"
        )
    ).mappings()
    return [OwnRule(**row) for row in rows]


def firm_rules() -> list[OwnRule]:
    """What the provider keeps longer at all its clients, for whoever reaches one."""
    rows = session.execute(
        sa.text(
            "select id, kind, years, runs_from, basis, reason, 'firm' as side, made_by, made_at"
            " from app.firm_rules() order by id"
        )
    ).mappings()
    return [OwnRule(**row) for row in rows]


_HOLDS = (
    "select h.id, h.title, h.reason, h.covers, h.from_on, h.to_on, h.side, h.placed_by,"
    " h.placed_at, h.released_by, h.released_at, app.hold_sha(h) as sha,"
    " (select count(*)::int from app.legal_hold_paper p where p.tenant_id = h.tenant_id"
    "  and p.hold_id = h.id) as papers,"
    " exists (select from app.approval a where a.tenant_id = h.tenant_id and a.subject_id = h.id"
    "  and a.subject_type = 'legal_hold' and a.state = 'pending') as asked"
    " from app.legal_hold h where h.tenant_id = (select guard.tenant_id())"
)


def holds(*, after: tuple[bool, UUID] | None = None, limit: int = 50) -> list[Hold]:
    """The holds of the client, those that stand first, then the newest.

    `after` is whether the last one seen stood, and its id.
    """
    stands, last = after or (None, None)
    rows = session.execute(
        sa.text(
            f"{_HOLDS} and (cast(:last as uuid) is null"
            " or (h.released_at is null, h.id) < (cast(:stands as boolean), cast(:last as uuid)))"
            " order by h.released_at is null desc, h.id desc limit :limit"
        ),
        {"stands": stands, "last": last, "limit": limit},
    ).mappings()
    return [Hold(**row) for row in rows]


def holds_page(after: str | None, *, limit: int) -> paging.Page[Hold]:
    """A page of them; raises Invalid for a cursor that we did not make."""
    place = paging.keys(after, _flag, UUID)
    rows = holds(after=(place[0], place[1]) if place else None, limit=limit + 1)
    return paging.page(rows, limit=limit, key=lambda one: [int(one.standing), one.id])


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1"


def hold(hold_id: UUID) -> Hold:
    """One hold; raises NotFound."""
    row = session.execute(sa.text(f"{_HOLDS} and h.id = :id"), {"id": hold_id}).mappings().first()
    if row is None:
        raise NotFound
    return Hold(**row)


def due(*, after: UUID | None = None, limit: int = MOST_DUE) -> list[Due]:
    """Papers the reader sees whose time has run out, not held and not proposed already."""
    rows = session.execute(
        sa.text(
            "select d.id, d.name, d.class as document_class, d.added_at, k.counts_from,"
            " k.kept_until, k.source from app.papers_kept() k"
            " join app.document d on d.tenant_id = (select guard.tenant_id())"
            " and d.id = k.document_id where k.kept_until < current_date"
            " and (cast(:after as uuid) is null or d.id > :after)"
            " and not exists (select from app.disposal_item i join app.approval a"
            "  on a.tenant_id = i.tenant_id and a.subject_id = i.disposal_id"
            "  and a.kind = 'document.dispose' and a.state in ('pending', 'approved')"
            "  where i.tenant_id = d.tenant_id and i.document_id = d.id and i.state = 'listed')"
            " and d.id <> all (app.held_of(array[d.id])) order by d.id limit :limit"
        ),
        {"after": after, "limit": limit},
    ).mappings()
    return [Due(**row) for row in rows]


def keeping(document_id: UUID) -> Keeping:
    """How long one paper is kept, and whether a hold covers it."""
    row = session.execute(
        sa.text(
            "select nullif(k.kept_until, 'infinity') as kept_until, coalesce(k.source, '')"
            " as source, cardinality(app.held_of(array[cast(:id as uuid)])) > 0 as held"
            " from (select) one left join app.papers_kept(array[cast(:id as uuid)]) k on true"
        ),
        {"id": document_id},
    ).mappings()
    return Keeping(**row.one())


_DISPOSALS = (
    "select d.id, d.papers, d.content_sha, d.made_by, d.made_at, d.done_by, d.done_at,"
    " d.backup_days,"
    " a.id as approval_id, case when d.done_at is not null then 'done' when a.state = 'pending'"
    " then 'waiting' else coalesce(a.state, 'withdrawn') end as state from app.disposal d"
    " left join lateral (select a.id, a.state from app.approval a where a.tenant_id = d.tenant_id"
    " and a.subject_type = 'disposal' and a.subject_id = d.id order by a.id desc limit 1) a on true"
    " where d.tenant_id = (select guard.tenant_id())"
)


def disposals(*, before: UUID | None = None, limit: int = 50) -> list[Disposal]:
    """The lists for disposal of the client, the newest first."""
    rows = session.execute(
        sa.text(
            f"{_DISPOSALS} and (cast(:before as uuid) is null or d.id < :before)"
            " order by d.id desc limit :limit"
        ),
        {"before": before, "limit": limit},
    ).mappings()
    return [Disposal(**row) for row in rows]


def disposals_page(after: str | None, *, limit: int) -> paging.Page[Disposal]:
    """A page of them; raises Invalid for a cursor that we did not make."""
    (before,) = paging.keys(after, UUID) or (None,)
    rows = disposals(before=before, limit=limit + 1)
    return paging.page(rows, limit=limit, key=lambda one: [one.id])


def disposal(disposal_id: UUID) -> Disposal:
    """One list for disposal; raises NotFound."""
    found = session.execute(sa.text(f"{_DISPOSALS} and d.id = :id"), {"id": disposal_id}).mappings()
    row = found.first()
    if row is None:
        raise NotFound
    return Disposal(**row)


def items(disposal_id: UUID) -> list[DisposalItem]:
    """The papers of a disposal that the reader's classes show."""
    rows = session.execute(
        sa.text(
            "select document_id, class as document_class, name, contents, added_at, counts_from,"
            " kept_until, source, state, settled_at, locked, locked_until from app.disposal_item"
            f" where {_HERE} and disposal_id = :id order by document_id"
        ),
        {"id": disposal_id},
    ).mappings()
    return [DisposalItem(**{**row, "contents": tuple(row["contents"])}) for row in rows]


def names(document_ids: Sequence[UUID]) -> list[str]:
    """The names of papers that the reader sees."""
    found: Any = session.execute(
        sa.text(f"select name from app.document where {_HERE} and id = any(:ids) order by id"),
        {"ids": list(document_ids)},
    ).scalars()
    return list(found)
