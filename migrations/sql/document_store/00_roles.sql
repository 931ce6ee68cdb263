-- The owner of the doors by which papers come in, are let out of quarantine, shared and received.
do $$
begin
  if not exists (select from pg_roles where rolname = 'paper_door') then
    begin
      create role paper_door nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role('paper_door'::name, 'guard_definer', 'member') then
    grant guard_definer to paper_door;
  end if;
  alter default privileges for role paper_door revoke execute on functions from public;
end $$;

set role app_owner;
call guard.admit('app.stored_object', 'paper_door', null);
grant select, insert, update (state) on app.stored_object to paper_door;
call guard.admit('app.document', 'paper_door', null);
grant select, update (version) on app.document to paper_door;
call guard.admit('app.document_version', 'paper_door', null);
grant select on app.document_version to paper_door;
call guard.admit('app.document_preview', 'paper_door', null);
grant select on app.document_preview to paper_door;

-- Whether the acting person sees papers of a class in a client; for a door that has no row yet.
create function app.sees_class(p_tenant uuid, p_class text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select p_class = 'normal' or p_tenant || ':' || p_class = any (guard.document_classes())
$$;
reset role;
alter function app.sees_class(uuid, text) owner to paper_door;
