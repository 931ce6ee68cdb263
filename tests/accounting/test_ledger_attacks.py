"""Raw SQL as the web's login role, with a valid context of its own client: the ledger holds."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.kernel.errors import Conflict, DomainError
from app.kernel.settings import Settings
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books


@pytest.fixture(scope="module")
def books(app: Flask, worker_app: Flask, settings: Settings) -> Books:
    """A client with one posted entry."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        made = ledger_support.make_books(app, worker_app, admin)
    made.post(key="first")
    return made


ATTACKS = [
    "insert into ledger.entry select * from ledger.entry limit 1",
    "insert into ledger.posting select * from ledger.posting limit 1",
    "update ledger.entry set description = 'other'",
    "update ledger.posting set amount = amount + 1",
    "update ledger.balance set debit = 0",
    "update ledger.counter set n = 0",
    "update ledger.period set state = 'open'",
    "update ledger.book set base_currency = 'USD'",
    "update ledger.account set type = 'income'",
    "update ledger.account set archived_at = null",
    """insert into ledger.account (tenant_id, code, name, type)
       select tenant_id, 'x', 'x', 'asset' from ledger.book""",
    """insert into ledger.period_change (tenant_id, period_id, from_state, to_state, made_by)
       select tenant_id, 202601, 'closed', 'open', tenant_id from ledger.book""",
    "delete from ledger.posting",
    "delete from ledger.entry",
    "delete from ledger.balance",
    "delete from ledger.period",
    "delete from ledger.counterparty",
    "truncate ledger.posting",
    "truncate ledger.entry cascade",
    "alter table ledger.posting disable trigger all",
    "alter table ledger.posting disable row level security",
    "drop trigger never on ledger.entry",
    "set local session_replication_role = replica",
    "set local role ledger_writer",
    "set local role ledger_keeper",
    "set session authorization app_owner",
    """select ledger.write_entry(null, null, true, 'GEN', now()::date, 'x', 'x', null, null, null,
       null, null, null, null, null, null, 'normal', null, null, null, null)""",
    "select ledger.take_numbers(tenant_id, 'GEN', 2026, 5) from ledger.book",
    "select ledger.open_reader()",
    "select ledger.balance_before(null, null, null, null, null)",
    "select ledger.explain(null, null)",
    "select ledger.approved_maker(null, null, null)",
    "create function ledger.mine() returns int language sql return 1",
    "create temp table posting (x int)",
]


@pytest.mark.parametrize("statement", ATTACKS)
def test_no_statement_goes_round_the_doors(
    statement: str, books: Books, rw: psycopg.Connection, settings: Settings
) -> None:
    _enter(rw, books, settings)
    with pytest.raises(psycopg.Error) as caught:
        rw.execute(statement)
    rw.rollback()
    assert caught.value.sqlstate == "42501", caught.value


def _enter(rw: psycopg.Connection, books: Books, settings: Settings) -> None:
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))


@pytest.mark.parametrize("context", [None, "", "t|x|y", "forged"])
def test_no_door_opens_without_a_valid_context(
    context: str | None, books: Books, rw: psycopg.Connection, settings: Settings
) -> None:
    calls = (
        "select ledger.books_version()",
        "select * from ledger.turnover(null, '2026-12-31')",
        "select ledger.ensure_periods('2026-01-01', '2026-01-01')",
        "select ledger.set_period(202601, 'closed')",
    )
    token = books.token(settings.guard_key, settings.guard_key_id)
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    text = forged if context == "forged" else context
    for call in calls:
        if text is not None:
            rw.execute("select set_config('app.ctx', %s, true)", (text,))
        with pytest.raises(psycopg.Error) as caught:
            rw.execute(call)
        rw.rollback()
        assert caught.value.sqlstate in {"42501", "22P02"}, caught.value


