-- Mails of notices, to the client's people those of their safety alone: who has something waiting, what goes into one mail, and
-- the link that stops a kind. The worker's job in the provider's own firm does it over all clients.
set role app_owner;

create function app.notice_mailer() returns uuid
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
begin
  if c.mode is distinct from 'j' or c.tenant is distinct from guard.provider() then
    raise exception 'refused: mails of notices' using errcode = '42501';
  end if;
  return c.tenant;
end $$;

-- Everybody who has something to be mailed, with when they want it; `since` is the oldest of it.
create function app.notices_waiting()
returns table (person_id uuid, name text, locale text, time_zone text, hours smallint[],
               every_day boolean, quiet_from smallint, quiet_to smallint, paused_until date,
               slot timestamptz, since timestamptz, at_once boolean, safety boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform app.notice_mailer();
  return query
    with waiting as (
      select n.owner_id, min(n.last_at) as since, bool_or(n.mail = 'at_once') as at_once,
             bool_or(n.kind like 'security.%') as safety
        from app.notice n where n.to_mail and n.read_at is null group by n.owner_id
    )
    select p.person_id, p.name, p.locale, p.time_zone, coalesce(h.hours, '{8,13}'),
           coalesce(h.every_day, false), coalesce(h.quiet_from, 19::smallint),
           coalesce(h.quiet_to, 7::smallint), h.paused_until, s.slot, w.since, w.at_once, w.safety
      from waiting w
      join guard.people_to_mail(array(select x.owner_id from waiting x)) p on p.person_id = w.owner_id
      left join lateral (select * from app.notice_hours x where x.owner_id = w.owner_id
         order by x.changed_at desc limit 1) h on true
      left join app.notice_slot s on s.tenant_id = guard.provider() and s.owner_id = w.owner_id;
end $$;

-- Takes what is to be mailed to these people, once: all of it, or what is to go at once (safety
-- alone in the quiet hours). What somebody may no longer read, or does not want any more, is left
-- out for good. Nothing names the thing itself: a mail is read where no right of ours is asked.
create function app.take_notices(p_people uuid[], p_what text[])
returns table (person_id uuid, tenant_id uuid, slug text, client text, kind text, n bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform app.notice_mailer();
  return query
    with meant as materialized (
      select m.owner_id, m.what from unnest(p_people, p_what) m(owner_id, what)
    ), ready as materialized (
      select n.tenant_id, n.id, n.owner_id, n.line, n.class, n.kind, n.mail, n.count, m.what
        from app.notice n join meant m on m.owner_id = n.owner_id
       where n.to_mail and n.read_at is null
         and (m.what = 'all' or m.what = 'at_once' and n.mail = 'at_once'
           or n.kind like 'security.%')
       order by n.tenant_id, n.id for update of n skip locked
    ), readers as materialized (
      select t.tenant_id, r.person_id, r.lines, r.classes
        from (select distinct x.tenant_id from ready x) t
        cross join lateral guard.notice_readers(t.tenant_id, '{}') r
    ), told as (
      select x.*, r.person_id is not null
               and (w.wish).by_mail <> 'off' as goes
        from ready x
        left join readers r on r.tenant_id = x.tenant_id and r.person_id = x.owner_id
          and x.line = any (r.lines) and (x.class = 'normal' or x.class = any (r.classes))
        join (select k.owner_id, k.kind, app.notice_wish(k.owner_id, k.kind, k.mail) as wish
                from (select distinct owner_id, kind, mail from ready) k) w
          on w.owner_id = x.owner_id and w.kind = x.kind
    ), done as (
      update app.notice n set to_mail = false,
             mailed_at = case when t.goes then now() else n.mailed_at end
        from told t where n.tenant_id = t.tenant_id and n.id = t.id
      returning t.owner_id, t.tenant_id, t.kind, t.goes,
                case when n.adds then n.count else 1 end as n
    )
    select d.owner_id, d.tenant_id, k.slug, k.name, d.kind, sum(d.n)::bigint
      from done d join app.client k on k.tenant_id = d.tenant_id
     where d.goes group by d.owner_id, d.tenant_id, k.slug, k.name, d.kind
     order by d.owner_id, k.name, d.tenant_id, d.kind;
end $$;

-- Remembers the hours whose digest these people get now; answers those who had not had it.
create function app.take_notice_slots(p_people uuid[], p_slots timestamptz[])
returns table (person_id uuid)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  home uuid := app.notice_mailer();
begin
  return query
    insert into app.notice_slot as s (tenant_id, owner_id, slot)
      select home, k.person, k.slot from unnest(p_people, p_slots) k(person, slot) order by k.person
    on conflict (tenant_id, owner_id) do update set slot = excluded.slot
      where s.slot < excluded.slot
    returning s.owner_id;
end $$;

-- Keeps the hashes of the links that mails carry.
create function app.keep_notice_stops(p_people uuid[], p_kinds text[], p_shas text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  home uuid := app.notice_mailer();
begin
  insert into app.notice_stop (tenant_id, owner_id, kind, sha)
    select home, k.person, k.kind, k.sha from unnest(p_people, p_kinds, p_shas) k(person, kind, sha)
     where k.kind not like 'security.%'
    on conflict (tenant_id, owner_id, kind) do update set sha = excluded.sha;
end $$;

-- Mails of notices name clients of the provider; they end after a month, however they are sealed.
create policy notice_mails on app.mail_message to notice_door
  using (template = 'notice.digest') with check (false);
grant select (tenant_id, template, made_at), delete on app.mail_message to notice_door;
create function app.forget_notice_mails() returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  home uuid := app.notice_mailer();
  k bigint;
begin
  delete from app.mail_message m
   where m.tenant_id = home and m.template = 'notice.digest' and m.made_at < now() - interval '30 days';
  get diagnostics k = row_count;
  return k;
end $$;

-- What the holder of a stopping link may do: see which kind it is, stop it, and go back.
create function app.notice_stop_here() returns app.notice_stop
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  x app.notice_stop;
begin
  if c.mode = 'l' and c.hash is not null then
    select * into x from app.notice_stop s where s.sha = c.hash;
  end if;
  if x.sha is null then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  return x;
end $$;

create function app.notice_stopped(out kind text, out stopped boolean, out locale text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  x app.notice_stop := app.notice_stop_here();
begin
  kind := x.kind;
  stopped := exists (select from app.notice_choice c where c.tenant_id = x.tenant_id
    and c.owner_id = x.owner_id and c.kind = x.kind and c.by_mail = 'off');
  select p.locale into locale from guard.people_to_mail(array[x.owner_id]) p;
end $$;

-- Only mails are stopped: in the product the kind stays. The way back restores what was chosen.
create function app.stop_notices(p_stop boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  x app.notice_stop := app.notice_stop_here();
  was app.notice_choice;
begin
  select * into was from app.notice_choice c
   where c.tenant_id = x.tenant_id and c.owner_id = x.owner_id and c.kind = x.kind for update;
  if p_stop = (was.by_mail is not distinct from 'off') then
    return;                               -- the same wish again changes nothing
  end if;
  if p_stop then
    update app.notice_stop s set before = to_jsonb(was.by_mail)
     where s.tenant_id = x.tenant_id and s.owner_id = x.owner_id and s.kind = x.kind;
    insert into app.notice_choice (tenant_id, owner_id, kind, by_mail)
      values (x.tenant_id, x.owner_id, x.kind, 'off')
      on conflict (tenant_id, owner_id, kind) do update set by_mail = 'off';
  elsif x.before is null or x.before = 'null' then
    delete from app.notice_choice c
     where c.tenant_id = x.tenant_id and c.owner_id = x.owner_id and c.kind = x.kind and c.in_app;
    update app.notice_choice c set by_mail = 'digest'
     where c.tenant_id = x.tenant_id and c.owner_id = x.owner_id and c.kind = x.kind;
  else
    update app.notice_choice c set by_mail = x.before #>> '{}'
     where c.tenant_id = x.tenant_id and c.owner_id = x.owner_id and c.kind = x.kind;
  end if;
  perform guard.note_stop(x.tenant_id, x.owner_id, x.kind, p_stop);
end $$;
reset role;
do $$
declare f regprocedure;
begin
  foreach f in array array['app.notice_mailer()', 'app.notices_waiting()',
    'app.take_notices(uuid[], text[])', 'app.take_notice_slots(uuid[], timestamptz[])',
    'app.keep_notice_stops(uuid[], text[], text[])',
    'app.forget_notice_mails()', 'app.notice_stop_here()',
    'app.notice_stopped()', 'app.stop_notices(boolean)']::regprocedure[] loop
    execute format('alter function %s owner to notice_door', f);
    execute format('revoke all on function %s from public', f);
  end loop;
end $$;
grant execute on function app.notices_waiting(), app.take_notices(uuid[], text[]),
  app.take_notice_slots(uuid[], timestamptz[]), app.keep_notice_stops(uuid[], text[], text[]),
  app.forget_notice_mails() to app_worker;
grant execute on function app.notice_stopped(), app.stop_notices(boolean) to app_rw, app_worker;
