-- When the installation's key-encryption key is changed, everything that is wrapped or sealed under it
-- is wrapped anew: only by the operator's command, a client at a time, each value only where it still
-- is what was read, so that the command can be cut off and run again.

-- Two doors for a column of a client's table, owned by `door`: <table>_sealed() answers what it holds
-- with the context that it is bound to (an expression over the row k), <table>_seal keeps one anew.
set role app_owner;
create procedure app.rewrappable(t regclass, sealed name, context text, door regrole)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  f text;
begin
  execute format('grant select (tenant_id, id, %1$I), update (%1$I) on %2$s to %3$s', sealed, t, door);
  execute format('create function %1$s_sealed() returns table (id uuid, sealed bytea, context text)
    language sql stable security definer set search_path = pg_catalog, pg_temp as %2$L', t,
    format('select k.id, k.%1$I, %2$s from %3$s k
      where k.tenant_id = guard.demand_operator() and k.%1$I is not null order by k.id', sealed, context, t));
  execute format('create function %1$s_seal(p_id uuid, p_old bytea, p_new bytea) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as %2$L', t,
    format('begin
        update %1$s k set %2$I = p_new
         where k.tenant_id = guard.demand_operator() and k.id = p_id and k.%2$I = p_old;
        return found;
      end', t, sealed));
  foreach f in array array[t || '_sealed()', t || '_seal(uuid, bytea, bytea)'] loop
    execute format('alter function %s owner to %s', f, door);
    execute format('revoke execute on function %s from public', f);
    execute format('grant execute on function %s to app_worker', f);
  end loop;
end $$;
call guard.admit('app.mail_message', 'storage_door', null);
reset role;
call app.rewrappable('app.tenant_key', 'wrapped', $$'client|' || k.tenant_id$$, 'storage_door');
call app.rewrappable('app.mail_message', 'sealed', $$'mail|' || k.id$$, 'storage_door');
call app.rewrappable('app.document_address', 'sealed', $$'document-address|' || k.tenant_id$$, 'paper_door');

-- Ways to sign in belong to people, not to clients: passwords and authenticators are sealed too.
set role guard_owner;
create function guard.credentials_to_reseal(p_after uuid, p_most integer)
returns table (id uuid, sealed bytea, context text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.demand_operator();
  return query select w.id, w.secret, w.kind || '|' || w.person_id from guard.credential w
    where w.secret is not null and w.id > p_after order by w.id limit p_most;
end $$;
create function guard.reseal_credential(p_id uuid, p_old bytea, p_new bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform guard.demand_operator();
  update guard.credential w set secret = p_new where w.id = p_id and w.secret = p_old;
  return found;
end $$;
grant execute on function guard.credentials_to_reseal(uuid, integer),
  guard.reseal_credential(uuid, bytea, bytea) to app_worker;
reset role;
