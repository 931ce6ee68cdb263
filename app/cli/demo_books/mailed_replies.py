"""A reply of the demo's owner to a mail about several things: it waits for staff to place it."""

from __future__ import annotations

from email.message import EmailMessage

import sqlalchemy as sa

from app.documents import mail_in
from app.kernel import db, jobs_catalog, mail, mail_replies, words
from app.kernel.db import session
from app.kernel.scope import Scope
from app.tasks import day_mail
from app.tasks.client_requests import queries as lists
from app.tasks.mail_replies import addresses

LINE = "accounting"
_NAMES = sa.text(
    "select a.email, a.name, c.name as client, c.slug from guard.address_of(:person) a"
    " cross join app.client c where c.tenant_id = (select guard.tenant_id())"
)


def ask(owner: Scope) -> tuple[str, str] | None:
    """Mails the owner what waits for them, as a job; answers the mail's own address and theirs."""
    if owner.tenant_id is None or owner.person_id is None:
        return None
    platform = jobs_catalog.SYSTEM_USERS["platform"]
    with db.transaction(Scope.system_job(owner.tenant_id, person_id=platform)):
        asked = lists.day_items()
        who = session.execute(_NAMES, {"person": owner.person_id}).one_or_none()
        if not asked or who is None:
            return None
        sent = mail.send(
            day_mail.MIXED,
            to_person=owner.person_id,
            params={
                "name": who.name,
                "client": who.client,
                "questions": "\n".join(f"– {one.text}" for one in asked),
                "link": f"/portal/{who.slug}/",
                "slug": who.slug,
                "person": str(owner.person_id),
                "about": [f"{one.type}:{one.id}" for one in asked],
            },
            replies=True,
        )
        addresses.make(sent, line=LINE, person_id=owner.person_id)
    to = mail_replies.address(sent)
    return (to, who.email) if to else None


def answer(to: str, sender: str) -> None:
    """Brings the owner's reply in by the door of the mail server, as the web."""
    mail_in.receive(to, _reply(sender))


def _reply(sender: str) -> bytes:
    made = EmailMessage()
    made["From"], made["To"] = sender, "us@backoffice.example"
    made["Subject"] = "Re: Before we close the month"
    above = words.gettext(mail_replies.ABOVE.message)
    made.set_content(
        f"Lena drives the van, and only for deliveries.\n\nOn 2 Nov 2026 you wrote:\n> {above}\n"
    )
    return made.as_bytes()
