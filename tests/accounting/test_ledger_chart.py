"""Dimensions, tax accounts and who made an entry: approved drafts and system jobs."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from app.accounting import charts, commands, ledger, queries
from app.accounting.codes import commands as codes_commands
from app.cli import install
from app.kernel import approvals, db, jobs_catalog
from app.kernel.errors import Invalid, NotFound
from app.kernel.scope import Scope
from app.kernel.settings import Settings
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books

DAY = dt.date(2026, 3, 4)


@pytest.fixture(scope="module")
def books(app: Flask, worker_app: Flask, settings: Settings) -> Books:
    """One client's books for this module."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return ledger_support.make_books(app, worker_app, admin)


def _draft(
    books: Books, key: str, *, dim1_id: UUID | None = None, dim2_id: UUID | None = None
) -> ledger.EntryDraft:
    postings = (
        ledger.PostingInput(
            books.accounts["1010"], 700, "EUR", 700, dim1_id=dim1_id, dim2_id=dim2_id
        ),
        ledger.PostingInput(books.accounts["4000"], -700, "EUR", -700),
    )
    return ledger.EntryDraft("GEN", DAY, "Draft", postings, key)


def _post(draft: ledger.EntryDraft, approved_ref: UUID | None = None) -> ledger.PostedEntry:
    return commands.post_entry(
        journal=draft.journal,
        date=draft.date,
        description=draft.description,
        postings=draft.postings,
        key=draft.key,
        approved_ref=approved_ref,
    )


def test_postings_carry_values_of_named_dimensions(books: Books) -> None:
    with books.open():
        commands.name_dimension(slot=1, name="Cost centre")
        commands.name_dimension(slot=2, name="Project")
        centres = commands.create_dimension_values(
            slot=1, values={"W": "Workshop", "S": 'Shop "A"'}
        )
        projects = commands.create_dimension_values(slot=2, values={"P1": "Roof"})
        made = _post(_draft(books, "dims", dim1_id=centres["W"], dim2_id=projects["P1"]))
    with books.open(read_only=True):
        posting = queries.entry(made.id).postings[0]
        values = {value.code: value for value in queries.dimension_values()}
    assert (posting.dim1_id, posting.dim2_id) == (centres["W"], projects["P1"])
    assert (values["S"].name, values["S"].dimension) == ('Shop "A"', "Cost centre")


def test_a_value_made_twice_keeps_its_id_and_an_archived_one_leaves_the_lists(books: Books) -> None:
    with books.open():
        commands.name_dimension(slot=1, name="Cost centre")
        first = commands.create_dimension_values(slot=1, values={"OLD": "Old"})
        assert commands.create_dimension_values(slot=1, values={"OLD": "Other"}) == first
        codes_commands.archive_value(first["OLD"])
        assert "OLD" not in {value.code for value in queries.dimension_values()}


def test_a_value_of_the_other_dimension_is_refused(books: Books) -> None:
    with books.open():
        commands.name_dimension(slot=1, name="Cost centre")
        centre = commands.create_dimension_values(slot=1, values={"X": "X"})["X"]
    with pytest.raises(Invalid) as caught, books.open():
        _post(_draft(books, "wrong-slot", dim2_id=centre))
    assert caught.value.code == "dimension-unknown"
    with pytest.raises(NotFound), books.open():
        codes_commands.archive_value(uuid4())
    with pytest.raises(Invalid), books.open():
        commands.name_dimension(slot=3, name="Third")


