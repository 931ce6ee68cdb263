"""What notices contribute: the bell, the account's page, kinds, listeners, jobs, words."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.api import Api
from app.kernel import words
from app.kernel.registry import HeaderControl, NavItem, PaletteCommand, Registry
from app.kernel.words import _
from app.tasks.notices import api as notices_api
from app.tasks.notices import kinds, stop_views, views

JOBS = ("app.tasks.notices.mailing", "app.tasks.notices.happenings")
"""The second listens: it hears of events once it is loaded."""
ERROR_TEXTS = {
    "notice-hours": _("Choose at most %(most)s hours."),
    "notice-safety": _("What concerns the safety of your account is always told."),
}


def register(registry: Registry) -> None:
    """Adds the bell, the account's entry, the kinds and their words."""
    registry.add(
        HeaderControl("notices", "tasks/notices/_header.html", views.bell, order=200),
        NavItem("notices", _("Notices"), "bell", "notices.index", "account", None, 5),
        PaletteCommand(
            "notices",
            _("Notices"),
            "bell",
            "notices.index",
            surface="account",
            words=_("news messages bell"),
            order=20,
        ),
        *kinds.KINDS,
    )
    words.declare_errors(ERROR_TEXTS)
    words.declare_names(
        {
            "notice": _("Notice"),
            "notice_choice": _("How somebody is told"),
            "notice_hours": _("Hours of a digest"),
            "notice.stop": _("A kind of mail was stopped by its link"),
            "notice.settings-changed": _("How somebody is told was changed"),
            "notices.digest": _("Digests are mailed"),
            "notices.forget": _("Old notices end"),
            "notices.forget-provider": _("Old notices and their mails end"),
            "notices.mail": _("Notices are mailed at once"),
        }
    )


def blueprints() -> tuple[Blueprint, ...]:
    """The account's pages and the page of a stopping link."""
    return (views.pages, stop_views.pages)


def apis() -> tuple[Api, ...]:
    """The operations on notices."""
    return (notices_api.api,)


def install(app: Flask) -> None:
    """Nothing: templates need no words of notices."""
