"""Eighty small firms with three years of books and bank lines, loaded set by set."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import psycopg

from app.cli.benches import _books, _pages_data, _scratch

TO_DO, RULES, ITEMS = 60, 30, 40
"""Lines to do, rules and open items of each client."""

_BANK = """
insert into app.bank_account (tenant_id, number, name, currency, account_id)
select tenant_id, 'DE02100100100006820101', 'Current account', 'EUR', id
  from ledger.account where tenant_id = any(%(t)s) and code = '1001';
insert into ledger.journal (tenant_id, code, name, kind)
select t, 'BANK', 'Bank', 'bank' from unnest(%(t)s::uuid[]) t on conflict do nothing;
insert into ledger.counterparty (tenant_id, name, kind)
select t, initcap(translate(left(md5(n::text), 9), '0123456789', 'ghijklmnop')), 'customer'
  from unnest(%(t)s::uuid[]) t, generate_series(1, 40) n;
insert into app.statement_file (tenant_id, stored_object_id, name, sha256, size, state, uploaded_by)
select t, uuidv7(), 'bench.xml', repeat('a', 64), 1, 'imported', %(p)s from unnest(%(t)s::uuid[]) t;
insert into app.statement (tenant_id, file_id, bank_account_id, position, currency)
select f.tenant_id, f.id, b.id, 1, 'EUR' from app.statement_file f join app.bank_account b
  on b.tenant_id = f.tenant_id where f.tenant_id = any(%(t)s);
insert into app.bank_transaction (tenant_id, bank_account_id, statement_id, booked_on,
    amount_minor, currency, status, counterparty, text, dedupe_key, occurrence, state, entry_id,
    decided_by, decided_as, decided_by_id, decided_at)
select p.tenant_id, b.id, s.id, p.entry_date, p.amount, 'EUR', 'booked',
    initcap(translate(left(md5((e.idem_key::bigint %% 40 + 1)::text), 9),
        '0123456789', 'ghijklmnop')),
    'Invoice ' || e.idem_key, sha256(e.idem_key::bytea), 1, 'booked', e.id,
    'person', 'coding', %(p)s, now()
  from ledger.posting p
  join app.bank_account b on b.tenant_id = p.tenant_id and b.account_id = p.account_id
  join app.statement s on s.tenant_id = b.tenant_id and s.bank_account_id = b.id
  join ledger.entry e on e.tenant_id = p.tenant_id and e.id = p.entry_id
 where p.tenant_id = any(%(t)s);
insert into app.bank_transaction (tenant_id, bank_account_id, statement_id, booked_on,
    amount_minor, currency, status, counterparty, text, dedupe_key, occurrence)
select b.tenant_id, b.id, s.id, date '2026-11-20' - n %% 40,
    (n * 7919 %% 400000) - 200000 + 1, 'EUR', 'booked',
    initcap(translate(left(md5((n %% 45 + 1)::text), 9), '0123456789', 'ghijklmnop')),
    'Invoice ' || 90000 + n, sha256(('to do ' || n)::bytea), 1
  from app.bank_account b join app.statement s
    on s.tenant_id = b.tenant_id and s.bank_account_id = b.id, generate_series(1, %(lines)s) n
 where b.tenant_id = any(%(t)s);
insert into app.bank_rule (tenant_id, name, position, party_pattern, account_id)
select a.tenant_id, 'Rule ' || n, n,
    initcap(translate(left(md5(n::text), 9), '0123456789', 'ghijklmnop')), a.id
  from ledger.account a, generate_series(1, %(rules)s) n
 where a.tenant_id = any(%(t)s) and a.code = '1003';
insert into ledger.open_item (tenant_id, entry_id, no, account_id, counterparty_id, control,
    booked_on, due_on, reference, currency, amount, base, residual, residual_base)
select c.tenant_id, uuidv7(), 1, a.id, c.id, 'receivable', date '2026-10-01', date '2026-10-31',
    'INV-' || n, 'EUR', x.v, x.v, x.v, x.v
  from (select tenant_id, id, row_number() over (partition by tenant_id order by id) n
          from ledger.counterparty where tenant_id = any(%(t)s)) c
  join ledger.account a on a.tenant_id = c.tenant_id and a.code = '1005',
  lateral (select 10000 + c.n * 137 as v) x where c.n <= %(items)s;
"""
_FIRMS = """
select t.slug, t.id, b.id, a.id,
    array(select l.id from app.bank_transaction l where l.tenant_id = t.id and l.state = 'to_do'
           and l.booked_on >= date '2026-11-01' order by l.booked_on, l.id)
  from guard.tenant t join app.bank_account b on b.tenant_id = t.id
  join ledger.account a on a.tenant_id = t.id and a.code = '1004' order by t.slug
"""


@dataclass(frozen=True, slots=True)
class Firm:
    """One client: its address, its bank account, an account and its lines to do."""

    slug: str
    tenant_id: UUID
    bank_id: UUID
    account_id: UUID
    to_do: list[UUID]


def load(scratch: _scratch.Scratch, clients: int, *, postings: int) -> list[Firm]:
    """So many clients of the acting person, each with so many postings over 36 months."""
    tenants = _scratch.make_clients(scratch, clients)
    admin = scratch.admin
    _books.open_books(admin, tenants)
    for tenant in tenants:
        _books.fill(admin, tenant, postings, through_bank=True)
    _pages_data.directory(scratch)
    values = {"t": tenants, "p": scratch.person_id, "lines": TO_DO, "rules": RULES, "items": ITEMS}
    with admin.transaction(), psycopg.ClientCursor(admin) as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(_BANK, values)
    admin.execute("vacuum analyze")
    return [Firm(*row) for row in admin.execute(_FIRMS).fetchall()]
