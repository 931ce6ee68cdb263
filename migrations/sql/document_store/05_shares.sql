-- Share links: one paper for whoever holds the link, for some days, perhaps for some views. Opening
-- the page takes nothing; only when the paper itself is shown or handed out, a view is counted.
set role app_owner;
create table app.document_share (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  document_id uuid not null,
  line text not null,
  class text not null,                 -- of the paper when it was shared: another one ends the link
  principal_id uuid not null,
  label text not null default '' check (length(label) <= 200),   -- for whom
  expires_at timestamptz not null,
  most_views integer check (most_views between 1 and 10000),
  views integer not null default 0,
  made_by uuid not null default guard.user_id(),
  made_at timestamptz not null default now(),
  ended_at timestamptz,
  ended_by uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, document_id) references app.document (tenant_id, id)
);
create index document_share_document on app.document_share (tenant_id, document_id, id);

create table app.document_share_view (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  share_id uuid not null,
  line text not null,
  act text not null check (act in ('shown', 'downloaded')),
  visit uuid not null,                 -- a download right after a look is the same view
  agent text not null default '' check (length(agent) <= 200),
  at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, share_id) references app.document_share (tenant_id, id)
);
create index document_share_view_share on app.document_share_view (tenant_id, share_id, id);

call guard.protect_shared('app.document_share');
call guard.protect_shared('app.document_share_view');
call guard.admit('app.document_share', 'paper_door', null);
call guard.admit('app.document_share_view', 'paper_door', null);
grant select on app.document_share, app.document_share_view to app_rw, app_worker;
grant select, insert, update (views, ended_at, ended_by) on app.document_share to paper_door;
grant select, insert on app.document_share_view to paper_door;
grant select, insert, update, delete on app.document_share, app.document_share_view to app_restore;
create policy paper on app.document_share as restrictive to app_rw, app_worker
  using ((select guard.document_classes()) is not null
    and exists (select from app.document d where d.tenant_id = document_share.tenant_id
    and d.id = document_share.document_id and d.line = document_share.line));
create policy paper on app.document_share_view as restrictive to app_rw, app_worker
  using ((select guard.document_classes()) is not null
    and exists (select from app.document_share s where s.tenant_id = document_share_view.tenant_id
    and s.id = document_share_view.share_id));
call app.audit_table('app.document_share', array['label']);
call app.audit_table('app.document_share_view', array['agent']);

create function app.share_document(
  p_id uuid, p_document uuid, p_days integer, p_most integer, p_label text, p_sha text
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  d app.document;
begin
  select * into d from app.document
   where tenant_id = guard.tenant_id() and id = p_document and removed_at is null;
  if not found or guard.writable(d.line) is null or not app.sees_class(d.tenant_id, d.class) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if not guard.may('document.share') then
    raise exception 'refused: permission document.share' using errcode = '42501';
  end if;
  if p_days not between 1 and 30 then
    raise exception 'share-days' using errcode = 'BO422';
  end if;
  insert into app.document_share (tenant_id, id, document_id, line, class, principal_id, label,
                                  expires_at, most_views)
  values (d.tenant_id, p_id, d.id, d.line, d.class,
          guard.make_link('document_share', p_id, make_interval(days => p_days), p_sha),
          p_label, now() + make_interval(days => p_days), p_most);
end $$;

create function app.end_share(p_id uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  s app.document_share;
begin
  select * into s from app.document_share
   where tenant_id = guard.tenant_id() and id = p_id for update;
  if not found or guard.writable(s.line) is null or not app.sees_class(s.tenant_id, s.class) then
    raise exception 'not-found' using errcode = 'BO404';
  end if;
  if not guard.may('document.share') then
    raise exception 'refused: permission document.share' using errcode = '42501';
  end if;
  perform guard.end_link(s.principal_id);
  update app.document_share set ended_at = now(), ended_by = c.person
   where tenant_id = s.tenant_id and id = s.id and ended_at is null;
end $$;

-- What the holder of the link may see: nothing when it ended, ran out, was used up, or the paper
-- was removed or moved into another class.
create function app.shared_here(out share app.document_share, out paper app.document)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
begin
  if guard.link_opens('document_share', c.object_id) is null then
    return;
  end if;
  select * into share from app.document_share s
   where s.tenant_id = c.tenant and s.id = c.object_id and s.ended_at is null
     and s.expires_at > now();
  select * into paper from app.document d
   where d.tenant_id = share.tenant_id and d.id = share.document_id and d.removed_at is null
     and d.class = share.class;
end $$;

-- Name, kind and size: what the page says before anything is counted.
create function app.shared_paper()
returns table (name text, media_type text, size bigint, expires_at timestamptz, views_left integer)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  x record;
begin
  select * into x from app.shared_here();
  return query select (x.paper).name, v.media_type, v.size, (x.share).expires_at,
      (x.share).most_views - (x.share).views
    from app.document_version v
   where v.tenant_id = (x.paper).tenant_id and v.document_id = (x.paper).id
     and v.no = (x.paper).version;
end $$;

-- Counts a view and says which content it is; a further act of the same visit counts nothing.
create function app.open_shared_paper(p_act text, p_visit uuid, p_agent text)
returns table (name text, media_type text, size bigint, sha256 text, pictures text[],
               picture_type text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  c guard.claim := guard.claims();
  x record;
  known boolean;
begin
  perform from app.document_share where tenant_id = c.tenant and id = c.object_id for update;
  select * into x from app.shared_here();
  if (x.paper).id is null then
    return;
  end if;
  -- from the visit's first act, so that nobody stretches one view for days
  known := coalesce((
    select min(w.at) > now() - interval '15 minutes' from app.document_share_view w
     where w.tenant_id = c.tenant and w.share_id = (x.share).id and w.visit = p_visit), false);
  if not known and (x.share).views >= (x.share).most_views then
    return;
  end if;
  if not known then
    update app.document_share s set views = s.views + 1
     where s.tenant_id = c.tenant and s.id = (x.share).id;
  end if;
  insert into app.document_share_view (tenant_id, share_id, line, act, visit, agent)
  values (c.tenant, (x.share).id, (x.share).line, p_act, p_visit, left(p_agent, 200));
  return query select (x.paper).name, v.media_type, v.size, v.sha256,
      array(select o.sha256 from app.document_preview p
              join app.stored_object o on o.tenant_id = p.tenant_id and o.id = p.stored_object_id
             where p.tenant_id = v.tenant_id and p.document_id = v.document_id and p.no = v.no
               and p.page > 0
             order by p.page),
      (select o.media_type from app.document_preview p
         join app.stored_object o on o.tenant_id = p.tenant_id and o.id = p.stored_object_id
        where p.tenant_id = v.tenant_id and p.document_id = v.document_id and p.no = v.no
          and p.page > 0
        limit 1)
    from app.document_version v
   where v.tenant_id = c.tenant and v.document_id = (x.paper).id and v.no = (x.paper).version;
end $$;
reset role;
alter function app.share_document(uuid, uuid, integer, integer, text, text) owner to paper_door;
alter function app.end_share(uuid) owner to paper_door;
alter function app.shared_here() owner to paper_door;
alter function app.shared_paper() owner to paper_door;
alter function app.open_shared_paper(text, uuid, text) owner to paper_door;
grant execute on function app.share_document(uuid, uuid, integer, integer, text, text),
  app.end_share(uuid), app.shared_paper(), app.open_shared_paper(text, uuid, text)
  to app_rw, app_worker;
