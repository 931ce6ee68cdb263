"""Notices through pages: told once, grouped, to who may read, opened, read, undone, chosen."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.cli import install
from app.kernel import clock, events, jobs
from app.kernel.db import session
from app.kernel.settings import Settings
from app.tasks import notes, questions
from app.tasks.repeat import roll
from app.tasks.work import commands, parts
from app.tasks.work.models import TaskAssigned, TaskIn
from tests.factories import Session
from tests.tasks import notice_stage, work_stage
from tests.tasks.notice_stage import Told
from tests.tasks.work_stage import Firm


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return work_stage.build(app, worker_app, admin)


@pytest.fixture
def told(app: Flask, worker_app: Flask, settings: Settings) -> Told:
    """What people were told."""
    return notice_stage.build(app, worker_app, settings)


def kinds(told: Told, person: Session) -> list[tuple[str, int]]:
    return [(one.notice.kind, one.notice.count) for one in told.of(person)]


def named(firm: Firm, task: UUID, text: str, by: Session | None = None) -> None:
    with firm.place.acting(by or firm.place.staff):
        parts.comment(task, text)


def test_who_is_given_a_task_is_told_and_whoever_gave_it_is_not(firm: Firm, told: Told) -> None:
    firm.make("For another", assignee_id=firm.second.person_id)
    firm.make("For myself", assignee_id=firm.place.staff.person_id)
    assert kinds(told, firm.second) == [("task.assigned", 1)]
    assert kinds(told, firm.place.staff) == []
    one = told.of(firm.second)[0]
    assert (one.text, one.title, one.actor) == (
        "You were given a task",
        "For another",
        "Robin Vale",
    )


def test_three_comments_at_one_task_are_one_notice_with_a_count(firm: Firm, told: Told) -> None:
    name = told.rows("select name from guard.person where id = %s", firm.manager.person_id)[0][0]
    task, other = firm.make("Talked about"), firm.make("Another")
    told.change("update guard.person set name = 'Priya Nair' where id = %s", firm.manager.person_id)
    try:
        for _no in range(3):
            named(firm, task, "@Priya Nair, look")
        named(firm, other, "@Priya Nair, here too")
    finally:
        told.change("update guard.person set name = %s where id = %s", name, firm.manager.person_id)
    assert sorted(kinds(told, firm.manager)) == [("task.mentioned", 1), ("task.mentioned", 3)]
    assert told.count(firm.manager) == 2
    texts = {one.text for one in told.of(firm.manager)}
    assert "You are named in 3 comments" in texts


def test_what_was_read_is_not_counted_up_but_told_anew(firm: Firm, told: Told) -> None:
    task = firm.make("Given twice", assignee_id=firm.second.person_id)
    browser = firm.place.browser(firm.second)
    first = told.of(firm.second)[0].notice.id
    browser.get("/me/notices")
    opened = browser.post(f"/me/notices/{first}/open")
    assert opened.status_code == 303
    assert opened.headers["Location"].endswith(f"/c/{firm.slug}/tasks/{task}")
    assert kinds(told, firm.second) == []
    with firm.place.acting(firm.place.staff):
        commands.edit(task, version=1, assignee_id=None)
        commands.edit(task, version=2, assignee_id=firm.second.person_id)
    assert kinds(told, firm.second) == [("task.assigned", 1)]
    assert len(told.of(firm.second, unread=False)) == 2


def test_the_bell_counts_and_says_more_than_99_in_one_word(firm: Firm, told: Told) -> None:
    second = firm.second.person_id
    browser = firm.place.browser(firm.second)
    assert "unread notice" not in browser.get(f"/c/{firm.slug}/tasks").text
    due = firm.due(7)
    with firm.place.acting(firm.place.staff):
        commands.create(
            [TaskIn(title=f"No {no}", due_on=due, assignee_id=second) for no in range(3)]
        )
    assert "3 unread notices" in browser.get(f"/c/{firm.slug}/tasks").text
    assert "3 unread notices" in browser.get("/desk").text
    with firm.place.acting(firm.place.staff):
        commands.create(
            [TaskIn(title=f"No {no}", due_on=due, assignee_id=second) for no in range(3, 130)]
        )
    assert "99+ unread notices" in browser.get("/desk").text


def test_pages_follow_each_other_and_filters_narrow_them(firm: Firm, told: Told) -> None:
    second = firm.second.person_id
    due = firm.due(7)
    with firm.place.acting(firm.place.staff):
        commands.create(
            [TaskIn(title=f"Paged {no:03}", due_on=due, assignee_id=second) for no in range(120)]
        )
    browser = firm.place.browser(firm.second)
    seen: list[str] = []
    found: str | None = "/me/notices"
    while found:
        page = browser.get(found).text
        seen += re.findall(r">(Paged \d{3})<", page)
        following = re.search(r'href="([^"]*after=[^"]+)"', page)
        found = following[1].replace("&amp;", "&") if following else None
    assert len(seen) == len(set(seen)) == 120
    assert "Paged" in browser.get(f"/me/notices?client={firm.slug}&kind=task.assigned").text
    assert "Nothing fits this filter" in browser.get("/me/notices?kind=question.asked").text
    assert browser.get("/me/notices?after=x").status_code == 422


def test_all_are_marked_read_at_once_and_come_back(firm: Firm, told: Told) -> None:
    for no in range(3):
        firm.make(f"Many {no}", assignee_id=firm.second.person_id)
    browser = firm.place.browser(firm.second)
    browser.get("/me/notices")
    done = browser.post("/me/notices/read", {}, follow=True)
    assert "3 notices marked as read." in done.text
    assert told.count(firm.second) == 0
    back = re.findall(r'action="([^"]+/undo/[^"]+)"', done.text)[0]
    assert browser.post(back).status_code == 303
    assert told.count(firm.second) == 3
    one = told.of(firm.second)[0].notice.id
    assert "Marked as read." in browser.post(f"/me/notices/{one}/read", follow=True).text
    assert told.count(firm.second) == 2
    browser.post(f"/me/notices/{one}/unread")
    assert told.count(firm.second) == 3


def test_a_grant_that_ended_shows_nothing_and_opens_nothing(firm: Firm, told: Told) -> None:
    firm.make("Secret of the client", assignee_id=firm.second.person_id)
    browser = firm.place.browser(firm.second)
    notice = told.of(firm.second)[0].notice.id
    browser.get("/me/notices")
    told.change(
        "update guard.membership set valid_to = now() where user_id = %s and tenant_id = %s",
        firm.second.person_id,
        firm.place.tenant,
    )
    assert told.of(firm.second) == []
    assert told.count(firm.second) == 0
    assert "Secret of the client" not in browser.get("/me/notices?view=all").text
    assert browser.post(f"/me/notices/{notice}/open").status_code == 404
    assert browser.post(f"/me/notices/{notice}/read", follow=True).status_code == 200


def test_who_may_not_see_a_class_is_not_told_of_it(firm: Firm, told: Told) -> None:
    task, who = firm.make("Wages", assignee_id=firm.second.person_id), firm.second.person_id
    assert len(told.of(firm.second)) == 1
    told.change("update app.notice set class = 'payroll', read_at = now() where owner_id = %s", who)
    assert told.of(firm.second) == []
    assert told.count(firm.second) == 0
    told.change("update app.task set class = 'payroll' where id = %s", task)
    with firm.place.job():
        events.emit(TaskAssigned(task, firm.second.person_id, None))
    assert len(told.rows("select id from app.notice where owner_id = %s", who)) == 1
    told.change("update app.task set class = 'normal' where id = %s", task)
    with firm.place.job():
        events.emit(TaskAssigned(task, firm.second.person_id, None))
    assert len(told.of(firm.second)) == 1


def test_due_tasks_of_a_client_are_told_once_however_often_the_job_runs(
    firm: Firm, told: Told
) -> None:
    firm.make("Due soon", assignee_id=firm.place.staff.person_id, due_on=clock.today())
    for _no in range(2):
        with firm.place.job():
            roll.tell_due()
    assert kinds(told, firm.place.staff) == [("task.due", 1)]


def test_the_asker_hears_of_answers_and_the_books_of_questions(firm: Firm, told: Told) -> None:
    with firm.place.acting(firm.place.staff):
        question = questions.ask(
            line="accounting",
            subject_type="bank_transaction",
            subject_ids=firm.place.lines[:1],
            text="What was this?",
        )[0]
    with firm.place.acting(firm.place.owner):
        questions.answer(question, text="Paper")
        questions.answer(question, text="And ink")
        questions.ask_provider(line="accounting", text="When do we pay?")
    assert ("question.answered", 2) in kinds(told, firm.place.staff)
    assert ("question.asked", 1) in kinds(told, firm.second)
    titles = {one.title for one in told.of(firm.place.staff)}
    assert "What was this?" in titles


def test_a_note_names_and_sends_back(firm: Firm, told: Told) -> None:
    told.change("update guard.person set name = 'Ida Holm' where id = %s", firm.manager.person_id)
    line = str(firm.place.lines[0])
    with firm.place.acting(firm.place.staff):
        for audience, text in (("team", "@Ida Holm look"), ("sent_back", "Wrong account")):
            notes.write(
                line="accounting",
                subject_type="bank_transaction",
                subject_key=line,
                text=text,
                audience=audience,  # type: ignore[arg-type]  # one of its words
                to_person=firm.second.person_id if audience == "sent_back" else None,
            )
    assert kinds(told, firm.manager) == [("note.mentioned", 1)]
    assert kinds(told, firm.second) == [("note.sent-back", 1)]
    browser = firm.place.browser(firm.second)
    notice = told.of(firm.second)[0].notice.id
    browser.get("/me/notices")
    first = browser.post(f"/me/notices/{notice}/open")
    assert first.headers["Location"].endswith(f"/me/notices/{notice}")
    assert line in browser.get(first.headers["Location"]).headers["Location"]


def test_a_job_that_died_tells_its_person(firm: Firm, told: Told) -> None:
    with firm.place.acting(firm.place.staff):
        made = jobs.enqueue("mail.deliver", {"mail": "no id"}, title="Import of x.csv")
    told.change("update app.job set retries = 1 where id = %s", made)
    jobs.run_due(firm.place.worker_app)
    found = [one for one in told.of(firm.place.staff) if one.notice.kind == "job.failed"]
    assert [(one.text, one.title) for one in found] == [
        ("A job could not be finished", "Import of x.csv")
    ]


def test_what_the_filter_does_not_show_is_not_marked_read(firm: Firm, told: Told) -> None:
    firm.make("Of a line", assignee_id=firm.second.person_id)
    firm.make("Of a class", assignee_id=firm.second.person_id)
    told.change(
        "update app.notice set class = 'payroll' where owner_id = %s and subject_key in"
        " (select id::text from app.task where title = 'Of a class')",
        firm.second.person_id,
    )
    browser = firm.place.browser(firm.second)
    browser.get("/me/notices")
    done = browser.post("/me/notices/read", {}, follow=True)
    assert "1 notice marked as read." in done.text
    left = told.rows(
        "select class from app.notice where owner_id = %s and read_at is null",
        firm.second.person_id,
    )
    assert left == [("payroll",)]


def test_without_a_chosen_way_a_kind_is_not_shown_and_comes_back_when_chosen(
    firm: Firm, told: Told
) -> None:
    browser = firm.place.browser(firm.second)
    page = browser.get("/me/notices/settings")
    assert page.status_code == 200
    assert "Saved." in browser.post("/me/notices/settings", wish("task.assigned"), follow=True).text
    firm.make("Not told", assignee_id=firm.second.person_id)
    assert told.of(firm.second) == []
    saved = browser.post("/me/notices/settings", wish("task.assigned", shown=True), follow=True)
    assert "Saved." in saved.text
    firm.make("Told", assignee_id=firm.second.person_id)
    assert [one.title for one in told.of(firm.second)] == ["Told"]


def wish(kind: str, *, shown: bool = False, mail: str = "off") -> dict[str, str]:
    values = {"wishes.0.kind": kind, "wishes.0.by_mail": mail, "all_mails": "true"}
    return values | ({"wishes.0.in_app": "true"} if shown else {})


def test_safety_cannot_be_switched_off_and_hours_are_kept(firm: Firm, told: Told) -> None:
    browser = firm.place.browser(firm.second)
    browser.get("/me/notices/settings")
    refused = browser.post("/me/notices/settings", wish("security.grant"))
    assert refused.status_code == 422
    assert "is always told" in refused.text
    hours = {"hours": ["6", "18"], "quiet_from": "20", "quiet_to": "5", "every_day": "true"}
    assert "Saved." in browser.post("/me/notices/hours", hours, follow=True).text
    many = {"hours": [str(one) for one in range(9)], "quiet_from": "20", "quiet_to": "5"}
    assert "at most 6 hours" in browser.post("/me/notices/hours", many).text
    far = hours | {"paused_until": "2300-01-01"}
    assert browser.post("/me/notices/hours", far).status_code == 422
    past = hours | {"paused_until": (clock.today() - timedelta(days=1)).isoformat()}
    assert browser.post("/me/notices/hours", past).status_code == 422


def test_many_tasks_given_at_once_are_told_in_a_few_statements(firm: Firm, told: Told) -> None:
    due, second = firm.due(7), firm.second.person_id
    count = 0

    def counted(*_args: object) -> None:
        nonlocal count
        count += 1

    with firm.place.acting(firm.place.staff):
        engine = session.get_bind()
        sa.event.listen(engine, "before_cursor_execute", counted)
        try:
            commands.create(
                [TaskIn(title=f"Bulk {no}", due_on=due, assignee_id=second) for no in range(1000)]
            )
        finally:
            sa.event.remove(engine, "before_cursor_execute", counted)
    assert count < 20
    assert told.rows("select count(*) from app.notice where owner_id = %s", second) == [(1000,)]


def test_old_notices_end_and_unread_ones_stay_a_year(firm: Firm, told: Told) -> None:
    for no in range(3):
        firm.make(f"Old {no}", assignee_id=firm.second.person_id)
    ids = [one.notice.id for one in told.of(firm.second)]
    told.change(
        "update app.notice set last_at = now() - interval '100 days',"
        " read_at = now() - interval '95 days' where id = %s",
        ids[0],
    )
    told.change("update app.notice set last_at = now() - interval '100 days' where id = %s", ids[1])
    with firm.place.job():
        assert session.execute(sa.text("select app.forget_notices()")).scalar() == 1
    left = {one.notice.id for one in told.of(firm.second, unread=False)}
    assert left == {ids[1], ids[2]}
