"""Digests: at chosen hours of one's own zone, once, nothing that was read; a kind is stopped."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.cli import install
from app.kernel import clock, jobs, mail_sending, notices
from app.kernel.settings import Settings
from app.tasks.notices import digest, mailing
from app.tasks.notices.digest import Waiting
from app.tasks.notices.queries import Hours
from tests.http import Browser
from tests.tasks import notice_stage, work_stage
from tests.tasks.notice_stage import Told, monday
from tests.tasks.work_stage import Firm

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def firm(app: Flask, worker_app: Flask, settings: Settings) -> Firm:
    """A client with its people."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return work_stage.build(app, worker_app, admin)


@pytest.fixture
def told(app: Flask, worker_app: Flask, settings: Settings) -> Told:
    """What people were told and mailed."""
    return notice_stage.build(app, worker_app, settings)


def given_tasks(firm: Firm, told: Told, count: int = 2) -> None:
    for no in range(count):
        firm.make(f"Mailed {no}", assignee_id=firm.second.person_id)
    told.zone(firm.second, "UTC")


def test_a_digest_comes_once_at_its_hour_and_names_no_thing(firm: Firm, told: Told) -> None:
    given_tasks(firm, told)
    told.age(firm.second, monday(2))
    assert told.mail(monday(3)) == 0  # at night
    assert told.mail(monday(7)) == 0  # before the first hour
    assert told.mail(monday(8)) == 1
    assert told.mail(monday(8) + timedelta(minutes=15)) == 0
    assert told.mail(monday(13)) == 0  # nothing new
    letter = told.letters(firm.second)[0]
    assert "You were given 2 tasks" in letter.text
    assert "Quern" in letter.text
    assert "Mailed" not in letter.text + letter.html + letter.subject
    assert f"/me/notices?client={firm.slug}" in letter.text
    assert letter.stop.startswith("/n/")
    plain = told.rows(
        "select body_text, params::text from app.mail_message where to_person = %s",
        firm.second.person_id,
    )
    assert plain == [(None, "{}")]


def test_what_was_read_or_may_no_longer_be_read_is_not_mailed(firm: Firm, told: Told) -> None:
    given_tasks(firm, told)
    browser = firm.place.browser(firm.second)
    browser.get("/me/notices")
    browser.post("/me/notices/read")
    assert told.mail(monday(8)) == 0
    given_tasks(firm, told, 1)
    told.change(
        "update guard.membership set valid_to = now() where user_id = %s and tenant_id = %s",
        firm.second.person_id,
        firm.place.tenant,
    )
    assert told.mail(monday(8)) == 0
    assert told.letters(firm.second) == []


def test_what_dies_between_taking_and_committing_is_mailed_by_the_next_run(
    firm: Firm, told: Told
) -> None:
    given_tasks(firm, told)

    def dies() -> None:
        with told.mailing(), clock.frozen(monday(8)):
            assert mailing.send_due() == 1
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        dies()
    assert told.letters(firm.second) == []
    assert told.mail(monday(8)) == 1
    assert told.mail(monday(8)) == 0
    assert len(told.letters(firm.second)) == 1


def test_quiet_hours_pauses_and_weekends_hold_mails_but_never_safety(
    firm: Firm, told: Told
) -> None:
    given_tasks(firm, told)
    browser = firm.place.browser(firm.second)
    browser.get("/me/notices/settings")
    away = (monday(weeks=2)).date()
    hours = {"hours": ["8"], "quiet_from": "19", "quiet_to": "7", "paused_until": away.isoformat()}
    assert "Saved." in browser.post("/me/notices/hours", hours, follow=True).text
    assert told.mail(monday(9)) == 0  # paused
    assert told.mail(monday(9, weeks=2) - timedelta(days=1)) == 0  # a Sunday, and paused
    told.change(
        "select app.put_notices(%s, null, %s)",
        told.provider,
        psycopg.types.json.Jsonb(
            [
                {
                    "kind": "security.factor",
                    "subject_type": "credential",
                    "subject_key": "totp",
                    "line": "member",
                    "class": "normal",
                    "person": str(firm.second.person_id),
                    "adds": True,
                    "own": True,
                    "mail": "at_once",
                }
            ]
        ),
    )
    assert told.mail(monday(2)) == 1  # safety waits for nothing
    assert "A way to sign in was changed" in told.letters(firm.second)[0].text
    assert "Mailed" not in told.letters(firm.second)[0].text
    assert told.mail(monday(9, weeks=2)) == 1
    assert "You were given 2 tasks" in told.letters(firm.second)[1].text


