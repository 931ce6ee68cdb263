-- What the catalogue must never show. Run as administrator; every row is a fault.
-- Columns: fault (what is wrong, in words), what (the object it is wrong with).
with
fn as (          -- functions of ours
  select p.oid, p.oid::regprocedure::text as sig, p.prosecdef, p.proconfig,
         coalesce(p.proacl, acldefault('f', p.proowner)) as acl,
         o.rolcanlogin or o.rolsuper or o.rolbypassrls as strong_owner
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    join pg_roles o on o.oid = p.proowner
   where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')
),
tb as (          -- tables of ours outside the guard; reg: how each is protected
  select c.oid, c.oid::regclass::text as name, c.relowner, c.relacl, c.relispartition,
         c.relrowsecurity and c.relforcerowsecurity as forced,
         exists (select from pg_attribute a
                  where a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnotnull) as tenanted,
         p.kind as reg, p.lines, p.reader
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join guard.protected p on p.tbl = c.oid
   where c.relkind in ('r', 'p') and n.nspname !~ '^pg_'
     and n.nspname not in ('information_schema', 'public', 'guard')
),
uq as (          -- unique indexes of tenant tables with their first column
  select tb.name, i.indexrelid::regclass::text as index,
         (select attname from pg_attribute where attrelid = tb.oid and attnum = i.indkey[0]) as first
    from tb join pg_index i on i.indrelid = tb.oid and i.indisunique
   where tb.tenanted
),
fk as (          -- foreign keys
  select tb.*, c.conname, c.conkey, c.confkey, c.confrelid, c.confdeltype, c.confupdtype
    from tb join pg_constraint c on c.conrelid = tb.oid and c.contype = 'f'
),
po as (          -- policies; text: condition and check
  select polrelid, polname, polrelid::regclass::text as name, polroles, polpermissive,
         coalesce(pg_get_expr(polqual, polrelid), '') || ' '
           || coalesce(pg_get_expr(polwithcheck, polrelid), '') as text
    from pg_policy
),
five as (        -- the generated ones, with the guard's function each must ask
  select po.*, case polname when 'sel' then 'scope' else 'writable' end as asks
    from po where polname in ('sel', 'ins', 'upd', 'del')
),
login(role) as (
  values ('app_rw'::regrole::oid), ('app_worker'::regrole::oid), ('app_restore'::regrole::oid)
)

-- Functions ------------------------------------------------------------------------------------
select 'PUBLIC may execute' as fault, sig as what
  from fn where exists (select from aclexplode(acl) a where a.grantee = 0)
union all
select 'definer without search_path', sig
  from fn where prosecdef
   and not coalesce(proconfig::text ~ 'search_path=(""|pg_catalog, ?pg_temp)', false)
union all
select 'definer owned by a login role or superuser', sig from fn where prosecdef and strong_owner

-- Tables ---------------------------------------------------------------------------------------
union all
select 'no tenant_id and not declared reference/global', name
  from tb where not tenanted and coalesce(reg, '') not in ('reference', 'global')
union all
select 'not registered with a line', name
  from tb where tenanted and not relispartition
   and coalesce(reg, '') not in ('line', 'shared', 'cross', 'personal')
union all
select 'registered with an unknown line', tb.name
  from tb where reg = 'line' and not lines <@ array(select line from guard.line)
union all
select 'shared without a line column', tb.name
  from tb where reg in ('shared', 'cross')
   and not exists (select from pg_attribute a
                    where a.attrelid = tb.oid and a.attname = 'line' and a.attnotnull)
union all
select 'personal without an owner_id column', tb.name
  from tb where reg = 'personal'
   and not exists (select from pg_attribute a
                    where a.attrelid = tb.oid and a.attname = 'owner_id' and a.attnotnull)
union all
select 'registered table is gone', p.tbl::oid::text
  from guard.protected p where not exists (select from pg_class c where c.oid = p.tbl)
union all
select 'table in schema public', c.oid::regclass::text
  from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
   and c.relname <> 'alembic_version'
union all
select 'key or unique index not starting with tenant_id', name || ' ' || index
  from uq where first is distinct from 'tenant_id'
union all
select 'foreign key not starting with tenant_id', fk.name || ' ' || fk.conname
  from fk left join tb r on r.oid = fk.confrelid
 where fk.tenanted and not coalesce(r.reg = 'reference', false)
   and not ((select attname from pg_attribute
              where attrelid = fk.oid and attnum = fk.conkey[1]) = 'tenant_id'
            and (select attname from pg_attribute
                  where attrelid = fk.confrelid and attnum = fk.confkey[1]) in ('tenant_id', 'id')
            and coalesce(r.tenanted, fk.confrelid = 'guard.tenant'::regclass))
union all
select 'foreign key SET NULL/DEFAULT', name || ' ' || conname
  from fk where confdeltype in ('n', 'd') or confupdtype in ('n', 'd')
union all
select 'owned by a login role, superuser or bypassrls', tb.name
  from tb join pg_roles r on r.oid = tb.relowner
 where r.rolcanlogin or r.rolsuper or r.rolbypassrls
