-- Time: entries of people in the client they worked for. No second of a person is in two entries,
-- whatever the clients; what runs is an entry without an end, so only one runs at a time.
set role app_owner;

create table app.time_entry (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  person_id uuid not null default guard.user_id(),
  started_at timestamptz not null,
  ended_at timestamptz,                           -- null: it runs
  day date not null,                              -- the day of its start in the person's own zone
  note text not null default '' check (length(note) <= 500),
  billable boolean not null default true,
  subject_type text check (subject_type ~ '^[a-z][a-z_]{0,59}$'),
  subject_key text check (length(subject_key) between 1 and 200),
  state text not null default 'open' check (state in ('open', 'submitted', 'approved', 'locked')),
  returned_for text not null default '' check (length(returned_for) <= 500),
  cut boolean not null default false,             -- ended by the platform, not by its person
  approved_by uuid,
  approved_at timestamptz,
  removed_at timestamptz,
  made_at timestamptz not null default now(),
  version integer not null default 1,
  primary key (tenant_id, id),
  -- whole seconds: a sum of entries is the sum of what each of them shows
  check (extract(microseconds from started_at)::bigint % 1000000 = 0),
  check (extract(microseconds from ended_at)::bigint % 1000000 = 0),
  check (ended_at > started_at),
  check (ended_at <= started_at + interval '25 hours'),
  check (day between (started_at at time zone 'UTC')::date - 1
    and (started_at at time zone 'UTC')::date + 1),
  check ((subject_type is null) = (subject_key is null)),
  check (state = 'open' or ended_at is not null),
  check ((state in ('approved', 'locked')) = (approved_at is not null)),
  check ((approved_at is null) = (approved_by is null)),
  check (approved_by is null or approved_by <> person_id),
  check (removed_at is null or state = 'open'),
  constraint time_entry_once exclude using gist (
    person_id with =, tstzrange(started_at, ended_at) with &&) where (removed_at is null)
);
create index time_entry_week on app.time_entry (tenant_id, person_id, day) where removed_at is null;
create index time_entry_newest on app.time_entry (tenant_id, started_at, id) where removed_at is null;
create index time_entry_days on app.time_entry (tenant_id, day) where removed_at is null;
create index time_entry_of on app.time_entry (tenant_id, subject_type, subject_key)
  where removed_at is null;
create index time_entry_running on app.time_entry (tenant_id, person_id)
  where ended_at is null and removed_at is null;
create index time_entry_submitted on app.time_entry (tenant_id, day) where state = 'submitted';

call guard.protect_shared('app.time_entry');
call guard.demand('app.time_entry', '{insert}', '{time.write}');
call guard.demand('app.time_entry', '{update}', '{time.write,time.approve}');
-- One's own hours, and everybody's for whoever approves; never the client's people.
create policy staff on app.time_entry as restrictive to app_rw, app_worker
  using ((select guard.is_staff()) and (person_id = (select guard.user_id())
    or (select guard.entitled('time.approve'))))
  with check ((select guard.is_staff()));
grant select, insert (tenant_id, id, line, started_at, ended_at, day, note, billable, subject_type,
    subject_key),
  update (started_at, ended_at, day, note, billable, subject_type, subject_key, state, returned_for,
    cut, removed_at, version)
  on app.time_entry to app_rw, app_worker;
grant select, insert, update, delete on app.time_entry to app_restore;
call guard.stamp('app.time_entry', '{removed_at}');

-- What is open is its person's to change. What was handed in is decided on by another, and what is
-- locked stays. A system user's job may only end what runs.
create function app.time_moves() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  who uuid := guard.user_id();
  mine constant boolean := old.person_id = who;
  same constant boolean := (new.started_at, new.ended_at, new.day, new.note, new.billable,
      new.subject_type, new.subject_key, new.removed_at)
    is not distinct from (old.started_at, old.ended_at, old.day, old.note, old.billable,
      old.subject_type, old.subject_key, old.removed_at);
