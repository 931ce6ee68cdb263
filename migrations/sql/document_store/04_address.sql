-- Where a client's papers are mailed to: an address whose local part is a secret. The mail server
-- hands each message over by HTTP; whoever knows the address brings papers in and reads nothing.
set role app_owner;
create table app.document_address (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  principal_id uuid not null,
  sealed bytea not null check (length(sealed) <= 400),   -- the local part, to be shown again
  made_by uuid not null default guard.user_id(),
  made_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (tenant_id, id)
);
create unique index document_address_one on app.document_address (tenant_id) where ended_at is null;
call guard.protect_shared('app.document_address');
call guard.admit('app.document_address', 'paper_door', null);
grant select on app.document_address to app_rw, app_worker;
grant select, insert, update (ended_at) on app.document_address to paper_door;
grant select, insert, update, delete on app.document_address to app_restore;
call app.audit_table('app.document_address', array['sealed']);

-- A new address; the one before ends at once.
create function app.make_document_address(p_id uuid, p_line text, p_sha text, p_sealed bytea)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if guard.writable(p_line) is null or not guard.may('document.add') then
    raise exception 'refused: address' using errcode = '42501';
  end if;
  perform app.end_document_address();
  insert into app.document_address (tenant_id, id, line, principal_id, sealed)
  values (guard.tenant_id(), p_id, p_line, guard.make_address('document_address', p_id, p_sha),
          p_sealed);
end $$;

create function app.end_document_address() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  a app.document_address;
begin
  select * into a from app.document_address
   where tenant_id = guard.tenant_id() and ended_at is null for update;
  if not found then
    return;
  end if;
  if guard.writable(a.line) is null or not guard.may('link.make') then
    raise exception 'refused: address' using errcode = '42501';
  end if;
  perform guard.end_link(a.principal_id);
  update app.document_address set ended_at = now() where tenant_id = a.tenant_id and id = a.id;
end $$;

-- The raw message begins its upload; it is taken apart when it has been kept.
create function app.open_mailed_upload(p_name text, p_size bigint, p_sha text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  a app.document_address;
  made uuid;
begin
  select * into a from app.document_address
   where tenant_id = c.tenant and id = c.object_id and ended_at is null;
  if not found or c.object_type is distinct from 'document_address' then
    raise exception 'refused: mail' using errcode = '42501';
  end if;
  made := app.open_upload_by_link(a.line, 'normal', p_name, p_size, p_sha, null, null, 'mail');
  return made;
end $$;
reset role;
alter function app.make_document_address(uuid, text, text, bytea) owner to paper_door;
alter function app.end_document_address() owner to paper_door;
alter function app.open_mailed_upload(text, bigint, text) owner to paper_door;
grant execute on function app.make_document_address(uuid, text, text, bytea),
  app.end_document_address(), app.open_mailed_upload(text, bigint, text) to app_rw, app_worker;
