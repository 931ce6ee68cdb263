"""The Reconcile screen: a bank account's lines with their suggestions, and one line's panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for

from app.accounting import queries
from app.accounting.bank import queries as bank_queries
from app.accounting.bank.queries import BankAccount
from app.accounting.codes import queries as codes_queries
from app.accounting.coding import Coding
from app.accounting.reconcile import accept as reconcile_accept
from app.accounting.reconcile import balance as reconcile_balance
from app.accounting.reconcile import certain as reconcile_certain
from app.accounting.reconcile import forms as schemas
from app.accounting.reconcile import lines as reconcile_lines
from app.accounting.reconcile import papers as reconcile_papers
from app.accounting.reconcile import queries as reading
from app.accounting.reconcile import shown as showing
from app.accounting.reconcile import words as saying
from app.accounting.reconcile.lines import ToDo
from app.accounting.reconcile.queries import ReconcileLine, Tab, Wanted
from app.accounting.reconcile.shown import Names, Shown
from app.documents import queries as documents
from app.kernel import paging, presence, reads, words
from app.tasks import questions_queries
from app.web import forms
from app.web import tray as jobs_tray
from app.web.pages import Pages, Surface
from app.web.render import go, is_partial, redirect_to, render

pages = Pages("accounting_reconcile", __name__, surface=Surface.CLIENT)
LIMIT = 40
CERTAIN_LOOKED = 500
"""The tab of certain lines looks at so many lines to do at once; its next page at the next."""
CERTAIN_ROWS = 200
SPLIT_ROWS = 4


@pages.get("/c/<client>/books/reconcile", needs="accounting.read")
def start() -> Response:
    """Off to the bank account with the most to do; a page that helps where there is none."""
    accounts = bank_queries.bank_accounts()
    if not accounts:
        return render("accounting/reconcile_empty.html")
    busiest = max(accounts, key=lambda one: one.to_do)
    return redirect_to(".account_page", bank_account_id=busiest.id)


def account(bank_account_id: UUID, line_id: UUID | None = None) -> Response:
    """One bank account: both balances, the difference explained, the lines and one line's panel."""
    reads.leave(reads.Look(kind="bank_account", object_id=bank_account_id, line="accounting"))
    part = request.args.get("part")
    wanted = _wanted(bank_account_id)
    found = reading.page(wanted, after=request.args.get("after"), limit=LIMIT)
    if wanted.tab == "certain" and found.next is None and not wanted.group:
        found = replace(found, next=_further(bank_account_id))
    names = showing.load_names()
    rows = showing.rows(found.rows, names)
    values: dict[str, Any] = {
        "rows": rows,
        "tab": wanted.tab,
        "next": _next(found),
        "wanted": wanted,
    }
    if is_partial() and part == "rows":
        return render("accounting/reconcile.html", fragment="rows", **values)
    chosen = _chosen(rows, line_id)
    return render(
        "accounting/reconcile.html",
        **{name: value for name, value in values.items() if name != "tab"},
        **_head(names.bank(bank_account_id)),
        **_panel(chosen, names),
        accounts=names.own,
        **_tabs(wanted.tab, bank_account_id),
        papers_from=reconcile_papers.amount_from() if wanted.tab == "papers" else None,
        chart=names.chart,
        contacts=queries.counterparties(),
    )


@pages.get("/c/<client>/books/reconcile/<uuid:bank_account_id>", needs="accounting.read")
def account_page(bank_account_id: UUID) -> Response:
    """One bank account's lines."""
    return account(bank_account_id, _id_asked("line"))


@pages.get("/c/<client>/books/reconcile/lines/<uuid:line_id>", needs="accounting.read")
def line(line_id: UUID) -> Response:
    """One line's panel beside the list; a full page where no script asked."""
    found = reading.line(line_id)
    if not is_partial():
        return go(url_for(".account_page", bank_account_id=found.bank_account_id, line=line_id))
    reads.leave(reads.Look(kind="bank_transaction", object_id=line_id, line="accounting"))
    names = showing.load_names()
    chosen = showing.rows([found], names)[0]
    return render("accounting/reconcile.html", fragment="panel_of_line", **_panel(chosen, names))


@pages.get("/c/<client>/books/reconcile/<uuid:bank_account_id>/entries", needs="accounting.read")
def entries(bank_account_id: UUID) -> Response:
    """What the books hold on this bank account that no line explains."""
    return render(
        "accounting/reconcile_entries.html",
        bank=bank_queries.bank_account(bank_account_id),
        entries=reconcile_balance.loose_entries(bank_account_id),
        kinds=saying.SHARES,
    )


