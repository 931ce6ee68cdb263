-- What was decided about a bank line, by whom, and whether a machine had guessed it first.
set role app_owner;

alter table app.bank_transaction
  drop constraint bank_transaction_state_check,
  add constraint bank_transaction_state_check check (state in ('to_do', 'booked', 'skipped')),
  -- how the decision came about: typed by a person, one guess a person accepted, or one of many
  -- certain guesses a person accepted together; a machine never decides by itself
  add column decided_by text check (decided_by in ('person', 'suggestion', 'certain_batch')),
  add column decided_as text
    check (decided_as in ('coding', 'entry', 'open_item', 'transfer', 'rule', 'memory', 'skip')),
  add column decided_by_id uuid,
  add column decided_at timestamptz,
  add column rule_id uuid,
  add column coding jsonb,                        -- the parts as given, gross, for display and `+`
  add column reason jsonb,                        -- {code, params, certainty, probability} of a guess
  add column matched boolean not null default false,   -- the entry was there before this decision
  add column allocation_id uuid,                  -- what settled open items with it
  add column metered_version integer,             -- the version in the key of its use
  add column skipped_why text check (length(skipped_why) between 1 and 500),
  -- how a person coded the line while the bank had not booked it; outlives booking and undo
  add column entry_share smallint not null default 1,  -- of several lines that are one entry, which
  add column kept_coding jsonb,
  add column kept_by_id uuid,
  add column kept_at timestamptz,
  add constraint bank_transaction_entry_share check (entry_share between 1 and 100),
  add constraint bank_transaction_kept_whole
    check ((kept_coding is null) = (kept_by_id is null)
      and (kept_coding is null) = (kept_at is null)),
  add constraint bank_transaction_decided check ((state = 'to_do') = (decided_at is null)),
  add constraint bank_transaction_decided_whole
    check ((decided_at is null) = (decided_by_id is null)
      and (decided_at is null) = (decided_by is null)
      and (decided_at is null) = (decided_as is null)),
  add constraint bank_transaction_skipped
    check ((state = 'skipped') = (decided_as is not distinct from 'skip')),
  add foreign key (tenant_id, rule_id) references app.bank_rule (tenant_id, id);

create index on app.bank_transaction (tenant_id, rule_id) where rule_id is not null;
-- an entry explains one line of a bank account, or several that make it up and count their shares;
-- a transfer explains one line of each of two
create unique index bank_transaction_entry_once
  on app.bank_transaction (tenant_id, bank_account_id, entry_id, entry_share)
  where entry_id is not null;
-- tabs and balances of one bank account, from the index alone
create index bank_transaction_sums on app.bank_transaction
  (tenant_id, bank_account_id, state, status, booked_on, id) include (amount_minor);
-- a person's last decisions, for `+`
create index bank_transaction_decided_last
  on app.bank_transaction (tenant_id, bank_account_id, decided_at desc, id)
  where decided_at is not null;

grant update (decided_by, decided_as, decided_by_id, decided_at, rule_id, coding, reason, matched,
  allocation_id, metered_version, skipped_why, kept_coding, kept_by_id, kept_at, entry_share)
  on app.bank_transaction to app_rw, app_worker;

drop trigger only_who_posts on app.bank_transaction;
create trigger only_who_posts before update of state, entry_id, decided_by, decided_as,
  decided_by_id, decided_at, rule_id, coding, reason, matched, allocation_id, metered_version,
  skipped_why, kept_coding, kept_by_id, kept_at, entry_share
  on app.bank_transaction for each statement execute function app.only_who_posts();

-- Waits for whoever posts to or reverses in these books at the moment; then what stands is read anew.
create function ledger.hold_book() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  g record := ledger.open_door('accounting.post');
begin
  perform 1 from ledger.book b where b.tenant_id = g.tenant for no key update;
end $$;

-- Entries that were there before the line that they explain: on a bank account each is tied once,
-- whoever is faster. A line that is several entries has the first in itself and all of them here;
-- of lines that are one entry together the first has it here.
create table app.bank_line_entry (
  tenant_id uuid not null,
  bank_account_id uuid not null,
  entry_id uuid not null,
  line_id uuid not null,
  primary key (tenant_id, bank_account_id, entry_id),
  foreign key (tenant_id, line_id) references app.bank_transaction (tenant_id, id),
  foreign key (tenant_id, entry_id) references ledger.entry (tenant_id, id),
  foreign key (tenant_id, bank_account_id) references app.bank_account (tenant_id, id)
);
create index on app.bank_line_entry (tenant_id, line_id);
create index on app.bank_line_entry (tenant_id, entry_id);
call guard.protect('app.bank_line_entry', 'accounting');
grant select, insert on app.bank_line_entry to app_rw, app_worker, app_restore;
grant update (entry_id) on app.bank_line_entry to app_rw, app_worker;
grant delete on app.bank_line_entry to app_rw, app_worker;
call guard.demand('app.bank_line_entry', '{insert,update,delete}', '{accounting.post}');
call app.audit_table('app.bank_line_entry');

