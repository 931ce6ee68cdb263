"""Keeping over the API: rules, holds and their release, what is due, disposals, certificates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api import Api, Page, PageRequest
from app.api.results import Download
from app.api.schema import In, Out
from app.documents.keeping import certificate, commands, queries
from app.documents.keeping.models import Basis, Covers, Kind, OwnRule, RunsFrom
from app.kernel import paging, reads

api = Api("keeping")


class RuleOut(Out):
    """A rule in force: of law (`side` law, `source` the text) or of one side (`source` why).

    `side` firm: the provider's, at all its clients. `basis` is law, contract or choice.
    """

    id: str
    side: str
    kinds: list[str]
    years: int
    runs_from: str
    basis: str
    source: str


class RuleIn(In):
    """Keep papers of a kind longer; without a kind every paper."""

    kind: Kind | None = None
    years: int = Field(ge=1, le=100)
    runs_from: RunsFrom
    basis: Basis = "choice"
    reason: str = Field(min_length=3, max_length=500)


class HoldOut(Out):
    """A hold; while `released_at` is empty nothing that it covers can be deleted."""

    id: UUID
    title: str
    reason: str
    covers: str
    from_on: date | None
    to_on: date | None
    side: str
    placed_by: UUID
    placed_at: datetime
    released_by: UUID | None
    released_at: datetime | None
    papers: int
    asked: bool


class HoldIn(In):
    """What to hold: the client, papers of some days, or single papers."""

    title: str = Field(min_length=3, max_length=120)
    reason: str = Field(min_length=5, max_length=1000)
    covers: Covers
    from_on: date | None = None
    to_on: date | None = None
    papers: list[UUID] = Field([], max_length=500)


class DueOut(Out):
    """A document whose time has run out, and the rule that ended last."""

    id: UUID
    name: str
    document_class: str
    added_at: datetime
    counts_from: date
    kept_until: date
    source: str


class DisposalIn(In):
    """Documents to propose for destruction."""

    ids: list[UUID] = Field(min_length=1, max_length=500)


class DisposalOut(Out):
    """A list for disposal: waiting, approved, refused, withdrawn or done."""

    id: UUID
    papers: int
    content_sha: str
    made_by: UUID
    made_at: datetime
    state: str
    approval_id: UUID | None
    done_by: UUID | None
    done_at: datetime | None
    backups_until: date | None


@api.get(
    "/clients/<client>/keeping/rules",
    needs="document.read",
    response=RuleOut,
    paged=True,
    summary="How long documents are kept",
)
def rules(page: PageRequest) -> Page[Any]:
    """The law of the client's country, then what provider and client keep longer."""
    place = paging.keys(page.after, str)
    found = sorted(_rules(), key=lambda one: one["id"])
    rest = [one for one in found if place is None or one["id"] > place[0]]
    cut = paging.page(rest, limit=page.limit, key=lambda one: [one["id"]])
    return Page(items=list(cut.rows), next=cut.next)


def _rules() -> list[dict[str, Any]]:
    law = [
        {
            "id": one.key,
            "side": "law",
            "kinds": list(one.kinds),
            "years": one.years,
            "runs_from": one.runs_from,
            "basis": "law",
            "source": one.source,
        }
        for one in queries.statutes()
    ]
    return law + [_own(one) for one in [*queries.own_rules(), *queries.firm_rules()]]


def _own(one: OwnRule) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "side": one.side,
        "kinds": [one.kind] if one.kind else [],
        "years": one.years,
        "runs_from": one.runs_from,
        "basis": one.basis,
        "source": one.reason,
    }


@api.post(
    "/clients/<client>/keeping/rules",
    needs="document.keep",
    request=RuleIn,
    response=RuleOut,
    status=201,
    summary="Keep documents longer",
)
def add_rule(body: RuleIn) -> object:
    """Never shorter: of all rules the one that ends last counts."""
    made = commands.add_rule(**body.model_dump())
    return next(one for one in _rules() if one["id"] == str(made))


@api.get(
    "/keeping/rules",
    needs="document.keep",
    response=RuleOut,
    paged=True,
    where="provider",
    summary="What the provider keeps longer at all clients",
)
def firm_rules(page: PageRequest) -> Page[Any]:
    """They count in each client beside its own; the rule that ends last counts."""
    place = paging.keys(page.after, UUID)
    found = [one for one in queries.own_rules() if place is None or one.id > place[0]]
    cut = paging.page(found, limit=page.limit, key=lambda one: [one.id])
    return Page(items=[_own(one) for one in cut.rows], next=cut.next)


