"""What tests of replies by mail share: a place that takes mail in, mails out, letters back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import psycopg
from flask import Flask

from app.kernel import clock, jobs, mail, mail_replies
from app.tasks import day_mail
from tests.tasks import request_stage
from tests.tasks.request_stage import Place

DOMAIN = "in.backoffice.example"


@contextmanager
def place_that_takes_mail(
    settings: object, app: Flask, worker_app: Flask, name: str
) -> Iterator[Place]:
    """A client of an installation that takes mail in."""
    from app.cli import install

    url = install.libpq_url(str(settings.database_admin_url))  # type: ignore[attr-defined]  # the session's settings
    before = app.extensions["settings"], worker_app.extensions["settings"]
    for one, old in zip((app, worker_app), before, strict=True):
        one.extensions["settings"] = old.model_copy(update={"mail_in_domain": DOMAIN})
    with psycopg.connect(url) as admin:
        yield request_stage.build(app, worker_app, admin, name)
    for one, old in zip((app, worker_app), before, strict=True):
        one.extensions["settings"] = old


def forget(place: Place, admin: psycopg.Connection) -> None:
    """Nothing is open of what other tests asked, and nobody was mailed."""
    for change, rest in (
        ("update app.request_list set state = 'withdrawn', closed_at = now()", "state = 'open'"),
        (
            "update app.question set state = 'withdrawn', closed_at = now(), closed_by = asked_by",
            "state = 'waiting'",
        ),
        ("delete from app.day_mailing", "true"),
    ):
        admin.execute(f"{change} where tenant_id = %s and {rest}", (place.tenant,))
    admin.commit()


def mailed(place: Place) -> UUID:
    """Sends the day's mail; returns its id."""
    now = datetime.now(UTC)
    monday = (now + timedelta(days=7 - now.weekday())).replace(hour=10, minute=0)
    with place.job(), clock.frozen(monday):
        assert day_mail.send_due() == 1
        return mail.recent(limit=1)[0].id


def address_of(place: Place, mail_id: UUID) -> str:
    """The local part that replies to a mail go to."""
    with place.app.app_context():
        return mail_replies.local_part(mail_id)


def email(admin: psycopg.Connection, place: Place) -> str:
    """The owner's address."""
    found = admin.execute(
        "select email from guard.person where id = %s", (place.owner.person_id,)
    ).fetchone()
    admin.rollback()
    assert found is not None
    return str(found[0])


def letter(sender: str, text: str, *files: tuple[str, bytes], **headers: str) -> bytes:
    """A raw reply with files; `Some_Header` stands for Some-Header."""
    made = EmailMessage()
    made["From"], made["To"] = sender, f"us@{DOMAIN}"
    made["Message-ID"] = f"<{uuid4()}@example.com>"
    for name, value in {"Subject": "Re: What is new", **headers}.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    for name, data in files:
        made.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return made.as_bytes()


def replied(place: Place, to: str, raw: bytes) -> int:
    """Hands a message over by the mail server's door; runs what it left to do."""
    sent: Any = place.app.test_client().post(
        f"/api/v1/inbound/mail/{to}@{DOMAIN}", data=raw, content_type="message/rfc822"
    )
    with place.worker_app.app_context():
        jobs.run_due(place.worker_app)
    return int(sent.status_code)


def replies(admin: psycopg.Connection, mail_id: UUID) -> list[tuple[str, str]]:
    """States and texts of the replies to a mail, in order."""
    rows = admin.execute(
        "select state, text from app.mail_reply where address_id = %s order by id", (mail_id,)
    ).fetchall()
    admin.rollback()
    return [(row[0], row[1]) for row in rows]


QUOTED = (
    "Ada drives it.\n\nOn Mon, 2 Nov 2026 at 10:00, Provider <x@y.example> wrote:\n"
    "> — To answer, reply above this line. —\n> Hello,\n> who drives it?\n"
)
