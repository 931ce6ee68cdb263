-- Questions with what they are about, their answers, what was mailed about them, and notes.
set role app_owner;

create table app.question (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  direction text not null default 'to_client' check (direction in ('to_client', 'to_provider')),
  text text not null check (length(text) between 1 and 4000),
  chips text[] not null default '{}' check (cardinality(chips) <= 6),
  wants_file boolean not null default false,
  to_person uuid,                                 -- null: whoever of the client may answer
  state text not null default 'waiting'
    check (state in ('waiting', 'answered', 'done', 'withdrawn')),
  asked_by uuid not null default guard.user_id(),
  asked_at timestamptz not null default now(),
  reminded_at timestamptz,                        -- to stand in the next mail once more
  answered_at timestamptz,                        -- the first answer
  answered_by uuid,
  closed_at timestamptz,                          -- done or withdrawn
  closed_by uuid,
  version integer not null default 1,
  primary key (tenant_id, id),
  unique (tenant_id, id, line),                   -- what hangs on it stands on its line
  check (state <> 'answered' or answered_at is not null),
  check ((answered_at is null) = (answered_by is null)),
  check ((state in ('done', 'withdrawn')) = (closed_at is not null)),
  check ((closed_at is null) = (closed_by is null))
);
create index question_newest on app.question (tenant_id, asked_at desc, id desc);
create index question_open on app.question (tenant_id, state, direction, asked_at)
  where state in ('waiting', 'answered');

-- What a question is about: bank lines, entries, a report's cell; in the asker's order.
create table app.question_subject (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  question_id uuid not null,
  line text not null,
  position integer not null check (position >= 0),
  subject_type text not null check (subject_type ~ '^[a-z][a-z_]{0,59}$'),
  subject_key text not null check (length(subject_key) between 1 and 200),
  primary key (tenant_id, id),
  unique (tenant_id, question_id, position),
  foreign key (tenant_id, question_id, line) references app.question (tenant_id, id, line)
);
create index question_subject_of on app.question_subject (tenant_id, subject_type, subject_key);

-- Nothing that was answered is ever changed or lost: a second answer is one more row.
create table app.answer (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  question_id uuid not null,
  line text not null,
  chip text check (length(chip) between 1 and 60),
  text text not null default '' check (length(text) <= 4000),
  files integer not null default 0 check (files >= 0),
  answered_by uuid not null default guard.user_id(),
  answered_at timestamptz not null default now(),
  primary key (tenant_id, id),
  check (chip is not null or text <> '' or files > 0),
  foreign key (tenant_id, question_id, line) references app.question (tenant_id, id, line)
);
create index answer_of on app.answer (tenant_id, question_id, id);

-- What stood in whose mail of which (their own) day: questions, lists, approvals, new reports.
create table app.day_mailing (
  tenant_id uuid not null,
  person_id uuid not null,
  mailed_on date not null,
  item_type text not null check (item_type ~ '^[a-z][a-z_]{0,59}$'),
  item_id uuid not null,
  line text not null,
  mail_id uuid not null,
  primary key (tenant_id, person_id, mailed_on, item_type, item_id)
);

create table app.note (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  subject_type text not null check (subject_type ~ '^[a-z][a-z_]{0,59}$'),
  subject_key text not null check (length(subject_key) between 1 and 200),
  audience text not null check (audience in ('team', 'sent_back', 'client', 'to_provider')),
  text text not null check (length(text) between 1 and 4000),
  to_person uuid,                                 -- whose to-do a sent back thing is
  question_id uuid,                               -- what a note to the provider became
  written_by uuid not null default guard.user_id(),
  written_at timestamptz not null default now(),
  done_at timestamptz,                            -- a sent back thing put right
  done_by uuid,
  removed_at timestamptz,
  removed_by uuid,
  primary key (tenant_id, id),
  check ((done_at is null) = (done_by is null)),
  check ((removed_at is null) = (removed_by is null)),
  check ((audience = 'to_provider') = (question_id is not null)),
  foreign key (tenant_id, question_id, line) references app.question (tenant_id, id, line)
);
create index note_of on app.note (tenant_id, subject_type, subject_key, id);
create index note_sent_back on app.note (tenant_id, written_at)
  where audience = 'sent_back' and done_at is null and removed_at is null;