@api.post(
    "/keeping/rules",
    needs="document.keep",
    request=RuleIn,
    response=RuleOut,
    status=201,
    summary="Keep documents longer at all clients",
)
def add_firm_rule(body: RuleIn) -> object:
    """Never shorter than the law of a client's country, or what the client keeps itself."""
    made = commands.add_rule(**body.model_dump())
    return next(_own(one) for one in queries.own_rules() if one.id == made)


@api.post(
    "/keeping/rules/<uuid:kept_rule_id>/end",
    needs="document.keep",
    summary="End a longer time at all clients",
    status=204,
)
def end_firm_rule(kept_rule_id: UUID) -> None:
    """The law's time counts again, and what each client keeps longer itself."""
    commands.end_rule(kept_rule_id)


@api.post(
    "/clients/<client>/keeping/rules/<uuid:kept_rule_id>/end",
    needs="document.keep",
    summary="End a longer time",
    status=204,
)
def end_rule(kept_rule_id: UUID) -> None:
    """Only the side that added a rule ends it."""
    commands.end_rule(kept_rule_id)


@api.get(
    "/clients/<client>/keeping/holds",
    needs="document.read",
    response=HoldOut,
    paged=True,
    summary="Holds, those that stand first",
)
def holds(page: PageRequest) -> Page[Any]:
    """Those that stand, then those that were released; the newest first."""
    cut = queries.holds_page(page.after, limit=page.limit)
    return Page(items=list(cut.rows), next=cut.next)


@api.post(
    "/clients/<client>/keeping/holds",
    needs="document.hold",
    request=HoldIn,
    response=HoldOut,
    status=201,
    summary="Place a hold",
)
def place_hold(body: HoldIn) -> object:
    """From now on nothing that it covers can be deleted."""
    made = commands.place_hold(
        title=body.title,
        reason=body.reason,
        covers=body.covers,
        from_on=body.from_on,
        to_on=body.to_on,
        papers=body.papers,
    )
    return queries.hold(made)


@api.post(
    "/clients/<client>/keeping/holds/<uuid:hold_id>/release",
    needs="document.hold",
    response=HoldOut,
    summary="Ask a second person to release a hold",
)
def ask_release(hold_id: UUID) -> object:
    """The hold stands until the approval."""
    commands.ask_release(hold_id)
    return queries.hold(hold_id)


@api.get(
    "/clients/<client>/keeping/due",
    needs="document.read",
    response=DueOut,
    paged=True,
    summary="Documents whose time has run out",
)
def due(page: PageRequest) -> Page[Any]:
    """Not held, not proposed already, of the classes of the caller's grant."""
    place = paging.keys(page.after, UUID)
    rows = queries.due(after=place[0] if place else None, limit=page.limit + 1)
    cut = paging.page(rows, limit=page.limit, key=lambda one: [one.id])
    return Page(items=list(cut.rows), next=cut.next)


@api.get(
    "/clients/<client>/keeping/disposals",
    needs="document.read",
    response=DisposalOut,
    paged=True,
    summary="Disposals, newest first",
)
def disposals(page: PageRequest) -> Page[Any]:
    """Every list for disposal and what became of it."""
    found = queries.disposals_page(page.after, limit=page.limit)
    return Page(items=list(found.rows), next=found.next)


@api.post(
    "/clients/<client>/keeping/disposals",
    needs="document.dispose",
    request=DisposalIn,
    response=DisposalOut,
    status=201,
    summary="Propose documents for destruction",
)
def propose(body: DisposalIn) -> object:
    """409 where one of them is not due, held or not seen by the caller."""
    return queries.disposal(commands.propose_disposal(body.ids))


@api.get(
    "/clients/<client>/keeping/disposals/<uuid:disposal_id>/certificate",
    needs="document.read",
    summary="The certificate of a disposal",
)
def certificate_of(disposal_id: UUID) -> Download:
    """As JSON; 409 while the disposal is not done."""
    made = certificate.as_json(disposal_id)
    reads.leave(reads.Look("disposal", "member", disposal_id, exported=True, rows=1))
    return Download(iter([made]), "application/json", f"certificate-{disposal_id}.json")
