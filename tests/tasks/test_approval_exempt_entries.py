"""What no rule asks about is so, not only said: raw SQL of the web's login role avoids no rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounting.bank import commands as bank_commands
from app.accounting.bank import queries as bank_queries
from app.accounting.bank.commands import AccountCoding
from app.accounting.bank.queries import BankLine, LineFilter
from app.accounting.moving import commands as moving_commands
from app.cli import install
from app.kernel import db, ids, jobs
from app.kernel.errors import DomainError
from app.kernel.settings import Settings
from tests.accounting.moving_stage import LEDGER
from tests.accounting.test_bank import mt940, upload
from tests.tasks import approval_stage
from tests.tasks.approval_stage import LIMIT, Stage

NUMBER = "NL91ABNA0417164300"
DOLLARS = "NL20INGB0001234567"
BIG = LIMIT * 2
NEEDED = "approval-needed"
_texts = count(1)
POST = """
select entry_id from ledger.post('GEN', :day, 'Rent', :key, :accounts, :currencies, :amounts,
  :bases, p_kind => :kind, p_source_type => :source, p_source_id => :source_id)
"""
MANY = """
select entry_id from ledger.post_many('GEN', array[:day, :day]::date[], array['Rent', 'Rent'],
  array[:key, :key || '/2'], array[1, 1, 2, 2], :accounts, :currencies, :amounts, :amounts,
  p_kind => :kind, p_source_type => :source, p_source_id => array[:source_id, :source_id]::uuid[])
"""


@pytest.fixture(scope="module")
def stage(app: Flask, worker_app: Flask, admin_once: psycopg.Connection) -> Stage:
    """The client with its policy and a bank account."""
    made = approval_stage.build(app, worker_app, admin_once)
    with made.books.open():
        bank_commands.create_bank_account(number=NUMBER, name="Main", currency="EUR")
    return made


@pytest.fixture(scope="module")
def admin_once(settings: Settings) -> Iterator[psycopg.Connection]:
    """The owner of the database, for the whole module."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        yield admin


def _line(
    stage: Stage, amount: int = BIG, *, number: str = NUMBER, currency: str = "EUR"
) -> BankLine:
    """A new line of the bank's, that much paid out."""
    text = f"Deal {next(_texts)}"
    row = ("260304", f"-{Decimal(amount) / 100:.2f}".replace(".", ","), f"166?20{text}?32Lessor")
    upload(stage.books, mt940([row], number=number, currency=currency), f"{text}.sta")
    with stage.books.open(read_only=True):
        found = bank_queries.lines(LineFilter(state="to_do"), limit=200).rows
    return next(one for one in found if text in f"{one.text}{one.reference}")


def _bank(stage: Stage, number: str = NUMBER) -> UUID:
    with stage.books.open(read_only=True):
        found: UUID = db.session.execute(
            sa.text("select account_id from app.bank_account where number = :n"), {"n": number}
        ).scalar_one()
        return found


def _raw(
    stage: Stage,
    amounts: Sequence[int],
    accounts: Sequence[UUID] | None = None,
    *,
    sql: str = POST,
    before: str = "select 1",
    **more: Any,
) -> str:
    """How an entry posted by raw SQL in the maker's session ends."""
    plain = (stage.books.accounts["5000"], stage.books.accounts["4000"])
    values = {
        "day": dt.date(2026, 3, 4),
        "key": str(ids.uuid7()),
        "accounts": list(accounts or plain),
        "currencies": ["EUR"] * len(amounts),
        "amounts": list(amounts),
        "bases": list(amounts),
        "kind": "normal",
        "source": None,
        "source_id": None,
    }
    with stage.app.app_context():
        try:
            with db.transaction(stage.scope("maker")):
                db.session.execute(sa.text(before))
                db.session.execute(sa.text(sql), values | more)
        except DomainError as refusal:
            return refusal.code
    return "posted"


