"""The set-based statements of the statement import."""

from __future__ import annotations

import sqlalchemy as sa

BY_DIGEST = sa.text(
    "select id, state, lines_new, lines_total from app.statement_file where sha256 = :sha"
    " and tenant_id = (select guard.tenant_id())"
)
FILE = sa.text(
    "select id, state, stored_object_id from app.statement_file"
    " where tenant_id = (select guard.tenant_id()) and id = :id for update"
)
ACCOUNT = sa.text(
    "select currency from app.bank_account"
    " where tenant_id = (select guard.tenant_id()) and id = :id"
)
NUMBERS = sa.text(
    "select number, currency, bank_account_id from app.bank_account_number"
    " where tenant_id = (select guard.tenant_id())"
)
ADD_FILE = sa.text(
    "insert into app.statement_file (tenant_id, stored_object_id, name, sha256, size, format,"
    " state, accounts, warnings, error, uploaded_by)"
    " values ((select guard.tenant_id()), :object, :name, :sha, :size, :format, :state,"
    " cast(:accounts as jsonb), cast(:warnings as jsonb), cast(:error as jsonb), :person)"
    " returning id"
)
ADD_NUMBER = sa.text(
    "insert into app.bank_account_number (tenant_id, number, currency, bank_account_id)"
    " values ((select guard.tenant_id()), :number, :currency, :account) on conflict do nothing"
)
IMPORTING = sa.text(
    "update app.statement_file set state = 'importing', lines_total = :total, job_id = :job"
    " where tenant_id = (select guard.tenant_id()) and id = :id"
)
HEAD_COLUMNS = (
    "position",
    "account",
    "number",
    "page",
    "currency",
    "from_on",
    "to_on",
    "opening",
    "closing",
    "agree",
)
ADD_STATEMENTS = sa.text(
    "insert into app.statement (tenant_id, file_id, position, bank_account_id, number, page,"
    " currency, from_on, to_on, opening_minor, closing_minor, balances_agree)"
    " select (select guard.tenant_id()), :file, u.* from unnest(cast(:position as int[]),"
    " cast(:account as uuid[]), cast(:number as text[]), cast(:page as text[]),"
    " cast(:currency as text[]), cast(:from_on as date[]), cast(:to_on as date[]),"
    " cast(:opening as bigint[]), cast(:closing as bigint[]), cast(:agree as boolean[])) u"
    " on conflict (tenant_id, file_id, position) do nothing"
)
STATEMENTS = sa.text(
    "select id, bank_account_id from app.statement"
    " where tenant_id = (select guard.tenant_id()) and file_id = :file order by position"
)
LINE_COLUMNS = (
    "account",
    "statement",
    "booked_on",
    "value_on",
    "amount",
    "status",
    "counterparty",
    "counterparty_account",
    "reference",
    "end_to_end_id",
    "bank_id",
    "text",
    "written",
    "line",
    "key",
    "occurrence",
)
ADD_LINES = sa.text(
    "with u as materialized (select * from unnest(cast(:account as uuid[]),"
    " cast(:statement as uuid[]), cast(:booked_on as date[]), cast(:value_on as date[]),"
    " cast(:amount as bigint[]), cast(:status as text[]), cast(:counterparty as text[]),"
    " cast(:counterparty_account as text[]), cast(:reference as text[]),"
    " cast(:end_to_end_id as text[]), cast(:bank_id as text[]), cast(:text as text[]),"
    " cast(:written as text[]), cast(:line as int[]), cast(:key as bytea[]),"
    " cast(:occurrence as int[])) as u(account, statement, booked_on, value_on, amount, status,"
    " counterparty, counterparty_account, reference, end_to_end_id, bank_id, words, written, line,"
    " key, occurrence)),"
    " added as (insert into app.bank_transaction as b (tenant_id, bank_account_id, statement_id,"
    " booked_on, value_on, amount_minor, currency, status, counterparty, counterparty_account,"
    " reference, end_to_end_id, bank_id, text, amount_written, line, dedupe_key, occurrence)"
    " select (select guard.tenant_id()), u.account, u.statement, u.booked_on, u.value_on, u.amount,"
    " a.currency, u.status, u.counterparty, u.counterparty_account, u.reference, u.end_to_end_id,"
    " u.bank_id, u.words, u.written, u.line, u.key, u.occurrence"
    " from u join app.bank_account a"
    " on a.tenant_id = (select guard.tenant_id()) and a.id = u.account"
    " on conflict (tenant_id, bank_account_id, dedupe_key, occurrence) do update"
    " set status = 'booked', value_on = excluded.value_on, version = b.version + 1"
    " where b.status = 'pending' and excluded.status = 'booked'"
    " returning (xmax = 0) as new)"
    " select count(*) filter (where new) from added"
)
FINISH = sa.text(
    "update app.statement_file f set state = 'imported', lines_total = :total,"
    " lines_new = (select count(*) from app.bank_transaction b join app.statement s"
    " on s.tenant_id = b.tenant_id and s.id = b.statement_id"
    " where b.tenant_id = f.tenant_id and s.file_id = f.id)"
    " where f.tenant_id = (select guard.tenant_id()) and f.id = :id returning lines_new"
)
