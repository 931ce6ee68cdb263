-- What the guard writes down: its audit, and which table stands under which line.
set role guard_owner;

-- sha: content hash over every other column, made by guard.note(). detail holds ids, codes, times
-- and numbers, never a name, an address or somebody's words (docs/decisions/0008).
create table guard.audit (
  tenant_id uuid not null,
  id        uuid not null default uuidv7(),
  at        timestamptz not null,
  actor     uuid,
  principal uuid,
  login     name not null,
  act       text not null,
  detail    jsonb not null,
  sha       bytea not null,
  primary key (tenant_id, id)
);

-- How each table is protected; the catalogue check holds that none is missing.
create table guard.protected (
  tbl    regclass primary key,
  kind   text not null
         check (kind in ('line', 'shared', 'cross', 'personal', 'reference', 'global')),
  lines  text[],
  reader text
);
reset role;
