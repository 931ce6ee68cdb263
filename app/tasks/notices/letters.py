"""The digest as text and as plain HTML: what is new by client, and how to stop each kind."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.kernel import mail
from app.kernel.mail_sending import Letter
from app.kernel.words import gettext

Linked = tuple[str, str]
ALL, SETTINGS = "/me/notices", "/me/notices/settings"


def build(
    *,
    subject: str,
    hello: str,
    groups: Sequence[tuple[str, Sequence[Linked]]],
    ends: Sequence[Linked],
    stop: str,
    locale: str,
) -> Letter:
    """The mail in the language that is spoken; `stop` is the path of its one-click end.

    `groups` are clients with what is new there, `ends` the kinds with the paths that stop them; a
    mail of which nothing can be stopped has neither.
    """
    new, ending = gettext("This is new for you:"), gettext("Stop mails about one of these:")
    last = [(gettext("All notices"), ALL), (gettext("How you are told"), SETTINGS)]
    text = [hello, new, *(_group(name, lines) for name, lines in groups)]
    text.append(_listed(last))
    html = [Markup("<p>{}</p><p>{}</p>").format(hello, new)]
    html += [Markup("<p><b>{}</b></p>{}").format(name, _list(lines)) for name, lines in groups]
    html.append(_list(last))
    if ends:
        text.append(f"{ending}\n{_listed(ends)}")
        html.append(Markup("<p>{}</p>{}").format(ending, _list(ends)))
    page = Markup('<!doctype html><html lang="{}">{}</html>').format(locale, Markup().join(html))
    return Letter(subject.replace("\n", " "), "\n\n".join(text) + "\n", str(page), stop)


def _group(name: str, lines: Sequence[Linked]) -> str:
    return f"{name}\n{_listed(lines)}"


def _listed(lines: Sequence[Linked]) -> str:
    return "\n".join(f"– {text}\n  {mail.public_url(path)}" for text, path in lines)


def _list(lines: Sequence[Linked]) -> Markup:
    rows = Markup().join(
        Markup('<li><a href="{}">{}</a></li>').format(mail.public_url(path), text)
        for text, path in lines
    )
    return Markup("<ul>{}</ul>").format(rows)