def test_naming_another_client_changes_nothing(
    books: Books,
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    rw: psycopg.Connection,
    settings: Settings,
) -> None:
    other = ledger_support.make_books(app, worker_app, admin)
    other.post()
    with rw.transaction():
        _enter(rw, books, settings)
        rw.execute("select set_config('ledger.tenant', %s, true)", (str(other.tenant),))
        assert rw.execute(
            "select count(*) from ledger.entry where tenant_id = %s", (other.tenant,)
        ).fetchone() == (0,)
        rw.execute("select * from ledger.turnover(null, '2026-12-31')").fetchall()
        assert rw.execute(
            "select count(*) from ledger.posting where tenant_id = %s", (other.tenant,)
        ).fetchone() == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger.entry set number = number + 1",
        "update ledger.posting set base = 0",
        "delete from ledger.entry",
        "truncate ledger.posting cascade",
        "update ledger.book set base_currency = 'USD'",
    ],
)
def test_not_even_the_administrator_rewrites_by_mistake(
    statement: str, books: Books, admin: psycopg.Connection
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only grows"):
        admin.execute(statement)
    admin.rollback()


def test_half_an_entry_cannot_exist_below_the_doors(
    books: Books, admin: psycopg.Connection
) -> None:
    head_alone = """
      insert into ledger.entry (tenant_id, id, entry_date, period_id, fiscal_year, journal,
        number, posting_count, description, idem_key, request_sha, leaf, made_by)
      select tenant_id, uuidv7(), entry_date, period_id, fiscal_year, journal, number + 1,
        posting_count, description, uuidv7()::text, request_sha, leaf, made_by
      from ledger.entry where tenant_id = %s order by number desc limit 1"""
    with pytest.raises(psycopg.errors.CheckViolation, match="no postings"):
        admin.execute(head_alone, (books.tenant,))
    admin.rollback()
    second_pair = """
      insert into ledger.posting (tenant_id, entry_id, no, account_id, period_id, entry_date,
        currency, amount, base)
      select tenant_id, entry_id, no + 2, account_id, period_id, entry_date, currency, amount, base
      from ledger.posting where tenant_id = %s"""
    with pytest.raises(psycopg.errors.CheckViolation, match="sealed"):
        admin.execute(second_pair, (books.tenant,))
    admin.rollback()


def _race(*acts: Callable[[], object]) -> list[object]:
    """Runs acts at the same time and answers what each gave or raised."""
    found: list[object] = [None] * len(acts)

    def run(place: int) -> None:
        try:
            found[place] = acts[place]()
        except DomainError as refusal:
            found[place] = refusal

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_the_same_key_at_the_same_time_posts_once(books: Books) -> None:
    found = _race(*[lambda: books.post(key="race")] * 6)
    assert len({one.id for one in found}) == 1  # type: ignore[attr-defined]  # PostedEntry
    assert sum(not one.replayed for one in found) == 1  # type: ignore[attr-defined]
    other = _race(lambda: books.post((7, -7), key="r2"), lambda: books.post((8, -8), key="r2"))
    assert sum(isinstance(one, Conflict) for one in other) == 1


def test_eight_writers_leave_no_gap_and_no_difference(
    books: Books, admin: psycopg.Connection
) -> None:
    def write() -> None:
        for _round in range(6):
            books.post()

    assert _race(*[write] * 8) == [None] * 8
    assert admin.execute(
        "select count(*) - max(number) from ledger.entry"
        " where tenant_id = %s and journal = 'GEN' and fiscal_year = 2026",
        (books.tenant,),
    ).fetchone() == (0,)
    assert ledger_support.differences(admin, books.tenant) == 0


def test_a_post_racing_a_close_is_inside_or_refused(
    books: Books, admin: psycopg.Connection
) -> None:
    import datetime as dt

    books.hand_in(202411)

    def close() -> None:
        books.shut(202411)

    def post() -> object:
        return books.post(on=dt.date(2024, 11, 5))

    found = _race(post, post, close, post, post)
    refused = sum(isinstance(one, DomainError) for one in found)
    (inside,) = admin.execute(
        "select count(*) from ledger.entry where tenant_id = %s and period_id = 202411",
        (books.tenant,),
    ).fetchone() or (0,)
    assert inside == 4 - refused
