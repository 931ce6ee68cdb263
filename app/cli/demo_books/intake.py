"""Statements of the demo that nobody has dealt with: a table, a gap, a file in the tray."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from app.accounting.bank import commands as bank_commands
from app.accounting.bank import desk as bank_desk
from app.accounting.bank import intake as bank_import
from app.accounting.bank import mapping as bank_mapping
from app.accounting.bank.desk import Who
from app.accounting.bank.zip import Piece
from app.kernel import db
from app.kernel.scope import Scope
from app.reports.period import months_before

CARD = "KESTREL/FUELCARD"
_CARD = ("Date,Merchant,Details,Amount,Balance", "%d/%m/%Y")
_TABLE = ("Datum;Name;Brutto;Netto;Status", "%d.%m.%Y")
_STOPS = (("Hollins Fuel", 6_412), ("A1 Services", 8_105), ("Hollins Fuel", 5_990))


def card(scope: Scope, *, today: date) -> None:
    """A fuel card whose CSV was confirmed once; the statement of the month between is missing."""
    with db.transaction(scope):
        account = bank_commands.create_bank_account(number=CARD, name="Fuel card", currency="GBP")
        first = _statement(months_before(today, 2), today, opening=-12_000)
        done = bank_import.upload_statement(data=first, name="fuel-card-1.csv")
        _confirm(done.file_id, account)
    with db.transaction(scope):
        later = _statement(months_before(today, 0), today, opening=-61_340)
        bank_import.upload_statement(data=later, name="fuel-card-3.csv")


def _statement(first: date, today: date, *, opening: int) -> bytes:
    head, style = _CARD
    balance, rows = opening, [head]
    for number, (merchant, minor) in enumerate(_STOPS):
        day = min(first + timedelta(days=number), today)
        balance -= minor
        rows.append(
            f"{day.strftime(style)},{merchant},Diesel {number + 1},-{_decimal(minor)},"
            f"-{_decimal(-balance)}"
        )
    return ("\n".join(rows) + "\n").encode()


def _decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def _confirm(file_id: UUID, account: UUID) -> None:
    mapping, _data = bank_mapping.of_file(file_id)
    choice = bank_mapping.Choice(
        roles=tuple(one.role for one in mapping.columns),
        date_order="DMY",
        decimal=mapping.decimal,
        turned=mapping.sign < 0,
        currency="GBP",
    )
    bank_import.confirm_mapping(file_id=file_id, choice=choice, bank_account_id=account)


def table(scope: Scope, *, today: date) -> None:
    """A table whose columns nobody has confirmed yet, as the owner sent it at the portal."""
    head, style = _TABLE
    rows = [
        f"{(today - timedelta(days=back)).strftime(style)};{name};{gross};{net};Abgeschlossen"
        for back, name, gross, net in (
            (9, "Optik Brandt", "119,00", "115,20"),
            (6, "Labor Sander", "240,38", "232,70"),
            (2, "Gebühren", "-4,90", "-4,90"),
        )
    ]
    data = "\n".join([head, *rows, ""]).encode("cp1252")
    with db.transaction(scope):
        bank_import.upload_statement(data=data, name="Wallet-Export.csv", source="portal")


def tray(who: Who, *, today: date) -> None:
    """A file on the desk that fits no client."""
    day = f"{today - timedelta(days=1):%y%m%d}"
    data = (
        f":20:S1\n:25:NL91ABNA0417164300\n:28C:14/1\n:60F:C{day}EUR1840,22\n"
        f":61:{day}C310,00NTRFNONREF\n:86:Rent garage box\n:62F:C{day}EUR2150,22\n-\n"
    ).encode()
    files: Sequence[Piece] = (Piece("statement-14.sta", data),)
    bank_desk.drop(files, who)
