"""Tax codes and dimensions through the browser; archived ones take nothing new."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounting import commands, ledger
from app.accounting.codes import commands as codes_commands
from app.accounting.codes import queries as codes_queries
from app.kernel import ids
from app.kernel.errors import Invalid
from app.kernel.settings import Settings
from tests import factories
from tests.accounting import by_hand
from tests.accounting.by_hand import browser
from tests.accounting.ledger_support import Books

__all__ = ["browser"]


@pytest.fixture
def base(books: Books, admin: psycopg.Connection) -> str:
    """The address of the client's books."""
    return f"/c/{factories.slug_of(admin, books.tenant)}/books"


def post(browser: FlaskClient, url: str, page_of: str, **values: str) -> TestResponse:
    return by_hand.post(browser, url, by_hand.get(browser, page_of), **values)


def spend(books: Books, **more: object) -> ledger.PostedEntry:
    with books.open():
        return commands.post_entry(
            journal="GEN",
            date=dt.date(2026, 3, 4),
            description="Paper",
            key=str(ids.uuid7()),
            postings=[
                ledger.PostingInput(books.accounts["6900"], 100, "EUR", **more),  # type: ignore[arg-type]  # one optional field
                ledger.PostingInput(books.accounts["1010"], -100, "EUR"),
            ],
        )


def test_a_tax_code_is_added_changed_and_archived(
    browser: FlaskClient, books: Books, base: str
) -> None:
    taxes = f"{base}/taxes"
    made = post(browser, taxes, taxes, code="X7", name="Seven", rate="7.5 %")
    assert made.status_code == 303, made.text[:2000]
    assert post(browser, taxes, taxes, code="X7", name="Again", rate="1").status_code == 409
    assert post(browser, taxes, taxes, code="X8", name="Eight", rate="many").status_code == 422
    control = str(books.accounts["1100"])
    wrong = post(browser, taxes, taxes, code="X9", name="Nine", rate="9", account=control)
    assert wrong.status_code == 422
    one = f"{taxes}/X7"
    assert post(browser, one, one, name="Seven and a half").status_code == 303
    with books.open(read_only=True):
        found = codes_queries.tax_code("X7")
    assert (found.name, str(found.rate)) == ("Seven and a half", "0.075000")
    first = spend(books, tax_code="X7")
    assert post(browser, f"{one}/archive", one).status_code == 303
    with pytest.raises(Invalid, match="tax-code-archived"):
        spend(books, tax_code="X7")
    with books.open():
        commands.reverse_entry(entry_id=first.id, key=str(ids.uuid7()))
    assert post(browser, f"{one}/restore", one).status_code == 303
    spend(books, tax_code="X7")


def test_a_dimension_is_named_and_its_values_kept(
    browser: FlaskClient, books: Books, base: str
) -> None:
    page = f"{base}/dimensions"
    assert post(browser, page, page, slot="1", title="Cost centre").status_code == 303
    value = {"slot": "1", "code": "W", "name": "Workshop"}
    assert post(browser, f"{page}/values", page, **value).status_code == 303
    assert post(browser, f"{page}/values", page, **value).status_code == 409
    with books.open(read_only=True):
        (made,) = codes_queries.dimension_values()
    one = f"{page}/values/{made.id}"
    assert post(browser, one, page, name="Garage").status_code == 303
    spend(books, dim1_id=made.id)
    assert post(browser, f"{one}/archive", page).status_code == 303
    with pytest.raises(Invalid, match="dimension-archived"):
        spend(books, dim1_id=made.id)
    assert post(browser, f"{one}/restore", page).status_code == 303
    spend(books, dim1_id=made.id)


