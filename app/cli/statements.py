"""`backoffice statements`: read bank statement files without a database or the web application."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import click

from connectors.catalog.bank import reading
from connectors.catalog.bank.statement import (
    MAX_BYTES,
    BankTransaction,
    Doubt,
    Saying,
    Statement,
    StatementRefused,
)

_FILE = click.Path(path_type=Path)


@click.group()
def statements() -> None:
    """Read bank statement files (offline)."""


@statements.command()
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, one line a file.")
@click.pass_context
def parse(context: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Say what the bank files FILES hold; exit 1 when one of them is refused.

    Amounts are in minor units of their currency, positive for money into the account.
    """
    refused = False
    for path in files:
        answer = _answer(path)
        refused = refused or answer["error"] is not None
        click.echo(json.dumps(answer, ensure_ascii=False) if as_json else _told(answer))
    context.exit(1 if refused else 0)


def _answer(path: Path) -> dict[str, Any]:
    answer: dict[str, Any] = {"file": str(path), "format": None, "statements": [], "warnings": []}
    try:
        found = reading.read(_bytes(path))
    except StatementRefused as refused:
        answer["format"] = refused.kind
        answer["error"] = {
            "code": refused.code,
            "line": refused.line,
            "message": str(refused.message),
        }
        return answer
    answer["format"] = found.format
    answer["statements"] = [_statement(one) for one in found.statements]
    answer["warnings"] = [_warning(one) for one in found.warnings]
    answer["error"] = None
    return answer


def _bytes(path: Path) -> bytes:
    """The file's bytes, one more than may be read at most, so that too large is noticed."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as fault:
        reason = fault.strerror or "it cannot be read"
        raise StatementRefused(
            "file-unreadable", Saying("%(reason)s.", {"reason": reason})
        ) from fault


def _statement(one: Statement) -> dict[str, Any]:
    return {
        "account": one.account,
        "currency": one.currency,
        "opening_minor": one.opening_minor,
        "closing_minor": one.closing_minor,
        "balances_agree": one.balances_agree,
        "transactions": [_transaction(each) for each in one.transactions],
    }


def _transaction(one: BankTransaction) -> dict[str, Any]:
    answer = {
        "booked_on": _day(one.booked_on),
        "value_on": _day(one.value_on),
        "amount_minor": one.amount_minor,
        "currency": one.currency,
        "status": one.status.value,
        "counterparty": one.counterparty,
        "counterparty_account": one.counterparty_account,
        "reference": one.reference,
        "end_to_end_id": one.end_to_end_id,
        "bank_id": one.bank_id,
        "text": one.text,
    }
    if one.amount is not None:
        answer["amount"] = one.amount
    return answer


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _warning(one: Doubt) -> dict[str, Any]:
    return {"code": one.code, "line": one.line, "message": str(one.message)}


def _told(answer: dict[str, Any]) -> str:
    """The answer for a person: a line a statement, then the doubts, or why it was refused."""
    error = answer["error"]
    if error is not None:
        place = f", line {error['line']}" if error["line"] else ""
        return f"{answer['file']}: refused{place}: {error['message']}"
    lines = [f"{answer['file']}: {answer['format']}"]
    words = {True: "balances agree", False: "balances DISAGREE", None: "no balances to compare"}
    lines.extend(
        f"  {one['account'] or 'no account'} {one['currency'] or ''}:"
        f" {len(one['transactions'])} transactions, {words[one['balances_agree']]}"
        for one in answer["statements"]
    )
    for doubt in answer["warnings"]:
        place = f"line {doubt['line']}: " if doubt["line"] else ""
        lines.append(f"  warning: {place}{doubt['message']}")
    return "\n".join(lines)
