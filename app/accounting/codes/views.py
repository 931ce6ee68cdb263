"""Tax codes and dimensions on screen."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from flask import Response, url_for
from pydantic import Field

from app.accounting import commands, queries
from app.accounting.codes import commands as codes_commands
from app.accounting.codes import queries as codes_queries
from app.kernel import money, reads, scope, words
from app.kernel.errors import Invalid
from app.kernel.words import _
from app.web import forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_to, render, toast

pages = Pages("accounting_codes", __name__, surface=Surface.CLIENT)
_CODE = r"^[A-Z0-9][A-Z0-9_.%-]{0,19}$"


class TaxForm(forms.Schema):
    """A new tax code; the rate in percent as typed."""

    code: str = Field(max_length=20, pattern=_CODE)
    name: str = Field(min_length=1, max_length=100)
    rate: str = Field(max_length=12)
    account: UUID | None = None
    reverse_account: UUID | None = None


class TaxChangeForm(forms.Schema):
    """What can change of a tax code."""

    name: str = Field(min_length=1, max_length=100)
    account: UUID | None = None
    reverse_account: UUID | None = None


class DimensionForm(forms.Schema):
    """What a dimension is called."""

    slot: int = Field(ge=1, le=2)
    title: str = Field(min_length=1, max_length=60)


class ValueForm(forms.Schema):
    """A new value of a dimension."""

    slot: int = Field(ge=1, le=2)
    code: str = Field(min_length=1, max_length=40)
    name: str = Field(min_length=1, max_length=100)


class NameForm(forms.Schema):
    """A value's new name."""

    name: str = Field(min_length=1, max_length=100)


def _accounts() -> list[tuple[str, str]]:
    """Where tax can be booked."""
    return [
        (str(one.id), f"{one.code} {one.name}")
        for one in queries.accounts()
        if one.type in ("asset", "liability") and one.control is None
    ]


def taxes() -> Response:
    """The tax codes with their rates and accounts."""
    reads.leave(reads.Look(kind="tax_codes", line="accounting"))
    return render(
        "accounting/taxes.html",
        taxes=codes_queries.tax_codes(),
        accounts=_accounts(),
        form=forms.current(TaxForm),
        may_change=scope.current().rights.may("accounting.accounts"),
    )


pages.get("/c/<client>/books/taxes", needs="accounting.read", endpoint="taxes")(taxes)


@pages.post("/c/<client>/books/taxes", needs="accounting.accounts", again=taxes)
def create_tax() -> Response:
    """Adds a tax code."""
    form = forms.bind(TaxForm)
    codes_commands.create_tax(
        code=form.code,
        name=form.name,
        percent=_percent(form.rate),
        account_id=form.account,
        reverse_account_id=form.reverse_account,
    )
    toast(_("Tax code %(code)s added.", code=form.code))
    return redirect_to(".taxes")


def _percent(text: str) -> Decimal:
    try:
        return money.parse_decimal(
            text.removesuffix("%").strip(), decimal_comma=words.decimal_comma()
        )
    except money.NotAnAmount:
        raise Invalid.of("rate", "tax-rate") from None


def tax(tax_code: str) -> Response:
    """One tax code."""
    found = codes_queries.tax_code(tax_code)
    reads.leave(reads.Look(kind="tax_codes", line="accounting"))
    values = {
        "name": found.name,
        "account": found.account_id,
        "reverse_account": found.reverse_account_id,
    }
    return render(
        "accounting/tax.html",
        tax=found,
        accounts=_accounts(),
        form=forms.current(TaxChangeForm, values=values),
        may_change=scope.current().rights.may("accounting.accounts"),
    )


pages.get("/c/<client>/books/taxes/<tax_code>", needs="accounting.read", endpoint="tax")(tax)


@pages.post("/c/<client>/books/taxes/<tax_code>", needs="accounting.accounts", again=tax)
def change_tax(tax_code: str) -> Response:
    """Changes a tax code's name and account."""
    form = forms.bind(TaxChangeForm)
    codes_commands.change_tax(
        tax_code,
        name=form.name,
        account_id=form.account,
        reverse_account_id=form.reverse_account,
    )
    toast(_("Tax code %(code)s changed.", code=tax_code))
    return redirect_to(".taxes")


@pages.post("/c/<client>/books/taxes/<tax_code>/archive", needs="accounting.accounts")
def archive_tax(tax_code: str) -> Response:
    """Takes a tax code out of use."""
    codes_commands.archive_tax(tax_code)
    toast(
        _("Tax code %(code)s archived.", code=tax_code),
        undo=url_for(".restore_tax", tax_code=tax_code),
    )
    return redirect_to(".taxes")


@pages.post("/c/<client>/books/taxes/<tax_code>/restore", needs="accounting.accounts")
def restore_tax(tax_code: str) -> Response:
    """Takes an archived tax code back."""
    codes_commands.archive_tax(tax_code, archived=False)
    toast(_("Tax code %(code)s restored.", code=tax_code))
    return redirect_to(".taxes")


def dimensions() -> Response:
    """Both dimensions with their values."""
    reads.leave(reads.Look(kind="dimensions", line="accounting"))
    values = codes_queries.dimension_values()
    return render(
        "accounting/dimensions.html",
        names=codes_queries.dimension_names(),
        values={slot: [one for one in values if one.slot == slot] for slot in (1, 2)},
        form=forms.current(ValueForm),
        name_form=forms.current(DimensionForm),
        may_change=scope.current().rights.may("accounting.accounts"),
    )


pages.get("/c/<client>/books/dimensions", needs="accounting.read", endpoint="dimensions")(
    dimensions
)


@pages.post("/c/<client>/books/dimensions", needs="accounting.accounts", again=dimensions)
def name_dimension() -> Response:
    """Says what a dimension means, such as cost centre."""
    form = forms.bind(DimensionForm)
    commands.name_dimension(slot=form.slot, name=form.title)
    toast(_("Dimension %(slot)s is called %(name)s.", slot=form.slot, name=form.title))
    return redirect_to(".dimensions")


@pages.post("/c/<client>/books/dimensions/values", needs="accounting.accounts", again=dimensions)
def create_value() -> Response:
    """Adds a value of a dimension."""
    form = forms.bind(ValueForm)
    codes_commands.create_value(slot=form.slot, code=form.code, name=form.name)
    toast(_("%(name)s added.", name=form.name))
    return redirect_to(".dimensions")


_VALUE = "/c/<client>/books/dimensions/values/<uuid:value_id>"


def _again(value_id: UUID) -> Response:
    return dimensions()


@pages.post(_VALUE, needs="accounting.accounts", again=_again)
def rename_value(value_id: UUID) -> Response:
    """Gives a value another name."""
    form = forms.bind(NameForm)
    codes_commands.rename_value(value_id, name=form.name)
    toast(_("It is called %(name)s now.", name=form.name))
    return redirect_to(".dimensions")


@pages.post(f"{_VALUE}/archive", needs="accounting.accounts")
def archive_value(value_id: UUID) -> Response:
    """Takes a value out of use."""
    codes_commands.archive_value(value_id)
    toast(_("Value archived."), undo=url_for(".restore_value", value_id=value_id))
    return redirect_to(".dimensions")


@pages.post(f"{_VALUE}/restore", needs="accounting.accounts")
def restore_value(value_id: UUID) -> Response:
    """Takes an archived value back."""
    codes_commands.archive_value(value_id, archived=False)
    toast(_("Value restored."))
    return redirect_to(".dimensions")
