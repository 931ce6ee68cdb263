-- Whom a bank line is with, so that what was done for them is one look into an index.
set role app_owner;

-- The name a party is known by without case, accents, numbers and signs: what two lines of one
-- party agree on. Where a bank names nobody, the words of the text stand for the name. Every line
-- of an import passes here: most texts are ASCII and are spared the folding of accents.
create function app.folded(words text) returns text
language sql immutable parallel safe
return case when octet_length(words) = length(words) then lower(words)
  else regexp_replace(lower(normalize(words, nfkd) collate pg_c_utf8), '[\u0300-\u036f]', '', 'g')
end;
create function app.party_key(counterparty text, words text) returns text
language sql immutable parallel safe
return nullif(left(btrim(replace(replace(
  translate(
    regexp_replace(app.folded(coalesce(nullif(counterparty, ''), left(words, 200))),
      '\S*\d\S*', '', 'g'),
    '.,;:&+-/\*()[]{}"#_|!?<>=%@''', repeat(' ', 28)),
  '  ', ' '), '  ', ' ')), 60), '');
grant execute on function app.folded(text) to app_rw, app_worker, app_restore;
grant execute on function app.party_key(text, text) to app_rw, app_worker, app_restore;

alter table app.bank_transaction
  add column party_key text collate "C" generated always as (app.party_key(counterparty, text)) stored;
create index bank_transaction_party on app.bank_transaction (tenant_id, party_key, booked_on, id)
  where state = 'booked';
create index bank_transaction_party_account
  on app.bank_transaction (tenant_id, counterparty_account, booked_on, id)
  where state = 'booked' and counterparty_account is not null;
reset role;
