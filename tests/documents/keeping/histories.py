"""Random histories of papers: rules, holds, proposals, approvals, disposals, erasures.

Each history runs in one transaction that is rolled back, on papers that many histories share, as
the web's login role with the signed contexts of the people who act. A model beside it (`expected`)
says of each paper whether it may go.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from tests.documents.keeping.expected import LAW, runs_out
from tests.documents.keeping.firms import Firm, Paper
from tests.factories import Session

WORDS = {
    "calendar": "calendar_year",
    "fiscal": "fiscal_year",
    "paper": "paper",
    "engagement": "engagement",
}


@dataclass(slots=True)
class Figures:
    """What was done in all histories."""

    histories: int = 0
    acts: int = 0
    disposed: int = 0
    spared: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)


class History:
    """One history of one client, in one transaction."""

    def __init__(
        self,
        link: psycopg.Connection,
        firm: Firm,
        rng: random.Random,
        figures: Figures,
        key: tuple[bytes, str],
    ) -> None:
        self.link, self.firm, self.rng, self.figures, self.key = link, firm, rng, figures, key
        self.tokens: dict[UUID, str] = {}  # a history is shorter than a context's life
        self.papers = [Paper(one.id, one.day, one.payroll) for one in firm.papers]
        self.today = datetime.now(UTC).date()
        self.rules: list[tuple[UUID, int, str]] = []
        self.holds: dict[UUID, tuple[str, set[UUID], date, date]] = {}
        self.asked: dict[UUID, UUID] = {}
        self.lists: dict[UUID, tuple[UUID, str, list[UUID]]] = {}
        self.approved: set[UUID] = set()

    def run(self, steps: int) -> None:
        """Does random acts, then takes everything back."""
        acts = (
            self.place_hold,
            self.ask_release,
            self.release,
            self.propose,
            self.propose,
            self.propose,
            self.approve,
            self.approve,
            self.dispose,
            self.dispose,
            self.add_rule,
            self.end_rule,
            self.attack,
        )
        try:
            for _step in range(steps):
                self.rng.choice(acts)()
                self.figures.acts += 1
        finally:
            self.link.rollback()
        self.figures.histories += 1

    # What the model knows

    def kept_until(self, paper: Paper) -> date | None:
        """The latest day of all rules; None where there is none."""
        law = LAW[self.firm.country]["payroll" if paper.payroll else "any"]
        rules = [*law, *((years, start) for _id, years, start in self.rules)]
        return max(
            (runs_out(y, start, paper.day, self.firm.first_month) for y, start in rules),
            default=None,
        )

    def due(self, paper: Paper) -> bool:
        """Whether the time of a paper is over."""
        until = self.kept_until(paper)
        return until is not None and until < self.today and not paper.gone

    def held(self, paper: Paper) -> bool:
        """Whether any hold covers it."""
        return any(
            covers == "client"
            or (covers == "papers" and paper.id in chosen)
            or (covers == "days" and first <= paper.day <= last)
            for covers, chosen, first, last in self.holds.values()
        )

    # Acts

    def ask(self, statement: str, *values: Any, who: Session | None = None) -> Any:
        """One statement as a person; None when it was refused."""
        token = sql.Literal(self.token(who or self.firm.staff)).as_string(self.link)
        # one way there and back for both; savepoints go with the history
        self.link.execute(f"savepoint act; select set_config('app.ctx', {token}, true)".encode())
        try:
            return self.link.execute(statement, values).fetchone() or ()
        except psycopg.Error as error:
            if error.sqlstate not in ("BO403", "BO404", "BO409", "BO422", "42501"):
                raise
            self.link.execute("rollback to savepoint act")
            self.figures.refused += 1
            return None

    def token(self, person: Session) -> str:
        """The signed context of somebody who acts."""
        known = self.tokens.get(person.person_id)
        if known is None:
            scope = person.scope(self.firm.tenant)
            known = scope.token(key=self.key[0], key_id=self.key[1])
            self.tokens[person.person_id] = known
        return known

    def place_hold(self) -> None:
        covers = self.rng.choice(("client", "days", "papers", "papers"))
        first = self.rng.choice(self.papers).day - timedelta(days=self.rng.randint(0, 400))
        last = first + timedelta(days=self.rng.randint(0, 800))
        days = (first, last) if covers == "days" else (None, None)
        (made,) = self.ask(
            "insert into app.legal_hold (tenant_id, title, reason, covers, from_on, to_on)"
            " values (%s, 'held', 'because', %s, %s, %s) returning id",
            self.firm.tenant,
            covers,
            *days,
        )
        chosen = set()
        if covers == "papers":
            chosen = {one.id for one in self.papers if self.rng.random() < 0.5}
            for one in chosen:
                self.ask(
                    "insert into app.legal_hold_paper (tenant_id, hold_id, document_id)"
                    " values (%s, %s, %s) returning hold_id",
                    self.firm.tenant,
                    made,
                    one,
                )
        self.holds[made] = (covers, chosen, first, last)

    def ask_release(self) -> None:
        if not self.holds:
            return
        hold = self.rng.choice(list(self.holds))
        found = self.ask(
            "select app.request_approval('hold.release', 'legal_hold', h.id, 'member', 'end', '{}',"
            " app.hold_sha(h), null, null) from app.legal_hold h where h.id = %s",
            hold,
        )
        self.asked[found[0]] = hold

    def release(self) -> None:
        """By a second person where asked; else the attempt must fail."""
        if self.asked:
            approval, hold = self.rng.choice(list(self.asked.items()))
            if self.rng.random() < 0.7:
                self.decide(approval)
                self.approved.add(approval)
            found = self.ask("select app.release_hold(%s, %s)", hold, approval)
            if found == (True,) and approval not in self.approved:
                self.figures.wrong.append("a hold was released that nobody approved")
            if found == (False,) and hold in self.holds:  # two asked, and one had released it
                self.figures.wrong.append("a standing hold was said to be released")
            if found == (True,):
                self.holds.pop(hold, None)

    def decide(self, approval: UUID) -> None:
        """The second person approves."""
        self.ask(
            "select app.decide_approval(a.id, 'approve', a.content_sha, '') from app.approval a"
            " where a.id = %s",
            approval,
            who=self.firm.second,
        )

    def propose(self) -> None:
        candidates = [one for one in self.papers if self.due(one) and not self.held(one)]
        pool = candidates if candidates and self.rng.random() < 0.7 else self.papers
        chosen = self.rng.sample(pool, self.rng.randint(1, len(pool)))
        found = self.ask(
            "select id, sha from app.propose_disposal(%s::uuid[])", [one.id for one in chosen]
        )
        allowed = all(self.due(one) and not self.held(one) for one in chosen)
        if (found is not None) != allowed:
            self.figures.wrong.append(f"proposing was {'' if found else 'not '}possible")
        if found is None:
            return
        (approval,) = self.ask(
            "select app.request_approval('document.dispose', 'disposal', %s, 'member', 'go', %s,"
            " %s, null, null)",
            found[0],
            json.dumps({"n": len(chosen)}),
            found[1],
        )
        self.lists[found[0]] = (approval, found[1], [one.id for one in chosen])

    def approve(self) -> None:
        if self.lists:
            approval, _sha, _ids = self.rng.choice(list(self.lists.values()))
            self.decide(approval)
            self.approved.add(approval)

    def dispose(self) -> None:
        if not self.lists:
            return
        disposal, (approval, _sha, listed) = self.rng.choice(list(self.lists.items()))
        for document in listed:
            paper = next(one for one in self.papers if one.id == document)
            may = approval in self.approved and self.due(paper) and not self.held(paper)
            found = self.ask("select app.dispose(%s, %s, %s)", disposal, approval, document)
            if (found is not None) != (approval in self.approved):
                self.figures.wrong.append("a disposal without its approval")
            if found == ("disposed",) and not paper.gone:
                if not may:
                    self.figures.wrong.append(f"{paper} went under a hold or before its time")
                self.figures.disposed += 1
                paper.gone = True
            elif found is not None:
                self.figures.spared += 1
        self.compare()

    def add_rule(self) -> None:
        years, start = self.rng.choice((2, 7, 12, 25)), self.rng.choice(list(WORDS))
        found = self.ask(
            "insert into app.retention_own (tenant_id, years, runs_from, reason)"
            " values (%s, %s, %s, 'longer') returning id",
            self.firm.tenant,
            years,
            WORDS[start],
        )
        self.rules.append((found[0], years, start))

    def end_rule(self) -> None:
        if self.rules:
            rule = self.rules.pop(self.rng.randrange(len(self.rules)))
            self.ask(
                "update app.retention_own set ended_at = now() where tenant_id = %s and id = %s"
                " returning id",
                self.firm.tenant,
                rule[0],
            )

    def attack(self) -> None:
        """Ways around: none may change anything."""
        paper = self.rng.choice(self.papers)
        statement = self.rng.choice(
            (
                "delete from app.document where id = %s returning id",
                "delete from app.document_version where document_id = %s returning id",
                "update app.document set disposed_at = now() where id = %s returning id",
                (
                    "update app.stored_object set state = 'gone' where id in ("
                    "select stored_object_id"
                    " from app.document_version where document_id = %s) returning id"
                ),
                "update app.legal_hold set released_at = now() where id <> %s returning id",
            )
        )
        if self.ask(statement, paper.id) is not None:
            self.figures.wrong.append(f"went through: {statement}")
        self.compare()

    def compare(self) -> None:
        """What is gone is what the model says is gone."""
        found = self.ask(
            "select coalesce(array_agg(id), '{}') from app.document where tenant_id = %s"
            " and disposed_at is not null",
            self.firm.tenant,
        )
        if set(found[0]) != {one.id for one in self.papers if one.gone}:
            self.figures.wrong.append("papers are gone that should not be, or the other way")
