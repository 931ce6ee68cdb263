"""The screens of taking statements in, in a browser: both widths and themes, axe, no script."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests import factories
from tests.accounting import ledger_support
from tests.accounting.ledger_support import Books
from tests.accounting.test_bank import NUMBER, ROWS, add_account, mt940, upload
from tests.accounting.test_bank_intake import CSV, at_home, drop, number_of, statement
from tests.http import Browser
from tests.serving import serving
from tests.web.browser import browser, context_of, violations

__all__ = ["browser"]

TABLE = b"Date,Merchant,Details,Amount\n13/02/2026,Hollins,Diesel,12.00\n14/02/2026,A1,Tea,3.50\n"


@dataclass(frozen=True, slots=True)
class Scene:
    """Addresses with something on them, and who looks."""

    books: Books
    owner: str
    addresses: dict[str, str]


@pytest.fixture
def scene(app: Flask, worker_app: Flask, admin: psycopg.Connection) -> Scene:
    """A table to confirm, a refused file, a gap, a contradiction, a drop and a tray."""
    books = ledger_support.make_books(app, worker_app, admin)
    at_home(admin, books)
    number = number_of(admin, books)
    add_account(books)
    add_account(books, number=number, currency="USD")
    table = upload(books, TABLE, "card.csv")
    refused = upload(books, CSV.replace(b"12.00", b"much"), "broken.csv")
    gapped = upload(books, statement(1, 0, 100, 2), "one.sta")
    upload(books, statement(1, 0, 120, 2), "other.sta")
    upload(books, statement(3, 150, 170, 4), "three.sta")
    person = Browser(app, books.session)
    files = [
        (mt940(ROWS, number=NUMBER, currency="EUR"), "march.sta"),
        (mt940(ROWS, number="YY" + number[2:]), "unknown.sta"),
        (b":20:S\n:25:X\n:61:broken\n", "bad.sta"),
    ]
    drop(person, files)
    row = admin.execute(
        "select id from app.statement_drop where owner_id = %s", (books.session.person_id,)
    ).fetchone()
    tray = admin.execute(
        "select id from app.statement_tray where dropped_by = %s and name = 'unknown.sta'",
        (books.session.person_id,),
    ).fetchone()
    assert row
    assert tray
    slug = factories.slug_of(admin, books.tenant)
    base = f"/c/{slug}/books/bank"
    addresses = {
        "columns": f"{base}/files/{table.file_id}/columns",
        "refused": f"{base}/files/{refused.file_id}",
        "file": f"{base}/files/{gapped.file_id}",
        "gaps": f"{base}/gaps",
        "desk": "/desk/statements",
        "drop": f"/desk/statements/drops/{row[0]}",
        "tray": f"/desk/statements/tray/{tray[0]}?to={slug}",
        "portal": f"/portal/{slug}/statements",
    }
    return Scene(books, factories.owner(admin, books.tenant).cookie, addresses)


@pytest.fixture(scope="module")
def server(app: Flask) -> Iterator[str]:
    """The application on a port of its own."""
    made = make_server("localhost", 0, app, threaded=True)
    with serving(made):
        yield f"http://localhost:{made.port}"


@pytest.fixture
def opened(browser: Any, server: str, scene: Scene) -> Iterator[Callable[..., Any]]:
    """A page of a width and theme; the portal as the owner, the rest as the accountant."""
    contexts: list[Any] = []

    def make(name: str, width: int, theme: str, **options: bool) -> Any:
        cookie = scene.owner if name == "portal" else scene.books.session.cookie
        context = context_of(browser, server, cookie=cookie, width=width, theme=theme, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto(scene.addresses[name])
        return page

    yield make
    for context in contexts:
        context.close()


def test_every_screen_fits_both_widths_and_axe_finds_nothing(
    opened: Callable[..., Any], scene: Scene
) -> None:
    wrong: list[str] = []
    folder = os.environ.get("BACKOFFICE_SHOTS")
    for name in scene.addresses:
        for width, theme in ((1440, "light"), (390, "dark"), (390, "light"), (1440, "dark")):
            page = opened(name, width, theme, bypass_csp=True)
            page.wait_for_load_state()
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                wrong.append(f"{name} is {wide} wide at {width}")
            wrong += [f"{name} {width} {theme} {one}" for one in violations(page)]
            if folder:
                page.screenshot(path=str(Path(folder) / f"{name}-{width}-{theme}.png"))
    assert not wrong, "\n".join(wrong)


def test_the_owner_sends_a_file_without_a_script(
    opened: Callable[..., Any], tmp_path: Path
) -> None:
    page = opened("portal", 390, "light", script=False)
    chosen = tmp_path / "april.sta"
    chosen.write_bytes(mt940([("260410", "12,00", "April")]))
    page.set_input_files("input[type=file]", str(chosen))
    page.get_by_role("button", name="Send").click()
    page.get_by_text("april.sta").first.wait_for()
    assert "Received" in page.content()
