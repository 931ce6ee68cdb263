-- How clients give what is asked, at the portal or by a link that opens one list or one thing of it.
-- A link has no scope: only what these doors answer is seen by its holder.
set role app_owner;
-- The list and, of a narrower link, the thing that the acting link opens; no row for anybody else.
create function app.request_link_here() returns app.request_link
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  t uuid;
  found_link app.request_link;
begin
  if c.kind is distinct from 'link' or c.object_type not in ('request_list', 'request_item') then
    return null;
  end if;
  t := guard.link_opens(c.object_type, c.object_id);
  select * into found_link from app.request_link l
   where l.tenant_id = t and l.principal_id = c.principal
     and c.object_id = coalesce(l.item_id, l.list_id);
  return found_link;
end $$;

-- Whether a list is for the acting person: sent to them, or to whoever answers; staff see every one.
create function app.request_list_is_mine(p_list app.request_list) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select guard.is_staff() or p_list.sent_at is not null
     and (p_list.to_person is null or p_list.to_person = guard.user_id())
$$;

-- Whether a link of a list still opens it, for whoever sees the list: what is dead is neither mailed
-- nor handed out again.
create function app.request_link_lives(p_link uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from app.request_link l
                  where l.tenant_id = guard.tenant_id() and l.id = p_link
                    and l.tenant_id = any (guard.scope(l.line))
                    and guard.link_lives(l.principal_id))
$$;

-- A client whose work rests is read and not written, by its links too.
create function app.refuse_resting(p_link app.request_link) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
begin
  if p_link.id is not null and guard.link_writes(c.object_type, c.object_id) is null then
    raise exception 'client-rests' using errcode = 'BO409';
  end if;
end $$;

