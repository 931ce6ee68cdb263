"""Reconciling over the API: suggestions, decisions, balances and rules."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.accounting.coding import Coding, Part
from app.accounting.matching.values import ItemShare, Suggestion
from app.accounting.open_items import queries as open_items_queries
from app.accounting.reconcile import accept as reconcile_accept
from app.accounting.reconcile import balance as reconcile_balance
from app.accounting.reconcile import certain as reconcile_certain
from app.accounting.reconcile import commands as reconcile_commands
from app.accounting.reconcile import keeping as reconcile_keeping
from app.accounting.reconcile import matching as reconcile_matching
from app.accounting.reconcile import queries as reconcile_queries
from app.accounting.reconcile import settling as reconcile_settling
from app.accounting.reconcile import together as reconcile_together
from app.accounting.reconcile.matching import Other
from app.accounting.reconcile.schemas import (
    AcceptIn,
    ActIn,
    BalanceOut,
    CertainIn,
    CertainOut,
    CodeIn,
    DecisionOut,
    DoneOut,
    IdOut,
    KeepIn,
    MatchIn,
    PartIn,
    RuleChangeIn,
    RuleIn,
    RuleOut,
    SettleIn,
    SkipIn,
    SuggestionsOut,
    TransferIn,
)
from app.accounting.rules import commands as rule_commands
from app.accounting.rules import queries as rule_queries
from app.accounting.rules.commands import RuleInput
from app.accounting.suggest import queries as suggest_queries
from app.api import Api, Page, PageRequest
from app.kernel.errors import Invalid

api = Api("accounting_reconcile")
READ, POST = "accounting.read", "accounting.post"
LINE = "/clients/<client>/bank-lines/<uuid:line_id>"
BANK = "/clients/<client>/bank-accounts/<uuid:bank_account_id>"


def _decision(line_id: UUID) -> dict[str, Any]:
    line = reconcile_queries.line(line_id)
    parts = line.coding.parts if line.coding else ()
    names = [name for name in DecisionOut.model_fields if name not in ("parts", "kept")]
    kept = line.kept.parts if line.kept else ()
    return {"parts": parts, "kept": kept, **{name: getattr(line, name) for name in names}}


@api.get(f"{LINE}/decision", needs=READ, response=DecisionOut, summary="What was decided")
def decision(line_id: UUID) -> object:
    """How a bank line was booked, by whom, and whether a machine had guessed it."""
    return _decision(line_id)


@api.get(f"{LINE}/suggestions", needs=READ, response=SuggestionsOut, summary="Suggestions")
def suggestions(line_id: UUID) -> object:
    """What the line could be, best first; only certain ones may be accepted unseen."""
    line = reconcile_queries.line(line_id)
    found = suggest_queries.suggestions([line.id]).get(line.id, ())
    return {"suggestions": [_suggestion(one) for one in found]}


def _suggestion(guess: Suggestion) -> dict[str, Any]:
    return {
        "mark": reconcile_accept.mark(guess),
        "kind": guess.kind,
        "certainty": guess.certainty,
        "probability": guess.probability,
        "reason": guess.reason.code,
        "entry_id": guess.entry_id,
        "other_line_id": guess.other_line_id,
        "more_entry_ids": guess.more_entry_ids,
        "with_line_ids": guess.with_line_ids,
        "rule_id": guess.rule_id,
        "difference_minor": guess.difference_minor,
        "parts": guess.coding.parts if guess.coding else (),
    }


@api.post(
    f"{LINE}/accept", needs=POST, request=AcceptIn, response=DecisionOut, summary="Accept a guess"
)
def accept(line_id: UUID, body: AcceptIn) -> object:
    """Books the line as the guess says; 409 when the books would suggest something else by now."""
    reconcile_accept.accept(line_id=line_id, version=body.version, candidate=body.mark)
    return _decision(line_id)


@api.post(f"{LINE}/code", needs=POST, request=CodeIn, response=DecisionOut, summary="Code a line")
def code(line_id: UUID, body: CodeIn) -> object:
    """Books the line in one part or several; tax codes split net and tax."""
    line = reconcile_queries.line(line_id)
    reconcile_commands.book(
        line_id=line_id,
        version=body.version,
        coding=_coding(body.parts, line.currency),
        rate=body.rate,
    )
    return _decision(line_id)


@api.post(
    f"{LINE}/keep", needs=POST, request=KeepIn, response=DecisionOut, summary="Code a pending line"
)
def keep(line_id: UUID, body: KeepIn) -> object:
    """Keeps a coding for a line that the bank has not booked yet; nothing is posted."""
    line = reconcile_queries.line(line_id)
    parts = _coding(body.parts, line.currency)
    reconcile_keeping.keep(line_id=line_id, version=body.version, parts=parts)
    return _decision(line_id)


@api.post(
    f"{LINE}/drop", needs=POST, request=ActIn, response=DecisionOut, summary="Drop a kept coding"
)
def drop(line_id: UUID, body: ActIn) -> object:
    """Forgets the coding that is kept for the line."""
    reconcile_keeping.drop(line_id=line_id, version=body.version)
    return _decision(line_id)


def _coding(parts: list[PartIn], currency: str) -> Coding:
    return Coding(
        tuple(
            Part(
                account_id=one.account_id,
                amount_minor=one.amount_minor,
                currency=currency,
                tax_code=one.tax_code,
                dim1_id=one.dim1_id,
                dim2_id=one.dim2_id,
                counterparty_id=one.counterparty_id,
                memo=one.memo,
            )
            for one in parts
        )
    )


@api.post(
    f"{LINE}/match", needs=POST, request=MatchIn, response=DecisionOut, summary="Match an entry"
)
def match(line_id: UUID, body: MatchIn) -> object:
    """Says that the line is an entry of the books, several, or one with other lines."""
    if body.with_lines and (body.more_entry_ids or body.rest):
        raise Invalid.of("with_lines", "entries-or-lines")
    if body.with_lines:
        others: dict[UUID, int | None] = {one.line_id: one.version for one in body.with_lines}
        reconcile_together.match_lines(
            versions={**others, line_id: body.version}, entry_id=body.entry_id
        )
    elif body.more_entry_ids or body.rest:
        line = reconcile_queries.line(line_id)
        reconcile_together.match_entries(
            line_id=line_id,
            version=body.version,
            entry_ids=[body.entry_id, *body.more_entry_ids],
            rest=_coding(body.rest, line.currency) if body.rest else None,
        )
    else:
        reconcile_matching.match_entry(
            line_id=line_id, version=body.version, entry_id=body.entry_id
        )
    return _decision(line_id)


@api.post(
    f"{LINE}/settle", needs=POST, request=SettleIn, response=DecisionOut, summary="Settle items"
)
def settle(line_id: UUID, body: SettleIn) -> object:
    """Books the line against open items, with a fee or discount beside."""
    line = reconcile_queries.line(line_id)
    known = open_items_queries.items([(one.entry_id, one.no) for one in body.items])
    shares = []
    for place, item in enumerate(body.items):
        found = known.get((item.entry_id, item.no))
        if found is None:
            raise Invalid.of(f"items.{place}.entry_id", "item-unknown", no=place + 1)
        shares.append(
            ItemShare(
                entry_id=item.entry_id,
                no=item.no,
                amount_minor=item.amount_minor,
                account_id=found.account_id,
                counterparty_id=found.counterparty_id,
                reference=found.reference,
                currency=found.currency,
            )
        )
    reconcile_settling.settle(
        line_id=line_id,
        version=body.version,
        items=shares,
        rest=_coding(body.rest, line.currency) if body.rest else None,
        rate=body.rate,
    )
    return _decision(line_id)


@api.post(
    f"{LINE}/transfer", needs=POST, request=TransferIn, response=DecisionOut, summary="Transfer"
)
def transfer(line_id: UUID, body: TransferIn) -> object:
    """Books a transfer between own accounts, once for both lines."""
    reconcile_matching.transfer(
        line_id=line_id,
        version=body.version,
        to=Other(body.bank_account_id, body.other_line_id),
    )
    return _decision(line_id)


@api.post(f"{LINE}/same", needs=POST, request=ActIn, response=DecisionOut, summary="Same as above")
def same(line_id: UUID, body: ActIn) -> object:
    """Books the line as the caller's last one on this account."""
    reconcile_commands.same_as(line_id=line_id, version=body.version)
    return _decision(line_id)


