"""Where replies by mail belong: whose line, which records, what was held, and placed wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from app.accounting.bank import intake as bank_import
from app.accounting.bank import queries as bank_queries
from app.accounting.reconcile import papers
from app.tasks import questions
from app.tasks.client_requests import commands
from tests import factories
from tests.documents.coming_in import archive
from tests.tasks import list_stage, reply_stage, request_stage
from tests.tasks.list_stage import ANSWER, CONFIRMATION, FILE
from tests.tasks.reply_stage import QUOTED, address_of, email, letter, mailed, replied, replies
from tests.tasks.request_stage import PDF, Place


@pytest.fixture(scope="module")
def place(settings: object, app: Flask, worker_app: Flask) -> Iterator[Place]:
    """A client of an installation that takes mail in."""
    with reply_stage.place_that_takes_mail(settings, app, worker_app, "Placed") as found:
        yield found


@pytest.fixture
def fresh(place: Place, admin: psycopg.Connection) -> None:
    """Nothing is open of what other tests asked, and nobody was mailed."""
    reply_stage.forget(place, admin)


def _missing(place: Place, admin: psycopg.Connection) -> int:
    """How many lines of the client's bank account need a document."""
    account = admin.execute(
        "select bank_account_id from app.bank_transaction where tenant_id = %s limit 1",
        (place.tenant,),
    ).fetchone()
    admin.rollback()
    assert account is not None
    with place.acting(place.staff):
        return papers.missing(account[0]).count


def _bought(place: Place) -> UUID:
    """A line of the bank account that money went out on and that needs a document."""
    with place.acting(place.staff):
        before = {one.id for one in _lines()}
        amount = 20_000 + len(before)
        bank_import.upload_statement(
            data=request_stage.statement([amount]).replace(b"C200,", b"D200,"),
            name=f"{amount}.sta",
        )
        made: UUID = ({one.id for one in _lines()} - before).pop()
        return made


def _lines() -> list[Any]:
    found = bank_queries.lines(bank_queries.LineFilter(state="all"), limit=100)
    return list(found.rows)


