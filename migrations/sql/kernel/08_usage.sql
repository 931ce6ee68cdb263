-- Usage: what was done for a client and is billed, with its evidence, written in the transaction of
-- the work. Written by its door only; a key counts once for ever, unless it was voided in between.
set role app_owner;
create table app.usage_event (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  key text not null check (length(key) between 1 and 300),
  take int not null default 1,     -- a fresh use after a void gets the next number
  meter text not null check (meter ~ '^[a-z][a-z_.-]{1,80}$'),
  quantity numeric(20, 6) not null check (quantity >= 0),   -- less is a void, never a minus
  unit text not null default '' check (length(unit) <= 30),
  at timestamptz not null,         -- when the work was done
  line text not null,
  evidence_type text not null check (length(evidence_type) <= 80),
  evidence_id uuid,
  evidence_title text not null default '' check (length(evidence_title) <= 300),
  payload_sha bytea not null,
  actor uuid,
  recorded_at timestamptz not null default now(),
  transaction xid8 not null default pg_current_xact_id(),   -- the roll-up's watermark
  voided_at timestamptz,
  voided_by uuid,
  void_reason text check (length(void_reason) <= 500),
  primary key (tenant_id, id),
  unique (tenant_id, key, take)
);
create unique index usage_event_live on app.usage_event (tenant_id, key) where voided_at is null;
create index usage_event_meter on app.usage_event (tenant_id, meter, at) include (quantity);
call guard.protect_cross('app.usage_event', null, 'billing');
call guard.admit('app.usage_event', 'usage_door', null);
grant select on app.usage_event to app_rw, app_worker;
grant select, insert, update on app.usage_event to usage_door;
grant select, insert, delete on app.usage_event to app_restore;

create function app.record_usage(p_meter text, p_quantity numeric, p_unit text, p_key text,
  p_type text, p_evidence uuid, p_title text, p_line text, p_at timestamptz) returns uuid
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  t uuid := guard.tenant_id();
  sha bytea := sha256(convert_to(jsonb_build_array(p_meter, trim_scale(p_quantity), p_unit, p_type,
    p_evidence, p_line)::text, 'UTF8'));
  r uuid;
  known bytea;
begin
  if t is null or (c.mode <> 'j' and guard.writable(p_line) is null) then
    raise exception 'refused: usage' using errcode = '42501';
  end if;
  insert into app.usage_event (tenant_id, key, take, meter, quantity, unit, at, line, evidence_type,
      evidence_id, evidence_title, payload_sha, actor)
    select t, p_key, coalesce(max(u.take), 0) + 1, p_meter, p_quantity, p_unit,
      coalesce(p_at, now()), p_line, p_type, p_evidence, left(p_title, 300), sha, c.person
    from app.usage_event u where u.tenant_id = t and u.key = p_key
    on conflict do nothing returning id into r;
  if r is not null then return r; end if;
  select id, payload_sha into r, known from app.usage_event
    where tenant_id = t and key = p_key and voided_at is null;
  if known is distinct from sha then
    raise exception 'usage-key-reused' using errcode = 'BO409',
      detail = jsonb_build_object('key', p_key)::text;
  end if;
  return r;
end $$;

-- Takes the living uses of these keys back; answers how many there were.
create function app.void_usage(p_keys text[], p_reason text) returns bigint
language plpgsql security definer set search_path=pg_catalog,pg_temp as $$
declare
  c guard.claim := guard.claims();
  t uuid := guard.tenant_id();
  n bigint;
begin
  if t is null then raise exception 'refused: usage' using errcode = '42501'; end if;
  update app.usage_event u set voided_at = now(), voided_by = c.person, void_reason = p_reason
    where u.tenant_id = t and u.key = any (p_keys) and u.voided_at is null
      -- the client takes back what it did itself, and not what it was served
      and (c.mode = 'j' or t = guard.writable(u.line)
           and (u.actor = c.person or guard.side_of(c.person) = 'provider'));
  get diagnostics n = row_count;
  return n;
end $$;
reset role;
alter function app.record_usage(text, numeric, text, text, text, uuid, text, text, timestamptz)
  owner to usage_door;
alter function app.void_usage(text[], text) owner to usage_door;
grant execute on function
  app.record_usage(text, numeric, text, text, text, uuid, text, text, timestamptz),
  app.void_usage(text[], text) to app_rw, app_worker;