@api.post(f"{LINE}/skip", needs=POST, request=SkipIn, response=DecisionOut, summary="Skip a line")
def skip(line_id: UUID, body: SkipIn) -> object:
    """Sets the line aside; it stays in the difference."""
    reconcile_commands.skip(line_id=line_id, version=body.version, why=body.why)
    return _decision(line_id)


@api.post(f"{LINE}/take-back", needs=POST, request=ActIn, response=DecisionOut, summary="Take back")
def take_back(line_id: UUID, body: ActIn) -> object:
    """Takes the decision about the line back; an entry made for it is reversed."""
    reconcile_commands.undo_line(line_id=line_id, version=body.version)
    return _decision(line_id)


@api.get(f"{BANK}/balance", needs=READ, response=BalanceOut, summary="Bank against books")
def balance(bank_account_id: UUID) -> object:
    """Both balances with the difference explained to the last minor unit."""
    return reconcile_balance.balance(bank_account_id)


@api.get(f"{BANK}/certain", needs=READ, response=CertainOut, summary="The certain lines")
def certain(bank_account_id: UUID) -> object:
    """The lines to do whose best guess is certain, with their count and digest."""
    found = reconcile_accept.certain(bank_account_id)
    return {
        "count": found.count,
        "digest": found.digest,
        "line_ids": [one for one, _version, _guess in found.chosen],
    }


