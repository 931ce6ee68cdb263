"""Posting through the service layer: what is accepted, what is refused and what stays."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from flask import Flask

from app.accounting import commands, ledger, queries
from app.kernel import db
from app.kernel.errors import Conflict, DomainError, Forbidden, Invalid, Locked, NotFound
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books


@pytest.fixture(scope="module")
def books(app: Flask, worker_app: Flask, settings: object) -> Books:
    """One client's books for this module."""
    with psycopg.connect(_admin_url(settings)) as admin:
        return ledger_support.make_books(app, worker_app, admin)


def _admin_url(settings: object) -> str:
    from app.cli import install

    return install.libpq_url(settings.database_admin_url)  # type: ignore[attr-defined]  # Settings


def _refused(code: str, kind: type[DomainError], act: object) -> None:
    with pytest.raises(kind) as caught:
        act()  # type: ignore[operator]  # a plain callable
    assert caught.value.code == code


def test_an_entry_takes_the_next_number_of_its_journal_and_year(books: Books) -> None:
    first, second = books.post(), books.post()
    assert second.number == first.number + 1
    assert second.label == f"GEN 2026/{second.number}"


def test_the_same_key_answers_the_entry_posted_before(books: Books) -> None:
    first = books.post(key="once")
    again = books.post(key="once")
    assert again.replayed
    assert again.id == first.id
    _refused("idempotency-key-reused", Conflict, lambda: books.post((5, -5), key="once"))


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("unbalanced", {"amounts": (100, -99)}),
        ("amount-too-large", {"amounts": (10**14 + 1, -(10**14) - 1)}),
        ("amount-zero", {"amounts": (0, 0)}),
        ("base-differs", {"amounts": (1, -1), "bases": (2, -2)}),
        ("base-missing", {"amounts": (1, -1), "currency": "USD"}),
        ("currency-unknown", {"amounts": (1, -1), "currency": "XXX", "bases": (1, -1)}),
        ("no-period", {"on": dt.date(2031, 1, 1)}),
        ("date-out-of-range", {"on": dt.date(1899, 12, 31)}),
        ("counterparty-required", {"codes": ("1100", "4000")}),
        ("too-few-postings", {"amounts": (1,), "codes": ("1010",)}),
        ("too-many-postings", {"amounts": (1, -1) * 1001, "codes": ("1010", "4000") * 1001}),
    ],
)
def test_a_wrong_entry_is_refused_with_its_reason(
    books: Books, code: str, how: dict[str, object]
) -> None:
    with books.open(read_only=True):
        before = queries.books_version()
    _refused(code, Invalid, lambda: books.post(**how))  # type: ignore[arg-type]  # table of cases
    with books.open(read_only=True):
        assert queries.books_version() == before


def test_nothing_is_posted_to_an_archived_account(books: Books) -> None:
    with books.open():
        commands.archive_account(account_id=books.accounts["6900"])
    _refused("account-archived", Invalid, lambda: books.post(codes=("6900", "1010")))
    with books.open():
        commands.restore_account(account_id=books.accounts["6900"])
    assert books.post(codes=("6900", "1010")).number


def test_a_reversal_swaps_every_posting_once(books: Books) -> None:
    posted = books.post((700, -700))
    with books.open():
        back = commands.reverse_entry(entry_id=posted.id, key="back")
    with books.open(read_only=True):
        found, original = queries.entry(back.id), queries.entry(posted.id)
    assert [p.amount for p in found.postings] == [-700, 700]
    assert (found.kind, found.reverses_id) == ("reversal", posted.id)
    assert original.reversed_by_id == back.id
    with books.open():
        assert commands.reverse_entry(entry_id=posted.id, key="back").replayed

    def again() -> None:
        with books.open():
            commands.reverse_entry(entry_id=posted.id, key="other")

    _refused("already-reversed", Conflict, again)


def test_months_close_are_reviewed_and_reopen(books: Books) -> None:
    day = dt.date(2024, 5, 6)
    books.close(202405)
    _refused("period-closed", Locked, lambda: books.post(on=day))
    with books.open():
        commands.reopen_period(period_id=202405, reason="late bill")
        commands.review_period(period_id=202405)
    posted = books.post(on=day)
    with books.open(read_only=True):
        assert queries.entry(posted.id).in_review


def test_a_reversal_of_a_closed_month_falls_on_the_next_open_day(books: Books) -> None:
    posted = books.post(on=dt.date(2024, 8, 9))
    books.close(202408)
    with books.open():
        back = commands.reverse_entry(entry_id=posted.id, key="closed-back")
    with books.open(read_only=True):
        assert queries.entry(back.id).date == dt.date(2024, 9, 1)


