"""Makes the address of its own that a mail asks replies to; for jobs that write mails."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from app.kernel import mail_replies
from app.kernel.db import session
from app.kernel.scope import secret_hash


def make(
    mail_id: UUID, *, line: str, person_id: UUID | None = None, link_id: UUID | None = None
) -> None:
    """The address of a mail just written, for a person or for whom a thing was handed on to.

    Without a domain that mail comes in by, nothing is made. It lives for 60 days.
    """
    if not mail_replies.are_taken():
        return
    sha = secret_hash("prin", mail_replies.local_part(mail_id))
    values = {"mail": mail_id, "line": line, "person": person_id, "link": link_id, "sha": sha}
    session.execute(_MAKE, values)


_MAKE = sa.text(
    "select app.make_mail_reply_address(:mail, :line, cast(:person as uuid), cast(:link as uuid),"
    " :sha)"
)
