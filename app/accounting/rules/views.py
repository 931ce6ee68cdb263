"""Bank rules on screen: the list in its order, a form with a preview of past hits, archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast
from uuid import UUID

from flask import Response, request, url_for
from pydantic import Field

from app.accounting import queries
from app.accounting.bank import queries as bank_queries
from app.accounting.codes import queries as codes_queries
from app.accounting.matching.values import Direction, Rule
from app.accounting.reconcile import forms as typing_help
from app.accounting.reconcile import queries as reconcile_queries
from app.accounting.rules import commands as rule_commands
from app.accounting.rules import queries as rule_queries
from app.accounting.rules.commands import RuleInput
from app.accounting.rules.queries import BankRule
from app.accounting.suggest import queries as suggest_queries
from app.accounting.suggest.queries import PastHits
from app.kernel import money, undo, words
from app.kernel.errors import Invalid, NotFound
from app.kernel.words import _
from app.web import forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_to, render, toast

pages = Pages("accounting_rules", __name__, surface=Surface.CLIENT)
BASE = "/c/<client>/books/rules"
POST = "accounting.post"
DIRECTIONS = (("any", _("In and out")), ("in", _("Money in")), ("out", _("Money out")))


class RuleForm(forms.Schema):
    """A rule as typed; `broad` says that it may fit more than half of all lines."""

    name: str = Field(min_length=1, max_length=100)
    direction: str = Field("any", pattern="^(in|out|any)$")
    bank_account_id: UUID | None = None
    party_pattern: str | None = Field(None, max_length=200)
    text_pattern: str | None = Field(None, max_length=200)
    amount_from: str | None = Field(None, max_length=40)
    amount_to: str | None = Field(None, max_length=40)
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    account: str = Field(min_length=1, max_length=200)
    tax_code: str | None = Field(None, max_length=20)
    dim1: UUID | None = None
    dim2: UUID | None = None
    contact: UUID | None = None
    memo: str | None = Field(None, max_length=500)
    needs_document: bool = False
    version: int = Field(0, ge=0, lt=2**31)
    broad: bool = False
    line: UUID | None = None


@pages.get(BASE, needs="accounting.read")
def index() -> Response:
    """The rules in the order in which they are tried."""
    archived = request.args.get("view") == "archived"
    return render(
        "accounting/rules.html",
        rules=rule_queries.rules(archived=archived),
        archived=archived,
        directions=dict(DIRECTIONS),
    )


def new() -> Response:
    """The form of a new rule, filled from the line it is made of, with what it would have hit."""
    return _form(_from_line(), None)


pages.get(f"{BASE}/new", needs=POST, endpoint="new")(new)


@pages.post(f"{BASE}/new", needs=POST, again=new)
def create() -> Response:
    """Adds a rule; one that fits more than half of all lines only when that is meant."""
    form = forms.bind(RuleForm)
    rule = _rule(form)
    _refuse_broad(rule, form)
    rule_commands.create_rule(rule)
    toast(_("Rule %(name)s kept. It suggests from now on.", name=form.name))
    if form.line is not None:
        line = reconcile_queries.line(form.line)
        return redirect_to(
            "accounting_reconcile.account_page",
            bank_account_id=line.bank_account_id,
            line=line.id,
        )
    return redirect_to(".index")


@pages.post(f"{BASE}/preview", needs="accounting.read", again=new)
def preview() -> Response:
    """What a rule would have hit, before it is kept; nothing is changed."""
    form = forms.bind(RuleForm)
    return _form(_typed(), None, _hits(_rule(form)))


def show(rule_id: UUID) -> Response:
    """One rule with what it hits."""
    found = rule_queries.rule(rule_id)
    return _form(_values(found), found, _hits(_known(found)))


pages.get(f"{BASE}/<uuid:rule_id>", needs="accounting.read", endpoint="show")(show)


@pages.post(f"{BASE}/<uuid:rule_id>", needs=POST, again=show)
def change(rule_id: UUID) -> Response:
    """Changes a rule; what it booked stays as it is."""
    form = forms.bind(RuleForm)
    rule = _rule(form)
    _refuse_broad(rule, form)
    rule_commands.change_rule(rule_id=rule_id, version=form.version, rule=rule)
    toast(_("Rule %(name)s changed.", name=form.name))
    return redirect_to(".index")


@pages.post(f"{BASE}/<uuid:rule_id>/move", needs=POST)
def move(rule_id: UUID) -> Response:
    """Puts a rule one place up or down."""
    rule_commands.move_rule(rule_id=rule_id, up=request.form.get("way") == "up")
    return redirect_to(".index")


@pages.post(f"{BASE}/<uuid:rule_id>/archive", needs=POST, again=show)
def archive(rule_id: UUID) -> Response:
    """Takes a rule out of use."""
    form = forms.bind(VersionForm)
    token = rule_commands.archive_rule(rule_id=rule_id, version=form.version)
    toast(_("Rule archived."), undo=url_for(".take_back", token=token))
    return redirect_to(".index")


class VersionForm(forms.Schema):
    """The version the person saw."""

    version: int = Field(ge=1, lt=2**31)


@pages.post(f"{BASE}/<uuid:rule_id>/restore", needs=POST, again=show)
def restore(rule_id: UUID) -> Response:
    """Takes an archived rule back into use."""
    rule_commands.restore_rule(rule_id)
    toast(_("The rule suggests again."))
    return redirect_to(".index")


@pages.post(f"{BASE}/undo/<uuid:token>", needs=POST)
def take_back(token: UUID) -> Response:
    """Undoes the last act on a rule, once."""
    undo.take(token)
    toast(_("Taken back."))
    return redirect_to(".index")


def _form(values: dict[str, Any], rule: BankRule | None, hits: PastHits | None = None) -> Response:
    form = forms.current(RuleForm, values=values)
    dimensions = queries.dimension_values()
    return render(
        "accounting/rule_form.html",
        form=form,
        rule=rule,
        hits=hits or _hits_of(values),
        accounts=queries.accounts(),
        banks=[(str(one.id), one.name) for one in bank_queries.bank_accounts()],
        contacts=[(str(one.id), one.name) for one in queries.counterparties()],
        taxes=codes_queries.tax_options(),
        dimensions=_slots(dimensions),
        directions=DIRECTIONS,
        currency=queries.book().base_currency,
    )


def _slots(found: Sequence[Any]) -> list[tuple[int, str, list[tuple[str, str]]]]:
    slots: dict[int, tuple[str, list[tuple[str, str]]]] = {}
    for one in found:
        slots.setdefault(one.slot, (one.dimension, []))[1].append((str(one.id), one.name))
    return [(slot, name, values) for slot, (name, values) in sorted(slots.items())]


def _typed() -> dict[str, Any]:
    """The form as it was sent, to be drawn again."""
    return {name: value for name, value in request.form.items() if name != "csrf_token"}


def _from_line() -> dict[str, Any]:
    """What a rule of a line would say: whom it is with, and how the best guess books it."""
    base = {"currency": queries.book().base_currency, "direction": "any"}
    try:
        line = reconcile_queries.line(UUID(request.args.get("line", "")))
    except (ValueError, NotFound):
        return base
    values: dict[str, Any] = {
        **base,
        "line": str(line.id),
        "currency": line.currency,
        "direction": "in" if line.amount_minor > 0 else "out",
        "name": line.title[:100],
        "party_pattern": (line.counterparty or "")[:200],
        "text_pattern": "" if line.counterparty else line.text[:60],
    }
    coding = line.coding or _guessed(line.id)
    if coding is None:
        return values
    part = coding.parts[0]
    return values | {
        "account": _label(part.account_id),
        "tax_code": part.tax_code,
        "dim1": part.dim1_id,
        "dim2": part.dim2_id,
        "contact": part.counterparty_id,
        "memo": part.memo,
    }


def _guessed(line_id: UUID) -> Any:
    found = suggest_queries.suggestions([line_id]).get(line_id, ())
    return next((one.coding for one in found if one.kind in ("rule", "memory")), None)


def _label(account_id: UUID) -> str:
    found = queries.account(account_id)
    return f"{found.code} {found.name}"


def _values(rule: BankRule) -> dict[str, Any]:
    values = asdict(rule)
    currency = rule.currency or queries.book().base_currency
    for name in ("amount_from", "amount_to"):
        minor = values[f"{name}_minor"]
        values[name] = "" if minor is None else words.format_minor(minor, currency)
    values |= {"dim1": rule.dim1_id, "dim2": rule.dim2_id, "contact": rule.counterparty_id}
    return values | {"account": rule.account, "currency": currency}


def _rule(form: RuleForm) -> RuleInput:
    currency = form.currency or queries.book().base_currency
    low = _minor("amount_from", form.amount_from, currency)
    high = _minor("amount_to", form.amount_to, currency)
    try:
        account = typing_help.account_of(form.account, queries.accounts(), 0)
    except Invalid:
        raise Invalid.of("account", "account-unknown") from None
    return RuleInput(
        name=form.name,
        account_id=account.id,
        direction=form.direction,
        bank_account_id=form.bank_account_id,
        amount_from_minor=low,
        amount_to_minor=high,
        currency=currency if low is not None or high is not None else None,
        party_pattern=form.party_pattern or None,
        text_pattern=form.text_pattern or None,
        tax_code=form.tax_code,
        dim1_id=form.dim1,
        dim2_id=form.dim2,
        counterparty_id=form.contact,
        memo=form.memo,
        needs_document=form.needs_document,
    )


def _minor(field: str, typed: str | None, currency: str) -> int | None:
    if not typed:
        return None
    try:
        found = money.parse_amount(typed, currency, decimal_comma=words.decimal_comma())
    except money.NotAnAmount as fault:
        raise Invalid.of(field, fault.code, currency=currency) from fault
    return abs(found)


def _refuse_broad(rule: RuleInput, form: RuleForm) -> None:
    """A rule that hits nearly everything is kept only by who has seen that it does."""
    found = _hits(rule)
    if found.broad and not form.broad:
        raise Invalid.of("broad", "rule-hits-most", hits=found.hits, tried=found.tried)


def _hits(rule: RuleInput | Rule) -> PastHits:
    if isinstance(rule, RuleInput):
        given = asdict(rule) | {"direction": cast(Direction, rule.direction)}
        del given["needs_document"]  # says nothing about which lines it hits
        rule = Rule(id=UUID(int=0), position=0, **given)
    return suggest_queries.past_hits(rule)


def _id(typed: Any) -> UUID | None:
    try:
        return UUID(str(typed or ""))
    except ValueError:
        return None


def _known(rule: BankRule) -> RuleInput:
    given = asdict(rule)
    return RuleInput(**{name: given[name] for name in RuleInput.__slots__})


def _hits_of(values: dict[str, Any]) -> PastHits | None:
    """The preview of a form that is not sent yet; None while it says too little."""
    account = queries.account_by_code(str(values.get("account") or "").split(" ", maxsplit=1)[0])
    if not (values.get("party_pattern") or values.get("text_pattern")):
        return None
    rule = RuleInput(
        name=str(values.get("name") or "–"),
        account_id=account.id if account else UUID(int=0),
        direction=str(values.get("direction") or "any"),
        bank_account_id=_id(values.get("bank_account_id")),
        party_pattern=values.get("party_pattern") or None,
        text_pattern=values.get("text_pattern") or None,
    )
    try:
        return _hits(rule)
    except Invalid:
        return None
