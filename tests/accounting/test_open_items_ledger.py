"""Open items in the database: what settles what, what is refused, and that sums always agree."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.accounting import commands, ledger
from app.accounting.open_items import commands as settle
from app.accounting.open_items import queries as open_items_queries
from app.accounting.open_items.values import Pairing
from app.cli import install
from app.kernel import ids, usage
from app.kernel.errors import Conflict, DomainError, Invalid, Locked
from app.kernel.settings import Settings
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books

MARCH, APRIL = dt.date(2026, 3, 4), dt.date(2026, 4, 9)


@pytest.fixture(scope="module")
def books(app: Flask, worker_app: Flask, settings: Settings) -> Books:
    """One client's books for this module."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return ledger_support.make_books(app, worker_app, admin)


def contact(books: Books) -> UUID:
    """A new counterparty."""
    with books.open():
        return commands.create_counterparty(name=f"Contact {ids.uuid7()}", kind="customer")


def claim(
    books: Books,
    who: UUID,
    amount: int,
    *,
    on: dt.date = MARCH,
    against: str = "4000",
    currency: str = "EUR",
    base: int | None = None,
) -> tuple[UUID, int]:
    """Books an amount on the receivables of a contact; answers the open item."""
    other = None if base is None else -base
    with books.open():
        done = commands.post_entry(
            journal="GEN",
            date=on,
            description="Claim",
            key=str(ids.uuid7()),
            postings=[
                ledger.PostingInput(
                    books.accounts["1100"], amount, currency, base, counterparty_id=who
                ),
                ledger.PostingInput(books.accounts[against], -amount, currency, other),
            ],
        )
    return done.id, 1


