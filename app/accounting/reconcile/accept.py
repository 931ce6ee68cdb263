"""Accepting what the machine suggests: one guess a person saw, or all certain ones by count."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.accounting import commands
from app.accounting.bank import queries as bank_queries
from app.accounting.coding import Coding, Part
from app.accounting.ledger import EntryDraft
from app.accounting.matching.values import Suggestion
from app.accounting.reconcile import commands as acts
from app.accounting.reconcile import foreign, lines, matching, settling, together
from app.accounting.reconcile.commands import Done
from app.accounting.reconcile.lines import By, Decision, HeldLine
from app.accounting.reconcile.matching import Other
from app.accounting.suggest import queries as suggest_queries
from app.kernel.errors import Conflict, Invalid

MOST_CERTAIN = suggest_queries.MOST_LINES
"""How many lines to do are looked at for the certain ones, and accepted at once at most."""
AT_ONCE = 60
"""So many are accepted while the reader waits; more by a job."""
Chosen = Sequence[tuple[HeldLine, Suggestion]]

_CODINGS = ("kept", "rule", "memory")


@dataclass(frozen=True, slots=True)
class Certain:
    """The certain lines of a bank account as they were shown: each with its version and guess."""

    chosen: tuple[tuple[UUID, int, Suggestion], ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.chosen)

    @property
    def digest(self) -> str:
        """Stands for exactly these lines, versions and guesses."""
        text = "|".join(f"{one}:{version}:{mark(guess)}" for one, version, guess in self.chosen)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def mark(guess: Suggestion) -> str:
    """Stands for what a guess would book, so that only what was seen is accepted."""
    content = (
        guess.kind,
        guess.entry_id,
        guess.other_line_id,
        guess.rule_id,
        guess.more_entry_ids,
        guess.with_line_ids,
        [(one.entry_id, one.no, one.amount_minor) for one in guess.open_items],
        lines.written_coding(guess.coding) if guess.coding else None,
    )
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]


def accept(*, line_id: UUID, version: int, candidate: str) -> Done:
    """Books a line as the guess says that the person saw and chose.

    Raises Conflict: `suggestion-changed` when the books would suggest something else by now,
    `suggestion-incomplete` where a fee or discount must be coded first, and as every act on a line.
    """
    line = lines.hold_one(line_id, version)
    found = suggest_queries.suggestions([line_id]).get(line_id, ())
    guess = next((one for one in found if mark(one) == candidate), None)
    if guess is None:
        raise Conflict("suggestion-changed")
    return _apply(line, guess, "suggestion")


def settle_with_rest(*, line_id: UUID, version: int, candidate: str, rest: Part) -> Done:
    """Settles what a guess says and books what that leaves of the line as a fee or discount.

    The guess is of open items, or of entries that a payout is. The amount of `rest` is not asked:
    it is the difference. Beside items of another currency it is the bank's fee, where one is given.
    Raises as `accept` does, and Invalid where the guess leaves nothing.
    """
    line = lines.hold_one(line_id, version)
    found = suggest_queries.suggestions([line_id]).get(line_id, ())
    guess = next((one for one in found if mark(one) == candidate), None)
    if guess is None or not (guess.open_items or guess.kind == "entry"):
        raise Conflict("suggestion-changed")
    abroad = foreign.is_foreign(line, guess.open_items)
    amount = (rest.amount_minor if abroad else 0) or -guess.difference_minor
    if not amount:
        raise Invalid("nothing-left-over")
    part = replace(rest, amount_minor=amount, currency=line.currency)
    if guess.kind == "entry":
        return _entries(line, guess, Coding((part,)), _decision(guess, "suggestion"))
    return settling.settle(
        line_id=line_id,
        version=version,
        items=guess.open_items,
        rest=Coding((part,)),
        decision=_decision(guess, "suggestion"),
    )


def as_suggested(line_id: UUID, coding: Coding) -> Decision:
    """How a coding that a person sent is kept: as a guess they took over, or as their own."""
    for guess in suggest_queries.suggestions([line_id]).get(line_id, ())[:1]:
        if guess.coding == coding and guess.kind in ("rule", "memory"):
            return _decision(guess, "suggestion")
    return Decision("person", "coding", coding=coding)


def certain(bank_account_id: UUID, *, most: int = MOST_CERTAIN) -> Certain:
    """The lines to do whose best guess is certain, among the `most` oldest.

    Raises NotFound for an unknown bank account.
    """
    bank_queries.bank_account(bank_account_id)
    return certain_among(lines.first_to_do(bank_account_id, most))


def certain_among(found: Sequence[lines.ToDo]) -> Certain:
    """Those of lines to do, at most MOST_CERTAIN, whose best guess is certain."""
    guesses = suggest_queries.suggestions([one.id for one in found])
    return Certain(
        tuple(
            (one.id, one.version, guesses[one.id][0])
            for one in found
            if guesses.get(one.id) and guesses[one.id][0].certainty == "certain"
        )
    )


def apply_all(chosen: Chosen, *, batch: str | None = None) -> set[UUID]:
    """Books held lines as these guesses say; answers all lines that are booked by it.

    Codings are posted together; matches and settlements one by one, all in one transaction. With a
    `batch` each decision says that it belongs to it. Raises as `accept` does.
    """
    coded = [(line, guess) for line, guess in chosen if guess.kind in _CODINGS]
    _post_together(coded, batch)
    booked = {line.id for line, _guess in coded}
    for line, guess in chosen:
        if guess.kind not in _CODINGS and line.id not in booked:
            booked |= set(_apply(line, guess, "certain_batch", batch).line_ids)
    return booked


def _post_together(coded: Chosen, batch: str | None) -> None:
    if not coded:
        return
    drafts = [
        EntryDraft(
            journal="BANK",
            date=line.booked_on,
            description=line.described,
            postings=acts.postings(line, _coding(guess)),
            key=acts.entry_key(line),
            source_type="bank_transaction",
            source_id=line.id,
        )
        for line, guess in coded
    ]
    posted = commands.post_many(drafts=drafts)
    entries = {line.id: entry.id for (line, _guess), entry in zip(coded, posted, strict=True)}
    decisions = {line.id: _decision(guess, "certain_batch", batch) for line, guess in coded}
    lines.decide(entries, decisions)
    lines.meter([line for line, _guess in coded])


def _apply(line: HeldLine, guess: Suggestion, by: By, batch: str | None = None) -> Done:
    decision = _decision(guess, by, batch)
    if guess.kind == "entry" and guess.difference_minor:
        raise Conflict("suggestion-incomplete")
    if guess.kind == "entry" and (guess.more_entry_ids or guess.coding):
        return _entries(line, guess, guess.coding, decision)
    if guess.with_line_ids and guess.entry_id is not None:
        # the mark holds which lines they are; holding them says that they are still to do
        others: dict[UUID, int | None] = dict.fromkeys(guess.with_line_ids)
        versions = {line.id: line.version, **others}
        return together.match_lines(versions=versions, entry_id=guess.entry_id, decision=decision)
    if guess.kind == "entry" and guess.entry_id is not None:
        return matching.match_entry(
            line_id=line.id, version=line.version, entry_id=guess.entry_id, decision=decision
        )
    if guess.kind == "open_item":
        if guess.difference_minor:
            raise Conflict("suggestion-incomplete")
        beside = _coding(guess).parts[len(guess.open_items) :]
        return settling.settle(
            line_id=line.id,
            version=line.version,
            items=guess.open_items,
            rest=Coding(beside) if beside else None,
            decision=decision,
        )
    if guess.kind == "transfer":
        return matching.transfer(
            line_id=line.id, version=line.version, to=_other(guess), decision=decision
        )
    return acts.book(
        line_id=line.id, version=line.version, coding=_coding(guess), decision=decision
    )


def _entries(line: HeldLine, guess: Suggestion, rest: Coding | None, decision: Decision) -> Done:
    """The entries of a guess as the line, with what they leave of it in `rest`."""
    first = () if guess.entry_id is None else (guess.entry_id,)
    return together.match_entries(
        line_id=line.id,
        version=line.version,
        entry_ids=(*first, *guess.more_entry_ids),
        rest=rest,
        decision=decision,
    )


def _other(guess: Suggestion) -> Other:
    against = _coding(guess).parts[0].account_id
    known = bank_queries.bank_accounts()
    found = next((one for one in known if one.account_id == against), None)
    if found is None:
        raise Conflict("suggestion-changed")
    return Other(found.id, guess.other_line_id)


def _coding(guess: Suggestion) -> Coding:
    if guess.coding is None:
        raise Conflict("suggestion-incomplete")
    return guess.coding


def _decision(guess: Suggestion, by: By, batch: str | None = None) -> Decision:
    why = reason(guess) | ({"batch": batch} if batch else {})
    if guess.kind == "kept":
        # a person coded it: accepting that is no machine's suggestion
        own: By = "person" if by == "suggestion" else by
        return Decision(by=own, kind="coding", coding=guess.coding, reason=why)
    return Decision(
        by=by,
        kind=guess.kind,
        rule_id=guess.rule_id,
        coding=guess.coding,
        reason=why,
    )


def reason(guess: Suggestion) -> dict[str, Any]:
    """Why a guess was made, as it is kept beside the decision."""
    return {
        "code": guess.reason.code,
        "params": {name: _plain(value) for name, value in guess.reason.params.items()},
        "certainty": guess.certainty,
        "probability": round(guess.probability, 4),
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | type(None)) else str(value)
