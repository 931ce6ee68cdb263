"""Bank lines as rows and panel show them: what a machine guesses never looks like a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.accounting import queries
from app.accounting.bank import queries as bank_queries
from app.accounting.bank.queries import BankAccount
from app.accounting.coding import Coding
from app.accounting.matching.values import Certainty, Suggestion
from app.accounting.papers import queries as paper_queries
from app.accounting.papers.queries import PaperFit
from app.accounting.reconcile import accept as reconcile_accept
from app.accounting.reconcile import words as saying
from app.accounting.reconcile.queries import ReconcileLine
from app.accounting.suggest import queries as suggest_queries
from app.accounting.values import Account
from app.kernel import people
from app.kernel.errors import NotFound
from app.tasks import notes, questions_queries
from app.tasks.models import Note, QuestionHead

SUBJECT = "bank_transaction"


@dataclass(frozen=True, slots=True)
class Names:
    """What ids of the books are called; loaded once a page."""

    accounts: Mapping[UUID, str]
    banks: Mapping[UUID, str]
    own: Sequence[BankAccount] = ()
    """The client's bank accounts by name."""
    chart: Sequence[Account] = ()
    """The accounts that are not archived, in the order of their codes."""

    def bank(self, bank_account_id: UUID) -> BankAccount:
        """One of the client's bank accounts; raises NotFound."""
        found = next((one for one in self.own if one.id == bank_account_id), None)
        if found is None:
            raise NotFound
        return found

    def coding(self, coding: Coding | None) -> str:
        """A coding in a few words."""
        if coding is None or not coding.parts:
            return ""
        first = coding.parts[0]
        known = self.banks.get(first.account_id) or self.accounts.get(first.account_id, "")
        if len(coding.parts) == 1:
            return known
        return saying.parts(known, len(coding.parts) - 1)


@dataclass(frozen=True, slots=True)
class Guess:
    """A suggestion as drawn: what it would book, why, and the mark that accepts it.

    A row shows only the best of a line's, so words and marks are made when they are asked for.
    """

    number: int
    source: Suggestion
    names: Names

    @property
    def what(self) -> str:
        """What accepting it would do, in words."""
        return saying.what(self.source, self.names.coding(self.source.coding))

    @property
    def mark(self) -> str:
        """Stands for what it would book, so that only what was seen is accepted."""
        return reconcile_accept.mark(self.source)

    @property
    def why(self) -> str:
        """Why it is made, in words."""
        return saying.reason(self.source.reason)

    @property
    def details(self) -> tuple[str, ...]:
        """What speaks for and against it, in words."""
        return tuple(saying.reason(one) for one in self.source.details)

    @property
    def certainty(self) -> Certainty:
        """Whether it may be accepted without being looked at."""
        return self.source.certainty

    @property
    def percent(self) -> int:
        """How probable it is."""
        return round(self.source.probability * 100)

    @property
    def complete(self) -> bool:
        """Whether it books the whole line."""
        return not self.source.difference_minor

    @property
    def abroad(self) -> bool:
        """Whether it settles an item of another currency, beside which the bank may keep a fee."""
        return self.source.reason.code.startswith("item-foreign")

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
    names: Names
    suggested: tuple[Suggestion, ...] = ()
    what: str = ""
    how: Any = ""
    who: str = ""
    kept_by: str = ""
    question: QuestionHead | None = None
    said: Sequence[Note] = ()
    fits: Sequence[PaperFit] = ()

    @property
    def notes(self) -> int:
        """How many notes the reader may see."""
        return len(self.said)

    @property
    def guesses(self) -> tuple[Guess, ...]:
        """All that is suggested, best first, as the digit keys choose it."""
        return tuple(Guess(n, one, self.names) for n, one in enumerate(self.suggested, 1))

    @property
    def best(self) -> Guess | None:
        """The guess that Enter accepts; None means no match, which nothing accepts."""
        return Guess(1, self.suggested[0], self.names) if self.suggested else None


def load_names() -> Names:
    """The chart and the bank accounts; two statements."""
    chart = queries.accounts(include_archived=True)
    banks = bank_queries.bank_accounts()
    return Names(
        accounts={one.id: f"{one.code} {one.name}" for one in chart},
        banks={one.account_id: one.name for one in banks},
        own=banks,
        chart=[one for one in chart if not one.archived],
    )


def rows(found: Sequence[ReconcileLine], names: Names) -> list[Shown]:
    """Rows of lines in any state, in a constant number of statements."""
    to_do = [one for one in found if one.state == "to_do" and one.status == "booked"]
    guessed = suggest_queries.of_lines(
        [one.to_match() for one in to_do], kept={one.id for one in to_do if one.is_kept}
    )
    asked = questions_queries.of(SUBJECT, [one.id for one in found])
    noted = notes.of(SUBJECT, [str(one.id) for one in found])
    fitting = paper_queries.papers_for([one.id for one in found])
    people_ = people.names(
        [one for line in found for one in (line.decided_by_id, line.kept_by_id) if one]
    )
    return [
        Shown(
            line=one,
            names=names,
            suggested=guessed.get(one.id, ()),
            what=_decided(one, names),
            how=saying.decided_by(one.decided_by),
            who=people_.get(one.decided_by_id, "") if one.decided_by_id else "",
            kept_by=people_.get(one.kept_by_id, "") if one.kept_by_id else "",
            question=asked.get(one.id),
            said=noted.get(str(one.id), ()),
            fits=tuple(fitting.get(one.id, ())),
        )
        for one in found
    ]


def _decided(line: ReconcileLine, names: Names) -> str:
    if line.state == "skipped":
        return line.skipped_why or ""
    if line.state == "booked":
        return names.coding(line.coding) or saying.matched()
    if line.status == "pending":
        return names.coding(line.kept)
    return ""
