"""Two people at one tray: the same file dropped twice, and given to two clients at once."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.accounting.bank import desk
from app.accounting.bank import intake as bank_import
from app.accounting.bank import tray as statement_tray
from app.accounting.bank.desk import Outcome, Who
from app.accounting.bank.zip import Piece
from app.cli import install
from app.kernel import db
from app.kernel.errors import Conflict, DomainError, Invalid
from app.kernel.settings import Settings
from tests import factories
from tests.accounting import test_bank_intake
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import ROWS, add_account, all_lines, mt940, upload
from tests.accounting.test_bank_intake import at_home, number_of

second = test_bank_intake.second
WAIT_SECONDS = 20
_BLOCKED = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and usename = 'app_rw' and wait_event_type = 'Lock'"
)


@pytest.fixture
def other(settings: Settings) -> Iterator[psycopg.Connection]:
    """A connection whose open transaction stands in somebody's way."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as connection:
        yield connection
        connection.rollback()


class Tray:
    """A person who serves the tray and two clients."""

    def __init__(self, app: Flask, books: Books, second: Books, admin: psycopg.Connection) -> None:
        at_home(admin, books)
        self.app, self.books, self.second, self.admin = app, books, second, admin
        self.home = factories.make_provider(admin)
        session = books.session
        self.who = Who(inside=session.scope, worklist=session.worklist(), home=self.home)
        self.number = "YY" + number_of(admin, books)[2:]
        self.data = mt940(ROWS, number=self.number)
        self.digest = hashlib.sha256(self.data).hexdigest()

    def drop(self, data: bytes | None = None) -> Outcome:
        with self.app.app_context():
            return desk.drop([Piece("unknown.sta", data or self.data)], self.who)[0]

    def row(self) -> tuple[UUID, str, UUID | None]:
        self.admin.rollback()
        found = self.admin.execute(
            "select id, state, given_tenant_id from app.statement_tray where dropped_by = %s"
            " order by id desc limit 1",
            (self.books.session.person_id,),
        ).fetchone()
        assert found is not None
        return found

    def give(self, tray_id: UUID, to: Books) -> str:
        """Gives the file to a client; answers `given`, or the code of the refusal."""
        try:
            with self.app.app_context():
                desk.assign(tray_id, self.who, tenant=to.tenant, new_name="Main", currency="EUR")
        except DomainError as refusal:
            return refusal.code
        return "given"

    def age_claim(self) -> None:
        self.admin.execute(
            "update app.statement_tray set claimed_at = now() - interval '1 hour'"
            " where claimed_by = %s",
            (self.books.session.person_id,),
        )
        self.admin.commit()


@pytest.fixture
def tray(app: Flask, books: Books, second: Books, admin: psycopg.Connection) -> Tray:
    return Tray(app, books, second, admin)


def _while_blocked(admin: psycopg.Connection, act: Callable[[], object]) -> threading.Thread:
    """Starts an act and comes back once it waits for a lock."""
    thread = threading.Thread(target=act)
    thread.start()
    until = time.monotonic() + WAIT_SECONDS
    while thread.is_alive() and time.monotonic() < until:
        admin.rollback()
        if admin.execute(_BLOCKED).fetchone() != (0,):
            break
        thread.join(0.05)
    return thread


def test_the_same_unknown_file_dropped_twice_at_once_lies_in_the_tray_once(
    tray: Tray, other: psycopg.Connection, admin: psycopg.Connection
) -> None:
    tray.drop(mt940(ROWS[:1], number=tray.number))
    first, _state, _client = tray.row()
    other.execute(
        "insert into app.statement_tray (tenant_id, stored_object_id, name, sha256, size, reason,"
        " dropped_by) select tenant_id, stored_object_id, name, %s, size, reason, dropped_by"
        " from app.statement_tray where id = %s",
        (tray.digest, first),
    )
    ends: list[Outcome] = []
    thread = _while_blocked(admin, lambda: ends.append(tray.drop()))
    other.commit()
    thread.join(WAIT_SECONDS)
    assert [(one.state, one.repeated) for one in ends] == [("tray", True)]


def test_of_two_who_give_one_file_to_two_clients_one_gives_it(
    tray: Tray, other: psycopg.Connection, admin: psycopg.Connection
) -> None:
    add_account(tray.books, number="GB77")
    kept = upload(tray.books, mt940(ROWS[:1], number="GB77"))
    tray.drop()
    tray_id, _state, _client = tray.row()
    # the first is held up in the client by somebody bringing the same bytes there
    other.execute(
        "insert into app.statement_file (tenant_id, stored_object_id, name, sha256, size, state,"
        " uploaded_by, source) select tenant_id, stored_object_id, name, %s, size, state,"
        " uploaded_by, source from app.statement_file where id = %s",
        (tray.digest, kept.file_id),
    )
    ends: list[str] = []
    thread = _while_blocked(admin, lambda: ends.append(tray.give(tray_id, tray.books)))
    late = tray.give(tray_id, tray.second)
    other.rollback()
    thread.join(WAIT_SECONDS)
    assert (ends, late) == (["given"], "tray-claimed")
    assert tray.row()[1:] == ("assigned", tray.books.tenant)
    assert len(all_lines(tray.second)) == 0


def test_a_file_that_a_client_refuses_can_be_given_to_another_at_once(
    tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray.drop()
    tray_id, _state, _client = tray.row()

    def refuse(**_said: object) -> None:
        raise Invalid("tray-account")

    with monkeypatch.context() as patched:
        patched.setattr(bank_import, "upload_statement", refuse)
        assert tray.give(tray_id, tray.books) == "tray-account"
    assert tray.give(tray_id, tray.second) == "given"
    assert len(all_lines(tray.second)) == len(ROWS)


def test_a_giving_that_was_killed_before_the_copy_is_done_again_or_by_another(
    tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray.drop()
    tray_id, _state, _client = tray.row()

    def die(**_said: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(bank_import, "upload_statement", die)
        with pytest.raises(RuntimeError):
            tray.give(tray_id, tray.books)
    assert tray.give(tray_id, tray.second) == "tray-claimed"
    tray.age_claim()
    assert tray.give(tray_id, tray.second) == "given"
    assert tray.row()[1:] == ("assigned", tray.second.tenant)
    assert all_lines(tray.books) == []


@pytest.mark.parametrize("again_to", ["same", "other"])
def test_a_giving_that_was_killed_after_the_copy_loses_and_doubles_nothing(
    again_to: str, tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray.drop()
    tray_id, _state, _client = tray.row()

    def die(*_said: object, **_more: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(statement_tray, "mark_given", die)
        with pytest.raises(RuntimeError):
            tray.give(tray_id, tray.books)
    assert len(all_lines(tray.books)) == len(ROWS)
    if again_to == "same":
        assert tray.give(tray_id, tray.books) == "given"
    else:
        tray.age_claim()
        assert tray.give(tray_id, tray.second) == "tray-done"
    assert tray.row()[1:] == ("assigned", tray.books.tenant)
    assert len(all_lines(tray.books)) == len(ROWS)
    assert all_lines(tray.second) == []


def test_a_file_that_somebody_is_giving_is_not_set_aside(
    tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray.drop()
    tray_id, _state, _client = tray.row()

    def die(**_said: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(bank_import, "upload_statement", die)
    with pytest.raises(RuntimeError):
        tray.give(tray_id, tray.books)
    at_home_scope = tray.books.session.scope(tray.home)
    with (
        pytest.raises(Conflict, match="tray-claimed"),
        tray.app.app_context(),
        db.transaction(at_home_scope),
    ):
        statement_tray.discard(tray_id)