-- A link for one person of the client, or for a colleague by address. Whoever asks makes links to
-- lists; whoever answers hands single things on.
create function app.make_request_link(
  p_id uuid, p_list uuid, p_item uuid, p_person uuid, p_address text, p_name text, p_secret_sha text
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.tenant_id();
  x app.request_list;
  life constant interval := interval '30 days';
  made uuid;
begin
  select * into x from app.request_list l
   where l.tenant_id = t and l.id = p_list and l.state = 'open'
     and t = any (guard.scope(l.line)) and guard.writable(l.line) = t;
  if not found or not app.request_list_is_mine(x) or (p_item is not null and not exists (
      select from app.request_item i
       where i.tenant_id = t and i.id = p_item and i.list_id = x.id)) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if not guard.may('request.ask') and (p_item is null or not guard.may('request.answer')) then
    raise exception 'refused: a link to a list' using errcode = '42501';
  end if;
  -- nobody is named in it: it stands for whoever holds it
  made := guard.make_link(case when p_item is null then 'request_list' else 'request_item' end,
                          coalesce(p_item, p_list), life, p_secret_sha);
  insert into app.request_link (tenant_id, id, list_id, item_id, line, principal_id, person_id,
                                address, name, made_by, expires_at)
  values (t, p_id, x.id, p_item, x.line, made, p_person, p_address, coalesce(p_name, ''),
          guard.user_id(), now() + life);
  if p_item is not null then
    insert into app.request_act (tenant_id, item_id, line, act, text)
    values (t, p_item, x.line, 'handed_on', coalesce(nullif(p_name, ''), p_address, ''));
  end if;
  return made;
end $$;

-- The holder of a list's link hands one thing on to a colleague: the new link opens that thing
-- alone, lives no longer, and is mailed by a job.
create function app.hand_on_by_link(
  p_id uuid, p_item uuid, p_address text, p_name text, p_secret_sha text
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  own app.request_link := app.request_link_here();
  made uuid;
begin
  perform app.refuse_resting(own);
  if own.id is null or own.item_id is not null or not exists (
      select from app.request_item i join app.request_list l
          on l.tenant_id = i.tenant_id and l.id = i.list_id and l.state = 'open'
       where i.tenant_id = own.tenant_id and i.id = p_item and i.list_id = own.list_id) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if (select count(*) from app.request_link l
       where l.tenant_id = own.tenant_id and l.item_id = p_item) >= 10 then
    raise exception 'request-handed-on-often' using errcode = 'BO409';
  end if;
  made := guard.hand_on('request_item', p_item, p_secret_sha);
  insert into app.request_link (tenant_id, id, list_id, item_id, line, principal_id, address, name,
                                made_by, expires_at)
  values (own.tenant_id, p_id, own.list_id, p_item, own.line, made, p_address, coalesce(p_name, ''),
          null, own.expires_at);
  insert into app.request_act (tenant_id, item_id, line, act, text, by_link)
  values (own.tenant_id, p_item, own.line, 'handed_on', coalesce(nullif(p_name, ''), p_address),
          own.id);
  perform app.enqueue_for_link('requests.handed-on', jsonb_build_object('link', p_id),
                               'handed-on:' || p_id, own.line);
end $$;

-- What the holder of a link sees: the list with its things, of a narrower link that thing alone.
create function app.request_by_link() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  own app.request_link := app.request_link_here();
begin
  if own.id is null then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  return (
    select jsonb_build_object('id', l.id, 'state', l.state, 'due_on', l.due_on,
        'title', case when own.item_id is null then l.title else '' end,
        'message', case when own.item_id is null then l.message else '' end,
        'whole', own.item_id is null, 'for', own.name,
        'expires_at', own.expires_at,
        'items', (select jsonb_agg(jsonb_build_object('id', i.id, 'kind', i.kind,
              'title', i.title, 'hint', i.hint, 'state', i.state, 'reason', i.reason,
              'handed_to', case when own.item_id is null then (
                  select case when a.act = 'handed_on' then a.text end from app.request_act a
                   where a.tenant_id = i.tenant_id and a.item_id = i.id
                   order by a.id desc limit 1) end,
              'given', (select coalesce(jsonb_agg(jsonb_build_object('text', a.text,
                    'confirmed', a.confirmed, 'at', a.at, 'upload', u.state, 'code', u.code,
                    'file', u.name, 'mine', a.by_link = own.id) order by a.id), '[]')
                from app.request_act a
                left join app.upload u on u.tenant_id = a.tenant_id and u.id = a.upload_id
               where a.tenant_id = i.tenant_id and a.item_id = i.id and a.act = 'given'))
            order by i.position)
          from app.request_item i
         where i.tenant_id = l.tenant_id and i.list_id = l.id and i.state <> 'dropped'
           and (own.item_id is null or i.id = own.item_id)))
      from app.request_list l where l.tenant_id = own.tenant_id and l.id = own.list_id);
end $$;

-- The thing that may be given now, locked: by the holder of its link, or by who answers here.
create function app.request_item_to_give(p_item uuid) returns app.request_item
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  own app.request_link := app.request_link_here();
  t uuid := coalesce(own.tenant_id, guard.tenant_id());
  x app.request_item;
  of_list app.request_list;
begin
  perform app.refuse_resting(own);
  select i.* into x from app.request_item i
   where i.tenant_id = t and i.id = p_item
     and case when own.id is null
         then t = any (guard.scope(i.line)) and guard.writable(i.line) = t
              and guard.entitled('request.answer', 'request.ask')
         else i.list_id = own.list_id and i.id = coalesce(own.item_id, i.id) end
     for update;
  if not found or x.state = 'dropped' then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  select * into of_list from app.request_list l
   where l.tenant_id = t and l.id = x.list_id for share;
  if own.id is null and not app.request_list_is_mine(of_list) then
    raise exception 'not-found' using errcode = 'BO404';
  elsif of_list.state <> 'open' then
    raise exception 'request-list-ended' using errcode = 'BO409';
  elsif x.state = 'accepted' then
    raise exception 'request-item-accepted' using errcode = 'BO409';
  end if;
  return x;
end $$;

-- Something is given: words, a yes or no, a paper at the portal or an upload by a link.
create function app.give_request_item(
  p_item uuid, p_text text, p_confirmed boolean, p_document uuid, p_upload uuid
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  own app.request_link := app.request_link_here();
  x app.request_item := app.request_item_to_give(p_item);
begin
  if p_upload is not null and (own.id is null or not exists (
      select from app.upload u where u.tenant_id = x.tenant_id and u.id = p_upload
         and u.subject_type = 'request_item' and u.subject_id = x.id
         and u.principal_id = own.principal_id)) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  insert into app.request_act (tenant_id, item_id, line, act, text, confirmed, document_id,
                               upload_id, by_link)
  values (x.tenant_id, x.id, x.line, 'given', coalesce(p_text, ''), p_confirmed, p_document,
          p_upload, own.id);
  update app.request_item set state = 'given', reason = null, given_at = now(),
      version = version + 1
   where tenant_id = x.tenant_id and id = x.id;
end $$;

reset role;

do $$
declare f regprocedure;
begin
  foreach f in array array[
    'app.request_link_here()', 'app.refuse_resting(app.request_link)',
    'app.request_list_is_mine(app.request_list)', 'app.request_link_lives(uuid)', 'app.make_request_link(uuid, uuid, uuid, uuid, text, text, text)',
    'app.hand_on_by_link(uuid, uuid, text, text, text)', 'app.request_by_link()',
    'app.request_item_to_give(uuid)', 'app.give_request_item(uuid, text, boolean, uuid, uuid)']::regprocedure[]
  loop
    execute format('alter function %s owner to list_door', f);
    execute format('revoke all on function %s from public', f);
  end loop;
end $$;
grant execute on function app.request_link_lives(uuid), app.make_request_link(uuid, uuid, uuid, uuid, text, text, text),
  app.hand_on_by_link(uuid, uuid, text, text, text), app.request_by_link(),
  app.give_request_item(uuid, text, boolean, uuid, uuid) to app_rw, app_worker;
