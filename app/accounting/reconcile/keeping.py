"""Coding a line that the bank has not booked yet: kept on the line, posted only once it has."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.accounting import coding, queries
from app.accounting.coding import Coding
from app.accounting.reconcile import lines
from app.accounting.reconcile.lines import HeldLine
from app.kernel import audit
from app.kernel import undo as undoing
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound, Problem

UNDO = "bank-line-kept"


def keep(*, line_id: UUID, version: int, parts: Coding) -> UUID:
    """Keeps how a person codes a pending line; answers the way back. Nothing is posted.

    Raises NotFound, Conflict (`changed-meanwhile`, `bank-line-decided`, `bank-line-booked`,
    `bank-line-not-pending` once the bank has booked it) and Invalid by part.
    """
    line = _held(line_id, version)
    if line.status != "pending":
        raise Conflict("bank-line-not-pending")
    _demand_whole(line, parts)
    return _change(line, lines.written_coding(parts), "bank_transaction.coding.kept")


def drop(*, line_id: UUID, version: int) -> UUID:
    """Forgets a kept coding, also after the bank has booked the line; answers the way back.

    Raises as `keep` does, and Conflict (`nothing-kept`).
    """
    line = _held(line_id, version)
    if _kept(line.id) is None:
        raise Conflict("nothing-kept")
    return _change(line, None, "bank_transaction.coding.dropped")


def _held(line_id: UUID, version: int) -> HeldLine:
    found = lines.hold([line_id]).get(line_id)
    if found is None:
        raise NotFound
    lines.demand(found, version)
    if found.state != "to_do":
        raise Conflict("bank-line-booked")
    return found


def _demand_whole(line: HeldLine, parts: Coding) -> None:
    """What the ledger would refuse later is refused now, while its author is there."""
    wrong = coding.faults(line.side, parts)
    chart = {one.id: one for one in queries.accounts()}
    taxes = {one.code for one in queries.tax_codes()}
    contacts = {one.id for one in queries.counterparties()}
    values = {(one.slot, one.id) for one in queries.dimension_values()}
    for place, part in enumerate(parts.parts):
        account = chart.get(part.account_id)
        if account is None:
            wrong.setdefault(f"parts.{place}.account", [Problem("account-unknown")])
        elif account.control and part.counterparty_id is None:
            wrong.setdefault(f"parts.{place}.contact", [Problem("counterparty-required")])
        if part.tax_code is not None and part.tax_code not in taxes:
            wrong.setdefault(f"parts.{place}.tax_code", [Problem("tax-code-unknown")])
        if part.counterparty_id is not None and part.counterparty_id not in contacts:
            wrong.setdefault(f"parts.{place}.contact", [Problem("counterparty-unknown")])
        for slot, value in ((1, part.dim1_id), (2, part.dim2_id)):
            if value is not None and (slot, value) not in values:
                wrong.setdefault(f"parts.{place}.dim{slot}", [Problem("dimension-unknown")])
    if wrong:
        raise Invalid("invalid", wrong)


def _kept(line_id: UUID) -> Any:
    return session.execute(_READ, {"id": line_id}).scalar_one_or_none()


def _change(line: HeldLine, parts: list[dict[str, Any]] | None, act: str) -> UUID:
    before = _kept(line.id)
    _write(line.id, parts)
    audit.note(
        act,
        subject_type="bank_transaction",
        subject_id=line.id,
        line="accounting",
        detail={"before": before, "after": parts},
    )
    args = {"line": str(line.id), "version": line.version + 1, "before": before}
    return undoing.offer(UNDO, args)


def _write(line_id: UUID, parts: list[dict[str, Any]] | None) -> None:
    if parts is None:
        session.execute(_DROP, {"id": line_id})
    else:
        session.execute(_KEEP, {"id": line_id, "parts": parts})


@undoing.handler(UNDO)
def _undo(args: dict[str, Any]) -> None:
    """What was kept before stands again, signed by whoever puts it back; nothing, if none was."""
    line = _held(UUID(args["line"]), int(args["version"]))
    _write(line.id, args["before"])
    audit.note(
        "bank_transaction.coding.restored",
        subject_type="bank_transaction",
        subject_id=line.id,
        line="accounting",
        detail={"after": args["before"]},
    )


_TENANT = "tenant_id = (select guard.tenant_id())"
_READ = sa.text(f"select kept_coding from app.bank_transaction where {_TENANT} and id = :id")
_KEEP = sa.text(
    "update app.bank_transaction set kept_coding = :parts, kept_by_id = (select guard.user_id()),"
    f" kept_at = now(), version = version + 1 where {_TENANT} and id = :id"
).bindparams(sa.bindparam("parts", type_=JSONB()))
_DROP = sa.text(
    "update app.bank_transaction set kept_coding = null, kept_by_id = null, kept_at = null,"
    f" version = version + 1 where {_TENANT} and id = :id"
)
