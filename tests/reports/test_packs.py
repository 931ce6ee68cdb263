"""Packs: published as one, read at the portal without a script, compared with the books since."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader

from app.accounting import commands, queries
from app.accounting.close import commands as close_commands
from app.kernel import clock, jobs
from app.kernel.errors import NotFound
from app.reports import commands as report_commands
from app.reports import pack_queries, stored, subjects
from app.reports.period import months_before
from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.http import Browser

NOTE_RIGHTS = ("request.ask",)
REPORTS = ("profit-and-loss", "balance-sheet", "cash-flow", "trial-balance", "general-ledger")


@pytest.fixture
def books(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Books:
    """A client with entries of March and April, kept by somebody who may write notes."""
    years = (2024, max(2026, clock.today().year))  # one test looks at the last months
    books = ledger_support.make_books(app, worker_app, admin, years=years)
    ledger_support.role_with(admin, "ledger_tester", NOTE_RIGHTS)
    books.post([1_234_500, -1_234_500])
    books.post([40_000, -40_000], codes=["6100", "1010"], on=dt.date(2026, 3, 9))
    books.post([700, -700], on=dt.date(2026, 4, 2))
    return books


@pytest.fixture
def slug(books: Books, admin: psycopg.Connection) -> str:
    """The client's name in addresses."""
    return factories.slug_of(admin, books.tenant)


def form(**changed: str) -> dict[str, str]:
    """A pack of March with three reports."""
    values = {"title": "March 2026", "from": "2026-03-01", "to": "2026-03-31", "version": "0",
              "narrative": "A **good** month.\n\n- sales <b>up</b>"}  # fmt: skip
    for number, key in enumerate(REPORTS):
        values |= {f"parts.{number}.key": key, f"parts.{number}.place": str(9 - number),
                   f"parts.{number}.cmp": "previous"}  # fmt: skip
    for number in (0, 1, 4):
        values[f"parts.{number}.chosen"] = "1"
    values["parts.0.words"] = "Look at the rent."
    return values | changed


def make(browser: Browser, slug: str, **changed: str) -> str:
    """Makes a pack; returns its id."""
    browser.get(f"/c/{slug}/reports/packs/new")
    answer = browser.post(f"/c/{slug}/reports/packs/new", form(**changed))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return re.search(r"packs/([0-9a-f-]{36})", answer.headers["Location"])[1]  # type: ignore[index]  # there


def publish(browser: Browser, slug: str, pack: str, version: str = "1") -> str:
    """Publishes a pack; returns what was published."""
    assert browser.get(f"/c/{slug}/reports/packs/{pack}").status_code == 200
    answer = browser.post(f"/c/{slug}/reports/packs/{pack}/publish", {"version": version})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return re.search(r"packs/([0-9a-f-]{36})", answer.headers["Location"])[1]  # type: ignore[index]  # there


@pytest.fixture
def published(app: Flask, books: Books, slug: str) -> str:
    """A published pack."""
    browser = Browser(app, books.session)
    return publish(browser, slug, make(browser, slug))


@pytest.fixture
def owner(app: Flask, books: Books, admin: psycopg.Connection) -> Browser:
    """The client's owner."""
    return Browser(app, factories.owner(admin, books.tenant))


def text_of(browser: Browser, address: str) -> str:
    """A page's text."""
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def test_the_owner_reads_a_pack_page_by_page_in_the_chosen_order(
    books: Books, slug: str, published: str, owner: Browser
) -> None:
    books.post([99_999, -99_999])
    address = f"/portal/{slug}/packs/{published}"

    assert "March 2026" in text_of(owner, f"/portal/{slug}/reports")
    overview = text_of(owner, address)
    assert "<b>good</b>" in overview
    assert "&lt;b&gt;up&lt;/b&gt;" in overview
    assert "General ledger" in text_of(owner, f"{address}?page=1")
    assert "Balance sheet" in text_of(owner, f"{address}?page=2")
    last = text_of(owner, f"{address}?page=3")
    assert "Look at the rent." in last
    assert "12,345.00" in last
    assert "13,344.99" not in last
    assert owner.get(f"{address}?page=4").status_code == 404
    assert owner.get(f"{address}?page=x").status_code == 404


