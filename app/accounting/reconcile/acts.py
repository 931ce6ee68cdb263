"""The acts of the Reconcile screen: a form each, answered as a page or, to the script, as JSON."""

from __future__ import annotations

from uuid import UUID

from flask import Response, g, render_template, request, url_for

from app.accounting import queries
from app.accounting.coding import Part
from app.accounting.reconcile import accept as reconcile_accept
from app.accounting.reconcile import certain as reconcile_certain
from app.accounting.reconcile import commands as reconcile_commands
from app.accounting.reconcile import forms as schemas
from app.accounting.reconcile import keeping as reconcile_keeping
from app.accounting.reconcile import matching as reconcile_matching
from app.accounting.reconcile import queries as reconcile_queries
from app.accounting.reconcile import shown as reconcile_shown
from app.accounting.reconcile import views as reconcile_views
from app.accounting.reconcile.answers import (
    Outcome,
    answer,
    as_json,
    once,
    reason_of,
    refused,
    wants_json,
)
from app.accounting.reconcile.commands import Done
from app.accounting.reconcile.matching import Other
from app.documents import commands as documents
from app.kernel import undo, words
from app.kernel.errors import DomainError, Invalid
from app.kernel.words import _
from app.tasks import notes, questions
from app.web import forms
from app.web.render import redirect_to, toast

pages = reconcile_views.pages
POST, ASK, ATTACH = "accounting.post", "request.ask", "document.add"
BASE = "/c/<client>/books/reconcile"
LINE = f"{BASE}/lines/<uuid:line_id>"
MOST_BYTES = 26_000_000


def _booked(done: Done) -> Outcome:
    label = done.entry.label if done.entry else ""
    text = _("Booked as %(label)s.", label=label) if label else _("Matched.")
    return Outcome(str(text), done.undo, lines=tuple(map(str, done.line_ids)))


@pages.post(f"{LINE}/accept", needs=POST, again=refused)
def accept(line_id: UUID) -> Response:
    """Books a line as the suggestion says that the person saw."""
    form = forms.bind(schemas.AcceptForm)
    version, mark = form.accept.split(":")

    def act() -> Outcome:
        done = reconcile_accept.accept(line_id=line_id, version=int(version), candidate=mark)
        return _booked(done)

    return answer(line_id, once(form.key, act))


@pages.post(f"{LINE}/book", needs=POST, again=refused)
def book(line_id: UUID) -> Response:
    """Books a line as a person coded it; what only repeats the best suggestion is an accept."""
    form = forms.bind(schemas.BookForm)
    line = reconcile_queries.line(line_id)

    def act() -> Outcome:
        coding = schemas.coding_of(form, amount_minor=line.amount_minor, currency=line.currency)
        done = reconcile_commands.book(
            line_id=line_id,
            version=form.version,
            coding=coding,
            rate=schemas.rate_of(form.rate),
            decision=reconcile_accept.as_suggested(line_id, coding),
        )
        return _booked(done)

    return answer(line_id, once(form.key, act))


@pages.post(f"{LINE}/keep", needs=POST, again=refused)
def keep(line_id: UUID) -> Response:
    """Keeps how a person codes a line that the bank has not booked yet; posts nothing."""
    form = forms.bind(schemas.BookForm)
    line = reconcile_queries.line(line_id)

    def act() -> Outcome:
        coding = schemas.coding_of(form, amount_minor=line.amount_minor, currency=line.currency)
        token = reconcile_keeping.keep(line_id=line_id, version=form.version, parts=coding)
        return Outcome(str(_("Kept for when the bank books it.")), token, stays=True)

    return answer(line_id, once(form.key, act))


@pages.post(f"{LINE}/drop", needs=POST, again=refused)
def drop(line_id: UUID) -> Response:
    """Forgets the coding kept for a line."""
    form = forms.bind(schemas.ActForm)

    def act() -> Outcome:
        token = reconcile_keeping.drop(line_id=line_id, version=form.version)
        return Outcome(str(_("The kept coding is gone.")), token, stays=True)

    return answer(line_id, once(form.key, act))


@pages.post(f"{LINE}/settle", needs=POST, again=refused)
def settle(line_id: UUID) -> Response:
    """Settles open items and books what they leave of the line to an account."""
    form = forms.bind(schemas.SettleForm)
    version, mark = form.accept.split(":")
    account = schemas.account_of(form.account, queries.accounts(), 0)
    line = reconcile_queries.line(line_id)

    def act() -> Outcome:
        fee = schemas.fee_of(form.fee, line.currency)
        rest = Part(account.id, fee, "", tax_code=form.tax_code)
        done = reconcile_accept.settle_with_rest(
            line_id=line_id, version=int(version), candidate=mark, rest=rest
        )
        return _booked(done)

    return answer(line_id, once(form.key, act))


@pages.post(f"{LINE}/same", needs=POST, again=refused)
def same(line_id: UUID) -> Response:
    """Books a line as the person's last one on this account."""
    form = forms.bind(schemas.ActForm)
    done = once(
        form.key,
        lambda: _booked(reconcile_commands.same_as(line_id=line_id, version=form.version)),
    )
    return answer(line_id, done)


@pages.post(f"{LINE}/match", needs=POST, again=refused)
def match(line_id: UUID) -> Response:
    """Says that a line is an entry of the books."""
    form = forms.bind(schemas.MatchForm)

    def act() -> Outcome:
        done = reconcile_matching.match_entry(
            line_id=line_id, version=form.version, entry_id=form.entry_id
        )
        return _booked(done)

    return answer(line_id, once(form.key, act))


