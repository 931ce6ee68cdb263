"""Mail out: an outbox row written with the business, a job that sends it, templates in words.

A retry repeats the same Message-ID, so a receiver that compares them shows one message at most.
Without an SMTP server nothing leaves: the message is kept and can be read on the demo's page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.dialects.postgresql import JSONB

from app.kernel import db, ids, jobs, words
from app.kernel.errors import Invalid
from app.kernel.settings import Settings
from app.kernel.words import Lazy

_INSERT = sa.text(
    "insert into app.mail_message (tenant_id, id, line, to_person, to_address, template, params,"
    " locale, message_id, replies) values ((select guard.tenant_id()), :id, :line, :person,"
    " :address, :template, :params, :locale, :message_id, :replies)"
).bindparams(sa.bindparam("params", type_=JSONB))


@dataclass(frozen=True, slots=True)
class Template:
    """A mail's words: subject, paragraphs and, when `params` has a link, what its button says.

    A paragraph that is a plain text names the parameter that stands there as it is.
    """

    name: str
    subject: Lazy
    paragraphs: tuple[Lazy | str, ...]
    button: Lazy | None = None


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose mails these are."""

    name: str = "Backoffice"
    sender: str | None = None


_templates: dict[str, Template] = {}
_resolvers: dict[str, Callable[[], Brand]] = {"brand": Brand}
Overtaken = Callable[[dict[str, Any]], dict[str, Any] | None]
Hours = Callable[[UUID, dict[str, Any]], datetime | None]
_newest: dict[str, Overtaken] = {}
_hours: dict[str, Hours] = {}


def register(
    name: str, *, subject: Lazy, paragraphs: tuple[Lazy | str, ...], button: Lazy | None = None
) -> None:
    """Declares a template; its texts take the mail's parameters as `%(name)s`."""
    _templates[name] = Template(name, subject, paragraphs, button)


def template(name: str) -> Template:
    """A declared template; raises KeyError."""
    return _templates[name]


def at_sending(name: str, newest: Overtaken) -> None:
    """Asks anew what a template's mail says when it leaves: None where nothing of it holds.

    A mail may wait for its server for hours; nobody is then asked for what was given meanwhile.
    """
    _newest[name] = newest


def newest(name: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """The parameters of a mail as they stand now; None for a mail that is overtaken."""
    asked = _newest.get(name)
    return asked(params) if asked else params


def keep_hours(name: str, put_off: Hours) -> None:
    """Keeps mails of a template to their reader's hours: `put_off` says, when one is to leave, at
    which moment it leaves instead, or None for now; a server may be back in the middle of a night.
    """
    _hours[name] = put_off


def put_off(name: str, mail_id: UUID, params: dict[str, Any]) -> datetime | None:
    """Until when a mail that would leave now waits; None for one that leaves."""
    asked = _hours.get(name)
    return asked(mail_id, params) if asked else None


def set_brand(resolver: Callable[[], Brand]) -> None:
    """Called once by the provider's settings: whose name and sender mails carry."""
    _resolvers["brand"] = resolver


def brand() -> Brand:
    """Whose mails these are, inside an open transaction."""
    return _resolvers["brand"]()


def message_id(mail_id: UUID) -> str:
    """The Message-ID of a mail: the same whenever it is sent again."""
    settings: Settings = current_app.extensions["settings"]
    return f"<{mail_id}@{urlsplit(settings.public_url).hostname}>"


def send(
    template_name: str,
    *,
    to_person: UUID | None = None,
    to_address: str | None = None,
    params: dict[str, Any] | None = None,
    locale: str | None = None,
    line: str = "member",
    replies: bool = False,
) -> UUID:
    """Writes a mail in the caller's transaction, which is a job's; another job sends it afterwards.

    A page has no right to write mail: it tells an event, whose handler does (`app.kernel.events`).

    `params` fill the template; `link` (a path of ours) becomes its button. Without a `locale` a
    person reads it in the language they chose for mails. With `replies` its Reply-To is an address
    of its own, where the installation takes mail in (`app.kernel.mail_replies`). Raises KeyError
    for an unknown template, Invalid for an address with line breaks.
    """
    template(template_name)
    if to_address is not None and any(
        sign.isspace() or not sign.isprintable() for sign in to_address
    ):
        raise Invalid.of("to_address", "address-invalid")
    made = ids.uuid7()
    db.session.execute(
        _INSERT,
        {
            "id": made,
            "line": line,
            "person": to_person,
            "address": to_address,
            "template": template_name,
            "params": params or {},
            "locale": locale or ("" if to_person else words.locale()),
            "message_id": message_id(made),
            "replies": replies,
        },
    )
    jobs.enqueue("mail.deliver", {"mail": str(made)}, key=f"mail:{made}", line=line)
    return made


@dataclass(frozen=True, slots=True)
class MailView:
    """A mail as the demo's mailbox shows it."""

    id: UUID
    to: str
    subject: str
    text: str
    html: str
    state: str
    template: str
    sealed: bytes | None
    made_at: datetime


def recent(*, limit: int = 100) -> list[MailView]:
    """The newest mails of the client of the open transaction."""
    rows = db.session.execute(
        sa.text(
            "select id, coalesce(to_address, '') as \"to\", coalesce(subject, '') subject,"
            " coalesce(body_text, '') as text, coalesce(body_html, '') html, state, template,"
            " sealed, made_at from app.mail_message order by id desc limit :limit"
        ),
        {"limit": limit},
    ).mappings()
    return [MailView(**row) for row in rows]


def public_url(path: str) -> str:
    """A link of ours as a mail carries it; raises ValueError for what is no path of ours."""
    if not path.startswith("/"):
        raise ValueError("a link in a mail is a path of ours")  # "@host" would name another one
    settings: Settings = current_app.extensions["settings"]
    return f"{settings.public_url}{path}"