def test_another_firm_and_its_staff_find_no_pack(
    app: Flask, slug: str, published: str, admin: psycopg.Connection
) -> None:
    other = factories.make_client(admin, "Other")
    stranger = Browser(app, factories.owner(admin, other))
    own = factories.slug_of(admin, other)
    for place in (slug, own):
        for ending in ("", ".pdf", ".xlsx"):
            address = f"/portal/{place}/packs/{published}{ending}"
            assert stranger.get(address).status_code == 404


def test_what_changed_since_is_listed_with_the_entries_that_are_the_difference(
    app: Flask, books: Books, slug: str, published: str, admin: psycopg.Connection
) -> None:
    staff = Browser(app, books.session)
    address = f"/c/{slug}/reports/published-packs/{published}"
    assert "No figure of this pack has changed" in text_of(staff, address)

    books.post([50_000, -50_000], on=dt.date(2026, 3, 20))
    books.post([123, -123], on=dt.date(2026, 4, 20))
    page = text_of(staff, address)

    assert "The books changed since this pack was published" in page
    assert "12,345.00" in page
    assert "12,845.00" in page
    links = re.findall(r'href="([^"]+/cell\?cell=[^"]+)">([−0-9.,]+)<', page)
    assert links
    for link, difference in links:
        cell = text_of(staff, link)
        found = re.search(r'data-difference="(-?\d+)"', cell)
        assert found, link
        wanted = int(re.sub(r"[.,]", "", difference.replace("−", "-")))
        assert int(found[1]) == wanted, link
        assert sum(map(int, re.findall(r'data-amount="(-?\d+)"', cell))) == wanted


def test_a_reopened_month_is_said_beside_what_changed(
    app: Flask, books: Books, slug: str, admin: psycopg.Connection
) -> None:
    with books.open(read_only=True):
        march = queries.period_on(dt.date(2026, 3, 1))
    assert march is not None
    admin.execute(
        "update ledger.period set state = 'closed' where tenant_id = %s and id = %s",
        (books.tenant, march.id),
    )
    admin.commit()
    browser = Browser(app, books.session)
    published = publish(browser, slug, make(browser, slug))
    with books.open():
        commands.reopen_period(period_id=march.id, reason="A late invoice came")
    books.post([50_000, -50_000], on=dt.date(2026, 3, 20))

    page = text_of(browser, f"/c/{slug}/reports/published-packs/{published}")

    assert "March 2026 was reopened" in page
    assert "A late invoice came" in page


def test_publishing_anew_replaces_and_withdrawing_hides(
    app: Flask, books: Books, slug: str, owner: Browser
) -> None:
    staff = Browser(app, books.session)
    pack = make(staff, slug)
    first = publish(staff, slug, pack)
    books.post([50_000, -50_000], on=dt.date(2026, 3, 20))
    second = publish(staff, slug, pack)

    assert "There is a newer version" in text_of(owner, f"/portal/{slug}/packs/{first}")
    assert first not in text_of(owner, f"/portal/{slug}/reports")
    text_of(staff, f"/c/{slug}/reports/published-packs/{second}")
    address = f"/c/{slug}/reports/published-packs/{second}/withdraw"
    assert staff.post(address).status_code == 303
    assert owner.get(f"/portal/{slug}/packs/{second}").status_code == 404
    assert owner.get(f"/portal/{slug}/packs/{second}.pdf").status_code == 404
    assert staff.post(address).status_code == 404


def test_no_report_is_taken_out_of_a_published_pack(
    books: Books, slug: str, published: str, admin: psycopg.Connection, owner: Browser
) -> None:
    part = admin.execute(
        "select id from app.published_report where tenant_id = %s and pack_id = %s limit 1",
        (books.tenant, published),
    ).fetchone()
    assert part is not None
    with pytest.raises(NotFound), books.open():
        report_commands.withdraw_report(part[0], line="accounting")
    assert owner.get(f"/portal/{slug}/packs/{published}").status_code == 200


def test_the_hash_is_of_the_content_as_stored(
    books: Books, published: str, admin: psycopg.Connection
) -> None:
    rows = admin.execute(
        "select content, content::text, content_sha from app.published_report"
        " where tenant_id = %s and pack_id = %s",
        (books.tenant, published),
    ).fetchall()
    assert len(rows) == 3
    for content, text, sha in rows:
        assert hashlib.sha256(text.encode()).digest() == bytes(sha)
        assert stored.content_sha(content) == bytes(sha)
        assert stored.to_json(stored.from_json(json.loads(text))) == content


