"""Bank lines as rows and panel show them: what a machine guesses never looks like a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.accounting import queries
from app.accounting.bank import queries as bank_queries
from app.accounting.bank.queries import BankAccount
from app.accounting.coding import Coding
from app.accounting.matching.values import Suggestion
from app.accounting.reconcile import accept as reconcile_accept
from app.accounting.reconcile import words as saying
from app.accounting.reconcile.queries import ReconcileLine
from app.accounting.suggest import queries as suggest_queries
from app.kernel import people
from app.tasks import notes, questions_queries
from app.tasks.models import QuestionHead

SUBJECT = "bank_transaction"


@dataclass(frozen=True, slots=True)
class Guess:
    """A suggestion as drawn: what it would book, why, and the mark that accepts it."""

    number: int
    mark: str
    what: str
    why: str
    details: tuple[str, ...]
    certainty: str
    percent: int
    complete: bool
    source: Suggestion

    @property
    def by_person(self) -> bool:
        """Whether a person coded it so while the line was pending: it is not drawn as a guess."""
        return self.source.kind == "kept"

    @property
    def tone(self) -> str:
        """The colour of the tag."""
        if self.by_person:
            return "acc" if self.certainty == "certain" else "warn"
        return {"certain": "good", "likely": "info"}.get(self.certainty, "warn")


@dataclass(frozen=True, slots=True)
class Shown:
    """A row: the line, the best guess while it is to do, or what a person decided."""

    line: ReconcileLine
    guesses: tuple[Guess, ...] = ()
    what: str = ""
    how: Any = ""
    who: str = ""
    kept_by: str = ""
    question: QuestionHead | None = None
    notes: int = 0

    @property
    def best(self) -> Guess | None:
        """The guess that Enter accepts; None means no match, which nothing accepts."""
        return self.guesses[0] if self.guesses else None

    @property
    def acceptable(self) -> bool:
        """Whether the best guess can be booked as it is."""
        return self.best is not None and self.best.complete


@dataclass(frozen=True, slots=True)
class Names:
    """What ids of the books are called; loaded once a page."""

    accounts: Mapping[UUID, str]
    banks: Mapping[UUID, str]
    contacts: Mapping[UUID, str] = field(default_factory=dict)
    own: Sequence[BankAccount] = ()
    """The client's bank accounts by name."""

    def coding(self, coding: Coding | None) -> str:
        """A coding in a few words."""
        if coding is None or not coding.parts:
            return ""
        first = coding.parts[0]
        known = self.banks.get(first.account_id) or self.accounts.get(first.account_id, "")
        if len(coding.parts) == 1:
            return known
        return saying.parts(known, len(coding.parts) - 1)


def load_names() -> Names:
    """The chart and the bank accounts; two statements."""
    chart = queries.accounts(include_archived=True)
    banks = bank_queries.bank_accounts()
    return Names(
        accounts={one.id: f"{one.code} {one.name}" for one in chart},
        banks={one.account_id: one.name for one in banks},
        own=banks,
    )


def rows(found: Sequence[ReconcileLine], names: Names) -> list[Shown]:
    """Rows of lines in any state, in a constant number of statements."""
    to_do = [one.id for one in found if one.state == "to_do" and one.status == "booked"]
    guessed = suggest_queries.suggestions(to_do) if to_do else {}
    asked = questions_queries.of(SUBJECT, [one.id for one in found])
    noted = notes.of(SUBJECT, [str(one.id) for one in found])
    people_ = people.names(
        [one for line in found for one in (line.decided_by_id, line.kept_by_id) if one]
    )
    return [
        Shown(
            line=one,
            guesses=tuple(
                guess(number, suggestion, names)
                for number, suggestion in enumerate(guessed.get(one.id, ()), 1)
            ),
            what=_decided(one, names),
            how=saying.decided_by(one.decided_by),
            who=people_.get(one.decided_by_id, "") if one.decided_by_id else "",
            kept_by=people_.get(one.kept_by_id, "") if one.kept_by_id else "",
            question=asked.get(one.id),
            notes=len(noted.get(str(one.id), ())),
        )
        for one in found
    ]


def guess(number: int, suggestion: Suggestion, names: Names) -> Guess:
    """A suggestion in words."""
    return Guess(
        number=number,
        mark=reconcile_accept.mark(suggestion),
        what=saying.what(suggestion, names.coding(suggestion.coding)),
        why=saying.reason(suggestion.reason),
        details=tuple(saying.reason(one) for one in suggestion.details),
        certainty=suggestion.certainty,
        percent=round(suggestion.probability * 100),
        complete=not suggestion.difference_minor,
        source=suggestion,
    )


def _decided(line: ReconcileLine, names: Names) -> str:
    if line.state == "skipped":
        return line.skipped_why or ""
    if line.state == "booked":
        return names.coding(line.coding) or saying.matched()
    if line.status == "pending":
        return names.coding(line.kept)
    return ""
