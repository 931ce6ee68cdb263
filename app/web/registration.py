"""What the web itself contributes: the desk, the portal's home, jobs, and the words of refusals."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.kernel import words
from app.kernel.registry import NavItem, Registry
from app.kernel.words import _
from app.web import (
    context,
    desk,
    drafts,
    forms,
    front,
    palette,
    portal,
    render,
    saved,
    security,
    tray,
    workspace,
)


def register(registry: Registry) -> None:
    """Adds the entries of the shell that belong to no line."""
    registry.add(
        NavItem("desk", _("My clients"), "inbox", "desk.home", "desk", order=10, shortcut="D"),
        NavItem("home", _("Overview"), "house", "workspace.home", "client", order=1, shortcut="H"),
        NavItem("jobs", _("Jobs"), "list-checks", "jobs.index", "client", order=900),
        NavItem("home", _("Home"), "house", "portal.home", "portal", order=1),
    )
    words.declare_errors(forms.ERROR_TEXTS)


def install(app: Flask) -> None:
    """Headers, templates and error pages."""
    app.extensions.setdefault("web-hooks", context.Hooks())
    security.init_app(app)
    render.init_app(app)
    app.jinja_env.globals.update(
        saved_views=saved.of,
        may_save_view=saved.may_save,
        saved_address=saved.address,
        saved_key=saved.key_of,
        my_jobs=tray.mine,
        job_state=tray.state,
        may_replay=tray.may_replay,
        draft=drafts.attribute,
    )


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of the web itself."""
    return (
        front.pages,
        desk.pages,
        workspace.pages,
        portal.pages,
        palette.pages,
        tray.pages,
        saved.pages,
    )
