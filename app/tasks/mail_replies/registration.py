"""What replies by mail contribute; the package's registration calls it."""

from __future__ import annotations

from flask import Blueprint, Flask

from app.api import Api
from app.kernel import words
from app.kernel.registry import Registry
from app.kernel.words import _
from app.tasks.mail_replies import api, commands, views

JOBS = ("app.tasks.mail_replies.commands",)
ERROR_TEXTS = {
    commands.MACHINE: _("A machine wrote this reply, so it answers nothing."),
    commands.STRANGER: _(
        "This reply came from another address than the mail was sent to,"
        " or nothing proves its sender."
    ),
    commands.UNREADABLE: _("This reply could not be read. Look at the message itself."),
    "mail-reply-decided": _("This reply was placed or put aside already."),
    "mail-reply-taken-up": _("What this reply was placed at went on meanwhile, so it stays there."),
    "mail-reply-target": _("Choose something that is still open."),
}


def register(registry: Registry) -> None:
    """Declares the words of replies."""
    del registry
    words.declare_errors(ERROR_TEXTS)
    words.declare_names(
        {
            "mail_reply": _("Reply by mail"),
            "mail_replies": _("Replies by mail"),
        }
    )


def blueprints() -> tuple[Blueprint, ...]:
    """The page of replies that wait."""
    return (views.pages,)


def apis() -> tuple[Api, ...]:
    """The operations on replies."""
    return (api.api,)


def install(app: Flask) -> None:
    """Lets the pages of lists say that replies wait, in a client and over all of mine."""
    app.jinja_env.globals["mail_replies_by_client"] = views.waiting_by_client
    app.jinja_env.globals["mail_replies_waiting"] = views.waiting
