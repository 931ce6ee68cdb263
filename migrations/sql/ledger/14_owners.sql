-- Who owns and who may call the ledger's functions. Everything else in the schema is reached from
-- these only.
do $$
declare
  f regprocedure;
  called_by text;
begin
  for f, called_by in
    select p.oid::regprocedure, case
      when p.proname in ('post', 'post_many', 'reverse', 'ensure_periods', 'set_period', 'open_book',
        'create_accounts', 'rename_account', 'archive_account', 'give_tax_codes') then 'ledger_writer'
      when p.proname in ('turnover', 'turnover_by_month', 'account_page', 'books_version')
        then 'ledger_reader'
      when p.proname in ('on_entry', 'on_posting', 'explain') then 'ledger_keeper'
      when p.proname in ('open_reader', 'balance_before', 'folds') then 'of ledger_reader'
      when p.proname <> 'never' then 'of ledger_writer' end
    from pg_proc p where p.pronamespace = 'ledger'::regnamespace
  loop
    execute format('revoke all on function %s from public', f);
    if called_by like 'of %' then          -- a step of doors: runs as the door that calls it
      execute format('grant execute on function %s to %I', f, substr(called_by, 4));
    elsif called_by is not null then
      execute format('alter function %s owner to %I', f, called_by);
      if called_by <> 'ledger_keeper' then
        execute format('grant execute on function %s to app_rw, app_worker', f);
      end if;
    end if;
  end loop;
end $$;
-- drafts show the hash that an approval of them has to cover
grant execute on function ledger.some(anyarray) to app_rw, app_worker;
grant execute on function ledger.request_sha(text, date, text, text, text, uuid, uuid, uuid[], text[],
  bigint[], bigint[], uuid[], text[], uuid[], uuid[], text[]) to app_rw, app_worker;
-- whoever drafted what was approved must still be one who may post
grant execute on function guard.person_may(uuid, uuid, text, text) to ledger_writer;
