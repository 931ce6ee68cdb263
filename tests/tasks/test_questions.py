"""Questions and notes through the edges: asked, mailed, answered, settled, and nobody else's."""

from __future__ import annotations

import io
import re
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.documents import queries as papers
from app.kernel.db import session
from app.kernel.errors import Conflict, DomainError
from app.tasks import questions, questions_queries
from tests import factories
from tests.tasks import request_stage
from tests.tasks.question_stage import BANK, HERE, place, send, state
from tests.tasks.request_stage import PDF, Place, ask

__all__ = ["place"]


def test_a_question_is_asked_on_screen_from_many_lines_and_taken_back(place: Place) -> None:
    browser = place.browser(place.staff)
    query = "&".join(f"keys={one}" for one in place.lines)
    page = browser.get(f"/c/{place.slug}/questions/new?subject_type={BANK}&{query}")
    assert page.status_code == 200, page.text[:2000]
    assert "About 3 records" in page.text
    values = {"subject_type": BANK, "text": "Whose deposits?", "chips": "Ours, Not ours"}
    sent = browser.client.post(
        f"/c/{place.slug}/questions/new",
        data={
            **values,
            "keys": [str(one) for one in place.lines],
            "csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0],
        },
        headers=HERE,
    )
    assert sent.status_code == 303, sent.text[:2000]
    listed = browser.get(sent.headers["Location"])
    assert listed.text.count("Whose deposits?") >= 3
    assert "Undo" in listed.text
    undo = re.findall(r'action="([^"]+/questions/undo/[^"]+)"', listed.text)[0]
    assert browser.post(undo).status_code == 303
    with place.acting(place.staff):
        assert not any(
            one.state == "waiting" and one.text == "Whose deposits?"
            for one in questions_queries.questions()
        )


def test_a_client_answers_on_the_phone_without_javascript_in_two_taps(place: Place) -> None:
    asked = ask(place, text="What was Check 2071?")
    phone = place.browser(place.owner)
    home = phone.get(f"/portal/{place.slug}/")
    assert "What was Check 2071?" in home.text or "questions" in home.text
    page = phone.get(f"/portal/{place.slug}/questions/{asked}")
    assert "640.00" in page.text.replace("\xa0", " ")
    assert re.search(r"\d+ of \d+", page.text)
    sent = phone.post(
        f"/portal/{place.slug}/questions/{asked}",
        {
            "chip": "Wages",
            "text": "",
            "photo": (io.BytesIO(PDF), "receipt.pdf"),
        },
    )
    assert sent.status_code == 303, sent.text[:2000]
    assert state(place, asked) == "answered"
    with place.acting(place.staff):
        found = papers.linked(BANK, place.lines)
        assert [one.name for one in found[place.lines[0]]] == ["receipt.pdf"]
        head = questions.of(BANK, place.lines)[place.lines[0]]
        assert (head.state, head.answer) == ("answered", "Wages")
    desk = place.browser(place.staff).get("/desk/questions")
    assert "What was Check 2071?" in desk.text
    assert "Wages" in desk.text
    staff = place.browser(place.staff)
    page = staff.get(f"/c/{place.slug}/questions/{asked}")
    assert "receipt.pdf" in page.text
    closed = staff.post(f"/c/{place.slug}/questions/{asked}/close", follow=True)
    assert "Settled." in closed.text
    assert state(place, asked) == "done"


def test_an_empty_answer_is_refused_with_words_and_nothing_is_lost(place: Place) -> None:
    asked = ask(place)
    phone = place.browser(place.owner)
    phone.get(f"/portal/{place.slug}/questions/{asked}")
    empty = phone.post(f"/portal/{place.slug}/questions/{asked}", {"text": ""})
    assert empty.status_code == 422
    assert "Choose an answer, write something or add a file." in empty.text
    bad = phone.post(
        f"/portal/{place.slug}/questions/{asked}",
        {"text": "my words", "files": (io.BytesIO(b"MZ\x90\x00 program"), "a.pdf")},
    )
    assert bad.status_code == 422
    assert "my words" in bad.text
    assert state(place, asked) == "waiting"