create index note_question on app.note (tenant_id, question_id);

do $$
declare t text;
begin
  foreach t in array '{question, question_subject, answer, day_mailing, note}'::text[] loop
    execute format('call guard.protect_shared(%L)', 'app.' || t);
    execute format('grant select on app.%I to app_rw, app_worker', t);
    execute format('grant select, insert, update, delete on app.%I to app_restore', t);
  end loop;
end $$;
-- Who asked, answered and wrote is whoever acts: login roles cannot write those columns.
grant insert (tenant_id, id, line, direction, text, chips, wants_file, to_person)
  on app.question to app_rw, app_worker;
grant update (state, reminded_at, answered_at, answered_by, closed_at, closed_by, version)
  on app.question to app_rw, app_worker;
grant insert (tenant_id, question_id, line, position, subject_type, subject_key)
  on app.question_subject to app_rw, app_worker;
grant insert (tenant_id, id, question_id, line, chip, text, files)
  on app.answer to app_rw, app_worker;
grant insert (tenant_id, person_id, mailed_on, item_type, item_id, line, mail_id)
  on app.day_mailing to app_worker;
grant insert (tenant_id, id, line, subject_type, subject_key, audience, text, to_person, question_id)
  on app.note to app_rw, app_worker;
grant update (done_at, done_by, removed_at, removed_by) on app.note to app_rw, app_worker;

call guard.demand('app.question', '{update}', '{request.ask,request.answer}');
call guard.demand('app.answer', '{insert}', '{request.ask,request.answer}');
call guard.demand('app.question_subject', '{insert}', '{request.ask,request.answer}');
call guard.demand('app.note', '{insert,update}', '{request.ask,request.answer}');
call guard.sign('app.question', '{closed_by}');
call guard.sign('app.note', '{done_by,removed_by}');
call guard.stamp('app.question', '{reminded_at,answered_at,closed_at}');
call guard.stamp('app.note', '{done_at,removed_at}');
-- Staff ask the client, the client asks the provider.
create policy asks on app.question as restrictive for insert to app_rw, app_worker
  with check (case direction
    when 'to_client' then (select guard.entitled('request.ask')) and (select guard.is_staff())
    else (select guard.entitled('request.answer')) and not (select guard.is_staff()) end);
-- What the team writes for itself is read and written by staff only.
create policy audience on app.note as restrictive to app_rw, app_worker
  using (audience in ('client', 'to_provider') or (select guard.is_staff()))
  with check (case audience
    when 'to_provider' then (select guard.entitled('request.answer'))
    else (select guard.entitled('request.ask')) and (select guard.is_staff()) end);

-- A question is answered where there is an answer, and ended by whoever may ask.
create function app.question_moves() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker') and (
      new.state = 'answered' and not exists (select from app.answer a
        where a.tenant_id = new.tenant_id and a.question_id = new.id)
      or new.state in ('done', 'withdrawn') and not guard.entitled('request.ask')) then
    raise exception 'refused: the state of a question' using errcode = '42501';
  end if;
  return new;
end $$;
create trigger question_moves before update of state on app.question
  for each row when (new.state <> old.state) execute function app.question_moves();

-- Who answered first is whose answer stands there: an answer names its writer by itself (a reply by
-- mail is written down by a job, in the name of whom the mail was for).
create function app.question_answerer() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker') and not exists (select from app.answer a
      where a.tenant_id = new.tenant_id and a.question_id = new.id
        and a.answered_by = new.answered_by) then
    raise exception 'refused: another person in answered_by' using errcode = '42501';
  end if;
  return new;
end $$;
create trigger signed_answered_by before update of answered_by on app.question
  for each row when (new.answered_by is not null
                     and new.answered_by is distinct from old.answered_by)
  execute function app.question_answerer();

call app.audit_table('app.question', array['text']);
call app.audit_table('app.answer', array['text', 'chip']);
call app.audit_table('app.note', array['text']);
reset role;