@pages.post(f"{LINE}/transfer", needs=POST, again=refused)
def transfer(line_id: UUID) -> Response:
    """Books a transfer between own accounts, with the other line where it has come."""
    form = forms.bind(schemas.TransferForm)

    def act() -> Outcome:
        done = reconcile_matching.transfer(
            line_id=line_id, version=form.version, to=Other(form.to, form.other_line_id)
        )
        both = len(done.line_ids) > 1
        text = (
            _("Transfer booked with its other line.")
            if both
            else _("Transfer booked; it waits for the other account's line.")
        )
        return Outcome(str(text), done.undo)

    return answer(line_id, once(form.key, act))


@pages.post(f"{LINE}/skip", needs=POST, again=refused)
def skip(line_id: UUID) -> Response:
    """Sets a line aside."""
    form = forms.bind(schemas.SkipForm)

    def act() -> Outcome:
        done = reconcile_commands.skip(line_id=line_id, version=form.version, why=form.why)
        return Outcome(str(_("Skipped.")), done.undo)

    return answer(line_id, once(form.key, act))


@pages.post(f"{LINE}/undo", needs=POST, again=refused, endpoint="undo_line")
def undo_line(line_id: UUID) -> Response:
    """Takes the decision about a line back, whoever made it."""
    form = forms.bind(schemas.ActForm)

    def act() -> Outcome:
        reconcile_commands.undo_line(line_id=line_id, version=form.version)
        return Outcome(str(_("The bank line is to do again.")), stays=True)

    return answer(line_id, once(form.key, act))


@pages.post(f"{LINE}/note", needs=ASK, again=refused)
def note(line_id: UUID) -> Response:
    """Writes a note at a line."""
    form = forms.bind(schemas.NoteForm)
    line = reconcile_queries.line(line_id)

    def act() -> Outcome:
        notes.write(
            line="accounting",
            subject_type=reconcile_shown.SUBJECT,
            subject_key=str(line.id),
            text=form.text,
            audience=form.audience,  # type: ignore[arg-type]  # the schema holds the pattern
        )
        return Outcome(str(_("Note kept.")), stays=True)

    return answer(line_id, once(form.key, act))


@pages.post(f"{LINE}/ask", needs=ASK, again=refused)
def ask(line_id: UUID) -> Response:
    """Asks the client about a line."""
    form = forms.bind(schemas.AskForm)
    line = reconcile_queries.line(line_id)

    def act() -> Outcome:
        made = questions.ask(
            line="accounting",
            subject_type=reconcile_shown.SUBJECT,
            subject_ids=[line.id],
            text=form.text,
            chips=schemas.chips_of(form.chips),
            wants_file=form.wants_file,
        )
        return Outcome(str(_("The client is asked.")), questions.offer_unask(made), stays=True)

    return answer(line_id, once(form.key, act))


@pages.post(f"{LINE}/attach", needs=ATTACH, again=refused, max_bytes=MOST_BYTES)
def attach(line_id: UUID) -> Response:
    """Puts a paper to a line."""
    line = reconcile_queries.line(line_id)
    found = forms.upload("file", max_bytes=MOST_BYTES)
    if found is None:
        raise Invalid.of("file", "file-missing")
    paper = documents.add(
        found.data,
        name=found.name,
        media_type=found.media_type,
        line="accounting",
        source="upload",
    )
    documents.link(paper, subject_type=reconcile_shown.SUBJECT, subject_id=line.id)
    return answer(line_id, Outcome(str(_("%(name)s attached.", name=found.name)), stays=True))


@pages.post(
    f"{BASE}/<uuid:bank_account_id>/certain",
    needs=POST,
    again=reconcile_views.certain,
    endpoint="accept_certain",
)
def accept_certain(bank_account_id: UUID) -> Response:
    """Books all certain lines, exactly those whose count was seen."""
    form = forms.bind(schemas.CertainForm)

    def act() -> Outcome:
        done = reconcile_certain.accept_certain(
            bank_account_id=bank_account_id, count=form.count, digest=form.digest
        )
        if done.job_id:
            return Outcome(str(done.job_id), done.undo, stays=True)
        n = done.count
        return Outcome(words.ngettext("%(n)s line booked.", "%(n)s lines booked.", n), done.undo)

    done = once(form.key, act)
    if done.stays:
        return redirect_to(".certain", bank_account_id=bank_account_id, job=done.text)
    toast(done.text, undo=url_for(".undo", token=done.undo) if done.undo else None)
    return redirect_to(".account_page", bank_account_id=bank_account_id)


def _undo_refused(token: UUID) -> Response:
    """The screen with the reason why an act could not be taken back."""
    error: DomainError = g.form_refusal
    if wants_json():
        return as_json({"reason": reason_of(error), "row": None})
    toast(reason_of(error), tone="bad")
    back = _back()
    return reconcile_views.account(back) if back else reconcile_views.start()


def _back() -> UUID | None:
    """The bank account whose page asked."""
    try:
        return UUID(request.form.get("back", ""))
    except ValueError:
        return None


@pages.post(f"{BASE}/undo/<uuid:token>", needs=POST, again=_undo_refused, endpoint="undo")
def undo_act(token: UUID) -> Response:
    """Takes the person's own act back by its token."""
    by_job = undo.take(token) == reconcile_certain.UNDO
    toast(_("The lines are being taken back.") if by_job else _("Taken back."))
    if wants_json():
        return as_json({"toast": render_template("web/_toasts.html", inner=True)})
    back = _back()
    if back is None:
        return redirect_to(".start")
    return redirect_to(".account_page", bank_account_id=back)
