-- An entry that is reversed lets its bank lines go, whoever reverses it and by whatever statement:
-- they are to do again, their decision is forgotten and their use is voided.
set role app_owner;
call guard.admit('app.bank_transaction', 'ledger_writer', 'accounting');
call guard.admit('app.bank_account', 'ledger_writer', 'accounting');
call guard.admit('app.bank_line_entry', 'ledger_writer', 'accounting');
grant select on app.bank_transaction, app.bank_account, app.bank_line_entry to ledger_writer;
grant delete on app.bank_line_entry to ledger_writer;
grant update (state, entry_id, version, decided_by, decided_as, decided_by_id, decided_at, rule_id,
  coding, reason, matched, allocation_id, metered_version, skipped_why, entry_share)
  on app.bank_transaction to ledger_writer;
-- a line that changes works its party out anew
grant execute on function app.folded(text), app.party_key(text, text),
  app.lines_equal_entry(uuid, uuid, uuid) to ledger_writer;

-- Called by the doors that reverse, before they lock the book (lines come first and in the order of
-- their ids, as in booking, so that two people wait and never deadlock) and once more after. What
-- the lines settled is opened again by ledger.settle_reversal. Runs as the door that calls it.
create function ledger.let_lines_go(t uuid, entries uuid[]) returns void
language plpgsql as $$
declare
  tied uuid[];
  uses text[];
begin
  perform 1 from app.bank_transaction b
    where b.tenant_id = t and b.id in (
      select x.id from app.bank_transaction x where x.tenant_id = t and x.entry_id = any (entries)
      union select m.line_id from app.bank_line_entry m
        where m.tenant_id = t and m.entry_id = any (entries))
    order by b.id for update;
  select array_agg(b.id), array_agg('bank-line:' || b.id || ':' || b.metered_version)
    into tied, uses                                        -- as they stand under the lock
    from app.bank_transaction b
    where b.tenant_id = t and b.id in (
      select x.id from app.bank_transaction x where x.tenant_id = t and x.entry_id = any (entries)
      union select m.line_id from app.bank_line_entry m
        where m.tenant_id = t and m.entry_id = any (entries));
  if tied is null then
    return;
  end if;
  perform app.void_usage(uses, 'undone');
  update app.bank_transaction b set state = 'to_do', entry_id = null, version = b.version + 1,
      decided_by = null, decided_as = null, decided_by_id = null, decided_at = null, rule_id = null,
      coding = null, reason = null, matched = false, allocation_id = null, metered_version = null,
      skipped_why = null, entry_share = 1
    where b.tenant_id = t and b.id = any (tied);
end $$;
revoke all on function ledger.let_lines_go(uuid, uuid[]) from public;
grant execute on function ledger.let_lines_go(uuid, uuid[]) to ledger_writer;
reset role;
