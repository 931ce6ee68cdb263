-- Entries that a policy wants approved first: those of papers, and those written by hand. Bank lines,
-- opening figures and what is taken back are not asked about.
set role app_owner;
grant select on app.approval_policy to ledger_writer;
create policy asks on app.approval_policy for select to ledger_writer using (kind = 'entry.post');
create function ledger.entry_approved() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  total bigint;
  base_code text;
  asked_as text;
begin
  -- most clients have no rule: one look into an index tells, without asking the guard
  if guard.restoring() or new.approved_ref is null and not exists (
      select from app.approval_policy p where p.kind = 'entry.post'
        and p.tenant_id in (new.tenant_id, guard.provider())) then
    return null;
  end if;
  select sum(p.base) filter (where p.base > 0) into total
    from ledger.posting p where p.tenant_id = new.tenant_id and p.entry_id = new.id;
  select b.base_currency into base_code from ledger.book b where b.tenant_id = new.tenant_id;
  if new.approved_ref is null then
    if app.approval_needed('entry.post', total, base_code) then
      perform ledger.refuse('BO409', 'approval-needed');
    end if;
    return null;
  end if;
  -- a line may have a kind entry.<…> of its own, which does not stand in for what a rule wants
  select a.kind into asked_as from app.approval a
    where a.tenant_id = new.tenant_id and a.id = new.approved_ref;
  if asked_as <> 'entry.post' and app.approval_needed('entry.post', total, base_code)
     or not app.take_approval(new.approved_ref, asked_as, encode(new.request_sha, 'hex'), total,
       base_code) then
    perform ledger.refuse('BO422', 'approval-does-not-cover');
  end if;
  return null;
end $$;
create trigger approved after insert on ledger.entry for each row
  when (new.approved_ref is not null or new.kind = 'normal'
        and split_part(coalesce(new.source_type, 'document'), '/', 1) = 'document')
  execute function ledger.entry_approved();
reset role;