union all
select 'granted to PUBLIC, or truncate/references/trigger/maintain to a login role',
       tb.name || ' ' || a.privilege_type
  from tb, aclexplode(tb.relacl) a
  left join pg_roles r on r.oid = a.grantee
 where a.grantee = 0
    or (r.rolcanlogin and a.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'))
union all
select 'reference table written by a login role', tb.name || ' ' || a.privilege_type
  from tb, aclexplode(tb.relacl) a
 where tb.reg = 'reference' and a.grantee in (select role from login where role <> 'app_restore'::regrole)
   and a.privilege_type in ('INSERT', 'UPDATE', 'DELETE')

union all
select 'login role writes what the database sets', tb.name || '.' || a.attname
  from tb
  join pg_attribute a on a.attrelid = tb.oid and a.attnum > 0 and a.attgenerated = ''
  join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  cross join login
 where login.role <> 'app_restore'::regrole
   and (pg_get_expr(d.adbin, d.adrelid) ~ 'now\(\)|_timestamp|user_id\(\)|_xact_id'
        and (has_column_privilege(login.role, tb.oid, a.attnum, 'INSERT')
             or has_column_privilege(login.role, tb.oid, a.attnum, 'UPDATE'))
        or a.attname = 'version' and has_column_privilege(login.role, tb.oid, a.attnum, 'INSERT'))

-- Policies -------------------------------------------------------------------------------------
union all
select 'no forced RLS', name from tb where tenanted and not forced
union all
select 'policies missing', name
  from tb where tenanted
   and (select count(*) from po
         where po.polrelid = tb.oid and polname in ('sel', 'ins', 'upd', 'del', 'rst')) <> 5
union all
select 'line policy asks another line', tb.name || '.' || five.polname
  from tb join five on five.polrelid = tb.oid
 where tb.reg in ('line', 'personal')
   and strpos(five.text, format('guard.%s(%L', five.asks, tb.lines[1])) = 0
union all
select 'shared policy lacks a line', tb.name || ' ' || l.line
  from tb
  join guard.line l on tb.reg = 'shared'
    or (tb.reg = 'cross' and (tb.lines is null or l.line = any (tb.lines)))
 where exists (select from five
                where five.polrelid = tb.oid
                  and strpos(five.text, format('guard.%s(%L', five.asks, l.line)) = 0)
union all
select 'cross policy lacks its reader', tb.name || ' ' || tb.reader
  from tb join five on five.polrelid = tb.oid and five.polname = 'sel'
 where tb.reg = 'cross' and strpos(five.text, format('guard.scope(%L', tb.reader)) = 0
union all
select 'personal policy without its owner', tb.name || '.' || five.polname
  from tb join five on five.polrelid = tb.oid
 where tb.reg = 'personal' and five.text !~ 'owner_id = \( SELECT guard\.user_id\(\)'
union all
select 'policy for a login role without the guard', name || '.' || polname
  from po
 where polroles && array[0::oid, 'app_rw'::regrole, 'app_worker'::regrole, 'app_restore'::regrole]
   and (polpermissive and polname not in ('sel', 'ins', 'upd', 'del', 'rst')
        or text !~ 'guard\.')   -- a restrictive one can only narrow
union all
select 'policy not in initplan form', name || '.' || polname
  from po where regexp_replace(text, '\( SELECT guard\.', '', 'g') ~ 'guard\.'

-- The guard itself -----------------------------------------------------------------------------
union all
select 'guard table granted', c.oid::regclass || ' to ' || a.grantee::regrole
  from pg_class c, aclexplode(c.relacl) a
 where c.relnamespace = 'guard'::regnamespace and c.relkind in ('r', 'p', 'v')
   and a.grantee <> 'guard_owner'::regrole
union all
select 'guard column granted', t.attrelid::regclass || '.' || t.attname || ' to ' || a.grantee::regrole
  from pg_attribute t
  join pg_class c on c.oid = t.attrelid and c.relnamespace = 'guard'::regnamespace,
       aclexplode(t.attacl) a
 where not (t.attrelid = 'guard.tenant'::regclass and t.attname in ('id', 'state', 'is_provider')
            and a.grantee = 'guard_jobs'::regrole and a.privilege_type = 'SELECT')
   and a.grantee <> 'guard_owner'::regrole

-- Views ----------------------------------------------------------------------------------------
union all
select 'materialized view', c.oid::regclass::text
  from pg_class c where c.relkind = 'm' and c.relnamespace::regnamespace::text !~ '^pg_'
union all
select 'view not security_invoker', c.oid::regclass::text
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'v' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and not coalesce(c.reloptions::text ~ 'security_invoker=(true|on|1)', false)

-- Roles ----------------------------------------------------------------------------------------
union all
select 'login role with power', r.rolname::text
  from pg_roles r join login on login.role = r.oid
 where r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication
union all
select 'login role is a member', m.member::regrole || ' of ' || m.roleid::regrole
  from pg_auth_members m join login on login.role = m.member
union all
select 'may create', login.role::regrole || ' in ' || n.nspname
  from login, pg_namespace n
 where n.nspname !~ '^pg_(toast|temp)' and has_schema_privilege(login.role, n.oid, 'CREATE')
union all
select 'may make temporary objects', login.role::regrole::text
  from login where has_database_privilege(login.role, current_database(), 'TEMP')
order by 1, 2
