"""Statements dropped on the desk: each finds its client by its number, the rest the tray."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.accounting.bank import commands as bank_commands
from app.accounting.bank import intake as bank_import
from app.accounting.bank import reading as bank_reading
from app.accounting.bank import tray
from app.accounting.bank.zip import Piece
from app.kernel import db, scope, storage
from app.kernel.db import session
from app.kernel.errors import Conflict, DomainError, Forbidden, NotFound
from app.kernel.scope import Scope

AT_ONCE = 20
"""So many files are imported while the person waits; the lines of more are left to jobs."""
_NUMBER = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}|\d{6,20}")


@dataclass(frozen=True, slots=True)
class Who:
    """The acting person: their scope in a client, over all clients, and where the tray is."""

    inside: Callable[[UUID], Scope]
    worklist: Scope
    home: UUID | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one dropped file.

    `state` is `taken` (in the client `tenant` as file `file`), `tray`, or `refused` with a code
    and its parameters.
    """

    name: str
    state: str
    tenant: UUID | None = None
    file: UUID | None = None
    code: str = ""
    params: dict[str, Any] | None = None
    repeated: bool = False
    error: dict[str, Any] | None = None
    """Line and words of a file that lies in the tray because it cannot be read."""

    def kept(self) -> dict[str, Any]:
        """As it is kept with the drop."""
        return {
            "name": self.name,
            "state": self.state,
            "tenant": str(self.tenant) if self.tenant else None,
            "file": str(self.file) if self.file else None,
            "code": self.code,
            "params": self.params or {},
            "repeated": self.repeated,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a file says of itself before anybody knows whose it is."""

    piece: Piece
    accounts: tuple[tuple[str, str], ...]
    format: str | None
    error: dict[str, Any] | None


def drop(pieces: Sequence[Piece], who: Who) -> list[Outcome]:
    """Take every file in, each in its client's own transaction; one that fails stops no other."""
    seen = [_look(piece) for piece in pieces if piece.refused is None]
    with db.transaction(who.worklist):
        owners = _owners({number for one in seen for number, _currency in one.accounts})
    by_name = {id(one.piece): one for one in seen}
    done: list[Outcome] = []
    for at, piece in enumerate(pieces):
        if piece.refused is not None:
            done.append(Outcome(piece.name, "refused", code=piece.refused))
        else:
            done.append(_take(by_name[id(piece)], owners, who, later=at >= AT_ONCE))
    return done


def _look(piece: Piece) -> _Seen:
    """Its account numbers; a file that cannot be read may still name one in its own name."""
    read, error = bank_reading.read_or_refusal(piece.data)
    pairs = [(one["number"], one["currency"]) for one in bank_reading.accounts(read)]
    if not any(number for number, _currency in pairs):
        pairs = [(number, "") for number in _NUMBER.findall(piece.name.upper())]
    kind = read.format if read is not None else (error or {}).get("format")
    return _Seen(piece, tuple(pair for pair in pairs if pair[0]), kind, error)


def _owners(numbers: set[str]) -> dict[str, set[UUID]]:
    """Which clients know a number, among those the person reaches and no other."""
    found: dict[str, set[UUID]] = {}
    if numbers:
        for row in session.execute(_KNOWN, {"numbers": sorted(numbers)}):
            found.setdefault(row.number, set()).add(row.tenant_id)
    return found


def _take(seen: _Seen, owners: dict[str, set[UUID]], who: Who, *, later: bool) -> Outcome:
    clients = {client for number, _currency in seen.accounts for client in owners.get(number, ())}
    try:
        if len(clients) == 1:
            return _into(seen, clients.pop(), who, later=later)
        return _to_tray(seen, who, several=len(clients) > 1)
    except DomainError as refusal:
        fields = getattr(refusal, "fields", {})
        problem = next((one for found in fields.values() for one in found), None)
        code, params = (problem.code, problem.params) if problem else (refusal.code, refusal.params)
        return Outcome(seen.piece.name, "refused", code=code, params=dict(params or {}))


def _into(seen: _Seen, tenant: UUID, who: Who, *, later: bool) -> Outcome:
    with db.transaction(who.inside(tenant)):
        _may_import()
        done = bank_import.upload_statement(
            data=seen.piece.data, name=seen.piece.name, source="desk", later=later
        )
    return Outcome(seen.piece.name, "taken", tenant, done.file_id, repeated=done.repeated)


def _may_import() -> None:
    if not scope.current().rights.may("accounting.import"):
        raise Forbidden("permission-missing", permission="accounting.import")


def _to_tray(seen: _Seen, who: Who, *, several: bool) -> Outcome:
    """Into the provider's tray, for whoever serves it; refused where the person does not."""
    if who.home is None:
        return Outcome(seen.piece.name, "refused", code="statement-client-unknown")
    reason = "several" if several else "refused" if seen.error else "unknown"
    if reason == "unknown" and not seen.accounts:
        reason = "no_number"
    with db.transaction(who.inside(who.home)):
        if not session.execute(_SERVES_TRAY).scalar_one():
            return Outcome(seen.piece.name, "refused", code="statement-client-unknown")
        again = _keep_in_tray(seen, reason)
    return Outcome(seen.piece.name, "tray", repeated=again, error=seen.error)


def _keep_in_tray(seen: _Seen, reason: str) -> bool:
    digest = hashlib.sha256(seen.piece.data).hexdigest()
    if session.execute(_IN_TRAY, {"sha": digest}).one_or_none() is not None:
        session.execute(_BACK_BY_DIGEST, {"sha": digest})
        return True
    object_id = storage.put(
        seen.piece.data,
        kind="bank-statement",
        name=seen.piece.name,
        media_type="application/octet-stream",
        line=tray.LINE,
    )
    numbers = [{"number": number, "currency": currency} for number, currency in seen.accounts]
    added = session.execute(
        _ADD_TO_TRAY,
        {
            "object": object_id,
            "name": seen.piece.name,
            "sha": digest,
            "size": len(seen.piece.data),
            "format": seen.format,
            "numbers": json.dumps(numbers),
            "error": json.dumps(seen.error) if seen.error else None,
            "reason": reason,
        },
    ).one_or_none()
    return added is None  # somebody dropped the same bytes at the same time


def keep_drop(outcomes: Sequence[Outcome]) -> UUID:
    """Keep what became of a drop, for the person who made it."""
    items = json.dumps([one.kept() for one in outcomes])
    made: UUID = session.execute(_ADD_DROP, {"items": items}).scalar_one()
    return made


@dataclass(frozen=True, slots=True)
class Given:
    """Where a file of the tray went."""

    file_id: UUID
    state: str


def assign(
    tray_id: UUID,
    who: Who,
    *,
    tenant: UUID,
    bank_account_id: UUID | None = None,
    new_name: str | None = None,
    currency: str | None = None,
) -> Given:
    """Copy a file of the tray into a client, tie its number to the account, mark the original.

    Rows never change their tenant: the copy is the client's own, the original stays marked in the
    tray. The original is claimed first, so that of two people one gives it. Repeating it after a
    fault in between answers the same file. Raises NotFound and Conflict (`tray-done`,
    `tray-claimed`), and whatever the import refuses.
    """
    if who.home is None:
        raise NotFound
    name, data = _claimed(tray_id, who, home=who.home, tenant=tenant)
    try:
        with db.transaction(who.inside(tenant)):
            _may_import()
            done = bank_import.upload_statement(data=data, name=name, source="tray")
            if done.state == "waiting":
                done = _tie(done, bank_account_id, new_name, currency)
    except DomainError:
        with db.transaction(who.inside(who.home)):
            tray.give_up(tray_id, tenant=tenant)
        raise
    with db.transaction(who.inside(who.home)):
        tray.mark_given(tray_id, tenant=tenant, file=done.file_id)
    return Given(done.file_id, done.state)


def _claimed(tray_id: UUID, who: Who, *, home: UUID, tenant: UUID) -> tuple[str, bytes]:
    """Name and bytes of a file that is the acting person's to copy into one client now."""
    with db.transaction(who.inside(home)):
        found = tray.claim(tray_id, tenant=tenant)
        broken = found.broken_tenant_id
        if broken is None:
            return found.name, storage.read(found.stored_object_id)
    copy = _copy_in(broken, found.sha256, who)
    with db.transaction(who.inside(home)):
        if copy is None:
            found = tray.claim(tray_id, tenant=tenant, over=broken)
            return found.name, storage.read(found.stored_object_id)
        tray.mark_given(tray_id, tenant=broken, file=copy)
    raise Conflict("tray-done")


def _copy_in(tenant: UUID, sha256: str, who: Who) -> UUID | None:
    """The copy that somebody who was broken off had made in a client, where there is one.

    Raises Conflict (`tray-claimed`) where the person cannot look into that client.
    """
    try:
        with db.transaction(who.inside(tenant)):
            _may_import()
            copy: UUID | None = session.execute(_COPY, {"sha": sha256}).scalar_one_or_none()
    except (Forbidden, NotFound) as error:
        raise Conflict("tray-claimed") from error
    return copy


def _tie(
    done: bank_import.Uploaded, account_id: UUID | None, new_name: str | None, currency: str | None
) -> bank_import.Uploaded:
    """Says which account the one number of a file is; several numbers are left to its page."""
    pairs = session.execute(_ACCOUNTS_OF, {"id": done.file_id}).scalar_one()
    if len(pairs) != 1:
        return done
    number, written = pairs[0]["number"], pairs[0]["currency"]
    if account_id is None:
        if not new_name or not (written or currency):
            return done
        account_id = bank_commands.create_bank_account(
            number=number or new_name.upper(), name=new_name, currency=written or currency or ""
        )
    return bank_import.choose_account(
        file_id=done.file_id, number=number, currency=written, bank_account_id=account_id
    )


def drop_items(drop_id: UUID) -> list[dict[str, Any]]:
    """What one dropped at once, each file with its state of now; raises NotFound.

    Files of clients the person no longer reaches are left out.
    """
    items = session.execute(_DROP, {"id": drop_id}).scalar_one_or_none()
    if items is None:
        raise NotFound
    taken = [one for one in items if one["state"] == "taken"]
    values = {
        "tenants": [one["tenant"] for one in taken],
        "files": [one["file"] for one in taken],
    }
    rows = {(str(row.tenant_id), str(row.id)): row for row in session.execute(_FILES, values)}
    return [
        {**one, "now": rows.get((one["tenant"], one["file"]))}
        for one in items
        if one["state"] != "taken" or (one["tenant"], one["file"]) in rows
    ]


def accounts_of(tenant: UUID) -> list[sa.Row[Any]]:
    """Bank accounts of one client the person reaches, for assigning."""
    return list(session.execute(_CLIENT_ACCOUNTS, {"tenant": tenant}).all())


_TENANT = "tenant_id = (select guard.tenant_id())"
_KNOWN = sa.text(
    "select distinct n.tenant_id, n.number from app.bank_account_number n"
    " where n.number = any(cast(:numbers as text[]))"
)
_SERVES_TRAY = sa.text(
    "select (select guard.writable('intake')) is not null"
    " and (select guard.entitled('accounting.import'))"
)
_IN_TRAY = sa.text(f"select id from app.statement_tray where {_TENANT} and sha256 = :sha")
_BACK_BY_DIGEST = sa.text(
    "update app.statement_tray set state = 'waiting', done_by = null, done_at = null"
    f" where {_TENANT} and sha256 = :sha and state = 'discarded'"
)
_ADD_TO_TRAY = sa.text(
    "insert into app.statement_tray (tenant_id, stored_object_id, name, sha256, size, format,"
    " numbers, error, reason, dropped_by) values ((select guard.tenant_id()), :object, :name,"
    " :sha, :size, :format, cast(:numbers as jsonb), cast(:error as jsonb), :reason,"
    " (select guard.user_id())) on conflict (tenant_id, sha256) do nothing returning id"
)
_ADD_DROP = sa.text(
    "insert into app.statement_drop (tenant_id, owner_id, items)"
    " values ((select guard.tenant_id()), (select guard.user_id()), cast(:items as jsonb))"
    " returning id"
)
_COPY = sa.text(f"select id from app.statement_file where {_TENANT} and sha256 = :sha")
_ACCOUNTS_OF = sa.text(f"select accounts from app.statement_file where {_TENANT} and id = :id")
_DROP = sa.text("select items from app.statement_drop where id = :id")
_FILES = sa.text(
    "select f.tenant_id, f.id, f.state, f.format, f.lines_total, f.lines_new, f.error,"
    " jsonb_array_length(f.warnings) as doubts,"
    " (select string_agg(distinct a.name, ', ') from app.statement s join app.bank_account a"
    " on a.tenant_id = s.tenant_id and a.id = s.bank_account_id"
    " where s.tenant_id = f.tenant_id and s.file_id = f.id) as accounts"
    " from app.statement_file f join unnest(cast(:tenants as uuid[]), cast(:files as uuid[]))"
    " as u(tenant, file) on f.tenant_id = u.tenant and f.id = u.file"
)
_CLIENT_ACCOUNTS = sa.text(
    "select id, name, currency from app.bank_account where tenant_id = :tenant order by name, id"
)
