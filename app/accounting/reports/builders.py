"""The reports of the books, as the registry offers them."""

from __future__ import annotations

from datetime import date

from app.accounting import queries
from app.accounting.reports import amounts as report_amounts
from app.accounting.reports import behind as report_behind
from app.accounting.reports import by_age
from app.accounting.reports.balance import balance_sheet, trial_balance
from app.accounting.reports.cash import cash_flow
from app.accounting.reports.journal import general_ledger, postings
from app.accounting.reports.profit import profit_and_loss
from app.kernel.registry import ReportDefinition
from app.kernel.words import _

__all__ = [
    "balance_sheet",
    "cash_flow",
    "definitions",
    "general_ledger",
    "profit_and_loss",
    "since",
    "trial_balance",
]

_BEHIND = {
    "receivables-by-age": by_age.behind_receivables,
    "payables-by-age": by_age.behind_payables,
}
COMPARED = ("previous", "year", "months", "none")


def since() -> date:
    """The first day of the books."""
    return min((period.starts for period in queries.periods()), default=date.max)


def definitions() -> tuple[ReportDefinition, ...]:
    """Every report of the accounting line."""
    offered = (
        ("profit-and-loss", _("Profit and loss"), profit_and_loss, "chart-column", False,
         COMPARED, True),
        ("balance-sheet", _("Balance sheet"), balance_sheet, "landmark", True, COMPARED, False),
        ("cash-flow", _("Cash flow"), cash_flow, "activity", False, COMPARED, False),
        ("trial-balance", _("Trial balance"), trial_balance, "scale", True, (), False),
        ("general-ledger", _("General ledger"), general_ledger, "book-open", False, (), False),
        ("receivables-by-age", _("Receivables by age"), by_age.receivables, "clock",
         True, (), False),
        ("payables-by-age", _("Payables by age"), by_age.payables, "clock",
         True, (), False),
    )  # fmt: skip
    return tuple(
        ReportDefinition(
            key,
            title,
            "accounting",
            "accounting.read",
            build,
            behind=_BEHIND.get(key, report_behind.behind),
            since=since,
            year_start=report_amounts.year_start,
            reopened=report_behind.reopened,
            icon=icon,
            order=10 * place,
            point_in_time=at_a_day,
            comparisons=comparisons,
            with_share=with_share,
            folds=key == "general-ledger",
            size=postings if key == "general-ledger" else None,
        )
        for place, (key, title, build, icon, at_a_day, comparisons, with_share) in enumerate(
            offered, 1
        )
    )
