"""Statement files over the API beyond the upload: columns of tables, trying again, gaps."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.accounting.bank import complete as bank_complete
from app.accounting.bank import intake as bank_import
from app.accounting.bank import mapping as bank_mapping
from app.accounting.bank import queries as bank_queries
from app.accounting.bank import words as bank_words
from app.accounting.bank.api import FileOut
from app.api import Api, Page, PageRequest
from app.api.schema import CurrencyCode, In, MinorUnits, Out
from connectors.catalog.bank.table_roles import Role

api = Api("accounting_intake")


class ColumnOut(Out):
    """A column of a table: what it means, how sure that is (0 to 100), and why."""

    index: int
    name: str
    role: str
    confidence: int
    reason: str


class PreviewOut(Out):
    """A line as it would be booked; positive for money into the account."""

    line: int | None
    booked_on: date | None
    amount_minor: MinorUnits
    currency: str | None
    counterparty: str | None
    text: str


class MappingOut(Out):
    """How a table is read now, and its first lines read so."""

    columns: list[ColumnOut]
    date_order: str
    decimal: str
    turned: bool
    currency: str | None
    proven: bool
    lines: list[PreviewOut]
    total: int
    error: dict[str, Any] | None


class MappingIn(In):
    """What each column means, in the order of the file; remembered for the bank account."""

    roles: Annotated[list[Role], Field(min_length=1, max_length=200)]
    date_order: Literal["YMD", "DMY", "MDY", "DYM"]
    decimal: Literal[".", ","] = "."
    turned: bool = False
    currency: CurrencyCode | None = None
    bank_account_id: UUID | None = None


class GapOut(Out):
    """What is missing before a statement; `missing_minor` is what must have moved."""

    statement_id: UUID
    bank_account_id: UUID
    kind: str
    last_on: date | None
    first_on: date | None
    missing_minor: MinorUnits
    message: str
    explained: str | None


class ExplainIn(In):
    """Why nothing is missing before a statement."""

    why: Annotated[str, Field(min_length=1, max_length=500)]


@api.get(
    "/clients/<client>/statement-files/<uuid:file_id>/columns",
    needs="accounting.import",
    response=MappingOut,
    summary="What the columns of a table mean",
)
def columns(file_id: UUID) -> object:
    """The mapping of a file that is not imported yet, with the first lines read by it."""
    mapping, data = bank_mapping.of_file(file_id)
    shown = bank_mapping.shown(data, mapping)
    return {
        "columns": [
            {
                "index": one.index,
                "name": one.name,
                "role": one.role,
                "confidence": one.confidence,
                "reason": bank_words.worded(one.reason),
            }
            for one in mapping.columns
        ],
        "date_order": mapping.date_order,
        "decimal": mapping.decimal,
        "turned": mapping.sign < 0,
        "currency": mapping.currency,
        "proven": mapping.proven,
        "lines": list(shown.lines),
        "total": shown.total,
        "error": bank_words.shown(shown.refusal) if shown.refusal else None,
    }


@api.post(
    "/clients/<client>/statement-files/<uuid:file_id>/columns",
    needs="accounting.import",
    request=MappingIn,
    response=FileOut,
    summary="Say what the columns of a table mean",
)
def set_columns(file_id: UUID, body: MappingIn) -> object:
    """Reads the table so, remembers it for the bank account, and imports the lines."""
    choice = bank_mapping.Choice(
        roles=tuple(body.roles),
        date_order=body.date_order,
        decimal=body.decimal,
        turned=body.turned,
        currency=body.currency,
    )
    bank_import.confirm_mapping(
        file_id=file_id, choice=choice, bank_account_id=body.bank_account_id
    )
    return bank_queries.file(file_id)


@api.post(
    "/clients/<client>/statement-files/<uuid:file_id>/again",
    needs="accounting.import",
    response=FileOut,
    summary="Read a refused file once more",
)
def again(file_id: UUID) -> object:
    """Reads a kept file again, as after an update."""
    bank_import.read_again(file_id)
    return bank_queries.file(file_id)


@api.get(
    "/clients/<client>/statement-gaps",
    needs="accounting.read",
    response=GapOut,
    paged=True,
    summary="Gaps between statements",
)
def gaps(page: PageRequest) -> Page[Any]:
    """Every gap of every bank account on one page, explained ones too."""
    found = [
        {
            "statement_id": gap.before.id,
            "bank_account_id": account,
            "kind": gap.kind,
            "last_on": gap.after.to_on,
            "first_on": gap.before.first,
            "missing_minor": gap.missing_minor,
            "message": bank_complete.gap_note(gap)["message"],
            "explained": gap.explained,
        }
        for account, whole in bank_complete.of_accounts().items()
        for gap in whole.gaps
    ]
    return Page(items=found, next=None)


@api.post(
    "/clients/<client>/statement-gaps/<uuid:statement_id>",
    needs="accounting.import",
    request=ExplainIn,
    status=204,
    summary="Explain a gap",
)
def explain(statement_id: UUID, body: ExplainIn) -> object:
    """Says why nothing is missing before a statement."""
    bank_complete.explain_gap(statement_id=statement_id, why=body.why)
    return None


@api.post(
    "/clients/<client>/statement-gaps/<uuid:statement_id>/reopen",
    needs="accounting.import",
    status=204,
    summary="Take the explanation of a gap back",
)
def reopen(statement_id: UUID) -> object:
    """It is a gap again."""
    bank_complete.forget_explanation(statement_id)
    return None
