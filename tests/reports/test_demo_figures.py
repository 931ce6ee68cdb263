"""Over the demo's books: the figures of every report lead to what adds up to them."""

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

EVERY_REPORT = (*REPORTS, "receivables-by-age", "payables-by-age")


def load(worker_app: Flask, admin: psycopg.Connection) -> dict[str, UUID]:
    """Loads the demo's books; returns its firms."""
    demo_data.load(worker_app)
    slugs = [firm.slug for firm in FIRMS]
    rows = admin.execute("select slug, id from guard.tenant where slug = any(%s)", (slugs,))
    found: dict[str, UUID] = dict(rows.fetchall())
    assert set(found) == set(slugs)
    return found


@pytest.fixture(scope="module")
def tenants() -> dict[str, UUID]:
    """The demo's firms, filled by `demo` at first use."""
    return {}


@pytest.fixture
def demo(worker_app: Flask, admin: psycopg.Connection, tenants: dict[str, UUID]) -> dict[str, UUID]:
    """The demo's books, loaded once for this module's database."""
    if not tenants:
        tenants |= load(worker_app, admin)
    return tenants


def crawl_firm(browser: Browser, firm: str, *, every: int = 1) -> int:
    """Follows the figures of every report of a firm; returns how many."""
    return sum(
        crawl(browser, f"/c/{firm}/reports/{key}?cmp=previous&share=1", every=every)
        for key in EVERY_REPORT
    )


@pytest.mark.parametrize("firm", [one.slug for one in FIRMS])
def test_every_second_figure_of_the_demo_leads_to_what_adds_up_to_it(
    app: Flask, admin: psycopg.Connection, demo: dict[str, UUID], firm: str
) -> None:
    """The other half is followed too by `make prove NAME=report-figures`."""
    browser = Browser(app, factories.staff(admin, demo[firm]))
    assert crawl_firm(browser, firm, every=2) > 100


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
