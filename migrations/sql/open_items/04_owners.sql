-- Who owns and who may call the functions of open items; the steps of doors run as the door.
do $$
declare
  f regprocedure;
  called_by text;
begin
  for f, called_by in
    select p.oid::regprocedure, case
      when p.proname in ('allocate', 'release', 'describe_item') then 'ledger_writer'
      when p.proname = 'on_allocation' then 'ledger_keeper'
      else 'steps' end
    from pg_proc p where p.pronamespace = 'ledger'::regnamespace and p.proname in ('allocate',
      'release', 'describe_item', 'on_allocation', 'side', 'who_is', 'settle_day', 'check_day',
      'base_part', 'check_pair', 'book_difference', 'release_acts', 'settle_reversal')
  loop
    execute format('revoke all on function %s from public', f);
    if called_by = 'steps' then
      execute format('grant execute on function %s to ledger_writer, ledger_keeper', f);
    else
      execute format('alter function %s owner to %I', f, called_by);
      if called_by = 'ledger_writer' then
        execute format('grant execute on function %s to app_rw, app_worker', f);
      end if;
    end if;
  end loop;
end $$;
grant execute on function app.audit_note(text, text, uuid, text, jsonb, text),
  app.void_usage(text[], text) to ledger_writer;
-- reading names a merged counterparty by the one it turned out to be
grant execute on function ledger.who_is(uuid, uuid), ledger.side(bigint, bigint)
  to app_rw, app_worker, ledger_reader;
