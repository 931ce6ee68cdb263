"""What identity contributes: permissions, roles, navigation, and who a cookie belongs to."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.api import Api
from app.identity import api as identity_api
from app.identity import credentials, hooks, permissions, problems, roles
from app.identity.views import pages
from app.identity.views.sign_in import ask_again
from app.kernel import rewrapping, words
from app.kernel.errors import FreshSignInNeeded
from app.kernel.registry import NavItem, PaletteCommand, PortalCard, Registry, TodoSource
from app.kernel.words import _
from app.web import context

JOBS = ("app.identity.jobs",)

_NAVIGATION = (
    NavItem("people", _("People"), "users", "identity.desk_people", "desk", "access.list", 80),
    NavItem(
        "grants", _("Grants"), "shield-check", "identity.desk_grants", "desk", "access.list", 81
    ),
    NavItem("roles", _("Roles"), "list-checks", "identity.roles", "desk", "access.list", 82),
    NavItem(
        "audit", _("Audit trail"), "scroll-text", "identity.desk_audit", "desk", "audit.read", 90
    ),
    NavItem("people", _("People"), "users", "identity.client_people", "client", "access.list", 80),
    NavItem(
        "grants", _("Grants"), "shield-check", "identity.client_grants", "client", "access.list", 81
    ),
    NavItem("tokens", _("API tokens"), "key", "identity.tokens", "client", "token.make", 88),
    NavItem(
        "audit",
        _("Audit trail"),
        "scroll-text",
        "identity.client_audit",
        "client",
        "audit.read",
        90,
    ),
    NavItem("people", _("People"), "users", "identity.portal_people", "portal", "access.list", 80),
    NavItem(
        "access",
        _("Who may see what"),
        "shield-check",
        "identity.portal_grants",
        "portal",
        "access.list",
        81,
    ),
    NavItem(
        "access-log", _("Who looked"), "eye", "identity.access_log", "portal", "audit.read", 82
    ),
    NavItem("access", _("Your access"), "id-card", "identity.account", "account", None, 10),
    NavItem("security", _("Security"), "key-round", "identity.security", "account", None, 20),
    NavItem("sessions", _("Sessions"), "monitor", "identity.sessions", "account", None, 30),
    NavItem("display", _("Display"), "sun-moon", "identity.display", "account", None, 40),
)


def _theme(theme: str, title: words.Lazy, icon: str, order: int) -> PaletteCommand:
    return PaletteCommand(
        f"theme-{theme}",
        title,
        icon,
        "identity.set_theme",
        surface="account",
        words=_("theme display colours"),
        values={"theme": theme},
        post=True,
        order=order,
    )


_COMMANDS = (
    PaletteCommand(
        "invite",
        _("Invite somebody"),
        "user-plus",
        "identity.desk_invite_form",
        "person.invite",
        "desk",
        order=50,
    ),
    PaletteCommand(
        "grant",
        _("Give or ask for access"),
        "shield-check",
        "identity.grant_form",
        "access.request",
        "desk",
        order=51,
    ),
    _theme("light", _("Light theme"), "sun", 80),
    _theme("dark", _("Dark theme"), "moon", 81),
    _theme("auto", _("Theme of the device"), "sun-moon", 82),
    PaletteCommand(
        "sign-out",
        _("Sign out"),
        "log-out",
        "identity.sign_out",
        surface="account",
        words=_("log out leave"),
        post=True,
        order=90,
    ),
)


def register(registry: Registry) -> None:
    """Permissions, roles, navigation, commands and words."""
    registry.add(*_COMMANDS)
    registry.add(PortalCard("access", "identity/_portal_access.html", hooks.who_has_access, 40))
    registry.add(*permissions.PERMISSIONS, *roles.SHIPPED, *_NAVIGATION)
    registry.add(TodoSource("access-requests", hooks.requests_to_decide, order=20))
    rewrapping.declare(credentials.SEALED)
    words.declare_errors(problems.ERROR_TEXTS)
    words.declare_names(problems.ACTS)


def blueprints() -> tuple[Blueprint, ...]:
    """The pages."""
    return (pages,)


def apis() -> tuple[Api, ...]:
    """The operations."""
    return (identity_api.api,)


def install(app: Flask) -> None:
    """Answers for the web who a cookie belongs to; asks again where a proof must be fresh."""
    found = app.extensions.setdefault("web-hooks", context.Hooks())
    found.resolve_principal = hooks.resolve_principal
    app.register_error_handler(FreshSignInNeeded, ask_again)
    hooks.login_manager().init_app(app)
