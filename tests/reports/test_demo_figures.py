"""Over the demo's books: every figure of every report leads to what adds up to it."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from flask import Flask

from app.cli import demo_data
from app.cli.demo_books.firms import FIRMS
from tests import factories
from tests.http import Browser
from tests.reports.test_figures import REPORTS, crawl


@pytest.fixture(scope="module")
def tenants() -> dict[str, UUID]:
    """The demo's firms, filled by `demo` at first use."""
    return {}


@pytest.fixture
def demo(worker_app: Flask, admin: psycopg.Connection, tenants: dict[str, UUID]) -> dict[str, UUID]:
    """The demo's books, loaded once for this module's database."""
    if not tenants:
        demo_data.load(worker_app)
        for firm in FIRMS:
            row = admin.execute("select id from guard.tenant where slug = %s", (firm.slug,))
            found = row.fetchone()
            assert found is not None
            tenants[firm.slug] = found[0]
    return tenants


@pytest.mark.parametrize("firm", [one.slug for one in FIRMS])
def test_every_figure_of_the_demo_leads_to_what_adds_up_to_it(
    app: Flask, admin: psycopg.Connection, demo: dict[str, UUID], firm: str
) -> None:
    browser = Browser(app, factories.staff(admin, demo[firm]))
    count = 0
    for key in REPORTS[:4]:
        count += crawl(browser, f"/c/{firm}/reports/{key}?cmp=previous&share=1")
    assert count > 150


def test_the_general_ledger_of_the_demo_adds_up_too(
    app: Flask, admin: psycopg.Connection, demo: dict[str, UUID]
) -> None:
    firm = FIRMS[0].slug
    browser = Browser(app, factories.staff(admin, demo[firm]))
    assert crawl(browser, f"/c/{firm}/reports/general-ledger") > 50


def test_the_demo_has_a_pack_that_changed_since_it_was_published(
    app: Flask, admin: psycopg.Connection, demo: dict[str, UUID]
) -> None:
    firm = FIRMS[0].slug
    row = admin.execute(
        "select id from app.published_pack where tenant_id = %s order by first_on limit 1",
        (demo[firm],),
    ).fetchone()
    assert row is not None
    browser = Browser(app, factories.staff(admin, demo[firm]))
    page = browser.get(f"/c/{firm}/reports/published-packs/{row[0]}").get_data(as_text=True)
    assert "changed since" in page
    assert "237.50" in page
