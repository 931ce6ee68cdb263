"""The composition root: builds the application from settings and every package's contributions."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, Literal

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import service_lines
from app.api import toolkit
from app.kernel import db, log, registry, words
from app.kernel.settings import Settings, load_settings
from app.web import security

Role = Literal["web", "worker"]

PACKAGES = (
    "app.kernel",
    "app.web",
    "tenants",
    "app.identity",
    "app.documents",
    "app.tasks",
    "app.reports",
)


def create_app(settings: Settings | None = None, *, role: Role = "web") -> Flask:
    """The application for the web or the worker; refuses to start when a route is unguarded."""
    settings = settings or load_settings()
    log.configure(readable=settings.environment == "demo")
    app = Flask("app", static_folder=None, template_folder=None)
    _configure(app, settings, role)
    found = registry.reset()
    app.extensions["settings"] = settings
    app.extensions["registry"] = found
    db.db.init_app(app)
    _install(app, found)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )
    return app


def create_worker_app(settings: Settings | None = None) -> Flask:
    """The application of worker, dispatcher and operator's command line."""
    return create_app(settings, role="worker")


def _configure(app: Flask, settings: Settings, role: Role) -> None:
    url = settings.database_url if role == "web" else settings.database_worker_url
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=url or settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=db.engine_options(settings),
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        MAX_CONTENT_LENGTH=64 * 1024 * 1024,
        TEMPLATES_AUTO_RELOAD=False,
        ROLE=role,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["words"] = words
    app.jinja_env.globals["_"] = words.gettext
    app.jinja_env.globals["ngettext"] = words.ngettext


def _registrations() -> Iterator[ModuleType]:
    names = [f"{package}.registration" for package in PACKAGES]
    names += [f"{line}.service_line" for line in service_lines.LINES]
    yield from map(import_module, names)


def _install(app: Flask, found: registry.Registry) -> None:
    modules = list(_registrations())
    for module in modules:
        if hasattr(module, "register"):
            module.register(found)
        for job_module in getattr(module, "JOBS", ()):
            import_module(job_module)
    for module in modules:
        if hasattr(module, "install"):
            module.install(app)
    for module in modules:
        for blueprint in _called(module, "blueprints"):
            app.register_blueprint(blueprint)
    toolkit.install(app, [api for module in modules for api in _called(module, "apis")])
    security.refuse_unguarded(app)


def _called(module: ModuleType, name: str) -> tuple[Any, ...]:
    found = getattr(module, name, None)
    return tuple(found()) if found else ()
