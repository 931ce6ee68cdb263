"""What the directory contributes: permissions, navigation, the resolver, words of its refusals."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask

from app.api import Api
from app.kernel import clients, db, mail, words
from app.kernel.registry import NavItem, PaletteCommand, Permission, Registry
from app.kernel.scope import Scope
from app.kernel.words import _
from app.web import context
from tenants import api, queries, views
from tenants.leaving import api as leaving_api
from tenants.leaving import registration as leaving
from tenants.leaving import views as leaving_views

JOBS = ("tenants.jobs", "tenants.leaving.jobs", "tenants.leaving.erasing_job")

_GROUP = _("Clients")

ERRORS: dict[str, Any] = {
    "required": _("Fill this in."),
    "slug-taken": _("The short name %(slug)s is taken. Choose another."),
    "bad-slug": _("Use 2 to 40 lower case letters, digits and single hyphens, a letter first."),
    "reserved-slug": _("This short name belongs to one of our own pages. Choose another."),
    "too-long": _("Use at most %(longest)s characters."),
    "looks-like-a-formula": _("Text may not begin with = + - or @: a spreadsheet would run it."),
    "unknown-country": _("This is no country code of ISO 3166, such as GB."),
    "unknown-currency": _("This is no currency of ISO 4217, such as EUR."),
    "unknown-time-zone": _("This is no time zone, such as Europe/Berlin."),
    "unknown-language": _("Choose en or de."),
    "unknown-chart": _("Choose one of %(charts)s."),
    "bad-month": _("Choose a month from 1 to 12."),
    "bad-year": _("Choose a year from 1990 to 2100."),
    "ends-before-it-starts": _("The end must come after the start."),
    "provider-exists": _("The provider is set up already."),
    "not-a-colour": _("Write the colour as # and six hexadecimal digits, such as #2457a6."),
    "accent-too-pale": _("White text on this colour cannot be read. Choose a darker one."),
    "logo-too-large": _("The logo may have up to %(most)s kB."),
    "logo-too-wide": _("The logo may be up to %(most)s pixels wide and high."),
    "logo-kind": _("Upload a PNG or an SVG."),
    "logo-broken": _("This picture cannot be read. Save it again and upload that."),
    "logo-svg-refused": _("This SVG holds more than shapes. Save it as plain SVG, or as PNG."),
    "not-utf-8": _("Save the file as UTF-8."),
    "not-a-csv": _("Line %(line)s is no line of a CSV."),
    "control-character": _("The text holds characters that cannot be stored."),
    "import-columns": _("The first line names the columns. Known are: %(columns)s"),
    "import-cells": _("This line has not as many cells as the first line."),
    "import-kind": _("Choose one of %(kinds)s."),
    "import-double": _("The same stands in line %(line)s. Remove one of them."),
    "import-side": _("Choose provider or client."),
    "import-too-large": _("The file may have up to %(most)s MB."),
    "import-too-long": _("The file may have up to %(most)s lines. Split it."),
    "import-unknown-person": _("Nobody has this address. Add a person row for it."),
    "import-unknown-client": _("There is no such client. Add a client row for it."),
    "import-role": _("Choose one of %(roles)s."),
    "import-lines": _("Name one or more of %(lines)s, separated by spaces."),
    "import-grant-exists": _("This person holds this role there already. Remove the line."),
    "import-yes-or-no": _("Write yes or no."),
    "import-has-faults": _("The file has faults. Nothing was taken in."),
    "bad-address": _("This is no mail address."),
    "person-has-left": _("This person has left. Use another address."),
    "person-other-side": _("This address belongs to somebody of the other side."),
    "not-a-date": _("This is no date of the calendar. Write it as 2026-10-31."),
    "unknown-field": _("There is no such field."),
    "json-needed": _("Send the body as application/json."),
    "bad-authorization": _("Send the header as Authorization: Bearer and a token."),
    "bad-idempotency-key": _("Use 8 to 200 printable ASCII characters."),
    "idempotency-key-needed": _("This operation needs an Idempotency-Key header."),
    "value-out-of-range": _("A value is out of range."),
    "bad-request": _("The request could not be read."),
    "method-not-allowed": _("This address does not know this method."),
    "too-many-requests": _("Too many requests. Wait as Retry-After says."),
    "internal-error": _("Something went wrong on our side. Nothing was changed."),
}


def register(registry: Registry) -> None:
    """Adds the entries of this package."""
    registry.add(
        PaletteCommand(
            "new-client",
            _("New client"),
            "plus",
            "clients.new_client",
            "client.create",
            "desk",
            words=_("engagement firm"),
            order=40,
        ),
        Permission("tenant.list", _("See all clients"), _GROUP),
        Permission("client.list", _("List clients"), _GROUP),
        Permission("client.create", _("Make clients, also from a file"), _GROUP),
        Permission("tenant.state", _("Suspend clients"), _GROUP),
        Permission("engagement.set", _("Set what is served for a client"), _GROUP),
        Permission("provider.settings", _("Change name, logo and accent"), _GROUP),
        NavItem(
            "clients",
            _("Clients"),
            "building-2",
            "clients.index",
            "desk",
            permission="tenant.list",
            order=20,
            shortcut="C",
        ),
        NavItem(
            "provider",
            _("Provider"),
            "settings",
            "clients.settings",
            "desk",
            permission="provider.settings",
            order=950,
        ),
        NavItem("firm", _("Settings"), "settings", "firm.settings", "client", order=950),
    )
    leaving.register(registry)
    words.declare_errors(ERRORS)
    clients.set_resolver(queries.resolve_client)
    mail.set_brand(_sender)


def blueprints() -> tuple[Blueprint, ...]:
    """Directory, provider settings and a client's own settings."""
    return (
        views.pages,
        views.firm_pages,
        leaving_views.pages,
        leaving_views.portal,
        leaving_views.desk,
    )


def apis() -> tuple[Api, ...]:
    """Clients over the API."""
    return (api.api, leaving_api.api)


def install(app: Flask) -> None:
    """Tells the web how the provider looks."""
    hooks = app.extensions.setdefault("web-hooks", context.Hooks())
    hooks.resolve_brand = _brand


def _sender() -> mail.Brand:
    """Whose mails these are; inside the open transaction of the mailing job."""
    face = queries.provider_face()
    if face is None:
        return mail.Brand()
    return mail.Brand(name=face.sender_name or face.name, sender=face.sender_address or None)


def _brand() -> context.Brand:
    """Name, logo and accent; the defaults before the provider is set up."""
    with db.transaction(Scope.login_by_hash("prin", "brand"), read_only=True):
        face = queries.provider_face()
    if face is None:
        return context.Brand()
    stamp = int(face.changed_at.timestamp())
    logo = f"/brand/logo?v={stamp}" if face.logo_type else ""
    return context.Brand(
        name=face.name,
        slug=face.slug,
        logo_url=logo,
        accent=face.accent,
        locale=face.locale,
    )
