"""Hundreds of questions: paged on the desk, reminded of and taken back together, and undone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from app.cli import install
from app.kernel import clock
from app.kernel.db import session
from app.kernel.settings import Settings
from app.tasks import day_mail, questions, questions_queries
from tests.factories import Session
from tests.tasks import request_stage
from tests.tasks.request_stage import Place


@pytest.fixture
def place(app: Flask, worker_app: Flask, settings: Settings) -> Place:
    """A client with bank lines."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return request_stage.build(app, worker_app, admin)


def ask_many(place: Place, count: int) -> list[UUID]:
    """So many questions about bank lines, over and over the same ones."""
    with place.acting(place.staff):
        return [
            one
            for at in range(count)
            for one in questions.ask(
                line="accounting",
                subject_type="bank_transaction",
                subject_ids=[place.lines[at % 3]],
                text=f"Question {at:03d}",
            )
        ]


def states(place: Place) -> dict[UUID, str]:
    with place.acting(place.staff):
        return {one.id: one.state for one in questions_queries.questions(limit=1000)}


def metered(place: Place) -> int:
    with place.acting(place.staff):
        return int(
            session.execute(
                sa.text(
                    "select count(*) from app.usage_event where meter = 'question'"
                    " and voided_at is null and tenant_id = (select guard.tenant_id())"
                )
            ).scalar_one()
        )


def test_many_are_withdrawn_at_once_but_not_the_answered_and_one_undo_brings_them_back(
    place: Place,
) -> None:
    asked = ask_many(place, 4)
    with place.acting(place.owner):
        questions.answer(asked[0], text="Paper")
    staff = place.browser(place.staff)
    staff.get(f"/c/{place.slug}/questions?view=waiting")
    done = staff.post(
        f"/c/{place.slug}/questions/withdraw", {"ids": [str(one) for one in asked]}, follow=True
    )
    assert "3 questions withdrawn." in done.text
    assert sorted(states(place).values()) == ["answered", "withdrawn", "withdrawn", "withdrawn"]
    assert metered(place) == 1
    undo = re.findall(r'action="([^"]+/questions/undo/[^"]+)"', done.text)[0]
    assert staff.post(undo).status_code == 303
    assert sorted(states(place).values()) == ["answered", "waiting", "waiting", "waiting"]
    assert metered(place) == 4


def test_asking_is_undone_for_what_nobody_answered_meanwhile(place: Place) -> None:
    with place.acting(place.staff):
        made = questions.ask(
            line="accounting",
            subject_type="bank_transaction",
            subject_ids=place.lines,
            text="Which?",
        )
        token = questions.offer_unask(made)
    with place.acting(place.owner):
        questions.answer(made[1], text="This")
    staff = place.browser(place.staff)
    assert staff.post(f"/c/{place.slug}/questions/undo/{token}").status_code == 303
    found = states(place)
    assert [found[one] for one in made] == ["withdrawn", "answered", "withdrawn"]


def test_a_reminder_puts_a_question_into_the_next_days_mail_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask_many(place, 2)
    monday = clock.now().replace(hour=11, minute=0)
    monday += timedelta(days=7 - monday.weekday())

    def mailed(moment: datetime) -> int:
        monkeypatch.setattr(clock, "now", lambda: moment)
        with place.job():
            return day_mail.send_due()

    assert mailed(monday) == 1
    assert mailed(monday + timedelta(days=1)) == 0
    staff = place.browser(place.staff)
    monkeypatch.undo()
    staff.get(f"/c/{place.slug}/questions?view=waiting")
    told = staff.post(f"/c/{place.slug}/questions/remind", {"ids": [str(asked[0])]}, follow=True)
    assert "1 question comes in the next mail." in told.text
    assert mailed(monday + timedelta(days=1)) == 1
    assert mailed(monday + timedelta(days=2)) == 0


def test_a_reminder_is_taken_back(place: Place) -> None:
    asked = ask_many(place, 1)
    staff = place.browser(place.staff)
    staff.get(f"/c/{place.slug}/questions?view=waiting")
    told = staff.post(f"/c/{place.slug}/questions/remind", {"ids": [str(asked[0])]}, follow=True)
    undo = re.findall(r'action="([^"]+/questions/undo/[^"]+)"', told.text)[0]
    assert staff.post(undo).status_code == 303
    with place.acting(place.staff):
        kept = session.execute(
            sa.text("select reminded_at from app.question where id = :id"), {"id": asked[0]}
        ).scalar_one()
    assert kept is None


