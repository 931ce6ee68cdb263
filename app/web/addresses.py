"""Addresses of our own pages: each shape of address is worked out once, then filled in.

A page holds hundreds of addresses and werkzeug builds each from its rules in some forty
microseconds; what differs between two of one shape is a slug or an id.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Flask, has_request_context, request
from flask import url_for as flask_url_for
from werkzeug.routing import Map, Rule

from app.web import context

_PLAIN = re.compile(r"[A-Za-z0-9-]{1,200}").fullmatch
_MARK = "hole-{}-eloh"
_MARKS = re.compile(r"hole-(\d+)-eloh")
_PLACES = re.compile(r"<(?:([^:<>]+):)?[^<>]+>")
_FREE = {"", "string", "uuid"}
_MOST = 5_000

Shape = tuple[str, ...]
Build = Callable[..., str]


def install(app: Flask) -> None:
    """Puts the quick way in front of the application's `url_for`, for views and templates."""
    slow: Build = app.url_for
    shapes: dict[tuple[Any, ...], Shape | None] = {}

    def url_for(endpoint: str, **values: Any) -> str:
        if not has_request_context() or endpoint.startswith("."):
            return slow(endpoint, **values)
        client = context.place().client
        if client is not None and "client" not in values and _expects(app, endpoint):
            values["client"] = client.slug
        found = _holes(values)
        if found is None:
            return slow(endpoint, **values)
        names, holes = found
        key = (request.environ.get("SCRIPT_NAME"), endpoint, names)
        if key not in shapes:
            if len(shapes) >= _MOST:
                shapes.clear()
            shapes[key] = _shape(app.url_map, slow, endpoint, names)
        shape = shapes[key]
        return slow(endpoint, **values) if shape is None else _filled(shape, holes)

    app.url_for = url_for  # type: ignore[method-assign]  # Flask's documented way
    app.jinja_env.globals["url_for"] = url_for


def maker(endpoint: str, name: str) -> Callable[[str], str]:
    """Makes the addresses of one endpoint that differ in one value, for a list of many rows."""
    marked: dict[str, Any] = {name: _MARK.format(0)}
    shape = _MARKS.split(flask_url_for(endpoint, **marked))
    before, after = (shape[0], shape[2]) if len(shape) == 3 else ("", "")

    def make(value: str) -> str:
        if not before or not _PLAIN(value):
            given: dict[str, Any] = {name: value}
            return flask_url_for(endpoint, **given)
        return f"{before}{value}{after}"

    return make


def _holes(values: dict[str, Any]) -> tuple[tuple[str, ...], list[str]] | None:
    """What is given, by name, and what fills the holes; None where a value needs more care."""
    names, holes = [], []
    for name, value in values.items():
        if value is None:
            continue
        text = value if type(value) is str else str(value) if type(value) is UUID else ""
        if name[0] == "_" or not _PLAIN(text):
            return None
        names.append(name)
        holes.append(text)
    return tuple(names), holes


def _expects(app: Flask, endpoint: str) -> bool:
    return app.url_map.is_endpoint_expecting(endpoint, "client")


def _shape(rules: Map, slow: Build, endpoint: str, names: tuple[str, ...]) -> Shape | None:
    """The address cut at its holes: text, number of the hole, text, and so on."""
    if not all(_is_free(rule) for rule in rules.iter_rules(endpoint)):
        return None
    built = slow(endpoint, **{name: _MARK.format(n) for n, name in enumerate(names)})
    shape = tuple(_MARKS.split(built))
    return shape if len(shape) == 2 * len(names) + 1 else None


def _is_free(rule: Rule) -> bool:
    """Whether any plain text fits the rule's places."""
    return set(_PLACES.findall(rule.rule)) <= _FREE


def _filled(shape: Shape, holes: list[str]) -> str:
    if len(shape) == 1:
        return shape[0]
    if len(shape) == 3:
        return f"{shape[0]}{holes[0]}{shape[2]}"
    return "".join(holes[int(part)] if n % 2 else part for n, part in enumerate(shape))
