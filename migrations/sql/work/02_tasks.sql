-- Tasks with their checklist, comments and links. Staff only; each stands on a service line and has
-- a class, and what hangs on a task is seen with it.
set role app_owner;

create table app.task (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  kind text not null default 'task' check (kind in ('task', 'filing', 'review', 'payment', 'call')),
  title text not null check (length(title) between 1 and 200),
  description text not null default '' check (length(description) <= 10000),
  class text not null default 'normal' check (class in ('normal', 'payroll', 'owner_only')),
  state text not null default 'todo'
    check (state in ('todo', 'doing', 'waiting', 'review', 'done', 'dropped')),
  state_at timestamptz not null default now(),
  due_on date not null check (due_on between '1900-01-01' and '2200-12-31'),
  due_zone text not null default 'UTC' check (length(due_zone) between 1 and 60),
  due_at timestamptz not null,                    -- the instant at which that day ends in its zone
  assignee_id uuid,
  reviewer_id uuid,
  reviewer_by uuid,                               -- who named them; null: whoever made the task
  receipt_id uuid,                                -- the paper that proves a filing
  repeat_id uuid,                                 -- what made it, for which period, which of its items
  period_start date,
  item_no integer check (item_no > 0),
  told_due_at timestamptz,                        -- when whoever listens was told that it is due
  done_at timestamptz,
  done_by uuid,
  made_by uuid not null default guard.user_id(),
  made_at timestamptz not null default now(),
  version integer not null default 1,
  primary key (tenant_id, id),
  unique (tenant_id, id, line),
  unique (tenant_id, repeat_id, period_start, item_no),
  check (num_nulls(repeat_id, period_start, item_no) in (0, 3)),
  check (reviewer_id is null or assignee_id is null or reviewer_id <> assignee_id),
  check ((state = 'done') = (done_at is not null)),
  check (kind <> 'filing' or state <> 'done' or receipt_id is not null),
  foreign key (tenant_id, receipt_id) references app.document (tenant_id, id)
);
create index task_receipt on app.task (tenant_id, receipt_id) where receipt_id is not null;
create index task_open on app.task (tenant_id, due_at, id) include (line, state)
  where state in ('todo', 'doing', 'waiting', 'review');
create index task_mine on app.task (tenant_id, assignee_id, due_at, id)
  where state in ('todo', 'doing', 'waiting', 'review');
create index task_to_review on app.task (tenant_id, reviewer_id, due_at, id) where state = 'review';
create index task_waiting on app.task (tenant_id, due_at, id) where state = 'waiting';
create index task_every on app.task (tenant_id, due_at, id);
create index task_to_tell on app.task (tenant_id, due_at)
  where told_due_at is null and state in ('todo', 'doing', 'waiting', 'review');

create table app.task_item (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  task_id uuid not null,
  line text not null,
  position integer not null check (position >= 0),
  text text not null check (length(text) between 1 and 300),
  done_at timestamptz,
  done_by uuid,
  primary key (tenant_id, id),
  check ((done_at is null) = (done_by is null)),
  foreign key (tenant_id, task_id, line) references app.task (tenant_id, id, line)
);
create index task_item_of on app.task_item (tenant_id, task_id, position);

create table app.task_comment (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  task_id uuid not null,
  line text not null,
  text text not null check (length(text) between 1 and 4000),
  mentions uuid[] not null default '{}' check (cardinality(mentions) <= 20),
  written_by uuid not null default guard.user_id(),
  written_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, task_id, line) references app.task (tenant_id, id, line)
);
create index task_comment_of on app.task_comment (tenant_id, task_id, id);

create table app.task_link (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  task_id uuid not null,
  line text not null,
  subject_type text not null check (subject_type ~ '^[a-z][a-z_]{0,59}$'),
  subject_key text not null check (length(subject_key) between 1 and 200),
  primary key (tenant_id, id),
  unique (tenant_id, task_id, subject_type, subject_key),
  foreign key (tenant_id, task_id, line) references app.task (tenant_id, id, line)
);
create index task_link_of on app.task_link (tenant_id, subject_type, subject_key);

do $$
declare t text;
begin
  foreach t in array '{task, task_item, task_comment, task_link}'::text[] loop
    execute format('call guard.protect_shared(%L)', 'app.' || t);
    execute format('grant select on app.%I to app_rw, app_worker', t);
    execute format('grant select, insert, update, delete on app.%I to app_restore', t);
    execute format('call guard.demand(%L, %L, %L)', 'app.' || t, '{insert,update,delete}',
      '{task.write}');
  end loop;
  foreach t in array '{task_item, task_comment, task_link}'::text[] loop
    execute format(
      'create policy task on app.%1$I as restrictive to app_rw, app_worker'
      ' using ((select guard.is_staff()) and exists (select from app.task t'
      ' where t.tenant_id = %1$I.tenant_id and t.id = %1$I.task_id and t.line = %1$I.line))', t);
  end loop;
