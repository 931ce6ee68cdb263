"""The face in a real browser: keys, panel, faults, widths, themes, no script, accessibility."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.browser import Firm, violations

WIDTHS = (320, 768, 1024, 1280, 1920)


def _things(firm: Firm) -> str:
    return f"/c/{firm.slug}/sample/things"


def _paths(firm: Firm) -> list[str]:
    things = _things(firm)
    return [
        "/desk",
        f"/c/{firm.slug}/",
        things,
        f"/c/{firm.slug}/sample/new",
        "/palette?q=a",
        "/keys",
    ]


def test_keys_move_select_peek_and_act(browser_page: Callable[..., Any], firm: Firm) -> None:
    page = browser_page()
    page.goto(_things(firm))
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Space")
    page.locator("#things-peek #thing", has_text="Thing 02").wait_for()
    page.keyboard.press("j")
    page.locator("#things-peek #thing", has_text="Thing 03").wait_for()
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    expect(page.locator("[data-bulk-count]")).to_have_text("2")
    page.keyboard.press("e")
    page.locator(".toast", has_text="2 done").wait_for()
    page.keyboard.press("z")
    page.locator(".toast", has_text="Taken back").wait_for()


def test_enter_opens_the_row_and_back_returns_to_the_filtered_list(
    browser_page: Callable[..., Any], firm: Firm
) -> None:
    page = browser_page()
    page.goto(_things(firm))
    page.keyboard.press("/")
    page.keyboard.type("Thing 2")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=Thing+2*")
    page.locator("main").click(position={"x": 5, "y": 5})
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.locator("h1", has_text="Thing 20").wait_for()
    page.go_back()
    expect(page.locator("h1")).to_have_text("Things")
    expect(page.locator("tr[data-row]")).to_have_count(10)


def test_a_fault_never_looks_like_success(browser_page: Callable[..., Any], firm: Firm) -> None:
    page = browser_page(faults=True)
    page.goto(_things(firm) + "/00000000-0000-0000-0000-000000000001")
    page.locator("#remove").click()
    page.locator(".toast.bad").wait_for()
    assert page.locator("#row").count() == 1


def test_the_palette_and_the_keys_open_over_any_page(
    browser_page: Callable[..., Any], firm: Firm
) -> None:
    page = browser_page()
    page.goto(_things(firm))
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("oakw")
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/oakwell*/")
    page.keyboard.press("?")
    page.locator("#keys-help[open]").wait_for()


def test_the_next_client_opens_on_the_same_screen(
    browser_page: Callable[..., Any], firm: Firm
) -> None:
    page = browser_page()
    page.goto(_things(firm))
    page.keyboard.press("]")
    page.wait_for_url("**/c/oakwell*/sample/things")


@pytest.mark.parametrize("script", [True, False])
def test_on_a_phone_the_rest_of_a_pages_acts_is_behind_more_in_one_row(
    browser_page: Callable[..., Any], firm: Firm, *, script: bool
) -> None:
    page = browser_page(390, script=script, faults=not script)
    page.goto(_things(firm))
    top = page.locator(".top")
    expect(top.get_by_role("link", name="Save")).to_be_visible()
    rest = top.get_by_role("link", name="Shortcuts")
    expect(rest).to_be_hidden()
    assert top.bounding_box()["height"] < 60
    more = top.get_by_role("button", name="More")
    more.focus()
    page.keyboard.press("Enter")
    expect(rest).to_be_visible()
    page.keyboard.press("Tab")
    expect(rest).to_be_focused()
    page.keyboard.press("Escape")
    expect(rest).to_be_hidden()
    expect(more).to_be_focused()


def test_on_a_wide_screen_all_acts_of_a_page_are_in_sight(
    browser_page: Callable[..., Any], firm: Firm
) -> None:
    page = browser_page(1440)
    page.goto(_things(firm))
    expect(page.locator(".top").get_by_role("link", name="Shortcuts")).to_be_visible()
    expect(page.locator(".top").get_by_role("button", name="More")).to_be_hidden()


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows(browser_page: Callable[..., Any], firm: Firm, width: int) -> None:
    page = browser_page(width)
    for path in _paths(firm):
        page.goto(path)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{path} is {over} px too wide at {width}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(
    browser_page: Callable[..., Any], firm: Firm, width: int, theme: str
) -> None:
    page = browser_page(width, theme, bypass_csp=True)
    for path in _paths(firm):
        page.goto(path)
        assert violations(page) == [], path
    page = browser_page(width, theme, cookie=firm.owner, bypass_csp=True)
    page.goto(f"/portal/{firm.slug}/")
    assert violations(page) == []


def test_without_a_script_lists_forms_and_portal_work(
    browser_page: Callable[..., Any], firm: Firm
) -> None:
    page = browser_page(script=False, faults=True)
    page.goto(_things(firm))
    page.locator("tr[data-row] input").first.check()
    page.locator(".bulk .btn:visible").first.click()
    page.locator(".toast", has_text="1 done").wait_for()
    page.goto(f"/c/{firm.slug}/sample/new")
    page.locator("button", has_text="Save").click()
    page.locator(".summary a").first.click()
    page.wait_for_url("**#f-name")
    page = browser_page(390, cookie=firm.owner, script=False)
    page.goto("/")
    assert page.url.endswith(f"/portal/{firm.slug}/")
