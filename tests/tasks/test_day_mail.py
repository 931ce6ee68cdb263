"""The day's mail of questions: one a person and day, in daytime, reminded, stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
from flask import Flask

from app.kernel import approval_rules, approvals, clock, jobs, mail, mail_sending, undo
from app.kernel.approval_rules import PolicyIn
from app.kernel.day_mail import DayMailItem
from app.tasks import day_mail, questions
from app.tasks.client_requests import commands as lists
from app.tasks.client_requests import queries, secrets
from tests import factories
from tests.tasks import list_stage, request_stage
from tests.tasks.request_stage import Place, ask


def _sent(place: Place, at: datetime) -> int:
    with place.job(), clock.frozen(at):
        return day_mail.send_due()


def _monday() -> datetime:
    """A Monday after now, at midnight UTC; the client lives in Berlin or London."""
    now = datetime.now(UTC)
    return (now + timedelta(days=7 - now.weekday())).replace(
        hour=0, minute=0, second=0, microsecond=0
    )


def test_all_questions_come_in_one_mail_a_day_in_daytime_and_stop_when_answered(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Mailed")
    one, two = ask(place, text="First thing?"), ask(place, text="Second thing?")
    monday = _monday()
    assert _sent(place, monday + timedelta(hours=3)) == 0  # at night
    assert _sent(place, monday - timedelta(hours=12)) == 0  # a Sunday
    assert _sent(place, monday + timedelta(hours=9)) == 1
    assert _sent(place, monday + timedelta(hours=11)) == 0  # once a day
    row = admin.execute(
        "select template, params, to_person from app.mail_message"
        " where tenant_id = %s and template = 'question.day'",
        (place.tenant,),
    ).fetchone()
    assert row is not None
    assert row[2] == place.owner.person_id
    assert row[1]["questions"] == "– First thing?\n– Second thing?"
    assert row[1]["link"] == f"/portal/{place.slug}/questions/next"
    assert _sent(place, monday + timedelta(days=1, hours=9)) == 0  # nothing new
    assert _sent(place, monday + timedelta(days=3, hours=9)) == 1  # reminded
    with place.acting(place.owner):
        questions.answer(one, chip="Wages")
        questions.answer(two, text="Also wages")
    assert _sent(place, monday + timedelta(days=7, hours=9)) == 0  # stopped


def test_reminders_come_after_three_and_seven_days_and_then_no_more(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Reminded")
    ask(place)
    monday = _monday() + timedelta(hours=10)
    days = [day for day in range(22) if _sent(place, monday + timedelta(days=day))]
    assert days == [0, 3, 7]


def test_a_mail_says_no_amount_in_its_subject_and_is_rendered_line_by_line() -> None:
    params = {
        "provider": "Meridian",
        "client": "Quern",
        "name": "Ada",
        "questions": "– a <b>?\n– c?",
        "link": "",
    }
    letter = mail_sending.render(day_mail.TEMPLATE, params, "en")
    assert letter.subject == "Meridian has questions for Quern"
    assert "– a &lt;b&gt;?<br>– c?" in letter.html


def test_only_who_may_answer_is_mailed_each_in_their_own_day(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Abroad")
    far = factories.make_person(admin, "client", "Kei Ito")
    factories.grant(admin, place.tenant, far, role="member", lines=("accounting",))
    admin.execute(
        "insert into guard.person_setting (person_id, time_zone) values (%s, 'Asia/Tokyo')", (far,)
    )
    viewer = factories.make_person(admin, "client", "Vi Ewer")
    factories.grant(
        admin, place.tenant, viewer, role="viewer", lines=("accounting",), may_write=False
    )
    admin.commit()
    ask(place)

    def mailed() -> list[object]:
        rows = admin.execute(
            "select to_person from app.mail_message where tenant_id = %s"
            " and template = 'question.day' order by id",
            (place.tenant,),
        ).fetchall()
        admin.rollback()
        return [row[0] for row in rows]

    monday = _monday()
    assert _sent(place, monday + timedelta(hours=1)) == 1  # ten o'clock in Tokyo
    assert mailed() == [far]
    assert _sent(place, monday + timedelta(hours=9, minutes=30)) == 1
    assert mailed() == [far, place.owner.person_id]


def test_the_mails_link_leads_to_the_question_after_signing_in(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Linked")
    asked = ask(place)
    address = f"/portal/{place.slug}/questions/next"
    stranger = app.test_client().get(address)
    assert stranger.status_code == 303
    assert "questions" in stranger.headers["Location"]
    owner = place.browser(place.owner).get(address)
    assert owner.headers["Location"].endswith(f"/questions/{asked}")
    with place.acting(place.owner):
        questions.answer(asked, text="Done")
    after = place.browser(place.owner).get(address)
    assert after.headers["Location"].endswith("/questions")


def test_what_nobody_answered_for_months_is_not_mailed_anew(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Months")
    ask(place)
    monday = _monday() + timedelta(hours=10)
    weeks = [week for week in range(20) if _sent(place, monday + timedelta(weeks=week))]
    assert weeks == [0, 1, 2]


def test_a_new_report_is_told_once_beside_what_is_reminded_of(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "News")
    asked_at = datetime.now(UTC)
    news = DayMailItem("report", uuid4(), "accounting", "October", asked_at, "/", once=True)
    asked = DayMailItem("question", uuid4(), "accounting", "What?", asked_at, "/")
    reader = day_mail.Reader(place.owner.person_id, "Ada", "en", "UTC")
    with place.job():
        row = {"name": "Quern", "slug": place.slug}
        today = day_mail.Today(asked_at.date(), [asked])
        kept = day_mail._mail(reader, [asked, news], row, today)  # type: ignore[arg-type]  # a mapping
    assert [one["items"] for one in kept] == [asked.id]
    sent = admin.execute(
        "select params->>'questions' from app.mail_message where tenant_id = %s", (place.tenant,)
    ).fetchall()
    assert sent == [("– What?",)]


def _waiting_mail(place: Place) -> str:
    """The id of the mail that waits to be sent."""
    with place.job():
        (found,) = [
            one
            for one in mail.recent(limit=5)
            if one.state == "queued" and one.template in {day_mail.TEMPLATE, day_mail.MIXED}
        ]
    return str(found.id)


def _delivered(place: Place, mail_id: str, *, at: datetime) -> mail.MailView:
    """The mail after it was to leave at this moment."""
    with place.worker_app.app_context(), clock.frozen(at):
        jobs.run_due(place.worker_app)
    with place.job():
        return next(one for one in mail.recent(limit=50) if str(one.id) == mail_id)


def test_a_mail_that_waits_asks_no_more_for_what_was_answered_meanwhile(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Waits")
    one, two = ask(place, text="First thing?"), ask(place, text="Second thing?")
    monday = _monday() + timedelta(hours=10)
    assert _sent(place, monday) == 1
    waits = _waiting_mail(place)
    with place.acting(place.owner):
        questions.answer(one, chip="Wages")
    left = _delivered(place, waits, at=monday)
    assert left.state == "kept"
    assert "Second thing?" in left.text
    assert "First thing?" not in left.text
    assert _sent(place, monday + timedelta(days=3)) == 1  # reminded of the second
    waits = _waiting_mail(place)
    with place.acting(place.staff):
        questions.withdraw(two)
    assert _delivered(place, waits, at=monday).state == "overtaken"


def test_the_link_of_a_list_stands_at_its_line_where_the_mail_names_more(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Mixed")
    listed = list_stage.sent(place)
    monday = _monday() + timedelta(hours=10)
    ask(place, text="And this?")
    assert _sent(place, monday) == 1
    told = _delivered(place, _waiting_mail(place), at=monday).text
    with place.acting(place.staff):
        path = next(secrets.path(link.id) for link in queries.links(listed))
    lines = told.splitlines()
    place_of = next(n for n, line in enumerate(lines) if "Who drives it?" in line)
    assert lines[place_of + 1].strip().endswith(path)
    assert app.test_client().get(path).status_code == 200


def test_an_accepted_given_or_withdrawn_list_is_not_mailed_though_its_mail_waited(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Ended")
    monday = _monday() + timedelta(hours=10)
    for days, ends in enumerate(("given", "accepted", "withdrawn")):
        listed = list_stage.sent(place)
        (item,) = list_stage.items(place, listed)
        assert _sent(place, monday + timedelta(days=days)) == 1
        waits = _waiting_mail(place)
        if ends == "withdrawn":
            with place.acting(place.staff):
                lists.withdraw(listed)
        else:
            with place.acting(place.owner):
                lists.give(item, text="Ada")
        if ends == "accepted":
            with place.acting(place.staff):
                lists.accept([item])
        assert _delivered(place, waits, at=monday).state == "overtaken", ends


def test_a_mail_whose_server_comes_back_at_night_leaves_in_the_morning_as_that_days_mail(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Night")
    ask(place, text="Before the weekend?")
    friday = _monday() + timedelta(days=4, hours=12)
    assert _sent(place, friday) == 1
    waits = _waiting_mail(place)
    saturday = _monday() + timedelta(days=5, hours=2)
    assert _delivered(place, waits, at=saturday).state == "queued"
    ask(place, text="On Saturday?")
    monday = _monday() + timedelta(days=7, hours=10)
    assert _sent(place, monday) == 0  # the mail of Friday is Monday's
    moved = admin.execute(
        "update app.job set run_after = now() where tenant_id = %s and kind = 'mail.deliver'"
        " and state = 'due' returning (select max(run_after) from app.job"
        " where tenant_id = %s and kind = 'mail.deliver')",
        (place.tenant, place.tenant),
    ).fetchone()
    admin.commit()
    assert moved is not None
    morning = moved[0].astimezone(ZoneInfo("Europe/London"))
    assert (morning.date(), morning.hour) == (monday.date(), day_mail.FIRST_HOUR)
    assert "Before the weekend?" in _delivered(place, waits, at=monday).text
    assert _sent(place, monday + timedelta(days=1)) == 1  # what was asked on Saturday


def test_an_approval_that_its_reader_decided_meanwhile_stands_no_more_in_their_mail(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Decided")
    factories.owner(admin, place.tenant)
    waits, sha = _for_two_owners(place, admin)
    ask(place, text="And this?")
    monday = _monday() + timedelta(hours=10)
    assert _sent(place, monday) == 2
    with place.acting(place.owner):
        assert approvals.decide(waits, "approve", content_sha=sha) == "pending"
    with place.job():
        mails = [one for one in mail.recent(limit=9) if one.template == day_mail.MIXED]
    told = [_delivered(place, str(one.id), at=monday).text for one in mails]
    assert sorted("Rent of both" in text for text in told) == [False, True]


def _for_two_owners(place: Place, admin: psycopg.Connection) -> tuple[UUID, str]:
    """An approval that both owners of the client have to give, and its hash."""
    boss = factories.staff(admin, place.tenant, role="operations_manager", lines=("accounting",))
    with place.acting(boss):
        policy = PolicyIn(kind="entry.post", title="Both", provider_needed=0, client_needed=2)
        approval_rules.keep(uuid4(), policy)
    with place.acting(place.staff):
        made = approvals.request(
            "entry.post",
            subject_type="entry_draft",
            subject_id=uuid4(),
            line="accounting",
            title="Rent of both",
            content={"amount": "2000"},
            amount_minor=200_000,
            currency="EUR",
        )
        return made, approvals.one(made).content_sha


def _days_mailed(place: Place, days: range) -> list[int]:
    """The days from a Monday on, at eleven or twelve, on which a mail was written."""
    monday = _monday() + timedelta(hours=10)
    return [day for day in days if _sent(place, monday + timedelta(days=day))]


def test_what_is_sent_back_added_or_put_back_is_mailed_and_reminded_of_anew(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    place = request_stage.build(app, worker_app, admin, "Anew")
    listed = list_stage.sent(place)
    (item,) = list_stage.items(place, listed)
    assert _days_mailed(place, range(14)) == [0, 3, 7]
    with place.acting(place.owner):
        lists.give(item, text="me")
    with place.acting(place.staff):
        lists.send_back(item, reason="The full name, please")
    assert _days_mailed(place, range(14, 28)) == [14, 17, 21]
    with place.acting(place.staff):
        more = lists.add(listed, list_stage.CONFIRMATION)
    assert _days_mailed(place, range(28, 42)) == [28, 31, 35]
    with place.acting(place.staff):
        token = lists.drop(more)
    with place.acting(place.staff):
        undo.take(token)
    assert _days_mailed(place, range(42, 56)) == [42, 45, 49]
