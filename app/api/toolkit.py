"""Puts the declared operations into the application: routes, limits, OpenAPI and its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    jsonify,
    render_template,
)
from flask_limiter import Limiter

from app.api import handling, limits, openapi, problems, reading
from app.api.operations import Api, Operation
from app.api.platform import api as platform_api
from app.kernel.settings import Settings

STATIC = Path(__file__).parent / "static"
PREFIX = "/api/v1"
VERSION = "1"


@dataclass(frozen=True, slots=True)
class Access:
    """What a route of the API declares, in the form the check at start reads."""

    needs: str | None
    public: bool


def install(app: Flask, apis: Iterable[Api]) -> None:
    """Registers every operation, the jobs resource, the document and its readable page.

    The browser's login cookie is taken for calls from our own pages.
    """
    settings: Settings = app.extensions["settings"]
    app.config["API_SESSION_COOKIE"] = "__Host-login" if settings.secure else "login"
    limiter = limits.make(app)
    found: list[Operation] = []
    for one in (platform_api, *apis):
        app.register_blueprint(_blueprint(one, limiter))
        found += one.operations
    app.extensions["api-operations"] = found
    app.register_blueprint(_documents())
    problems.take_over(app)


def _blueprint(one: Api, limiter: Limiter) -> Blueprint:
    blueprint = Blueprint(f"api_{one.package}", __name__, url_prefix=PREFIX)
    for operation in one.operations:
        view = limiter.limit(operation.rate, key_func=limits.caller)(handling.view_of(operation))
        view.access = Access(operation.needs, operation.where == "public")  # type: ignore[attr-defined]  # read at start
        blueprint.add_url_rule(
            operation.rule,
            endpoint=operation.handler.__name__,
            view_func=view,
            methods=[operation.method],
            provide_automatic_options=False,
        )
    return blueprint


def described() -> dict[str, Any]:
    """The OpenAPI document of this application."""
    operations = cast(list[Operation], current_app.extensions["api-operations"])
    if "api-document" not in current_app.extensions:
        current_app.extensions["api-document"] = openapi.document(
            operations, version=VERSION, prefix=PREFIX
        )
    return cast(dict[str, Any], current_app.extensions["api-document"])


def _documents() -> Blueprint:
    """The pages about the API: public, since they hold nothing of any client."""
    blueprint = Blueprint("api_description", __name__, template_folder="templates")

    def document() -> Response:
        return jsonify(described())

    def page() -> str:
        operations = cast(list[Operation], current_app.extensions["api-operations"])
        groups: dict[str, list[Operation]] = {}
        for operation in sorted(operations, key=lambda one: (one.package, one.rule, one.method)):
            groups.setdefault(operation.package, []).append(operation)
        return render_template(
            "api/docs.html",
            groups=groups,
            prefix=PREFIX,
            document=described(),
            paths={one.name: reading.path(one) for one in operations},
            shapes={one.name: reading.shapes(one) for one in operations},
        )

    def style() -> Response:
        return Response((STATIC / "docs.css").read_bytes(), mimetype="text/css")

    for rule, view in (
        (f"{PREFIX}/openapi.json", document),
        ("/api/docs", page),
        ("/api/docs.css", style),
    ):
        setattr(view, "access", Access(None, public=True))  # noqa: B010  # read at start
        blueprint.add_url_rule(rule, view_func=view, methods=["GET"])
    return blueprint