def test_a_question_answered_twice_keeps_both_answers(place: Place) -> None:
    asked = ask(place)
    with place.acting(place.owner):
        first = questions.answer(asked, chip="Wages")
        assert questions.answer(asked, chip="Wages") == first  # the same once more
    with place.acting(place.staff):
        questions.close(asked)
    phone = place.browser(place.owner)
    page = phone.get(f"/portal/{place.slug}/questions/{asked}")
    assert "Add to your first answer" in page.text
    phone.post(f"/portal/{place.slug}/questions/{asked}", {"text": "No, it was rent"})
    with place.acting(place.staff):
        assert questions_queries.one(asked).state == "answered"  # to be looked at again
        words = [one.words for one in questions_queries.answers([asked])[asked]]
    assert words == ["Wages", "No, it was rent"]


def test_a_withdrawn_question_is_refused_kindly_and_may_come_back(place: Place) -> None:
    asked = ask(place)
    with place.acting(place.staff):
        token = questions.withdraw(asked)
    phone = place.browser(place.owner)
    assert "taken back" in phone.get(f"/portal/{place.slug}/questions/{asked}").text
    phone.get(f"/portal/{place.slug}/questions")
    late = phone.post(f"/portal/{place.slug}/questions/{asked}", {"text": "too late"})
    assert late.status_code == 409
    staff = place.browser(place.staff)
    staff.get(f"/c/{place.slug}/questions")
    assert staff.post(f"/c/{place.slug}/questions/undo/{token}").status_code == 303
    assert state(place, asked) == "waiting"


def test_an_answered_question_cannot_be_withdrawn(place: Place) -> None:
    asked = ask(place)
    with place.acting(place.owner):
        questions.answer(asked, text="done")
    with place.acting(place.staff), pytest.raises(Conflict) as refusal:
        questions.withdraw(asked)
    assert refusal.value.code == "question-answered"