@pages.get("/c/<client>/books/reconcile/<uuid:bank_account_id>/here", needs="accounting.read")
def here(bank_account_id: UUID) -> Response:
    """Who else is on this account now; asked again and again by its page."""
    bank = bank_queries.bank_account(bank_account_id)
    if not is_partial():
        return go(url_for(".account_page", bank_account_id=bank.id))
    others = presence.others(f"bank-account:{bank.id}")
    return render("accounting/reconcile.html", fragment="here", bank=bank, others=others)


def certain(bank_account_id: UUID) -> Response:
    """All certain lines with their count, before they are accepted together; `job` asks for many
    that were."""
    job_id = _id_asked("job")
    if job_id is not None and request.method == "GET":
        return _certain_done(bank_account_id, job_id)
    asked = request.args.get("after") if request.method == "GET" else None
    after = paging.keys(asked, date.fromisoformat, UUID, str)
    found = reconcile_accept.certain(bank_account_id)
    names = showing.load_names()
    chosen = {line_id: guess for line_id, _version, guess in found.chosen}
    listed = reading.lines(list(chosen), after=after and after[:2], limit=CERTAIN_ROWS)
    shown = [Shown(one, names, suggested=(chosen[one.id],)) for one in listed.rows]
    last = listed.rows[-1] if listed.next else None
    return render(
        "accounting/reconcile_certain.html",
        bank=bank_queries.bank_account(bank_account_id),
        certain=found,
        rows=shown,
        first=after is None,
        next=last and paging.encode((last.booked_on, last.id, found.digest)),
        changed=after is not None and after[2] != found.digest,
        most=reconcile_accept.MOST_CERTAIN,
        at_once=reconcile_accept.AT_ONCE,
        form=forms.current(schemas.CertainForm),
    )


pages.get(
    "/c/<client>/books/reconcile/<uuid:bank_account_id>/certain",
    needs="accounting.post",
    endpoint="certain",
)(certain)


def _certain_done(bank_account_id: UUID, job_id: UUID) -> Response:
    """How far many certain lines are, and in the end what was booked and what left out."""
    found = reconcile_certain.outcome(job_id)
    return render(
        "accounting/reconcile_certain_done.html",
        bank=bank_queries.bank_account(bank_account_id),
        outcome=found,
        may_replay=jobs_tray.may_replay(found.job),
    )


def _wanted(bank_account_id: UUID) -> Wanted:
    asked = request.args.get("tab", "to_do")
    tab: Tab = next((one for one in reading.TABS if one == asked), "to_do")
    ids: Sequence[UUID] | None = None
    if tab == "certain":
        looked, _more = _looked_at(bank_account_id)
        ids = [one for one, _v, _g in reconcile_accept.certain_among(looked).chosen]
    elif tab == "asked":
        ids = _asked_ids()
    return Wanted(
        bank_account_id=bank_account_id,
        tab=tab,
        ids=ids,
        group=request.args.get("group") == "payee",
        text=(request.args.get("q") or "").strip()[:100].replace("\0", "") or None,
    )


def _looked_at(bank_account_id: UUID) -> tuple[Sequence[ToDo], bool]:
    """The lines to do that a page of the certain ones looks at, and whether more come after."""
    after = None
    if request.args.get("group") != "payee":
        after = paging.keys(request.args.get("after"), date.fromisoformat, UUID)
    key = after and (after[0], after[1])
    found = reconcile_lines.first_to_do(bank_account_id, CERTAIN_LOOKED + 1, after=key)
    return found[:CERTAIN_LOOKED], len(found) > CERTAIN_LOOKED


def _further(bank_account_id: UUID) -> str | None:
    """Where the next page of the certain lines begins: after the last line looked at."""
    looked, more = _looked_at(bank_account_id)
    return paging.encode((looked[-1].booked_on, looked[-1].id)) if more else None


def _asked_ids() -> list[UUID]:
    """Lines the client was asked about and that nobody has closed."""
    found = questions_queries.questions(states=("waiting", "answered"), limit=500)
    return [UUID(key) for one in found for kind, key in one.subjects if kind == showing.SUBJECT]


def _next(found: paging.Page[ReconcileLine]) -> str | None:
    if found.next is None:
        return None
    query: dict[str, Any] = {
        name: value for name, value in request.args.items() if name not in ("after", "part")
    }
    return url_for(".account_page", **(request.view_args or {}), **query, after=found.next)


def _id_asked(name: str) -> UUID | None:
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def _chosen(rows: Sequence[Shown], line_id: UUID | None) -> Shown | None:
    found = next((one for one in rows if one.line.id == line_id), None)
    return found or (rows[0] if rows else None)