def test_many_entries_at_once_carry_no_archived_code_but_answer_what_was_posted(
    books: Books,
) -> None:
    with books.open():
        commands.create_tax_codes(codes=[("Z1", "One", "0.01")])
    draft = ledger.EntryDraft(
        "GEN",
        dt.date(2026, 3, 4),
        "Paper",
        (
            ledger.PostingInput(books.accounts["6900"], 100, "EUR", tax_code="Z1"),
            ledger.PostingInput(books.accounts["1010"], -100, "EUR"),
        ),
        "once",
    )
    with books.open():
        (first,) = commands.post_many(drafts=[draft])
        codes_commands.archive_tax("Z1")
    with books.open():
        (again,) = commands.post_many(drafts=[draft])
    assert (again.id, again.replayed) == (first.id, True)
    with pytest.raises(Invalid, match="tax-code-archived"), books.open():
        commands.post_many(drafts=[replace(draft, key="twice")])


def test_raw_sql_recodes_nothing_onto_what_is_archived(
    books: Books, rw: psycopg.Connection, settings: Settings
) -> None:
    with books.open():
        commands.name_dimension(slot=1, name="Project")
        gone = commands.create_dimension_values(slot=1, values={"A": "Alpha"})["A"]
        codes_commands.archive_value(gone)
        codes_commands.archive_tax("ZERO")
    posted = spend(books)
    call = (
        "select * from ledger.recode(uuidv7(), array[%(entry)s]::uuid[], '{1,1}',"
        " array[%(paper)s, %(bank)s]::uuid[], '{EUR,EUR}', '{100,-100}', '{100,-100}', null,"
        " %(tax)s::text[], %(dim)s::uuid[])"
    )
    values = {
        "entry": posted.id,
        "paper": books.accounts["6900"],
        "bank": books.accounts["1010"],
    }
    token = books.token(settings.guard_key, settings.guard_key_id)
    for tax, dim, code in (
        (["ZERO", None], None, "tax-code-archived"),
        (None, [gone, None], "dimension-archived"),
    ):
        rw.execute("select set_config('app.ctx', %s, true)", (token,))
        with pytest.raises(psycopg.Error, match=code) as caught:
            rw.execute(call, {**values, "tax": tax, "dim": dim})
        rw.rollback()
        assert caught.value.sqlstate == "BO422"


def test_an_entry_keeps_the_archived_code_it_has_when_it_is_recoded(
    books: Books, rw: psycopg.Connection, settings: Settings
) -> None:
    posted = spend(books, tax_code="OUT")
    with books.open():
        codes_commands.archive_tax("OUT")
    token = books.token(settings.guard_key, settings.guard_key_id)
    rw.execute("select set_config('app.ctx', %s, true)", (token,))
    done = rw.execute(
        "select refusal from ledger.recode(uuidv7(), array[%s]::uuid[], '{1,1}',"
        " array[%s, %s]::uuid[], '{EUR,EUR}', '{100,-100}', '{100,-100}', null, '{OUT,null}')",
        (posted.id, books.accounts["6100"], books.accounts["1010"]),
    ).fetchone()
    rw.rollback()
    assert done == (None,)


def test_a_reverse_charge_names_two_accounts_and_says_so_where_it_is_chosen(
    browser: FlaskClient, books: Books, base: str
) -> None:
    taxes = f"{base}/taxes"
    deducted, owed = str(books.accounts["1400"]), str(books.accounts["2200"])
    same = {"account": owed, "reverse_account": owed}
    refused = post(browser, taxes, taxes, code="RX", name="From abroad", rate="19", **same)
    assert refused.status_code == 422
    assert "has an account of its own" in refused.text
    both = {"account": deducted, "reverse_account": owed}
    made = post(browser, taxes, taxes, code="RX", name="From abroad", rate="19", **both)
    assert made.status_code == 303
    with books.open(read_only=True):
        kept = codes_queries.tax_code("RX")
        assert str(kept.reverse_account_id) == owed
    assert "paid net, tax on both sides" in by_hand.get(browser, f"{base}/rules/new")
    posted = spend(books, tax_code="RX")
    assert "Reverse charge" in by_hand.get(browser, f"{base}/entries/{posted.id}")