def test_a_pack_changed_by_somebody_else_is_not_published_unseen(
    app: Flask, books: Books, slug: str
) -> None:
    staff = Browser(app, books.session)
    pack = make(staff, slug)
    text_of(staff, f"/c/{slug}/reports/packs/{pack}/edit")
    changed = form(title="March, once more", version="1")
    assert staff.post(f"/c/{slug}/reports/packs/{pack}/edit", changed).status_code == 303
    stale = staff.post(f"/c/{slug}/reports/packs/{pack}/publish", {"version": "1"})
    assert stale.status_code == 409
    again = staff.post(f"/c/{slug}/reports/packs/{pack}/edit", changed)
    assert again.status_code == 409


@pytest.mark.parametrize(
    "changed",
    [
        {"title": " "},
        {"from": "2026-04-01"},
        {"from": "not a day"},
        {"parts.0.cmp": "sideways"},
        {"parts.0.key": "nothing"},
        {"narrative": "x" * 20_001},
    ],
)
def test_a_pack_that_makes_no_sense_is_refused(
    app: Flask, books: Books, slug: str, changed: dict[str, str]
) -> None:
    staff = Browser(app, books.session)
    text_of(staff, f"/c/{slug}/reports/packs/new")
    answer = staff.post(f"/c/{slug}/reports/packs/new", form(**changed))
    assert answer.status_code in (404, 422)


def test_a_removed_pack_comes_back(app: Flask, books: Books, slug: str) -> None:
    staff = Browser(app, books.session)
    pack = make(staff, slug)
    text_of(staff, f"/c/{slug}/reports/packs/{pack}")
    answer = staff.post(f"/c/{slug}/reports/packs/{pack}/remove", follow=True)
    undo = re.search(r'action="([^"]+/undo/[^"]+)"', answer.get_data(as_text=True))
    assert undo
    assert staff.get(f"/c/{slug}/reports/packs/{pack}").status_code == 404
    assert staff.post(undo[1]).status_code == 303
    assert staff.get(f"/c/{slug}/reports/packs/{pack}").status_code == 200


def note(staff: Browser, slug: str, cell: str, text: str, audience: str) -> None:
    """Writes a note at a figure of March's profit and loss."""
    address = f"/c/{slug}/reports/profit-and-loss/drill?cmp=previous&from=2026-03-01&to=2026-03-31"
    text_of(staff, f"{address}&cell={cell}")
    values = {"cell": cell, "text": text, "audience": audience}
    assert staff.post(f"{address}&cell={cell}", values).status_code == 303


def test_notes_to_the_client_stand_in_the_pack_and_its_pdf_and_others_do_not(
    app: Flask, worker_app: Flask, books: Books, slug: str, owner: Browser
) -> None:
    staff = Browser(app, books.session)
    note(staff, slug, "income:now", "A large order came in.", "client")
    note(staff, slug, "net_profit:now", "Check this again.", "team")
    published = publish(staff, slug, make(staff, slug))
    jobs.run_due(worker_app)

    page = text_of(owner, f"/portal/{slug}/packs/{published}?page=3")
    file = owner.client.get(f"/portal/{slug}/packs/{published}.pdf").data
    words = "\n".join(one.extract_text() for one in PdfReader(io.BytesIO(file)).pages)

    assert "A large order came in." in page
    assert "A large order came in." in " ".join(words.split())
    assert "Check this again." not in page + words


