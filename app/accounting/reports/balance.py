"""Trial balance and balance sheet: what the accounts hold at the end of any day."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from app.accounting import queries
from app.accounting.reports import amounts as report_amounts
from app.accounting.reports.profit import inside
from app.accounting.values import Account
from app.kernel import words
from app.kernel.words import gettext as _now
from app.reports.document import (
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

MONEY = frozenset({"bank", "cash"})
LASTING = frozenset(
    {"fixed_asset", "intangible_asset", "depreciation", "investment", "other_asset"}
)
LONG = frozenset({"long_loan", "provision"})


def trial_balance(_first: date, last: date, _comparison: str) -> Report:
    """Debit and credit of every account that moved, up to and including a day."""
    stand = report_amounts.marks()
    found = queries.trial_balance(on=last)
    columns = (
        Column("debit", _now("Debit"), last=last),
        Column("credit", _now("Credit"), last=last),
    )
    rows = [
        Row(
            RowKind.FIGURE,
            row.name,
            (row.debit or None, row.credit or None),
            code=row.code,
            account_id=row.account_id,
            key=row.account_id.hex,
            sources=(Source(row.account_id, 1 if row.balance >= 0 else -1, Reach.SINCE),),
        )
        for row in found.rows
    ]
    parts = tuple(Part(row.key) for row in rows)
    rows.append(
        Row(RowKind.TOTAL, _now("Total"), (found.debit, found.credit), key="total", parts=parts)
    )
    return Report(
        key="trial-balance",
        title=_now("Trial balance"),
        currency=found.currency,
        first=month_start(last),
        last=last,
        columns=columns,
        rows=tuple(rows),
        books_version=stand.books_version,
        marks=stand.marks,
    )


def balance_sheet(_first: date, last: date, comparison: str) -> Report:
    """Assets, liabilities and equity at the end of a day, the result not yet carried among them.

    `comparison`: `previous` is the end of the month before, `year` a year earlier, `months` every
    month of the fiscal year so far.
    """
    stand = report_amounts.marks()
    sheet = _Sheet(last, set(comparison.split(",")))
    return Report(
        key="balance-sheet",
        title=_now("Balance sheet"),
        currency=queries.book().base_currency,
        first=report_amounts.year_start_of(last, sheet.year_month),
        last=last,
        comparison=comparison,
        columns=sheet.columns,
        rows=tuple(sheet.rows()),
        figures=sheet.figures(),
        books_version=stand.books_version,
        marks=stand.marks,
    )


class _Sheet:
    """The sums of a balance sheet in each of its columns."""

    def __init__(self, last: date, wanted: set[str]) -> None:
        self.year_month = queries.book().fiscal_start_month
        self.columns = self._columns(last, wanted)
        days = [one for one in self.columns if one.kind == "amount" and one.last]
        self.width = len(days)
        spans: list[report_amounts.Span] = [(None, one.last or last) for one in days]
        for one in days:
            assert one.year_first is not None
            spans.append((None, one.year_first - timedelta(1)))
        self.held = report_amounts.movements(spans)
        self.accounts = queries.accounts(include_archived=True)
        self.sums: dict[str, list[int]] = {}

    def _columns(self, last: date, wanted: set[str]) -> tuple[Column, ...]:
        now = self._column("now", last)
        if "months" in wanted:
            first = report_amounts.year_start_of(last, self.year_month)
            months = report_amounts.months_in(first, last)[:-1]
            return (*(self._column(f"{day:%Y-%m}", day) for _, day in months), now)
        if "year" in wanted:
            before = month_end(months_before(last, 12))
            before = (
                before if last == month_end(last) else before.replace(day=min(last.day, before.day))
            )
        elif "previous" in wanted:
            before = month_start(last) - timedelta(1)
        else:
            return (now,)
        change = Column("change", _now("Change"), "percent", of=("now", "before"))
        return (now, self._column("before", before), change)

    def _column(self, key: str, day: date) -> Column:
        return Column(
            key,
            words.format_date(day),
            last=day,
            year_first=report_amounts.year_start_of(day, self.year_month),
        )

    def rows(self) -> list[Row]:
        """Assets; liabilities and equity; and the proof that both are the same."""
        assets = [one for one in self.accounts if one.type == "asset"]
        debts = [one for one in self.accounts if one.type == "liability"]
        rows = [
            *self._section("fixed", _now("Fixed assets"), 1,
                           [one for one in assets if one.subtype in LASTING]),
            *self._section("current", _now("Current assets"), 1,
                           [one for one in assets if one.subtype not in LASTING | MONEY]),
            *self._section("money", _now("Cash and bank"), 1,
                           [one for one in assets if one.subtype in MONEY]),
        ]  # fmt: skip
        rows.append(self._total("assets", _now("Total assets"), ("fixed", "current", "money")))
        rows += [
            *self._section("short", _now("Due within a year"), -1,
                           [one for one in debts if one.subtype not in LONG]),
            *self._section("long", _now("Due later"), -1,
                           [one for one in debts if one.subtype in LONG]),
            *self._equity(),
        ]  # fmt: skip
        sources = ("short", "long", "equity")
        rows.append(self._total("claims", _now("Total liabilities and equity"), sources))
        rows.append(self._proof())
        return rows

    def _section(self, key: str, title: str, sign: int, accounts: list[Account]) -> list[Row]:
        shown = [self._row(one, sign) for one in accounts if any(self._now(one.id))]
        return self._grouped(key, title, shown)

    def _grouped(self, key: str, title: str, shown: list[Row]) -> list[Row]:
        sums = [[row.amounts[self._places()[n]] or 0 for row in shown] for n in range(self.width)]
        self.sums[key] = [sum(amounts) for amounts in sums]
        if not shown:
            return []
        return [
            Row(RowKind.GROUP, title, key=f"group:{key}"),
            *shown,
            Row(
                RowKind.SUBTOTAL,
                _now("Total %(of)s", of=inside(title)),
                self._cells(self.sums[key]),
                key=key,
                parts=tuple(Part(row.key) for row in shown),
            ),
        ]

    def _places(self) -> list[int]:
        return [place for place, one in enumerate(self.columns) if one.kind == "amount"]

    def _now(self, account_id: UUID) -> list[int]:
        return self.held.get(account_id, [0] * self.width * 2)[: self.width]

    def _row(self, account: Account, sign: int) -> Row:
        return Row(
            RowKind.FIGURE,
            account.name,
            self._cells([sign * amount for amount in self._now(account.id)]),
            code=account.code,
            account_id=account.id,
            key=account.id.hex,
            sources=(Source(account.id, sign, Reach.SINCE),),
        )

    def _equity(self) -> list[Row]:
        own = [one for one in self.accounts if one.type == "equity"]
        shown = [self._row(one, -1) for one in own if any(self._now(one.id))]
        earning = [one.id for one in self.accounts if one.type in ("income", "expense")]
        earning = [one for one in earning if one in self.held]
        earlier = [0] * self.width
        this = [0] * self.width
        for one in earning:
            held = self.held[one]
            for place in range(self.width):
                earlier[place] -= held[self.width + place]
                this[place] -= held[place] - held[self.width + place]
        results = (
            ("result_earlier", _now("Result of earlier years"), earlier, Reach.EARLIER),
            ("result_year", _now("Result of the year"), this, Reach.YEAR),
        )
        shown += [
            Row(
                RowKind.FIGURE,
                title,
                self._cells(amounts),
                key=key,
                sources=tuple(Source(one, -1, reach) for one in earning),
            )
            for key, title, amounts, reach in results
            if any(amounts)
        ]
        return self._grouped("equity", _now("Equity"), shown)

    def _total(self, key: str, title: str, keys: tuple[str, ...]) -> Row:
        self.sums[key] = [sum(self.sums[one][n] for one in keys) for n in range(self.width)]
        parts = tuple(Part(one) for one in keys if any(self.sums[one]))
        return Row(RowKind.TOTAL, title, self._cells(self.sums[key]), key=key, parts=parts)

    def _proof(self) -> Row:
        rest = [a - b for a, b in zip(self.sums["assets"], self.sums["claims"], strict=True)]
        return Row(
            RowKind.FIGURE,
            _now("Proof: assets less liabilities and equity"),
            self._cells(rest),
            key="proof",
            parts=(Part("assets"), Part("claims", -1)),
        )

    def _cells(self, amounts: list[int]) -> tuple[int | None, ...]:
        keyed = dict(zip([self.columns[n].key for n in self._places()], amounts, strict=True))
        return tuple(
            keyed[one.key]
            if one.kind == "amount"
            else change_in_percent(keyed["now"], keyed["before"])
            for one in self.columns
        )

    def figures(self) -> tuple[Figure, ...]:
        """Money, what is owned, what is owed, what is left to the owners."""
        keys = [self.columns[n].key for n in self._places()]
        now = keys.index("now")
        before = keys.index("before") if "before" in keys else None
        titles = (
            ("money", _now("Cash and bank"), True),
            ("assets", _now("Total assets"), True),
            ("equity", _now("Equity"), True),
        )
        return tuple(
            Figure(key, title, self.sums[key][now],
                   None if before is None else self.sums[key][before], good_up=good)
            for key, title, good in titles
        )  # fmt: skip
