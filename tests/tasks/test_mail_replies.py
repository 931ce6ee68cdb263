"""Replying to a mail of ours answers: words, files, several things; machines and forgers not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.kernel import mail
from app.kernel.db import session
from app.tasks.client_requests import commands, happened, links
from tests import factories
from tests.tasks import list_stage, reply_stage, request_stage
from tests.tasks.list_stage import ANSWER, CONFIRMATION, FILE
from tests.tasks.reply_stage import QUOTED, address_of, email, letter, mailed, replied, replies
from tests.tasks.request_stage import PDF, Place


@pytest.fixture(scope="module")
def place(settings: object, app: Flask, worker_app: Flask) -> Iterator[Place]:
    """A client of an installation that takes mail in."""
    with reply_stage.place_that_takes_mail(settings, app, worker_app, "Replied") as found:
        yield found


@pytest.fixture
def fresh(place: Place, admin: psycopg.Connection) -> None:
    """Nothing is open of what other tests asked, and nobody was mailed."""
    reply_stage.forget(place, admin)


def test_the_words_above_the_quote_answer_the_one_thing_that_is_open(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    listed = list_stage.sent(place)
    mail_id = mailed(place)
    raw = letter(email(admin, place), QUOTED)
    assert replied(place, address_of(place, mail_id).upper(), raw) == 201
    assert replies(admin, mail_id) == [("placed", "Ada drives it.")]
    assert list_stage.states(place, listed) == ("open", ["given"])
    act = admin.execute(
        "select a.text, a.by_person from app.request_act a join app.request_item i"
        " on i.id = a.item_id where i.list_id = %s",
        (listed,),
    ).fetchall()
    assert act == [("Ada drives it.", place.owner.person_id)]
    shown = place.browser(place.staff).get(f"/c/{place.slug}/requests/{listed}").text
    assert "Ada drives it." in shown


def test_attached_files_become_papers_of_the_thing_that_wants_files(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    listed = list_stage.sent(place, (FILE, ANSWER))
    mail_id = mailed(place)
    raw = letter(email(admin, place), "Here it is", ("van.pdf", PDF + b"by mail"))
    assert replied(place, address_of(place, mail_id), raw) == 201
    assert list_stage.states(place, listed) == ("open", ["given", "waiting"])
    page = place.browser(place.staff).get(f"/c/{place.slug}/requests/{listed}").text
    assert "van.pdf" in page
    assert "Here it is" in page


def test_a_reply_answers_a_question_in_the_name_of_whom_it_came_from(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    asked = request_stage.ask(place, text="What was this?")
    mail_id = mailed(place)
    assert (
        replied(
            place,
            address_of(place, mail_id),
            letter(email(admin, place), "Fuel"),
        )
        == 201
    )
    row = admin.execute(
        "select q.state, q.answered_by, a.text, a.answered_by from app.question q"
        " join app.answer a on a.question_id = q.id where q.id = %s",
        (asked,),
    ).fetchone()
    owner = place.owner.person_id
    assert row == ("answered", owner, "Fuel", owner)


def test_what_may_answer_several_things_waits_for_staff_who_place_it(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    listed = list_stage.sent(place, (ANSWER, CONFIRMATION))
    answer, confirmation = list_stage.items(place, listed)
    mail_id = mailed(place)
    sender = email(admin, place)
    for text in ("Ada, and yes", "Thank you"):
        assert replied(place, address_of(place, mail_id), letter(sender, text)) == 201
    assert list_stage.states(place, listed) == ("open", ["waiting", "waiting"])
    staff = place.browser(place.staff)
    base = f"/c/{place.slug}/requests/mail"
    assert base in staff.get(f"/c/{place.slug}/requests").text
    page = staff.get(base).text
    assert "Ada, and yes" in page
    found = admin.execute(
        "select id from app.mail_reply where address_id = %s order by id", (mail_id,)
    ).fetchall()
    (first,), (second,) = found
    admin.rollback()
    empty = staff.post(f"{base}/{first}/place", {"item_id": str(confirmation)})
    assert empty.status_code == 409
    said = {"item_id": str(confirmation), "confirmed": "true"}
    assert staff.post(f"{base}/{first}/place", said).status_code == 303
    assert staff.post(f"{base}/{second}/aside", {}).status_code == 303
    assert f"{base}/{second}/place" not in staff.get(base).text
    again = staff.post(f"{base}/{first}/place", {"item_id": str(answer)})
    assert again.status_code == 409
    assert list_stage.states(place, listed) == ("open", ["waiting", "given"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Auto_Response_Suppress": "All", "Subject": "Automatic reply: What is new"},
        {"Return_Path": "<>"},
        {"X_Vacation": "yes"},
        {"X_Auto_Reply": "yes"},
        {"List_Unsubscribe": "<https://b.example>"},
        {"Subject": "Out of office: What is new"},
    ],
    ids=[
        "auto-submitted",
        "precedence",
        "suppress",
        "empty return path",
        "vacation",
        "auto-reply",
        "list",
        "out of office",
    ],
)
def test_what_a_machine_wrote_answers_nothing_and_is_not_answered(
    place: Place, admin: psycopg.Connection, fresh: None, headers: dict[str, str]
) -> None:
    del fresh
    listed = list_stage.sent(place)
    mail_id = mailed(place)
    mails = "select count(*) from app.mail_message where tenant_id = %s"
    before = admin.execute(mails, (place.tenant,)).fetchone()
    raw = letter(email(admin, place), "I am away until Monday.", **headers)
    assert replied(place, address_of(place, mail_id), raw) == 201
    assert replies(admin, mail_id) == [("automated", "I am away until Monday.")]
    assert list_stage.states(place, listed) == ("open", ["waiting"])
    assert admin.execute(mails, (place.tenant,)).fetchone() == before


def test_a_person_whose_server_wants_no_automatic_answers_answers(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    listed = list_stage.sent(place)
    mail_id = mailed(place)
    raw = letter(email(admin, place), "Ada", X_Auto_Response_Suppress="OOF")
    assert replied(place, address_of(place, mail_id), raw) == 201
    assert replies(admin, mail_id) == [("placed", "Ada")]
    assert list_stage.states(place, listed) == ("open", ["given"])


def test_another_sender_is_held_and_a_forged_or_old_address_is_refused(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    listed = list_stage.sent(place)
    mail_id = mailed(place)
    to = address_of(place, mail_id)
    assert replied(place, to, letter("thief@example.com", "Me")) == 201
    assert replies(admin, mail_id) == [("held", "")]
    held = admin.execute(
        "select reason from app.held_file where tenant_id = %s order by id desc limit 1",
        (place.tenant,),
    ).fetchone()
    assert held == ("file-mail-sender",)
    forged = to[:-2] + ("aa" if to[-2:] != "aa" else "bb")
    assert replied(place, forged, letter(email(admin, place), "Me")) == 404
    assert replied(place, f"reply-{'a' * 42}", letter("a@b.example", "Me")) == 404
    admin.execute("update guard.principal set expires_at = now() where object_id = %s", (mail_id,))
    admin.commit()
    assert replied(place, to, letter(email(admin, place), "Late")) == 404
    assert list_stage.states(place, listed) == ("open", ["waiting"])


def test_who_may_answer_no_more_is_held(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    listed = list_stage.sent(place)
    mail_id = mailed(place)
    sender = email(admin, place)
    ended = "update guard.membership set valid_to = %s where user_id = %s and tenant_id = %s"
    who = (place.owner.person_id, place.tenant)
    admin.execute(ended, (datetime.now(UTC) - timedelta(seconds=1), *who))
    admin.commit()
    assert replied(place, address_of(place, mail_id), letter(sender, "Me")) == 201
    admin.execute(ended, (None, *who))
    admin.commit()
    assert replies(admin, mail_id) == [("held", "")]
    assert list_stage.states(place, listed) == ("open", ["waiting"])


def test_the_same_message_handed_over_twice_is_one_reply_and_another_is_not_lost(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    listed = list_stage.sent(place)
    mail_id = mailed(place)
    to, sender = address_of(place, mail_id), email(admin, place)
    raw = letter(sender, "Ada")
    again = b"Received: from another server\r\n" + raw
    for one in (raw, again, raw, letter(sender, "Ada")):
        assert replied(place, to, one) == 201
    assert replies(admin, mail_id) == [("placed", "Ada"), ("to_place", "Ada")]
    assert list_stage.states(place, listed) == ("open", ["given"])
    ends = admin.execute(
        "select state, document_id from app.upload where subject_id = %s order by id", (mail_id,)
    ).fetchall()
    admin.rollback()
    assert [state for state, _paper in ends] == ["done"] * 4
    assert ends[0] == ends[1] == ends[2]


def test_a_reply_stands_on_the_line_of_what_it_answers(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    listed = list_stage.sent(place)
    helper = factories.staff(
        admin, place.tenant, role="operations_manager", lines=("accounting", "tickets")
    )
    with place.acting(helper):
        other = commands.write(line="tickets", title="The server", wanted=[FILE])
        commands.send(other, version=1)
    mail_id = mailed(place)
    with place.acting(place.staff):
        commands.withdraw(listed)
    raw = letter(email(admin, place), "Here", ("server.pdf", PDF + b"of the server"))
    assert replied(place, address_of(place, mail_id), raw) == 201
    found = admin.execute(
        "select r.line, r.state, d.line from app.mail_reply r join app.document d"
        " on d.id = any (r.documents) where r.address_id = %s",
        (mail_id,),
    ).fetchall()
    admin.rollback()
    assert found == [("tickets", "placed", "tickets")]


HEAD = b"Message-ID: <x@example.com>\r\nMIME-Version: 1.0\r\nSubject: Re: it\r\n"


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        (b"Content-Type: text/plain\r\n\r\nAda\0 drives\r\n", "Ada drives"),
        (b"Content-Type: text/plain; charset=unicode_escape\r\n\r\nAda \\ud800\r\n", "Ada \ufffd"),
        (b"Content-Type: text/html\r\n\r\n<p><b>Ada</b> <i>drives</i></p><![x y", "Ada drives"),
        (b"Content-Type: text/html\r\n\r\n<p>Ada</p>" + b"<!--" * 40_000, "Ada"),
        (b"Content-Type: text/html\r\n\r\n<p>Ada</p>" + b"<a " * 40_000, "Ada"),
        (b"To: " + b"x@y.example, " * 40_000 + b"\r\n\r\nAda\r\n", "Ada"),
        (b"Content-Type: text/plain" + b"; a=b" * 40_000 + b"\r\n\r\nAda\r\n", "Ada"),
        (b"X-Failed: " + b"=?utf-8?q?a?= " * 40_000 + b"\r\n\r\nAda\r\n", "Ada"),
    ],
    ids=["zero", "half a sign", "markup", "comments", "tags", "many", "parameters", "encoded"],
)
def test_a_reply_that_is_built_to_stop_its_reader_is_read_all_the_same(
    place: Place, admin: psycopg.Connection, fresh: None, rest: bytes, text: str
) -> None:
    del fresh
    listed = list_stage.sent(place)
    mail_id = mailed(place)
    raw = b"From: " + email(admin, place).encode() + b"\r\n" + HEAD + rest
    assert replied(place, address_of(place, mail_id), raw) == 201
    assert replies(admin, mail_id) == [("placed", text)]
    assert list_stage.states(place, listed) == ("open", ["given"])


def test_a_reply_with_nothing_in_it_is_no_answer_to_a_question(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    asked = request_stage.ask(place, text="Empty?")
    mail_id = mailed(place)
    assert (
        replied(
            place,
            address_of(place, mail_id),
            letter(email(admin, place), ""),
        )
        == 201
    )
    assert replies(admin, mail_id) == [("to_place", "")]
    (reply,) = admin.execute(
        "select id from app.mail_reply where address_id = %s", (mail_id,)
    ).fetchall()
    admin.rollback()
    staff, base = place.browser(place.staff), f"/c/{place.slug}/requests/mail"
    refused = staff.post(f"{base}/{reply[0]}/place", {"item_id": str(asked)})
    assert refused.status_code == 409
    assert staff.post(f"{base}/{reply[0]}/aside", {}).status_code == 303


def test_a_colleague_answers_what_was_handed_on_by_replying_to_its_mail(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    listed = list_stage.sent(place)
    (answer,) = list_stage.items(place, listed)
    with place.acting(place.staff):
        made = links.hand_on(answer, address="Driver@example.com", name="Dee")
    with place.job():
        happened.send(made.id)
        mail_id = mail.recent(limit=1)[0].id
    raw = letter("Dee <driver@example.com>", "I do")
    assert replied(place, address_of(place, mail_id), raw) == 201
    row = admin.execute(
        "select text, by_person, by_link from app.request_act where item_id = %s and act = 'given'",
        (answer,),
    ).fetchone()
    assert row == ("I do", None, made.id)
    asked = request_stage.ask(place, text="For the firm alone?")
    late = letter("Dee <driver@example.com>", "And more")
    assert replied(place, address_of(place, mail_id), late) == 201
    waiting = admin.execute(
        "select id from app.mail_reply where address_id = %s and state = 'to_place'", (mail_id,)
    ).fetchone()
    admin.rollback()
    assert waiting is not None
    staff, base = place.browser(place.staff), f"/c/{place.slug}/requests/mail"
    assert staff.post(f"{base}/{waiting[0]}/place", {"item_id": str(asked)}).status_code == 409
    assert staff.post(f"{base}/{waiting[0]}/aside", {}).status_code == 303


def test_the_client_reads_no_replies_and_places_none(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    list_stage.sent(place, (ANSWER, CONFIRMATION))
    mail_id = mailed(place)
    assert (
        replied(
            place,
            address_of(place, mail_id),
            letter(email(admin, place), "x"),
        )
        == 201
    )
    row = admin.execute(
        "select id from app.mail_reply where address_id = %s", (mail_id,)
    ).fetchone()
    assert row is not None
    other = factories.owner(admin, place.tenant)
    for statement in ("app.mail_reply", "app.mail_reply_address"):
        with place.acting(other):
            found = session.execute(sa.text(f"select count(*) from {statement}")).scalar_one()
            assert found == 0
    with pytest.raises(Exception, match="not-found"), place.acting(other):
        session.execute(
            sa.text("select app.answer_by_reply(:reply, :question, :answer)"),
            {"reply": row[0], "question": uuid4(), "answer": uuid4()},
        )
    gone = "update guard.membership set valid_to = now() where user_id = %s"
    admin.execute(gone, (other.person_id,))
    admin.commit()


@pytest.fixture
def proving(place: Place) -> Iterator[str]:
    """The mail server proves senders; its authserv-id."""
    before = place.worker_app.extensions["settings"]
    place.worker_app.extensions["settings"] = before.model_copy(
        update={"mail_in_authserv_id": "mx.backoffice.example"}
    )
    yield "mx.backoffice.example"
    place.worker_app.extensions["settings"] = before


def test_a_sender_that_the_mail_server_does_not_stand_for_is_held(
    place: Place, admin: psycopg.Connection, fresh: None, proving: str
) -> None:
    del fresh
    listed = list_stage.sent(place)
    mail_id = mailed(place)
    sender, to = email(admin, place), address_of(place, mail_id)
    domain = sender.rpartition("@")[2]
    passed = f"{proving}; dmarc=pass header.from={domain}"
    forged = letter(sender, "Forged", Authentication_Results=passed)
    above = f"Authentication-Results: {proving}; dmarc=fail header.from={domain}\r\n".encode()
    for raw in (letter(sender, "Unproven"), above + forged):
        assert replied(place, to, raw) == 201
    twice = b"From: thief@example.com\r\n" + letter(sender, "Two", Authentication_Results=passed)
    assert replied(place, to, twice) == 201
    assert replies(admin, mail_id) == [("held", "")] * 3
    assert list_stage.states(place, listed) == ("open", ["waiting"])
    proven = letter(sender, "Ada", Authentication_Results=passed)
    assert replied(place, to, proven) == 201
    assert list_stage.states(place, listed) == ("open", ["given"])
