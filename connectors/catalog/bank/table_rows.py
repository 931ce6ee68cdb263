"""The rows of a bank's table as transactions and statements, by a mapping that says how."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from connectors.catalog.bank import (
    amounts,
    table_cells,
    table_groups,
    table_proof,
    table_settle,
    table_values,
)
from connectors.catalog.bank.statement import (
    MAX_TRANSACTIONS,
    BankTransaction,
    Notes,
    Statement,
    StatementRefused,
    Status,
    _,
)
from connectors.catalog.bank.table_grid import Cell, Formula, Grid, Row
from connectors.catalog.bank.table_groups import Key, Move
from connectors.catalog.bank.table_mapping import Mapping
from connectors.catalog.bank.table_roles import DROPPED, PENDING, is_total, plain

_SIGNS = {"€": "EUR", "£": "GBP"}
_ENDS = re.compile(
    r"(opening|closing|beginning|ending|initial|final|starting|brought forward|carried forward|"
    r"anfangs\w*|end\w*|saldo|solde|balance)( (balance|saldo|solde|inicial|final|vortrag|anterior|"
    r"brought|carried|forward|initial|precedent))*( (per|am|au|al|on|as of|vom))?( [\d ]+)?\Z"
)


def statements(grid: Grid, mapping: Mapping, notes: Notes) -> tuple[Statement, ...]:
    """One statement for each account and currency of the table, in the order they come."""
    body = [row for row in grid.rows[mapping.first :] if not row.blank]
    _refuse_wrong_sign(mapping, body)
    own = table_groups.own_account(grid.rows[: mapping.first])
    reader = _Reader(mapping, notes, _last_dated(mapping, body), _home_currency(mapping, body))
    groups: dict[Key, list[Move]] = {}
    for at, row in enumerate(body):
        found = reader.move(row, at)
        if found is not None:
            groups.setdefault(reader.key(row, own), []).append(found)
            _bound(at, row)
    if not groups:
        notes.warn("no-movements", _("The table holds no movement."), line=None)
        return (Statement(own or None, mapping.currency, line=1),)
    ends = (reader.opening, reader.closing) if len(groups) == 1 else (None, None)
    return tuple(
        table_groups.statement(key, moves, mapping, notes, ends=ends)
        for key, moves in groups.items()
    )


def _bound(at: int, row: Row) -> None:
    if at >= MAX_TRANSACTIONS:
        raise StatementRefused(
            "too-many-transactions",
            _(
                "The file holds more than %(most)s transactions; split it by date.",
                most=MAX_TRANSACTIONS,
            ),
            line=row.line,
        )


def _refuse_wrong_sign(mapping: Mapping, body: Sequence[Row]) -> None:
    """Balances that all move against the amounts prove the mapping wrong; nothing is taken."""
    groups, _days, _amounts = table_settle.steps(mapping, body)
    proof = table_proof.chain(groups)
    against = proof.agreeing(-mapping.sign)
    if proof.holds and against == proof.best[2] and proof.agreeing(mapping.sign) < against:
        raise StatementRefused(
            "sign-contradicted",
            _(
                "The balances show that money in and money out are the wrong way round in"
                " %(count)s rows. Switch the sign.",
                count=against,
            ),
            line=body[0].line,
            kind=mapping.kind,
        )


def _last_dated(mapping: Mapping, body: Sequence[Row]) -> int:
    last = -1
    for at, row in enumerate(body):
        if _day(mapping, row, "date") is not None:
            last = at
    return last


def _home_currency(mapping: Mapping, body: Sequence[Row]) -> str | None:
    """The account's currency where the table's currency is that of a foreign amount.

    It is then the one that stands where there is no foreign amount.
    """
    amount_at, currency_at = mapping.where("foreign_amount"), mapping.where("currency")
    if amount_at is None or currency_at is None or mapping.where("foreign_currency") is not None:
        return None
    home = set()
    for row in body:
        foreign = table_values.read_plain(_cell(row, amount_at), mapping.decimal)
        if not foreign or not Decimal(foreign):
            home.add(row.text(currency_at).upper())
    home.discard("")
    return home.pop() if len(home) == 1 else ""


def _cell(row: Row, at: int | None) -> Cell:
    return row.cells[at] if at is not None and at < len(row.cells) else ""


def _day(mapping: Mapping, row: Row, role: str) -> date | None:
    cell = _cell(row, mapping.where(role))
    return table_values.read_day(cell, mapping.date_order) if str(cell).strip() else None


class _Reader:
    """Reads rows by one mapping; knows where the movements end."""

    def __init__(self, mapping: Mapping, notes: Notes, last: int, home: str | None) -> None:
        self.mapping = mapping
        self.notes = notes
        self.last = last
        self.home = home
        self.opening: Decimal | None = None
        self.closing: Decimal | None = None
        self.opening_at, self.closing_at = mapping.where("opening"), mapping.where("closing")
        self.status_at = mapping.where("status")

    def key(self, row: Row, own: str) -> Key:
        """Account and currency a row belongs to."""
        at = self.mapping.where("account")
        return (row.text(at) if at is not None else "") or own, self.currency(row) or ""

    def currency(self, row: Row) -> str | None:
        """The currency of a row's account; None where nothing says it."""
        if self.home is not None:
            return self.home or self.mapping.currency
        text = row.text(at).upper() if (at := self.mapping.where("currency")) is not None else ""
        return _SIGNS.get(text, text) or self.mapping.currency

    def move(self, row: Row, at: int) -> Move | None:
        """The movement of a row; None for totals and remarks, refused where it cannot be told."""
        self._ends(row)
        day = _day(self.mapping, row, "date")
        written = str(_cell(row, self.mapping.where("date"))).strip()
        if day is not None:
            self._refuse_wider(row)
        exact = self._amount(row, strict=day is not None)
        if day is None:
            self._skip_undated(row, at, written, exact)
            return None
        if exact is None:
            if not self._announces(row):
                self.notes.warn(
                    "row-without-amount", _("A row with a day has no amount."), line=row.line
                )
            return None
        if self._is_balance(row, exact) and self._announces(row):
            return None
        return self._moved(row, day, exact * self.mapping.sign)

    def _ends(self, row: Row) -> None:
        if self.opening_at is None and self.closing_at is None:
            return
        opening = table_values.read_plain(_cell(row, self.opening_at), self.mapping.decimal)
        closing = table_values.read_plain(_cell(row, self.closing_at), self.mapping.decimal)
        if opening is not None and self.opening is None:
            self.opening = Decimal(opening)
        if closing is not None:
            self.closing = Decimal(closing)

    def _announces(self, row: Row) -> bool:
        """Whether a row's words say nothing but that a balance follows."""
        words = [row.text(index) for index in self.mapping.all_where("text")]
        said = plain(" ".join(words))
        return bool(said) and _ENDS.match(said) is not None

    def _is_balance(self, row: Row, exact: Decimal) -> bool:
        at = self.mapping.where("balance")
        if at is None:
            return False
        balance = table_values.read_plain(_cell(row, at), self.mapping.decimal)
        return balance is not None and Decimal(balance) == exact

    def _skip_undated(self, row: Row, at: int, written: str, exact: Decimal | None) -> None:
        """A row without a day is a total or a remark; one with money between movements is not."""
        words = " ".join(row.text(index) for index in range(len(row.cells)))
        if is_total(words) and (not written or is_total(written) or at > self.last):
            return
        if exact is None and (not written or at > self.last):
            return
        if at > self.last and self.last >= 0 and not written:
            self.notes.warn(
                "row-skipped",
                _("The row after the last movement has an amount and no day; it was left out."),
                line=row.line,
            )
            return
        raise StatementRefused(
            "date-invalid" if written else "date-missing",
            _(
                "“%(text)s” is not a day by the order %(order)s.",
                text=written[:40],
                order=self._order,
            )
            if written
            else _("The row has an amount and no day."),
            line=row.line,
            kind=self.mapping.kind,
        )

    @property
    def _order(self) -> str:
        return self.mapping.date_order

    def _refuse_wider(self, row: Row) -> None:
        width = len(self.mapping.columns)
        if any(row.text(index) for index in range(width, len(row.cells))):
            raise StatementRefused(
                "row-width",
                _(
                    "The row has %(found)s cells, the table %(width)s columns: a delimiter stands"
                    " in a text without quotes.",
                    found=len(row.cells),
                    width=width,
                ),
                line=row.line,
                kind=self.mapping.kind,
            )

    def _amount(self, row: Row, *, strict: bool) -> Decimal | None:
        """The amount by amount, flag, debit and credit; refused where a cell cannot be read."""
        mapping = self.mapping
        if strict:
            for role in ("amount", "debit", "credit"):
                cell = _cell(row, mapping.where(role))
                text = str(cell).strip()
                if text and text not in "-–—" and self._plain(cell) is None:
                    raise self._unreadable(row, cell)
            self._refuse_both(row)
        found = table_cells.amount_of(mapping, row)
        if strict and found is None and self._plain(_cell(row, mapping.where("amount"))):
            raise StatementRefused(
                "flag-missing",
                _("“%(text)s” does not say debit or credit.", text=self._flag(row)[:40]),
                line=row.line,
                kind=mapping.kind,
            )
        return found

    def _flag(self, row: Row) -> str:
        return str(_cell(row, self.mapping.where("flag"))).strip()

    def _refuse_both(self, row: Row) -> None:
        both = [self._plain(_cell(row, self.mapping.where(role))) for role in ("debit", "credit")]
        if all(one is not None and Decimal(one) != 0 for one in both):
            raise StatementRefused(
                "debit-and-credit",
                _("The row has a debit and a credit; a movement is one of them."),
                line=row.line,
                kind=self.mapping.kind,
            )

    def _plain(self, cell: Cell) -> str | None:
        return table_values.read_plain(cell, self.mapping.decimal)

    def _unreadable(self, row: Row, cell: Cell) -> StatementRefused:
        if isinstance(cell, Formula):
            return StatementRefused(
                "formula-uncalculated",
                _("A formula stands here without its value. Open the file, save it, send it."),
                line=row.line,
                kind=self.mapping.kind,
            )
        return StatementRefused(
            "amount-invalid",
            _("“%(text)s” is not an amount; ask the bank for the file again.", text=str(cell)[:40]),
            line=row.line,
            kind=self.mapping.kind,
        )

    def _moved(self, row: Row, day: date, exact: Decimal) -> Move:
        currency = self.currency(row)
        amount = amounts.read_amount(format(exact, "f"), currency, self.notes, line=row.line)
        balance = self._plain(_cell(row, self.mapping.where("balance")))
        one = BankTransaction(
            booked_on=day,
            value_on=_day(self.mapping, row, "value_date"),
            amount_minor=amount.minor,
            currency=currency,
            status=self._status(row),
            counterparty=self._one(row, "counterparty"),
            counterparty_account=self._one(row, "counterparty_account"),
            reference=self._one(row, "reference"),
            bank_id=self._one(row, "bank_id"),
            text=" ".join(filter(None, map(row.text, self.mapping.all_where("text")))),
            amount=amount.written,
            foreign=self._foreign(row),
            line=row.line,
        )
        return Move(one, exact, None if balance is None else Decimal(balance))

    def _one(self, row: Row, role: str) -> str | None:
        at = self.mapping.where(role)
        return (row.text(at) or None) if at is not None else None

    def _foreign(self, row: Row) -> str | None:
        plain_amount = self._plain(_cell(row, self.mapping.where("foreign_amount")))
        if plain_amount is None or not Decimal(plain_amount):
            return None
        at = self.mapping.where("foreign_currency")
        at = self.mapping.where("currency") if at is None else at
        return f"{plain_amount} {row.text(at) if at is not None else ''}".strip()

    def _status(self, row: Row) -> Status:
        said = plain(row.text(self.status_at)) if self.status_at is not None else ""
        if said in PENDING:
            return Status.PENDING
        return Status.INFORMATION if said in DROPPED else Status.BOOKED
