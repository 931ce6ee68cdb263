"""Tax codes and dimensions over the API."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.accounting import commands, queries
from app.accounting.codes import commands as codes_commands
from app.accounting.codes import queries as codes_queries
from app.api import Api
from app.api.schema import In, Out

api = Api("accounting_codes")


class ArchivedIn(In):
    """Whether it is out of use."""

    archived: bool


class TaxOut(Out):
    """A tax code; rate 0.2 is twenty percent. Reverse charge: where the tax owed is booked."""

    code: str
    name: str
    rate: Decimal
    account_id: UUID | None
    reverse_account_id: UUID | None
    archived: bool


class TaxIn(In):
    """A new tax code; `percent` 20 is twenty percent.

    With `reverse_account_id` it is a reverse charge: the buyer owes the tax, which is booked there,
    and deducts it on `account_id`.
    """

    code: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9_.%-]{0,19}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    percent: Decimal
    account_id: UUID | None = None
    reverse_account_id: UUID | None = None


class TaxesOut(Out):
    """All tax codes."""

    items: list[TaxOut]


@api.get(
    "/clients/<client>/tax-codes",
    needs="accounting.read",
    response=TaxesOut,
    summary="Tax codes",
)
def tax_codes() -> object:
    """Living ones first."""
    return {"items": codes_queries.tax_codes()}


@api.post(
    "/clients/<client>/tax-codes",
    needs="accounting.accounts",
    request=TaxIn,
    response=TaxOut,
    status=201,
    summary="Add a tax code",
)
def create_tax(body: TaxIn) -> object:
    """Its rate never changes afterwards."""
    codes_commands.create_tax(
        code=body.code,
        name=body.name,
        percent=body.percent,
        account_id=body.account_id,
        reverse_account_id=body.reverse_account_id,
    )
    return codes_queries.tax_code(body.code)


@api.post(
    "/clients/<client>/tax-codes/<tax_code>/archived",
    needs="accounting.accounts",
    request=ArchivedIn,
    response=TaxOut,
    summary="Archive or restore a tax code",
)
def archive_tax(tax_code: str, body: ArchivedIn) -> object:
    """Nothing new carries an archived one."""
    codes_commands.archive_tax(tax_code, archived=body.archived)
    return codes_queries.tax_code(tax_code)


class ValueOut(Out):
    """A value of a dimension."""

    id: UUID
    slot: int
    dimension: str
    code: str
    name: str


class ValuesOut(Out):
    """All living values."""

    items: list[ValueOut]


class ValueIn(In):
    """A value; `dimension` names or renames its dimension."""

    slot: Annotated[int, Field(ge=1, le=2)]
    dimension: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    code: Annotated[str, Field(min_length=1, max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=100)]


def _values() -> Sequence[queries.DimensionValue]:
    return queries.dimension_values()


@api.get(
    "/clients/<client>/dimension-values",
    needs="accounting.read",
    response=ValuesOut,
    summary="Values of the dimensions",
)
def dimension_values() -> object:
    """What postings may carry."""
    return {"items": _values()}


@api.post(
    "/clients/<client>/dimension-values",
    needs="accounting.accounts",
    request=ValueIn,
    response=ValueOut,
    status=201,
    summary="Add a value of a dimension",
)
def create_value(body: ValueIn) -> object:
    """Names the dimension first where that is asked."""
    if body.dimension:
        commands.name_dimension(slot=body.slot, name=body.dimension)
    made = codes_commands.create_value(slot=body.slot, code=body.code, name=body.name)
    return next(one for one in _values() if one.id == made)


@api.post(
    "/clients/<client>/dimension-values/<uuid:value_id>/archived",
    needs="accounting.accounts",
    request=ArchivedIn,
    response=ValuesOut,
    summary="Archive or restore a value",
)
def archive_value(value_id: UUID, body: ArchivedIn) -> object:
    """Nothing new carries an archived one."""
    codes_commands.archive_value(value_id, archived=body.archived)
    return {"items": _values()}