def test_people_of_another_client_and_without_the_right_are_turned_away(
    place: Place, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    asked = ask(place)
    other = request_stage.build(app, worker_app, admin, "Other")
    stranger = other.browser(other.owner)
    for slug in (place.slug, other.slug):
        address = f"/portal/{slug}/questions/{asked}"
        assert stranger.get(address).status_code == 404
        stranger.get(f"/portal/{other.slug}/questions")
        assert stranger.post(address, {"text": "x"}).status_code == 404
    assert other.browser(other.staff).get(f"/c/{other.slug}/questions/{asked}").status_code == 404
    viewer = factories.make_person(admin, "client")
    factories.grant(admin, place.tenant, viewer, role="viewer", lines=("accounting",))
    browser = place.browser(factories.sign_in(admin, viewer))
    page = browser.get(f"/portal/{place.slug}/questions/{asked}")
    assert page.status_code == 200
    assert 'name="chip"' not in page.text
    assert browser.post(f"/portal/{place.slug}/questions/{asked}", {"text": "x"}).status_code == 403


def test_nobody_asks_about_a_line_of_another_client(
    place: Place, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    other = request_stage.build(app, worker_app, admin, "Elsewhere")
    staff = other.browser(other.staff)
    staff.get(f"/c/{other.slug}/documents")
    values = {"subject_type": BANK, "keys": str(place.lines[0]), "text": "?"}
    address = f"/c/{other.slug}/questions/new"
    assert staff.post(address, values).status_code in {404, 422}
    with other.acting(other.staff):
        assert not questions_queries.questions()


@pytest.mark.parametrize("direction", ["to_client", "to_provider"])
def test_raw_sql_cannot_ask_for_the_other_side(place: Place, direction: str) -> None:
    wrong = place.owner if direction == "to_client" else place.staff
    with pytest.raises(DomainError, match="forbidden"), place.acting(wrong):
        session.execute(
            sa.text(
                "insert into app.question (tenant_id, line, direction, text) values"
                " ((select guard.tenant_id()), 'accounting', :direction, 'x')"
            ),
            {"direction": direction},
        )


def test_figures_of_the_desk_follow_what_happens(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Figures")

    def figures() -> dict[str, int]:
        rows = admin.execute(
            "select name, n from app.client_figure where tenant_id = %s and name like %s",
            (place.tenant, "questions%"),
        ).fetchall()
        admin.rollback()
        return {str(row[0]): int(row[1]) for row in rows}

    asked = ask(place)
    assert figures() == {"questions_answered": 0, "questions_waiting": 1}
    with place.acting(place.owner):
        questions.answer(asked, chip="Wages")
    assert figures() == {"questions_answered": 1, "questions_waiting": 0}
    with place.acting(place.staff):
        questions.close(asked)
    assert figures() == {"questions_answered": 0, "questions_waiting": 0}
    assert "Answers" in place.browser(place.staff).get("/desk").text


def test_the_api_asks_lists_answers_and_settles(place: Place) -> None:
    staff, owner = place.browser(place.staff), place.browser(place.owner)
    staff.get(f"/c/{place.slug}/questions/new?subject_type={BANK}&keys={place.lines[0]}")
    base = f"/api/v1/clients/{place.slug}"
    body = {"subject_type": BANK, "subject_keys": [str(place.lines[0])], "text": "By API?"}
    made = send(staff, f"{base}/questions", body)
    assert made.status_code == 201, made.text
    (asked,) = made.get_json()["ids"]
    unknown = send(staff, f"{base}/questions", {**body, "subject_keys": [str(uuid4())]})
    assert unknown.status_code == 404
    owner.get(f"/portal/{place.slug}/questions/{asked}")
    answered = send(owner, f"{base}/questions/{asked}/answers", {"text": "Yes."})
    assert answered.status_code == 201, answered.text
    listed = staff.client.get(f"{base}/questions?state=answered").get_json()
    assert asked in [one["id"] for one in listed["items"]]
    assert send(owner, f"{base}/questions/{asked}/close", None).status_code == 403
    assert send(staff, f"{base}/questions/{asked}/close", None).get_json()["state"] == "done"
    note = {"subject_type": BANK, "subject_key": str(place.lines[0]), "text": "seen"}
    assert send(staff, f"{base}/notes", note).status_code == 201
    query = f"{base}/notes?subject_type={BANK}&subject_key={place.lines[0]}"
    assert "seen" in staff.client.get(query).text
    assert "seen" not in owner.client.get(query).text


def test_each_question_is_metered_once_and_voided_when_withdrawn(
    place: Place, admin: psycopg.Connection
) -> None:
    asked = ask(place)

    def living() -> int:
        row = admin.execute(
            "select count(*) from app.usage_event where key = %s and voided_at is null",
            (f"question:{asked}",),
        ).fetchone()
        admin.rollback()
        assert row is not None
        return int(row[0])

    assert living() == 1
    with place.acting(place.staff):
        questions.withdraw(asked)
    assert living() == 0
    with place.acting(place.staff):
        questions.reopen(asked)
    assert living() == 1


def test_a_taken_form_tells_the_browser_to_forget_its_draft(place: Place) -> None:
    asked = ask(place)
    phone = place.browser(place.owner)
    page = phone.get(f"/portal/{place.slug}/questions/{asked}")
    name = re.findall(r'data-draft="([^"]+)"', page.text)[0]
    assert str(place.owner.person_id) in name
    address = f"/portal/{place.slug}/questions/{asked}"
    refused = phone.post(address, {"text": "", "_draft": name})
    assert "draft_done" not in refused.headers.get("Set-Cookie", "")
    taken = phone.post(address, {"text": "ok", "_draft": name})
    assert taken.status_code == 303
    assert any("draft_done=" in one for one in taken.headers.getlist("Set-Cookie"))


def test_ticked_bank_lines_are_asked_about_at_once(place: Place) -> None:
    staff = place.browser(place.staff)
    base = f"/c/{place.slug}/books/bank"
    assert "Ask the client" in staff.get(f"{base}?view=all").text
    form = staff.post(f"{base}/lines/ask", {"ids": [str(one) for one in place.lines[:2]]})
    assert form.status_code == 200, form.text[:2000]
    assert "About 2 records" in form.text
    assert staff.post(f"{base}/lines/ask", {"ids": str(uuid4())}).status_code == 422
