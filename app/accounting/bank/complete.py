"""Whether a client's statements are complete: gaps, contradictions, and what is said of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting.bank import gaps as bank_gaps
from app.accounting.bank import words as bank_words
from app.accounting.bank.gaps import Contradiction, Gap, Head
from app.kernel import audit, words
from app.kernel.db import session
from app.kernel.errors import Invalid, NotFound
from connectors.catalog.bank.statement import _

MOST_HEADS = 20_000


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is missing or contradicts itself on one bank account."""

    gaps: tuple[Gap, ...]
    contradictions: tuple[Contradiction, ...]


def of_accounts(bank_account_id: UUID | None = None) -> dict[UUID, Completeness]:
    """By bank account; one query however many there are."""
    return {
        account: Completeness(tuple(bank_gaps.gaps(heads)), tuple(bank_gaps.contradictions(heads)))
        for account, heads in _heads(bank_account_id).items()
    }


def _heads(bank_account_id: UUID | None = None) -> dict[UUID, list[Head]]:
    found: dict[UUID, list[Head]] = defaultdict(list)
    for row in session.execute(_HEADS, {"account": bank_account_id, "most": MOST_HEADS}):
        values = dict(row._mapping)
        found[values.pop("bank_account_id")].append(Head(**values))
    return found


def doubts(file_id: UUID) -> list[dict[str, Any]]:
    """What other statements say against a file: gaps around it and contradictions."""
    found: list[dict[str, Any]] = []
    for whole in of_accounts().values():
        found += [gap_note(gap) for gap in whole.gaps if _touches(gap, file_id)]
        found += [_against(one, file_id) for one in whole.contradictions if _of(one, file_id)]
    return found


def _touches(gap: Gap, file_id: UUID) -> bool:
    return not gap.explained and file_id in (gap.after.file_id, gap.before.file_id)


def _of(one: Contradiction, file_id: UUID) -> bool:
    return file_id in (one.one.file_id, one.other.file_id)


def _against(one: Contradiction, file_id: UUID) -> dict[str, Any]:
    other = one.other if one.one.file_id == file_id else one.one
    text = (
        _(
            "“%(name)s” covers the same days with other balances. One of the two is wrong.",
            name=other.file_name,
        )
        if one.kind == "balances"
        else _(
            "“%(name)s” covers the same days with other lines. One of the two is wrong.",
            name=other.file_name,
        )
    )
    return bank_words.shown(bank_words.kept("statement-contradicted", None, text))


def gap_note(gap: Gap) -> dict[str, Any]:
    """A gap as a doubt: code and words."""
    days = {
        "first": words.format_date(gap.after.to_on) if gap.after.to_on else "",
        "last": words.format_date(gap.before.first) if gap.before.first else "",
    }
    if gap.kind == "balance":
        text = _(
            "Between %(first)s and %(last)s something is missing: the closing balance is not the"
            " next opening balance.",
            **days,
        )
    elif gap.kind == "number":
        text = _(
            "Between statements %(one)s and %(other)s a number is missing.",
            one=gap.after.number,
            other=gap.before.number,
        )
    else:
        text = _("There is no statement between %(first)s and %(last)s.", **days)
    return bank_words.shown(bank_words.kept("statement-gap", None, text))


def count_left(period_id: int) -> int:
    """For the close: what is missing until the statements of that month are complete."""
    month = session.execute(_MONTH, {"period": period_id}).one_or_none()
    if month is None:
        return 0
    heads = _heads()
    used = {row.id: row.used for row in session.execute(_USED, {"last": month.ends})}
    return sum(
        bank_gaps.left_in(heads.get(account, []), month.starts, month.ends, used=moved)
        for account, moved in used.items()
    )


def explain_gap(*, statement_id: UUID, why: str) -> None:
    """Say why nothing is missing before a statement; kept with who said so.

    Raises Invalid without words, NotFound for a statement that is not this client's.
    """
    said = " ".join(why.split())
    if not said or len(said) > 500:
        raise Invalid.of("why", "gap-why")
    if session.execute(_STATEMENT, {"id": statement_id}).one_or_none() is None:
        raise NotFound
    session.execute(_EXPLAIN, {"id": statement_id, "why": said})


def forget_explanation(statement_id: UUID) -> None:
    """Take the explanation of a gap back: it is a gap again."""
    if session.execute(_FORGET, {"id": statement_id}).one_or_none() is None:
        raise NotFound
    audit.note(
        "statement_gap.reopened",
        subject_type="statement",
        subject_id=statement_id,
        line="accounting",
    )


_TENANT = "tenant_id = (select guard.tenant_id())"
_HEADS = sa.text(
    "select s.bank_account_id, s.id, s.file_id, f.name as file_name, coalesce(f.format, '') as"
    " format, s.number, s.page, s.from_on, s.to_on, s.opening_minor, s.closing_minor, s.lines,"
    " s.booked_minor, n.why as explained from app.statement s"
    " join app.statement_file f on f.tenant_id = s.tenant_id and f.id = s.file_id"
    " left join app.statement_gap_note n on n.tenant_id = s.tenant_id and n.statement_id = s.id"
    " where s.tenant_id = (select guard.tenant_id())"
    " and (cast(:account as uuid) is null or s.bank_account_id = cast(:account as uuid))"
    " order by s.bank_account_id, s.to_on desc nulls last limit :most"
)
_MONTH = sa.text(f"select starts, ends from ledger.period where {_TENANT} and id = :period")
# Months whose movements came over from another package need no statements here.
_USED = sa.text(
    "select a.id, exists (select from ledger.posting p join ledger.entry e"
    " on e.tenant_id = p.tenant_id and e.id = p.entry_id where p.tenant_id = a.tenant_id"
    " and p.account_id = a.account_id and p.entry_date <= :last"
    " and e.source_type is distinct from 'moving_file') as used from app.bank_account a"
    " where a.tenant_id = (select guard.tenant_id())"
)
_STATEMENT = sa.text(f"select id from app.statement where {_TENANT} and id = :id")
_EXPLAIN = sa.text(
    "insert into app.statement_gap_note (tenant_id, statement_id, why, made_by)"
    " values ((select guard.tenant_id()), :id, :why, (select guard.user_id()))"
    " on conflict (tenant_id, statement_id) do nothing"
)
_FORGET = sa.text(
    f"delete from app.statement_gap_note where {_TENANT} and statement_id = :id returning id"
)
