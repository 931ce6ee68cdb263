-- Files that come by a link: brought in parts like any upload, and linked to the thing they are for.
grant execute on function app.enqueue_for_link(text, jsonb, text, text) to list_door;
set role app_owner;
grant select on app.upload to list_door;
call guard.admit('app.upload', 'list_door', null);

-- A file for a thing of the acting link's list: opens the upload that the file is brought with.
create function app.open_request_upload(p_item uuid, p_name text, p_size bigint) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  own app.request_link := app.request_link_here();
  x app.request_item := app.request_item_to_give(p_item);
begin
  if own.id is null then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  return app.open_upload_by_link(x.line, 'normal', p_name, p_size, null, 'request_item', x.id);
end $$;

-- What became of the files that came by links, for whoever sees the line.
create function app.request_uploads(p_uploads uuid[])
returns table (id uuid, name text, state text, code text, document_id uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select u.id, u.name, u.state, u.code, u.document_id from app.upload u
   where u.tenant_id = guard.tenant_id() and u.id = any (p_uploads)
     and u.tenant_id = any (guard.scope(u.line)) and u.class = 'normal'
$$;
reset role;
alter function app.open_request_upload(uuid, text, bigint) owner to list_door;
alter function app.request_uploads(uuid[]) owner to list_door;
revoke all on function app.open_request_upload(uuid, text, bigint), app.request_uploads(uuid[])
  from public;
grant execute on function app.open_request_upload(uuid, text, bigint), app.request_uploads(uuid[])
  to app_rw, app_worker;
