"""The close of one client and month on screen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.accounting import queries
from app.accounting.close import checks as close_checks
from app.accounting.close import commands as close_commands
from app.accounting.close import queries as close_queries
from app.accounting.close import schemas
from app.accounting.close.values import Month, Plan, Result
from app.kernel import clock, money, people, reads, scope, undo, words
from app.kernel.errors import Invalid, NotFound
from app.kernel.words import _
from app.web import forms, lists, shell
from app.web.pages import Pages, Surface
from app.web.render import redirect_to, render, toast

pages = Pages("accounting_close", __name__, surface=Surface.CLIENT)

STATES = {
    "open": lists.Tag(_("Open"), "info"),
    "in_review": lists.Tag(_("In review"), "warn"),
    "closed": lists.Tag(_("Closed"), "good"),
}
READ, WORK, CLOSE = "accounting.read", "accounting.post", "accounting.close"


@pages.get("/c/<client>/books/close", needs=READ)
def oldest() -> Response:
    """The month to close next."""
    found = close_queries.oldest_open(today=clock.today(words.time_zone()))
    if found is None:
        return redirect_to("accounting.months")
    return redirect_to(".month", period_id=found)


def _page(period_id: int) -> Response:
    """The checks of a month, its own steps, unusual changes and what happened so far."""
    found = close_queries.month(period_id)
    plan = close_queries.plan()
    changes = close_queries.unusual_changes(found, bounds=plan)
    steps = close_queries.steps(found)
    results = close_checks.results(period_id, known=close_checks.known(changes, steps))
    history = close_queries.history(period_id)
    book = queries.book()
    today = clock.today(words.time_zone())
    shell.keep(month=f"{found.starts:%Y-%m}")
    return render(
        "accounting/close.html",
        month=found,
        state=STATES[found.state],
        rows=[_row(found, one) for one in results],
        red=[one for one in results if one.red],
        left=sum(1 for one in results if not one.done),
        total=len(results),
        changes=changes,
        steps=steps,
        history=history,
        plan=plan,
        change_amount=words.format_minor(plan.change_minor, book.base_currency),
        late=found.late(today),
        months=close_queries.months(today=today),
        names=_names(found, plan, changes, steps, history),
        in_review=close_queries.posted_in_review(period_id),
        base=book.base_currency,
        me=scope.current().person_id,
        over_text=close_checks.over_text,
        focus=request.args.get("focus", ""),
        form=forms.current(),
    )


def _names(month: Month, plan: Plan, *groups: Any) -> dict[UUID | None, str]:
    ids = {month.owner_id, month.handed_in_by, month.closed_by, plan.owner_id}
    for one in (one for group in groups for one in group):
        said = getattr(one, "explanation", one)
        ids |= {getattr(said, "made_by", None), getattr(said, "done_by", None)}
    found = people.names({one for one in ids if one})
    return {key: found[key] for key in found}


def _row(month: Month, one: Result) -> dict[str, Any]:
    check = one.check
    values: dict[str, Any] = dict(check.values(month.span)) if check.values else {}
    return {
        "key": check.key,
        "title": check.title,
        "blocking": check.severity == "blocking",
        "n": one.n,
        "text": check.left(one.n) if one.n and check.left else check.zero if not one.n else one.n,
        "url": url_for(check.endpoint, **values) if one.n else "",
    }


@pages.get("/c/<client>/books/close/<int:period_id>", needs=READ)
def month(period_id: int) -> Response:
    """The close of one month."""
    reads.leave(reads.Look(kind="close_month", line="accounting"))
    return _page(period_id)


@pages.get("/c/<client>/books/close/of/<month>", needs=READ)
def of_month(month: str) -> Response:
    """The close of a calendar month, written 2026-10; the one to close next where there is none."""
    try:
        found = close_queries.month_of(date.fromisoformat(f"{month}-01"))
    except ValueError:
        raise NotFound from None
    if found is None:
        return redirect_to(".oldest")
    focus = request.args.get("focus", "")
    return redirect_to(".month", period_id=found, **({"focus": focus} if focus else {}))


def _done(period_id: int, text: Any, *, undo_: str | None = None, focus: str = "") -> Response:
    toast(text, undo=undo_)
    return redirect_to(".month", period_id=period_id, **({"focus": focus} if focus else {}))


_AT = "/c/<client>/books/close/<int:period_id>"


@pages.post(f"{_AT}/hand-in", needs=WORK, again=_page)
def hand_in(period_id: int) -> Response:
    """Hands a month in for review."""
    form = forms.bind(schemas.HandInForm)
    close_commands.hand_in(period_id=period_id, note=form.note or "")
    back = undo.offer(close_commands.UNDO_HAND_IN, {"period_id": period_id})
    return _done(
        period_id,
        _("Handed in for review."),
        undo_=url_for("saved.client_take_back", token=back),
    )


@pages.post(f"{_AT}/send-back", needs=CLOSE, again=_page)
def send_back(period_id: int) -> Response:
    """Gives a month back with a reason."""
    form = forms.bind(schemas.ReasonForm)
    close_commands.send_back(period_id=period_id, reason=form.reason)
    return _done(period_id, _("Sent back."))


@pages.post(f"{_AT}/close", needs=CLOSE, again=_page)
def close(period_id: int) -> Response:
    """Closes a month as the second person, or asks for the approval that a policy wants."""
    form = forms.bind(schemas.CloseForm)
    asked = close_commands.ask_close(period_id=period_id)
    if asked is not None:
        toast(_("Sent for approval. Close the month once it is approved."))
        return redirect_to("tasks.show", approval_id=asked)
    close_commands.close(period_id=period_id, override=form.override or "")
    return _done(period_id, _("The month is closed."))


@pages.post(f"{_AT}/reopen", needs="accounting.reopen", again=_page)
def reopen(period_id: int) -> Response:
    """Opens a closed month again, with a reason."""
    form = forms.bind(schemas.ReasonForm)
    close_commands.reopen(period_id=period_id, reason=form.reason)
    return _done(period_id, _("The month is open again."))


@pages.post(f"{_AT}/explain", needs=WORK, again=_page)
def explain(period_id: int) -> Response:
    """Says why an account moved as it did."""
    form = forms.bind(schemas.ExplainForm)
    close_commands.explain(
        period_id=period_id, account_id=form.account_id, text=form.text, in_pack=form.in_pack
    )
    return _done(
        period_id,
        _("Explained."),
        undo_=url_for(".unexplain", period_id=period_id, account_id=form.account_id),
        focus="changes",
    )


@pages.post(f"{_AT}/unexplain/<uuid:account_id>", needs=WORK, again=_page)
def unexplain(period_id: int, account_id: UUID) -> Response:
    """Takes an explanation away."""
    close_commands.unexplain(period_id=period_id, account_id=account_id)
    return _done(period_id, _("Taken back."), focus="changes")


@pages.post(f"{_AT}/steps", needs=WORK, again=_page)
def add_step(period_id: int) -> Response:
    """Adds a step to the client's list."""
    form = forms.bind(schemas.StepForm)
    close_commands.add_step(period_id=period_id, title=form.title, only_once=form.only_once)
    return _done(period_id, _("Step added."), focus="steps")