def test_what_waits_for_staff_is_paged_and_nothing_is_left_out(place: Place) -> None:
    asked = ask_many(place, 120)
    with place.acting(place.owner):
        for one in asked:
            questions.answer(one, text="Paper")
    staff = place.browser(place.staff)
    for address in ("/desk/questions", f"/c/{place.slug}/questions?view=answered"):
        seen: list[str] = []
        found: str | None = address
        pages = 0
        while found:
            page = staff.get(found).text
            seen += re.findall(r"Question \d{3}", page)
            following = re.search(r'href="([^"]*after=[^"]+)"', page)
            found = following[1].replace("&amp;", "&") if following else None
            pages += 1
        assert set(seen) == {f"Question {at:03d}" for at in range(120)}, address
        assert pages >= 2, address


def test_a_bad_cursor_is_refused(place: Place) -> None:
    staff = place.browser(place.staff)
    for cursor in ("x", "WyJhIiwiYiJd"):
        assert staff.get(f"/desk/questions?after={cursor}").status_code in {400, 422}


def test_two_phones_at_once_lose_nothing(place: Place) -> None:
    (asked,) = ask_many(place, 1)
    first, second = place.browser(place.owner), place.browser(place.owner)
    address = f"/portal/{place.slug}/questions/{asked}"
    first.get(address)
    second.get(address)
    assert first.post(address, {"text": "Paper"}).status_code == 303
    assert second.post(address, {"text": "No, toner"}).status_code == 303
    page = first.get(address).text
    assert "Paper" in page
    assert "No, toner" in page


def sent(place: Place, person: Session, path: str, **body: object) -> TestResponse:
    """An operation on questions, called as this person."""
    browser = place.browser(person)
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": browser.token}
    address = f"/api/v1/clients/{place.slug}/questions/{path}"
    return browser.client.post(address, json=body or None, headers=headers)


def test_the_api_answers_for_each_question_and_one_undo_takes_all_of_it_back(place: Place) -> None:
    asked = ask_many(place, 3)
    with place.acting(place.owner):
        questions.answer(asked[0], text="Paper")
    stranger = uuid4()
    told = sent(place, place.staff, "withdraw", ids=[str(one) for one in [*asked, stranger]])
    assert told.status_code == 200, told.text
    found = told.get_json()
    assert found["done"] == 2
    assert [(one["id"], one["result"], one["state"]) for one in found["items"]] == [
        (str(asked[0]), "unchanged", "answered"),
        (str(asked[1]), "done", "withdrawn"),
        (str(asked[2]), "done", "withdrawn"),
        (str(stranger), "unknown", None),
    ]
    assert audited(place, asked[1]) >= 2, "asking and taking back"
    assert sent(place, place.staff, f"undo/{found['undo']}").status_code == 204
    assert sorted(states(place).values()) == ["answered", "waiting", "waiting"]
    assert sent(place, place.staff, f"undo/{found['undo']}").status_code == 404


def audited(place: Place, question_id: UUID) -> int:
    """How many events the audit log has of a question."""
    with place.acting(place.staff):
        statement = sa.text("select count(*) from app.audit_event where subject_id = :id")
        return int(session.execute(statement, {"id": question_id}).scalar_one())


def test_the_api_reminds_of_what_waits_and_of_nothing_else(place: Place) -> None:
    asked = ask_many(place, 2)
    with place.acting(place.staff):
        questions.withdraw(asked[1])
    told = sent(place, place.staff, "remind", ids=[str(one) for one in asked]).get_json()
    assert [one["result"] for one in told["items"]] == ["done", "unchanged"]
    nothing = sent(place, place.staff, "remind", ids=[str(asked[1])]).get_json()
    assert (nothing["done"], nothing["undo"]) == (0, None)


def test_only_who_may_ask_reminds_or_withdraws_and_200_at_most(place: Place) -> None:
    asked = ask_many(place, 1)
    for act in ("remind", "withdraw"):
        assert sent(place, place.owner, act, ids=[str(asked[0])]).status_code == 403
        many = [str(uuid4()) for _ in range(201)]
        assert sent(place, place.staff, act, ids=many).status_code == 422
    assert states(place)[asked[0]] == "waiting"
