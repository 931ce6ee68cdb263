"""Brings postings of other books in: an entry is taken whole or refused whole, with its reason."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.accounting import commands, ledger, queries
from app.accounting.books import file as books_file
from app.accounting.books.file import Fault, FileEntry
from app.kernel.words import _

# What an account's first path segment says of its type.
TYPES = {
    "asset": "asset",
    "assets": "asset",
    "liability": "liability",
    "liabilities": "liability",
    "equity": "equity",
    "capital": "equity",
    "income": "income",
    "revenue": "income",
    "revenues": "income",
    "expense": "expense",
    "expenses": "expense",
}
REMEDIES = {
    "account-length": _("Give an account of at most 200 characters."),
    "account-type-unknown": _(
        "Begin the account with Assets, Liabilities, Equity, Income or Expenses, or make it first."
    ),
    "account-unknown": _("Make the account first, or import with --create-accounts."),
    "account-archived": _("Take the account back into use first."),
    "account-currency-differs": _("The account is kept in another currency."),
    "amount-too-large": _("The ledger holds up to 10^14 minor units."),
    "base-differs": _("Leave base_amount empty where the currency is the base currency."),
    "base-missing": _("Fill in base_amount: the amount in the base currency."),
    "column-count": _("Give every line as many cells as the header."),
    "counterparty-required": _("This account needs a contact; import through another account."),
    "currency-unknown": _("Use an ISO 4217 code."),
    "date-differs": _("Give all lines of an entry the same date."),
    "date-out-of-range": _("Use a day between 1900-01-01 and 2200-12-31."),
    "description-length": _("Shorten the description to 500 characters."),
    "entry-name": _("Name the entry of every line, in at most 200 characters."),
    "missing-column": _("Add the column to the header."),
    "not-a-date": _("Write the date as YYYY-MM-DD."),
    "not-an-amount": _("Write the amount with a decimal point and no separators."),
    "not-csv": _("Save the file as comma-separated values."),
    "not-utf8": _("Save the file as UTF-8."),
    "nul-byte": _("The file holds characters that cannot be stored. Save it anew as text."),
    "period-closed": _("Reopen the month, or date the entry later."),
    "too-few-postings": _("An entry needs two postings that are not zero."),
    "too-many-decimals": _("Use at most as many decimals as the currency has."),
    "too-many-lines": _("Split the file."),
    "too-many-postings": _("An entry has at most 2,000 postings. Split it in two."),
    "unbalanced": _("Debit and credit must be equal in base currency."),
    "unknown-column": _("Use exactly the columns of the documentation."),
}


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that was not taken."""

    entry: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did; `known` entries had been imported before."""

    posted: int
    known: int
    refused: tuple[Refused, ...]
    accounts_made: int
    left_out: int
    periods_made: int


def import_postings(*, lines: Iterable[str], create_accounts: bool = False) -> Imported:
    """Posts every entry of a file that can be held and lists the others.

    Makes missing months and, when asked, accounts. Raises FileRefused when it is no such file.
    """
    book = queries.book()
    entries = books_file.read(lines, book)
    chart = {one.code: one for one in queries.accounts(include_archived=True)}
    closed = {one.id for one in queries.periods() if one.state == "closed"}
    refused, taken = [], []
    for entry in entries:
        fault = entry.fault or _fault(entry, book, chart, create_accounts, closed)
        if fault:
            refused.append(Refused(entry.name, fault))
        else:
            taken.append(entry)
    made = _make_accounts(taken, chart) if create_accounts else {}
    ids = {code: one.id for code, one in chart.items()} | made
    days = [entry.date for entry in taken if entry.date]
    periods = commands.ensure_periods(first=min(days), last=max(days)) if days else 0
    posted = commands.post_many(drafts=[_draft(entry, ids) for entry in taken])
    known = sum(one.replayed for one in posted)
    left_out = sum(entry.left_out for entry in taken)
    return Imported(len(posted) - known, known, tuple(refused), len(made), left_out, periods)


def _fault(
    entry: FileEntry,
    book: ledger.Book,
    chart: dict[str, queries.Account],
    create: bool,
    closed: set[int],
) -> Fault | None:
    for posting in entry.postings:
        code = _account_fault(posting, chart.get(posting.account), create)
        if code:
            return Fault(posting.line, "account", code, {"account": posting.account})
    wrong = ledger.validate(_draft(entry, {}), book)
    if wrong:
        number, problem = wrong.found[0]
        line = entry.postings[number - 1].line if number else entry.line
        return Fault(line, "amount", problem.code, problem.params)
    if entry.date and ledger.period_of(entry.date, book.fiscal_start_month) in closed:
        return Fault(entry.line, "date", "period-closed", {"date": str(entry.date)})
    return None


def _account_fault(
    posting: books_file.FilePosting, account: queries.Account | None, create: bool
) -> str | None:
    if account is None:
        if not create:
            return "account-unknown"
        return None if _type_of(posting.account) else "account-type-unknown"
    if account.archived:
        return "account-archived"
    if account.currency not in (None, posting.currency):
        return "account-currency-differs"
    return "counterparty-required" if account.control else None


def _type_of(code: str) -> str | None:
    return TYPES.get(code.partition(":")[0].strip().lower())


def _make_accounts(
    entries: Sequence[FileEntry], chart: dict[str, queries.Account]
) -> dict[str, UUID]:
    wanted = {posting.account for entry in entries for posting in entry.postings} - chart.keys()
    return commands.create_accounts(
        accounts=[
            commands.AccountInput(code, code.rpartition(":")[2].strip() or code, found)
            for code in sorted(wanted)
            if (found := _type_of(code))
        ]
    )


def _draft(entry: FileEntry, ids: dict[str, UUID]) -> ledger.EntryDraft:
    nobody = UUID(int=0)
    return ledger.EntryDraft(
        journal="GEN",
        date=entry.date or dt.date.min,
        description=entry.description or entry.name,
        postings=tuple(
            ledger.PostingInput(ids.get(p.account, nobody), p.amount, p.currency, p.base)
            for p in entry.postings
        ),
        key=_key(entry),
    )


def _key(entry: FileEntry) -> str:
    """The same entry of the same file is the same thing: importing it twice posts it once."""
    content = [entry.name, str(entry.date), entry.description]
    content += [f"{p.account}|{p.amount}|{p.currency}|{p.base}" for p in entry.postings]
    return f"import:{hashlib.sha256(json.dumps(content).encode()).hexdigest()}"
