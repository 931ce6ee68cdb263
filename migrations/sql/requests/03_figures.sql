-- The desk's figures: what the client answered or asks (for staff to look at), what still waits for
-- the client, and what was sent back. Kept by definer triggers, on the line of the rows.
set role app_owner;
call guard.admit('app.question', 'request_door', null);
call guard.admit('app.note', 'request_door', null);
grant select on app.question, app.note to request_door;

-- A figure's row is locked before counting, so that of two people who act at the same time the later
-- one counts what the earlier has done.
create function app.question_figures() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  x record;
  answered bigint;
  answered_since timestamptz;
  waiting bigint;
  waiting_since timestamptz;
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  for x in select distinct tenant_id, line from changed order by tenant_id, line loop
    perform app.add_figure(x.tenant_id, x.line, 'questions_answered', 0);
    select count(*) filter (where for_staff), min(since) filter (where for_staff),
           count(*) filter (where for_client), min(since) filter (where for_client)
      into answered, answered_since, waiting, waiting_since
      from (select (q.state = 'answered') = (q.direction = 'to_client') as for_staff,
                   q.state = 'waiting' and q.direction = 'to_client' as for_client,
                   case q.state when 'answered' then q.answered_at else q.asked_at end as since
              from app.question q
             where q.tenant_id = x.tenant_id and q.line = x.line
               and q.state in ('waiting', 'answered')) open_ones;
    perform app.set_figure(x.tenant_id, x.line, 'questions_answered', answered, answered_since, '');
    perform app.set_figure(x.tenant_id, x.line, 'questions_waiting', waiting, waiting_since, '');
  end loop;
  return null;
end $$;
create trigger figure_added after insert on app.question
  referencing new table as changed for each statement execute function app.question_figures();
create trigger figure_changed after update on app.question
  referencing new table as changed for each statement execute function app.question_figures();

create function app.note_figures() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  x record;
  sent_back bigint;
  since timestamptz;
begin
  if session_user not in ('app_rw', 'app_worker') then return null; end if;
  for x in select distinct tenant_id, line from changed where audience = 'sent_back'
           order by tenant_id, line loop
    perform app.add_figure(x.tenant_id, x.line, 'notes_sent_back', 0);
    select count(*), min(n.written_at) into sent_back, since from app.note n
     where n.tenant_id = x.tenant_id and n.line = x.line and n.audience = 'sent_back'
       and n.done_at is null and n.removed_at is null;
    perform app.set_figure(x.tenant_id, x.line, 'notes_sent_back', sent_back, since, '');
  end loop;
  return null;
end $$;
create trigger figure_added after insert on app.note
  referencing new table as changed for each statement execute function app.note_figures();
create trigger figure_changed after update on app.note
  referencing new table as changed for each statement execute function app.note_figures();
reset role;
alter function app.question_figures() owner to request_door;
alter function app.note_figures() owner to request_door;