@pytest.mark.parametrize("kind", ["normal", "opening", "closing"])
@pytest.mark.parametrize(
    "source", [None, "document", "bank_transaction", "allocation", "moving_file", "reversal", "x"]
)
def test_no_source_and_no_kind_avoids_a_rule(stage: Stage, kind: str, source: str | None) -> None:
    named: dict[str, Any] = {"source": source, "source_id": source and uuid4(), "kind": kind}
    assert _raw(stage, (BIG, -BIG), **named) == NEEDED
    assert _raw(stage, (LIMIT - 1, 1 - LIMIT), **named) == "posted"


def test_a_batch_avoids_no_rule_either(stage: Stage) -> None:
    plain = (stage.books.accounts["5000"], stage.books.accounts["4000"]) * 2
    named: dict[str, Any] = {"source": "bank_transaction", "source_id": uuid4(), "kind": "opening"}
    assert _raw(stage, (1, -1, BIG, -BIG), plain, sql=MANY, **named) == NEEDED
    assert _raw(stage, (1, -1, 2, -2), plain, sql=MANY, **named) == "posted"


def test_nobody_posts_a_reversal_but_its_door(stage: Stage) -> None:
    assert _raw(stage, (BIG, -BIG), kind="reversal") == "entry-kind"


@pytest.mark.parametrize("setting", ["ledger.door", "ledger.tenant"])
def test_what_a_session_sets_itself_opens_no_door(stage: Stage, setting: str) -> None:
    before = f"select set_config('{setting}', 'allocation', false)"
    named: dict[str, Any] = {"source": "allocation", "source_id": uuid4(), "before": before}
    assert _raw(stage, (BIG, -BIG), **named) == NEEDED


def test_a_bank_line_is_booked_unasked_and_only_once(stage: Stage) -> None:
    line = _line(stage)
    bank, cost = _bank(stage), stage.books.accounts["5000"]
    named: dict[str, Any] = {"source": "bank_transaction", "source_id": line.id}
    both = (bank, cost)
    assert _raw(stage, (-BIG - 1, BIG + 1), both, **named) == NEEDED
    assert _raw(stage, (BIG, -BIG), (cost, stage.books.accounts["4000"]), **named) == NEEDED
    twice = (*both, *both)
    assert _raw(stage, (-BIG, BIG, -BIG, BIG), twice, sql=MANY, **named) == NEEDED
    assert _raw(stage, (-BIG, BIG), both, **named) == "posted"
    assert _raw(stage, (-BIG, BIG), both, **named) == NEEDED


def test_a_line_that_was_booked_covers_nothing_more(stage: Stage) -> None:
    line = _line(stage)
    with stage.books.open():
        coding = AccountCoding(stage.books.accounts["5000"])
        bank_commands.book_line(line_id=line.id, version=line.version, coding=coding)
    named: dict[str, Any] = {"source": "bank_transaction", "source_id": line.id}
    both = (_bank(stage), stage.books.accounts["5000"])
    assert _raw(stage, (-BIG, BIG), both, **named) == NEEDED


def test_a_line_that_is_taken_back_is_booked_again_but_not_twice(stage: Stage) -> None:
    line = _line(stage)
    named: dict[str, Any] = {"source": "bank_transaction", "source_id": line.id}
    both = (_bank(stage), stage.books.accounts["5000"])

    def reverse() -> None:
        """The newest entry of the line, or its reversal, is taken back."""
        with stage.books.open():
            db.session.execute(
                sa.text(
                    "select ledger.reverse(e.id, :key) from ledger.entry e"
                    " where e.source_id = :line order by e.id desc limit 1"
                ),
                {"line": line.id, "key": str(ids.uuid7())},
            ).all()

    assert _raw(stage, (-BIG, BIG), both, **named) == "posted"
    reverse()
    assert _raw(stage, (-BIG, BIG), both, **named) == "posted"
    reverse()
    reverse()
    assert _raw(stage, (-BIG, BIG), both, **named) == NEEDED


def test_a_small_line_hides_no_large_entry(stage: Stage) -> None:
    line = _line(stage, 1_000)
    bank, accounts = _bank(stage), stage.books.accounts
    named: dict[str, Any] = {"source": "bank_transaction", "source_id": line.id}
    four = (bank, accounts["5000"], accounts["5000"], accounts["4000"])
    assert _raw(stage, (-1_000, 1_000, BIG, -BIG), four, **named) == NEEDED


