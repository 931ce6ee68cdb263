"""Every word on every page comes from the catalogue: the pseudo language finds what does not."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import psycopg
import pytest
from babel import Locale
from flask import Flask
from flask.testing import FlaskClient

from app.cli import install
from app.kernel import words
from app.kernel.settings import Settings
from app.web import language
from tests import factories
from tests.web.browser import Firm, signed_in


def _territories(code: str) -> list[str]:
    return list(Locale.parse(code).territories.values())


SPOKEN = {"aria-label", "placeholder", "title", "alt"}
SILENT = {"script", "style", "kbd", "code", "time", "textarea"}
EMPTY = {"input", "img", "meta", "link", "br", "hr", "use", "path", "rect", "circle", "source"}
# What is no text of ours: names of firms, people and charts, codes, time zones, languages.
DATA = re.compile(
    r"Harbour Lane|Oakwell|Provider|Backoffice|Robin Vale|Ada Quill|provider|general"
    r"|harbour-lane\S*|oakwell\S*"
    r"|\S+@\S+|[A-Z][A-Za-z]+/[A-Z][A-Za-z_/]+|\b[A-Z]{2,3}\b|\b[a-z]+(?:[._/-][a-z]+)+\b"
    r"|January|February|March|April|June|July|August|September|October|November|December"
    r"|English|Deutsch|Thing \d+|sha256|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|\w+\.\w+"
)
NAMES: set[str] = set()
COUNTRIES = frozenset(name for code in ("en", "en_GB") for name in _territories(code))
SKIPPED = ("/reports/", "/sample/", "/static/", "/logout", ".csv", "/api/", "/raw", "/brand")


class _Texts(HTMLParser):
    """The texts a reader meets, and where the page leads."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a" and values.get("href"):
            self.links.append(str(values["href"]))
        self.texts += [str(values[name]) for name in SPOKEN & values.keys()]
        if tag in SILENT and tag not in EMPTY:
            self._silent.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts.append(data)


def _names(admin: psycopg.Connection) -> None:
    """Remembers the names of all firms and people of this database: other tests made them."""
    rows = admin.execute(
        "select name from guard.person union select name from app.client"
        " union select slug from guard.tenant union select title from guard.role"
        " union select email from guard.person union select name from app.provider_setting"
        " union select role from guard.role union select source from app.retention_statute"
    )
    found = {row[0] for row in rows if row[0]}
    found |= {name.replace("_", " ").capitalize() for name in found}  # roles without a title
    NAMES.update(name for name in found if len(name) > 2)
    NAMES.update(part for name in found for part in name.split() if len(part) > 3)


def _untranslated(text: str) -> str:
    """What is left of a text without what the catalogue gave and without data."""
    if text.strip() in COUNTRIES:
        return ""
    for name in sorted(NAMES, key=len, reverse=True):
        text = text.replace(name, " ")
    before = ""
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    if text.strip() in COUNTRIES:
        return ""
    return " ".join(re.findall(r"[A-Za-z]{3,}", DATA.sub(" ", text)))


def _walk(client: FlaskClient, starts: list[str]) -> dict[str, set[str]]:
    waiting, seen = list(starts), set(starts)
    wrong: dict[str, set[str]] = {}
    faults: list[str] = []
    while waiting and len(seen) < 400:
        path = waiting.pop()
        answer = client.get(path)
        faults += [path] * (answer.status_code >= 500)
        if answer.status_code >= 300 or not (answer.mimetype or "").startswith("text/html"):
            continue
        page = _Texts()
        page.feed(answer.get_data(as_text=True))
        left = {found for text in page.texts if (found := _untranslated(text))}
        if left:
            wrong[path] = left
        for link in page.links:
            plain = link.partition("#")[0]
            known = plain in seen or any(part in plain for part in SKIPPED)
            if plain.startswith("/") and "?" not in plain and not known:
                seen.add(plain)
                waiting.append(plain)
    assert len(seen) > 10, sorted(seen)
    assert not faults
    return wrong


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch, admin: psycopg.Connection) -> None:
    """Everybody reads the pseudo language; the names that other tests made are data."""
    monkeypatch.setattr(language, "chosen", lambda: words.PSEUDO)
    _names(admin)


def test_staff_meet_no_untranslated_word(
    pseudo: None, live_app: Flask, settings: Settings, firm: Firm
) -> None:
    with psycopg.connect(install.libpq_url(settings.database_admin_url or "")) as admin:
        person = factories.make_person(admin)
        provider = factories.make_provider(admin)
        factories.grant(admin, provider, person, role="administrator")
        row = admin.execute("select id from guard.tenant where slug = %s", (firm.slug,)).fetchone()
        assert row is not None
        factories.grant(
            admin, row[0], person, role="operations_manager", lines=("accounting", "oversight")
        )
        staff = signed_in(live_app, factories.sign_in(admin, person).cookie)
    assert _walk(staff, ["/desk", f"/c/{firm.slug}/", "/me/", "/palette", "/keys"]) == {}


def test_clients_meet_no_untranslated_word(pseudo: None, owner: FlaskClient, firm: Firm) -> None:
    assert _walk(owner, [f"/portal/{firm.slug}/", "/me/", "/me/security", "/me/sessions"]) == {}


def test_strangers_meet_no_untranslated_word(pseudo: None, live_app: Flask) -> None:
    client = live_app.test_client()
    for path in ("/login", "/login/mail", "/reset", "/nowhere"):
        page = _Texts()
        page.feed(client.get(path).get_data(as_text=True))
        assert [one for one in map(_untranslated, page.texts) if one] == [], path
