"""Files sent from a page: one bad answer stops no other file of the queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask

from app.cli import install
from app.kernel.settings import Settings
from tests.tasks import request_stage
from tests.tasks.request_stage import PDF, Place


@pytest.fixture
def place(live_app: Flask, worker_app: Flask, settings: Settings) -> Place:
    """A client with its owner."""
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        return request_stage.build(live_app, worker_app, admin)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (413, "text/html", "<h1>413 Request Entity Too Large</h1>"),
        (201, "application/json", '{"id": "1", "part_bytes": 5}'),
        (201, "application/json", "null"),
    ],
)
def test_one_bad_answer_stops_no_other_file(
    place: Place, browser_page: Callable[..., Any], status: int, kind: str, body: str
) -> None:
    page = browser_page(1440, cookie=place.owner.cookie, faults=True)
    answered: list[str] = []

    def answer(route: Any) -> None:
        told = route.request.post_data or ""
        if route.request.method == "POST" and "first.pdf" in told:
            answered.append(told)
            route.fulfill(status=status, content_type=kind, body=body)
        else:
            route.continue_()

    page.route("**/uploads", answer)
    page.goto(f"/portal/{place.slug}/documents")
    page.locator("[data-uploads] [type=file]").set_input_files(
        [
            {"name": "first.pdf", "mimeType": "application/pdf", "buffer": PDF},
            {"name": "second.pdf", "mimeType": "application/pdf", "buffer": PDF},
        ]
    )
    page.locator("[data-uploads] button").click()
    rows = page.locator("[data-upload-list] li")
    rows.nth(1).get_by_text("is being checked").wait_for()
    assert len(answered) == 1
    assert rows.nth(0).inner_text().split("\n")[-1].strip() == "refused"
    assert rows.nth(0).locator("progress").count() == 0
