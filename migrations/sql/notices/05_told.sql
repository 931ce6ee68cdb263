-- What the tables tell by themselves, because whoever does it has no client of their own: the holder
-- of a link, the dispatcher, a step of signing in.
set role app_owner;
do $$
declare t text;
begin
  foreach t in array '{request_list, request_item, request_act, document_share}'::text[] loop
    execute format('call guard.admit(%L, %L, null)', 'app.' || t, 'notice_door');
    execute format('grant select on app.%I to notice_door', t);
  end loop;
end $$;

-- A thing of a list was given: whoever made the list hears of it, and once more when it was the last.
-- It was sent back: whoever gave it hears of it, else everybody of the client who may answer.
create function app.tell_given() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  l app.request_list;
  told jsonb := '[]';
  giver uuid;
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  select * into l from app.request_list x where x.tenant_id = new.tenant_id and x.id = new.list_id;
  if new.given_at is distinct from old.given_at then
    told := told || jsonb_build_object('kind', 'request.given', 'subject_type', 'request_list',
      'subject_key', new.list_id, 'line', new.line, 'class', 'normal', 'person', l.made_by,
      'side', 'provider', 'adds', true, 'own', false, 'mail', 'digest');
    if not exists (select from app.request_item i where i.tenant_id = new.tenant_id
                     and i.list_id = new.list_id and i.state in ('waiting', 'sent_back')) then
      told := told || jsonb_build_object('kind', 'request.all-given', 'subject_type', 'request_list',
        'subject_key', new.list_id, 'line', new.line, 'class', 'normal', 'person', l.made_by,
        'side', 'provider', 'adds', false, 'own', false, 'mail', 'digest');
    end if;
  elsif new.state = 'sent_back' and old.state <> 'sent_back' then
    select a.by_person into giver from app.request_act a
     where a.tenant_id = new.tenant_id and a.item_id = new.id and a.act = 'given'
     order by a.id desc limit 1;
    told := told || jsonb_build_object('kind', 'request.sent-back', 'subject_type', 'request_list',
      'subject_key', new.list_id, 'line', new.line, 'class', 'normal', 'person', giver,
      'permission', 'request.answer', 'side', 'client', 'adds', true, 'own', false, 'mail', 'off');
  end if;
  if told <> '[]' then
    perform app.put_notices(new.tenant_id, guard.user_id(), told);
  end if;
  return null;
end $$;
create trigger tell_given after update of state, given_at on app.request_item
  for each row when (new.given_at is distinct from old.given_at or new.state <> old.state)
  execute function app.tell_given();

-- A shared paper was looked at: whoever shared it hears of it.
create function app.tell_shared() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  perform app.put_notices(new.tenant_id, guard.user_id(), jsonb_build_array(jsonb_build_object(
    'kind', 'share.opened', 'subject_type', 'document', 'subject_key', new.document_id,
    'line', new.line, 'class', new.class, 'person', new.made_by, 'adds', true, 'own', false,
    'mail', 'off')));
  return null;
end $$;
create trigger tell_shared after update of views on app.document_share
  for each row when (new.views > old.views) execute function app.tell_shared();

-- A person's job that no attempt could finish: an import, an export, a mail that was to be read in.
create function app.tell_dead_job() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform app.put_notices(new.tenant_id, null, jsonb_build_array(jsonb_build_object(
    'kind', 'job.failed', 'subject_type', 'job', 'subject_key', new.id, 'line', new.line,
    'class', 'normal', 'person', new.actor, 'side', 'provider', 'adds', false, 'own', true, 'mail', 'digest')));
  return null;
end $$;
create trigger tell_dead after update of state on app.job
  for each row when (new.state = 'dead' and old.state <> 'dead' and new.principal_id is not null)
  execute function app.tell_dead_job();
reset role;

-- The safety of an account: told to its person where they are at home, and never stopped.
set role guard_owner;
create function guard.tell_person(p_tenant uuid, p_person uuid, p_kind text, p_type text,
                                  p_key text, p_actor uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if p_tenant is not null then
    perform app.put_notices(p_tenant, p_actor, jsonb_build_array(jsonb_build_object(
      'kind', p_kind, 'subject_type', p_type, 'subject_key', p_key, 'line', 'member',
      'class', 'normal', 'person', p_person, 'adds', true, 'own', true, 'mail', 'at_once')));
  end if;
end $$;

-- A session from a device that the person has not used in the last year.
create function guard.tell_new_device() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  who uuid;
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  select p.user_id into who from guard.principal p
   where p.id = new.principal_id and p.kind = 'person';
  if who is not null
     and exists (select from guard.session_note s join guard.principal p on p.id = s.principal_id
                  where p.user_id = who and p.kind = 'person' and s.principal_id <> new.principal_id)
     and not exists (select from guard.session_note s join guard.principal p on p.id = s.principal_id
                  where p.user_id = who and p.kind = 'person' and s.principal_id <> new.principal_id
                    and s.device = new.device and s.opened_at > now() - interval '1 year') then
    perform guard.tell_person(guard.home_of(who), who, 'security.sign-in', 'session',
      new.principal_id::text, null);
  end if;
  return null;
end $$;
create trigger tell_new_device after insert on guard.session_note
  for each row execute function guard.tell_new_device();

-- A password, an authenticator or a passkey was added, changed or taken away: told once, at the end
-- of the transaction, in which a change takes the old one away and adds the new. Sealing one anew
-- under another key changes nothing for its person.
create function guard.tell_credential() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  who uuid := coalesce(new.person_id, old.person_id);
begin
  if session_user not in ('app_rw', 'app_worker')
     or tg_op = 'DELETE' and exists (
       select from guard.credential k where k.person_id = old.person_id and k.kind = old.kind
          and k.made_at = now()) then
    return null;
  end if;
  if exists (select from guard.principal p where p.user_id = who and p.kind = 'person') then
    perform guard.tell_person(guard.home_of(who), who, 'security.factor', 'credential',
      coalesce(new.kind, old.kind), null);
  end if;
  return null;
end $$;
create constraint trigger tell_credential after insert or delete on guard.credential
  deferrable initially deferred for each row execute function guard.tell_credential();

-- Somebody was given access: they hear of it in that client.
create function guard.tell_grant() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  -- who has never been here learns of it by the invitation
  if exists (select from guard.principal p where p.user_id = new.user_id and p.kind = 'person') then
    perform guard.tell_person(new.tenant_id, new.user_id, 'security.grant', 'membership',
      new.id::text, null);
  end if;
  return null;
end $$;
create trigger tell_grant after insert on guard.membership
  for each row execute function guard.tell_grant();
reset role;
do $$
declare f regprocedure;
begin
  foreach f in array array['app.tell_given()', 'app.tell_shared()', 'app.tell_dead_job()']::regprocedure[]
  loop
    execute format('alter function %s owner to notice_door', f);
    execute format('revoke all on function %s from public', f);
  end loop;
end $$;
revoke all on function guard.tell_person(uuid, uuid, text, text, text, uuid),
  guard.tell_new_device(), guard.tell_credential(), guard.tell_grant() from public;
grant usage on schema app to guard_owner;
grant execute on function app.put_notices(uuid, uuid, jsonb) to guard_owner;
