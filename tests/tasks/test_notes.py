"""Notes: the team's own, sent back, an owner's that becomes a question; and pages that show all."""

from __future__ import annotations

import re
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from app.accounting import commands as entries
from app.accounting import queries as books
from app.accounting.close import question_checks
from app.accounting.ledger import PostingInput
from app.kernel import clock, registry
from app.kernel.errors import DomainError
from app.kernel.registry import ReportDefinition
from app.reports import commands as report_commands
from app.reports.period import parse_period
from app.tasks import notes, questions, questions_queries
from tests.tasks import request_stage
from tests.tasks.question_stage import BANK, place
from tests.tasks.request_stage import Place, ask

__all__ = ["place"]


def test_what_the_team_writes_for_itself_stays_with_it(place: Place) -> None:
    key = str(place.lines[1])
    with place.acting(place.staff):
        for audience in ("team", "sent_back", "client"):
            notes.write(
                line="accounting",
                subject_type=BANK,
                subject_key=key,
                text=f"for {audience}",
                audience=audience,
            )
    with place.acting(place.owner):
        assert [one.audience for one in notes.of(BANK, [key])[key]] == ["client"]
        with pytest.raises(DomainError):
            pass_the_wall(key)
    desk = place.browser(place.staff).get("/desk/questions")
    assert "for sent_back" in desk.text
    assert "for team" not in desk.text


def pass_the_wall(key: str) -> None:
    """A client's person tries to write for the team."""
    from sqlalchemy.exc import DBAPIError

    from app.kernel.database_errors import from_database

    try:
        notes.write(
            line="accounting", subject_type=BANK, subject_key=key, text="x", audience="team"
        )
    except DBAPIError as error:
        found = from_database(error)
        assert found is not None
        raise found from error


def test_a_sent_back_thing_is_put_right_and_the_way_back_works(place: Place) -> None:
    with place.acting(place.staff):
        made = notes.write(
            line="accounting",
            subject_type=BANK,
            subject_key=str(place.lines[2]),
            text="sent back: wrong account",
            audience="sent_back",
        )
    staff = place.browser(place.staff)
    page = staff.get(f"/c/{place.slug}/questions")
    assert "sent back: wrong account" in page.text
    done = staff.post(f"/c/{place.slug}/notes/{made}/done", follow=True)
    assert "Put right." in done.text
    with place.acting(place.staff):
        assert notes.one(made).done_at is not None
    undo = re.findall(r'action="([^"]+/notes/undo/[^"]+)"', done.text)[0]
    staff.post(undo)
    with place.acting(place.staff):
        assert notes.one(made).is_open


def test_an_owners_note_becomes_a_question_that_is_answered(place: Place) -> None:
    phone = place.browser(place.owner)
    phone.get(f"/portal/{place.slug}/questions")
    sent = phone.post(
        f"/portal/{place.slug}/questions",
        {
            "subject_type": "report_cell",
            "subject_key": "profit-and-loss:5110:2026-10",
            "text": "Why 31 % more flour?",
        },
    )
    assert sent.status_code == 303, sent.text[:2000]
    staff = place.browser(place.staff)
    assert "Why 31 % more flour?" in staff.get("/desk/questions").text
    with place.acting(place.staff):
        asked = next(q for q in questions_queries.questions(direction="to_provider"))
    page = staff.get(f"/c/{place.slug}/questions/{asked.id}")
    assert "Profit and loss" in page.text
    answered = staff.post(
        f"/c/{place.slug}/questions/{asked.id}/answer", {"text": "A bigger order."}
    )
    assert answered.status_code == 303, answered.text[:2000]
    shown = phone.get(f"/portal/{place.slug}/questions/{asked.id}").text
    assert "A bigger order." in shown


def test_an_open_question_is_a_warning_of_its_month_only(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Closing")
    asked = ask(place)
    month = clock.today()
    this, other = month.year * 100 + month.month, (month.year - 1) * 100 + 1
    with place.acting(place.staff):
        assert question_checks.unanswered(this) == 1
        assert question_checks.unanswered(other) == 0
    with place.acting(place.owner):
        questions.answer(asked, chip="Wages")
    with place.acting(place.staff):
        assert question_checks.unanswered(this) == 1  # answered, and nobody has looked
        questions.close(asked)
        assert question_checks.unanswered(this) == 0


def test_papers_notes_and_questions_stand_on_the_page_of_a_line(place: Place) -> None:
    asked = ask(place, lines=place.lines[2:], text="Around the line?")
    staff = place.browser(place.staff)
    page = staff.get(f"/c/{place.slug}/books/bank/lines/{place.lines[2]}")
    assert "Around the line?" in page.text
    values = {"subject_type": BANK, "subject_key": str(place.lines[2]), "text": "a note here"}
    written = staff.post(f"/c/{place.slug}/notes", {**values, "audience": "team"})
    assert written.status_code == 303
    page = staff.get(f"/c/{place.slug}/books/bank/lines/{place.lines[2]}")
    assert "a note here" in page.text
    assert staff.get(f"/x/{place.slug}/{asked}").headers["Location"].endswith(str(asked))
    foreign = {**values, "subject_key": str(uuid4())}
    assert staff.post(f"/c/{place.slug}/notes", foreign).status_code == 404


def test_a_question_at_a_published_figure_is_told_in_words(place: Place) -> None:
    today = clock.today()
    with place.acting(place.staff):
        first, second, *_rest = [one for one in books.accounts() if not one.control]
        entries.post_entry(
            journal="GEN",
            date=today,
            description="Figures",
            postings=[PostingInput(first.id, 1200, "GBP"), PostingInput(second.id, -1200, "GBP")],
            key=str(uuid4()),
        )
        definition = next(
            one for one in registry.current().all(ReportDefinition) if one.key == "trial-balance"
        )
        month = parse_period({"period": f"{today:%Y-%m}"}, today=today)
        report = definition.build(month.first, month.last, month.comparison)
        published = report_commands.publish_report(report, line="accounting")
        row = next(one for one in report.rows if one.account_id == first.id)
    key = f"{published}:trial-balance:{row.key}:{report.columns[0].cell}"
    with place.acting(place.owner):
        notes.write(
            line="accounting",
            subject_type="report_cell",
            subject_key=key,
            text="Why this?",
            audience="to_provider",
        )
    page = place.browser(place.staff).get("/desk/questions")
    assert "Trial balance" in page.text
    assert row.title in page.text
