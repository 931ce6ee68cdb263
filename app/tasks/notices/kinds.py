"""The kinds of notices of this package and of those below it, which know nothing of notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for

from app.documents.subjects import as_uuid
from app.kernel.db import session
from app.kernel.notices import NoticeKind, Side
from app.kernel.words import _, ngettext

WORK, CLIENT, PAPERS, PLATFORM = (
    _("Work"),
    _("The client"),
    _("Documents and jobs"),
    _("Safety of your account"),
)
BOTH: tuple[Side, ...] = ("provider", "client")
Address = Callable[[str, str], str]


def page(endpoint: str, name: str) -> Address:
    """The page of a thing by its client's slug and its key."""

    def address(slug: str, key: str) -> str:
        values: dict[str, Any] = {"client": slug, name: key}
        return url_for(endpoint, **values)

    return address


def _plain(endpoint: str) -> Address:
    return lambda _slug, _key: url_for(endpoint)


def _titles(statement: str) -> Callable[[Sequence[str]], Mapping[str, str]]:
    """Names by key, from a statement over ids that the reader's own rights narrow."""
    asked: Any = sa.text(statement)

    def describe(keys: Sequence[str]) -> Mapping[str, str]:
        ids = [found for found in map(as_uuid, keys) if found is not None]
        return {str(row.id): row.title for row in session.execute(asked, {"ids": ids})}

    return describe


_QUESTIONS = _titles("select id, left(text, 120) as title from app.question where id = any(:ids)")
_LISTS = _titles("select id, title from app.request_list where id = any(:ids)")
_APPROVALS = _titles("select id, title from app.approval where id = any(:ids)")
_HELD = _titles("select id, name as title from app.held_file where id = any(:ids)")
_JOBS = _titles("select id, coalesce(title, '') as title from app.job where id = any(:ids)")

_TASK = page("work.show", "task_id")
_QUESTION = page("questions.show", "question_id")
_LIST = page("client_requests.show", "list_id")
_APPROVAL = page("tasks.show", "approval_id")
_ACCESS = _plain("identity.account")

