"""Cash flow by the indirect method: from the result to the balance of bank and cash.

Every posting that is not on a bank or cash account counts once, with its sign turned, so the sum
is exactly what bank and cash have moved (each entry balances). All figures come from the balances.
"""

from __future__ import annotations

from datetime import date, timedelta

from app.accounting import queries
from app.accounting.reports import amounts as report_amounts
from app.accounting.reports.balance import LASTING, LONG, MONEY
from app.accounting.reports.profit import columns_of, inside
from app.accounting.values import Account
from app.kernel.words import gettext as _now
from app.reports.document import (
    Bar,
    Column,
    Figure,
    Part,
    Reach,
    Report,
    Row,
    RowKind,
    Source,
    change_in_percent,
)
from app.reports.period import month_end, month_start, months_before

_INVESTED = LASTING - {"depreciation"}
_LENT = LONG | {"short_loan"}
_BAR_MONTHS = 12


def cash_flow(first: date, last: date, comparison: str) -> Report:
    """Where the money came from and went to in a span; ends at the balance of bank and cash."""
    stand = report_amounts.marks()
    wanted = set(comparison.split(",")) - {"share"}
    if "months" in wanted and month_start(first) == month_start(last):
        first = report_amounts.year_start(last)
    flow = _Flow(columns_of(first, last, wanted))
    return Report(
        key="cash-flow",
        title=_now("Cash flow"),
        currency=queries.book().base_currency,
        first=flow.days[0][0] if "months" in wanted else first,
        last=last,
        comparison=comparison,
        columns=flow.columns,
        rows=tuple(flow.rows()),
        figures=flow.figures(),
        bars=_bars(flow.money, last),
        chart="cash",
        books_version=stand.books_version,
        marks=stand.marks,
    )


def group_of(account: Account) -> str:
    """The part of the cash flow a balance-sheet account belongs to."""
    if account.type == "equity" or account.subtype in _LENT:
        return "financing"
    return "investing" if account.subtype in _INVESTED else "operating"


