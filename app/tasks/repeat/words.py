"""Rules of due days and periods in words."""

from __future__ import annotations

from typing import Any

from app.kernel import words
from app.kernel.words import _
from app.tasks.repeat.content import DueIn
from app.web.lists import Tag

EVERY = {"month": _("Monthly"), "quarter": _("Quarterly"), "year": _("Yearly")}
SHIFTS = {
    "next": _("the next working day"),
    "previous": _("the working day before"),
    "same_month": _("the next one in the same month"),
    "none": _("stays as it is"),
}
DUE_KINDS = {"day": _("Day of the month"), "working_day": _("Working day of the month")}
UNITS = {"days": _("days"), "working_days": _("working days")}
STATES = {
    "active": Tag(_("Runs"), "good"),
    "paused": Tag(_("Paused"), "warn"),
    "ended": Tag(_("Ended"), ""),
}


def due(rule: DueIn) -> str:
    """When work is due: `day 10, 1 month after the period`."""
    if rule.kind == "working_day":
        text = (
            words.gettext("working day %(n)s", n=rule.n)
            if rule.n > 0
            else words.gettext("working day %(n)s from the end", n=-rule.n)
        )
    else:
        text = words.gettext("day %(n)s", n=rule.n)
    if rule.before:
        told = (
            words.ngettext("%(n)s working day before", "%(n)s working days before", rule.before)
            if rule.unit == "working_days"
            else words.ngettext("%(n)s day before", "%(n)s days before", rule.before)
        )
        text = f"{told} {text}"
    if not rule.months_after:
        return words.gettext("%(day)s of the period's last month", day=text)
    return words.ngettext(
        "%(day)s of the month after the period",
        "%(day)s, %(n)s months after the period",
        rule.months_after,
        day=text,
    )


def options(known: dict[str, Any]) -> list[tuple[str, Any]]:
    """A choice of a form."""
    return [(name, getattr(text, "text", text)) for name, text in known.items()]
