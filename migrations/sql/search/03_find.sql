-- Finding: the newest papers that hold all words. A rare word is read from the index; a common one
-- by walking the client's papers from the newest, which ends as soon as the page is full.
set role app_owner;

-- By the index: at most p_most parts, in no order. Nothing but the index of words can serve it:
-- the client is compared in a form that no other index answers.
create function app.search_index(t uuid, q tsquery, p_lines text[], p_classes text[], p_type text,
  p_from date, p_to date, p_before uuid, p_most integer)
returns table (document_id uuid, part integer)
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off
set enable_indexscan = off set plan_cache_mode = force_generic_plan as $$
begin
  return query
    select s.document_id, s.part from app.document_search s
     where s.words @@ q and not s.removed and (s.tenant_id = t) is true
       and s.line = any (p_lines) and s.class = any (p_classes)
       and (p_type is null or s.type = p_type)
       and (p_from is null or s.day >= p_from) and (p_to is null or s.day <= p_to)
       and (p_before is null or (s.document_id < p_before) is true)
     limit p_most;
end $$;

-- From the newest on, until p_limit papers are found or one is older than p_floor.
create function app.search_recent(t uuid, q tsquery, p_lines text[], p_classes text[], p_type text,
  p_from date, p_to date, p_before uuid, p_floor uuid, p_limit integer)
returns table (document_id uuid, part integer)
language plpgsql stable set search_path = pg_catalog, pg_temp set enable_bitmapscan = off
set enable_seqscan = off set enable_sort = off set plan_cache_mode = force_generic_plan as $$
declare
  x record;
  n integer := 0;
  last uuid;
begin
  for x in
    select s.document_id, s.part from app.document_search s
     where s.tenant_id = t and s.words @@ q and not s.removed
       and s.line = any (p_lines) and s.class = any (p_classes)
       and (p_type is null or s.type = p_type)
       and (p_from is null or s.day >= p_from) and (p_to is null or s.day <= p_to)
       and s.document_id < p_before and s.document_id > p_floor
     order by s.tenant_id desc, s.document_id desc, s.part desc
  loop
    continue when x.document_id = last;
    document_id := x.document_id; part := x.part; last := x.document_id; n := n + 1;
    return next;
    exit when n >= p_limit;
  end loop;
end $$;

-- The newest parts of a client, whether they match or not: how common the words are.
create function app.search_probe(t uuid, q tsquery, p_lines text[], p_classes text[], p_type text,
  p_from date, p_to date, p_before uuid, p_floor uuid, p_most integer,
  out ids uuid[], out parts integer[], out walked bigint)
language sql stable set search_path = pg_catalog, pg_temp set enable_bitmapscan = off
set enable_seqscan = off set enable_sort = off set plan_cache_mode = force_generic_plan as $$
  select coalesce(array_agg(x.document_id) filter (where x.hit), '{}'),
         coalesce(array_agg(x.part) filter (where x.hit), '{}'), count(*)
    from (select s.document_id, s.part, s.words @@ q as hit from app.document_search s
           where s.tenant_id = t and not s.removed
             and s.line = any (p_lines) and s.class = any (p_classes)
             and (p_type is null or s.type = p_type)
             and (p_from is null or s.day >= p_from) and (p_to is null or s.day <= p_to)
             and s.document_id < p_before and s.document_id > p_floor
           order by s.tenant_id desc, s.document_id desc, s.part desc limit p_most) x
$$;

-- In one client. The words of a common search are met among the newest papers already, and then the
-- walk goes on; else by the index where at most p_most parts match, else from the newest on.
-- common: whether the newest papers were enough to know; p_probe: whether to look at them.
create function app.search_client(t uuid, p_query text, p_lines text[], p_classes text[],
  p_type text, p_from date, p_to date, p_before uuid, p_floor uuid, p_limit integer, p_most integer,
  p_probe boolean, out ids uuid[], out parts integer[], out common boolean)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  q tsquery := replace(p_query, '§', app.search_mark(t))::tsquery;
  till uuid := coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  first integer := 64;
  seen record;
begin
  common := false;
  if p_probe then
    select * into seen from app.search_probe(t, q, p_lines, p_classes, p_type, p_from, p_to, till,
      p_floor, first);
    common := seen.walked < first or cardinality(seen.ids) >= 3;
    if seen.walked < first then
      select array_agg(x.d order by x.d desc), array_agg(x.p order by x.d desc) into ids, parts
        from (select d, min(p) p from unnest(seen.ids, seen.parts) y(d, p)
               group by d order by d desc limit p_limit) x;
      return;
    end if;
  end if;
  if not common then
    select array_agg(r.document_id), array_agg(r.part) into ids, parts
      from app.search_index(t, q, p_lines, p_classes, p_type, p_from, p_to, p_before, p_most + 1) r;
    if coalesce(cardinality(ids), 0) <= p_most then
      select array_agg(x.d order by x.d desc), array_agg(x.p order by x.d desc) into ids, parts
        from (select d, min(p) p from unnest(ids, parts) y(d, p) where d > p_floor
               group by d order by d desc limit p_limit) x;
      return;
    end if;
  end if;
  select array_agg(r.document_id), array_agg(r.part) into ids, parts
    from app.search_recent(t, q, p_lines, p_classes, p_type, p_from, p_to, till, p_floor, p_limit) r;
end $$;

-- The page on which most of the words stand; 0 where only the name, the counterparty or a tag has them.
-- Words of pages have no weight, those of the head weight A: a part of one page needs no counting.
create function app.search_page(p_tenant uuid, p_document uuid, p_part integer, p_marks text[],
  p_begun text[])
returns integer
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  mark text := app.search_mark(p_tenant);
  words tsvector;
  version uuid;
  any_of text;
  found integer;