class _Flow:
    """The sums of a cash flow in each of its columns."""

    def __init__(self, columns: tuple[Column, ...]) -> None:
        self.columns = columns
        self.days = [(one.first or one.last, one.last) for one in columns if one.kind == "amount"
                     and one.last]  # fmt: skip
        self.width = len(self.days)
        self.keys = [one.key for one in columns if one.kind == "amount"]
        spans: list[report_amounts.Span] = [(a, b) for a, b in self.days]
        spans += [(None, a - timedelta(1)) for a, _ in self.days]
        self.moved = report_amounts.movements(spans)
        self.accounts = queries.accounts(include_archived=True)
        self.money = [one for one in self.accounts if self._is_money(one)]
        self.sums: dict[str, list[int]] = {}

    @staticmethod
    def _is_money(account: Account) -> bool:
        return account.type == "asset" and account.subtype in MONEY

    def _moves(self, account: Account) -> list[int]:
        return self.moved.get(account.id, [0] * self.width * 2)[: self.width]

    def rows(self) -> list[Row]:
        """The result, what turns it into money, investing, financing, and both balances."""
        opening = self._balance("opening", _now("Cash and bank at the beginning"), Reach.BEFORE)
        rows = [opening, *self._operating()]
        rows += self._group("investing", _now("Investing"), [])
        rows += self._group("financing", _now("Financing"), [])
        keys = ("operating", "investing", "financing")
        self.sums["change"] = [sum(self.sums[one][n] for one in keys) for n in range(self.width)]
        parts = tuple(Part(one) for one in keys if any(row.key == one for row in rows))
        rows.append(
            Row(RowKind.TOTAL, _now("Change in cash and bank"), self._cells(self.sums["change"]),
                key="change", parts=parts, good_up=True)
        )  # fmt: skip
        self.sums["closing"] = [
            a + b for a, b in zip(self.sums["opening"], self.sums["change"], strict=True)
        ]
        ends = (Part("opening"), Part("change"))
        rows.append(
            Row(RowKind.TOTAL, _now("Cash and bank at the end"), self._cells(self.sums["closing"]),
                key="closing", parts=ends)
        )  # fmt: skip
        rows.append(self._balance("held", _now("Proof: balance of bank and cash"), Reach.SINCE))
        return rows

    def _balance(self, key: str, title: str, reach: Reach) -> Row:
        held = [0] * self.width
        for account in self.money:
            found = self.moved.get(account.id, [0] * self.width * 2)
            for place in range(self.width):
                now = found[place] if reach is Reach.SINCE else 0
                held[place] += found[self.width + place] + now
        self.sums[key] = held
        sources = tuple(Source(one.id, 1, reach) for one in self.money)
        return Row(RowKind.FIGURE, title, self._cells(held), key=key, sources=sources)

    def _operating(self) -> list[Row]:
        earning = [one for one in self.accounts if one.type in ("income", "expense")]
        earning = [one for one in earning if any(self._moves(one))]
        result = [-sum(self._moves(one)[n] for one in earning) for n in range(self.width)]
        first = Row(
            RowKind.FIGURE,
            _now("Net profit"),
            self._cells(result),
            key="net_profit",
            good_up=True,
            sources=tuple(Source(one.id, -1) for one in earning),
        )
        return self._group("operating", _now("Operating"), [first] if earning else [])

    def _group(self, key: str, title: str, rows: list[Row]) -> list[Row]:
        balance = [one for one in self.accounts if one.type in ("asset", "liability", "equity")]
        shown = list(rows)
        for account in balance:
            moves = self._moves(account)
            if account in self.money or group_of(account) != key or not any(moves):
                continue
            shown.append(
                Row(
                    RowKind.FIGURE,
                    account.name,
                    self._cells([-amount for amount in moves]),
                    code=account.code,
                    account_id=account.id,
                    key=account.id.hex,
                    sources=(Source(account.id, -1),),
                )
            )
        places = [place for place, one in enumerate(self.columns) if one.kind == "amount"]
        self.sums[key] = [sum(row.amounts[place] or 0 for row in shown) for place in places]
        if not shown:
            return []
        total = Row(
            RowKind.SUBTOTAL,
            _now("Total %(of)s", of=inside(title)),
            self._cells(self.sums[key]),
            key=key,
            parts=tuple(Part(row.key) for row in shown),
        )
        return [Row(RowKind.GROUP, title, key=f"group:{key}"), *shown, total]

    def _cells(self, amounts: list[int]) -> tuple[int | None, ...]:
        keyed = dict(zip(self.keys, amounts, strict=True))
        return tuple(
            keyed[one.key]
            if one.kind == "amount"
            else change_in_percent(keyed["now"], keyed["before"])
            for one in self.columns
        )

    def figures(self) -> tuple[Figure, ...]:
        """The flows and where they end."""
        now = self.keys.index("now")
        before = self.keys.index("before") if "before" in self.keys else None
        titles = (
            ("operating", _now("Operating")),
            ("investing", _now("Investing")),
            ("financing", _now("Financing")),
            ("closing", _now("Cash and bank at the end")),
        )
        return tuple(
            Figure(key, title, self.sums[key][now],
                   None if before is None else self.sums[key][before])
            for key, title in titles
        )  # fmt: skip


def _bars(money: list[Account], last: date) -> tuple[Bar, ...]:
    """The change of each of the last twelve months, and the balance at its end as the line."""
    starts = [months_before(last, _BAR_MONTHS - 1 - back) for back in range(_BAR_MONTHS)]
    days = [report_amounts.months_in(start, start)[0][0] for start in starts]
    ends = [min(month_end(day), last) for day in days]
    spans: list[report_amounts.Span] = [(None, starts[0] - timedelta(1))]
    spans += list(zip(days, ends, strict=True))
    moved = report_amounts.movements(spans)
    totals = [sum(moved[one.id][n] for one in money if one.id in moved) for n in range(len(spans))]
    bars, held = [], totals[0]
    for place, month in enumerate(starts):
        held += totals[place + 1]
        bars.append(Bar(month, totals[place + 1], held))
    return tuple(bars)
