"""What read papers contribute to accounting; the line calls it."""

from __future__ import annotations

from flask import Blueprint

from app.accounting.papers import api, approved, offered, views
from app.accounting.papers import words as paper_words
from app.api import Api
from app.kernel import words
from app.kernel.approvals import ApprovalKind
from app.kernel.registry import Permission, Registry
from app.kernel.words import _

JOBS = ("app.accounting.papers.commands", "app.accounting.papers.approved")


def register(registry: Registry) -> None:
    """Adds the offers beside a paper and the words of refusals."""
    registry.add(
        offered.OFFERS,
        Permission(f"approve.{approved.KIND}", _("Approve an entry to be posted"), _("Accounting")),
        ApprovalKind(
            approved.KIND,
            _("Posting an entry of a document or by hand"),
            amounts=True,
            carry_out=approved.carry_out,
            page=approved.page,
            shown=approved.shown,
            order=10,
        ),
    )
    words.declare_errors(paper_words.ERRORS)
    words.declare_names(paper_words.NAMES)


def blueprints() -> tuple[Blueprint, ...]:
    """Attaching and drafting."""
    return (views.pages,)


def apis() -> tuple[Api, ...]:
    """The operations on read papers."""
    return (api.api,)
