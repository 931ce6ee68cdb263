-- Whether an entry is what a line of a bank statement says: the line is there, is no other entry, and
-- all living entries of it together move no more on the bank's account than it does. Beside the bank's
-- posting it moves no more than that again, as deductions and taxes do. What a line in another currency
-- is worth say the client's own rates, not the entry: twice that at most, and nothing without a rate.
set role app_owner;
call guard.admit('app.exchange_rate', 'ledger_writer', 'accounting');
grant select on app.exchange_rate to ledger_writer;
create function ledger.bank_line_covers(t uuid, p_entry uuid, p_line uuid, total bigint)
returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from app.bank_transaction x
    join app.bank_account a on a.tenant_id = x.tenant_id and a.id = x.bank_account_id
    join ledger.book b on b.tenant_id = x.tenant_id
    cross join lateral (
      select sum(abs(s.amount)) as amount, sum(abs(s.base)) as bases,
        sum(abs(s.base)) filter (where s.id = p_entry) as base
      from (
        select z.id, sum(p.amount) as amount, sum(p.base) as base
        from ledger.entry z
        join ledger.posting p on p.tenant_id = z.tenant_id and p.entry_id = z.id
        where z.tenant_id = t and z.source_type = 'bank_transaction' and z.source_id = p_line
          and z.kind <> 'reversal' and p.account_id = a.account_id and p.currency = x.currency
          and not exists (                             -- taken back, and that not taken back again
            select from ledger.entry r where r.tenant_id = t and r.reverses_id = z.id
              and not exists (select from ledger.entry b
                where b.tenant_id = t and b.reverses_id = r.id))
        group by z.id) s) moved
    where x.tenant_id = t and x.id = p_line and x.status = 'booked'
      and (x.entry_id is null or exists (
        select from ledger.entry r where r.tenant_id = t and r.reverses_id = x.entry_id))
      and moved.amount <= abs(x.amount_minor) and total <= 2 * moved.base
      and (x.currency = b.base_currency or moved.bases <= 2 * (
        select abs(x.amount_minor) * r.rate * power(10::numeric, o.exponent - c.exponent)
        from app.exchange_rate r
        join app.currency c on c.code = r.currency
        join app.currency o on o.code = b.base_currency
        where r.tenant_id = t and r.currency = x.currency and r.rated_on <= x.booked_on
        order by r.rated_on desc limit 1)))
$$;
revoke all on function ledger.bank_line_covers(uuid, uuid, uuid, bigint) from public;
grant execute on function ledger.bank_line_covers(uuid, uuid, uuid, bigint) to ledger_writer;
reset role;