def test_a_line_in_another_currency_covers_what_the_clients_own_rates_say(stage: Stage) -> None:
    with stage.books.open():
        bank_commands.create_bank_account(number=DOLLARS, name="Dollars", currency="USD")
    line = _line(stage, number=DOLLARS, currency="USD")
    both = (_bank(stage, DOLLARS), stage.books.accounts["5000"])

    def post(amount: int, base: int) -> str:
        """An entry of the line: so many cents of a dollar, said to be so many of a euro."""
        named: dict[str, Any] = {"source": "bank_transaction", "source_id": line.id}
        named |= {"currencies": ["USD", "USD"], "bases": [-base, base]}
        return _raw(stage, (-amount, amount), both, **named)

    def rate(value: str, day: dt.date) -> None:
        with stage.books.open():
            bank_commands.set_rate(currency="USD", on=day, rate=Decimal(value))

    assert post(BIG, BIG) == NEEDED  # nobody said what a dollar is worth
    rate("4", line.booked_on + dt.timedelta(days=1))
    assert post(BIG, BIG) == NEEDED
    rate("0.9", line.booked_on)
    assert post(1_000, 10_000_000_000) == NEEDED
    assert post(BIG, 2 * BIG) == NEEDED
    assert post(BIG // 2, BIG) == "posted"
    assert post(BIG // 2, BIG) == NEEDED  # with the first it is more than twice the line
    assert post(BIG // 2, BIG // 2) == "posted"


def test_another_clients_line_covers_nothing(
    stage: Stage, app: Flask, worker_app: Flask, admin_once: psycopg.Connection
) -> None:
    elsewhere = approval_stage.build(app, worker_app, admin_once)
    with elsewhere.books.open():
        bank_commands.create_bank_account(number=NUMBER, name="Main", currency="EUR")
    line = _line(elsewhere)
    both = (_bank(stage), stage.books.accounts["5000"])
    named: dict[str, Any] = {"source": "bank_transaction", "source_id": line.id}
    assert _raw(stage, (-BIG, BIG), both, **named) == NEEDED


def test_a_recoded_line_stays_unasked_and_grows_no_larger(stage: Stage) -> None:
    line = _line(stage)
    bank, accounts = _bank(stage), stage.books.accounts
    with stage.books.open():
        coding = AccountCoding(accounts["5000"])
        bank_commands.book_line(line_id=line.id, version=line.version, coding=coding)
    recode = (
        "select refusal from ledger.recode(:key::uuid, array(select e.id from ledger.entry e"
        " where e.source_id = :source_id and e.kind <> 'reversal'), array[1, 1], :accounts,"
        " :currencies, :amounts, :amounts)"
    ).replace(":key::uuid", "cast(:key as uuid)")
    named: dict[str, Any] = {"sql": recode, "source_id": line.id}
    assert _raw(stage, (-BIG - 1, BIG + 1), (bank, accounts["4000"]), **named) == NEEDED
    assert _raw(stage, (BIG, -BIG), (accounts["5000"], accounts["4000"]), **named) == NEEDED


def test_a_file_of_another_package_comes_in_by_the_worker_unasked(
    stage: Stage, worker_app: Flask, admin_once: psycopg.Connection
) -> None:
    large = LEDGER.replace("120.00", f"{BIG}.00")
    chart = "*Code,*Name,*Type,*Tax Code\n200,Workshop sales,Revenue,\n429,Timber,Direct Costs,\n"
    for name, text in (("chart.csv", chart), ("ledger.csv", large)):
        with stage.books.open():
            made = moving_commands.upload(data=text.encode(), name=name)
        jobs.run_due(worker_app)
        with stage.books.open():
            assert moving_commands.confirm(file_id=made) == "importing"
        named: dict[str, Any] = {"source": "moving_file", "source_id": made, "kind": "opening"}
        assert _raw(stage, (BIG, -BIG), **named) == NEEDED  # the web, while the job waits
        jobs.run_due(worker_app)
    row = admin_once.execute(
        "select count(*) from ledger.entry where tenant_id = %s and source_id = %s",
        (stage.tenant, made),
    ).fetchone()
    admin_once.commit()
    assert row == (2,)
