-- Opens every table of a client to the export's door and to the restoring tool. Last of all, and over
-- the catalogue, so that no table is forgotten.
do $$
declare
  t record;
  x record;
  written text;
begin
  for t in select name from app.leaving_tables() where name not like 'guard.%' loop
    set local role app_owner;
    execute format('grant select, insert, update, delete on %s to app_restore', t.name);
    execute format('grant select on %s to leaving_door', t.name);
    execute format('call guard.admit(%L, ''leaving_door'', null)', t.name);

    -- Foreign keys between a client's rows may wait for the end of a transaction: only the restoring
    -- tool lets them, where two tables point at each other.
    for x in
      select conname from pg_constraint
       where conrelid = t.name::regclass and contype = 'f' and conenforced and not condeferrable
    loop
      execute format('alter table %s alter constraint %I deferrable initially immediate', t.name, x.conname);
    end loop;

    reset role;                    -- the functions of triggers belong to many

    -- Triggers stand still while a client returns or is erased: rows come and go as they were. What
    -- they would have refused is asked at the end (app.returned_faults). Holds never stand still.
    for x in
      select g.tgname, pg_get_triggerdef(g.oid) as def from pg_trigger g
       where g.tgrelid = t.name::regclass and not g.tgisinternal and g.tgname not in ('held', 'stands')
         and pg_get_triggerdef(g.oid) !~ 'restoring\(\)'
    loop
      written := case when x.def ~ ' WHEN \('
        then regexp_replace(x.def, ' WHEN \((.*)\) EXECUTE FUNCTION ', ' WHEN ((\1) AND NOT guard.restoring()) EXECUTE FUNCTION ')
        else regexp_replace(x.def, ' EXECUTE FUNCTION ', ' WHEN (NOT guard.restoring()) EXECUTE FUNCTION ') end;
      execute format('drop trigger %I on %s', x.tgname, t.name);
      execute written;
    end loop;
  end loop;
end $$;
