"""The bank over the API: accounts, statement files, bank lines and booking them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from werkzeug.datastructures import FileStorage

from app.accounting.bank import commands as bank_commands
from app.accounting.bank import intake as bank_import
from app.accounting.bank import queries as bank_queries
from app.accounting.reconcile import commands as reconcile_commands
from app.api import Api, Page, PageRequest
from app.api.schema import CurrencyCode, In, MinorUnits, Out
from connectors.catalog.bank.statement import MAX_BYTES

api = Api("accounting_bank")


class BankAccountOut(Out):
    """A bank account with what is left to do."""

    id: UUID
    number: str
    name: str
    currency: str
    account_id: UUID
    version: int
    to_do: int
    oldest: date | None
    stated_minor: MinorUnits | None
    stated_on: date | None


class BankAccountIn(In):
    """A new bank account; without `account_id` its account in the books is made too."""

    number: Annotated[str, Field(min_length=1, max_length=60)]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    currency: CurrencyCode
    account_id: UUID | None = None


class MadeOut(Out):
    """The id of what was made."""

    id: UUID


class FileOut(Out):
    """An uploaded statement file and what became of it."""

    id: UUID
    name: str
    format: str | None
    state: str
    sha256: str
    accounts: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    error: dict[str, Any] | None
    lines_total: int
    lines_new: int
    job_id: UUID | None
    uploaded_at: datetime
    source: str


class ChoiceIn(In):
    """Which bank account a number of a waiting file is."""

    number: Annotated[str, Field(max_length=60)] = ""
    currency: CurrencyCode | None = None
    bank_account_id: UUID


class LineQuery(In):
    """Which bank lines; `amount_minor` matches either direction."""

    state: Literal["to_do", "booked", "all"] = "all"
    bank_account_id: UUID | None = None
    file_id: UUID | None = None
    q: Annotated[str, Field(max_length=100)] | None = None
    amount_minor: MinorUnits | None = None


class LineOut(Out):
    """A bank line; amounts are positive for money into the account."""

    id: UUID
    bank_account_id: UUID
    booked_on: date
    value_on: date | None
    amount_minor: MinorUnits
    currency: str
    status: str
    counterparty: str | None
    counterparty_account: str | None
    reference: str | None
    end_to_end_id: str | None
    bank_id: str | None
    text: str
    state: str
    entry_id: UUID | None
    version: int
    file_id: UUID


class BookIn(In):
    """How a line is booked; `version` is what the caller has seen."""

    version: Annotated[int, Field(ge=1, lt=2**31)]
    account_id: UUID
    counterparty_id: UUID | None = None
    tax_code: Annotated[str, Field(max_length=20)] | None = None
    dim1_id: UUID | None = None
    dim2_id: UUID | None = None
    memo: Annotated[str, Field(max_length=500)] | None = None
    rate: Annotated[Decimal, Field(gt=0, lt=10**9, max_digits=20, decimal_places=10)] | None = None


class UndoIn(In):
    """The version of the booked line that the caller has seen."""

    version: Annotated[int, Field(ge=1, lt=2**31)]


@api.get(
    "/clients/<client>/bank-accounts",
    needs="accounting.read",
    response=BankAccountOut,
    paged=True,
    summary="Bank accounts",
)
def bank_accounts(page: PageRequest) -> Page[Any]:
    """All bank accounts of the client on one page."""
    return Page(items=bank_queries.bank_accounts(), next=None)


@api.post(
    "/clients/<client>/bank-accounts",
    needs="accounting.accounts",
    request=BankAccountIn,
    response=MadeOut,
    status=201,
    summary="Add a bank account",
)
def create_bank_account(body: BankAccountIn) -> object:
    """Adds a bank account."""
    made = bank_commands.create_bank_account(
        number=body.number, name=body.name, currency=body.currency, account_id=body.account_id
    )
    return {"id": made}


@api.get(
    "/clients/<client>/statement-files",
    needs="accounting.read",
    response=FileOut,
    paged=True,
    summary="Uploaded statement files, newest first",
)
def statement_files(page: PageRequest) -> Page[Any]:
    """Uploaded files."""
    found = bank_queries.files(after=page.after, limit=page.limit)
    return Page(items=list(found.rows), next=found.next)


@api.post(
    "/clients/<client>/statement-files",
    needs="accounting.import",
    upload="file",
    response=FileOut,
    status=201,
    max_bytes=MAX_BYTES + 1_000_000,
    summary="Upload a bank statement",
)
def upload_statement(upload: FileStorage) -> object:
    """Keeps the file and imports its lines where its accounts are known."""
    done = bank_import.upload_statement(
        data=upload.stream.read(MAX_BYTES + 1),
        name=(upload.filename or "statement")[-200:],
        source="api",
    )
    return bank_queries.file(done.file_id)


@api.get(
    "/clients/<client>/statement-files/<uuid:file_id>",
    needs="accounting.read",
    response=FileOut,
    summary="A statement file",
)
def statement_file(file_id: UUID) -> object:
    """One file with its doubts or the reason it was refused."""
    return bank_queries.file(file_id)


@api.post(
    "/clients/<client>/statement-files/<uuid:file_id>/account",
    needs="accounting.import",
    request=ChoiceIn,
    response=FileOut,
    summary="Say which bank account a file's number is",
)
def choose_account(file_id: UUID, body: ChoiceIn) -> object:
    """Ties a number to a bank account and imports the file."""
    bank_import.choose_account(
        file_id=file_id,
        number=body.number,
        currency=body.currency or "",
        bank_account_id=body.bank_account_id,
    )
    return bank_queries.file(file_id)


@api.get(
    "/clients/<client>/bank-lines",
    needs="accounting.read",
    query=LineQuery,
    response=LineOut,
    paged=True,
    summary="Bank lines",
)
def bank_lines(query: LineQuery, page: PageRequest) -> Page[Any]:
    """Bank lines, newest first; those to do oldest first."""
    wanted = bank_queries.LineFilter(
        state=query.state,
        bank_account_id=query.bank_account_id,
        file_id=query.file_id,
        text=query.q,
        amount_minor=query.amount_minor,
    )
    found = bank_queries.lines(wanted, after=page.after, limit=page.limit)
    return Page(items=list(found.rows), next=found.next)


@api.get(
    "/clients/<client>/bank-lines/<uuid:line_id>",
    needs="accounting.read",
    response=LineOut,
    summary="A bank line",
)
def bank_line(line_id: UUID) -> object:
    """One bank line."""
    return bank_queries.line(line_id)


@api.post(
    "/clients/<client>/bank-lines/<uuid:line_id>/book",
    needs="accounting.post",
    request=BookIn,
    response=LineOut,
    summary="Book a bank line against an account",
)
def book_line(line_id: UUID, body: BookIn) -> object:
    """Books a line; 409 when somebody else was first."""
    coding = bank_commands.AccountCoding(
        account_id=body.account_id,
        counterparty_id=body.counterparty_id,
        tax_code=body.tax_code,
        dim1_id=body.dim1_id,
        dim2_id=body.dim2_id,
        memo=body.memo,
        rate=body.rate,
    )
    bank_commands.book_line(line_id=line_id, version=body.version, coding=coding)
    return bank_queries.line(line_id)


@api.post(
    "/clients/<client>/bank-lines/<uuid:line_id>/undo",
    needs="accounting.post",
    request=UndoIn,
    response=LineOut,
    summary="Take the booking of a bank line back",
)
def undo_line(line_id: UUID, body: UndoIn) -> object:
    """Reverses the entry; the line is to do again."""
    reconcile_commands.undo_line(line_id=line_id, version=body.version)
    return bank_queries.line(line_id)
