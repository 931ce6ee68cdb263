"""What happens to lists, for jobs that write the mails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import events, mail
from app.kernel.db import session
from app.kernel.jobs_catalog import job
from app.kernel.jobs_progress import Progress
from app.kernel.words import _
from app.tasks.client_requests import queries, secrets
from app.tasks.mail_replies import addresses

TEMPLATE = "request.handed-on"
JOB = "requests.handed-on"

mail.register(
    TEMPLATE,
    subject=_("%(client)s asks you for something"),
    paragraphs=(
        _("Hello %(name)s,"),
        _("somebody at %(client)s hands this on to you:"),
        "item",
        _("The link opens this one thing; you need no password."),
    ),
    button=_("Have a look"),
)


@events.event("request-item.handed-on")
@dataclass(frozen=True, slots=True)
class ItemHandedOn:
    """One thing of a list was handed on to a colleague."""

    link_id: UUID


@events.on(ItemHandedOn)
def mail_colleague(happened: ItemHandedOn) -> None:
    """Mails the colleague of a thing handed on at the portal."""
    send(happened.link_id)


@job(JOB, retries=5)
def mail_of_link(args: dict[str, Any], _progress: Progress) -> None:
    """Mails the colleague of a thing that the holder of a list's link handed on."""
    send(UUID(args["link"]))


def send(link_id: UUID) -> None:
    """Writes the mail with the link to one thing; the address is the colleague's."""
    found = queries.link(link_id)
    if found.item_id is None or not found.address or not queries.link_lives(link_id):
        return
    name, locale = session.execute(_CLIENT).one()
    item = queries.item(found.item_id)
    made = mail.send(
        TEMPLATE,
        to_address=found.address,
        params={
            "name": found.name or found.address,
            "client": name,
            "item": item.title,
            "link": secrets.path(link_id),
            "about": [f"request_item:{item.id}"],
            "link_id": str(link_id),
        },
        locale=locale,
        line=item.line,
        replies=True,
    )
    addresses.make(made, line=item.line, link_id=link_id)


def as_it_stands(params: dict[str, Any]) -> dict[str, Any] | None:
    """The mail, unless what was handed on is given, accepted or taken back, or its link died."""
    (about,) = params["about"]
    item = queries.item(UUID(about.partition(":")[2]))
    waits = item.to_give and queries.one(item.list_id).state == "open"
    return params if waits and queries.link_lives(UUID(params["link_id"])) else None


mail.at_sending(TEMPLATE, as_it_stands)


_CLIENT = sa.text(
    "select name, locale from app.client where tenant_id = (select guard.tenant_id())"
)
