"""The ledgers that independent tools have added up, turned into files of postings."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from app.accounting.books.file import COLUMNS
from app.kernel import money

CHECKOUT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("BACKOFFICE_SHARED", CHECKOUT.parent / "shared")) / (
    "data/statements/ledger-oracle"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One posting of an oracle's ledger."""

    entry: str
    date: str
    description: str
    account: str
    amount: Decimal
    currency: str
    weight: Decimal | None
    weight_currency: str


def names() -> list[str]:
    """The ledgers at hand; empty where the shared data is absent."""
    return sorted(path.name.removesuffix(".postings.csv") for path in FOLDER.glob("*.postings.csv"))


def rows(name: str) -> list[Row]:
    """The postings of a ledger, whichever tool wrote them; `$` is USD."""
    with (FOLDER / f"{name}.postings.csv").open(encoding="utf-8", newline="") as file:
        return [_row(line) for line in csv.DictReader(file)]


def _row(line: dict[str, str]) -> Row:
    if "txnidx" in line:
        currency = line["commodity"].replace("$", "USD").strip('"')
        amount = Decimal(line["amount"].replace(",", "") or "0")
        return Row(
            line["txnidx"],
            line["date"],
            line["description"],
            line["account"],
            amount,
            currency,
            None,
            "",
        )
    weight, _, weight_currency = line["weight"].strip().partition(" ")
    return Row(
        line["id"],
        line["date"],
        "",
        line["account"],
        Decimal(line["number"].strip()),
        line["currency"].strip(),
        Decimal(weight),
        weight_currency.strip(),
    )


def base_of(found: list[Row]) -> str:
    """The ledger's first ISO currency."""
    return next((row.currency for row in found if row.currency in money.CURRENCIES), "EUR")


def as_import(found: list[Row], base: str) -> Iterator[str]:
    """The file that `books import-postings` reads."""
    lines: list[str] = []
    writer = csv.writer(_Lines(lines))
    writer.writerow(COLUMNS)
    for row in found:
        total = ""
        if row.currency != base and row.weight_currency == base:
            total = f"{row.weight:f}"
        writer.writerow(
            (
                row.entry,
                row.date,
                row.description,
                row.account,
                f"{row.amount:f}",
                row.currency,
                total,
            )
        )
    yield from lines


class _Lines:
    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


def sums(found: list[Row], without: set[str]) -> dict[tuple[str, str], Decimal]:
    """Balance by account and currency of all entries but some; zeros left out."""
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in found:
        if row.entry not in without:
            totals[row.account, row.currency] += row.amount
    return {key: total for key, total in totals.items() if total}


def balances(name: str) -> dict[tuple[str, str], Decimal]:
    """The oracle's own closing balances."""
    found: dict[tuple[str, str], Decimal] = {}
    with (FOLDER / f"{name}.balances.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if "balance" in line:
                for part in line["balance"].split(", "):
                    found[line["account"], *_commodity(part)[:1]] = _commodity(part)[1]
            else:
                found[line["account"], line["currency"].strip()] = Decimal(line["total"].strip())
    return {key: total for key, total in found.items() if total}


def _commodity(text: str) -> tuple[str, Decimal]:
    if "$" in text:
        return "USD", Decimal(text.replace("$", "").replace(",", ""))
    number, _, commodity = text.strip().partition(" ")
    return commodity.strip('"'), Decimal(number.replace(",", ""))