@api.post(
    f"{BANK}/certain", needs=POST, request=CertainIn, response=DoneOut, summary="Accept all certain"
)
def accept_certain(bank_account_id: UUID, body: CertainIn) -> object:
    """Books all certain lines; 409 and nothing booked when they are not the same any more.

    More than sixty are booked by a job, which leaves out what changes until it comes to it.
    """
    return reconcile_certain.accept_certain(
        bank_account_id=bank_account_id, count=body.count, digest=body.digest
    )


@api.get("/clients/<client>/bank-rules", needs=READ, response=RuleOut, paged=True, summary="Rules")
def rules(page: PageRequest) -> Page[Any]:
    """The rules in the order in which they are tried, on one page."""
    return Page(items=rule_queries.rules(), next=None)


@api.post(
    "/clients/<client>/bank-rules",
    needs=POST,
    request=RuleIn,
    response=IdOut,
    status=201,
    summary="Add a rule",
)
def create_rule(body: RuleIn) -> object:
    """Adds a rule after all others; it only suggests."""
    return {"id": rule_commands.create_rule(RuleInput(**body.model_dump()))}


@api.post(
    "/clients/<client>/bank-rules/<uuid:rule_id>",
    needs=POST,
    request=RuleChangeIn,
    response=RuleOut,
    summary="Change a rule",
)
def change_rule(rule_id: UUID, body: RuleChangeIn) -> object:
    """Changes a rule; what it booked stays."""
    rule = RuleInput(**body.model_dump(exclude={"version"}))
    rule_commands.change_rule(rule_id=rule_id, version=body.version, rule=rule)
    return rule_queries.rule(rule_id)


@api.post(
    "/clients/<client>/bank-rules/<uuid:rule_id>/archive",
    needs=POST,
    request=ActIn,
    response=RuleOut,
    summary="Archive a rule",
)
def archive_rule(rule_id: UUID, body: ActIn) -> object:
    """Takes a rule out of use."""
    rule_commands.archive_rule(rule_id=rule_id, version=body.version)
    return rule_queries.rule(rule_id)
