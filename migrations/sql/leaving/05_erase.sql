-- A client is erased: asked for by one person of the provider, approved by another, carried out by
-- the restoring tool, of a job or of the operator. What stays names nobody.
set role app_owner;
insert into app.approval_kind (kind, side, needed, fresh) values ('client.erase', 'provider', 1, true);

-- The provider's proof, in its own tenant: ids, counts and hashes.
create table app.erasure_certificate (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  erased_tenant_id uuid not null,
  name_sha256 text not null check (name_sha256 ~ '^[0-9a-f]{64}$'),   -- of the firm's name
  slug_sha256 text not null check (slug_sha256 ~ '^[0-9a-f]{64}$'),   -- by which a broken run is found
  approval_id uuid not null,
  asked_by uuid not null,
  approved_by uuid not null,
  erased_at timestamptz not null default now(),
  rows_erased bigint not null,
  objects_erased bigint not null,
  objects_locked bigint not null default 0,     -- under a lock of the bucket; unreadable without the key
  own_locked bigint not null default 0,         -- the same of the provider's own files about it, such as
                                                -- its statements: readable until the lock ends
  clearing text[] not null default '{}',        -- hashes of those files while the bucket may hold them
  people_erased bigint not null,
  backups_until timestamptz not null,           -- when the last backup that holds it has aged out
  finished_at timestamptz,                      -- the bucket is empty too; the rows went at erased_at
  primary key (tenant_id, id),
  unique (tenant_id, approval_id)               -- one, whoever carries it out at once
);
call guard.protect('app.erasure_certificate', 'member');
grant select on app.erasure_certificate to app_rw, app_worker;
grant select, insert, update (objects_erased, objects_locked, own_locked, clearing, finished_at)
  on app.erasure_certificate to app_restore;
create policy erasers on app.erasure_certificate as restrictive for select to app_rw, app_worker
  using ((select guard.entitled('client.erase', 'approve.client.erase')));
call app.audit_table('app.erasure_certificate');
reset role;

set role guard_owner;
-- What the guard holds of the client: grants, engagements, sessions, and the people of the client who
-- belong nowhere else. Answers these people, so that what others wrote to them can follow.
create function guard.erase_client() returns table (person_id uuid, email text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  t uuid := guard.need_restoring();
  gone uuid[];
  addresses text[];
begin
  select array_agg(p.id), array_agg(lower(p.email)) into gone, addresses
    from guard.person p
   where p.side = 'client' and not p.system
     and (exists (select from guard.membership m where m.user_id = p.id and m.tenant_id = t)
          or exists (select from guard.access_request r where r.user_id = p.id and r.tenant_id = t)
          or lower(p.email) in (select lower(o.email) from guard.first_owner o where o.tenant_id = t))
     and not exists (select from guard.membership m where m.user_id = p.id and m.tenant_id <> t);
  delete from guard.session_note n using guard.principal p
   where p.id = n.principal_id and (p.tenant_id = t or p.user_id = any (gone));
  delete from guard.principal where tenant_id = t or user_id = any (gone);
  delete from guard.one_time where person_id = any (gone);
  delete from guard.credential where person_id = any (gone);
  delete from guard.person_setting where person_id = any (gone);
  delete from guard.absence where person_id = any (gone) or covered_by = any (gone);
  delete from guard.access_request where tenant_id = t;
  delete from guard.first_owner where tenant_id = t;
  delete from guard.basis where tenant_id = t;
  delete from guard.membership where tenant_id = t;
  delete from guard.engagement where tenant_id = t;
  update guard.person set email = id || '@erased.invalid', name = '', left_at = coalesce(left_at, now())
   where id = any (gone);
  update guard.tenant set slug = 'erased-' || left(replace(id::text, '-', ''), 32), name = '',
         state = 'erased'
   where id = t;
  return query select * from unnest(gone, addresses);
end $$;
grant execute on function guard.erase_client() to app_restore;
reset role;