def test_the_owner_asks_at_a_figure_and_staff_see_it_there(
    app: Flask, books: Books, slug: str, published: str, owner: Browser
) -> None:
    page = text_of(owner, f"/portal/{slug}/packs/{published}?page=3")
    link = re.search(r'href="([^"]+figure\?cell=income:now)"', page)
    assert link
    text_of(owner, link[1])
    answer = owner.post(link[1], {"cell": "income:now", "text": "Why so much?"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert "Why so much?" in text_of(owner, link[1])
    report = re.search(r"reports/([0-9a-f-]{36})/figure", link[1])
    assert report
    address = f"/c/{slug}/reports/published/{report[1]}/cell?cell=income:now"
    staff = Browser(app, books.session)
    assert "Why so much?" in text_of(staff, address)
    key = f"{report[1]}:profit-and-loss:income:2026-03"
    with books.open(read_only=True):
        said = subjects.cells([key, "profit-and-loss:income:2026-03", "x", "y:z"])
    assert said[key].detail == "Total income · Mar 2026"
    assert set(said) == {key, "profit-and-loss:income:2026-03"}
    live = f"/c/{slug}/reports/profit-and-loss/drill?period=2026-03&cell=income:2026-03"
    assert "12,345.00" in text_of(staff, live)


def test_a_workbook_holds_real_numbers_and_formulas_and_runs_nothing(
    app: Flask, books: Books, slug: str
) -> None:
    with books.open():
        commands.create_account(code="6999", name="=cmd|'/c calc'!A1", type="expense")
        account = queries.account_by_code("6999")
    assert account is not None
    books.accounts["6999"] = account.id
    books.post([777, -777], codes=["6999", "1010"], on=dt.date(2026, 3, 9))
    staff = Browser(app, books.session)

    answer = staff.client.get(
        f"/c/{slug}/reports/profit-and-loss.xlsx?from=2026-03-01&to=2026-03-31"
    )
    assert answer.status_code == 200
    formulas = load_workbook(io.BytesIO(answer.data)).active
    values = load_workbook(io.BytesIO(answer.data), data_only=True).active
    assert formulas is not None
    assert values is not None
    rows = {row[1].value: row for row in values.iter_rows()}
    sums = {row[1].value: row for row in formulas.iter_rows()}

    assert rows["Total income"][2].value == 12_345
    assert str(sums["Total income"][2].value).startswith("=SUM(")
    assert str(sums["Net profit"][2].value).startswith("=C")
    assert rows["Net profit"][2].value == pytest.approx(11_937.23)
    assert rows["=cmd|'/c calc'!A1"][1].data_type == "s"
    assert sums["=cmd|'/c calc'!A1"][1].data_type == "s"
    assert formulas.freeze_panes == "C5"


def test_publishing_a_pack_is_metered_once(
    books: Books, published: str, admin: psycopg.Connection
) -> None:
    row = admin.execute(
        "select meter, quantity from app.usage_event where tenant_id = %s and key = %s",
        (books.tenant, f"pack:{published}"),
    ).fetchone()
    assert row == ("report_published", 3)


def test_a_new_pack_begins_with_what_explains_the_months_changes_to_the_client(
    app: Flask, books: Books, slug: str
) -> None:
    newest = months_before(clock.today("UTC"), 1)
    for back in range(5):
        amount = 200_000 if back else 450_000
        on = months_before(newest, back).replace(day=9)
        books.post([amount, -amount], codes=["6100", "1010"], on=on)
    with books.open():
        close_commands.explain(
            period_id=newest.year * 100 + newest.month,
            account_id=books.accounts["6100"],
            text="Two rents\nwere paid",
            in_pack=True,
        )
    page = Browser(app, books.session).get(f"/c/{slug}/reports/packs/new")
    assert re.search(r"- 6100 [^\n]+: Two rents were paid", page.get_data(as_text=True))


def test_withdrawing_a_pack_is_taken_back(
    app: Flask, books: Books, slug: str, published: str
) -> None:
    browser = Browser(app, books.session)
    at = f"/c/{slug}/reports/published-packs/{published}"
    browser.get(at)
    page = browser.post(f"{at}/withdraw", follow=True).get_data(as_text=True)
    back = re.search(r'action="([^"]*/reports/undo/[^"]*)"', page)
    assert back is not None
    with books.open(read_only=True):
        assert pack_queries.published_packs(current_only=True) == []
    assert browser.post(back[1]).status_code == 303
    with books.open(read_only=True):
        assert [str(one.id) for one in pack_queries.published_packs(current_only=True)] == [
            published
        ]
        assert all(
            one.head.withdrawn_at is None
            for one in pack_queries.published_pack(UUID(published), at_portal=True).reports
        )


def test_a_new_pack_stands_in_the_portals_list_until_it_is_opened(
    slug: str, published: str, owner: Browser
) -> None:
    address = f"/portal/{slug}/packs/{published}"
    home = text_of(owner, f"/portal/{slug}/").split("</section>", 1)[0]
    assert f'href="{address}"' in home
    assert home.count("New report") == 1, "its reports stand in the pack"
    text_of(owner, address)
    assert f'href="{address}"' not in text_of(owner, f"/portal/{slug}/").split("</section>", 1)[0]
