"""Deciding about bank lines: matching, settling, transfers, batches, and every way back."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.accounting import commands, queries
from app.accounting.bank import queries as bank_queries
from app.accounting.coding import Coding, Part
from app.accounting.ledger import PostingInput
from app.accounting.matching.values import ItemShare
from app.accounting.open_items import queries as open_items_queries
from app.accounting.reconcile import accept as reconcile_accept
from app.accounting.reconcile import balance as reconcile_balance
from app.accounting.reconcile import certain as reconcile_certain
from app.accounting.reconcile import checks as reconcile_checks
from app.accounting.reconcile import commands as reconcile_commands
from app.accounting.reconcile import matching as reconcile_matching
from app.accounting.reconcile import queries as reconcile_queries
from app.accounting.reconcile import settling as reconcile_settling
from app.accounting.reconcile.matching import Other
from app.accounting.suggest import queries as suggest_queries
from app.kernel import undo
from app.kernel.errors import Conflict, Invalid
from app.kernel.settings import Settings
from tests.accounting import reconcile_scene
from tests.accounting.reconcile_scene import SAVINGS, Scene
from tests.accounting.test_bank import mt940, upload

ROWS = [
    ("260302", "300,00", "Klant Ahorn INV-1 and INV-2"),
    ("260303", "-120,00", "166?20Flour 1?32Golden Mill"),
    ("260304", "-121,00", "166?20Flour 2?32Golden Mill"),
    ("260305", "-500,00", "To savings"),
    ("260306", "-40,00", "Odd thing"),
]


@pytest.fixture
def scene(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Scene:
    """Five lines to do, with a rule for two of them."""
    return reconcile_scene.make(app, worker_app, admin, rows=ROWS)


def line_of(scene: Scene, amount: int) -> bank_queries.BankLine:
    return next(one for one in scene.lines() if one.amount_minor == amount)


def report(scene: Scene) -> list[tuple[str, int]]:
    with scene.books.open(read_only=True):
        found = queries.trial_balance(on=dt.date(2026, 12, 31))
    return [(row.code, row.balance) for row in found.rows if row.balance]


def invoice(
    scene: Scene, cents: int, number: str, who: UUID, on: dt.date = dt.date(2026, 2, 2)
) -> ItemShare:
    receivable = scene.books.accounts["1100"]
    with scene.books.open():
        posted = commands.post_entry(
            journal="GEN",
            date=on,
            description=number,
            postings=(
                PostingInput(receivable, cents, "EUR", counterparty_id=who, memo=number),
                PostingInput(scene.books.accounts["4000"], -cents, "EUR"),
            ),
            key=number,
        )
    return ItemShare(posted.id, 1, cents, receivable, who, number)


def contact(scene: Scene) -> UUID:
    with scene.books.open():
        return commands.create_counterparty(name="Klant Ahorn", kind="customer")


def residuals(scene: Scene) -> list[int]:
    with scene.books.open(read_only=True):
        return [one.residual for one in open_items_queries.open_items(control="receivable")]


def test_one_line_settles_two_invoices_less_a_fee_and_all_of_it_goes_back(scene: Scene) -> None:
    who = contact(scene)
    items = [invoice(scene, 10_000, "INV-1", who), invoice(scene, 20_300, "INV-2", who)]
    before, line = report(scene), line_of(scene, 30_000)
    fee = Coding((Part(scene.books.accounts["6900"], 300, "EUR"),))
    with scene.books.open():
        done = reconcile_settling.settle(
            line_id=line.id, version=line.version, items=items, rest=fee
        )
    assert residuals(scene) == []
    with scene.books.open():
        undo.take(done.undo)
    assert sorted(residuals(scene)) == [10_000, 20_300]
    assert report(scene) == before
    assert line_of(scene, 30_000).state == "to_do"


def test_a_payment_settles_a_claim_that_is_dated_after_it(scene: Scene) -> None:
    item = invoice(scene, 30_000, "INV-LATE", contact(scene), dt.date(2026, 4, 20))
    line = line_of(scene, 30_000)
    assert line.booked_on < dt.date(2026, 4, 20)
    with scene.books.open():
        done = reconcile_settling.settle(line_id=line.id, version=line.version, items=[item])
    assert residuals(scene) == []
    with scene.books.open():
        undo.take(done.undo)
    assert residuals(scene) == [30_000]


def test_items_that_do_not_make_up_the_line_are_refused_and_nothing_is_posted(
    scene: Scene,
) -> None:
    item = invoice(scene, 10_000, "INV-1", contact(scene))
    before, line = report(scene), line_of(scene, 30_000)
    with pytest.raises(Invalid) as refused, scene.books.open():
        reconcile_settling.settle(line_id=line.id, version=1, items=[item])
    problems = [one.code for found in refused.value.fields.values() for one in found]
    assert problems == ["split-differs"]
    assert report(scene) == before


def test_an_entry_reversed_by_raw_sql_lets_its_line_go_and_its_items_open(
    scene: Scene, admin: psycopg.Connection, rw: psycopg.Connection, settings: Settings
) -> None:
    item = invoice(scene, 30_000, "INV-RAW", contact(scene))
    line = line_of(scene, 30_000)
    with scene.books.open():
        done = reconcile_settling.settle(line_id=line.id, version=line.version, items=[item])
    assert done.entry is not None
    assert residuals(scene) == []

    token = scene.books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    rw.execute("select ledger.reverse(%s, 'by-sql')", (done.entry.id,))
    rw.commit()

    after = line_of(scene, 30_000)
    assert (after.state, after.entry_id) == ("to_do", None)
    assert residuals(scene) == [30_000]
    used = admin.execute(
        "select meter, voided_at is not null from app.usage_event"
        " where tenant_id = %s and (key like %s or key like 'allocation/%%') order by 1",
        (scene.books.tenant, f"bank-line:{line.id}:%"),
    ).fetchall()
    assert [voided for _, voided in used] == [True, True]


def test_a_line_is_matched_to_an_entry_once_and_lets_go_when_it_is_reversed(scene: Scene) -> None:
    line = line_of(scene, -4_000)
    with scene.books.open():
        bank = bank_queries.bank_account(scene.main)
        entry = commands.post_entry(
            journal="GEN",
            date=dt.date(2026, 3, 1),
            description="by hand",
            postings=(
                PostingInput(bank.account_id, -4_000, "EUR"),
                PostingInput(scene.books.accounts["6900"], 4_000, "EUR"),
            ),
            key="by-hand",
        )
        reconcile_matching.match_entry(line_id=line.id, version=1, entry_id=entry.id)
    other = line_of(scene, -12_000)
    for code in ("entry-taken",):
        with pytest.raises(Conflict) as refused, scene.books.open():
            reconcile_matching.match_entry(line_id=other.id, version=1, entry_id=entry.id)
        assert refused.value.code == code
    with scene.books.open():
        commands.reverse_entry(entry_id=entry.id, key="back")
    assert line_of(scene, -4_000).state == "to_do"
    with pytest.raises(Conflict) as refused, scene.books.open():
        reconcile_matching.match_entry(line_id=other.id, version=1, entry_id=entry.id)
    assert refused.value.code == "entry-reversed"


def test_a_transfer_books_both_lines_once_and_one_undo_frees_both(scene: Scene) -> None:
    upload(scene.books, mt940([("260307", "500,00", "From main")], number=SAVINGS), "savings.sta")
    line, before = line_of(scene, -50_000), report(scene)
    with scene.books.open():
        done = reconcile_matching.transfer(line_id=line.id, version=1, to=Other(scene.savings))
    assert len(done.line_ids) == 2
    with scene.books.open():
        undo.take(done.undo)
    assert report(scene) == before
    with scene.books.open(read_only=True):
        states = {reconcile_queries.line(one).state for one in done.line_ids}
    assert states == {"to_do"}


def test_a_transfer_waits_for_its_other_line_and_is_found_when_it_comes(scene: Scene) -> None:
    line = line_of(scene, -50_000)
    with scene.books.open():
        reconcile_matching.transfer(line_id=line.id, version=1, to=Other(scene.savings))
        waiting = reconcile_balance.balance(scene.savings)
    assert [one.kind for one in waiting.shares] == ["transfers"]
    upload(scene.books, mt940([("260307", "500,00", "From main")], number=SAVINGS), "savings.sta")
    with scene.books.open():
        found = bank_queries.lines(
            bank_queries.LineFilter(state="to_do", bank_account_id=scene.savings)
        ).rows[0]
        guess = suggest_queries.suggestions([found.id])[found.id][0]
        assert guess.kind == "entry"
        reconcile_accept.accept(
            line_id=found.id, version=found.version, candidate=reconcile_accept.mark(guess)
        )
        assert reconcile_balance.balance(scene.savings).difference_minor == 0


def test_the_certain_ones_are_accepted_only_as_they_were_counted(scene: Scene) -> None:
    reconcile_scene.confirm(scene)
    with scene.books.open(read_only=True):
        shown = reconcile_accept.certain(scene.main)
    assert shown.count == 2
    with pytest.raises(Conflict) as refused, scene.books.open():
        reconcile_certain.accept_certain(
            bank_account_id=scene.main, count=shown.count + 1, digest=shown.digest
        )
    assert refused.value.code == "certain-changed"
    before = report(scene)
    with scene.books.open():
        done = reconcile_certain.accept_certain(
            bank_account_id=scene.main, count=shown.count, digest=shown.digest
        )
    assert len(done.line_ids) == shown.count
    with scene.books.open():
        undo.take(done.undo)
    assert report(scene) == before


def test_every_use_is_voided_with_its_undo(scene: Scene, admin: psycopg.Connection) -> None:
    line = line_of(scene, -4_000)
    part = Coding((Part(scene.books.accounts["6900"], 4_000, "EUR"),))
    for _ in range(3):
        now = line_of(scene, -4_000)
        with scene.books.open():
            done = reconcile_commands.book(line_id=line.id, version=now.version, coding=part)
        with scene.books.open():
            undo.take(done.undo)
    living = admin.execute(
        "select count(*) filter (where voided_at is null), count(*) from app.usage_event"
        " where tenant_id = %s and meter = 'bank_line'",
        (scene.books.tenant,),
    ).fetchone()
    assert living == (0, 3)


def test_the_difference_always_adds_up(scene: Scene) -> None:
    reconcile_scene.confirm(scene)
    odd = line_of(scene, -4_000)
    with scene.books.open():
        bank = bank_queries.bank_account(scene.main)
        commands.post_entry(
            journal="GEN",
            date=dt.date(2026, 3, 3),
            description="without a line",
            postings=(
                PostingInput(bank.account_id, 777, "EUR"),
                PostingInput(scene.books.accounts["4000"], -777, "EUR"),
            ),
            key="loose",
        )
        reconcile_commands.skip(line_id=odd.id, version=1, why="later")
        found = reconcile_balance.balance(scene.main)
    assert found.difference_minor == sum(one.minor for one in found.shares)
    kinds = {one.kind: one.minor for one in found.shares}
    assert (kinds["entries"], kinds["skipped"]) == (-777, -4_000)


def test_the_checks_of_the_close_count_lines_and_accounts_that_differ(scene: Scene) -> None:
    with scene.books.open(read_only=True):
        march = next(one for one in queries.periods() if one.starts == dt.date(2026, 3, 1))
        assert reconcile_checks.lines(march.id) == 5
        assert reconcile_checks.different(march.id) == 1
        assert reconcile_checks.suspense(march.id) == 0
    account, found = scene.books.accounts["6900"], scene.lines("to_do")
    with scene.books.open():
        for line in found:
            parts = (Part(account, -line.amount_minor, "EUR"),)
            reconcile_commands.book(line_id=line.id, version=1, coding=Coding(parts))
        assert reconcile_checks.lines(march.id) == 0
        assert reconcile_checks.different(march.id) == 0
