"""The close of a month: two people, checks that the data ticks, reasons that stay, the lock."""

from __future__ import annotations

import datetime as dt
import threading

import psycopg
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.accounting import commands
from app.accounting.close import changes as close_changes
from app.accounting.close import checks as close_checks
from app.accounting.close import commands as close_commands
from app.accounting.close import queries as close_queries
from app.accounting.close.changes import Moved
from app.kernel import ids
from app.kernel.errors import Conflict, DomainError, Forbidden, Invalid, Locked
from app.kernel.settings import Settings
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import RIGHTS, Books
from tests.accounting.test_bank import add_account, mt940, upload
from tests.http import Browser

MONTH = 202604
FIRST = dt.date(2026, 4, 1)
COUNTED = "update app.close_month set counted_at = now(), counted_version = ledger.books_version()"


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client whose books begin in April 2026, with one entry a month."""
    return ledger_support.make_books(app, worker_app, admin, years=(2026, 2026))


@pytest.fixture
def at(books: Books, admin: psycopg.Connection) -> str:
    """The close page of April."""
    return f"/c/{factories.slug_of(admin, books.tenant)}/books/close/{MONTH}"


@pytest.fixture
def browser(app: Flask, books: Books) -> Browser:
    """The reviewer's browser."""
    return Browser(app, books.session)


@pytest.fixture
def bookkeeper(app: Flask, books: Books) -> Browser:
    """The other accountant's browser."""
    assert books.second is not None
    return Browser(app, books.second)


def state(admin: psycopg.Connection, books: Books, period: int = MONTH) -> tuple[str, str]:
    """The month's state in the ledger and on the board; both must agree."""
    row = admin.execute(
        "select p.state, m.state from ledger.period p join app.close_month m"
        " on m.tenant_id = p.tenant_id and m.period_id = p.id"
        " where p.tenant_id = %s and p.id = %s",
        (books.tenant, period),
    ).fetchone()
    assert row is not None
    return row


