"""What an act of the Reconcile screen answers: the next line's page or, to the script, JSON."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, g, make_response, render_template, request, url_for

from app.accounting.reconcile import queries as reconcile_queries
from app.accounting.reconcile import shown as reconcile_shown
from app.accounting.reconcile import views as reconcile_views
from app.documents import subjects
from app.kernel import idempotency, words
from app.kernel.errors import DomainError, Invalid, NotFound
from app.web.render import redirect_to, toast


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act says when it is done: words, the token of the way back, the lines it decided."""

    text: str
    undo: UUID | None = None
    stays: bool = False
    lines: tuple[str, ...] = ()


def wants_json() -> bool:
    """Whether the screen's script asks, which shows the outcome without a new page."""
    return request.headers.get("Accept", "").startswith("application/json")


def once(key: str | None, act: Callable[[], Outcome]) -> Outcome:
    """Does an act once for its key: a request sent again after a cut line changes nothing."""
    if key is None:
        return act()
    sent = sorted((k, v) for k, v in request.form.items(multi=True) if k != "csrf_token")
    print_ = hashlib.sha256(json.dumps([request.path, sent]).encode()).hexdigest()
    stored = idempotency.begin(f"reconcile:{key}", request_hash=print_, line="accounting")
    if stored is not None:
        kept = json.loads(stored.body)
        token = UUID(kept["undo"]) if kept["undo"] else None
        return Outcome(kept["text"], token, kept["stays"], tuple(kept.get("lines", ())))
    done = act()
    body: dict[str, Any] = {"text": str(done.text), "stays": done.stays, "lines": done.lines}
    body["undo"] = done.undo and str(done.undo)
    idempotency.keep(
        f"reconcile:{key}",
        status=200,
        body=json.dumps(body).encode(),
        media_type="application/json",
    )
    return done


def answer(line_id: UUID, done: Outcome) -> Response:
    """The next line's page, or to the script what was done and the row where it stays."""
    toast(done.text, undo=url_for(".undo", token=done.undo) if done.undo else None)
    if wants_json():
        body: dict[str, Any] = {"toast": render_template("web/_toasts.html", inner=True)}
        if done.stays:
            body["row"] = _row(line_id)
        body["gone"] = [one for one in done.lines if one != str(line_id)]
        return as_json(body)
    line = reconcile_queries.line(line_id)
    after = line_id if done.stays else reconcile_queries.next_to_do(line)
    tab = request.form.get("tab") or None
    return redirect_to(".account_page", bank_account_id=line.bank_account_id, line=after, tab=tab)


def refused(line_id: UUID, **_values: Any) -> Response:
    """The line as it stands now with the reason, drawn after the act was rolled back."""
    if not wants_json():
        line = reconcile_queries.line(line_id)
        if line.state != "to_do":  # a line that is done has no panel with a form to say it
            toast(reason_of(g.form_refusal), tone="bad")
        return reconcile_views.account(line.bank_account_id, line_id)
    error: DomainError = g.form_refusal
    body = {"reason": reason_of(error), "row": _row(line_id)}
    return as_json(body)


def reason_of(error: DomainError) -> str:
    """Why, in one sentence; with how long ago where somebody else was faster."""
    if isinstance(error, Invalid) and error.fields:
        found = [one for problems in error.fields.values() for one in problems]
        return " ".join(words.error_text(one.code, one.params) for one in found)
    text = words.error_text(error.code, error.params)
    if "at" in error.params:
        text += f" ({words.format_age(dt.datetime.fromisoformat(error.params['at']))})"
    return text


def _row(line_id: UUID) -> str | None:
    """The row as it is now; None once it is no longer to do."""
    found = reconcile_queries.line(line_id)
    if found.state != "to_do":
        return None
    shown = reconcile_shown.rows([found], reconcile_shown.load_names())
    return render_template("accounting/_reconcile_rows.html", rows=shown, tab="to_do")


def as_json(body: dict[str, Any]) -> Response:
    """What the script takes; with the last act (which names account and view) the counts too."""
    named, _, tab = request.headers.get("X-Numbers", "").partition(" ")
    bank = subjects.as_uuid(named)
    if bank is not None:
        with contextlib.suppress(NotFound):  # an account that is not here loses its counts alone
            body |= reconcile_views.numbers(bank, tab=tab)
    return make_response(json.dumps(body), 200, {"Content-Type": "application/json"})
