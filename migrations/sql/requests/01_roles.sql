-- The owner of the triggers that keep the figures, and what the guard answers about people here.
do $$
begin
  if not exists (select from pg_roles where rolname = 'request_door') then
    begin
      create role request_door nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role('request_door'::name, 'guard_definer', 'member') then
    grant guard_definer to request_door;
  end if;
  alter default privileges for role request_door revoke execute on functions from public;
end $$;

set role guard_owner;
-- The client's own people who hold a permission on a line and may write, with language and time
-- zone where they chose one: whom the day's mail goes to. For system users' jobs only.
create function guard.client_people(p_line text, p_permission text)
returns table (person_id uuid, name text, locale text, time_zone text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
begin
  if c.mode is distinct from 'j' then
    perform guard.refuse('people of a client');
  end if;
  return query
    select distinct p.id, p.name, coalesce(nullif(s.mail_locale, ''), s.locale, ''),
           coalesce(s.time_zone, '')
      from guard.living m
      join guard.person p on p.id = m.user_id and p.side = 'client' and p.left_at is null
      join guard.role_permission rp on rp.role = m.role and rp.permission = p_permission
      left join guard.person_setting s on s.person_id = p.id
     where m.tenant_id = c.tenant and m.state = 'active' and m.may_write
       and p_line = any (m.lines);
end $$;
grant execute on function guard.client_people(text, text) to app_worker;
reset role;