def test_a_kind_at_once_is_mailed_without_waiting_for_the_hour(firm: Firm, told: Told) -> None:
    browser = firm.place.browser(firm.second)
    browser.get("/me/notices/settings")
    values = {"wishes.0.kind": "task.assigned", "wishes.0.in_app": "true"}
    browser.post(
        "/me/notices/settings", values | {"wishes.0.by_mail": "at_once", "all_mails": "true"}
    )
    given_tasks(firm, told, 1)
    assert told.mail(monday(10)) == 1
    given_tasks(firm, told, 1)
    assert told.mail(monday(10) + timedelta(minutes=5)) == 1


def test_the_clients_people_get_no_digest_beside_their_mail_of_the_day(
    firm: Firm, told: Told
) -> None:
    with firm.place.acting(firm.place.owner):
        from app.tasks import questions

        asked = questions.ask_provider(line="accounting", text="When do we pay?")
    with firm.place.acting(firm.place.staff):
        questions.answer(asked, text="On Friday")
    assert [one.notice.kind for one in told.of(firm.place.owner)] == ["question.answered"]
    told.mail(monday(8))
    assert told.letters(firm.place.owner) == []


def test_a_link_stops_one_kind_without_signing_in_and_goes_back(firm: Firm, told: Told) -> None:
    given_tasks(firm, told)
    told.mail(monday(8))
    link = told.letters(firm.second)[0].stop
    stranger = Browser(firm.place.app)
    shown = stranger.get(link)
    assert "Stop these mails?" in shown.text
    assert "A task was given to you" in shown.text
    assert "Quern" not in shown.text
    given_tasks(firm, told, 1)  # looked at, not stopped
    done = stranger.client.post(link, data={"act": "stop"}, follow_redirects=True)
    assert "These mails have stopped" in done.text
    assert told.mail(monday(13)) == 0
    assert told.count(firm.second) == 3  # in the product as before
    back = stranger.client.post(link, data={"act": "again"}, follow_redirects=True)
    assert "Stop these mails?" in back.text
    firm.make("Mailed again", assignee_id=firm.second.person_id)
    assert told.mail(monday(8, weeks=2)) == 1