def test_a_receipt_by_mail_is_the_document_that_its_bank_line_needs(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    line = _bought(place)
    before = _missing(place, admin)
    request_stage.ask(place, lines=[line], text="The receipt, please")
    mail_id = mailed(place)
    raw = letter(email(admin, place), "Here", ("receipt.pdf", PDF + b"of the line"))
    assert replied(place, address_of(place, mail_id), raw) == 201
    assert replies(admin, mail_id) == [("placed", "Here")]
    assert _missing(place, admin) == before - 1


def test_files_that_a_question_or_a_list_may_want_wait_to_be_placed(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    with place.acting(place.staff):
        questions.ask(
            line="accounting",
            subject_type="bank_transaction",
            subject_ids=place.lines[:1],
            text="The receipt?",
            wants_file=True,
        )
    listed = list_stage.sent(place, (FILE,))
    mail_id = mailed(place)
    raw = letter(email(admin, place), "Here", ("receipt.pdf", PDF + b"for one of them"))
    assert replied(place, address_of(place, mail_id), raw) == 201
    assert replies(admin, mail_id) == [("to_place", "Here")]
    assert list_stage.states(place, listed) == ("open", ["waiting"])


def _ended(admin: psycopg.Connection, place: Place, *lines: str) -> None:
    """The owner answers on these lines alone."""
    admin.execute(
        "update guard.membership set lines = %s where user_id = %s and tenant_id = %s",
        (list(lines), place.owner.person_id, place.tenant),
    )
    admin.commit()


@pytest.fixture
def two_lines(place: Place, admin: psycopg.Connection, fresh: None) -> Iterator[tuple[UUID, UUID]]:
    """A list of the accounting line and one of the tickets line, in the same mail."""
    del fresh
    listed = list_stage.sent(place)
    helper = factories.staff(
        admin, place.tenant, role="operations_manager", lines=("accounting", "tickets")
    )
    with place.acting(helper):
        other = commands.write(line="tickets", title="The server", wanted=[ANSWER])
        commands.send(other, version=1)
    yield listed, other
    _ended(admin, place, "accounting", "compliance", "tickets")


@pytest.mark.parametrize("left", ["accounting", "tickets"])
def test_a_reply_answers_only_what_its_writer_may_answer_still(
    place: Place, admin: psycopg.Connection, two_lines: tuple[UUID, UUID], left: str
) -> None:
    mail_id = mailed(place)
    _ended(admin, place, left)
    assert (
        replied(
            place,
            address_of(place, mail_id),
            letter(email(admin, place), "Ada"),
        )
        == 201
    )
    assert replies(admin, mail_id) == [("placed", "Ada")]
    rows = admin.execute(
        "select l.line, i.state from app.request_item i join app.request_list l on l.id = i.list_id"
        " where l.id = any(%s)",
        (list(two_lines),),
    ).fetchall()
    admin.rollback()
    other = "tickets" if left == "accounting" else "accounting"
    assert dict(rows) == {left: "given", other: "waiting"}


def _reply_id(admin: psycopg.Connection, mail_id: UUID) -> UUID:
    row = admin.execute(
        "select id from app.mail_reply where address_id = %s order by id desc limit 1", (mail_id,)
    ).fetchone()
    admin.rollback()
    assert row is not None
    found: UUID = row[0]
    return found


def test_the_whole_message_is_read_where_the_reply_was_placed(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    listed = list_stage.sent(place)
    mail_id = mailed(place)
    raw = letter(email(admin, place), QUOTED, Subject="Re: the driver")
    assert replied(place, address_of(place, mail_id), raw) == 201
    shown = place.browser(place.staff).get(f"/c/{place.slug}/requests/{listed}").text
    assert "Re- the driver.eml" in shown or "Re: the driver.eml" in shown


def test_a_held_file_that_is_let_in_belongs_where_its_reply_was_placed(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    line = _bought(place)
    asked = request_stage.ask(place, lines=[line], text="What was it?")
    before = _missing(place, admin)
    mail_id = mailed(place)
    macros = archive(("word/vbaProject.bin", uuid4().bytes))
    raw = letter(email(admin, place), "A van", ("books.docm", macros))
    assert replied(place, address_of(place, mail_id), raw) == 201
    assert replies(admin, mail_id) == [("placed", "A van")]
    rows = admin.execute(
        "select id, name from app.held_file where subject_id = %s", (_reply_id(admin, mail_id),)
    ).fetchall()
    admin.rollback()
    kept = {name.rpartition(".")[2]: found for found, name in rows}
    staff, base = place.browser(place.staff), f"/c/{place.slug}/documents/quarantine"
    assert staff.post(f"{base}/{kept['eml']}/release").status_code == 303
    assert _missing(place, admin) == before, "the message itself is no receipt"
    assert staff.post(f"{base}/{kept['docm']}/release").status_code == 303
    assert _missing(place, admin) == before - 1
    page = staff.get(f"/c/{place.slug}/questions/{asked}").text
    assert "books.docm" in page
    assert ".eml" in page


def test_a_placed_reply_is_taken_back_and_placed_where_it_belongs(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    line = _bought(place)
    wrong = request_stage.ask(place, lines=[line], text="Question A")
    before = _missing(place, admin)
    listed = list_stage.sent(place)
    (item,) = list_stage.items(place, listed)
    mail_id = mailed(place)
    raw = letter(email(admin, place), "Ada", ("van.pdf", PDF + uuid4().bytes))
    assert replied(place, address_of(place, mail_id), raw) == 201
    reply, staff = _reply_id(admin, mail_id), place.browser(place.staff)
    base = f"/c/{place.slug}/requests/mail"
    staff.get(base)
    assert staff.post(f"{base}/{reply}/place", {"item_id": str(wrong)}).status_code == 303
    assert _missing(place, admin) == before - 1
    page = staff.get(base).text
    way_back = re.search(rf"{base}/undo/[0-9a-f-]+", page)
    assert way_back is not None
    assert staff.post(way_back.group(0), {}).status_code == 303
    state = "select state, answered_at from app.question where id = %s"
    assert admin.execute(state, (wrong,)).fetchone() == ("waiting", None)
    admin.rollback()
    assert _missing(place, admin) == before
    assert replies(admin, mail_id) == [("to_place", "Ada")]
    placed = _called(place, f"{reply}/place", item_id=str(item))
    assert placed.status_code == 200, placed.text
    assert list_stage.states(place, listed) == ("open", ["given"])
    assert _called(place, f"undo/{placed.get_json()['undo']}").status_code == 204
    assert list_stage.states(place, listed) == ("open", ["waiting"])
    again = _called(place, f"{reply}/place", item_id=str(item)).get_json()["undo"]
    with place.acting(place.staff):
        commands.send_back(item, reason="Who exactly?")
    assert _called(place, f"undo/{again}").status_code == 409
    aside = _called(place, f"{reply}/put-aside")
    assert aside.status_code == 409


def test_putting_aside_is_taken_back_over_the_api(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    list_stage.sent(place, (ANSWER, CONFIRMATION))
    mail_id = mailed(place)
    raw = letter(email(admin, place), "Thanks")
    assert replied(place, address_of(place, mail_id), raw) == 201
    aside = _called(place, f"{_reply_id(admin, mail_id)}/put-aside")
    assert replies(admin, mail_id) == [("put_aside", "Thanks")]
    assert _called(place, f"undo/{aside.get_json()['undo']}").status_code == 204
    assert replies(admin, mail_id) == [("to_place", "Thanks")]


def _called(place: Place, path: str, **body: object) -> Any:
    """An operation on replies, called by the accountant."""
    browser = place.browser(place.staff)
    headers = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": browser.token}
    address = f"/api/v1/clients/{place.slug}/mail-replies/{path}"
    return browser.client.post(address, json=body or None, headers=headers)


def test_the_desk_leads_to_the_clients_whose_replies_wait(
    place: Place, admin: psycopg.Connection, fresh: None
) -> None:
    del fresh
    listed = list_stage.sent(place, (ANSWER, CONFIRMATION))
    mail_id = mailed(place)
    assert replied(place, address_of(place, mail_id), letter(email(admin, place), "x")) == 201
    staff, base = place.browser(place.staff), f"/c/{place.slug}/requests/mail"
    page = staff.get("/desk/requests").text
    assert base in page
    assert f"/c/{place.slug}/requests/{listed}" not in page, "nothing was given on the list"
    admin.execute(
        "update app.mail_reply set state = 'put_aside' where tenant_id = %s and state = 'to_place'",
        (place.tenant,),
    )
    admin.commit()
    assert base not in staff.get("/desk/requests").text
