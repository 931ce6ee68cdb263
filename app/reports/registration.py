"""What reports contribute: navigation, portal cards, the meter, permalinks and error words."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, url_for

from app.api import Api
from app.kernel import words
from app.kernel.approvals import ApprovalKind
from app.kernel.day_mail import DayMailSource
from app.kernel.notices import NoticeKind
from app.kernel.registry import (
    Meter,
    NavItem,
    PaletteCommand,
    Permalink,
    Permission,
    PortalCard,
    Registry,
    TodoSource,
)
from app.kernel.words import _, ngettext
from app.reports import api as reports_api
from app.reports import (
    commands,
    file_api,
    pack_file_views,
    pack_queries,
    pack_views,
    portal_views,
    presentation,
    proposals,
    prose,
    published_api,
    queries,
    subjects,
    views,
)
from app.web import chart

JOBS = ("app.reports.file_jobs", "app.reports.pack_jobs")


def _report(slug: str, key: str) -> str:
    return url_for("portal_reports.show", client=slug, report_id=key)


def _pack(slug: str, key: str) -> str:
    return url_for("portal_reports.pack", client=slug, publication_id=key)


NOTICES = (
    NoticeKind(
        "report.published",
        _("A report was published"),
        _("The books"),
        lambda n: ngettext("A report was published", "%(n)s reports were published", n, n=n),
        portal=_report,
        describe=queries.titles,
        mail="off",
        sides=("client",),
        order=42,
    ),
    NoticeKind(
        "report.pack",
        _("A report pack was published"),
        _("The books"),
        lambda n: ngettext(
            "A report pack was published", "%(n)s report packs were published", n, n=n
        ),
        portal=_pack,
        describe=queries.titles,
        mail="off",
        sides=("client",),
        order=43,
    ),
)


def register(registry: Registry) -> None:
    """Adds the entries of this package."""
    registry.add(*_doors(), *NOTICES)
    registry.add(
        DayMailSource("reports", queries.day_items, order=30),
        TodoSource("reports", portal_views.todo, order=30),
        PortalCard("glance", "reports/_portal_glance.html", _glance, order=20),
        PortalCard("reports", "reports/_portal_reports.html", _newest, order=30),
        Meter(commands.METER, _("Report published"), "report", "accounting"),
        Permalink("published_report", views.permalink),
        subjects.SOURCE,
        Permission(
            f"approve.{proposals.APPROVAL}", _("Approve the publishing of reports"), _("Reports")
        ),
        ApprovalKind(
            proposals.APPROVAL,
            _("Publishing a report"),
            page=proposals.page,
            shown=proposals.shown,
            order=30,
        ),
        Permalink("published_pack", pack_views.permalink),
    )
    words.declare_names(
        {
            "published_report": _("Published report"),
            "report": _("Report from the books"),
            "report_pack": _("Report pack"),
            "published_pack": _("Published report pack"),
            "report_proposal": _("Report put up for approval"),
            "report_file": _("File of a report"),
            "reports.pack-file": _("Report pack typeset"),
            "published_pack_file": _("File of a report pack"),
            "reports.expire-files": _("Old files of reports are removed"),
        }
    )
    words.declare_errors(_errors())


def _doors() -> tuple[NavItem | PaletteCommand, ...]:
    """How people come to the reports: navigation and palette."""
    return (
        NavItem(
            "reports",
            _("Reports"),
            "chart-column",
            "reports.index",
            "client",
            permission="accounting.read",
            order=30,
            shortcut="R",
        ),
        NavItem(
            "reports",
            _("Reports"),
            "chart-column",
            "portal_reports.index",
            "portal",
            order=20,
            near=("packs",),
        ),
        PaletteCommand(
            "publish",
            _("Publish a report"),
            "send",
            "reports.index",
            "accounting.publish",
            order=30,
        ),
        PaletteCommand(
            "pack",
            _("New report pack"),
            "send",
            "reports.new_pack",
            "accounting.publish",
            words=_("month close publish client"),
            order=31,
        ),
    )


def _errors() -> dict[str, words.Lazy]:
    """The words of this package's refusals."""
    return {
        "report-empty": _("There is nothing to publish in this period yet."),
        "pack-empty": _("Choose at least one report for the pack."),
        "report-too-long-pdf": _(
            "%(rows)s rows are too many for a PDF, which holds %(most)s. Choose a shorter span, or"
            " take the CSV."
        ),
        "report-too-long-xlsx": _(
            "%(rows)s rows are too many for a workbook, which holds %(most)s. Choose a shorter"
            " span, or take the CSV."
        ),
        "report-too-long-csv": _(
            "%(rows)s rows are too many for one file, which holds %(most)s. Choose a shorter span"
            " and take the parts one after the other."
        ),
        "report-file-large": _(
            "This file takes longer than a request has. Order it: POST the same words to …/files."
        ),
        "report-file-gone": _("This file was kept for seven days. Make it anew."),
        "report-file-slow": _("Typesetting took too long. It is tried again."),
        "report-file-bounds": _(
            "Typesetting needed more memory than it may have. Choose a shorter span, or take the"
            " CSV."
        ),
        "pack-file-not-made": _("The file of this pack is not made yet. Order it: POST …/files."),
        "proposal-too-large": _(
            "This is too much to be approved in one piece. Choose a shorter span, or fewer reports."
        ),
        "pack-title": _("Give the pack a title of 1 to 200 characters."),
        "pack-words-long": _("Shorten the words of the pack."),
        "span-backwards": _("The span ends before it begins. Swap the two days."),
        "not-a-month": _("Choose a month such as 2026-10."),
        "not-a-date": _("This is no date of the calendar. Write it as 2026-10-31."),
    }


def blueprints() -> tuple[Blueprint, ...]:
    """The pages of staff and of the portal."""
    return pack_file_views.BLUEPRINTS


def apis() -> tuple[Api, ...]:
    """The reports' part of the API."""
    return (reports_api.api, file_api.files, published_api.published)


def install(app: Flask) -> None:
    """Gives templates the two ways from a report to a chart."""
    app.jinja_env.filters["chart_of"] = presentation.chart_of
    app.jinja_env.filters["shares_of"] = presentation.shares_of
    app.jinja_env.globals["row_cells"] = presentation.row_cells
    app.jinja_env.globals["share_chart"] = chart.share_chart
    app.jinja_env.filters["prose"] = prose.html
    app.jinja_env.filters["in_units"] = presentation.trend_in_units


def _glance() -> dict[str, Any] | None:
    """Key figures of the newest published profit and loss."""
    found = queries.last_published("profit-and-loss")
    if found is None:
        return None
    return {
        "head": found.head,
        "report": found.report,
        "address": url_for("portal_reports.show", report_id=found.head.id),
    }


def _newest() -> dict[str, Any] | None:
    """The latest published packs and reports."""
    packs = pack_queries.published_packs(current_only=True, limit=3)
    published = queries.published_reports(current_only=True, alone=True, limit=4 - len(packs))
    return {"published": published, "packs": packs} if published or packs else None
