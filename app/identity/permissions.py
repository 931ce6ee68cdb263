"""Permissions of people, grants, roles, tokens and the audit trail."""

from __future__ import annotations

from app.kernel.registry import Permission
from app.kernel.words import _

PEOPLE = _("People and access")

PERMISSIONS = (
    Permission("access.list", _("See who may see what"), PEOPLE),
    Permission("access.request", _("Ask for access to a client"), PEOPLE),
    Permission("access.grant", _("Give and decide access"), PEOPLE),
    Permission("access.end", _("End access and sessions"), PEOPLE),
    Permission("person.invite", _("Invite people"), PEOPLE),
    Permission("person.leave", _("Carry out that somebody leaves"), PEOPLE),
    Permission("role.edit", _("Change what roles may do"), PEOPLE),
    Permission("audit.read", _("Read the audit trail and who looked at what"), PEOPLE),
    Permission("token.make", _("Make API tokens"), PEOPLE),
    Permission("link.make", _("Share single documents by link"), PEOPLE),
)
