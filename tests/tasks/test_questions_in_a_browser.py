"""Questions in a real browser: usable by everybody, drafts survive, a phone needs no script."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import expect

from app.documents import commands as documents
from app.tasks import notes, questions
from tests.tasks import request_stage
from tests.tasks.request_stage import Place
from tests.web.browser import violations

BANK = "bank_transaction"


def picture(width: int, height: int) -> bytes:
    """A white PNG that a browser can draw."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\xff" * width) * height
    drawn = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + drawn


@pytest.fixture(scope="module")
def place(live_app: Flask, worker_app: Flask, settings: object) -> Place:
    """A client with a waiting question, an answered one, notes and papers."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        found = request_stage.build(live_app, worker_app, admin, "Phone")
    with found.acting(found.staff):
        made = questions.ask(
            line="accounting",
            subject_type=BANK,
            subject_ids=found.lines,
            text="What was this?",
            chips=["Supplies", "Wages", "Private"],
        )
        for audience in ("team", "sent_back"):
            notes.write(
                line="accounting",
                subject_type=BANK,
                subject_key=str(found.lines[0]),
                text="split the deposit, please",
                audience=audience,
            )
    with found.acting(found.owner):
        questions.answer(made[2], text="Rent", files=[questions.File("a.png", picture(40, 30))])
        documents.add(
            b"Salaries", name="pay.txt", line="accounting", document_class="payroll", source="api"
        )
    return found


def waiting(place: Place) -> str:
    """The address of the first question that waits."""
    page = place.browser(place.owner).get(f"/portal/{place.slug}/questions/next")
    return page.headers["Location"]


def pages(place: Place) -> list[tuple[str, str]]:
    """Every page of ours with whose it is."""
    slug, line = place.slug, place.lines[0]
    staff, owner = place.staff.cookie, place.owner.cookie
    asking = f"/c/{slug}/questions/new?subject_type={BANK}&keys={line}"
    found = place.browser(place.staff)
    answered = found.get(f"/c/{slug}/questions").text
    listed = place.browser(place.owner).get(f"/portal/{slug}/documents").text
    one = re.findall(rf'href="(/c/{slug}/questions/[0-9a-f-]{{36}})"', answered)[0]
    paper = re.findall(rf'href="(/portal/{slug}/documents/[0-9a-f-]{{36}})"', listed)[-1]
    return [
        (staff, "/desk/questions"),
        (staff, f"/c/{slug}/questions"),
        (staff, f"/c/{slug}/questions?view=all"),
        (staff, one),
        (staff, asking),
        (staff, f"/c/{slug}/documents"),
        (staff, paper.replace("/portal/", "/c/")),
        (staff, f"/c/{slug}/books/bank/lines/{line}"),
        (owner, f"/portal/{slug}/"),
        (owner, f"/portal/{slug}/questions"),
        (owner, waiting(place)),
        (owner, f"/portal/{slug}/documents"),
        (owner, paper),
    ]


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_every_page_is_usable_by_everybody_and_fits(
    place: Place, browser_page: Callable[..., Any], width: int, theme: str
) -> None:
    for cookie, address in pages(place):
        page = browser_page(width, theme, cookie=cookie, bypass_csp=True)
        answer = page.goto(address)
        assert answer.status == 200, address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert violations(page) == [], address
        page.context.close()


def test_a_phone_without_scripts_answers_with_two_taps(
    place: Place, browser_page: Callable[..., Any]
) -> None:
    page = browser_page(390, cookie=place.owner.cookie, script=False)
    page.goto(f"/portal/{place.slug}/questions/next")
    assert "1 of" in page.locator("main").inner_text()
    page.get_by_role("radio", name="Wages").check()
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Thank you.").first.wait_for()


def test_what_was_typed_survives_a_reload_until_it_is_taken(
    place: Place, browser_page: Callable[..., Any]
) -> None:
    page = browser_page(390, cookie=place.owner.cookie)
    page.goto(f"/portal/{place.slug}/questions")
    page.get_by_label("Your question").fill("half a question")
    page.reload()
    assert page.get_by_label("Your question").input_value() == "half a question"
    with page.expect_navigation():
        page.get_by_role("button", name="Send").click()
    page.goto(f"/portal/{place.slug}/questions")
    assert page.get_by_label("Your question").input_value() == ""
    assert page.evaluate("localStorage.length") == 0


def test_a_picture_is_shown_on_the_page_of_its_paper(
    place: Place, browser_page: Callable[..., Any]
) -> None:
    page = browser_page(1440, cookie=place.staff.cookie)
    page.goto(f"/c/{place.slug}/documents?q=a.png")
    page.get_by_role("link", name="a.png").first.click()
    expect(page.locator(".shown img")).to_have_js_property("naturalWidth", 40)


def test_a_full_store_gives_up_old_drafts_and_then_asks_before_leaving(
    place: Place, browser_page: Callable[..., Any]
) -> None:
    page = browser_page(390, cookie=place.owner.cookie)
    page.goto(f"/portal/{place.slug}/questions")
    page.evaluate(
        """() => {
        const old = { at: 1, values: [["x", "y".repeat(1000)]] };
        localStorage.setItem("draft:old", JSON.stringify(old));
        for (let size = 6e6, n = 0; size >= 1; n++) {
            try { localStorage.setItem("fill" + n, "z".repeat(size)); }
            catch { size = Math.floor(size / 2); }
        }
    }"""
    )
    page.get_by_label("Your question").fill("kept all the same")
    assert page.evaluate("localStorage.getItem('draft:old')") is None
    page.reload()
    assert page.get_by_label("Your question").input_value() == "kept all the same"
    page.get_by_label("Your question").fill("much longer " * 300)
    asks = page.evaluate("!dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    assert asks


def test_a_photo_that_is_too_large_is_told_before_it_is_sent(
    place: Place, browser_page: Callable[..., Any]
) -> None:
    asked = request_stage.ask(place, text="The photo?")
    page = browser_page(390, cookie=place.owner.cookie)
    page.goto(f"/portal/{place.slug}/questions/{asked}")
    page.get_by_text("Photo or file").click()
    page.evaluate("document.querySelector('[name=files]').dataset.most = 10")
    page.locator("[name=files]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": picture(40, 30)}
    )
    told = page.evaluate("document.querySelector('[name=files]').validationMessage")
    assert "at most" in told
    page.get_by_role("button", name="Send").click()
    assert page.url.endswith(str(asked))
