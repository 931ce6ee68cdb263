"""What the bench of pages looks at: many clients, one with bank lines, an owner, a report."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from app.cli.benches import _books, _scratch
from app.kernel.scope import secret_hash

BANK_LINES = 20_000
CHECKS = ("earlier", "statements", "reconciled", "bank-equals-book", "suspense", "open-items",
          "questions", "drafts", "changes", "steps", "balanced", "numbers")  # fmt: skip

_DIRECTORY = """
insert into app.client (tenant_id, slug, name, legal_name, country, currency, time_zone,
                        chart_template, hue, state)
select id, slug, initcap(replace(slug, '-', ' ')), slug, 'DE', 'EUR', 'Europe/Berlin', 'general',
       1 + (random() * 5)::int, 'active'
  from guard.tenant where not is_provider on conflict do nothing
"""
_FIGURES = """
insert into app.client_figure (tenant_id, line, name, n, oldest)
select id, 'accounting', 'bank_lines_to_do', (random() * 90)::int,
       now() - random() * interval '40 days'
  from guard.tenant where not is_provider on conflict do nothing
"""
_CLOSE = """
insert into app.close_month (tenant_id, period_id, starts, ends, state, due_on, owner_id, figures,
                             blocking, counted_at)
select p.tenant_id, p.id, p.starts, p.ends,
       case when random() < 0.6 then 'open' when random() < 0.5 then 'in_review' else 'closed' end,
       p.ends + 10, case when random() < 0.7 then %(p)s::uuid end, f.figures, f.n, now()
  from ledger.period p
  cross join lateral (select jsonb_object_agg(key, (random() * 9)::int * (random() < 0.4)::int)
                             as figures, (random() * 40)::int as n
                        from unnest(%(checks)s::text[]) key where p.id > 0) f
 where p.starts >= date '2026-08-01' and p.starts <= date '2026-11-01'
on conflict do nothing
"""
_BANK = """
with account as (
    insert into app.bank_account (tenant_id, number, name, currency, account_id)
    select %(t)s, 'DE02100100100006820101', 'Current account', 'EUR', id from ledger.account
     where tenant_id = %(t)s order by code limit 1 returning id),
file as (
    insert into app.statement_file (tenant_id, stored_object_id, name, sha256, size, state,
                                    uploaded_by)
    values (%(t)s, uuidv7(), 'bench.xml', repeat('a', 64), 1, 'imported', %(p)s) returning id),
statement as (
    insert into app.statement (tenant_id, file_id, bank_account_id, position, currency)
    select %(t)s, file.id, account.id, 1, 'EUR' from file, account returning id, bank_account_id)
insert into app.bank_transaction (tenant_id, bank_account_id, statement_id, booked_on, amount_minor,
    currency, status, counterparty, text, dedupe_key, occurrence)
select %(t)s, bank_account_id, statement.id, date '2026-11-20' - (n %% 330)::int,
       (n * 7919 %% 400000) - 200000 + 1, 'EUR', 'booked', 'Counterparty ' || n %% 400,
       'Invoice ' || n, sha256(n::text::bytea), 1
  from statement, generate_series(1, %(n)s) n
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the pages are asked for."""

    slug: str
    tenant_id: UUID
    account_id: UUID
    bank_id: UUID
    staff_cookie: str
    owner_cookie: str


def load(scratch: _scratch.Scratch, postings: int, *, clients: int) -> Loaded:
    """Clients with a directory entry and books; half of them are on the person's desk."""
    tenants = _scratch.make_clients(scratch, clients)
    admin = scratch.admin
    _books.open_books(admin, tenants)
    large, *others = tenants
    _books.fill(admin, large, postings // 10)
    for tenant in others:
        _books.fill(admin, tenant, max(4, postings * 9 // 10 // len(others)))
    directory(scratch)
    with admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute(_BANK, {"t": large, "p": scratch.person_id, "n": BANK_LINES})
    # 500 clients of one person are the design's upper end.
    admin.execute(
        "delete from guard.membership where user_id = %s and tenant_id <> all(%s)",
        (scratch.person_id, tenants[:500]),
    )
    owner_cookie = owner(scratch, large)
    admin.execute("vacuum analyze")
    found = admin.execute(
        "select t.slug, b.id from guard.tenant t join app.bank_account b on b.tenant_id = t.id"
        " where t.id = %s",
        (large,),
    ).fetchone()
    assert found is not None
    accounts = _books.accounts_of(admin, large)
    return Loaded(found[0], large, accounts[3], found[1], scratch.cookie, owner_cookie)


def directory(scratch: _scratch.Scratch) -> None:
    """Every client in the directory, with figures for the desk and months for the close board."""
    admin = scratch.admin
    listed(scratch)
    with admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute(_FIGURES)
        admin.execute(_CLOSE, {"p": scratch.person_id, "checks": list(CHECKS)})


def listed(scratch: _scratch.Scratch) -> None:
    """Every client in the directory, by which pages and the API find it."""
    scratch.admin.execute(_DIRECTORY)


def owner(scratch: _scratch.Scratch, tenant: UUID) -> str:
    """The login cookie of an owner of the client."""
    cookie = secrets.token_urlsafe(24)
    scratch.admin.execute(
        "with person as (insert into guard.person(side, email, name)"
        " values ('client', 'owner@example.com', 'Owner') returning id),"
        " granted as (insert into guard.membership"
        "(tenant_id, user_id, role, lines, may_write, basis)"
        " select %s, id, 'owner', '{accounting}', true, gen_random_uuid()::text from person)"
        " insert into guard.principal(kind, user_id, expires_at, secret_sha)"
        " select 'person', id, now() + interval '12 hours', %s from person",
        (tenant, secret_hash("prin", cookie)),
    )
    return cookie
