-- The words of papers: a row for each twenty pages, with the page as the position of a word, so that
-- a hit knows its page without reading the text. Kept by triggers on what papers and readings hold;
-- no login role reads or writes it.
set role app_owner;

create table app.document_search (
  tenant_id uuid not null,
  document_id uuid not null,
  part integer not null check (part > 0),         -- pages 1 to 20, 21 to 40, …
  line text not null,
  class text not null,
  type text not null default '',
  day date not null,                               -- the month it belongs to, else the day it came
  version_id uuid,                                 -- whose text it is; null: only its name
  removed boolean not null default false,
  words tsvector not null,
  primary key (tenant_id, document_id, part),
  foreign key (tenant_id, document_id) references app.document (tenant_id, id)
);
create index document_search_words on app.document_search using gin (words)
  with (fastupdate = off) where not removed;
call guard.protect_shared('app.document_search');
grant select, insert, update, delete on app.document_search to app_restore, search_door;
-- `@@` is not leakproof: under a policy that asks the guard no index would be used. So the search's
-- owner reads every row, and its doors ask the guard before they look.
create policy search on app.document_search to search_door using (true) with check (true);
create policy search on app.document for select to search_door using (true);
create policy search on app.document_version for select to search_door using (true);
create policy search on app.document_text for select to search_door using (true);
grant select on app.document, app.document_version, app.document_text to search_door;
grant usage on schema app, guard to search_door;

-- The words of name, counterparty and tags, at a place behind every page and with weight A; the latter
-- two once more as what narrows a search.
create function app.head_words(d app.document) returns tsvector
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(string_agg('''' || app.search_mark(d.tenant_id) || w || ''':16383A', ' '), '')::tsvector
  from to_jsonb(d) x, unnest(app.words_of(concat_ws(' ', d.name,
    regexp_replace(d.name, '\.[A-Za-z0-9]{1,5}$', ''), x ->> 'counterparty',
    (select string_agg(tag, ' ') from jsonb_array_elements_text(
       case jsonb_typeof(x -> 'tags') when 'array' then x -> 'tags' else '[]' end) tag)))
    || app.label_words(d.counterparty, d.tags)) w
$$;
create function app.page_words(p_tenant uuid, p_version uuid, p_part integer) returns tsvector
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(string_agg('''' || app.search_mark(p_tenant) || w || ''':' || t.page_no, ' '), '')::tsvector
  from app.document_text t, unnest(app.words_of(t.text)) w
  where t.tenant_id = p_tenant and t.version_id = p_version
    and t.page_no between p_part * 20 - 19 and p_part * 20
$$;

-- Writes the rows of a paper's parts anew.
create function app.index_parts(p_tenant uuid, p_document uuid, p_parts integer[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  d app.document;
  v uuid;
  head tsvector;
begin
  select * into d from app.document x where x.tenant_id = p_tenant and x.id = p_document;
  if not found then return; end if;
  select x.id into v from app.document_version x
   where x.tenant_id = p_tenant and x.document_id = p_document and x.no = d.version;
  head := app.head_words(d);
  delete from app.document_search s where s.tenant_id = p_tenant and s.document_id = p_document
     and s.part = any (p_parts) and s.part > 1;
  insert into app.document_search as s (tenant_id, document_id, part, line, class, type, day,
      version_id, removed, words)
    select p_tenant, p_document, p, d.line, d.class, coalesce(x ->> 'type', ''),
           coalesce((x ->> 'period')::date, (d.added_at at time zone 'UTC')::date), v,
           d.removed_at is not null, app.page_words(p_tenant, v, p) || head
      from unnest(p_parts) p, to_jsonb(d) x
     where p = 1 or exists (select from app.document_text t where t.tenant_id = p_tenant
       and t.version_id = v and t.page_no between p * 20 - 19 and p * 20)
  on conflict (tenant_id, document_id, part) do update set words = excluded.words,
    version_id = excluded.version_id, line = excluded.line, class = excluded.class,
    type = excluded.type, day = excluded.day, removed = excluded.removed;
end $$;

create function app.text_indexed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform app.index_parts(x.tenant_id, x.document_id, x.parts)
    from (select c.tenant_id, c.document_id, array_agg(distinct (c.page_no + 19) / 20) parts
            from changed c group by 1, 2 order by 1, 2) x;
  return null;
end $$;
create trigger indexed_added after insert on app.document_text
  referencing new table as changed for each statement execute function app.text_indexed();
create trigger indexed_changed after update on app.document_text
  referencing new table as changed for each statement execute function app.text_indexed();
create trigger indexed_removed after delete on app.document_text
  referencing old table as changed for each statement execute function app.text_indexed();

create function app.document_indexed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  x jsonb := to_jsonb(new);
  head tsvector := app.head_words(new);
begin
  if tg_op = 'INSERT' then
    perform app.index_parts(new.tenant_id, new.id, '{1}');
    return null;
  end if;
  if new.version <> old.version then
    delete from app.document_search s
     where s.tenant_id = new.tenant_id and s.document_id = new.id and s.part > 1;
    perform app.index_parts(new.tenant_id, new.id, '{1}');
    return null;
  end if;
  update app.document_search s set line = new.line, class = new.class,
      type = coalesce(x ->> 'type', ''), removed = new.removed_at is not null,
      day = coalesce((x ->> 'period')::date, (new.added_at at time zone 'UTC')::date),
      words = ts_filter(s.words, '{d}') || head
   where s.tenant_id = new.tenant_id and s.document_id = new.id;
  return null;
end $$;
create trigger indexed after insert or update on app.document
  for each row execute function app.document_indexed();
create function app.document_forgotten() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from app.document_search s where s.tenant_id = old.tenant_id and s.document_id = old.id;
  return old;
end $$;
create trigger forgotten before delete on app.document
  for each row execute function app.document_forgotten();
reset role;
alter function app.index_parts(uuid, uuid, integer[]) owner to search_door;
alter function app.text_indexed() owner to search_door;
alter function app.document_indexed() owner to search_door;
alter function app.document_forgotten() owner to search_door;
grant execute on function app.head_words(app.document), app.page_words(uuid, uuid, integer)
  to guard_definer;
