"""Classes and origins of papers in words."""

from __future__ import annotations

from app.kernel.words import _

CLASS_TITLES = {
    "normal": _("Normal"),
    "payroll": _("Payroll"),
    "owner_only": _("Owner only"),
}
SOURCE_TITLES = {
    "staff": _("added by staff"),
    "portal": _("sent at the portal"),
    "question": _("came with an answer"),
    "api": _("came over the API"),
    "camera": _("photographed"),
    "link": _("sent by a link"),
    "mail": _("came by mail"),
}