def residual(admin: psycopg.Connection, item: tuple[UUID, int]) -> tuple[int, int]:
    """What is left of an item, in its currency and in base."""
    row = admin.execute(
        "select residual, residual_base from ledger.open_item where entry_id = %s and no = %s", item
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def disagreements(admin: psycopg.Connection, tenant: UUID) -> list[tuple[object, ...]]:
    """Control accounts, contacts and days on which open items and postings differ."""
    return admin.execute(
        """
        with days as (select distinct entry_date as d from ledger.posting where tenant_id = %(t)s
          union select distinct allocated_on from ledger.allocation where tenant_id = %(t)s),
        moved as (
          select debit_entry_id as entry_id, debit_no as no, allocated_on, amount, base
          from ledger.allocation where tenant_id = %(t)s
          union all
          select credit_entry_id, credit_no, allocated_on, -amount, -base
          from ledger.allocation where tenant_id = %(t)s),
        item as (
          select d.d, i.account_id,
            ledger.who_is(i.tenant_id, i.counterparty_id) as counterparty_id,
            i.currency, i.amount as whole,
            i.base as whole_base,
            i.amount - coalesce(sum(m.amount), 0) as amount,
            i.base - coalesce(sum(m.base), 0) as base
          from days d join ledger.open_item i on i.tenant_id = %(t)s and i.booked_on <= d.d
          left join moved m on m.entry_id = i.entry_id and m.no = i.no and m.allocated_on <= d.d
          group by d.d, i.tenant_id, i.entry_id, i.no),
        open_sum as (select d, account_id, counterparty_id, currency, sum(amount) a, sum(base) b,
            bool_and(amount between least(whole, 0) and greatest(whole, 0)
              and base between least(whole_base, 0) and greatest(whole_base, 0)) as inside
          from item group by 1, 2, 3, 4),
        books as (select d.d, p.account_id,
            ledger.who_is(p.tenant_id, p.counterparty_id) as counterparty_id, p.currency,
            sum(p.amount) a,
            sum(p.base) b
          from days d join ledger.posting p on p.tenant_id = %(t)s and p.entry_date <= d.d
          join ledger.account c on c.tenant_id = p.tenant_id and c.id = p.account_id
          where c.control is not null group by 1, 2, 3, 4)
        select o.*, b.* from open_sum o full join books b on b.d = o.d
          and b.account_id = o.account_id and b.counterparty_id = o.counterparty_id
          and b.currency = o.currency
        where (o.a, o.b) is distinct from (b.a, b.b) or not o.inside
        """,
        {"t": tenant},
    ).fetchall()


def _refused(
    code: str, kind: type[DomainError], books: Books, *pairs: Pairing, **how: object
) -> None:
    with pytest.raises(kind) as caught, books.open():
        settle.allocate(pairs=pairs, **how)  # type: ignore[arg-type]  # cases of one signature
    assert caught.value.code == code


def test_a_posting_on_a_control_account_is_an_open_item(
    books: Books, admin: psycopg.Connection
) -> None:
    item = claim(books, contact(books), 12_000)
    assert residual(admin, item) == (12_000, 12_000)


def test_a_payment_settles_a_claim_in_part_and_then_wholly(
    books: Books, admin: psycopg.Connection
) -> None:
    who = contact(books)
    due, paid = claim(books, who, 12_000), claim(books, who, -15_000, on=APRIL, against="1010")
    with books.open():
        settle.allocate(pairs=[Pairing(due, paid, 5_000)])
    assert (residual(admin, due), residual(admin, paid)) == ((7_000, 7_000), (-10_000, -10_000))
    with books.open():
        settle.allocate(pairs=[Pairing(due, paid, 7_000)])
    assert (residual(admin, due), residual(admin, paid)) == ((0, 0), (-3_000, -3_000))
    _refused("item-exceeded", Conflict, books, Pairing(due, paid, 1))
    assert disagreements(admin, books.tenant) == []


def test_the_same_id_settles_once(books: Books, admin: psycopg.Connection) -> None:
    who = contact(books)
    due, paid = claim(books, who, 100), claim(books, who, -100, against="1010")
    mine = ids.uuid7()
    for _ in range(2):
        with books.open():
            assert settle.allocate(pairs=[Pairing(due, paid, 60)], allocation_id=mine) == mine
    assert residual(admin, due) == (40, 40)


def test_a_release_opens_the_items_again_and_doubles_nothing(
    books: Books, admin: psycopg.Connection
) -> None:
    who = contact(books)
    due, paid = claim(books, who, 100), claim(books, who, -100, against="1010")
    with books.open():
        act = settle.allocate(pairs=[Pairing(due, paid, 100)])
    for _ in range(2):
        with books.open():
            settle.release(act)
    assert (residual(admin, due), residual(admin, paid)) == ((100, 100), (-100, -100))
    assert disagreements(admin, books.tenant) == []


def test_items_that_do_not_belong_together_are_refused(books: Books) -> None:
    who, other = contact(books), contact(books)
    due, paid = claim(books, who, 100), claim(books, who, -100, against="1010")
    dollars = claim(books, who, -100, currency="USD", base=-90)
    theirs = claim(books, other, -100)
    _refused("items-contact-differs", Invalid, books, Pairing(due, theirs, 100))
    _refused("items-currency-differs", Invalid, books, Pairing(due, dollars, 100))
    _refused("items-one-side", Invalid, books, Pairing(paid, due, 100))
    _refused("allocation-amount", Invalid, books, Pairing(due, paid, 0))
    _refused("allocation-amount", Invalid, books, Pairing(due, paid, -5))
    _refused("item-unknown", Invalid, books, Pairing(due, (ids.uuid7(), 1), 5))
    _refused("item-exceeded", Conflict, books, Pairing(due, paid, 60), Pairing(due, paid, 60))
    early = dt.date(2026, 3, 1)
    _refused("allocation-too-early", Invalid, books, Pairing(due, paid, 100), on=early)
    _refused("allocation-pairs", Invalid, books)


def test_a_reversal_settles_its_original_and_opens_what_it_had_paid(
    books: Books, admin: psycopg.Connection
) -> None:
    who = contact(books)
    due, paid = claim(books, who, 100), claim(books, who, -100, on=APRIL, against="1010")
    with books.open():
        act = settle.allocate(pairs=[Pairing(due, paid, 100)])
        back = commands.reverse_entry(entry_id=paid[0], key=str(ids.uuid7()))
    assert residual(admin, due) == (100, 100)
    assert residual(admin, paid) == residual(admin, (back.id, 1)) == (0, 0)
    with books.open(read_only=True):
        assert f"allocation/{act}" not in {use.key for use in usage.events(meter="settlement")}
    assert disagreements(admin, books.tenant) == []
    with pytest.raises(Invalid, match="allocation-of-reversal"), books.open():
        settle.release(back.id)


def test_an_exchange_difference_is_booked_and_taken_back_with_its_settlement(
    books: Books, admin: psycopg.Connection
) -> None:
    who = contact(books)
    due = claim(books, who, 10_000, currency="USD", base=9_000)
    paid = claim(books, who, -10_000, currency="USD", base=-9_500, on=APRIL, against="1030")
    gain = books.accounts["4910"]
    with books.open():
        act = settle.allocate(pairs=[Pairing(due, paid, 4_000)], difference_account_id=gain)
    assert residual(admin, due) == (6_000, 5_400)
    assert residual(admin, paid) == (-6_000, -5_700)
    booked = admin.execute(
        "select p.base from ledger.posting p join ledger.entry e on e.id = p.entry_id"
        " where e.source_id = %s and p.account_id = %s",
        (act, gain),
    ).fetchall()
    assert booked == [(-200,)]
    assert disagreements(admin, books.tenant) == []
    with books.open():
        settle.allocate(pairs=[Pairing(due, paid, 6_000)], difference_account_id=gain)
        settle.release(act)
    assert residual(admin, due) == (4_000, 3_600)
    assert disagreements(admin, books.tenant) == []


def test_reversing_an_exchange_difference_takes_its_settlement_back(
    books: Books, admin: psycopg.Connection
) -> None:
    who = contact(books)
    due = claim(books, who, 10_000, currency="USD", base=9_500)
    paid = claim(books, who, -10_000, currency="USD", base=-9_000, on=APRIL, against="1030")
    with books.open():
        act = settle.allocate(pairs=[Pairing(due, paid, 10_000)])
    entry = admin.execute(
        "select id from ledger.entry where source_type = 'allocation' and source_id = %s", (act,)
    ).fetchone()
    assert entry is not None
    admin.commit()
    with books.open():
        commands.reverse_entry(entry_id=entry[0], key=str(ids.uuid7()))
    assert residual(admin, due) == (10_000, 9_500)
    assert disagreements(admin, books.tenant) == []


def test_nothing_is_settled_on_a_day_of_a_closed_month(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    closing = ledger_support.make_books(app, worker_app, admin)
    who = contact(closing)
    due, paid = claim(closing, who, 100), claim(closing, who, -100, against="1010")
    closing.close(202603)
    _refused("period-closed", Locked, closing, Pairing(due, paid, 100), on=MARCH)
    with closing.open():
        settle.allocate(pairs=[Pairing(due, paid, 100)])
    found = admin.execute(
        "select allocated_on from ledger.allocation where debit_entry_id = %s", (due[0],)
    ).fetchone()
    assert found == (dt.date(2026, 4, 1),)
    assert disagreements(admin, closing.tenant) == []


ATTACKS = [
    "insert into ledger.open_item select * from ledger.open_item limit 1",
    "update ledger.open_item set residual = 0",
    "update ledger.open_item set counterparty_id = uuidv7()",
    "delete from ledger.open_item",
    "truncate ledger.open_item",
    "insert into ledger.allocation select * from ledger.allocation limit 1",
    "update ledger.allocation set amount = 1",
    "delete from ledger.allocation",
    "truncate ledger.allocation",
    "select ledger.release_acts(null, null, null, null)",
    "select ledger.settle_reversal(null, null, null, null)",
    "select ledger.book_difference(null, null, null, null, null, null, null, null)",
    "update ledger.counterparty_alias set value = 'other'",
    "delete from ledger.counterparty_alias",
]


@pytest.mark.parametrize("statement", ATTACKS)
def test_no_statement_settles_round_the_doors(
    statement: str, books: Books, rw: psycopg.Connection, settings: Settings
) -> None:
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    with pytest.raises(psycopg.Error) as caught:
        rw.execute(statement)
    rw.rollback()
    assert caught.value.sqlstate == "42501", caught.value


WRITER_ATTACKS = {
    "passes zero": "debit_entry_id, debit_no, credit_entry_id, credit_no, allocated_on, currency,"
    " 1000000, 1000000, null::uuid",
    "one item twice": "debit_entry_id, debit_no, debit_entry_id, debit_no, allocated_on, currency,"
    " 1, 1, null::uuid",
    "sides swapped": "credit_entry_id, credit_no, debit_entry_id, debit_no, allocated_on, currency,"
    " 1, 1, null::uuid",
    "negative": "debit_entry_id, debit_no, credit_entry_id, credit_no, allocated_on, currency,"
    " -1, -1, null::uuid",
    "too early": "debit_entry_id, debit_no, credit_entry_id, credit_no, date '1950-01-01',"
    " currency, 1, 1, null::uuid",
    "other currency": "debit_entry_id, debit_no, credit_entry_id, credit_no, allocated_on, 'USD',"
    " 1, 1, null::uuid",
    "release of more": "debit_entry_id, debit_no, credit_entry_id, credit_no, allocated_on,"
    " currency, -amount - 1, -base - 1, id",
    "nothing": "debit_entry_id, debit_no, credit_entry_id, credit_no, allocated_on, currency, 0, 0,"
    " null::uuid",
}


@pytest.mark.parametrize("case", sorted(WRITER_ATTACKS))
def test_not_even_the_owner_of_the_doors_writes_a_wrong_settlement(
    case: str, books: Books, admin: psycopg.Connection
) -> None:
    who = contact(books)
    due, paid = claim(books, who, 100), claim(books, who, -90, against="1010")
    with books.open():
        act = settle.allocate(pairs=[Pairing(due, paid, 60)])
    with pytest.raises(psycopg.Error) as caught:
        admin.execute(
            "insert into ledger.allocation (tenant_id, id, no, debit_entry_id, debit_no,"
            " credit_entry_id, credit_no, allocated_on, currency, amount, base, releases_id,"
            " made_by)"
            f" select tenant_id, uuidv7(), 1, {WRITER_ATTACKS[case]}, made_by"
            " from ledger.allocation where id = %s",
            (act,),
        )
    admin.rollback()
    assert caught.value.sqlstate == "23514", caught.value


def test_a_release_stands_once_whoever_writes_it(books: Books, admin: psycopg.Connection) -> None:
    who = contact(books)
    due, paid = claim(books, who, 100), claim(books, who, -90, against="1010")
    with books.open():
        act = settle.allocate(pairs=[Pairing(due, paid, 60)])
        settle.release(act)
    with pytest.raises(psycopg.Error) as caught:
        admin.execute(
            "insert into ledger.allocation (tenant_id, id, no, debit_entry_id, debit_no,"
            " credit_entry_id, credit_no, allocated_on, currency, amount, base, releases_id,"
            " made_by)"
            " select tenant_id, uuidv7(), no, debit_entry_id, debit_no, credit_entry_id, credit_no,"
            " allocated_on, currency, -amount, -base, id, made_by from ledger.allocation"
            " where id = %s",
            (act,),
        )
    admin.rollback()
    assert caught.value.sqlstate in {"23505", "23514"}, caught.value


def test_the_aged_list_says_what_the_control_account_says_on_any_day(books: Books) -> None:
    who = contact(books)
    due, paid = claim(books, who, 900), claim(books, who, -400, on=APRIL, against="1010")
    with books.open():
        settle.allocate(pairs=[Pairing(due, paid, 400)])
    for day, left in ((MARCH, 900), (APRIL, 500), (dt.date(2026, 12, 31), 500)):
        with books.open(read_only=True):
            found = open_items_queries.aged(control="receivable", on=day)
        assert found.agrees
        mine = next(row for row in found.rows if row.counterparty_id == who)
        assert mine.total == sum(mine.buckets) == left
        assert mine.items == 1
    with books.open(read_only=True):
        (mine_now,) = open_items_queries.open_items(counterparty_id=who)
        (before,) = open_items_queries.open_items(counterparty_id=who, on=MARCH)
        (settled,) = open_items_queries.allocations(counterparty_id=who)
    assert (mine_now.residual, before.residual, settled.amount) == (500, 900, 400)


@pytest.mark.parametrize(
    ("late", "bucket"),
    [(-1, 0), (0, 1), (1, 2), (30, 2), (31, 3), (60, 3), (61, 4), (90, 4), (91, 5), (700, 5)],
)
def test_days_over_due_choose_the_column(books: Books, late: int, bucket: int) -> None:
    who = contact(books)
    claim(books, who, 70, on=dt.date(2024, 1, 31))
    with books.open(read_only=True):
        day = max(dt.date(2024, 1, 31) + dt.timedelta(days=late), dt.date(2024, 1, 31))
    if late < 0:
        with books.open():
            (item,) = open_items_queries.open_items(counterparty_id=who)
            settle.describe(item.key, due_on=dt.date(2024, 2, 1), reference=None)
    with books.open(read_only=True):
        found = open_items_queries.aged(control="receivable", on=day)
    mine = next(row for row in found.rows if row.counterparty_id == who)
    assert [n for n, amount in enumerate(mine.buckets) if amount] == [bucket]


def test_a_due_day_changed_later_says_who_changed_it(
    books: Books, admin: psycopg.Connection
) -> None:
    item = claim(books, contact(books), 100)
    with books.open():
        settle.describe(item, due_on=dt.date(2026, 9, 1), reference=None)
        settle.describe(item, due_on=dt.date(2026, 9, 1), reference=None)  # changes nothing
    logged = admin.execute(
        "select e.actor, c.after ->> 'due_on', c.after ->> 'due_on_before' from app.audit_event e"
        " join app.audit_change c on c.tenant_id = e.tenant_id and c.event_id = e.id"
        " where e.act = 'open_item.described' and e.subject_id = %s",
        (item[0],),
    ).fetchall()
    assert logged == [(books.session.person_id, "2026-09-01", "2026-03-04")]
