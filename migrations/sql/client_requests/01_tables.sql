-- Lists of what a client is to send or answer: files, answers, confirmations. Each thing is accepted
-- or sent back with a reason; what was sent is only ever added to.
do $$
begin
  if not exists (select from pg_roles where rolname = 'list_door') then
    begin
      create role list_door nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role('list_door'::name, 'guard_definer', 'member') then
    grant guard_definer to list_door;
  end if;
  alter default privileges for role list_door revoke execute on functions from public;
end $$;
set role app_owner;

create table app.request_list (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  title text not null check (length(title) between 1 and 200),
  message text not null default '' check (length(message) <= 4000),
  due_on date,
  to_person uuid,                                 -- null: whoever of the client may answer
  state text not null default 'draft' check (state in ('draft', 'open', 'done', 'withdrawn')),
  made_by uuid not null default guard.user_id(),
  made_at timestamptz not null default now(),
  sent_at timestamptz,
  asked_at timestamptz,                           -- sent, sent back, one thing more: reminders begin
  reminded_at timestamptz,                        -- to stand in the next mail once more
  closed_at timestamptz,
  closed_by uuid,
  version integer not null default 1,
  primary key (tenant_id, id),
  unique (tenant_id, id, line),
  check (state <> 'draft' or sent_at is null),
  check ((sent_at is null) = (asked_at is null)),
  check (state not in ('open', 'done') or sent_at is not null),
  check ((state in ('done', 'withdrawn')) = (closed_at is not null))
);
create index request_list_newest on app.request_list (tenant_id, id desc);
create index request_list_open on app.request_list (tenant_id, due_on) where state = 'open';

create table app.request_item (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  list_id uuid not null,
  line text not null,
  position integer not null check (position >= 0),
  kind text not null check (kind in ('file', 'answer', 'confirmation')),
  title text not null check (length(title) between 1 and 200),
  hint text not null default '' check (length(hint) <= 1000),
  state text not null default 'waiting'
    check (state in ('waiting', 'given', 'accepted', 'sent_back', 'dropped')),
  reason text check (length(reason) between 1 and 1000),
  given_at timestamptz,                           -- the newest thing given
  decided_at timestamptz,
  decided_by uuid,
  version integer not null default 1,
  primary key (tenant_id, id),
  unique (tenant_id, list_id, position),
  unique (tenant_id, id, line),
  check ((state = 'sent_back') = (reason is not null)),
  check (state not in ('given', 'accepted', 'sent_back') or given_at is not null),
  foreign key (tenant_id, list_id, line) references app.request_list (tenant_id, id, line)
);

-- A link that opens one list, or one thing of it: the secret is worked out anew from the id and the
-- installation's key whenever it is mailed or copied, and stands nowhere.
create table app.request_link (
  tenant_id uuid not null,
  id uuid not null,
  list_id uuid not null,
  item_id uuid,
  line text not null,
  principal_id uuid not null,
  person_id uuid,                                 -- whom it was made for; null: somebody by address
  address text check (length(address) <= 254),
  name text not null default '' check (length(name) <= 200),
  made_by uuid default guard.user_id(),           -- null: handed on by whoever held the list's link
  made_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, list_id, line) references app.request_list (tenant_id, id, line),
  foreign key (tenant_id, item_id, line) references app.request_item (tenant_id, id, line)
);
create index request_link_list on app.request_link (tenant_id, list_id, id);
create index request_link_item on app.request_link (tenant_id, item_id) where item_id is not null;
create unique index request_link_principal on app.request_link (tenant_id, principal_id);

-- What was given, decided and handed on: the history of a thing.
create table app.request_act (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  item_id uuid not null,
  line text not null,
  act text not null check (act in ('given', 'accepted', 'sent_back', 'asked_again', 'handed_on')),
  text text not null default '' check (length(text) <= 4000),
  confirmed boolean,
  document_id uuid,                               -- the paper that was sent at the portal
  upload_id uuid,                                 -- what came by a link and is taken in by a job
  by_person uuid default guard.user_id(),
  by_link uuid,
  reply_id uuid,                                  -- the reply by mail that it came with
  at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, item_id, line) references app.request_item (tenant_id, id, line)
);
create index request_act_item on app.request_act (tenant_id, item_id, id);

