"""Books to test with: a client, its chart, a signed-in accountant, and short ways to post."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg
import sqlalchemy as sa
from flask import Flask

from app.accounting import commands, hooks, ledger
from app.kernel import db, ids, jobs_catalog
from app.kernel.scope import Scope
from tests import factories

LINES = ("accounting",)
RIGHTS = (
    "accounting.read",
    "accounting.post",
    "accounting.post_in_review",
    "accounting.close",
    "accounting.reopen",
    "accounting.accounts",
    "accounting.publish",
    "accounting.export",
    "accounting.import",
)


@dataclass(frozen=True, slots=True)
class Books:
    """One client's books with the person who works on them."""

    app: Flask
    tenant: UUID
    session: factories.Session
    accounts: dict[str, UUID]
    second: factories.Session | None = None

    @property
    def scope(self) -> Scope:
        """The accountant in this client."""
        return self.session.scope(self.tenant)

    @contextmanager
    def open(self, *, read_only: bool = False) -> Iterator[None]:
        """One transaction of the accountant."""
        with self.app.app_context(), db.transaction(self.scope, read_only=read_only):
            yield

    def post(
        self,
        amounts: Sequence[int] = (100, -100),
        *,
        codes: Sequence[str] = ("1010", "4000"),
        on: dt.date = dt.date(2026, 3, 4),
        key: str | None = None,
        currency: str = "EUR",
        bases: Sequence[int | None] | None = None,
    ) -> ledger.PostedEntry:
        """Posts one entry in a transaction of its own."""
        found = bases or [None] * len(amounts)
        postings = [
            ledger.PostingInput(self.accounts[code], amount, currency, base)
            for code, amount, base in zip(codes, amounts, found, strict=True)
        ]
        with self.open():
            return commands.post_entry(
                journal="GEN",
                date=on,
                description="Test entry",
                postings=postings,
                key=key or str(ids.uuid7()),
            )

    def hand_in(self, period_id: int) -> None:
        """The other accountant hands a month in for review."""
        assert self.second is not None
        with self.app.app_context(), db.transaction(self.second.scope(self.tenant)):
            commands.review_period(period_id=period_id)

    def close(self, period_id: int) -> None:
        """Two people close a month, whatever its checks say."""
        self.hand_in(period_id)
        self.shut(period_id)

    def shut(self, period_id: int) -> None:
        """Closes a month that is handed in, as if a count of its checks had found nothing."""
        with self.open():
            commands.close_period(period_id=period_id)
            db.session.execute(_COUNTED, {"period": period_id})

    def token(self, settings_key: str, key_id: str) -> str:
        """The accountant's signed context, for raw SQL."""
        return self.scope.token(key=bytes.fromhex(settings_key), key_id=key_id)


_COUNTED = sa.text(
    "update app.close_month set blocking = 0, counted_at = now(),"
    " counted_version = ledger.books_version() where period_id = :period"
)


def role_with(admin: psycopg.Connection, name: str, rights: Sequence[str]) -> str:
    """A provider's role holding exactly these permissions."""
    admin.execute(
        "insert into guard.role(role, side) values (%s, 'provider') on conflict do nothing", (name,)
    )
    for right in rights:
        admin.execute(
            "insert into guard.role_permission(role, permission) values (%s, %s)"
            " on conflict do nothing",
            (name, right),
        )
    admin.commit()
    return name


def make_books(
    app: Flask,
    worker_app: Flask,
    admin: psycopg.Connection,
    *,
    currency: str = "EUR",
    fiscal_start_month: int = 1,
    chart: str | None = "general",
    years: tuple[int, int] = (2024, 2026),
) -> Books:
    """A client with books, made as the product makes them, and an accountant with every right."""
    tenant = factories.make_client(admin)
    job = Scope.system_job(tenant, person_id=jobs_catalog.SYSTEM_USERS["operator"])
    with worker_app.app_context(), db.transaction(job):
        commands.open_books(
            base_currency=currency,
            fiscal_start_month=fiscal_start_month,
            first=dt.date(years[0], fiscal_start_month, 1),
            last=dt.date(years[1], 12, 31),
        )
        if chart:
            hooks.lay_chart(chart)
    accounts = {
        code: account_id
        for account_id, code in admin.execute(
            "select id, code from ledger.account where tenant_id = %s", (tenant,)
        )
    }
    role = role_with(admin, "ledger_tester", RIGHTS)
    session = factories.staff(admin, tenant, role=role, lines=LINES)
    second = factories.staff(admin, tenant, role=role, lines=LINES)
    return Books(app, tenant, session, accounts, second)


_DIFFERENCES = """
with truth as (
  select g.grain, p.account_id, g.starts, p.currency, sum(greatest(p.amount, 0)) d,
    sum(greatest(-p.amount, 0)) c, sum(greatest(p.base, 0)) bd, sum(greatest(-p.base, 0)) bc
  from ledger.posting p, lateral (values ('d'::"char", p.entry_date),
    ('m'::"char", date_trunc('month', p.entry_date)::date)) g(grain, starts)
  where p.tenant_id = %(t)s group by 1, 2, 3, 4),
kept as (select * from ledger.balance where tenant_id = %(t)s)
select count(*) from truth t full join kept b on b.grain = t.grain and b.account_id = t.account_id
  and b.starts = t.starts and b.currency = t.currency
where (t.d, t.c, t.bd, t.bc) is distinct from (b.debit, b.credit, b.base_debit, b.base_credit)
"""


def differences(admin: psycopg.Connection, tenant: UUID) -> int:
    """How many balance rows disagree with the postings they sum."""
    row = admin.execute(_DIFFERENCES, {"t": tenant}).fetchone()
    assert row is not None
    return int(row[0])
