"""The look: contrast of every token pair, sizes of what is sent, nothing inline."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web import accent
from app.web.accent import contrast
from tests.web.browser import Firm

WEB = Path(accent.__file__).parent
SHEET = (WEB / "static" / "app.css").read_text(encoding="utf-8")
TEXT = ["text", "text-2", "text-3", "accent", "good", "warn", "bad"]
PAIRS = [
    *((one, "surface") for one in TEXT),
    *((one, "bg") for one in ("text", "text-2", "text-3")),
    ("text", "sel"),
    ("text-3", "sel"),
    ("good", "good-bg"),
    ("warn", "warn-bg"),
    ("bad", "bad-bg"),
    ("info", "info-bg"),
    ("text-2", "pressed"),
]


def _token(name: str, theme: int) -> str:
    found = re.search(rf"--{name}:\s*light-dark\((#\w+),\s*(#\w+)\)", SHEET)
    assert found is not None, name
    colour = found.group(theme + 1)
    return colour if len(colour) == 7 else "#" + "".join(sign * 2 for sign in colour[1:])


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_text_can_be_read_on_its_ground(front: str, back: str, theme: int) -> None:
    assert contrast(_token(front, theme), _token(back, theme)) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_a_control_stands_out_from_its_ground(theme: int) -> None:
    assert contrast(_token("line-2", theme), _token("surface", theme)) >= 3


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_white_can_be_read_on_the_primary_button(theme: int) -> None:
    assert contrast("#ffffff", _token("accent-bg", theme)) >= 4.5
    assert contrast("#ffffff", _token("accent-hi", theme)) >= 4.5


@pytest.mark.parametrize("colour", ["#ffcc00", "#00ffaa", "#4450d2", "#101010", "#ffffff"])
def test_any_accent_of_a_provider_becomes_readable(colour: str) -> None:
    found = re.search(r"--accent:light-dark\((#\w+),(#\w+)\)", accent.stylesheet(colour))
    assert found is not None
    assert contrast(found.group(1), "#ffffff") >= 4.5
    assert contrast(found.group(2), "#14171c") >= 4.5


def test_an_accent_that_is_no_colour_gives_nothing() -> None:
    assert accent.stylesheet("red;}body{display:none") == ""


def test_stylesheet_and_scripts_stay_small() -> None:
    names = ("app.js", "keys.js", "list.js")  # what every staff page loads
    scripts = sum((WEB / "static" / "js" / name).stat().st_size for name in names)
    assert len(SHEET.encode()) <= 20 * 1024
    assert scripts <= 6 * 1024
    for name in ("reconcile.js", "outbox.js"):  # what the Reconcile screen loads besides
        assert (WEB / "static" / "js" / name).stat().st_size <= 6 * 1024
    assert (WEB / "static" / "reconcile.css").stat().st_size <= 8 * 1024


def test_no_template_of_any_package_styles_or_scripts_inline() -> None:
    root = WEB.parent.parent
    found = [*root.glob("app/*/templates/**/*.html"), *root.glob("tenants/templates/**/*.html")]
    wrong = re.compile(r"""\sstyle=|<style|hx-on|["']js:|<script(?![^>]*\ssrc=)|\son[a-z]+=""")
    assert found
    assert [path.name for path in found if wrong.search(path.read_text("utf-8"))] == []


def test_every_icon_a_template_names_is_in_the_list() -> None:
    names = set((WEB / "icons.txt").read_text("utf-8").split())
    root = WEB.parent.parent
    templates = [*root.glob("app/*/templates/**/*.html"), *root.glob("tenants/templates/**/*.html")]
    used = {
        name
        for path in templates
        for name in re.findall(r'icon\("([a-z0-9-]+)"', path.read_text("utf-8"))
    }
    assert used <= names, sorted(used - names)


def test_texts_travel_compressed_where_the_browser_takes_it(live_app: Flask) -> None:
    client = live_app.test_client()
    plain = client.get("/static/app.css")
    zipped = client.get("/static/app.css", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(zipped.data) == plain.data
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    for answer in (plain, zipped):
        assert "Accept-Encoding" in answer.vary
    same = client.get(
        "/static/app.css",
        headers={"Accept-Encoding": "gzip", "If-None-Match": zipped.headers["ETag"]},
    )
    assert same.status_code == 304
    for name in ("../front.py", "..%2Ffront.py", "vendor/../../front.py"):
        assert client.get(f"/static/{name}").status_code == 404


def test_a_page_is_never_compressed_beside_its_secrets(live_app: Flask) -> None:
    page = live_app.test_client().get("/login", headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in page.headers


def test_the_passkey_script_comes_only_where_a_passkey_is_used(
    staff: FlaskClient, firm: Firm
) -> None:
    assert "passkey.js" not in staff.get("/desk").get_data(True)
    assert "passkey.js" not in staff.get(f"/c/{firm.slug}/").get_data(True)
    assert "passkey.js" in staff.get("/me/security").get_data(True)