KINDS = (
    NoticeKind(
        "task.assigned",
        _("A task was given to you"),
        WORK,
        lambda n: ngettext("You were given a task", "You were given %(n)s tasks", n, n=n),
        _TASK,
        order=10,
    ),
    NoticeKind(
        "task.review",
        _("You review a task"),
        WORK,
        lambda n: ngettext("You review a task", "You review %(n)s tasks", n, n=n),
        _TASK,
        order=11,
    ),
    NoticeKind(
        "task.due",
        _("A task of yours falls due"),
        WORK,
        lambda n: ngettext("A task falls due", "%(n)s tasks fall due", n, n=n),
        _TASK,
        order=12,
    ),
    NoticeKind(
        "task.mentioned",
        _("You are named in a comment on a task"),
        WORK,
        lambda n: ngettext("You are named in a comment", "You are named in %(n)s comments", n, n=n),
        _TASK,
        adds=True,
        order=13,
    ),
    NoticeKind(
        "note.mentioned",
        _("You are named in a note"),
        WORK,
        lambda n: ngettext("You are named in a note", "You are named in %(n)s notes", n, n=n),
        adds=True,
        order=14,
    ),
    NoticeKind(
        "note.sent-back",
        _("Something was sent back to you"),
        WORK,
        lambda n: ngettext(
            "Something was sent back to you", "%(n)s things were sent back to you", n, n=n
        ),
        adds=True,
        order=15,
    ),
    NoticeKind(
        "approval.asked",
        _("An approval waits for you"),
        WORK,
        lambda n: ngettext("An approval waits for you", "%(n)s approvals wait for you", n, n=n),
        _APPROVAL,
        page("tasks_portal.sheet", "approval_id"),
        _APPROVALS,
        mail="at_once",
        sides=BOTH,
        order=20,
    ),
    NoticeKind(
        "approval.decided",
        _("What you asked for was decided"),
        WORK,
        lambda n: ngettext(
            "What you asked for was decided", "%(n)s things you asked for were decided", n, n=n
        ),
        _APPROVAL,
        page("tasks_portal.sheet", "approval_id"),
        _APPROVALS,
        sides=BOTH,
        order=21,
    ),
    NoticeKind(
        "approval.failed",
        _("What was approved could not be carried out"),
        WORK,
        lambda n: ngettext(
            "What was approved could not be carried out",
            "%(n)s approved things could not be carried out",
            n,
            n=n,
        ),
        _APPROVAL,
        page("tasks_portal.sheet", "approval_id"),
        _APPROVALS,
        sides=BOTH,
        order=23,
    ),
    NoticeKind(
        "question.answered",
        _("Your question was answered"),
        CLIENT,
        lambda n: ngettext("Your question was answered", "%(n)s answers to you", n, n=n),
        _QUESTION,
        page("questions_portal.show", "question_id"),
        _QUESTIONS,
        adds=True,
        sides=BOTH,
        order=30,
    ),
    NoticeKind(
        "question.asked",
        _("A client asks"),
        CLIENT,
        lambda n: ngettext("A client asks", "%(n)s questions of clients", n, n=n),
        _QUESTION,
        describe=_QUESTIONS,
        order=31,
    ),
    NoticeKind(
        "request.given",
        _("Something you asked for is here"),
        CLIENT,
        lambda n: ngettext(
            "Something you asked for is here", "%(n)s things you asked for are here", n, n=n
        ),
        _LIST,
        describe=_LISTS,
        adds=True,
        order=32,
    ),
    NoticeKind(
        "request.all-given",
        _("Everything on a list is here"),
        CLIENT,
        lambda n: ngettext(
            "Everything on a list is here", "Everything on %(n)s lists is here", n, n=n
        ),
        _LIST,
        describe=_LISTS,
        order=33,
    ),
    NoticeKind(
        "request.sent-back",
        _("Something you sent has to be sent again"),
        CLIENT,
        lambda n: ngettext(
            "Something you sent has to be sent again",
            "%(n)s things you sent have to be sent again",
            n,
            n=n,
        ),
        portal=page("client_requests_portal.show", "list_id"),
        describe=_LISTS,
        mail="off",
        adds=True,
        sides=("client",),
        order=34,
    ),
    NoticeKind(
        "share.opened",
        _("A paper you shared was looked at"),
        PAPERS,
        lambda n: ngettext(
            "A paper you shared was looked at", "Papers you shared: %(n)s looks", n, n=n
        ),
        page("documents.show", "document_id"),
        mail="off",
        adds=True,
        order=50,
    ),
    NoticeKind(
        "file.held",
        _("A file is held in quarantine"),
        PAPERS,
        lambda n: ngettext(
            "A file is held in quarantine", "%(n)s files are held in quarantine", n, n=n
        ),
        page("documents.held_file", "held_id"),
        describe=_HELD,
        order=51,
    ),
    NoticeKind(
        "job.failed",
        _("A job of yours could not be finished, such as an import"),
        PAPERS,
        lambda n: ngettext(
            "A job could not be finished", "%(n)s jobs could not be finished", n, n=n
        ),
        page("jobs.show", "job_id"),
        describe=_JOBS,
        order=52,
    ),
    NoticeKind(
        "security.sign-in",
        _("A sign-in from a new device"),
        PLATFORM,
        lambda n: ngettext(
            "You signed in from a new device", "%(n)s sign-ins from new devices", n, n=n
        ),
        _plain("identity.sessions"),
        _plain("identity.sessions"),
        mail="at_once",
        adds=True,
        stops=False,
        sides=BOTH,
        order=90,
    ),
    NoticeKind(
        "security.factor",
        _("A way to sign in was changed"),
        PLATFORM,
        lambda n: ngettext(
            "A way to sign in was changed", "Ways to sign in were changed %(n)s times", n, n=n
        ),
        _plain("identity.security"),
        _plain("identity.security"),
        mail="at_once",
        adds=True,
        stops=False,
        sides=BOTH,
        order=91,
    ),
    NoticeKind(
        "security.grant",
        _("You were given access"),
        PLATFORM,
        lambda n: ngettext("You were given access", "You were given access %(n)s times", n, n=n),
        _ACCESS,
        _ACCESS,
        mail="at_once",
        adds=True,
        stops=False,
        sides=BOTH,
        order=92,
    ),
)