@pytest.mark.parametrize("template", charts.TEMPLATES)
def test_the_tax_codes_of_a_chart_know_where_their_tax_is_booked(
    template: str, app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    made = ledger_support.make_books(app, worker_app, admin, chart=template)
    with made.open(read_only=True):
        codes = queries.tax_codes()
    chart = charts.load(template)
    booked = {code.code: code.account_id for code in codes if code.account_id}
    owed = {code.code: code.reverse_account_id for code in codes if code.reverse_account_id}
    assert booked == {code: made.accounts[one] for code, one in chart.tax_accounts.items()}
    assert owed == {code: made.accounts[one] for code, one in chart.reverse_accounts.items()}


@pytest.fixture
def approved(books: Books, admin: psycopg.Connection) -> tuple[ledger.EntryDraft, UUID]:
    """A draft of the accountant that the client's owner has approved."""
    return _approved(books, admin, "entry.test")


def _approved(books: Books, admin: psycopg.Connection, kind: str) -> tuple[ledger.EntryDraft, UUID]:
    admin.execute(
        "insert into app.approval_kind (kind, side, needed, fresh)"
        " values (%s, 'client', 1, false) on conflict do nothing",
        (kind,),
    )
    admin.execute(
        "insert into guard.role_permission (role, permission)"
        " values ('owner', 'approve.' || %s) on conflict do nothing",
        (kind,),
    )
    admin.commit()
    owner = factories.owner(admin, books.tenant)
    draft = _draft(books, f"approved-{uuid4()}")
    sha = ledger.request_sha(draft, ledger.Book("EUR")).hex()
    with books.open():
        asked = approvals.request(
            kind,
            subject_type="entry",
            line="accounting",
            title="Post it",
            content={"total": "7.00"},
            content_sha=sha,
        )
    with books.app.app_context(), db.transaction(owner.scope(books.tenant)):
        assert approvals.decide(asked, "approve", content_sha=sha) == "approved"
    return draft, asked


def test_an_approved_draft_is_posted_by_another_in_its_makers_name(
    books: Books, admin: psycopg.Connection, approved: tuple[ledger.EntryDraft, UUID]
) -> None:
    draft, approval = approved
    role = ledger_support.role_with(admin, "ledger_tester", ledger_support.RIGHTS)
    other = factories.staff(admin, books.tenant, role=role)
    with books.app.app_context(), db.transaction(other.scope(books.tenant)):
        entry = queries.entry(_post(draft, approval).id)
    assert (entry.made_by, entry.approved_ref) == (books.session.person_id, approval)


def test_an_approval_covers_nothing_but_what_was_shown(
    books: Books, approved: tuple[ledger.EntryDraft, UUID]
) -> None:
    _, approval = approved
    changed = ledger.EntryDraft(
        "GEN", DAY, "Another text", _draft(books, "x").postings, str(uuid4())
    )
    for reference in (approval, uuid4()):
        with pytest.raises(Invalid) as caught, books.open():
            _post(changed, reference)
        assert caught.value.code == "approval-does-not-cover"


def test_an_approval_covers_one_entry_only(
    books: Books, approved: tuple[ledger.EntryDraft, UUID]
) -> None:
    draft, approval = approved
    with books.open():
        first = _post(draft, approval)
        assert _post(draft, approval).id == first.id
    with pytest.raises(Invalid) as caught, books.open():
        _post(replace(draft, key=str(uuid4())), approval)
    assert caught.value.code == "approval-does-not-cover"


def test_an_approval_of_something_else_covers_no_entry(
    books: Books, admin: psycopg.Connection
) -> None:
    draft, approval = _approved(books, admin, "test.thing")
    with pytest.raises(Invalid) as caught, books.open():
        _post(draft, approval)
    assert caught.value.code == "approval-does-not-cover"


def test_a_system_job_posts_many_as_the_system_user(books: Books, worker_app: Flask) -> None:
    operator = jobs_catalog.SYSTEM_USERS["operator"]
    job = Scope.system_job(books.tenant, person_id=operator)
    drafts = [_draft(books, f"job-{place}") for place in range(3)]
    with worker_app.app_context(), db.transaction(job):
        made = commands.post_many(drafts=drafts)
        assert queries.entry(made[0].id).made_by == operator
    assert [one.number for one in made] == [made[0].number + place for place in range(3)]