def test_two_people_close_a_month_on_screen(
    browser: Browser, bookkeeper: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    page = bookkeeper.get(at)
    assert page.status_code == 200, page.get_data(as_text=True)
    assert bookkeeper.post(f"{at}/hand-in", {"note": "Rent is estimated"}).status_code == 303
    assert state(admin, books) == ("in_review", "in_review")

    own = bookkeeper.post(f"{at}/close", {})
    assert own.status_code == 409
    assert "A second person" in own.get_data(as_text=True)

    seen = browser.get(at).get_data(as_text=True)
    assert "Rent is estimated" in seen
    assert browser.post(f"{at}/close", {}).status_code == 303
    assert state(admin, books) == ("closed", "closed")
    metered = admin.execute(
        "select count(*) from app.usage_event where tenant_id = %s and meter = 'month_closed'",
        (books.tenant,),
    ).fetchone()
    assert metered == (1,)


def test_a_month_is_sent_back_with_a_reason_and_reopened_with_one(
    browser: Browser, bookkeeper: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    ledger_support.role_with(admin, "ledger_tester", ("request.ask", "document.read"))
    bookkeeper.get(at)
    bookkeeper.post(f"{at}/hand-in", {})
    browser.get(at)
    assert browser.post(f"{at}/send-back", {"reason": ""}).status_code == 422
    sent = browser.post(f"{at}/send-back", {"reason": "The rent of April is missing"}, follow=True)
    assert "The rent of April is missing" in sent.get_data(as_text=True)
    assert state(admin, books) == ("open", "open")
    client = at.partition("/books/")[0]
    desk = bookkeeper.get(f"{client}/questions").get_data(as_text=True)
    assert "The rent of April is missing" in desk
    assert f'href="{at}"' in desk
    note = admin.execute(
        "select audience, to_person, done_at is null from app.note where tenant_id = %s",
        (books.tenant,),
    ).fetchone()
    assert books.second is not None
    assert note == ("sent_back", books.second.person_id, True)

    bookkeeper.post(f"{at}/hand-in", {})
    right = admin.execute(
        "select count(*) from app.note where tenant_id = %s and done_at is null", (books.tenant,)
    ).fetchone()
    assert right == (0,)
    browser.post(f"{at}/close", {})
    assert browser.post(f"{at}/reopen", {"reason": ""}).status_code == 422
    opened = browser.post(f"{at}/reopen", {"reason": "A late bill came"}, follow=True)
    text = opened.get_data(as_text=True)
    assert "A late bill came" in text
    assert "The rent of April is missing" in text
    assert state(admin, books) == ("open", "open")


def test_the_hand_in_is_taken_back_by_undo(
    bookkeeper: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    bookkeeper.get(at)
    page = bookkeeper.post(f"{at}/hand-in", {}, follow=True).get_data(as_text=True)
    address = page.split('action="')[1:]
    undo = next(part.split('"')[0] for part in address if "/undo/" in part.split('"')[0])
    assert bookkeeper.post(undo, {}).status_code == 303
    assert state(admin, books) == ("open", "open")


def test_an_open_month_is_not_closed_and_raw_sql_meets_the_same_door(books: Books) -> None:
    with pytest.raises(Conflict, match="not-in-review"), books.open():
        close_commands.close(period_id=MONTH)
    with books.open():
        commands.review_period(period_id=MONTH)
    with pytest.raises(Conflict, match="own-review"), books.open():
        commands.close_period(period_id=MONTH)


def test_raw_sql_closes_no_month_whose_checks_are_red(
    bookkeeper: Browser,
    books: Books,
    at: str,
    admin: psycopg.Connection,
    rw: psycopg.Connection,
    settings: Settings,
) -> None:
    bookkeeper.get(at)
    bookkeeper.post(f"{at}/steps", {"title": "Wages agreed with the office"})
    bookkeeper.post(f"{at}/hand-in", {})
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    rw.execute("select ledger.set_period(%s, 'closed')", (MONTH,))
    rw.execute(COUNTED)
    with pytest.raises(psycopg.Error, match="close-blocked") as caught:
        rw.commit()
    rw.rollback()
    assert caught.value.sqlstate == "BO409"
    assert state(admin, books) == ("in_review", "in_review")


@pytest.mark.parametrize(
    "count",
    [
        "select 1",
        "update app.close_month set counted_at = now() - interval '1 second'",
        "update app.close_month set counted_version = counted_version - 1",
    ],
)
def test_nobody_closes_over_a_count_of_before(
    count: str,
    books: Books,
    admin: psycopg.Connection,
    rw: psycopg.Connection,
    settings: Settings,
) -> None:
    books.hand_in(MONTH)
    with books.open():
        close_checks.count(MONTH)
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    rw.execute("select ledger.set_period(%s, 'closed')", (MONTH,))
    if count != "select 1":
        rw.execute(COUNTED)
        rw.execute(count)
    with pytest.raises(psycopg.Error, match="close-not-counted") as caught:
        rw.commit()
    rw.rollback()
    assert caught.value.sqlstate == "BO409"
    assert state(admin, books) == ("in_review", "in_review")
    books.shut(MONTH)
    assert state(admin, books) == ("closed", "closed")


def test_raw_sql_closes_no_month_over_what_the_books_show_whatever_was_counted(
    books: Books, admin: psycopg.Connection, rw: psycopg.Connection, settings: Settings
) -> None:
    add_account(books, number="GB5")
    upload(books, mt940([("260402", "7,00", "Nobody's")], number="GB5"))
    books.hand_in(MONTH)
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    rw.execute("update app.close_month set blocking = 0, figures = '{}'")
    rw.execute("select ledger.set_period(%s, 'closed')", (MONTH,))
    rw.execute(COUNTED)
    with pytest.raises(psycopg.Error, match="close-blocked") as caught:
        rw.commit()
    rw.rollback()
    assert caught.value.sqlstate == "BO409"
    assert state(admin, books) == ("in_review", "in_review")


def test_whose_a_month_is_and_by_when_is_audited_also_by_raw_sql(
    books: Books, admin: psycopg.Connection, rw: psycopg.Connection, settings: Settings
) -> None:
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    changed = rw.execute(
        "update app.close_month set due_on = '2027-01-31', blocking = 3 where period_id = %s",
        (MONTH,),
    )
    rw.execute("update app.close_month set blocking = 0 where period_id = %s", (MONTH,))
    rw.commit()
    assert changed.rowcount == 1
    told = admin.execute(
        "select e.actor, c.after->>'due_on' from app.audit_event e join app.audit_change c"
        " on c.tenant_id = e.tenant_id and c.event_id = e.id"
        " where e.tenant_id = %s and e.act = 'close_month.assigned'",
        (books.tenant,),
    ).fetchall()
    assert told == [(books.session.person_id, "2027-01-31")]


@pytest.mark.parametrize(
    "column", ["state", "handed_in_by", "handed_in_at", "closed_by", "closed_at", "reopened_at"]
)
def test_raw_sql_writes_nothing_of_who_decided_about_a_month(
    column: str, books: Books, rw: psycopg.Connection, settings: Settings
) -> None:
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    with pytest.raises(psycopg.Error) as caught:
        rw.execute(f"update app.close_month set {column} = null")
    rw.rollback()
    assert caught.value.sqlstate == "42501"


def test_a_red_check_refuses_the_close_with_its_list(
    browser: Browser, bookkeeper: Browser, books: Books, at: str, admin: psycopg.Connection
) -> None:
    bookkeeper.get(at)
    bookkeeper.post(f"{at}/steps", {"title": "Wages agreed with the office"})
    bookkeeper.post(f"{at}/hand-in", {})
    browser.get(at)

    answer = browser.post(f"{at}/close", {})

    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "own steps are done: 1" in text
    assert state(admin, books) == ("in_review", "in_review")


def test_who_may_override_writes_why_and_the_reason_stays(
    app: Flask, books: Books, at: str, admin: psycopg.Connection
) -> None:
    with books.open():
        close_commands.add_step(period_id=MONTH, title="Count the stock")
    books.hand_in(MONTH)
    role = ledger_support.role_with(
        admin, "close_overrider", (*RIGHTS, "accounting.close_override")
    )
    boss = Browser(app, factories.staff(admin, books.tenant, role=role))
    boss.get(at)
    with pytest.raises(Forbidden), books.open():
        close_commands.close(period_id=MONTH, override="I would like to very much")
    assert boss.post(f"{at}/close", {"override": "short"}).status_code == 422

    done = boss.post(f"{at}/close", {"override": "The stock is counted in May"}, follow=True)

    text = done.get_data(as_text=True)
    assert "The stock is counted in May" in text
    assert "own steps are done: 1" in text
    assert state(admin, books) == ("closed", "closed")


def test_steps_are_ticked_and_come_again_next_month(books: Books) -> None:
    with books.open():
        every = close_commands.add_step(period_id=MONTH, title="Every month")
        once = close_commands.add_step(period_id=MONTH, title="Only now", only_once=True)
        close_commands.tick(period_id=MONTH, step_id=every, note="by phone")
    with books.open():
        april = close_queries.steps(close_queries.month(MONTH))
        may = close_queries.steps(close_queries.month(MONTH + 1))
        march = close_queries.steps(close_queries.month(MONTH - 1))
    assert [(one.id, one.done) for one in april] == [(every, True), (once, False)]
    assert [(one.id, one.done) for one in may] == [(every, False)]
    assert march == []
    with books.open():
        close_commands.remove_step(period_id=MONTH + 1, step_id=every)
    with books.open():
        assert close_queries.steps(close_queries.month(MONTH + 1)) == []
        assert len(close_queries.steps(close_queries.month(MONTH))) == 2


def _costs(books: Books, months: int, usual: int, last: int) -> int:
    for place in range(months):
        amount = last if place == months - 1 else usual
        books.post((amount, -amount), codes=("6100", "1010"), on=dt.date(2026, 1 + place, 9))
    return 202600 + months


def test_an_unusual_change_is_explained_until_the_figure_moves(
    browser: Browser, books: Books, admin: psycopg.Connection
) -> None:
    period = _costs(books, 5, 200_000, 450_000)
    at = f"/c/{factories.slug_of(admin, books.tenant)}/books/close/{period}"
    account = books.accounts["6100"]
    with books.open(read_only=True):
        assert close_checks.changes(period) == 1
    browser.get(at)

    form = {"account_id": str(account), "text": "Two rents were paid", "in_pack": "true"}
    page = browser.post(f"{at}/explain", form, follow=True).get_data(as_text=True)

    assert "Two rents were paid" in page
    with books.open(read_only=True):
        assert close_checks.changes(period) == 0
        assert list(close_queries.explanations(period, in_pack=True)) == [account]
    books.post((1, -1), codes=("6100", "1010"), on=dt.date(2026, 5, 10))
    with books.open(read_only=True):
        assert close_checks.changes(period) == 1


def test_closing_while_somebody_posts_waits_and_then_refuses(
    books: Books, admin: psycopg.Connection
) -> None:
    books.hand_in(MONTH)
    closed, may_go, found = threading.Event(), threading.Event(), []

    def close() -> None:
        with books.open():
            close_commands.close(period_id=MONTH)
            closed.set()
            may_go.wait(60)

    def post() -> None:
        closed.wait(60)
        try:
            books.post(on=FIRST)
        except DomainError as error:
            found.append(error)

    workers = [threading.Thread(target=act) for act in (close, post)]
    for worker in workers:
        worker.start()
    closed.wait(60)
    workers[1].join(0.5)
    assert workers[1].is_alive()  # the post waits at the door
    may_go.set()
    for worker in workers:
        worker.join(60)

    assert [(type(one), one.code) for one in found] == [(Locked, "period-closed")]
    count = admin.execute(
        "select count(*) from ledger.entry where tenant_id = %s", (books.tenant,)
    ).fetchone()
    assert count == (0,)


def test_months_before_and_open_steps_are_counted_for_the_board(
    books: Books, admin: psycopg.Connection
) -> None:
    books.post(on=dt.date(2026, 2, 3))
    with books.open():
        close_commands.add_step(period_id=MONTH, title="Look at the cash box")
    row = admin.execute(
        "select figures, blocking from app.close_month where tenant_id = %s and period_id = %s",
        (books.tenant, MONTH),
    ).fetchone()
    assert row is not None
    assert row[0]["earlier"] == 1
    assert row[0]["steps"] == 1
    assert row[1] >= 2


def test_the_desk_says_how_many_months_are_to_close(
    books: Books, admin: psycopg.Connection
) -> None:
    def figure() -> tuple[int, str]:
        row = admin.execute(
            "select n, state from app.client_figure where tenant_id = %s"
            " and name = 'months_to_close'",
            (books.tenant,),
        ).fetchone()
        assert row is not None
        return row

    before, _state = figure()
    books.close(202601)
    assert figure() == (before - 1, "open")
    with books.open():
        close_commands.reopen(period_id=202601, reason="again")
    assert figure()[0] == before


def test_a_bookkeeper_without_the_right_hands_in_but_does_not_close(
    app: Flask, books: Books, at: str, admin: psycopg.Connection
) -> None:
    clerk = Browser(app, factories.staff(admin, books.tenant, role="finance_assistant"))
    clerk.get(at)
    assert clerk.post(f"{at}/hand-in", {}).status_code == 303
    assert clerk.post(f"{at}/close", {}).status_code == 403
    assert clerk.post(f"{at}/send-back", {"reason": "no"}).status_code == 403
    assert state(admin, books) == ("in_review", "in_review")


def test_the_next_client_opens_at_the_same_calendar_month_and_step(
    app: Flask, worker_app: Flask, books: Books, admin: psycopg.Connection
) -> None:
    other = ledger_support.make_books(
        app, worker_app, admin, years=(2026, 2027), fiscal_start_month=4
    )
    factories.grant(
        admin, other.tenant, books.session.person_id, role="ledger_tester", lines=("accounting",)
    )
    browser = Browser(app, books.session)
    at = f"/c/{factories.slug_of(admin, books.tenant)}/books/close/202605"
    page = browser.get(f"{at}?focus=steps").get_data(as_text=True)
    following = next(
        part.split('"')[0].replace("&amp;", "&")
        for part in page.split('href="')
        if "/next?" in part.split('"')[0] and "step=-1" not in part.split('"')[0]
    )
    there = browser.client.get(following, follow_redirects=True)
    assert there.request.path.endswith(
        f"{factories.slug_of(admin, other.tenant)}/books/close/202702"
    )
    assert there.request.args["focus"] == "steps"
    assert "May 2026" in there.get_data(as_text=True)


def test_an_unknown_month_is_not_found(browser: Browser, at: str) -> None:
    assert browser.get(at.replace(str(MONTH), "209912")).status_code == 404


def test_who_and_when_are_kept_and_a_stale_page_is_told(
    browser: Browser, at: str, books: Books
) -> None:
    browser.get(at)
    with books.open(read_only=True):
        version = close_queries.month(MONTH).version
    form = {"owner": "me", "due_on": "2026-05-20", "version": str(version)}
    page = browser.post(f"{at}/assign", form, follow=True).get_data(as_text=True)
    assert "2026-05-20" in page
    assert browser.post(f"{at}/assign", form).status_code == 409


def test_what_is_unusual_is_each_clients_own(books: Books, browser: Browser) -> None:
    period = _costs(books, 5, 200_000, 450_000)
    with books.open():
        kept = close_queries.plan()
        close_commands.keep_plan(
            type(kept)(change_percent=500, change_minor=0, version=kept.version)
        )
        assert close_checks.changes(period) == 0
    with pytest.raises(Conflict), books.open():
        close_commands.keep_plan(type(kept)(version=7))


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=9))
def test_the_median_lies_between_and_splits_the_values(values: list[int]) -> None:
    middle = close_changes.median(values)
    assert min(values) <= middle <= max(values)
    assert 2 * sum(one < middle for one in values) <= len(values)
    assert 2 * sum(one > middle for one in values) <= len(values)


@given(
    st.lists(st.integers(0, 10**9), min_size=3, max_size=6),
    st.integers(0, 10**9),
    st.integers(0, 300),
    st.integers(0, 10**6),
)
def test_a_change_is_unusual_only_beyond_both_bounds(
    past: list[int], now: int, percent: int, minor: int
) -> None:
    months = [dt.date(2026, 1 + place, 1) for place in range(len(past) + 1)]
    earned = dict(zip(months, [*past, now], strict=True))
    found = close_changes.unusual(
        [Moved(ids.uuid7(), "4000", "Sales", "income", earned)],
        month=months[-1],
        before=months[:-1],
        percent=percent,
        minor=minor,
    )
    usual = close_changes.median(past)
    far = abs(now - usual)
    assert bool(found) == (far > minor and far * 100 > usual * percent)


def test_a_reason_of_blanks_is_no_reason(books: Books) -> None:
    books.close(MONTH)
    with pytest.raises(Invalid), books.open():
        close_commands.reopen(period_id=MONTH, reason="  ")
    with pytest.raises(DomainError, match="reason-needed"), books.open():
        commands.reopen_period(period_id=MONTH, reason=" ")