begin
  if session_user not in ('app_rw', 'app_worker') then
    return new;
  end if;
  if old.state = 'locked' then
    raise exception 'time-locked' using errcode = 'BO409';
  end if;
  if not same and (old.state <> 'open'
      or not mine and not (session_user = 'app_worker' and old.ended_at is null)) then
    raise exception 'time-handed-in' using errcode = 'BO409';
  end if;
  if new.state = old.state then
    return new;
  end if;
  if (old.state, new.state) in (('open', 'submitted'), ('submitted', 'open')) and mine then
    return new;
  end if;
  if not guard.entitled('time.approve') then
    raise exception 'refused: approving time' using errcode = '42501';
  end if;
  if mine then
    raise exception 'time-own' using errcode = 'BO409';
  end if;
  if (old.state, new.state) = ('submitted', 'approved') then
    new.approved_by := who;
    new.approved_at := now();
  elsif (old.state, new.state) in (('submitted', 'open'), ('approved', 'open')) then
    new.approved_by := null;
    new.approved_at := null;
  elsif (old.state, new.state) <> ('approved', 'locked') then
    raise exception 'time-state' using errcode = 'BO409';
  end if;
  return new;
end $$;
create trigger moves before update on app.time_entry
  for each row execute function app.time_moves();
call app.audit_table('app.time_entry', array['note']);

-- One's own time wherever it was written: what runs now, and what is taken in a span.
create policy mine on app.time_entry for select to work_door
  using (person_id = (select guard.user_id()) and removed_at is null);
grant select on app.time_entry to work_door;
create function app.my_timer() returns table (
  tenant_id uuid, id uuid, started_at timestamptz, subject_type text, subject_key text, note text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select e.tenant_id, e.id, e.started_at, e.subject_type, e.subject_key, e.note
    from app.time_entry e
   where e.person_id = (select guard.user_id()) and e.removed_at is null and e.ended_at is null
$$;
create function app.my_busy(p_from timestamptz, p_to timestamptz)
returns table (started_at timestamptz, ended_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select e.started_at, e.ended_at from app.time_entry e
   where e.person_id = (select guard.user_id()) and e.removed_at is null
     and tstzrange(e.started_at, e.ended_at) && tstzrange(p_from, p_to)
   order by e.started_at
$$;

-- One's own clock ends also in a client that is suspended or closing by now, or that one does not
-- reach any more: perhaps nobody else could end it there, and no other could be started. It is marked
-- as ended by the platform, and the audit of that client tells it of its person.
create policy ends on app.time_entry for update to work_door
  using (person_id = (select guard.user_id()) and ended_at is null and removed_at is null)
  with check (person_id = (select guard.user_id()) and ended_at is not null);
grant update (ended_at, cut, version) on app.time_entry to work_door;
create policy own_clock on app.audit_event for insert to audit_door
  with check (act = 'time_entry.changed' and actor = (select guard.user_id()));
create policy own_clock on app.audit_change for insert to audit_door
  with check (after ->> 'cut' = 'true' and before ? 'ended_at' and before ->> 'ended_at' is null);
create function app.end_my_clock(p_id uuid) returns uuid
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update app.time_entry
     set ended_at = greatest(started_at + interval '1 second',
           least(date_trunc('second', now()), started_at + interval '24 hours')),
         cut = true, version = version + 1
   where id = p_id and person_id = (select guard.user_id()) and ended_at is null
     and removed_at is null
  returning id
$$;

-- What an hour of a person costs from a day on; in the provider's firm, for whoever holds time.rates.
create table app.cost_rate (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  person_id uuid not null,
  valid_from date not null check (valid_from between '1900-01-01' and '2200-12-31'),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  minor_per_hour bigint not null check (minor_per_hour between 0 and 100000000),
  made_by uuid not null default guard.user_id(),
  made_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, person_id, valid_from)
);
call guard.protect('app.cost_rate', 'member');
call guard.demand('app.cost_rate', '{insert,delete}', '{time.rates}');
create policy rates on app.cost_rate as restrictive to app_rw, app_worker
  using ((select guard.entitled('time.rates'))) with check ((select guard.entitled('time.rates')));
grant select, insert (tenant_id, id, person_id, valid_from, currency, minor_per_hour), delete
  on app.cost_rate to app_rw, app_worker;
grant select, insert, update, delete on app.cost_rate to app_restore;
call app.audit_table('app.cost_rate', array['minor_per_hour']);
reset role;
alter function app.my_timer() owner to work_door;
alter function app.my_busy(timestamptz, timestamptz) owner to work_door;
alter function app.end_my_clock(uuid) owner to work_door;
grant execute on function app.my_timer(), app.my_busy(timestamptz, timestamptz),
  app.end_my_clock(uuid) to app_rw, app_worker;
