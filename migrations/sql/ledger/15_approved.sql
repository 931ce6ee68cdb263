-- Entries that a policy wants approved first: all but bank lines, moving in, what settling differs by
-- and what is taken back; and these only where it is so, whatever an entry says of itself.
set role app_owner;
grant select on app.approval_policy to ledger_writer;
create policy asks on app.approval_policy for select to ledger_writer using (kind = 'entry.post');

-- Whether an entry is one that no policy asks about. Settling's own door says so of what it books
-- (open_items/03), and a job of the worker's imports a file; no login role of the web can be either.
create function ledger.never_asked(t uuid, p_entry uuid, p_source_type text, p_source uuid,
  total bigint) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  return case p_source_type
    when 'bank_transaction' then
      ledger.bank_line_covers(t, p_entry, p_source, total)                   -- reconcile/05
    when 'allocation' then current_setting('ledger.door', true) = 'allocation'
    when 'moving_file' then session_user = 'app_worker' and exists (
      select from app.moving_file f
      where f.tenant_id = t and f.id = p_source and f.state = 'importing')
    else false end;
end $$;
revoke all on function ledger.never_asked(uuid, uuid, text, uuid, bigint) from public;
grant execute on function ledger.never_asked(uuid, uuid, text, uuid, bigint) to ledger_writer;

create function ledger.entries_approved() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  t uuid := nullif(current_setting('ledger.tenant', true), '')::uuid;
  base_code text;
  e record;
begin
  if guard.restoring() then
    return null;
  end if;
  -- most clients have no rule: one look into an index a statement tells, without asking the guard
  if exists (select from app.approval_policy p where p.kind = 'entry.post'
      and p.tenant_id in (t, guard.provider())) then
    select b.base_currency into base_code from ledger.book b where b.tenant_id = t;
    if exists (
        select from new_entries n
        cross join lateral (select sum(p.base) filter (where p.base > 0) as base
          from ledger.posting p where p.tenant_id = n.tenant_id and p.entry_id = n.id) total
        where n.approved_ref is null and n.kind <> 'reversal' and case
          when app.approval_needed('entry.post', total.base::bigint, base_code) then
            not ledger.never_asked(t, n.id, n.source_type, n.source_id, total.base::bigint)
          end) then
      perform ledger.refuse('BO409', 'approval-needed');
    end if;
  end if;
  for e in
    select n.approved_ref, n.request_sha, a.kind, b.base_currency, (
        select sum(p.base) filter (where p.base > 0) from ledger.posting p
        where p.tenant_id = n.tenant_id and p.entry_id = n.id)::bigint as total
    from new_entries n
    join ledger.book b on b.tenant_id = n.tenant_id
    left join app.approval a on a.tenant_id = n.tenant_id and a.id = n.approved_ref
    where n.approved_ref is not null
  loop
    -- a line may have a kind entry.<…> of its own, which does not stand in for what a rule wants
    if e.kind <> 'entry.post' and app.approval_needed('entry.post', e.total, e.base_currency)
       or not app.take_approval(e.approved_ref, e.kind, encode(e.request_sha, 'hex'), e.total,
         e.base_currency) then
      perform ledger.refuse('BO422', 'approval-does-not-cover');
    end if;
  end loop;
  return null;
end $$;
create trigger approved after insert on ledger.entry
  referencing new table as new_entries for each statement execute function ledger.entries_approved();
reset role;
