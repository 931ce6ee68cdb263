-- Who may do what for which client: engagements, what a grant rests on, memberships.
set role guard_owner;

-- Which line the provider serves for a client, from when until when, with the signed document.
create table guard.engagement (
  tenant_id   uuid not null references guard.tenant,
  line        text not null references guard.line,
  valid_from  timestamptz not null,
  valid_to    timestamptz,
  document_id uuid,
  primary key (tenant_id, line, valid_from),
  check (valid_to is null or valid_to >= valid_from)
);

-- A decided approval that allows one membership; used once, and never for more than it says.
-- lines and may_write null: the approval said nothing about them.
create table guard.basis (
  tenant_id   uuid not null,
  approval_id uuid not null,
  user_id     uuid not null,
  role        text not null,
  used_at     timestamptz,
  lines       text[],
  may_write   boolean,
  primary key (tenant_id, approval_id, user_id)
);

-- basis: 'engagement', 'founding' (the first people), or the id of the approval.
-- covers: the membership this one stands in for while its person is away; it ends with that one.
-- on_engagement: counts only while the provider serves the client, whatever it was given by; so for
-- all of the provider's people in a client (ruling 4), set by the trigger below.
create table guard.membership (
  tenant_id  uuid not null references guard.tenant,
  id         uuid not null default uuidv7(),
  user_id    uuid not null references guard.person,
  role       text not null references guard.role,
  lines      text[] not null,
  classes    text[] not null default '{}',
  may_write  boolean not null default false,
  basis      text not null
             check (basis in ('engagement', 'founding') or basis ~ '^[0-9a-f-]{36}$'),
  covers     uuid,
  on_engagement boolean not null default true,
  valid_from timestamptz not null default now(),
  valid_to   timestamptz,
  end_reason text not null default '' check (length(end_reason) <= 500),   -- as whoever ended it said
  primary key (tenant_id, id),
  foreign key (tenant_id, covers) references guard.membership (tenant_id, id),
  check (covers is null or valid_to is not null)
);
create function guard.rest_on_engagement() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  new.on_engagement := new.basis = 'engagement' or (new.basis <> 'founding'
    and exists (select from guard.person p where p.id = new.user_id and p.side = 'provider')
    and not exists (select from guard.tenant t where t.id = new.tenant_id and t.is_provider));
  return new;
end $$;
create trigger rest_on_engagement before insert or update of basis, user_id on guard.membership
  for each row execute function guard.rest_on_engagement();
create index membership_user on guard.membership (user_id, tenant_id);
create index membership_role on guard.membership (role);
create index membership_covers on guard.membership (tenant_id, covers) where covers is not null;

-- A client's first owner: proposed by one, confirmed by another.
create table guard.first_owner (
  tenant_id    uuid not null references guard.tenant,
  id           uuid not null default uuidv7(),
  email        text not null,
  name         text not null,
  proposed_by  uuid not null references guard.person,
  proposed_at  timestamptz not null default now(),
  confirmed_by uuid references guard.person,
  confirmed_at timestamptz,
  primary key (tenant_id, id),
  check (confirmed_by is distinct from proposed_by)
);

-- Memberships that count now, in clients that people reach (creating and closing are the worker's).
-- Compared with the start of the statement: an ended grant bites inside an open transaction too.
create view guard.living with (security_invoker = true) as
select m.tenant_id, m.id, m.user_id, m.role, m.lines, m.classes, m.may_write, m.basis, m.on_engagement,
       t.state, t.is_provider
from guard.membership m
join guard.tenant t on t.id = m.tenant_id and t.state in ('active', 'suspended')
where m.valid_from <= statement_timestamp()
  and (m.valid_to is null or m.valid_to > statement_timestamp());

-- Engagements that run now.
create view guard.running with (security_invoker = true) as
select e.tenant_id, e.line
from guard.engagement e
where e.valid_from <= statement_timestamp()
  and (e.valid_to is null or e.valid_to > statement_timestamp());
reset role;