def test_a_mail_program_stops_by_one_click(firm: Firm, told: Told) -> None:
    given_tasks(firm, told)
    told.mail(monday(8))
    link = told.letters(firm.second)[0].stop
    posted = firm.place.app.test_client().post(
        link,
        data="List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert posted.status_code == 200
    for _no in range(2):  # once more changes nothing
        firm.place.app.test_client().post(link, data={"List-Unsubscribe": "One-Click"})
    assert "These mails have stopped" in Browser(firm.place.app).get(link).text
    person = str(firm.second.person_id)
    noted = "select count(*) from guard.audit where act = 'notice.stop' and detail->>'person' = %s"
    assert told.rows(noted, person) == [(1,)]


def test_every_mail_is_stopped_and_safety_stays(firm: Firm, told: Told) -> None:
    given_tasks(firm, told)
    told.mail(monday(8))
    text = told.letters(firm.second)[0].text
    links = re.findall(r"https?://\S+(/n/\S+)", text)
    assert len(links) == 2  # the kind, and all
    client = firm.place.app.test_client()
    client.post(links[-1], data={"act": "stop"})
    firm.make("Nothing by mail", assignee_id=firm.second.person_id)
    assert told.mail(monday(13)) == 0
    page = firm.place.browser(firm.second).get("/me/notices/settings").text
    assert 'name="all_mails" value="true">' in page
    assert '<option value="digest" selected>' in page  # each kind's own wish waits for the way back
    client.post(links[-1], data={"act": "again"})
    firm.make("By mail again", assignee_id=firm.second.person_id)
    assert told.mail(monday(8, weeks=2)) == 1
    assert client.post("/n/made-up", data={"act": "stop"}).status_code == 404
    assert client.get("/n/made-up").status_code == 404


def test_the_mail_carries_both_headers_of_one_click(firm: Firm, told: Told) -> None:
    given_tasks(firm, told)
    told.mail(monday(8))
    letter = told.letters(firm.second)[0]
    sent: list[object] = []

    class Server:
        """Takes what would be sent."""

        def __enter__(self) -> Server:
            return self

        def __exit__(self, *_args: object) -> None:
            return None

        def send_message(self, message: object) -> None:
            sent.append(message)

    patch = pytest.MonkeyPatch()
    patch.setattr(mail_sending, "_server", lambda _url: Server())
    settings: Settings = firm.place.worker_app.extensions["settings"]
    patch.setitem(
        firm.place.worker_app.extensions,
        "settings",
        settings.model_copy(update={"smtp_url": "smtp://localhost"}),
    )
    try:
        jobs.run_due(firm.place.worker_app)
    finally:
        patch.undo()
    found = [one for one in sent if letter.subject == one["Subject"]]  # type: ignore[index]  # a message
    assert found
    message = found[-1]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"  # type: ignore[index]
    assert letter.stop in message["List-Unsubscribe"]  # type: ignore[index]


def test_two_runs_at_once_write_one_mail(firm: Firm, told: Told) -> None:
    given_tasks(firm, told)
    with ThreadPoolExecutor(1) as pool, clock.frozen(monday(8)):
        with told.mailing():
            first = mailing.send_due()
            second = pool.submit(told.mail, monday(8))  # begins before we end
            assert wait([second], timeout=1).not_done or second.result() == 0
        assert (first, second.result(timeout=60)) == (1, 0)
    assert len(told.letters(firm.second)) == 1


@pytest.mark.parametrize(
    ("hour", "day", "instant"),
    [
        (2, date(2026, 3, 29), datetime(2026, 3, 29, 1, tzinfo=UTC)),  # left out: 3 o'clock summer
        (3, date(2026, 3, 29), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (2, date(2026, 10, 25), datetime(2026, 10, 25, 0, tzinfo=UTC)),  # twice: the first
        (8, date(2026, 10, 25), datetime(2026, 10, 25, 7, tzinfo=UTC)),
    ],
)
def test_an_hour_of_a_night_of_changed_clocks_comes_once(
    hour: int, day: date, instant: datetime
) -> None:
    wanted = Hours((hour,), every_day=True)
    end = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
    assert digest.last_slot(end, wanted, BERLIN) == instant


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001  # made aware below
    st.lists(st.integers(0, 23), max_size=6, unique=True),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC"]),
    st.booleans(),
)
def test_the_last_hour_has_come_and_no_digest_is_told_twice(
    naive: datetime, hours: list[int], zone: str, every_day: bool
) -> None:
    now, wanted = naive.replace(tzinfo=UTC), Hours(tuple(hours), every_day, 0, 0)
    slot = digest.last_slot(now, wanted, ZoneInfo(zone))
    if not hours:
        assert slot is None
        return
    assert slot is not None
    assert slot <= now
    waiting = Waiting(slot - timedelta(hours=1), at_once=False, safety=False)
    first = digest.due(waiting, wanted, zone=ZoneInfo(zone), had=None, now=now)
    again = digest.due(waiting, wanted, zone=ZoneInfo(zone), had=slot, now=now)
    assert again is None
    assert first is None or first.slot == slot


def test_what_goes_at_once_wakes_the_job_and_is_mailed(
    firm: Firm, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr("app.kernel.jobs.wake", woken.append)
    given_tasks(firm, told, 1)
    assert woken == []
    told.change(
        "insert into app.notice_choice (tenant_id, owner_id, kind, in_app, by_mail)"
        " values (%s, %s, 'task.assigned', true, 'at_once')",
        told.provider,
        firm.second.person_id,
    )
    given_tasks(firm, told, 1)
    assert woken == [notices.JOB]
    with clock.frozen(monday(10)):
        assert jobs.run_due(firm.place.worker_app, kinds=[notices.JOB]) >= 1
    (letter,) = told.letters(firm.second)
    assert "You were given 2 tasks" in letter.text  # what waited for its hour goes along
