"""Every figure of every report of every demo firm is followed to what adds up to it (no size)."""

from __future__ import annotations

import time

import psycopg
from flask import Flask

from app.cli.demo_books.firms import FIRMS
from tests import factories
from tests.http import Browser
from tests.reports.test_demo_figures import EVERY_REPORT, crawl_firm, load


def test_every_figure_of_every_report_adds_up(
    app: Flask, worker_app: Flask, admin: psycopg.Connection
) -> None:
    """Figures, their parts, accounts, postings and open items, and pages that follow."""
    demo = load(worker_app, admin)
    began, followed = time.monotonic(), 0
    for firm in FIRMS:
        browser = Browser(app, factories.staff(admin, demo[firm.slug]))
        followed += crawl_firm(browser, firm.slug)
    seconds = time.monotonic() - began
    print(f"\n{len(FIRMS)} firms, {len(EVERY_REPORT)} reports, {followed:,} figures followed,")
    print(f"each adds up; {seconds:.0f} s")
    assert followed > 600
