-- The signed context of a transaction and what it proves.
--
-- Context: mode|tenant|user|principal|exp|kid|mac in the setting app.ctx, local to the transaction.
--   t  a person, token, link or job in one client
--   s  a person's worklist over all clients, read only (tenant empty)
--   j  a named system user's job, from the worker's login role only (principal empty)
--   l  a step of logging in: l|hash|person|nonce|exp|kid|mac; it has no rights
-- mac is HMAC-SHA-256 (RFC 2104) in hexadecimal over everything before it.
-- Internal functions are neither definer nor have they SET: they run inside ones that do.
set role guard_owner;

create type guard.claim as (
  mode          text,
  tenant        uuid,
  person        uuid,
  principal     uuid,         -- in mode l: the nonce
  hash          text,         -- in mode l: what the caller knows, not yet proved
  kind          text,         -- of the principal: person, token, link, job
  p_tenant      uuid,         -- the principal's own client, where it has one
  lines         text[],       -- null: not narrowed
  object_type   text,
  object_id     uuid,
  stepped_up_at timestamptz
);

-- The claims of this transaction; all null without a context; 42501 for one that is not ours.
-- A principal lives or dies at the start of the statement, the context's own end is compared with
-- the start of the transaction. One query fetches key and principal.
create function guard.verify() returns guard.claim
language plpgsql stable parallel safe as $$
declare
  ctx  text := nullif(current_setting('app.ctx', true), '');
  n    timestamptz := statement_timestamp();
  body text;
  f    text[];
  m    text;
  k    record;
  r    guard.claim;
begin
  if ctx is null then
    return r;
  end if;
  body := left(ctx, -65);
  f := string_to_array(body, '|');
  m := f[1];
  if cardinality(f) is distinct from 6 then
    raise exception 'context refused' using errcode = '42501';
  end if;

  select h.o, h.i, p.kind, p.user_id, p.tenant_id, p.lines, p.object_type, p.object_id,
         p.idle_until, p.expires_at, p.stepped_up_at, p.revoked_at
    into k
    from guard.hmac_key h
    left join guard.principal p
      on p.id = case when m in ('t', 's') and f[4] ~ '^[0-9a-f-]{36}$' then f[4]::uuid end
   where h.kid = f[6];
  if encode(sha256(k.o || sha256(k.i || convert_to(body, 'UTF8'))), 'hex')
     is distinct from right(ctx, 64) then
    raise exception 'context refused' using errcode = '42501';
  end if;
  -- From here on we signed what stands in the fields.
  if f[5]::bigint < extract(epoch from now()) then
    raise exception 'context refused' using errcode = '42501';
  end if;

  if m in ('t', 's') then
    -- A living principal, its own person, its own client; a job only from the worker's login role;
    -- a link or a job never as a worklist.
    if k.expires_at is null or k.expires_at <= n
       or k.revoked_at is not null
       or k.idle_until <= n
       or k.user_id is distinct from nullif(f[3], '')::uuid
       or (m = 't' and k.tenant_id <> f[2]::uuid)
       or (k.kind = 'job' and session_user <> 'app_worker')
       or (m = 's' and k.kind not in ('person', 'token')) then
      raise exception 'context refused' using errcode = '42501';
    end if;
    r.kind := k.kind;
    r.p_tenant := k.tenant_id;
    r.lines := k.lines;
    r.object_type := k.object_type;
    r.object_id := k.object_id;
    r.stepped_up_at := k.stepped_up_at;
    r.principal := f[4];
  elsif m = 'j' then
    if session_user <> 'app_worker' then
      raise exception 'context refused' using errcode = '42501';
    end if;
  elsif m = 'l' then
    r.hash := nullif(f[2], '');
    r.principal := nullif(f[4], '');
  else
    raise exception 'context refused' using errcode = '42501';
  end if;

  r.mode := m;
  r.person := nullif(f[3], '');
  if m in ('t', 'j') then
    r.tenant := nullif(f[2], '');
  end if;
  return r;
end $$;
reset role;
