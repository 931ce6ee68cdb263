"""The set-based statements of suggestions; each takes all lines at once."""

from __future__ import annotations

import sqlalchemy as sa

_TENANT = "(select guard.tenant_id())"
_LINE = (
    "t.id, t.bank_account_id, a.account_id, t.booked_on, t.amount_minor, t.currency,"
    " t.counterparty, t.counterparty_account, t.reference, t.end_to_end_id, t.text, t.party_key"
)
_ACCOUNT = "join app.bank_account a on a.tenant_id = t.tenant_id and a.id = t.bank_account_id"

LINES = sa.text(
    f"select {_LINE}, t.kept_coding is not null as kept from app.bank_transaction t {_ACCOUNT}"
    f" where t.tenant_id = {_TENANT} and t.id = any(cast(:ids as uuid[]))"
)
# Lines to do that may claim the same documents: of the same amount either way, or of the same
# parties about the same days. Read in one pass over what is to do; the account in the books is left
# to the reader, who knows the own accounts.
BESIDE = sa.text(
    "select t.id, t.bank_account_id, null::uuid as account_id, t.booked_on, t.amount_minor,"
    " t.currency, t.counterparty, t.counterparty_account, t.reference, t.end_to_end_id, t.text,"
    f" t.party_key from app.bank_transaction t where t.tenant_id = {_TENANT}"
    " and t.state = 'to_do' and t.status = 'booked' and t.id <> all(cast(:ids as uuid[]))"
    " and (abs(t.amount_minor) = any(cast(:amounts as bigint[]))"
    " or t.party_key = any(cast(:parties as text[])) and t.booked_on between :first and :last)"
    " order by abs(t.amount_minor) = any(cast(:amounts as bigint[])) desc, t.booked_on, t.id"
    " limit :most"
)
# Lines to do of the same accounts and days: several may be one entry together.
NEAR = sa.text(
    f"select {_LINE} from app.bank_transaction t {_ACCOUNT} where t.tenant_id = {_TENANT}"
    " and t.state = 'to_do' and t.status = 'booked' and t.id <> all(cast(:ids as uuid[]))"
    " and t.bank_account_id = any(cast(:accounts as uuid[]))"
    " and t.booked_on between :first and :last order by t.booked_on, t.id limit :most"
)
TO_DO = sa.text(
    f"select id from app.bank_transaction where tenant_id = {_TENANT}"
    " and bank_account_id = :account and state = 'to_do' and status = 'booked'"
    " order by booked_on, id limit :most"
)
OWN_ACCOUNTS = sa.text(
    "select a.id, a.account_id, a.name, a.currency,"
    " array(select n.number from app.bank_account_number n where n.tenant_id = a.tenant_id"
    " and n.bank_account_id = a.id) as numbers"
    f" from app.bank_account a where a.tenant_id = {_TENANT}"
)
# Entries on the bank accounts of the lines that no line of the account points at, of an amount that
# is asked for or near the lines' days. Most clients have none, so what else an entry must be is
# asked only of these.
LOOSE = sa.text(
    "select p.entry_id from ledger.posting p"
    f" where p.tenant_id = {_TENANT} and p.account_id = any(cast(:accounts as uuid[]))"
    " and p.entry_date between :first and :last and (p.amount = any(cast(:amounts as bigint[]))"
    " or p.entry_date between :near and :last)"
    " and not exists (select from app.bank_transaction t where t.tenant_id = p.tenant_id"
    " and t.entry_id = p.entry_id and exists (select from"
    " unnest(cast(:banks as uuid[]), cast(:bank_accounts as uuid[])) b(id, account_id)"
    " where b.id = t.bank_account_id and b.account_id = p.account_id))"
    " order by p.entry_date desc, p.entry_id limit :most"
)
# Neither reversed nor a reversal, and on the account once.
ENTRIES = sa.text(
    "select e.id, p.account_id, e.entry_date as booked_on, p.amount as amount_minor,"
    " p.currency, e.journal || ' ' || e.fiscal_year || '/' || e.number as label, e.description,"
    " array(select distinct c.name from ledger.posting o join ledger.counterparty c"
    " on c.tenant_id = o.tenant_id and c.id = o.counterparty_id"
    " where o.tenant_id = e.tenant_id and o.entry_id = e.id) as parties"
    " from ledger.posting p join ledger.entry e on e.tenant_id = p.tenant_id and e.id = p.entry_id"
    f" where p.tenant_id = {_TENANT} and p.account_id = any(cast(:accounts as uuid[]))"
    " and p.entry_id = any(cast(:entries as uuid[]))"
    " and p.entry_date between :first and :last and (p.amount = any(cast(:amounts as bigint[]))"
    " or p.entry_date between :near and :last)"
    " and e.kind = 'normal' and not exists (select from ledger.entry r"
    " where r.tenant_id = e.tenant_id and r.reverses_id = e.id)"
    " and not exists (select from app.bank_transaction t join app.bank_account a"
    " on a.tenant_id = t.tenant_id and a.id = t.bank_account_id"
    " where t.tenant_id = e.tenant_id and t.entry_id = e.id and a.account_id = p.account_id)"
    " and not exists (select from app.bank_line_entry m join app.bank_account a"
    " on a.tenant_id = m.tenant_id and a.id = m.bank_account_id"
    " where m.tenant_id = e.tenant_id and m.entry_id = e.id and a.account_id = p.account_id)"
    " and not exists (select from ledger.posting o where o.tenant_id = p.tenant_id"
    " and o.entry_id = p.entry_id and o.account_id = p.account_id and o.no <> p.no)"
    " order by e.entry_date desc, e.id limit :most"
)
ITEMS = sa.text(
    "select i.entry_id, i.no, i.account_id, i.counterparty_id,"
    " coalesce(m.name, c.name) as counterparty, i.control, i.booked_on, i.due_on,"
    " nullif(i.reference, '') as reference, i.currency, i.residual as residual_minor,"
    " i.residual_base as residual_base_minor"
    " from ledger.open_item i join ledger.counterparty c"
    " on c.tenant_id = i.tenant_id and c.id = i.counterparty_id"
    " left join ledger.counterparty m on m.tenant_id = c.tenant_id and m.id = c.merged_into_id"
    f" where i.tenant_id = {_TENANT} and i.residual <> 0"
    " order by i.due_on desc, i.entry_id, i.no limit :most"
)
RATES = sa.text(
    "select b.base_currency as base, r.currency, r.rated_on, r.rate from ledger.book b"
    " left join app.exchange_rate r on r.tenant_id = b.tenant_id"
    " and r.currency = any(cast(:currencies as text[])) and r.rated_on between :first and :last"
    f" where b.tenant_id = {_TENANT} order by r.rated_on, r.currency"
)
# What a counterparty is known by leads to those merged into it as well.
ALIASES = sa.text(
    "select counterparty_id, kind, value from ledger.living_alias"
    f" where tenant_id = {_TENANT}"
    " union all select c.id, a.kind, a.value from ledger.counterparty c"
    " join ledger.living_alias a on a.tenant_id = c.tenant_id"
    " and a.counterparty_id = c.merged_into_id"
    f" where c.tenant_id = {_TENANT} and c.merged_into_id is not null"
)
RULES = sa.text(
    "select id, name, position, account_id, direction, bank_account_id, amount_from_minor,"
    " amount_to_minor, currency, party_pattern, text_pattern, tax_code, dim1_id, dim2_id,"
    f" counterparty_id, memo from app.bank_rule where tenant_id = {_TENANT}"
    " and archived_at is null order by position, id"
)
# How payouts of card processors were split: the newest lines of each that have parts, or that are
# entries of the books less a fee.
FEES = sa.text(
    "select w.party, n.amount_minor, n.coding"
    " from unnest(cast(:parties as text[])) w(party) cross join lateral"
    " (select t.id, t.booked_on, t.amount_minor, t.coding from app.bank_transaction t"
    f" where t.tenant_id = {_TENANT} and t.party_key = w.party and t.state = 'booked'"
    " and t.amount_minor > 0 and jsonb_typeof(t.coding) = 'array'"
    " and (jsonb_array_length(t.coding) > 1 or t.decided_as = 'entry') and not exists (select from"
    " jsonb_to_recordset(t.coding) c(account_id uuid, amount_minor bigint) join ledger.account a"
    " on a.tenant_id = t.tenant_id and a.id = c.account_id"
    " where c.amount_minor > 0 and (a.archived_at is not null or a.control is not null))"
    " order by t.booked_on desc, t.id desc limit :newest) n order by n.booked_on desc, n.id desc"
)
# Beside items of another currency: settlements whose suggestion or act said that there was a fee.
FEES_ABROAD = sa.text(
    "select t.coding from app.bank_transaction t"
    f" where t.tenant_id = {_TENANT} and t.state = 'booked' and t.decided_as = 'open_item'"
    " and t.reason ->> 'abroad' = 'fee' and not exists (select from"
    " jsonb_to_recordset(t.coding) c(account_id uuid, counterparty_id uuid) join ledger.account a"
    " on a.tenant_id = t.tenant_id and a.id = c.account_id"
    " where c.counterparty_id is null and (a.archived_at is not null or a.control is not null))"
    " order by t.booked_on desc, t.id desc limit :newest"
)
# Each kind unnests parties of its own: filtered out of one list the planner would guess one row,
# and compare every line with every entry.
_NEWEST = (
    "select w.party, w.incoming, n.* from {parties}"
    " cross join lateral"
    " (select t.id, t.entry_id, t.amount_minor, t.booked_on, t.text from app.bank_transaction t"
    f" where t.tenant_id = {_TENANT} and {{same}}"
    " and t.state = 'booked' and (t.amount_minor > 0) = w.incoming"
    # the fee beside a payout's entries is no way to book the whole line
    " and (t.decided_as is distinct from 'entry' or t.coding is null)"
    " order by t.booked_on desc, t.id desc limit :newest) n"
)
_GIVEN = "unnest(cast(:{kind} as text[]), cast(:{kind}_incoming as boolean[])) w(party, incoming)"
_BEGINS = (
    "t.party_key >= rtrim(w.party, '~') and t.party_key < rtrim(w.party, '~') || chr(1114111)"
    " and t.counterparty is not null"
)
# Beginnings only of the parties that nothing is known of by their whole name or their number.
_UNKNOWN = (
    "(select distinct g.party, g.incoming from unnest(cast(:begins as text[]),"
    " cast(:begins_incoming as boolean[]), cast(:begins_name as text[]),"
    " cast(:begins_account as text[])) g(party, incoming, name, account)"
    " where not exists (select from whole d where d.party = g.name and d.incoming = g.incoming)"
    " and not exists (select from whole d where d.party = g.account and d.incoming = g.incoming)) w"
)
_BY_NAME = _NEWEST.format(parties=_GIVEN.format(kind="name"), same="t.party_key = w.party")
_BY_ACCOUNT = _NEWEST.format(
    parties=_GIVEN.format(kind="account"), same="t.counterparty_account = w.party"
)
# How the newest lines of each party were booked, counted by coding. An entry that touches another
# own account or has several parts cannot be repeated; it counts as a coding of its own.
PAST = sa.text(
    f"with whole as materialized ({_BY_NAME} union all {_BY_ACCOUNT}),"
    " lines as materialized (select * from whole union all"
    f" {_NEWEST.format(parties=_UNKNOWN, same=_BEGINS)}),"
    " banks as materialized (select account_id from app.bank_account"
    f" where tenant_id = {_TENANT}),"
    " taxes as materialized (select account_id from ledger.tax_code"
    f" where tenant_id = {_TENANT} and account_id is not null"
    " union select reverse_account_id from ledger.tax_code"
    f" where tenant_id = {_TENANT} and reverse_account_id is not null),"
    " entries as materialized (select distinct entry_id from lines),"
    # one look an entry, whatever the planner makes of it: a merge reads all postings of a client
    " coded as materialized (select e.entry_id, c.* from entries e cross join lateral ("
    " select count(*) filter (where p.other) as parts, count(*) filter (where p.bank) as banks,"
    " (array_agg(p.account_id) filter (where p.other))[1] as account_id,"
    " (array_agg(p.tax_code) filter (where p.other))[1] as tax_code,"
    " (array_agg(p.dim1_id) filter (where p.other))[1] as dim1_id,"
    " (array_agg(p.dim2_id) filter (where p.other))[1] as dim2_id,"
    " (array_agg(p.counterparty_id) filter (where p.other))[1] as counterparty_id"
    " from (select o.*, o.account_id = any (array(select account_id from banks)) as bank,"
    " o.account_id <> all (array(select account_id from banks union all"
    " select account_id from taxes)) as other from ledger.posting o"
    f" where o.tenant_id = {_TENANT} and o.entry_id = e.entry_id) p) c),"
    " told as (select l.party, l.incoming, l.amount_minor, l.booked_on, l.text, l.id,"
    " case when c.parts = 1 and c.banks = 1 then c.account_id end as account_id,"
    " case when c.parts = 1 and c.banks = 1 then c.tax_code end as tax_code,"
    " case when c.parts = 1 and c.banks = 1 then c.dim1_id end as dim1_id,"
    " case when c.parts = 1 and c.banks = 1 then c.dim2_id end as dim2_id,"
    " case when c.parts = 1 and c.banks = 1 then c.counterparty_id end as counterparty_id"
    " from lines l join coded c on c.entry_id = l.entry_id)"
    # what went to an archived account is not repeated
    " select t.party, t.incoming, count(*) as times,"
    " case when a.archived_at is null then t.account_id end as account_id, t.tax_code, t.dim1_id,"
    " t.dim2_id, t.counterparty_id, a.control,"
    " min(abs(t.amount_minor)) as least_minor,"
    " max(abs(t.amount_minor)) as most_minor, max(t.booked_on) as last_on,"
    " (array_agg(t.text order by t.booked_on desc, t.id desc))[1:5] as texts"
    f" from told t left join ledger.account a on a.tenant_id = {_TENANT} and a.id = t.account_id"
    " group by t.party, t.incoming, t.account_id, t.tax_code, t.dim1_id, t.dim2_id,"
    " t.counterparty_id, a.control, a.archived_at"
)
# What a rule is tried on: the newest lines its amount, direction and account allow.
TRIED = sa.text(
    f"select {_LINE}, t.state, t.entry_id, (select p.account_id from ledger.posting p"
    " where p.tenant_id = t.tenant_id and p.entry_id = t.entry_id and p.account_id <> a.account_id"
    " order by p.no limit 1) as booked_to"
    f" from app.bank_transaction t {_ACCOUNT} where t.tenant_id = {_TENANT}"
    " and t.status = 'booked' and (cast(:bank as uuid) is null or t.bank_account_id = :bank)"
    " and (cast(:currency as text) is null or t.currency = :currency)"
    " and (:direction = 'any' or (t.amount_minor > 0) = (:direction = 'in'))"
    " and (cast(:least as bigint) is null or abs(t.amount_minor) >= :least)"
    " and (cast(:most as bigint) is null or abs(t.amount_minor) <= :most)"
    " order by t.booked_on desc, t.id desc limit :limit"
).bindparams(sa.bindparam("bank", type_=sa.Uuid()))
