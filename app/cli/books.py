"""`backoffice books`: move books in and out, and check them with independent tools."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import click

MAX_BYTES = 200_000_000


@click.group()
def books() -> None:
    """Move books in and out, and check them."""


@contextmanager
def _client(person: str | None, tenant: str) -> Iterator[None]:
    from app.cli.operator_scope import as_operator, working

    with working(), as_operator(person, tenant=tenant):
        yield


_TENANT = click.option("--tenant", required=True, help="The client's short name.")
_PERSON = click.option("--as", "person", help="Act as this person (e-mail address).")
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@books.command("import-postings")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--create-accounts", is_flag=True, help="Make unknown accounts, typed by their root.")
@_TENANT
@_PERSON
@_JSON
@click.pass_context
def import_postings(
    context: click.Context,
    file: Path,
    tenant: str,
    person: str | None,
    create_accounts: bool,
    as_json: bool,
) -> None:
    """Post the entries of the CSV FILE; exit 1 when one of them is refused.

    Columns: entry,date,description,account,amount,currency,base_amount; one line a posting, debit
    positive, decimal point, base_amount empty where the currency is the base currency.
    """
    from app.accounting.books import reading as books_import
    from app.accounting.books.file import Fault, FileRefused

    try:
        if file.stat().st_size > MAX_BYTES:
            raise FileRefused(Fault(0, "", "too-many-lines"))
        with _client(person, tenant), file.open(encoding="utf-8-sig", newline="") as lines:
            found = books_import.import_postings(lines=lines, create_accounts=create_accounts)
    except FileRefused as refused:
        _tell_file_fault(file, _fault(refused.fault), as_json=as_json)
        context.exit(1)
    answer = {
        "file": str(file),
        "entries": found.posted,
        "known": found.known,
        "accounts_made": found.accounts_made,
        "periods_made": found.periods_made,
        "postings_left_out": found.left_out,
        "refused": [{"entry": one.entry, **_fault(one.fault)} for one in found.refused],
        "error": None,
    }
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else _told(answer))
    context.exit(1 if found.refused else 0)


def _fault(fault: Any) -> dict[str, Any]:
    from app.accounting.books.reading import REMEDIES

    return {
        "line": fault.line,
        "column": fault.column,
        "code": fault.code,
        "remedy": str(REMEDIES.get(fault.code, "")),
        **({"params": fault.params} if fault.params else {}),
    }


def _tell_file_fault(file: Path, fault: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"file": str(file), "entries": 0, "refused": [], "error": fault}))
        return
    column = f", column {fault['column']}" if fault["column"] else ""
    click.echo(
        f"{file}: line {fault['line']}{column}: {fault['code']}. {fault['remedy']}", err=True
    )


def _told(answer: dict[str, Any]) -> str:
    head = (
        f"{answer['entries']} entries posted, {answer['known']} known already,"
        f" {len(answer['refused'])} refused, {answer['accounts_made']} accounts made,"
        f" {answer['postings_left_out']} zero postings left out"
    )
    faults = [
        f"  entry {one['entry']}: line {one['line']}, column {one['column']}:"
        f" {one['code']}. {one['remedy']}"
        for one in answer["refused"]
    ]
    return "\n".join([head, *faults])


@books.command("trial-balance")
@click.option("--on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day, at its end.")
@click.option("--by-currency", is_flag=True, help="In the currencies of the postings.")
@_TENANT
@_PERSON
@_JSON
def trial_balance(
    on: dt.datetime, by_currency: bool, tenant: str, person: str | None, as_json: bool
) -> None:
    """Print the balance of every account at the end of a day, in base currency."""
    from app.accounting import queries

    rows: list[dict[str, Any]] = []
    with _client(person, tenant):
        found = queries.trial_balance(on=on.date())
        rows += [_balance(row, found.currency) for row in found.rows]
        if by_currency:
            rows += [
                {**_balance(row, row.currency), "by_currency": True}
                for row in queries.trial_balance_by_currency(on=on.date())
            ]
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else _balance_told(row))


def _balance(row: Any, currency: str) -> dict[str, Any]:
    values = asdict(row)
    return {
        "account": values["code"],
        "debit_minor": values["debit"],
        "credit_minor": values["credit"],
        "balance_minor": values["balance"],
        "currency": currency,
    }


def _balance_told(row: dict[str, Any]) -> str:
    from app.kernel import money

    amount = money.to_decimal(row["balance_minor"], row["currency"])
    return f"{row['account']:<60} {amount:>20,} {row['currency']}"


@books.command("export")
@click.option("--format", "kind", required=True, type=click.Choice(["beancount", "ledger", "csv"]))
@_TENANT
@_PERSON
def export(kind: str, tenant: str, person: str | None) -> None:
    """Write the books to standard output as text that independent tools read."""
    from app.accounting.books import writing as books_export

    with _client(person, tenant):
        sys.stdout.writelines(books_export.export(cast(books_export.Format, kind)))
    sys.stdout.flush()
