-- The desk's figures: things given that staff is to look at, and lists that wait for the client.
set role app_owner;
create function app.request_figures() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  x record;
  given bigint;
  given_since timestamptz;
  waiting bigint;
  waiting_since timestamptz;
  by_mail bigint;
  by_mail_since timestamptz;
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  for x in select distinct tenant_id, line from changed order by tenant_id, line loop
    perform app.add_figure(x.tenant_id, x.line, 'requests_given', 0);
    select count(*) filter (where i.state = 'given'),
           min(i.given_at) filter (where i.state = 'given'),
           count(*) filter (where i.state in ('waiting', 'sent_back')),
           min(l.sent_at) filter (where i.state in ('waiting', 'sent_back'))
      into given, given_since, waiting, waiting_since
      from app.request_item i join app.request_list l
        on l.tenant_id = i.tenant_id and l.id = i.list_id and l.state = 'open'
     where i.tenant_id = x.tenant_id and i.line = x.line
       and i.state in ('given', 'waiting', 'sent_back');
    select count(*), min(r.came_at) into by_mail, by_mail_since from app.mail_reply r
     where r.tenant_id = x.tenant_id and r.line = x.line and r.state = 'to_place';
    perform app.set_figure(x.tenant_id, x.line, 'requests_given', given + by_mail,
                           least(given_since, by_mail_since), '');
    perform app.set_figure(x.tenant_id, x.line, 'requests_waiting', waiting, waiting_since, '');
  end loop;
  return null;
end $$;
create trigger figure_changed after update on app.request_list
  referencing new table as changed for each statement execute function app.request_figures();
create trigger figure_added after insert on app.request_item
  referencing new table as changed for each statement execute function app.request_figures();
create trigger figure_changed after update on app.request_item
  referencing new table as changed for each statement execute function app.request_figures();
-- A reply that waits is something to look at, as what was given: the same figure counts it.
create trigger figure_added after insert on app.mail_reply
  referencing new table as changed for each statement execute function app.request_figures();
create trigger figure_changed after update on app.mail_reply
  referencing new table as changed for each statement execute function app.request_figures();
reset role;
alter function app.request_figures() owner to list_door;
