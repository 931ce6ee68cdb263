-- Replies to our mails: what comes answers the one open thing the mail was about, or waits for staff to
-- place it. The address of a mail is bound to the mail and to whom it was for.
set role app_owner;

create table app.mail_reply_address (
  tenant_id uuid not null,
  id uuid not null,                                -- the mail that asks for replies
  line text not null,
  principal_id uuid not null,
  person_id uuid,                                  -- whom the mail was for
  link_id uuid,                                    -- or the link that was handed on
  made_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, principal_id),
  foreign key (tenant_id, id) references app.mail_message (tenant_id, id),
  foreign key (tenant_id, link_id) references app.request_link (tenant_id, id),
  check ((person_id is null) <> (link_id is null))
);

create table app.mail_reply (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  address_id uuid not null,
  upload_id uuid not null,                         -- the raw message: each is taken in once
  message_sha text not null check (length(message_sha) = 64),  -- sender, Message-ID and body
  person_id uuid,
  link_id uuid,
  text text not null default '' check (length(text) <= 4000),
  documents uuid[] not null default '{}' check (cardinality(documents) <= 101),
  paper_id uuid,                                   -- the whole message as a paper
  state text not null check (state in ('to_place', 'placed', 'put_aside', 'automated', 'held')),
  item_type text check (item_type in ('question', 'request_item')),
  item_id uuid,
  answer_id uuid,                                  -- what it became of a question
  came_at timestamptz not null default now(),
  decided_at timestamptz,
  decided_by uuid,
  version integer not null default 1,
  primary key (tenant_id, id),
  unique (tenant_id, upload_id),
  unique (tenant_id, address_id, message_sha),     -- handed over twice, it is one reply
  check ((state = 'placed') = (item_id is not null)),
  check ((item_type is null) = (item_id is null)),
  check ((answer_id is not null) = (item_type is not distinct from 'question')),
  foreign key (tenant_id, address_id) references app.mail_reply_address (tenant_id, id)
);
create index mail_reply_waiting on app.mail_reply (tenant_id, id) where state = 'to_place';

do $$
declare t text;
begin
  foreach t in array '{mail_reply_address, mail_reply}'::text[] loop
    execute format('call guard.protect_shared(%L)', 'app.' || t);
    execute format('call guard.admit(%L, %L, null)', 'app.' || t, 'list_door');
    execute format('grant select on app.%I to app_rw, app_worker, list_door', t);
    execute format('grant select, insert, update, delete on app.%I to app_restore', t);
    -- what came is the provider's to look at until it is placed
    execute format('create policy staff on app.%I as restrictive to app_rw, app_worker'
      ' using ((select guard.is_staff())) with check ((select guard.is_staff()))', t);
  end loop;
end $$;
grant insert (tenant_id, id, line, principal_id, person_id, link_id) on app.mail_reply_address
  to list_door;
grant insert (tenant_id, id, line, address_id, upload_id, message_sha, person_id, link_id, text,
  documents, paper_id, state)
  on app.mail_reply to app_worker;
grant update (state, decided_at, decided_by, version) on app.mail_reply to app_rw, app_worker;
grant update (state, documents, paper_id, item_type, item_id, answer_id, decided_at, decided_by,
  version) on app.mail_reply to list_door;
call guard.demand('app.mail_reply', '{insert,update}', '{request.ask}');
call guard.sign('app.mail_reply', '{decided_by}');
call guard.stamp('app.mail_reply', '{decided_at}');
-- Jobs take replies in; people only put aside what no thing takes, and back.
create policy taken_in on app.mail_reply as restrictive for insert to app_rw, app_worker
  with check ((select guard.entitled('request.ask'))
    and person_id is not distinct from (select a.person_id from app.mail_reply_address a
                where a.tenant_id = mail_reply.tenant_id and a.id = mail_reply.address_id)
    and link_id is not distinct from (select a.link_id from app.mail_reply_address a
                where a.tenant_id = mail_reply.tenant_id and a.id = mail_reply.address_id));
create function app.mail_reply_moves() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker') and current_user in ('app_rw', 'app_worker')
     and (old.state, new.state) not in (('to_place', 'put_aside'), ('put_aside', 'to_place')) then
    raise exception 'mail-reply-decided' using errcode = 'BO409';
  end if;
  return new;
end $$;
create trigger moves before update of state on app.mail_reply
  for each row when (new.state <> old.state) execute function app.mail_reply_moves();
call app.audit_table('app.mail_reply', array['text']);
grant select, update (state, answered_at, answered_by, closed_at, closed_by, version)
  on app.question to list_door;
grant select, insert (tenant_id, id, question_id, line, text, files, answered_by), delete
  on app.answer to list_door;
grant delete on app.request_act to list_door;
grant select on app.held_file to list_door;
call guard.admit('app.held_file', 'list_door', null);
call guard.admit('app.question', 'list_door', null);
call guard.admit('app.answer', 'list_door', null);

