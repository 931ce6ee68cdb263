-- Disposals: papers whose time has run out, listed by one person, agreed to by a second, and then
-- emptied by a job. The rows that stay are the certificate.
set role app_owner;

create table app.disposal (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  content_sha text not null check (content_sha ~ '^[0-9a-f]{64}$'),
  papers integer not null check (papers > 0),
  made_by uuid not null default guard.user_id(),
  made_at timestamptz not null default now(),
  approval_id uuid,
  done_by uuid,                                   -- the second person
  done_at timestamptz,
  backup_days integer check (backup_days > 0),    -- how long backups made before it lived then
  primary key (tenant_id, id),
  check ((done_at is null) = (backup_days is null))
);
create table app.disposal_item (
  tenant_id uuid not null,
  disposal_id uuid not null,
  document_id uuid not null,
  line text not null,
  class text not null,
  name text not null,
  contents jsonb not null check (jsonb_typeof(contents) = 'array'),   -- [{no, sha256, size, type}]
  added_at timestamptz not null,
  counts_from date not null,
  kept_until date not null,
  source text not null,                           -- the rule that ended last
  state text not null default 'listed'
    check (state in ('listed', 'disposed', 'held', 'kept', 'gone')),
  settled_at timestamptz,
  clearing text[] not null default '{}',          -- hashes of what the bucket may still hold of it
  locked integer not null default 0 check (locked >= 0),   -- versions that a lock of the bucket holds
  locked_until timestamptz,                       -- until when, where the bucket says so
  primary key (tenant_id, disposal_id, document_id),
  foreign key (tenant_id, disposal_id) references app.disposal (tenant_id, id)
);
create index disposal_item_document on app.disposal_item (tenant_id, document_id);
call guard.protect('app.disposal', 'member');
call guard.protect_shared('app.disposal_item');
call guard.admit('app.disposal', 'keeping_door', null);
call guard.admit('app.disposal_item', 'keeping_door', null);
grant select on app.disposal, app.disposal_item to app_rw, app_worker;
grant select, insert, update on app.disposal, app.disposal_item to keeping_door;
grant select, insert, update, delete on app.disposal, app.disposal_item to app_restore;
create policy class on app.disposal_item as restrictive to app_rw, app_worker
  using (class = 'normal' or tenant_id || ':' || class = any ((select guard.document_classes())::text[]));
call app.audit_table('app.disposal');
insert into app.approval_kind (kind, side, needed, fresh) values
  ('document.dispose', 'provider', 1, true);

alter table app.document add column disposed_at timestamptz;
grant update (name, counterparty, tags, note, removed_at, removed_by, disposed_at) on app.document to keeping_door;
call guard.admit('app.stored_object', 'keeping_door', null);
grant select, update (state, name) on app.stored_object to keeping_door;
call guard.admit('app.client', 'keeping_door', null);
call guard.admit('app.retention_own', 'keeping_door', null);
grant select on app.client, app.retention_own, app.retention_statute to keeping_door;

-- What a paper consists of beside its own head and contents: rows of these go with it. A table that
-- refers to papers and holds nothing of what is in them is not listed, and keeps its rows.
create table app.paper_part (
  part text primary key,                           -- a table with tenant_id and document_id
  place integer not null unique                    -- what refers to another part comes after it
);
select guard.register('app.paper_part', 'reference', null, null);
grant select on app.paper_part to app_rw, app_worker, app_restore, keeping_door;
create procedure app.add_paper_part(p_table regclass)
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  call guard.admit(p_table, 'keeping_door', null);
  execute format('grant select, delete on %s to keeping_door', p_table);
  insert into app.paper_part select p_table::text, coalesce(max(place), 0) + 1 from app.paper_part;
end $$;
call app.add_paper_part('app.document_preview');
call app.add_paper_part('app.document_text');
call app.add_paper_part('app.document_reading');
call app.add_paper_part('app.document_field');
call app.add_paper_part('app.document_again');

-- What the provider keeps longer at all its clients: everybody there may know the rule.
create policy firm on app.retention_own for select to keeping_door using (tenant_id = (select guard.provider()));
create function app.firm_rules() returns setof app.retention_own
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select * from app.retention_own o
   where o.tenant_id = (select guard.provider()) and o.ended_at is null
     and (select guard.tenant_id()) is not null
$$;

