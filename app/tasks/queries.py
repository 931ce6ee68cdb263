"""Approvals with the names and words that a page shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from markupsafe import Markup

from app.kernel import approvals, clock, scope
from app.kernel.approvals import ApprovalView, DecisionView, Step
from app.kernel.day_mail import DayMailItem
from app.kernel.db import session
from app.kernel.words import _
from tenants import queries as clients

FRESH = timedelta(minutes=5)
MOST = 100
LABELS = {
    "user": _("Person"),
    "person": _("Person"),
    "role": _("Role"),
    "lines": _("Service lines"),
    "may_write": _("May write"),
    "from": _("From"),
    "to": _("Until"),
    "reason": _("Reason"),
    "amount": _("Amount"),
    "amount_minor": _("Amount (minor units)"),
    "currency": _("Currency"),
    "date": _("Date"),
    "account": _("Account"),
    "description": _("Description"),
    "papers": _("Documents"),
    "rules": _("Rules"),
    "list": _("Fingerprint of the list"),
    "document": _("Document"),
    "postings": _("Postings"),
    "month": _("Month"),
    "entries": _("Entries"),
    "open": _("Left to do"),
    "report": _("Report"),
    "parts": _("Reports"),
    "note": _("Note"),
}
STATES = {
    "pending": (_("Waiting"), "warn"),
    "approved": (_("Approved"), "good"),
    "refused": (_("Refused"), "bad"),
    "withdrawn": (_("Withdrawn"), ""),
    "failed": (_("Not carried out"), "bad"),
}

SIDES = {
    "client": _("Client"),
    "provider": _("Provider"),
    "any": _("Somebody else"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """One approval in a list: who asked, in which client, and whether it is mine to decide."""

    approval: ApprovalView
    asked_by: str
    slug: str
    client_name: str
    mine: bool


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step in words: who may still decide, who has been named."""

    step: Step
    may: str
    waits: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """One approval with its content as rows, who has to decide and the decisions so far.

    `proved` is False when a fresh proof of identity must come first. `voices` are for whom the
    reader may decide: (None, own name) and who delegated to them. `mine` is one of them at least,
    `back` whether the reader's own decision can be taken back, `page` where the thing stands.
    `covered` is False where what was written is not what the hash covers: it can only be refused.
    """

    approval: ApprovalView
    asked_by: str
    rows: tuple[tuple[Any, str], ...]
    decisions: tuple[tuple[str, DecisionView], ...]
    steps: tuple[StepShown, ...]
    voices: tuple[tuple[UUID | None, str], ...]
    mine: bool
    proved: bool
    back: bool
    page: str | None
    covered: bool
    names: dict[UUID, str]


def names(people: Iterable[UUID]) -> dict[UUID, str]:
    """The names of people, as far as the reader may know them."""
    wanted = list(set(people))
    rows = session.execute(
        sa.text("select id, name from guard.person_name(cast(:ids as uuid[]))"), {"ids": wanted}
    )
    return {row.id: row.name for row in rows}


def waiting() -> list[Card]:
    """What waits for the acting person, here or over all clients, the oldest first."""
    found = approvals.waiting()
    return _cards(found, {one.id for one in found})


def lists() -> tuple[list[Card], list[Card]]:
    """What waits for the acting person, and the newest approvals that their lines show."""
    page, newest = approvals.waiting_page(None, limit=MOST), approvals.recent()
    yours = {one.id for one in page.rows}
    if page.next:  # more wait than the page holds, and they may be among the newest
        yours |= approvals.mine([one.id for one in newest]).keys()
    cards = _cards([*page.rows, *newest], yours)
    return cards[: len(page.rows)], cards[len(page.rows) :]


def sheet(approval_id: UUID) -> Sheet:
    """One approval as its page shows it; raises NotFound."""
    found = approvals.one(approval_id)
    decided, steps = approvals.decisions(approval_id), approvals.steps(found)
    voices = approvals.mine([approval_id]).get(approval_id, [])
    known = names(
        [
            found.requested_by,
            *(one.person_id for one in decided),
            *(one for step in steps for one in (*step.may, *step.people)),
            *(one.for_person for one in decided if one.for_person),
            *(one for one in voices if one),
            *_people(found),
        ]
    )
    page = approvals.kind(found.kind).page
    content = approvals.content_of(found)
    return Sheet(
        found,
        known.get(found.requested_by, "–"),
        tuple(_rows(content or {}, known)),
        tuple((known.get(one.person_id, "–"), one) for one in decided),
        tuple(_step(one, steps, known) for one in steps),
        tuple((one, known.get(one, "–") if one else "") for one in voices),
        bool(voices),
        not found.fresh or _proved_lately(),
        _may_take_back(found, decided),
        page(found) if page is not None and content is not None else None,
        content is not None,
        known,
    )


