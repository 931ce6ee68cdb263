"""What read papers contribute to accounting; the line calls it."""

from __future__ import annotations

from flask import Blueprint

from app.accounting.papers import api, commands, offered, views
from app.accounting.papers import words as paper_words
from app.api import Api
from app.kernel import words
from app.kernel.registry import Permission, Registry
from app.kernel.words import _

JOBS = ("app.accounting.papers.commands",)


def register(registry: Registry) -> None:
    """Adds the offers beside a paper and the words of refusals."""
    registry.add(
        offered.OFFERS,
        Permission(f"approve.{commands.KIND}", _("Approve an entry to be posted"), _("Accounting")),
    )
    words.declare_errors(paper_words.ERRORS)
    words.declare_names(paper_words.NAMES)


def blueprints() -> tuple[Blueprint, ...]:
    """Attaching and drafting."""
    return (views.pages,)


def apis() -> tuple[Api, ...]:
    """The operations on read papers."""
    return (api.api,)
