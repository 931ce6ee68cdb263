-- Owners of the kernel's doors. Each is a nologin member of guard_definer, so it reaches a table
-- only where guard.admit() lets it, and only rows of the clients of the signed context.
do $$
declare r text;
begin
  foreach r in array '{job_door, handover_door, audit_door, usage_door, storage_door,
    counter_door}'::text[] loop
    if not exists (select from pg_roles where rolname = r) then
      begin
        execute format('create role %I nologin', r);
      exception when duplicate_object or unique_violation then null;
      end;
    end if;
    if not pg_has_role(r::name, 'guard_definer', 'member') then
      execute format('grant guard_definer to %I', r);
    end if;
    execute format('alter default privileges for role %I revoke execute on functions from public', r);
  end loop;
end $$;
-- What the doors ask the guard, and no login role may ask.
grant execute on function guard.provider() to guard_definer, guard_jobs;
grant execute on function guard.delegate(text, text[], interval, text) to job_door;
grant execute on function guard.lines() to guard_definer;

set role guard_owner;
-- The side a person stands on; a decision must come from the side its kind names.
create function guard.side_of(p_person uuid) returns text
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select side from guard.person where id = p_person and left_at is null
$$;
-- Whether the provider's side acts: its people, and system users' jobs.
create function guard.is_staff() returns boolean
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
  c guard.claim := guard.verify();
begin
  return c.mode = 'j' or exists (
    select from guard.person p where p.id = c.person and p.side = 'provider');
end $$;
grant execute on function guard.is_staff() to app_rw, app_worker, guard_definer;
-- The address of a person who belongs to the client of the context; mail needs it, pages do not.
-- locale: the language they chose for mails, else for screens, else empty.
create function guard.address_of(p_person uuid)
returns table(email text, name text, locale text)
language plpgsql stable security definer set search_path=pg_catalog,pg_temp as $$
declare c guard.claim := guard.verify();
begin
  if c.mode is null or c.mode not in ('t', 'j') then perform guard.refuse('address'); end if;
  return query select p.email, p.name,
      coalesce(nullif(s.mail_locale, ''), s.locale, '') from guard.person p
    left join guard.person_setting s on s.person_id = p.id
    where p.id = p_person and p.left_at is null and exists (
      select from guard.membership m where m.user_id = p.id
        and m.tenant_id in (c.tenant, guard.provider()) and m.valid_from <= statement_timestamp()
        and (m.valid_to is null or m.valid_to > statement_timestamp()));
end $$;
-- Whether another person than the one acting reads a line of a client and holds a permission; without
-- one, whether they write on the line. For doors that count people, never for a login role.
create function guard.person_may(p_person uuid, p_tenant uuid, p_permission text, p_line text)
returns boolean
language plpgsql stable security definer set search_path=pg_catalog,pg_temp as $$
declare c guard.claim;
begin
  c.mode := 't'; c.kind := 'person'; c.person := p_person; c.tenant := p_tenant;
  return p_tenant = any (guard.reach(c, p_line, p_permission is null))
    and (p_permission is null or guard.holds(c, p_permission));
end $$;
-- The people of a client who do: those with a membership there.
create function guard.people_who_may(p_tenant uuid, p_permission text, p_line text)
returns table(person_id uuid, side text)
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select u.id, u.side from guard.person u
   where u.left_at is null and not u.system
     and u.id in (select m.user_id from guard.living m where m.tenant_id = p_tenant)
     and guard.person_may(u.id, p_tenant, p_permission, p_line)
$$;
-- Whether two people of one side meet in a client, the provider's own included.
create function guard.colleagues(p_one uuid, p_other uuid) returns boolean
language sql stable security definer set search_path=pg_catalog,pg_temp as $$
  select guard.side_of(p_one) = guard.side_of(p_other) and exists (
    select from guard.living a join guard.living b on b.tenant_id = a.tenant_id
     where a.user_id = p_one and b.user_id = p_other)
$$;
-- Whether the acting session proved two factors in the last five minutes: confirming anew opens a
-- session with what was proved then.
create function guard.proved_twice() returns boolean
language plpgsql stable security definer set search_path=pg_catalog,pg_temp as $$
declare c guard.claim := guard.verify();
begin
  return c.stepped_up_at >= statement_timestamp() - interval '5 minutes' and exists (
    select from guard.principal p where p.id = c.principal and guard.strong(p.factors));
end $$;
-- A job's principal ends with its job; the sweep calls it for jobs that have ended.
create function guard.end_job_principals(p_ids uuid[]) returns void
language sql security definer set search_path=pg_catalog,pg_temp as $$
  update guard.principal set revoked_at = statement_timestamp()
    where id = any(p_ids) and kind = 'job' and revoked_at is null
$$;
reset role;
grant execute on function guard.side_of(uuid) to approval_door, usage_door, storage_door;
grant execute on function guard.person_may(uuid, uuid, text, text),
  guard.people_who_may(uuid, text, text), guard.colleagues(uuid, uuid), guard.proved_twice()
  to approval_door;
grant execute on function guard.address_of(uuid) to app_worker;
grant execute on function guard.end_job_principals(uuid[]) to guard_jobs;