def voice_options(found: Sheet) -> list[tuple[str, Any]]:
    """For whom the reader may decide, as choices: as themselves, or in somebody's stead."""
    return [
        (str(person or ""), _("for %(name)s", name=name) if person else _("as myself"))
        for person, name in found.voices
    ]


def _step(step: Step, steps: list[Step], known: dict[UUID, str]) -> StepShown:
    first = next((one for one in steps if one.no == step.after_no), None)
    people = step.may or (step.people if not step.met else [])
    told = ", ".join(sorted(known.get(one, "–") for one in people))
    return StepShown(step, told, first is not None and not first.met)


def _may_take_back(found: ApprovalView, decided: list[DecisionView]) -> bool:
    mine = any(
        one.person_id == _me() and one.voided_at is None and one.round == found.round
        for one in decided
    )
    late = found.decided_at is not None and clock.now() - found.decided_at > timedelta(hours=24)
    undecided = found.state in ("pending", "refused") or (found.state == "approved" and found.marks)
    return mine and undecided and found.carried_at is None and not late


def _me() -> UUID | None:
    return scope.current().person_id


def _proved_lately() -> bool:
    """Whether the person proved who they are in the last five minutes; the door checks again."""
    at = scope.current().rights.stepped_up_at
    return bool(at) and clock.now() - datetime.fromisoformat(str(at)) < FRESH


def _people(found: ApprovalView) -> list[UUID]:
    value = found.content.get("user")
    try:
        return [UUID(str(value))] if value else []
    except ValueError:
        return []


def _cards(found: Sequence[ApprovalView], yours: Set[UUID]) -> list[Card]:
    if not found:
        return []
    known = names(one.requested_by for one in found)
    places = {one.tenant_id: one for one in clients.my_clients(limit=1000)}
    return [
        Card(
            one,
            known.get(one.requested_by, "–"),
            places[one.tenant_id].slug if one.tenant_id in places else "",
            places[one.tenant_id].name if one.tenant_id in places else "",
            one.id in yours,
        )
        for one in found
    ]


def _rows(content: dict[str, Any], known: dict[UUID, str]) -> Iterable[tuple[Any, str]]:
    for key, value in content.items():
        if key.startswith("_"):
            continue  # for the machine that acts on the decision; the hash covers it
        yield LABELS.get(key, key.replace("_", " ").capitalize()), _shown(key, value, known)


def _shown(key: str, value: Any, known: dict[UUID, str]) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if key == "postings" and isinstance(value, list):
        return Markup("<br>").join(str(one) for one in value)
    if isinstance(value, list):
        return ", ".join(_shown(key, part, known) for part in value) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_shown(name, part, known)}" for name, part in value.items())
    if key == "user":
        return next((name for one, name in known.items() if str(one) == value), str(value))
    return str(value)


def day_items() -> list[DayMailItem]:
    """The approvals of the day's mail: what somebody of the client may still decide."""
    return [
        DayMailItem(
            type="approval",
            id=row.id,
            line=row.line,
            text=row.title,
            asked_at=row.requested_at,
            path=f"/portal/<client>/approvals/{row.id}",
            permission="document.read",
            only_to=frozenset(row.deciders),
        )
        for row in session.execute(_FOR_MAIL)
    ]


_FOR_MAIL = sa.text(
    "select a.id, a.line, a.title, a.requested_at,"
    " array(select d.person_id from app.approval_deciders(a.id) d) as deciders"
    " from app.approval a where a.tenant_id = (select guard.tenant_id()) and a.state = 'pending'"
    " and (a.expires_at is null or a.expires_at > now()) and exists (select from"
    " app.approval_step s where s.tenant_id = a.tenant_id and s.approval_id = a.id"
    " and s.round = a.round and s.side in ('client', 'any')) order by a.id limit 1000"
)