-- The address of a mail that a job has just written.
create function app.make_mail_reply_address(
  p_mail uuid, p_line text, p_person uuid, p_link uuid, p_secret_sha text
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into app.mail_reply_address (tenant_id, id, line, principal_id, person_id, link_id)
  values (guard.tenant_id(), p_mail, p_line,
          guard.make_reply_address('mail_reply_address', p_mail, interval '60 days', p_secret_sha),
          p_person, p_link);
end $$;

-- A raw reply begins its upload; it is read when it has been kept.
create function app.open_reply_upload(p_name text, p_size bigint, p_sha text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  a app.mail_reply_address;
begin
  select * into a from app.mail_reply_address where tenant_id = c.tenant and id = c.object_id;
  if not found or c.object_type is distinct from 'mail_reply_address' then
    raise exception 'refused: mail' using errcode = '42501';
  end if;
  return app.open_upload_by_link(a.line, 'normal', p_name, p_size, p_sha, 'mail_reply_address',
                                 a.id, 'reply');
end $$;

-- The reply to be placed, locked: by the job that took it in, or by staff who ask the client.
create function app.mail_reply_to_place(p_reply uuid) returns app.mail_reply
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r app.mail_reply;
begin
  select * into r from app.mail_reply x
   where x.tenant_id = guard.tenant_id() and x.id = p_reply and guard.is_staff()
     and x.tenant_id = any (guard.scope(x.line)) and guard.writable(x.line) = x.tenant_id
     and guard.entitled('request.ask')
     for update;
  if not found then
    raise exception 'not-found' using errcode = 'BO404';
  elsif r.state <> 'to_place' then
    raise exception 'mail-reply-decided' using errcode = 'BO409';
  end if;
  return r;
end $$;

create function app.place_mail_reply(p_reply uuid, p_type text, p_item uuid, p_answer uuid)
returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update app.mail_reply set state = 'placed', item_type = p_type, item_id = p_item,
      answer_id = p_answer,
      decided_at = now(), decided_by = guard.user_id(), version = version + 1
   where tenant_id = guard.tenant_id() and id = p_reply
$$;

-- A reply becomes what was given for a thing: its words and papers as they came, of whom they came.
create function app.give_by_reply(p_reply uuid, p_item uuid, p_confirmed boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r app.mail_reply := app.mail_reply_to_place(p_reply);
  x app.request_item := app.request_item_to_give(p_item);
begin
  if x.kind = 'file' and r.documents = '{}' then
    raise exception 'request-file-missing' using errcode = 'BO409';
  elsif x.kind = 'answer' and r.text = '' then
    raise exception 'request-answer-missing' using errcode = 'BO409';
  elsif x.kind = 'confirmation' and p_confirmed is null then
    raise exception 'request-confirmation-missing' using errcode = 'BO409';
  end if;
  insert into app.request_act (tenant_id, item_id, line, act, text, confirmed, document_id,
                               by_person, by_link, reply_id)
  select x.tenant_id, x.id, x.line, 'given', case when d.no = 1 then r.text else '' end,
         case when x.kind = 'confirmation' then p_confirmed end, d.id, r.person_id, r.link_id,
         r.id
    from unnest(case when r.documents = '{}' then array[null::uuid] else r.documents end)
         with ordinality d(id, no);
  update app.request_item set state = 'given', reason = null, given_at = now(),
      version = version + 1
   where tenant_id = x.tenant_id and id = x.id;
  perform app.place_mail_reply(p_reply, 'request_item', p_item, null);
end $$;

-- A reply becomes the answer to a question, of whom it came.
create function app.answer_by_reply(p_reply uuid, p_question uuid, p_answer uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r app.mail_reply := app.mail_reply_to_place(p_reply);
  q app.question;
begin
  select * into q from app.question x
   where x.tenant_id = r.tenant_id and x.id = p_question and x.direction = 'to_client'
     and x.tenant_id = any (guard.scope(x.line)) and guard.writable(x.line) = x.tenant_id
     for update;
  if not found or r.person_id is null then
    raise exception 'not-found' using errcode = 'BO404';
  elsif q.state = 'withdrawn' then
    raise exception 'question-withdrawn' using errcode = 'BO409';
  elsif r.text = '' and r.documents = '{}' then
    raise exception 'request-answer-missing' using errcode = 'BO409';
  end if;
  insert into app.answer (tenant_id, id, question_id, line, text, files, answered_by)
  values (q.tenant_id, p_answer, q.id, q.line, r.text, cardinality(r.documents), r.person_id);
  update app.question set state = 'answered', answered_at = coalesce(answered_at, now()),
      answered_by = coalesce(answered_by, r.person_id), closed_at = null, closed_by = null,
      version = version + 1
   where tenant_id = q.tenant_id and id = q.id;
  perform app.place_mail_reply(p_reply, 'question', p_question, p_answer);
end $$;

-- A held file that came with a reply was let in: it is the whole message, or one of its papers.
create function app.add_to_mail_reply(p_reply uuid, p_document uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  h app.held_file;
begin
  select * into h from app.held_file x
   where x.tenant_id = guard.tenant_id() and x.subject_type = 'mail_reply'
     and x.subject_id = p_reply and x.document_id = p_document and guard.is_staff();
  update app.mail_reply r set version = r.version + 1,
      paper_id = case when u.held_id = h.id then p_document else r.paper_id end,
      documents = case when u.held_id = h.id then r.documents else r.documents || p_document end
    from app.upload u
   where r.tenant_id = h.tenant_id and r.id = h.subject_id and u.tenant_id = r.tenant_id
     and u.id = r.upload_id and cardinality(r.documents) < 100
     and not p_document = any (r.documents);
end $$;

-- Within a day, whoever placed a reply takes that back: what it gave is gone, and it waits again.
create function app.take_back_mail_reply(p_reply uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  r app.mail_reply;
  gone boolean := false;
begin
  select * into r from app.mail_reply x
   where x.tenant_id = guard.tenant_id() and x.id = p_reply and guard.is_staff()
     and x.tenant_id = any (guard.scope(x.line)) and guard.writable(x.line) = x.tenant_id
     and guard.entitled('request.ask') and x.decided_by = guard.user_id()
     for update;
  if not found then
    raise exception 'not-found' using errcode = 'BO404';
  elsif r.state = 'placed' and r.decided_at >= now() - interval '24 hours' then
    if r.item_type = 'question' then gone := app.unanswer_by_reply(r);
    else gone := app.ungive_by_reply(r); end if;
  end if;
  if not gone then
    raise exception 'mail-reply-taken-up' using errcode = 'BO409';
  end if;
  update app.mail_reply set state = 'to_place', item_type = null, item_id = null,
      answer_id = null, decided_at = null, decided_by = null, version = version + 1
   where tenant_id = r.tenant_id and id = r.id;
end $$;

-- False where the question was settled meanwhile. Other answers stay, the first of them first.
create function app.unanswer_by_reply(r app.mail_reply) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  first app.answer;
begin
  perform from app.question q where q.tenant_id = r.tenant_id and q.id = r.item_id
      and q.state = 'answered' for update;
  if not found then return false; end if;
  delete from app.answer a where a.tenant_id = r.tenant_id and a.id = r.answer_id;
  select * into first from app.answer a
   where a.tenant_id = r.tenant_id and a.question_id = r.item_id order by a.id limit 1;
  update app.question set state = case when first.id is null then 'waiting' else 'answered' end,
      answered_at = first.answered_at, answered_by = first.answered_by, version = version + 1
   where tenant_id = r.tenant_id and id = r.item_id;
  return true;
end $$;

-- False where the thing was accepted or sent back meanwhile, or its list ended. What else was given
-- stays; without it the thing waits as before, with the reason that it was sent back for.
create function app.ungive_by_reply(r app.mail_reply) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  back app.request_act;
  given timestamptz;
begin
  perform from app.request_item i join app.request_list l
      on l.tenant_id = i.tenant_id and l.id = i.list_id and l.state = 'open'
    where i.tenant_id = r.tenant_id and i.id = r.item_id and i.state = 'given' for update of i;
  if not found then return false; end if;
  delete from app.request_act a
   where a.tenant_id = r.tenant_id and a.item_id = r.item_id and a.reply_id = r.id;
  select * into back from app.request_act a
   where a.tenant_id = r.tenant_id and a.item_id = r.item_id and a.act = 'sent_back'
   order by a.id desc limit 1;
  select max(a.at) into given from app.request_act a
   where a.tenant_id = r.tenant_id and a.item_id = r.item_id and a.act = 'given';
  update app.request_item set given_at = coalesce(given, back.at), version = version + 1,
      state = case when given > coalesce(back.at, '-infinity') then 'given'
                   when back.id is not null then 'sent_back' else 'waiting' end,
      reason = case when given > coalesce(back.at, '-infinity') then null else back.text end
   where tenant_id = r.tenant_id and id = r.item_id;
  return true;
end $$;
reset role;

grant insert (by_person, reply_id) on app.request_act to list_door;
do $$
declare f regprocedure;
begin
  foreach f in array array[
    'app.make_mail_reply_address(uuid, text, uuid, uuid, text)',
    'app.open_reply_upload(text, bigint, text)', 'app.mail_reply_to_place(uuid)',
    'app.place_mail_reply(uuid, text, uuid, uuid)', 'app.give_by_reply(uuid, uuid, boolean)',
    'app.answer_by_reply(uuid, uuid, uuid)', 'app.add_to_mail_reply(uuid, uuid)',
    'app.take_back_mail_reply(uuid)', 'app.unanswer_by_reply(app.mail_reply)',
    'app.ungive_by_reply(app.mail_reply)']::regprocedure[]
  loop
    execute format('alter function %s owner to list_door', f);
    execute format('revoke all on function %s from public', f);
  end loop;
end $$;
grant execute on function app.open_reply_upload(text, bigint, text),
  app.give_by_reply(uuid, uuid, boolean), app.answer_by_reply(uuid, uuid, uuid),
  app.add_to_mail_reply(uuid, uuid), app.take_back_mail_reply(uuid)
  to app_rw, app_worker;
grant execute on function app.make_mail_reply_address(uuid, text, uuid, uuid, text) to app_worker;
