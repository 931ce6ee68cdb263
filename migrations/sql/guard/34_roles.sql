-- Roles: bundles of permissions. The program ships some, an administrator edits all.
set role guard_owner;

-- Called by the administrator at every migration with what the program ships:
-- [{role, side, title, permissions, lines, may_write}]. A role somebody edited keeps its
-- permissions and title; a role never changes its side.
create function guard.seed_roles(p jsonb) returns int
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  n int;
begin
  with wanted as (
    select * from jsonb_to_recordset(p) r(role text, side text, title text, permissions text[],
                                          lines text[], may_write boolean)
  ), kept as (
    insert into guard.role as x (role, side, title, lines, may_write, shipped)
    select role, side, coalesce(title, ''), coalesce(lines, '{}'), coalesce(may_write, false), true
      from wanted
    on conflict (role) do update
      set title = excluded.title, lines = excluded.lines, may_write = excluded.may_write,
          shipped = true
      where x.edited_at is null and x.side = excluded.side
    returning x.role
  ), gone as (
    delete from guard.role_permission rp using kept, wanted w
     where rp.role = kept.role and w.role = kept.role
       and rp.permission <> all (coalesce(w.permissions, '{}'))
  ), added as (
    insert into guard.role_permission (role, permission)
    select distinct w.role, q.permission
      from wanted w join kept on kept.role = w.role, unnest(w.permissions) q(permission)
    on conflict do nothing
  )
  select count(*) into n from kept;
  return n;
end $$;

-- Who could still put things right: living holders of a permission in the provider's tenant, whose
-- grants last beyond an instant.
create function guard.holders(perm text, beyond timestamptz default statement_timestamp())
returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
  select count(distinct m.user_id)
    from guard.living m
    join guard.membership g on g.tenant_id = m.tenant_id and g.id = m.id
      and (g.valid_to is null or g.valid_to > beyond)
    join guard.role_permission rp on rp.role = m.role and rp.permission = perm
    join guard.person u on u.id = m.user_id and u.left_at is null
   where m.is_provider
$$;

-- Makes or edits a role: in the provider's tenant, fresh. Nobody adds a permission to a role they
-- hold themselves, and somebody must be left who may edit roles and grant access.
create function guard.set_role(p_role text, p_side text, p_title text, p_permissions text[])
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.need('role.edit', true);
  old guard.role;
  had text[] := array(select permission from guard.role_permission where role = p_role);
begin
  if c.tenant <> guard.provider() then
    perform guard.refuse('role');
  end if;
  if p_role is null or p_role !~ '^[a-z][a-z0-9_]{1,39}$' or p_permissions is null
     or p_side is null or p_side not in ('provider', 'client')
     or exists (select from unnest(p_permissions) x
                 where x is null or x !~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$') then
    raise exception 'invalid-role' using errcode = 'BO422';
  end if;
  select * into old from guard.role where role = p_role for update;
  if old.side <> p_side then
    raise exception 'role-of-other-side' using errcode = 'BO422';
  end if;
  if not p_permissions <@ had
     and exists (select from guard.living m where m.user_id = c.person and m.role = p_role) then
    raise exception 'own-role' using errcode = 'BO409';
  end if;
  insert into guard.role as x (role, side, title, edited_at)
  values (p_role, p_side, coalesce(p_title, ''), statement_timestamp())
  on conflict (role) do update
    set title = coalesce(p_title, x.title), edited_at = statement_timestamp();
  delete from guard.role_permission where role = p_role and permission <> all (p_permissions);
  insert into guard.role_permission select distinct p_role, x from unnest(p_permissions) x
  on conflict do nothing;
  if guard.holders('role.edit') = 0 or guard.holders('access.grant') = 0 then
    raise exception 'last-administrator' using errcode = 'BO409';
  end if;
  perform guard.note(null, c, 'role.set', jsonb_build_object(
    'role', p_role, 'before', to_jsonb(had), 'after', to_jsonb(p_permissions)));
end $$;

-- The same for the permissions of a role there is.
create function guard.set_role(p_role text, p_permissions text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.need('role.edit', true);
  x guard.role;
begin
  select * into x from guard.role where role = p_role;
  if x.role is null then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  perform guard.set_role(p_role, x.side, null, p_permissions);
end $$;

-- Takes away a role that nobody ever had and that the program does not ship.
create function guard.drop_role(p_role text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.need('role.edit', true);
  x guard.role;
begin
  if c.tenant <> guard.provider() then
    perform guard.refuse('role');
  end if;
  select * into x from guard.role where role = p_role for update;
  if x.role is null then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if x.shipped or exists (select from guard.membership where role = p_role) then
    raise exception 'role-in-use' using errcode = 'BO409';
  end if;
  delete from guard.role_permission where role = p_role;
  delete from guard.role where role = p_role;
  perform guard.note(null, c, 'role.drop', jsonb_build_object('role', p_role));
end $$;

-- All roles for whoever reaches anything; a client sees those of its own side.
create function guard.roles()
returns table (role text, side text, title text, permissions text[], lines text[],
               may_write boolean, shipped boolean, edited_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.verify();
  own text := (select p.side from guard.person p where p.id = c.person);
begin
  if cardinality(guard.reach(c, '*', false)) = 0 then
    perform guard.refuse('roles');
  end if;
  return query
    select r.role, r.side, r.title,
           array(select rp.permission from guard.role_permission rp
                  where rp.role = r.role order by 1),
           r.lines, r.may_write, r.shipped, r.edited_at
      from guard.role r
     where own = 'provider' or r.side = 'client'
     order by r.side desc, r.role;
end $$;

grant execute on function
  guard.set_role(text, text, text, text[]), guard.set_role(text, text[]), guard.drop_role(text)
  to app_rw;
grant execute on function guard.roles() to app_rw, app_worker;
reset role;
