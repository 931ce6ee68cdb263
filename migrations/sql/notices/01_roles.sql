-- The owner of the doors of notices, and what they ask the guard about people.
do $$
begin
  if not exists (select from pg_roles where rolname = 'notice_door') then
    begin
      create role notice_door nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role('notice_door'::name, 'guard_definer', 'member') then
    grant guard_definer to notice_door;
  end if;
  alter default privileges for role notice_door revoke execute on functions from public;
end $$;

set role guard_owner;
-- Who may read what in one client now: each person with the lines and classes of papers they reach
-- there, and which of these permissions they hold. The same rules as guard.reach() and guard.holds().
create function guard.notice_readers(p_tenant uuid, p_permissions text[])
returns table (person_id uuid, side text, lines text[], classes text[], permissions text[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with m as materialized (
    select m.user_id, m.role, m.lines, m.classes,
           case when m.on_engagement then array(
             select e.line from guard.running e where e.tenant_id = m.tenant_id) end as served
      from guard.living m where m.tenant_id = p_tenant
  ), counting as materialized (
    select * from m
     where m.served is null or m.served && m.lines
        or m.served <> '{}' and m.lines && '{oversight,security,billing}'
  )
  select p.id, p.side,
         array(select distinct k.line from counting c
                 join guard.line k on k.line = any (c.lines || '{member}'::text[])
                where c.user_id = p.id
                  and (k.kind <> 'service' or c.served is null or k.line = any (c.served))),
         array(select distinct x.class from counting c
                cross join lateral unnest(case when c.role = 'owner'
                  then '{payroll,owner_only}' else c.classes end) x(class)
                where c.user_id = p.id),
         array(select distinct r.permission from guard.role_permission r
                where r.permission = any (p_permissions)
                  and (r.role in (select c.role from counting c where c.user_id = p.id)
                    or r.role in (select h.role from guard.living h
                                   where h.user_id = p.id and h.is_provider)))
    from guard.person p
   where p.id in (select c.user_id from counting c) and p.left_at is null and not p.system
$$;

-- The clients in which the acting person reaches a line, from inside one client too: as a worklist
-- would say. A token stays in its own client and lines.
create function guard.my_reach(p_line text) returns uuid[]
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode is null or c.mode not in ('t', 's') then
    return '{}';
  end if;
  c.mode := 's';
  return guard.reach(c, p_line, false);
end $$;

-- The classes of papers the acting person may see anywhere, as `<client>:<class>`.
create function guard.my_classes() returns text[]
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode is null or c.mode not in ('t', 's') then
    return '{}';
  end if;
  c.mode := 's';
  return guard.classes_of(c);
end $$;

-- Whom of these a mail can go to, with language and time zone.
create function guard.people_to_mail(p_people uuid[])
returns table (person_id uuid, name text, locale text, time_zone text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.id, p.name, coalesce(nullif(s.mail_locale, ''), s.locale, ''),
         coalesce(s.time_zone, '')
    from guard.person p
    left join guard.person_setting s on s.person_id = p.id
   where p.id = any (p_people) and p.left_at is null and not p.system
     and exists (select from guard.living m where m.user_id = p.id
                    and (m.is_provider or p.side = 'client'))
$$;

-- Where something that concerns a person alone is told: the provider's firm for its people, else
-- the first of their own.
create function guard.home_of(p_person uuid) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select m.tenant_id from guard.living m where m.user_id = p_person
   order by m.is_provider desc, m.tenant_id limit 1
$$;

-- A choice made by the link of a mail, in the guard's audit: the holder of the link is signed in
-- nowhere.
create function guard.note_stop(p_tenant uuid, p_person uuid, p_kind text, p_stopped boolean)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.note(p_tenant, guard.verify(), 'notice.stop',
    jsonb_build_object('person', p_person, 'kind', p_kind, 'stopped', p_stopped));
end $$;

grant execute on function guard.notice_readers(uuid, text[]), guard.my_reach(text),
  guard.my_classes(), guard.people_to_mail(uuid[]), guard.home_of(uuid),
  guard.note_stop(uuid, uuid, text, boolean)
  to notice_door;
reset role;
grant usage on schema app, guard to notice_door;