def _step_page(period_id: int, step_id: UUID) -> Response:
    del step_id
    return _page(period_id)


@pages.post(f"{_AT}/steps/<uuid:step_id>", needs=WORK, again=_step_page)
def tick(period_id: int, step_id: UUID) -> Response:
    """Ticks a step, or takes the tick back."""
    form = forms.bind(schemas.TickForm)
    close_commands.tick(period_id=period_id, step_id=step_id, done=form.done, note=form.note)
    return _done(
        period_id, _("Step done.") if form.done else _("The step is to do again."), focus="steps"
    )


@pages.post(f"{_AT}/steps/<uuid:step_id>/remove", needs=WORK, again=_step_page)
def remove_step(period_id: int, step_id: UUID) -> Response:
    """Takes a step out of the list from this month on."""
    close_commands.remove_step(period_id=period_id, step_id=step_id)
    token = undo.offer(close_commands.UNDO_STEP, {"period_id": period_id, "step_id": str(step_id)})
    return _done(
        period_id,
        _("Step taken out from this month on."),
        undo_=url_for("saved.client_take_back", token=token),
        focus="steps",
    )


def _person(choice: str, kept: UUID | None) -> UUID | None:
    return {"keep": kept, "me": scope.current().person_id, "nobody": None}[choice]


@pages.post(f"{_AT}/assign", needs=WORK, again=_page)
def assign(period_id: int) -> Response:
    """Says whose the month is and by when it is due."""
    form = forms.bind(schemas.AssignForm)
    found = close_queries.month(period_id)
    close_commands.assign(
        period_id=period_id,
        owner_id=_person(form.owner, found.owner_id),
        due_on=form.due_on,
        version=form.version,
    )
    return _done(period_id, _("Kept."))


@pages.post(f"{_AT}/plan", needs=CLOSE, again=_page)
def plan(period_id: int) -> Response:
    """Keeps by when and by whom this client's months are closed, and what is unusual."""
    form = forms.bind(schemas.PlanForm)
    kept = close_queries.plan()
    close_commands.keep_plan(
        Plan(
            form.due_days,
            _person(form.owner, kept.owner_id),
            form.change_percent,
            _minor(form.change_amount, queries.book().base_currency),
            form.version,
        )
    )
    close_checks.count(period_id)
    return _done(period_id, _("Kept for this client's months."))


def _minor(text: str, currency: str) -> int:
    try:
        decimal: Decimal = money.parse_decimal(text, decimal_comma=words.decimal_comma())
        found = money.to_minor(decimal, currency)
    except money.NotAnAmount as wrong:
        raise Invalid.of("change_amount", wrong.code, currency=currency) from None
    if found < 0:
        raise Invalid.of("change_amount", "too-small", least=0)
    return found