-- Until when each paper of the open client (p_documents: of these) is kept and by which rule; no row
-- where no rule is known, so that such a paper is kept for good. Asks as whoever calls. What ends last
-- is found once for each kind and day, not for each paper. p_law: by the rules of law only, where what
-- waits for the end of the engagement counts as ending on this day.
create function app.papers_kept(p_documents uuid[] default null, p_law date default null)
returns table (document_id uuid, counts_from date, kept_until date, source text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with paper as materialized (
    select d.id, coalesce(app.kept_kind(d.class, d.type), '') as kind,
           app.kept_day(d.period, d.added_at) as day
      from app.document d
     where d.tenant_id = (select guard.tenant_id()) and d.disposed_at is null
       and (p_documents is null or d.id = any (p_documents))
  ),
  here as materialized (
    select c.country, c.fiscal_year_start_month as month, guard.engagement_over() as ended
      from app.client c where c.tenant_id = (select guard.tenant_id())
  ),
  own as (
    select o.kind, o.years, o.runs_from, o.reason from app.retention_own o
     where o.tenant_id = (select guard.tenant_id()) and o.ended_at is null and p_law is null
    union all select f.kind, f.years, f.runs_from, f.reason from app.firm_rules() f where p_law is null
  ),
  rule as materialized (           -- '' is a paper that may be of any kind
    select s.kinds || case when s.kinds <> '{identity}' then '{""}'::text[] else '{}' end as kinds,
           s.years, s.runs_from, s.source
      from app.retention_statute s, here
     where s.country = here.country and current_date >= s.valid_from
       and (s.valid_to is null or current_date <= s.valid_to)
    union all
    select case when o.kind is null then '{books,voucher,letter,payroll,identity,""}'
           else array[o.kind, ''] end, o.years, o.runs_from, o.reason from own o
  ),
  kept as (
    select m.kind, m.day, k.until, k.source
      from (select distinct p.kind, p.day from paper p) m, here
      cross join lateral (
        select coalesce(nullif(o.day, 'infinity'), p_law, o.day) as until, r.source from rule r
         cross join lateral app.runs_out(r.runs_from, r.years, m.day, here.month, here.ended) o(day)
         where m.kind = any (r.kinds) order by 1 desc, r.source limit 1) k
  )
  select p.id, p.day, k.until, k.source from paper p join kept k on k.kind = p.kind and k.day = p.day
$$;
grant execute on function app.papers_kept(uuid[], date) to app_rw, app_worker, guard_definer;

-- Lists papers for disposal; returns the list and the hash that the second person agrees to.
-- Refuses a paper that is not due, held, or not the caller's to see.
create function app.propose_disposal(p_documents uuid[], out id uuid, out sha text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.tenant_id();
  n integer;
begin
  if t is null or guard.writable('member') is null or not guard.may('document.dispose') then
    raise exception 'refused: dispose' using errcode = '42501';
  end if;
  perform app.keeping_alone(t);
  id := uuidv7();
  insert into app.disposal (tenant_id, id, content_sha, papers)
    values (t, id, repeat('0', 64), cardinality(p_documents));
  insert into app.disposal_item (tenant_id, disposal_id, document_id, line, class, name, contents,
      added_at, counts_from, kept_until, source)
    select t, propose_disposal.id, d.id, d.line, d.class, d.name, v.contents, d.added_at,
           k.counts_from, k.kept_until, k.source
      from app.document d
      join app.papers_kept(p_documents) k on k.document_id = d.id
      cross join lateral (
        select jsonb_agg(jsonb_build_object('no', v.no, 'sha256', v.sha256, 'size', v.size,
                 'type', v.media_type) order by v.no) as contents
          from app.document_version v where v.tenant_id = t and v.document_id = d.id) v
     where d.tenant_id = t and d.id = any (p_documents) and k.kept_until < current_date
       and guard.writable(d.line) = t and not app.is_held(t, d.id)
       and (d.class = 'normal' or t || ':' || d.class = any (guard.document_classes()));
  get diagnostics n = row_count;
  if n = 0 or n <> cardinality(p_documents) then
    raise exception 'disposal-not-due' using errcode = 'BO409';
  end if;
  sha := app.disposal_sha(t, id);
  update app.disposal x set content_sha = sha where x.tenant_id = t and x.id = propose_disposal.id;
end $$;

create function app.disposal_sha(p_tenant uuid, p_disposal uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(convert_to(jsonb_agg(jsonb_build_array(i.disposal_id, i.document_id, i.name,
      i.contents, i.kept_until, i.source) order by i.document_id)::text, 'UTF8')), 'hex')
    from app.disposal_item i where i.tenant_id = p_tenant and i.disposal_id = p_disposal
$$;

-- Empties one listed paper, where all still holds: the approval of a second person, no hold, due.
-- Returns disposed, held, kept (not due any more) or gone (emptied before).
create function app.dispose(p_disposal uuid, p_approval uuid, p_document uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.tenant_id();
  i app.disposal_item;
  settled text;
  shas text[] := '{}';
begin
  if t is null then raise exception 'refused: dispose' using errcode = '42501'; end if;
  perform app.keeping_alone(t);
  perform app.demand_disposal(p_disposal, p_approval);
  select * into i from app.disposal_item x where x.tenant_id = t and x.disposal_id = p_disposal
    and x.document_id = p_document for update;
  if not found then
    raise exception 'not-found' using errcode = 'BO404';
  elsif i.state <> 'listed' then
    return i.state;
  end if;
  settled := case
    when exists (select from app.document d where d.tenant_id = t and d.id = p_document
                 and d.disposed_at is not null) then 'gone'
    when app.is_held(t, p_document) then 'held'
    when not exists (select from app.papers_kept(array[p_document]) k where k.document_id = p_document
                     and k.kept_until < current_date) then 'kept'
    else 'disposed' end;
  if settled = 'disposed' then
    shas := app.empty_paper(t, p_document);
  end if;
  update app.disposal_item x set state = settled, settled_at = now(), clearing = shas
   where x.tenant_id = t and x.disposal_id = p_disposal and x.document_id = p_document;
  return settled;
end $$;

create function app.demand_disposal(p_disposal uuid, p_approval uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.tenant_id();
begin
  if not exists (select from app.disposal d where d.tenant_id = t and d.id = p_disposal
      and d.content_sha = app.disposal_sha(t, d.id)
      and app.approval_holds(p_approval, 'document.dispose', d.id, d.content_sha)) then
    raise exception 'refused: dispose' using errcode = '42501';
  end if;
end $$;

-- Head, hashes and links stay; name, pictures and all that was read go, and the sealed objects
-- answer for nothing any more, so that their bytes are deleted. Returns the hashes of those.
create function app.empty_paper(p_tenant uuid, p_document uuid) returns text[]
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  x record;
  objects uuid[];
  shas text[];
begin
  update app.document set name = 'disposed', counterparty = '', tags = '{}', note = '',
      disposed_at = now(),
      removed_at = coalesce(removed_at, now()), removed_by = coalesce(removed_by, guard.user_id())
   where tenant_id = p_tenant and id = p_document;
  objects := array(select v.stored_object_id from app.document_version v
                    where v.tenant_id = p_tenant and v.document_id = p_document);
  for x in select p.part, exists (select from pg_attribute a where a.attrelid = p.part::regclass
             and a.attname = 'stored_object_id' and not a.attisdropped) as holds_object
             from app.paper_part p order by p.place desc
  loop
    if x.holds_object then
      execute format('select $3 || array(select stored_object_id from %s'
        ' where tenant_id = $1 and document_id = $2)', x.part)
        into objects using p_tenant, p_document, objects;
    end if;
    execute format('delete from %s where tenant_id = $1 and document_id = $2', x.part)
      using p_tenant, p_document;
  end loop;
  with gone as (
    update app.stored_object set state = 'gone', name = 'disposed'
     where tenant_id = p_tenant and id = any (objects) and state <> 'gone' returning sha256)
  select coalesce(array_agg(distinct g.sha256), '{}') into shas from gone g;
  return shas;
end $$;

-- What of an approved list is left to do: papers to be emptied (no hashes), and papers that were
-- emptied, with the hashes of what the bucket may still hold of them.
create function app.disposal_left(p_disposal uuid, p_approval uuid)
returns table (document_id uuid, shas text[])
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.tenant_id();
begin
  perform app.demand_disposal(p_disposal, p_approval);
  return query
    select i.document_id, i.clearing from app.disposal_item i
     where i.tenant_id = t and i.disposal_id = p_disposal
       and (i.state = 'listed' or i.clearing <> '{}')
     order by i.document_id;
end $$;

-- The bytes of an emptied paper went from the bucket, but for versions that a lock there holds.
create function app.disposal_cleared(p_disposal uuid, p_approval uuid, p_document uuid,
  p_locked integer, p_until timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform app.demand_disposal(p_disposal, p_approval);
  update app.disposal_item i set clearing = '{}', locked = p_locked, locked_until = p_until
   where i.tenant_id = guard.tenant_id() and i.disposal_id = p_disposal
     and i.document_id = p_document and i.clearing <> '{}';
end $$;

create function app.finish_disposal(p_disposal uuid, p_approval uuid, p_days integer) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.tenant_id();
begin
  perform app.demand_disposal(p_disposal, p_approval);
  update app.disposal d set done_at = now(), backup_days = p_days, approval_id = p_approval, done_by = (
      select x.person_id from app.approval_decision x where x.tenant_id = t
        and x.approval_id = p_approval and x.decision = 'approve' order by x.at desc limit 1)
   where d.tenant_id = t and d.id = p_disposal and d.done_at is null
     and not exists (select from app.disposal_item i where i.tenant_id = t
       and i.disposal_id = d.id and (i.state = 'listed' or i.clearing <> '{}'));
  return found;
end $$;

-- The sealed object of a paper goes only with its paper, whoever asks.
create function app.paper_object_stays() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from app.document_version v join app.document d
      on d.tenant_id = v.tenant_id and d.id = v.document_id
      where v.tenant_id = old.tenant_id and v.stored_object_id = old.id and d.disposed_at is null) then
    raise exception 'document-kept' using errcode = 'BO409';
  end if;
  return new;
end $$;
create trigger kept before update of state on app.stored_object
  for each row when (new.state = 'gone' and old.state <> 'gone')
  execute function app.paper_object_stays();
-- What is disposed of does not come back into the lists.
create function app.disposed_stays() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if session_user in ('app_rw', 'app_worker')
     and (new.disposed_at is null or new.removed_at is null) then
    raise exception 'document-disposed' using errcode = 'BO409';
  end if;
  return new;
end $$;
create trigger disposed before update on app.document
  for each row when (old.disposed_at is not null) execute function app.disposed_stays();

-- What the nightly scrub last read of each content, and what it found.
create table app.object_scrub (
  tenant_id uuid not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  state text not null check (state in ('ok', 'missing', 'damaged')),
  found_at timestamptz not null default now(),    -- since when it is so
  checked_at timestamptz not null default now(),
  primary key (tenant_id, sha256)
);
create index object_scrub_bad on app.object_scrub (tenant_id) where state <> 'ok';
call guard.protect('app.object_scrub', 'member');
grant select on app.object_scrub to app_rw, app_worker;
grant select, insert, update, delete on app.object_scrub to app_restore;
grant select, insert, update, delete on app.object_scrub to keeping_door;
call guard.admit('app.object_scrub', 'keeping_door', null);

-- Notes what a system job of the platform read; the desk's figure follows.
create function app.note_scrub(p_shas text[], p_states text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.tenant_id();
  c guard.claim := guard.claims();
  n bigint;
  since timestamptz;
begin
  if c.mode is distinct from 'j' then raise exception 'refused: scrub' using errcode = '42501'; end if;
  insert into app.object_scrub as s (tenant_id, sha256, state)
    select t, x.sha, x.state from unnest(p_shas, p_states) x(sha, state)
    on conflict (tenant_id, sha256) do update set state = excluded.state, checked_at = now(),
      found_at = case when s.state = excluded.state then s.found_at else now() end;
  delete from app.object_scrub s where s.tenant_id = t and s.state <> 'ok' and not exists (
    select from app.stored_object o where o.tenant_id = t and o.sha256 = s.sha256 and o.state <> 'gone');
  select count(*), min(s.found_at) into n, since from app.object_scrub s
   where s.tenant_id = t and s.state <> 'ok';
  perform app.set_figure(t, 'accounting', 'files_damaged', n, since, '');
end $$;
reset role;
do $$
declare f text;
begin
  foreach f in array '{propose_disposal(uuid[]), disposal_sha(uuid\, uuid), dispose(uuid\, uuid\, uuid),
    demand_disposal(uuid\, uuid), empty_paper(uuid\, uuid), finish_disposal(uuid\, uuid\, integer), firm_rules(),
    disposal_left(uuid\, uuid), disposal_cleared(uuid\, uuid\, uuid\, integer\, timestamptz), paper_object_stays(), note_scrub(text[]\, text[])}'::text[] loop
    execute format('alter function app.%s owner to keeping_door', f);
  end loop;
end $$;
grant execute on function app.propose_disposal(uuid[]), app.dispose(uuid, uuid, uuid), app.firm_rules()
  to app_rw, app_worker;
-- what a certificate says of the bucket and of backups is for the job alone to know
grant execute on function app.disposal_left(uuid, uuid), app.finish_disposal(uuid, uuid, integer),
  app.disposal_cleared(uuid, uuid, uuid, integer, timestamptz), app.note_scrub(text[], text[]) to app_worker;