def _head(bank: BankAccount) -> dict[str, Any]:
    return {
        "bank": bank,
        "balance": reconcile_balance.balance(bank.id),
        "share_words": saying.SHARES,
    }


def _tabs(tab: str, bank_account_id: UUID) -> dict[str, Any]:
    """The views of an account and what their counts need beside the balance."""
    return {
        "tab": tab,
        "tabs": saying.TABS,
        "asked": len(_asked_ids()),
        "missing": reconcile_papers.missing(bank_account_id),
    }


def numbers(bank_account_id: UUID, *, tab: str) -> dict[str, str]:
    """Balances and counts as they are now, for the script to put in place of the old ones."""
    bank = bank_queries.bank_account(bank_account_id)
    values = {**_head(bank), **_tabs(tab, bank_account_id)}
    return {
        "head": render_template("accounting/_reconcile_head.html", **values),
        "tabs": render_template("accounting/_reconcile_tabs.html", **values),
    }


def _panel(chosen: Shown | None, names: Names) -> dict[str, Any]:
    """Everything the panel of a line needs; nothing where no line is chosen."""
    if chosen is None:
        return {"chosen": None}
    line = chosen.line
    base = queries.book().base_currency
    foreign = line.currency != base
    return {
        "chosen": chosen,
        "names": names,
        "base": base,
        "foreign": foreign,
        "form": forms.current(schemas.BookForm, values=_values(chosen, names, foreign=foreign)),
        "taxes": codes_queries.tax_options(),
        "dimensions": _dimensions(),
        "own": [one for one in names.own if one.id != line.bank_account_id],
        "papers": documents.linked(showing.SUBJECT, [line.id]).get(line.id, ()),
        "said": chosen.said,
        "asked_before": questions_queries.every_of(showing.SUBJECT, line.id)
        if chosen.question
        else (),
        "question": _question_text(line),
        "split_rows": SPLIT_ROWS,
    }


def _dimensions() -> list[tuple[int, str, list[tuple[str, str]]]]:
    """The dimensions in use: slot, name, and values to choose from."""
    found: dict[int, tuple[str, list[tuple[str, str]]]] = {}
    for one in queries.dimension_values():
        found.setdefault(one.slot, (one.dimension, []))[1].append((str(one.id), one.name))
    return [(slot, name, values) for slot, (name, values) in sorted(found.items())]


def _values(chosen: Shown, names: Names, *, foreign: bool) -> dict[str, Any]:
    """What the form begins with: the best guess's coding, marked as a guess by the template."""
    line = chosen.line
    values: dict[str, Any] = {"version": line.version}
    if foreign:
        kept = bank_queries.rate(line.currency, line.booked_on)
        values["rate"] = str(kept.normalize()) if kept else None
    best = chosen.best
    if line.status == "pending":
        return values | _typed(line.kept, names)
    coding = best.source.coding if best else None
    if best is None or coding is None or best.source.open_items:
        return values
    if len(coding.parts) != 1 and not best.by_person:
        return values
    return values | _typed(coding, names)


def _typed(coding: Coding | None, names: Names) -> dict[str, Any]:
    """A coding as the form takes it; the first part is left blank to take the rest."""
    if coding is None or len(coding.parts) > SPLIT_ROWS:
        return {}
    if any(part.account_id in names.banks for part in coding.parts):
        return {}
    if any(part.dim1_id or part.dim2_id or part.counterparty_id for part in coding.parts[1:]):
        return {}  # the form has no place for these, and sending it would lose them
    known = {one.id: one.name for one in queries.counterparties()}
    sign = -1 if coding.total_minor < 0 else 1
    values: dict[str, Any] = {}
    for place, part in enumerate(coding.parts):
        at = f"parts.{place}."
        values[f"{at}account"] = names.accounts.get(part.account_id, "")
        values[f"{at}tax_code"] = part.tax_code or ""
        values[f"{at}dim1"] = str(part.dim1_id or "")
        values[f"{at}dim2"] = str(part.dim2_id or "")
        values[f"{at}memo"] = part.memo or ""
        if place:
            values[f"{at}amount"] = words.format_minor(sign * part.amount_minor, part.currency)
        if part.counterparty_id:
            values[f"{at}contact"] = known.get(part.counterparty_id, "")
    return values


def _question_text(line: ReconcileLine) -> str:
    """The question most often asked, to be changed or sent as it is."""
    return words.gettext(
        "What was this: %(amount)s on %(day)s, %(title)s?",
        amount=words.format_money(line.amount_minor, line.currency),
        day=words.format_date(line.booked_on),
        title=line.title,
    )