begin
  select s.words, s.version_id into words, version from app.document_search s
   where s.tenant_id = p_tenant and s.document_id = p_document and s.part = p_part;
  select string_agg(quote_literal(mark || m) || ':D', ' | ') into any_of
    from unnest(p_marks) m where m <> '';
  any_of := concat_ws(' | ', any_of, (select string_agg(quote_literal(mark || m) || ':*D', ' | ')
    from unnest(p_begun) m where m <> ''));
  if any_of = '' or not words @@ any_of::tsquery then
    return 0;
  end if;
  if not exists (select from app.document_text t where t.tenant_id = p_tenant and t.version_id = version
      and t.page_no between p_part * 20 - 18 and p_part * 20) then
    return p_part * 20 - 19;
  end if;
  select page into found
    from unnest(words) w(lexeme, positions, weights), unnest(w.positions) page
   where page < 16383 and (w.lexeme = any (array(select mark || m from unnest(p_marks) m))
     or exists (select from unnest(p_begun) b where starts_with(w.lexeme, mark || b)))
   group by page order by count(*) desc, page limit 1;
  return coalesce(found, 0);
end $$;

-- The search below the guard: over clients with the lines and classes that are reached in each.
create function app.search_clients(p_tenants uuid[], p_lines jsonb, p_classes jsonb, p_typed text,
  p_type text, p_class text, p_party text, p_tag text, p_from date, p_to date, p_before uuid,
  p_limit integer)
returns table (tenant_id uuid, document_id uuid, page integer, marks text[], begun text[])
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  asked record := app.search_query(p_typed);
  query text := asked.query || app.label_query(p_party, p_tag);
  t uuid;
  r record;
  tenants uuid[] := '{}';
  ids uuid[] := '{}';
  parts integer[] := '{}';
  classes text[];
  lowest uuid := '00000000-0000-0000-0000-000000000000';
  most integer := case when cardinality(p_tenants) > 3 then 100 else 300 end;
  vain integer := 0;               -- clients whose newest papers told nothing: the words are rare
begin
  if asked.query = '' then return; end if;
  foreach t in array p_tenants loop
    classes := array(select jsonb_array_elements_text(coalesce(p_classes -> t::text, '["normal"]')));
    if p_class is not null then
      classes := array(select c from unnest(classes) c where c = p_class);
    end if;
    select * into r from app.search_client(t, query,
      array(select jsonb_array_elements_text(p_lines -> t::text)), classes, p_type, p_from,
      p_to, p_before, lowest, p_limit, most, vain < 2);
    vain := vain + (not r.common)::integer;
    continue when r.ids is null;
    -- the best of all clients so far, so that the next one need not look further back
    select array_agg(x.t order by x.d desc), array_agg(x.d order by x.d desc),
           array_agg(x.p order by x.d desc)
      into tenants, ids, parts
      from (select * from unnest(tenants, ids, parts) y(t, d, p)
            union all select t, z.d, z.p from unnest(r.ids, r.parts) z(d, p)
            order by 2 desc limit p_limit) x;
    if cardinality(ids) = p_limit then lowest := ids[p_limit]; end if;
  end loop;
  return query
    select x.t, x.d, app.search_page(x.t, x.d, x.p, asked.marks, asked.begun), asked.marks, asked.begun
      from unnest(tenants, ids, parts) with ordinality x(t, d, p, place) order by x.place;
end $$;

-- The door: in which clients the caller may see papers, on which lines and of which classes is the
-- guard's answer, for every call.
-- p_tenant null: all clients of a worklist.
create function app.find_documents(p_typed text, p_tenant uuid, p_type text, p_class text,
  p_party text, p_tag text, p_from date, p_to date, p_before uuid, p_limit integer)
returns table (tenant_id uuid, document_id uuid, page integer, marks text[], begun text[])
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  reached jsonb;
  classes jsonb;
begin
  select jsonb_object_agg(x.t, x.lines) into reached from (
    select u.t, jsonb_agg(l.line) lines
      from guard.reach_with('document.read') l, unnest(l.tenants) u(t)
     where p_tenant is null or u.t = p_tenant group by u.t) x;
  if reached is null then return; end if;
  select jsonb_object_agg(x.t, x.classes) into classes from (
    select split_part(c, ':', 1) t, jsonb_agg(split_part(c, ':', 2)) || '"normal"' classes
      from unnest(guard.document_classes()) c group by 1) x;
  return query select * from app.search_clients(
    array(select k::uuid from jsonb_object_keys(reached) k), reached, coalesce(classes, '{}'), p_typed,
    p_type, p_class, p_party, p_tag, p_from, p_to, p_before, least(greatest(p_limit, 1), 201));
end $$;
reset role;
do $$
declare f text;
begin
  foreach f in array array[
    'search_index(uuid, tsquery, text[], text[], text, date, date, uuid, integer)',
    'search_recent(uuid, tsquery, text[], text[], text, date, date, uuid, uuid, integer)',
    'search_probe(uuid, tsquery, text[], text[], text, date, date, uuid, uuid, integer)',
    'search_client(uuid, text, text[], text[], text, date, date, uuid, uuid, integer, integer, boolean)',
    'search_page(uuid, uuid, integer, text[], text[])',
    'search_clients(uuid[], jsonb, jsonb, text, text, text, text, text, date, date, uuid, integer)',
    'find_documents(text, uuid, text, text, text, text, date, date, uuid, integer)'] loop
    execute format('alter function app.%s owner to search_door', f);
  end loop;
end $$;
grant execute on function app.find_documents(text, uuid, text, text, text, text, date, date, uuid, integer)
  to app_rw, app_worker;