do $$
declare t text;
begin
  foreach t in array '{request_list, request_item, request_link, request_act}'::text[] loop
    execute format('call guard.protect_shared(%L)', 'app.' || t);
    execute format('call guard.admit(%L, %L, null)', 'app.' || t, 'list_door');
    execute format('grant select on app.%I to app_rw, app_worker, list_door', t);
    execute format('grant select, insert, update, delete on app.%I to app_restore', t);
  end loop;
end $$;
grant insert (tenant_id, id, line, title, message, due_on, to_person) on app.request_list
  to app_rw, app_worker;
grant update (title, message, due_on, to_person, state, sent_at, asked_at, reminded_at, closed_at,
  closed_by, version) on app.request_list to app_rw, app_worker;
grant insert (tenant_id, id, list_id, line, position, kind, title, hint) on app.request_item
  to app_rw, app_worker;
grant update (title, hint, position, state, reason, decided_at, decided_by, version)
  on app.request_item to app_rw, app_worker;
grant insert (tenant_id, item_id, line, act, text) on app.request_act to app_rw, app_worker;
grant insert (tenant_id, id, list_id, item_id, line, principal_id, person_id, address, name,
  made_by, expires_at) on app.request_link to list_door;
grant insert (tenant_id, item_id, line, act, text, confirmed, document_id, upload_id, by_link)
  on app.request_act to list_door;
grant update (state, reason, given_at, version) on app.request_item to list_door;
grant update (version) on app.request_list to list_door;                     -- to hold its row

call guard.demand('app.request_list', '{insert,update}', '{request.ask}');
call guard.demand('app.request_item', '{insert,update}', '{request.ask}');
call guard.demand('app.request_act', '{insert}', '{request.ask}');
call guard.sign('app.request_list', '{closed_by}');
call guard.sign('app.request_item', '{decided_by}');
call guard.stamp('app.request_list', '{sent_at,asked_at,reminded_at,closed_at}');
call guard.stamp('app.request_item', '{decided_at}');
-- Lists are the provider's to write: the client gives what is asked by the door alone.
create policy asks on app.request_list as restrictive for insert to app_rw, app_worker
  with check ((select guard.is_staff()));
create policy asks on app.request_item as restrictive for insert to app_rw, app_worker
  with check ((select guard.is_staff()));
create policy decides on app.request_act as restrictive for insert to app_rw, app_worker
  with check ((select guard.is_staff()) and act in ('accepted', 'sent_back', 'asked_again'));

-- Until a list is sent it is the provider's own paper; what is asked of one person is theirs alone.
create policy sent on app.request_list as restrictive for select to app_rw, app_worker
  using ((select guard.is_staff())
         or sent_at is not null and (to_person is null or to_person = (select guard.user_id())));
-- The same for what belongs to a list, through the list that the reader sees.
create policy sent on app.request_item as restrictive for select to app_rw, app_worker
  using ((select guard.is_staff()) or exists (select from app.request_list l
    where l.tenant_id = request_item.tenant_id and l.id = request_item.list_id));
create policy sent on app.request_link as restrictive for select to app_rw, app_worker
  using ((select guard.is_staff()) or exists (select from app.request_list l
    where l.tenant_id = request_link.tenant_id and l.id = request_link.list_id));
create policy sent on app.request_act as restrictive for select to app_rw, app_worker
  using ((select guard.is_staff()) or exists (select from app.request_item i
    where i.tenant_id = request_act.tenant_id and i.id = request_act.item_id));

-- What was given is accepted or sent back; nothing is given but through the door.
create function app.request_item_moves() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker') and current_user in ('app_rw', 'app_worker') and (
      not guard.is_staff()
      or new.state in ('accepted', 'sent_back') and old.given_at is null
      or new.state = 'given' and old.state not in ('accepted', 'sent_back')
      or new.state = 'given' and old.given_at is null) then
    raise exception 'request-item-moves' using errcode = 'BO409';
  end if;
  return new;
end $$;
create trigger moves before update of state on app.request_item
  for each row when (new.state <> old.state) execute function app.request_item_moves();

call app.audit_table('app.request_list', array['title', 'message']);
call app.audit_table('app.request_item', array['title', 'hint', 'reason']);
call app.audit_table('app.request_link', array['address', 'name']);
reset role;
