"""What the close contributes; the line's service_line calls it."""

from __future__ import annotations

from flask import Blueprint, url_for

from app.accounting.close import api as close_api
from app.accounting.close import board as close_board
from app.accounting.close import checks as close_checks
from app.accounting.close import commands as close_commands
from app.accounting.close import queries as close_queries
from app.accounting.close import views as close_views
from app.api import Api
from app.kernel import words
from app.kernel.approvals import ApprovalKind, ApprovalView
from app.kernel.notices import NoticeKind
from app.kernel.registry import (
    DeskColumn,
    Meter,
    NavItem,
    PackWords,
    PaletteCommand,
    Permission,
    Registry,
)
from app.kernel.words import _, ngettext
from app.web import context

JOBS = ("app.accounting.close.jobs",)
FIGURE = "months_to_close"
NAMES = {
    "accounting.count-close": _("What is left in the months is counted"),
    "accounting.count-close-now": _("What is left in the months is counted"),
    "accounting.hand-in-month": _("A month is handed in"),
    "close_explanation": _("Explanation of a change"),
    "close_month": _("Close of a month"),
    "close_month.assigned": _("Month given to somebody or due on another day"),
    "close_override": _("Close over a check that is not met"),
    "close_plan": _("Plan of the close"),
    "close_step": _("Step of the close"),
    "close_step_done": _("Step of the close ticked"),
}
ERRORS = {
    "change-unknown": _("This account did not move unusually in this month."),
    "close-not-counted": _(
        "What is left of the month was not counted in the act of closing. Close it on its page."
    ),
    "close-blocked": _("The month cannot be closed yet: %(checks)s."),
    "not-closed": _("This month is not closed."),
    "not-in-review": _("This month is not in review. Hand it in first."),
    "not-open": _("This month is in review or closed already."),
    "step-unknown": _("There is no such step in this month."),
}


def _month_page(slug: str, key: str) -> str:
    """A month's page by the key that notes of it stand under."""
    period = int(key.rpartition(":")[2])
    return url_for("accounting_close.month", client=slug, period_id=period)


NOTICES = (
    NoticeKind(
        "month.closed",
        _("A month was closed"),
        _("The books"),
        lambda n: ngettext("A month was closed", "%(n)s months were closed", n, n=n),
        _month_page,
        order=40,
    ),
    NoticeKind(
        "month.reopened",
        _("A closed month was opened again"),
        _("The books"),
        lambda n: ngettext("A month was opened again", "%(n)s months were opened again", n, n=n),
        _month_page,
        order=41,
    ),
)


def _month_of(found: ApprovalView) -> str | None:
    """The month that is to be closed, for staff."""
    if context.place().surface != "client":
        return None
    return url_for("accounting_close.month", period_id=found.content["_period"])


def register(registry: Registry) -> None:
    """Adds checks, navigation, the desk's column, the meter and the words of refusals."""
    read = "accounting.read"
    registry.add(*NOTICES)
    registry.add(PackWords("accounting", "accounting.read", close_queries.words_for_pack))
    registry.add(*close_checks.CHECKS)
    kind = close_commands.APPROVAL
    registry.add(Permission(f"approve.{kind}", _("Approve the close of a month"), _("Accounting")))
    registry.add(
        ApprovalKind(
            kind, _("Closing a month"), page=_month_of, shown=close_commands.shown, order=20
        )
    )
    registry.add(
        NavItem(
            "close",
            _("Close"),
            "list-checks",
            "accounting_close.oldest",
            "client",
            read,
            17,
            figure=FIGURE,
            shortcut="E",
        ),
        NavItem(
            "close",
            _("Close board"),
            "list-checks",
            "accounting_close_desk.board",
            "desk",
            order=25,
            shortcut="E",
        ),
        PaletteCommand(
            "close-board",
            _("Close board"),
            "list-checks",
            "accounting_close_desk.board",
            surface="account",
            words=_("month end close review"),
            order=30,
        ),
        DeskColumn("accounting", FIGURE, _("Months to close"), "accounting_close.oldest", order=40),
        Meter(close_commands.METER, _("Month closed"), "month", "accounting"),
    )
    words.declare_names(NAMES)
    words.declare_errors(ERRORS)


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of the close: of one client, and the board on the desk."""
    return (close_views.pages, close_board.pages)


def apis() -> tuple[Api, ...]:
    """The operations of the close."""
    return (close_api.api,)
