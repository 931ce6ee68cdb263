-- An alias that was learnt from a bank line: what the bank called the contact whose line it was.
set role app_owner;

-- It counts while the decision stands that it was learnt from: its created_at is that of the
-- decision, both being the time of one transaction. Taking the line back forgets it, by whatever
-- statement that happens.
alter table ledger.counterparty_alias
  add column learnt_from uuid,
  add foreign key (tenant_id, learnt_from) references app.bank_transaction (tenant_id, id);
create index on ledger.counterparty_alias (tenant_id, learnt_from) where learnt_from is not null;
grant insert (learnt_from) on ledger.counterparty_alias to app_rw, app_worker;

create view ledger.living_alias with (security_invoker = true) as
  select a.* from ledger.counterparty_alias a
  where a.archived_at is null and (a.learnt_from is null or exists (
    select from app.bank_transaction t
    where t.tenant_id = a.tenant_id and t.id = a.learnt_from and t.decided_at = a.created_at));
grant select on ledger.living_alias to app_rw, app_worker;
reset role;
