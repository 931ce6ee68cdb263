"""Whatever is done to questions in whatever order: no answer is lost, figures and meters agree."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.errors import DomainError
from app.tasks import questions, questions_queries
from tests.tasks import request_stage
from tests.tasks.request_stage import Place, ask

ACTS = ("answer", "close", "withdraw", "reopen", "again")


@pytest.fixture(scope="module")
def place(app: Flask, worker_app: Flask, settings: object) -> Place:
    """A client with bank lines."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        return request_stage.build(app, worker_app, admin, "States")


def _done(place: Place, asked: UUID, act: str, number: int) -> bool:
    """Does one act; whether it was taken."""
    acts: dict[str, Callable[[], object]] = {
        "answer": lambda: questions.answer(asked, text=f"Answer {number}"),
        "close": lambda: questions.close(asked),
        "withdraw": lambda: questions.withdraw(asked),
        "reopen": lambda: questions.reopen(asked),
        "again": lambda: questions.ask_again(asked, text="Once more?"),
    }
    try:
        with place.acting(place.owner if act == "answer" else place.staff):
            acts[act]()
    except DomainError:
        return False
    return True


@settings(max_examples=25)
@given(st.lists(st.sampled_from(ACTS), max_size=8))
def test_no_order_of_acts_loses_an_answer_or_miscounts(
    place: Place, admin: psycopg.Connection, acts: list[str]
) -> None:
    asked = ask(place)
    answered = [n for n, act in enumerate(acts) if _done(place, asked, act, n) and act == "answer"]
    with place.acting(place.staff):
        found = questions_queries.one(asked)
        kept = [one.text for one in questions_queries.answers([asked]).get(asked, ())]
    assert kept == [f"Answer {n}" for n in answered]
    assert (found.answered_at is not None) == bool(answered)
    living = admin.execute(
        "select count(*) from app.usage_event where key = %s and voided_at is null",
        (f"question:{asked}",),
    ).fetchone()
    assert living == (0 if found.state == "withdrawn" else 1,)
    counted = admin.execute(
        "select (select n from app.client_figure f where f.tenant_id = %(t)s"
        " and f.name = 'questions_answered') = (select count(*) from app.question"
        " where tenant_id = %(t)s and state = 'answered'),"
        " (select n from app.client_figure f where f.tenant_id = %(t)s"
        " and f.name = 'questions_waiting') = (select count(*) from app.question"
        " where tenant_id = %(t)s and state = 'waiting')",
        {"t": place.tenant},
    ).fetchone()
    admin.rollback()
    assert counted == (True, True)


def test_two_who_answer_at_once_are_both_kept(place: Place, admin: psycopg.Connection) -> None:
    asked = ask(place)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda n: _done(place, asked, "answer", n), range(8)))
    assert all(taken)
    with place.acting(place.staff):
        kept = {one.text for one in questions_queries.answers([asked])[asked]}
    assert kept == {f"Answer {n}" for n in range(8)}
    admin.rollback()
