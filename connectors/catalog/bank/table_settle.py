"""Settling a guessed mapping by all rows: date order, decimal sign, debits, sign and direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.catalog.bank import table_cells, table_proof, table_values
from connectors.catalog.bank.statement import Doubt, Saying, _
from connectors.catalog.bank.table_grid import Cell, Formula, Row
from connectors.catalog.bank.table_mapping import MONEY_ROLES, Mapping


def settled(mapping: Mapping, body: Sequence[Row]) -> Mapping:
    """The mapping with what its rows prove, and the doubts they leave."""
    doubts: list[Doubt] = []
    mapping = _with_dates(mapping, body, doubts)
    mapping = _with_decimal(mapping, body, doubts)
    mapping = _with_debits(mapping, body)
    mapping = _with_sign(mapping, body, doubts)
    return replace(mapping, doubts=tuple(doubts))


def _with_dates(mapping: Mapping, body: Sequence[Row], doubts: list[Doubt]) -> Mapping:
    """The order of day, month and year that holds for every row; told where several do."""
    at = mapping.where("date")
    assert at is not None  # a mapping without one is not proved
    cells = [cell for cell in table_cells.column(body, at) if table_cells.is_day(cell)]
    orders = table_values.orders_of(cells)
    if not orders:
        return replace(mapping, date_order="DMY")
    if len(orders) == 1 or _alike(cells, orders):
        return replace(mapping, date_order=orders[0])
    order, sure = _likeliest(cells, orders, body)
    if not sure:
        doubts.append(
            Doubt(
                "date-order-unproven",
                body[0].line,
                _(
                    "No day above 12 shows the order of dates; %(day)s was read as %(read)s."
                    " Check it.",
                    day=str(cells[0]),
                    read=str(table_values.read_day(cells[0], order)),
                ),
            )
        )
    return _surer(replace(mapping, date_order=order), at, 75 if sure else 45)


def _alike(cells: Sequence[Cell], orders: Sequence[str]) -> bool:
    """Whether the orders that are left say the same of every cell."""
    return all(len({table_values.read_day(cell, order) for order in orders}) == 1 for cell in cells)


def _likeliest(
    cells: Sequence[Cell], orders: Sequence[str], body: Sequence[Row]
) -> tuple[str, bool]:
    """The order by which the rows are sorted; else day first, month first beside dollar signs."""
    days = {
        order: [day for cell in cells if (day := table_values.read_day(cell, order))]
        for order in orders
    }
    shares = {order: table_proof.sorted_share(found) for order, found in days.items()}
    best = [order for order in orders if shares[order] == 1.0]
    if len(best) == 1 and len(set(days[best[0]])) > 3:
        return best[0], True
    if "YMD" in orders:
        return "YMD", False
    dollars = any("$" in str(cell) for row in body for cell in row.cells)
    slashed = any("/" in str(cell) for cell in cells)
    return ("MDY" if "MDY" in orders and dollars and slashed else orders[0]), False


def _surer(mapping: Mapping, index: int, sure: int, reason: Saying | None = None) -> Mapping:
    return replace(
        mapping,
        columns=tuple(
            replace(one, confidence=sure, reason=reason or one.reason)
            if one.index == index
            else one
            for one in mapping.columns
        ),
    )


def _with_decimal(mapping: Mapping, body: Sequence[Row], doubts: list[Doubt]) -> Mapping:
    if mapping.kind == "xlsx" and all(
        not isinstance(cell, str) or isinstance(cell, Formula)
        for role in MONEY_ROLES
        for index in mapping.all_where(role)
        for cell in table_cells.column(body, index)
    ):
        return mapping
    cells = [
        cell
        for role in MONEY_ROLES
        for index in mapping.all_where(role)
        for cell in table_cells.column(body, index)
    ]
    point, comma, either = table_values.decimal_votes(cells)
    if point == comma == 0 and either:
        comma_like = sum(1 for cell in cells if "," in str(cell))
        mark = "." if comma_like or mapping.delimiter != ";" else ","
        doubts.append(
            Doubt(
                "decimal-unproven",
                body[0].line,
                _("Nothing shows whether comma or point divides thousands in the amounts."),
            )
        )
        return replace(mapping, decimal=mark)
    return replace(mapping, decimal="," if comma > point else ".")


def _with_debits(mapping: Mapping, body: Sequence[Row]) -> Mapping:
    at = mapping.where("debit")
    if at is None:
        return mapping
    plain = [
        table_values.read_plain(cell, mapping.decimal) or ""
        for cell in table_cells.column(body, at)
    ]
    minus = sum(1 for one in plain if one.startswith("-"))
    return replace(mapping, negative_debits=minus * 2 > len([one for one in plain if one]))


def _with_sign(mapping: Mapping, body: Sequence[Row], doubts: list[Doubt]) -> Mapping:
    """Sign and direction as balances prove them; else the direction of days, and a doubt."""
    groups, days, amounts = steps(mapping, body)
    proof = table_proof.chain(groups)
    newest = table_proof.runs(days)
    decider = next(at for role in ("amount", "debit", "credit") for at in mapping.all_where(role))
    if proof.holds:
        sign, first, most = proof.best
        tied = proof.oldest_plus == proof.newest_plus == most
        mapping = replace(
            mapping,
            sign=sign,
            newest_first=newest if tied and newest is not None else first,
            proven=True,
        )
        reason = _("%(count)s balances prove amounts and sign.", count=most)
        return _surer(mapping, decider, 100, reason)
    mapping = replace(mapping, newest_first=bool(newest))
    if _bookkeeping_sign(mapping, groups):
        return mapping
    signs = {one > 0 for one in amounts if one}
    plain_amounts = mapping.where("amount") is not None and mapping.where("flag") is None
    marks = any(table_values.marked(cell) for cell in table_cells.column(body, decider))
    unsure = plain_amounts and len(signs) == 1 and not marks
    if mapping.header is None and mapping.where("debit") is not None:
        unsure = True
    if unsure:
        doubts.append(
            Doubt(
                "sign-unproven",
                body[0].line,
                _("Nothing proves which amounts are money in and which are money out. Check it."),
            )
        )
        return _surer(mapping, decider, 45)
    return mapping


def _bookkeeping_sign(mapping: Mapping, groups: Sequence[Sequence[table_proof.Step]]) -> bool:
    """One balance pair that agrees is enough not to doubt, though no proof."""
    proof = table_proof.chain(groups)
    return proof.pairs > 0 and proof.agreeing(mapping.sign) == proof.pairs


def steps(
    mapping: Mapping, body: Sequence[Row]
) -> tuple[list[list[table_proof.Step]], list[date], list[Decimal]]:
    """Amount and balance of each row by account and currency, the days, and all amounts."""
    date_at, balance_at = mapping.where("date"), mapping.where("balance")
    grouped: dict[tuple[str, str], list[table_proof.Step]] = {}
    days: list[date] = []
    amounts: list[Decimal] = []
    account_at, currency_at = mapping.where("account"), mapping.where("currency")
    for row in body:
        cell = row.cells[date_at] if date_at is not None and date_at < len(row.cells) else ""
        day = table_values.read_day(cell, mapping.date_order)
        amount = table_cells.amount_of(mapping, row)
        if day is None or amount is None:
            continue
        days.append(day)
        amounts.append(amount)
        if balance_at is None or balance_at >= len(row.cells):
            continue
        balance = table_values.read_plain(row.cells[balance_at], mapping.decimal)
        if balance is not None:
            key = tuple(row.text(at) if at is not None else "" for at in (account_at, currency_at))
            grouped.setdefault((key[0], key[1]), []).append((amount, Decimal(balance)))
    return list(grouped.values()), days, amounts
