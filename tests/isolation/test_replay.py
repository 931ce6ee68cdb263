"""Every route, asked with another client's ids by every kind of stranger, answers as for none.

Runs over the url map, so that a new route is taken by itself. The answer to a foreign id must be
the answer to an id that nobody has, byte for byte but for the request's own marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.isolation import fields, stage
from tests.isolation.stage import CONTENT, MARK, Actor, Stage

NO_CLIENT = "nobody-has-this-name"
# Marks of one request: its id, form tokens, and the address that was asked.
_OWN_MARKS = re.compile(
    r'"request_id": ?"[^"]*"|name="csrf_token" value="[^"]*"|"X-CSRF-Token":"[^"]*"'
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|<time[^>]*>[^<]*</time>"
)
# What a stranger may be told: nothing there, not with these rights, go to your own surface, the
# input is wrong before anything was looked up, sign in afresh first.
REFUSALS = {302, 303, 400, 401, 403, 404, 405, 409, 413, 415, 422}


@pytest.fixture(scope="module")
def played(settings: object, app: Flask, worker_app: Flask) -> Iterator[Stage]:
    """The two clients and the strangers, made once."""
    from app.cli import install

    app.config["API_LIMITS"] = False
    for limiter in app.extensions.get("limiter", ()):
        limiter.enabled = False
    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    with psycopg.connect(url) as admin:
        yield stage.build(admin, worker_app, app)


def _rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if not rule.rule.startswith("/static/")]


def _browser(app: Flask, actor: Actor) -> FlaskClient:
    browser = app.test_client()
    if actor.cookie:
        browser.set_cookie("login", actor.cookie, domain="localhost")
    return browser


def _ask(browser: FlaskClient, actor: Actor, method: str, address: str) -> TestResponse:
    headers = {"Sec-Fetch-Site": "same-origin"}
    if actor.token:
        headers["Authorization"] = f"Bearer {actor.token}"
    body: dict[str, object] = {}
    if method not in {"GET", "HEAD"}:
        body = {"json": {}} if address.startswith("/api/") else {"data": {}}
    return browser.open(address, method=method, headers=headers, **body)  # type: ignore[arg-type]  # json or data


def _text(answer: TestResponse) -> str:
    """The body, of a picture too."""
    return answer.get_data().decode(errors="replace")


def _plain(answer: TestResponse, *asked: str) -> tuple[int, str, str]:
    """Status, place and body without the marks of the request."""
    text = _text(answer)
    place = answer.headers.get("Location", "")
    for word in sorted(asked, key=len, reverse=True):
        if len(word) > 3:
            text, place = text.replace(word, "·"), place.replace(word, "·")
    return answer.status_code, _OWN_MARKS.sub("·", place), _OWN_MARKS.sub("·", text)


def _address(rule: Rule, values: dict[str, str]) -> str:
    text = rule.rule
    for name in rule.arguments:
        text = re.sub(rf"<(?:[^<>]*:)?{name}>", values[name], text)
    return text


def test_every_parameter_of_every_route_is_mapped(app: Flask) -> None:
    known = set(fields.PARAMETERS) | {"client", "slug"}
    unmapped = {f"{name} in {rule.rule}" for rule in _rules(app) for name in rule.arguments - known}
    assert not unmapped, f"say in tests/isolation/fields.py where these ids come from: {unmapped}"


def test_the_foreign_client_is_full(played: Stage) -> None:
    wanted = {"account_id", "entry_id", "file_id", "line_id", "report_id", "period_id", "person_id"}
    wanted |= {"document_id", "question_id", "note_id"}
    assert wanted <= set(played.foreign)


def test_no_stranger_learns_of_another_client(app: Flask, played: Stage) -> None:
    told: list[str] = []
    for actor in played.actors:
        browser = _browser(app, actor)
        for rule in _rules(app):
            if actor.token and not rule.rule.startswith("/api/"):
                continue
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                told += _faults(browser, actor, played, rule, method)
    assert not told, "\n".join(told[:40])


def _faults(
    browser: FlaskClient, actor: Actor, played: Stage, rule: Rule, method: str
) -> Iterator[str]:
    """What this actor learns by this route; nothing, when all is well."""
    if rule.endpoint == "identity.sign_out":
        return
    foreign = {name: played.foreign.get(name, str(uuid4())) for name in rule.arguments}
    nobody = {name: fields.unknown(name, foreign[name]) for name in _ids(rule)}
    for slug, empty in _slugs(rule, actor, played):
        theirs = {**foreign, **slug}
        none = {**foreign, **nobody, **empty}
        first = _ask(browser, actor, method, _address(rule, theirs))
        what = f"{actor.name}: {method} {_address(rule, theirs)} -> {first.status_code}"
        text = _text(first)
        if CONTENT in text or (MARK in text and not actor.partly):
            yield f"{what}, telling of the foreign client"
        if first.status_code >= 500:
            yield what
        if not _asks_for_objects(rule) or (actor.partly and slug != empty):
            continue  # a list, or the front page of a client whose other line is served
        second = _ask(browser, actor, method, _address(rule, none))
        if _plain(first, *theirs.values()) != _plain(second, *none.values()):
            yield f"{what}, but {second.status_code} where nobody has the id"
        elif first.status_code not in REFUSALS and not _is_public(browser, rule):
            yield f"{what}, which is no refusal"


def _ids(rule: Rule) -> list[str]:
    return [name for name in rule.arguments if isinstance(fields.PARAMETERS.get(name), fields.Ids)]


def _asks_for_objects(rule: Rule) -> bool:
    return bool(_ids(rule)) or bool({"client", "slug"} & rule.arguments)


def _is_public(browser: FlaskClient, rule: Rule) -> bool:
    access = getattr(browser.application.view_functions[rule.endpoint], "access", None)
    return bool(access and access.public)


def _slugs(
    rule: Rule, actor: Actor, played: Stage
) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """The foreign name against nobody's; and the foreign ids under a client one reaches."""
    if "slug" in rule.arguments:
        yield {"slug": played.theirs}, {"slug": NO_CLIENT}
        return
    if "client" not in rule.arguments:
        yield {}, {}
        return
    yield {"client": played.theirs}, {"client": NO_CLIENT}
    if _ids(rule):
        yield {"client": played.ours}, {"client": played.ours}
    if _ids(rule) and actor.partly:
        yield {"client": played.theirs}, {"client": played.theirs}
