-- A client comes back into an installation: by the restoring tool only, one client a transaction,
-- the one named in app.restore_tenant.
set role guard_owner;

create function guard.need_restoring() returns uuid
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if not guard.restoring() or guard.restore_tenant() is null
     or guard.restore_tenant() is not distinct from guard.provider() then
    perform guard.refuse('restoring');
  end if;
  return guard.restore_tenant();
end $$;

-- Makes room for the client under its own id, in the state `creating`, which only the worker
-- reaches. A client that is here already is never written over; one that was erased may return.
create function guard.begin_return(p_slug text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.need_restoring();
begin
  if exists (select from guard.tenant where slug = p_slug and id <> t) then
    raise exception 'slug-taken' using errcode = 'BO409', detail = jsonb_build_object('slug', p_slug);
  end if;
  insert into guard.tenant (id, slug, state) values (t, p_slug, 'creating')
  on conflict (id) do update set slug = excluded.slug, state = 'creating'
    where guard.tenant.state in ('erased', 'creating');
  if not found then
    raise exception 'client-is-here' using errcode = 'BO409';
  end if;
end $$;

-- What a return left half done is taken away again.
create function guard.drop_return() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.need_restoring();
begin
  delete from guard.tenant where id = t and state = 'creating';
end $$;

-- People are matched by id and address; who is not here is made, without credentials. An address
-- that belongs to somebody else here keeps its owner: the name of old records then stands under an
-- address that nobody can use. Answers how many those are.
create function guard.return_people(p_rows jsonb) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  n bigint;
begin
  perform guard.need_restoring();
  if exists (
    select from jsonb_to_recordset(p_rows) x(id uuid, email text)
      join guard.person p on p.id = x.id
     where lower(p.email) <> lower(x.email)
       and p.email <> x.id || '@imported.invalid' and p.email <> x.id || '@erased.invalid') then
    raise exception 'person-differs' using errcode = 'BO409';
  end if;
  select count(*) into n
    from jsonb_to_recordset(p_rows) x(id uuid, email text)
    join guard.person p on lower(p.email) = lower(x.email) and p.id <> x.id;
  insert into guard.person as k (id, side, email, name, left_at)
  select x.id, x.side,
         case when exists (select from guard.person p
                            where lower(p.email) = lower(x.email) and p.id <> x.id)
              then x.id || '@imported.invalid' else x.email end,
         x.name, x.left_at
    from jsonb_to_recordset(p_rows) x(id uuid, side text, email text, name text, left_at timestamptz)
  on conflict (id) do update set email = excluded.email, name = excluded.name, left_at = excluded.left_at
    where k.email = k.id || '@erased.invalid';
  return n;
end $$;

create function guard.return_rows(p_table text, p_columns text[], p_rows jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.need_restoring();
  given text;
begin
  select string_agg(format('%I', c), ', ' order by c) into given
    from app.leaving_shape(to_regclass(p_table)) k, unnest(k.columns) c
   where p_table like 'guard.%' and 'tenant_id' = any (k.left_out) and c = any (p_columns)
     and not exists (select from app.leaving_rules() r where r.name = p_table and not r.exported);
  if given is null then
    perform guard.refuse('returning');
  end if;
  -- the record of a client that was erased here is still here
  execute format('insert into %s (tenant_id, %s) select $1, %s from jsonb_populate_recordset(null::%s, $2)%s',
                 to_regclass(p_table), given, given, to_regclass(p_table),
                 case p_table when 'guard.audit' then ' on conflict do nothing' else '' end)
    using t, p_rows;
end $$;

create function guard.finish_return(p_state text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  t uuid := guard.need_restoring();
begin
  if p_state not in ('active', 'suspended') then
    perform guard.refuse('returning');
  end if;
  update guard.tenant set state = p_state where id = t and state = 'creating';
end $$;
grant execute on function guard.begin_return(text), guard.drop_return(), guard.return_people(jsonb),
  guard.return_rows(text, text[], jsonb), guard.finish_return(text) to app_restore;
reset role;

-- What the doors would never have written: asked after a client has come back, before it is kept.
set role app_owner;
create function ledger.returned_faults() returns setof text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select 'an entry does not balance or lacks postings'
    from ledger.entry e
    left join lateral (select count(*) n, coalesce(sum(p.base), 0) base from ledger.posting p
                        where p.tenant_id = e.tenant_id and p.entry_id = e.id) s on true
   where e.tenant_id = (select guard.restore_tenant()) and (s.n <> e.posting_count or s.base <> 0)
  union all
  select 'the balances are not those of the postings'
    from (select account_id, currency, sum(debit - credit) s from ledger.balance
           where tenant_id = (select guard.restore_tenant()) and grain = 'd' group by 1, 2) b
    full join (select account_id, currency, sum(amount) s from ledger.posting
                where tenant_id = (select guard.restore_tenant()) group by 1, 2) p
      using (account_id, currency)
   where coalesce(b.s, 0) <> coalesce(p.s, 0)
  union all
  select 'a journal has a gap in its numbers'
    from (select count(*) n, max(number) top from ledger.entry
           where tenant_id = (select guard.restore_tenant()) group by journal, fiscal_year) x
   where x.n <> x.top
$$;
-- Foreign keys that the database does not hold by itself, the hashes of the audit, and the books.
-- p_kept: events that an erasure here has left without what they changed.
create function app.returned_faults(p_kept uuid[]) returns setof text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  f record;
  n bigint;
begin
  for f in
    select c.conrelid::regclass::text child, c.confrelid::regclass::text parent, c.conname,
           (select string_agg(format('p.%I = c.%I', pa.attname, ca.attname), ' and ')
              from unnest(c.conkey, c.confkey) u(k, fk)
              join pg_attribute ca on ca.attrelid = c.conrelid and ca.attnum = u.k
              join pg_attribute pa on pa.attrelid = c.confrelid and pa.attnum = u.fk) same,
           (select string_agg(format('c.%I is not null', ca.attname), ' and ')
              from unnest(c.conkey) u(k)
              join pg_attribute ca on ca.attrelid = c.conrelid and ca.attnum = u.k) whole
      from pg_constraint c
      join app.leaving_tables() t on t.name = c.conrelid::regclass::text and t.exported
     where c.contype = 'f' and not c.conenforced
  loop
    execute format('select count(*) from %s c where c.tenant_id = $1 and %s'
                   ' and not exists (select from %s p where %s)', f.child, f.whole, f.parent, f.same)
      into n using guard.restore_tenant();
    if n > 0 then
      return next f.child || ' points at rows of ' || f.parent || ' that are not there';
    end if;
  end loop;
  if exists (
    select from app.audit_event e
      left join app.audit_change c on c.tenant_id = e.tenant_id and c.event_id = e.id
     where e.tenant_id = (select guard.restore_tenant()) and e.id <> all (p_kept)
       and e.leaf <> app.audit_leaf(e.id, e.tenant_id, e.actor, e.principal, e.act, e.subject_type,
                                    e.subject_id, e.line, c.before, c.after)) then
    return next 'the audit does not match its hashes';
  end if;
  return query select distinct x from ledger.returned_faults() x;
end $$;
grant execute on function ledger.returned_faults(), app.returned_faults(uuid[]),
  app.audit_leaf(uuid, uuid, uuid, uuid, text, text, uuid, text, jsonb, jsonb) to app_restore;
reset role;
