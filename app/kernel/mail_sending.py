"""Rendering and sending of mails: what the mailing jobs do."""

from __future__ import annotations

import json
import secrets
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, formatdate
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import sqlalchemy as sa
from flask import current_app
from markupsafe import escape

from app.kernel import db, ids, jobs, mail, mail_drop, mail_replies, sealing, words
from app.kernel.jobs_catalog import job
from app.kernel.jobs_progress import Progress
from app.kernel.scope import secret_hash
from app.kernel.settings import Settings
from app.kernel.words import Lazy, _

SMTP_SECONDS = 10
CODE_PATHS = {"invite": "/invite/", "reset": "/reset/", "login": "/login/code/"}
CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another
CODE_GROUPS, CODE_GROUP = 5, 4  # 20 letters of 31: 99 bits

_NEXT = sa.text(
    "select id, to_person, to_address, template, params, locale, message_id, replies, subject,"
    " sealed, line from app.mail_message where id = :id and state = 'queued' for update"
)
_SENT = sa.text(
    "update app.mail_message set state = :state, sent_at = now(),"
    " to_address = coalesce(:address, to_address),"
    " subject = :subject, body_text = :text, body_html = :html where id = :id"
)
_ISSUED = sa.text(
    "insert into app.mail_message (tenant_id, id, line, to_person, to_address, template, locale,"
    " message_id, subject, sealed) values ((select guard.tenant_id()), :id, :line, :person,"
    " :address, :template, :locale, :message_id, :subject, :sealed)"
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered mail; `stop` is the path that stops mails of its kind (RFC 8058)."""

    subject: str
    text: str
    html: str
    stop: str = ""


mail.register(
    "mail.invite",
    subject=_("%(provider)s invites you"),
    paragraphs=(
        _("Hello %(name)s,"),
        _("%(provider)s has made an account for you. Choose how you will sign in:"),
        _("The link works once and for seven days. Your code is %(code)s."),
    ),
    button=_("Accept the invitation"),
)
mail.register(
    "mail.reset",
    subject=_("Choose a new password"),
    paragraphs=(
        _("Hello %(name)s,"),
        _("Somebody asked for a new password for your account. If it was not you, do nothing."),
        _("The link works once and for fifteen minutes. Your code is %(code)s."),
    ),
    button=_("Choose a new password"),
)
mail.register(
    "mail.login",
    subject=_("Your sign-in code"),
    paragraphs=(
        _("Hello %(name)s,"),
        _("Your sign-in code is %(code)s. It works once and for fifteen minutes."),
        _("If you did not ask for it, do nothing."),
    ),
    button=_("Sign in"),
)


def render(name: str, params: dict[str, Any], locale: str, *, replies: bool = False) -> Letter:
    """A template in its reader's language, as text and as plain HTML that shows everywhere.

    With `replies` it begins with the line above which an answer is written.
    """
    found = mail.template(name)
    with words.speaking(locale):
        subject = words.gettext(found.subject.message, **params).replace("\n", " ")
        above = [words.gettext(mail_replies.ABOVE.message)] if replies else []
        paragraphs = [*above, *(_told(p, params) for p in found.paragraphs)]
        button = words.gettext(found.button.message, **params) if found.button else None
    link = mail.public_url(params["link"]) if params.get("link") else None
    text = "\n\n".join([*paragraphs, *([link] if link else [])]) + "\n"
    html = "".join(f"<p>{escape(p)}</p>".replace("\n", "<br>") for p in paragraphs)
    if link:
        html += f'<p><a href="{escape(link)}">{escape(button or link)}</a></p>'
    return Letter(subject, text, f'<!doctype html><html lang="{escape(locale)}">{html}</html>')


def _told(paragraph: Lazy | str, params: dict[str, Any]) -> str:
    """A paragraph of ours in the reader's language, or somebody's own words as they are."""
    if isinstance(paragraph, str):
        return str(params[paragraph])
    return words.gettext(paragraph.message, **params)


@job("mail.deliver", queue="urgent", retries=8)
def deliver(args: dict[str, Any], _progress: Progress) -> None:
    """Sends one mail of the outbox and marks it; a mail that left already stays as it is.

    Where its kind keeps its reader's hours and this is none of them, another job sends it then.
    """
    row = db.session.execute(_NEXT, {"id": args["mail"]}).mappings().first()
    if row is None:
        return
    address, chosen = row["to_address"], ""
    if address is None:
        address, chosen = _reader(row["to_person"])
    if address is None:
        _mark(row["id"], "failed", None, None)
        return
    if row["sealed"] is not None:
        letter = open_letter(bytes(row["sealed"]), str(row["id"]))
        _post(address, letter, row["message_id"])
        _mark(row["id"], _state(), address, Letter(row["subject"], "", ""))
        return
    params = mail.newest(row["template"], row["params"])
    if params is None:
        _mark(row["id"], "overtaken", None, None)
        return
    if later := mail.put_off(row["template"], row["id"], params):
        key = f"mail:{row['id']}:{later:%Y%m%dT%H%M}"
        jobs.enqueue("mail.deliver", args, key=key, run_after=later, line=row["line"])
        return
    params = {"provider": mail.brand().name, **params}
    reply_to = mail_replies.address(row["id"]) if row["replies"] else None
    locale = row["locale"] or chosen or words.locale()
    letter = render(row["template"], params, locale, replies=reply_to is not None)
    _post(address, letter, row["message_id"], reply_to=reply_to)
    _mark(row["id"], _state(), address, letter)


@job("mail.codes", queue="urgent", retries=8, line="security", steps=True, wakeable=True)
def send_codes(_args: dict[str, Any], progress: Progress) -> None:
    """Makes and mails the codes that people asked for: invitations, resets, sign-in codes.

    The worker makes the secret, so that an injection in the web can neither choose nor read one;
    the outbox keeps the letter sealed.
    """
    while True:
        with progress.step():
            made = _issue()
        if made is None:
            return


def _issue() -> str | None:
    code = new_code()
    row = db.session.execute(
        sa.text("select purpose, email, name, locale from guard.issue_code(:sha)"),
        {"sha": secret_hash("once", code.replace("-", ""))},
    ).first()
    if row is None:
        return None
    template = f"mail.{row.purpose}"
    params = {
        "name": row.name,
        "code": code,
        "provider": mail.brand().name,
        "link": CODE_PATHS[row.purpose] + code.replace("-", ""),
    }
    locale = words.best_locale(row.locale)
    letter = render(template, params, locale)
    return str(keep_sealed(letter, template, locale=locale, to_address=row.email, line="security"))


def keep_sealed(
    letter: Letter,
    template: str,
    *,
    locale: str,
    to_person: UUID | None = None,
    to_address: str | None = None,
    line: str = "member",
) -> UUID:
    """Writes a mail whose text nobody may read in the outbox; its subject stands there plainly.

    For jobs only, in the caller's transaction. `template` names what kind of mail it is.
    """
    made = ids.uuid7()
    parts = [letter.subject, letter.text, letter.html, letter.stop]
    values = {
        "id": made,
        "line": line,
        "person": to_person,
        "address": to_address,
        "template": template,
        "locale": locale,
        "message_id": mail.message_id(made),
        "subject": letter.subject,
    }
    sealed = sealing.seal(json.dumps(parts).encode(), f"mail|{made}")
    db.session.execute(_ISSUED, {**values, "sealed": sealed})
    jobs.enqueue("mail.deliver", {"mail": str(made)}, key=f"mail:{made}", line=line)
    return made


def new_code() -> str:
    """A code that can be typed: letters in groups, 99 bits."""
    groups = range(CODE_GROUPS)
    return "-".join(
        "".join(secrets.choice(CODE_LETTERS) for _letter in range(CODE_GROUP)) for _group in groups
    )


def open_letter(sealed: bytes, mail_id: str) -> Letter:
    """A letter that was kept sealed."""
    return Letter(*json.loads(sealing.unseal(sealed, f"mail|{mail_id}")))


def _reader(person_id: object) -> tuple[str | None, str]:
    """A person's address and the language of their mails, empty where they chose none."""
    row = db.session.execute(
        sa.text("select email, locale from guard.address_of(:person)"), {"person": person_id}
    ).first()
    return (row.email, row.locale) if row else (None, "")


def _mark(mail_id: object, state: str, address: str | None, letter: Letter | None) -> None:
    db.session.execute(
        _SENT,
        {
            "id": mail_id,
            "state": state,
            "address": address,
            "subject": letter.subject if letter else None,
            "text": letter.text if letter else None,
            "html": letter.html if letter else None,
        },
    )


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def _state() -> str:
    return "sent" if _settings().smtp_url else "kept"


def _post(address: str, letter: Letter, message_id: str, *, reply_to: str | None = None) -> None:
    settings = _settings()
    if not settings.smtp_url:
        _drop(settings, address, letter, message_id, reply_to)
        return
    message = EmailMessage()
    brand = mail.brand()
    message["From"] = formataddr((brand.name, brand.sender or settings.mail_from))
    message["To"] = address
    if reply_to:
        message["Reply-To"] = reply_to
    message["Subject"] = letter.subject
    message["Message-ID"] = message_id
    message["Date"] = formatdate(usegmt=True)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Backoffice-Mail"] = message_id  # one that comes back is known as ours
    if letter.stop:
        message["List-Unsubscribe"] = f"<{mail.public_url(letter.stop)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    with _server(settings.smtp_url) as server:
        server.send_message(message)


def _drop(
    settings: Settings, address: str, letter: Letter, message_id: str, reply_to: str | None
) -> None:
    if settings.environment != "demo":
        return
    name = message_id.strip("<>").partition("@")[0]
    mail_drop.drop(
        settings,
        to=address,
        subject=letter.subject,
        text=letter.text,
        name=name,
        reply_to=reply_to or "",
    )


def _server(url: str) -> smtplib.SMTP:
    """A connection as `smtp://user:password@host:587` (STARTTLS when offered) or `smtps://` say."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "localhost", ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=SMTP_SECONDS, context=secure)
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=SMTP_SECONDS)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=secure)
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server