-- Whether the lines of a bank account that an entry explains make up what it moves there, with the
-- further entries of such a line; lines that are free again need nothing.
create function app.lines_equal_entry(t uuid, bank uuid, entry uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select l.amount is null or l.amount = coalesce((
      select sum(p.amount) from ledger.posting p where p.tenant_id = t and p.entry_id = entry
        and p.account_id = a.account_id and p.currency = a.currency), 0)
    + coalesce((
      select sum(p.amount) from app.bank_transaction x
      join app.bank_line_entry m on m.tenant_id = x.tenant_id and m.line_id = x.id
      join ledger.posting p on p.tenant_id = m.tenant_id and p.entry_id = m.entry_id
      where x.tenant_id = t and x.bank_account_id = bank and x.entry_id = entry
        and m.entry_id <> x.entry_id and p.account_id = a.account_id and p.currency = a.currency), 0)
  from app.bank_account a
  cross join lateral (select sum(x.amount_minor) as amount from app.bank_transaction x
    where x.tenant_id = t and x.bank_account_id = bank and x.entry_id = entry) l
  where a.tenant_id = t and a.id = bank
$$;
grant execute on function app.lines_equal_entry(uuid, uuid, uuid) to app_rw, app_worker;

-- Whoever ties a line to an entry, what the entry moves on the bank's account is the line's amount;
-- and a decision is signed by whoever acts.
create function app.line_equals_entry() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  acting uuid := (select guard.user_id());
begin
  if session_user in ('app_rw', 'app_worker') and exists (
    select from changed n join was o on o.tenant_id = n.tenant_id and o.id = n.id
    where (n.decided_by_id, n.decided_by, n.decided_as, n.decided_at, n.reason, n.skipped_why, n.rule_id)
      is distinct from
        (o.decided_by_id, o.decided_by, o.decided_as, o.decided_at, o.reason, o.skipped_why, o.rule_id)
      and n.decided_by_id is not null
      and (n.decided_by_id is distinct from acting or n.decided_at <> now())) then
    raise exception 'refused: another person in decided_by_id' using errcode = '42501';
  end if;
  if session_user in ('app_rw', 'app_worker') and exists (
    select from changed n join was o on o.tenant_id = n.tenant_id and o.id = n.id
    where (n.kept_by_id, n.kept_coding, n.kept_at)
      is distinct from (o.kept_by_id, o.kept_coding, o.kept_at)
      and n.kept_by_id is not null
      and (n.kept_by_id is distinct from acting or n.kept_at <> now())) then
    raise exception 'refused: another person in kept_by_id' using errcode = '42501';
  end if;
  if session_user in ('app_rw', 'app_worker') and exists (
      select from changed n join was o on o.tenant_id = n.tenant_id and o.id = n.id
      where n.entry_id is not null and n.entry_id is distinct from o.entry_id) then
    perform ledger.hold_book();
    if exists (select from changed n join was o on o.tenant_id = n.tenant_id and o.id = n.id
        join ledger.entry r on r.tenant_id = n.tenant_id and r.reverses_id = n.entry_id
        where n.entry_id is distinct from o.entry_id) then
      raise exception 'entry-reversed' using errcode = 'BO409';
    end if;
  end if;
  -- a line that is free again lets go of the entries it was tied to
  delete from app.bank_line_entry m using changed n join was o
    on o.tenant_id = n.tenant_id and o.id = n.id
    where n.entry_id is null and o.entry_id is not null
      and m.tenant_id = n.tenant_id and m.line_id = n.id;
  if exists (
    select from (
      select n.tenant_id, n.bank_account_id, n.entry_id from changed n where n.entry_id is not null
      union
      select o.tenant_id, o.bank_account_id, o.entry_id from was o where o.entry_id is not null) k
    where not app.lines_equal_entry(k.tenant_id, k.bank_account_id, k.entry_id)) then
    raise exception 'entry-amount-differs' using errcode = 'BO409';
  end if;
  return null;
end $$;
create trigger line_equals_entry after update on app.bank_transaction
  referencing old table as was new table as changed
  for each statement execute function app.line_equals_entry();

-- What was decided about a line stays while its month or its entry's is closed. An entry that was
-- reversed lets its lines go: the reversal stands in an open month. Asked at the end of the
-- transaction, where the reversal is written too.
create function app.decided_stays() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if exists (
      select from ledger.period p where p.tenant_id = old.tenant_id and p.state = 'closed'
        and (old.booked_on between p.starts and p.ends or p.id = (
          select e.period_id from ledger.entry e
          where e.tenant_id = old.tenant_id and e.id = old.entry_id)))
    and not exists (
      select from ledger.entry r
      where r.tenant_id = old.tenant_id and r.reverses_id = old.entry_id) then
    raise exception 'bank-line-month-closed' using errcode = 'BO423',
      detail = jsonb_build_object('date', old.booked_on)::text;
  end if;
  return null;
end $$;
create constraint trigger decided_stays after update on app.bank_transaction
  deferrable initially deferred for each row
  when (old.state <> 'to_do'
    and (new.state, new.entry_id) is distinct from (old.state, old.entry_id))
  execute function app.decided_stays();

-- A tie without its line, or of a line that is not the sum, does not outlast the act.
create function app.further_entry_tied() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  m app.bank_line_entry := coalesce(new, old);
  x app.bank_transaction;
begin
  select * into x from app.bank_transaction t where t.tenant_id = m.tenant_id and t.id = m.line_id;
  if x.entry_id is null and exists (select from app.bank_line_entry e
      where e.tenant_id = m.tenant_id and e.line_id = m.line_id)
    or x.entry_id is not null and (x.bank_account_id <> m.bank_account_id
      or not app.lines_equal_entry(x.tenant_id, x.bank_account_id, x.entry_id)) then
    raise exception 'entry-amount-differs' using errcode = 'BO409';
  end if;
  return null;
end $$;
create constraint trigger further_entry_tied after insert or update or delete on app.bank_line_entry
  deferrable initially deferred for each row execute function app.further_entry_tied();
reset role;
alter function ledger.hold_book() owner to ledger_writer;
revoke execute on function ledger.hold_book() from public;
grant execute on function ledger.hold_book() to app_rw, app_worker;