end $$;
create policy staff on app.task as restrictive to app_rw, app_worker
  using ((select guard.is_staff())) with check ((select guard.is_staff()));
create policy class on app.task as restrictive to app_rw, app_worker
  using (class = 'normal'
    or tenant_id || ':' || class = any ((select guard.document_classes())::text[]))
  with check (class = 'normal'
    or tenant_id || ':' || class = any ((select guard.document_classes())::text[]));

grant insert (tenant_id, id, line, kind, title, description, class, due_on, due_zone, assignee_id,
  reviewer_id, repeat_id, period_start, item_no) on app.task to app_rw, app_worker;
grant update (kind, title, description, class, state, due_on, due_zone, assignee_id, reviewer_id,
  receipt_id, version) on app.task to app_rw, app_worker;
grant update (told_due_at) on app.task to app_worker;
grant insert (tenant_id, id, task_id, line, position, text) on app.task_item to app_rw, app_worker;
grant update (position, text, done_at, done_by) on app.task_item to app_rw, app_worker;
grant delete on app.task_item, app.task_link to app_rw, app_worker;
grant insert (tenant_id, id, task_id, line, text, mentions) on app.task_comment to app_rw, app_worker;
grant insert (tenant_id, id, task_id, line, subject_type, subject_key)
  on app.task_link to app_rw, app_worker;
call guard.sign('app.task_item', '{done_by}');
call guard.stamp('app.task_item', '{done_at}');
call guard.stamp('app.task', '{told_due_at}');

-- When it is late is worked out here, whoever writes the row: the end of the day in its zone.
create function app.task_due() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.due_at := (new.due_on + 1)::timestamp at time zone new.due_zone;
  if tg_op = 'UPDATE' and new.due_at > old.due_at then
    new.told_due_at := null;          -- put off: told once more
  end if;
  return new;
exception when invalid_parameter_value then
  raise exception 'time-zone-unknown' using errcode = 'BO422';
end $$;
create trigger due before insert or update of due_on, due_zone on app.task
  for each row execute function app.task_due();

-- A reviewer stays until they themselves, whoever named them, or whoever may change others' reviewers
-- says otherwise: nobody frees their own work of a look that somebody else asked for.
create function app.task_reviewer() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user not in ('app_rw', 'app_worker') then
    return new;                       -- loading and restoring keep what was
  end if;
  if old.reviewer_id is not null
      and guard.user_id() is distinct from old.reviewer_id
      and guard.user_id() is distinct from coalesce(old.reviewer_by, old.made_by)
      and not guard.entitled('task.reviewer') then
    raise exception 'task-reviewer-stays' using errcode = 'BO409';
  end if;
  new.reviewer_by := guard.user_id();
  return new;
end $$;

-- What a state asks: a filing its receipt, a reviewed task its reviewer. Who ended it is written here.
create function app.task_moves() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user not in ('app_rw', 'app_worker') then
    return new;                       -- loading and restoring keep what was
  end if;
  if new.state <> 'done' then
    if new.state <> old.state then
      new.state_at := now();
      new.done_at := null;
      new.done_by := null;
    end if;
    return new;
  end if;
  if new.kind = 'filing' and not exists (
      select from app.document d
        join app.document_link l on l.tenant_id = d.tenant_id and l.document_id = d.id
       where d.tenant_id = new.tenant_id and d.id = new.receipt_id and d.removed_at is null
         and l.subject_type = 'task' and l.subject_id = new.id and d.type = 'filing_receipt') then
    raise exception 'filing-needs-receipt' using errcode = 'BO409';
  end if;
  if new.state = old.state then
    return new;
  end if;
  -- nor may whoever ends it put another reviewer in, or none, by the same statement
  if exists (select from unnest(array[old.reviewer_id, new.reviewer_id]) r(id)
              where r.id is not null and r.id is distinct from guard.user_id()) then
    raise exception 'task-needs-review' using errcode = 'BO409';
  end if;
  new.state_at := now();
  new.done_at := now();
  new.done_by := guard.user_id();
  return new;
end $$;
create trigger reviewer before update on app.task
  for each row when (new.reviewer_id is distinct from old.reviewer_id)
  execute function app.task_reviewer();
create trigger moves before update on app.task
  for each row execute function app.task_moves();

call app.audit_table('app.task', array['description']);
-- Points come with their task, whose making is audited; one added later is noted by its command.
call app.audit_table('app.task_item', array['text'], p_acts => '{changed,removed}');
call app.audit_table('app.task_comment', array['text']);
call app.audit_table('app.task_link');
reset role;
