-- Writing, counting, reading and mailing notices.
set role app_owner;
-- The names of clients, for a digest over all of them.
create policy names on app.client for select to notice_door using (true);
grant select (tenant_id, slug, name) on app.client to notice_door;

-- How somebody wants a kind: what they chose, else what the kind proposes; safety is always mailed.
create function app.notice_wish(p_owner uuid, p_kind text, p_mail text, out in_app boolean,
                                out by_mail text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(c.in_app, true),
         case when p_kind like 'security.%' then coalesce(nullif(c.by_mail, 'off'), p_mail)
              when exists (select from app.notice_choice x where x.owner_id = p_owner
                             and x.kind = '*' and x.by_mail = 'off') then 'off'
              else coalesce(c.by_mail, p_mail) end
    from (select 1) one
    left join lateral (select x.in_app, x.by_mail from app.notice_choice x
       where x.owner_id = p_owner and x.kind = p_kind order by x.changed_at desc limit 1) c on true
$$;

-- Writes what was told, set by set: to each named person, or to whoever holds the permission, if
-- they may read it now; never to whoever did it (unless `own`, what one's own job tells). True when
-- somebody is to be mailed at once.
create function app.put_notices(p_tenant uuid, p_actor uuid, p jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  urgent boolean;
begin
  with told as materialized (
    select * from jsonb_to_recordset(p) x(kind text, subject_type text, subject_key text, line text,
      class text, person uuid, permission text, side text, adds boolean, own boolean, mail text)
  ), who as materialized (
    select * from guard.notice_readers(p_tenant,
      array(select distinct t.permission from told t where t.permission is not null))
  ), meant as (
    select t.*, w.person_id, w.side as stands, w.lines, w.classes
      from told t join who w on w.person_id = t.person
    union all
    select t.*, w.person_id, w.side, w.lines, w.classes
      from told t join who w on t.permission = any (w.permissions) where t.person is null
  ), mine as (
    select m.kind, m.subject_type, m.subject_key, m.line, m.class, m.person_id, m.stands,
           bool_or(m.adds) as adds, min(m.mail) as mail, count(*)::int as n
      from meant m
     where m.line = any (m.lines) and (m.class = 'normal' or m.class = any (m.classes))
       and (m.side is null or m.side = m.stands)
       and (m.own or m.person_id is distinct from p_actor)
     group by m.kind, m.subject_type, m.subject_key, m.line, m.class, m.person_id, m.stands
  ), wished as (
    select m.*, w.in_app,  -- the client's people have one mail a day, and those of their safety
           case when m.stands = 'provider' or m.kind like 'security.%' then w.by_mail
                else 'off' end as wish
      from mine m
      join (select k.person_id, k.kind, (app.notice_wish(k.person_id, k.kind, k.mail)).*
              from (select distinct person_id, kind, mail from mine) k) w
        on w.person_id = m.person_id and w.kind = m.kind
  ), put as (
    insert into app.notice as n (tenant_id, line, class, owner_id, kind, subject_type, subject_key,
        actor_id, adds, count, in_app, mail, to_mail)
    select p_tenant, w.line, w.class, w.person_id, w.kind, w.subject_type, w.subject_key, p_actor,
           w.adds, case when w.adds then w.n else 1 end, w.in_app, w.wish, w.wish <> 'off'
      from wished w where w.in_app or w.wish <> 'off'
     order by w.person_id, w.kind, w.subject_type, w.subject_key
    on conflict (tenant_id, owner_id, kind, subject_type, subject_key) where read_at is null
    do update set count = case when excluded.adds then n.count + excluded.count else n.count end,
      line = excluded.line, class = excluded.class, actor_id = excluded.actor_id,
      in_app = excluded.in_app, mail = excluded.mail, last_at = now(),
      -- an unread notice that was mailed says nothing new unless it counts
      to_mail = excluded.to_mail and (excluded.adds or n.mailed_at is null)
    returning n.mail
  )
  select bool_or(put.mail = 'at_once') into urgent from put;
  return coalesce(urgent, false);
end $$;

-- What people and jobs tell of: in the open client, on lines the teller reaches. Only a job of the
-- system tells also those in whose name it runs (`own`). What concerns the
-- safety of an account and the end of a job is told by the database alone.
create function app.tell_notices(p jsonb) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  t uuid := guard.tenant_id();
begin
  if c.kind = 'link' then
    return false;                         -- what its holder does, the tables themselves tell
  end if;
  if t is null or jsonb_array_length(p) > 20000
     or exists (select from jsonb_to_recordset(p) x(kind text, own boolean)
                 where x.own and c.mode <> 'j' or x.kind is null or x.kind ~ '^(security|job)\.')
     or c.mode <> 'j' and exists (
       select from (select distinct x.line from jsonb_to_recordset(p) x(line text)) l
        where l.line is null or t <> all (guard.scope(l.line))) then
    raise exception 'refused: notices' using errcode = '42501';
  end if;
  return app.put_notices(t, c.person, p);
end $$;

-- How many unread notices the acting person has over all clients, at most a hundred: of the newest
-- five hundred, those on lines that are still theirs.
create function app.count_my_notices() returns integer
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  me uuid := guard.user_id();
  found record;
begin
  select array_agg(distinct n.line) as lines, bool_or(n.class <> 'normal') as classed into found
    from (select x.line, x.class from app.notice x
           where x.owner_id = me and x.in_app and x.read_at is null
           order by x.last_at desc, x.id desc limit 500) n;
  if found.lines is null then
    return 0;
  end if;
  return (
    with reach as materialized (
      select l.line, guard.my_reach(l.line) as tenants from unnest(found.lines) l(line)
    ), classes as materialized (
      select case when found.classed then guard.my_classes() end as held
    )
    select count(*) from (
      select from (select x.tenant_id, x.line, x.class from app.notice x
                    where x.owner_id = me and x.in_app and x.read_at is null
                    order by x.last_at desc, x.id desc limit 500) n
        join reach r on r.line = n.line and n.tenant_id = any (r.tenants)
       where n.class = 'normal'
          or n.tenant_id || ':' || n.class = any ((select held from classes)::text[])
       limit 100) seen);
end $$;

-- Marks one's own as read: these, or (ids null) all that a filter shows. All are stamped with one
-- moment, by which the way back finds them.
create function app.read_notices(p_ids uuid[], p_kind text, p_client uuid, out n bigint,
                                 out at timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  me uuid := guard.user_id();
  here uuid[] := guard.my_reach('member');
begin
  at := clock_timestamp();
  if p_ids is not null then
    update app.notice x set read_at = at
     where x.tenant_id = any (here) and x.id = any (p_ids) and x.owner_id = me
       and x.read_at is null and (c.lines is null or x.line = any (c.lines));
  else
    with mine as materialized (
      select x.tenant_id, x.id, x.line, x.class from app.notice x
       where x.owner_id = me and x.in_app and x.read_at is null
         and (p_kind is null or x.kind = p_kind) and (p_client is null or x.tenant_id = p_client)
         and x.tenant_id = any (here) and (c.lines is null or x.line = any (c.lines))
    ), reach as materialized (
      select l.line, guard.my_reach(l.line) as tenants from (select distinct line from mine) l
    ), classes as materialized (
      select case when exists (select from mine where class <> 'normal')
                  then guard.my_classes() end as held
    )
    update app.notice x set read_at = at
      from mine n join reach r on r.line = n.line and n.tenant_id = any (r.tenants)
     where x.tenant_id = n.tenant_id and x.id = n.id
       and (n.class = 'normal'
         or n.tenant_id || ':' || n.class = any ((select held from classes)::text[]));
  end if;
  get diagnostics n = row_count;
end $$;

-- Opens one: marks it read and says where it leads, if its line is still the reader's.
create function app.open_notice(p_id uuid)
returns table (client text, kind text, subject_type text, subject_key text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  me uuid := guard.user_id();
  x app.notice;
begin
  select n.* into x from app.notice n
   where n.tenant_id = any (guard.my_reach('member')) and n.id = p_id and n.owner_id = me and n.in_app;
  if x.id is null or x.tenant_id <> all (guard.my_reach(x.line))
     or x.class <> 'normal' and x.tenant_id || ':' || x.class <> all (guard.my_classes()) then
    return;
  end if;
  update app.notice n set read_at = clock_timestamp()
   where n.tenant_id = x.tenant_id and n.id = x.id and n.read_at is null;
  return query select k.slug, x.kind, x.subject_type, x.subject_key
    from app.client k where k.tenant_id = x.tenant_id;
end $$;

-- A client of the acting person by its slug, from inside their home too.
create function app.notice_client(p_slug text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select k.tenant_id from app.client k
   where k.slug = p_slug and k.tenant_id = any (guard.my_reach('member'))
$$;

-- The way back: unread again, by their ids or by the moment they were read at together. Where the
-- same came anew meanwhile, that one stays the unread one. Nothing is mailed because of it.
create function app.unread_notices(p_ids uuid[], p_at timestamptz) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  me uuid := guard.user_id();
  here uuid[] := guard.my_reach('member');
  k bigint;
begin
  with back as (
    select distinct on (x.tenant_id, x.kind, x.subject_type, x.subject_key) x.tenant_id, x.id
      from app.notice x
     where x.owner_id = me and (x.read_at = p_at or p_at is null and x.read_at is not null)
       and (p_ids is null and p_at is not null or x.id = any (p_ids))
       and x.tenant_id = any (here)
       and (c.lines is null or x.line = any (c.lines))
       and not exists (select from app.notice y
         where y.tenant_id = x.tenant_id and y.owner_id = me and y.kind = x.kind
           and y.subject_type = x.subject_type and y.subject_key = x.subject_key
           and y.read_at is null)
     order by x.tenant_id, x.kind, x.subject_type, x.subject_key, x.last_at desc
  )
  update app.notice x set read_at = null, to_mail = false from back
   where x.tenant_id = back.tenant_id and x.id = back.id;
  get diagnostics k = row_count;
  return k;
end $$;

-- Ends what was read three months ago, and what nobody read within a year; in the open client, for
-- its own job.
create function app.forget_notices() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  k bigint;
begin
  if c.mode is distinct from 'j' then
    raise exception 'refused: forgetting' using errcode = '42501';
  end if;
  delete from app.notice n
   where n.tenant_id = c.tenant and n.last_at < now() - interval '90 days'
     and (n.read_at < now() - interval '90 days' or n.last_at < now() - interval '1 year');
  get diagnostics k = row_count;
  return k;
end $$;
reset role;
do $$
declare f regprocedure;
begin
  foreach f in array array['app.notice_wish(uuid, text, text)', 'app.put_notices(uuid, uuid, jsonb)',
    'app.tell_notices(jsonb)', 'app.count_my_notices()', 'app.read_notices(uuid[], text, uuid)',
    'app.open_notice(uuid)', 'app.notice_client(text)',
    'app.unread_notices(uuid[], timestamptz)',
    'app.forget_notices()']::regprocedure[] loop
    execute format('alter function %s owner to notice_door', f);
    execute format('revoke all on function %s from public', f);
  end loop;
end $$;
grant execute on function app.tell_notices(jsonb), app.count_my_notices(),
  app.read_notices(uuid[], text, uuid), app.open_notice(uuid),
  app.notice_client(text), app.unread_notices(uuid[], timestamptz) to app_rw, app_worker;
grant execute on function app.forget_notices() to app_worker;