def test_each_act_wants_its_permission(books: Books, admin: psycopg.Connection) -> None:
    role = ledger_support.role_with(admin, "ledger_poster", ("accounting.read", "accounting.post"))
    poster = factories.staff(admin, books.tenant, role=role, lines=("accounting",))
    limited = Books(books.app, books.tenant, poster, books.accounts)
    assert limited.post().number

    def close() -> None:
        with limited.open():
            commands.close_period(period_id=202501)

    def chart() -> None:
        with limited.open():
            commands.create_account(code="9999", name="No", type="asset")

    for act in (close, chart):
        _refused("forbidden", Forbidden, act)
    with books.open():
        commands.review_period(period_id=202506)
    _refused("period-in-review", Locked, lambda: limited.post(on=dt.date(2025, 6, 1)))


def test_foreign_amounts_balance_in_base(books: Books) -> None:
    posted = books.post((110, -110), codes=("1030", "4020"), currency="USD", bases=(100, -100))
    with books.open(read_only=True):
        rows = queries.trial_balance_by_currency(on=dt.date(2026, 12, 31))
        assert queries.entry(posted.id).postings[0].base == 100
    assert {(row.code, row.currency) for row in rows} >= {("1030", "USD"), ("4020", "USD")}


def test_python_and_database_hash_the_same_content(books: Books, admin: psycopg.Connection) -> None:
    draft = ledger.EntryDraft(
        journal="GEN",
        date=dt.date(2026, 2, 3),
        description='Überweisung "A" \\ \t €',
        postings=(
            ledger.PostingInput(books.accounts["1010"], 5, "EUR", memo="ein\nmemo"),
            ledger.PostingInput(books.accounts["4000"], -5, "EUR", tax_code="STD"),
        ),
        key="hash",
    )
    with books.open():
        (posted,) = commands.post_many(drafts=[draft])
    row = admin.execute(
        "select request_sha, leaf, made_by from ledger.entry where id = %s", (posted.id,)
    ).fetchone()
    assert row is not None
    request = ledger.request_sha(draft, ledger.Book("EUR"))
    assert row[0] == request
    assert row[1] == ledger.leaf(
        tenant_id=books.tenant,
        entry_id=posted.id,
        fiscal_year=posted.fiscal_year,
        number=posted.number,
        in_review=False,
        approved_ref=None,
        made_by=row[2],
        request=request,
    )


def test_a_batch_is_posted_whole_or_not_at_all(books: Books) -> None:
    def draft(place: int, amount: int, wrong: int = 0) -> ledger.EntryDraft:
        bank, sales = books.accounts["1010"], books.accounts["4000"]
        return ledger.EntryDraft(
            "GEN",
            dt.date(2025, 1 + place % 2, 2),
            "Batch",
            (
                ledger.PostingInput(bank, amount, "EUR"),
                ledger.PostingInput(sales, wrong - amount, "EUR"),
            ),
            f"batch-{place}",
        )

    def post(drafts: list[ledger.EntryDraft]) -> list[ledger.PostedEntry]:
        with books.open():
            return commands.post_many(drafts=drafts)

    good = [draft(place, place + 1) for place in range(120)]
    _refused("unbalanced", Invalid, lambda: post([*good, draft(200, 5, wrong=1)]))
    posted = post(good)
    assert [p.number for p in posted] == list(range(posted[0].number, posted[0].number + 120))
    assert all(p.replayed for p in post(good))
    mixed = post([*good[:3], draft(201, 9)])
    assert [p.replayed for p in mixed] == [True, True, True, False]
    _refused("idempotency-key-reused", Conflict, lambda: post([draft(0, 77)]))


def test_another_clients_objects_do_not_exist(
    books: Books, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    other = ledger_support.make_books(app, worker_app, admin)
    theirs = other.post()
    mixed = Books(books.app, books.tenant, books.session, other.accounts)
    _refused("account-unknown", Invalid, mixed.post)

    def reverse() -> None:
        with books.open():
            commands.reverse_entry(entry_id=theirs.id, key="foreign")

    _refused("entry-unknown", NotFound, reverse)
    with books.open(read_only=True), pytest.raises(NotFound):
        queries.entry(theirs.id)
    foreign = books.session.scope(other.tenant)
    with app.app_context(), pytest.raises(Forbidden), db.transaction(foreign):
        queries.books_version()
