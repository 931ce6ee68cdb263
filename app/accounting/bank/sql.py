"""The set-based statements of the statement import."""

from __future__ import annotations

import sqlalchemy as sa

BY_DIGEST = sa.text(
    "select id, state, lines_new, lines_total from app.statement_file where sha256 = :sha"
    " and tenant_id = (select guard.tenant_id())"
)
FILE = sa.text(
    "select id, state, stored_object_id, mapping, name from app.statement_file"
    " where tenant_id = (select guard.tenant_id()) and id = :id for update"
)
ACCOUNT = sa.text(
    "select currency from app.bank_account"
    " where tenant_id = (select guard.tenant_id()) and id = :id"
)
CURRENCIES = sa.text(
    "select id, currency from app.bank_account"
    " where tenant_id = (select guard.tenant_id()) and id = any(cast(:ids as uuid[]))"
)
NUMBERS = sa.text(
    "select number, currency, bank_account_id from app.bank_account_number"
    " where tenant_id = (select guard.tenant_id())"
)
ADD_FILE = sa.text(
    "insert into app.statement_file (tenant_id, stored_object_id, name, sha256, size, format,"
    " state, accounts, warnings, error, mapping, source, uploaded_by)"
    " values ((select guard.tenant_id()), :object, :name, :sha, :size, :format, :state,"
    " cast(:accounts as jsonb), cast(:warnings as jsonb), cast(:error as jsonb),"
    " cast(:mapping as jsonb), :source, :person)"
    " on conflict (tenant_id, sha256) do nothing returning id"
)
ADD_NUMBER = sa.text(
    "insert into app.bank_account_number (tenant_id, number, currency, bank_account_id)"
    " values ((select guard.tenant_id()), :number, :currency, :account) on conflict do nothing"
)
READ_AGAIN = sa.text(
    "update app.statement_file set state = :state, format = :format,"
    " accounts = cast(:accounts as jsonb), warnings = cast(:warnings as jsonb),"
    " error = cast(:error as jsonb), mapping = cast(:mapping as jsonb)"
    " where tenant_id = (select guard.tenant_id()) and id = :id"
)
MAPPINGS = sa.text(
    "select m.bank_account_id, m.mapping, a.currency from app.statement_mapping m"
    " join app.bank_account a on a.tenant_id = m.tenant_id and a.id = m.bank_account_id"
    " where m.tenant_id = (select guard.tenant_id()) and m.fingerprint = :print"
    " order by m.changed_at desc limit 50"
)
KEEP_MAPPING = sa.text(
    "insert into app.statement_mapping (tenant_id, bank_account_id, fingerprint, mapping, made_by)"
    " select (select guard.tenant_id()), u.account, :print, cast(:mapping as jsonb),"
    " (select guard.user_id()) from unnest(cast(:accounts as uuid[])) as u(account)"
    " on conflict (tenant_id, bank_account_id, fingerprint) do update"
    " set mapping = excluded.mapping"
)
ALIKE = sa.text(
    "with f as (select tenant_id, id, format from app.statement_file"
    " where tenant_id = (select guard.tenant_id()) and id = :id),"
    " mine as materialized (select s.tenant_id, s.id, s.bank_account_id from app.statement s"
    " join f on s.tenant_id = f.tenant_id and s.file_id = f.id),"
    " others as materialized (select s.tenant_id, s.id from app.statement s"
    " join app.statement_file d on d.tenant_id = s.tenant_id and d.id = s.file_id"
    " join f on f.tenant_id = d.tenant_id and d.format is distinct from f.format"
    " where s.bank_account_id in (select bank_account_id from mine))"
    " select count(*) from mine join app.bank_transaction b"
    " on b.tenant_id = mine.tenant_id and b.statement_id = mine.id"
    " where (b.bank_account_id, b.booked_on, b.amount_minor) in"
    " (select o.bank_account_id, o.booked_on, o.amount_minor from others"
    " join app.bank_transaction o on o.tenant_id = others.tenant_id"
    " and o.statement_id = others.id)"
)
WARN = sa.text(
    "update app.statement_file set warnings = warnings || cast(:more as jsonb)"
    " where tenant_id = (select guard.tenant_id()) and id = :id"
)
IMPORTING = sa.text(
    "update app.statement_file set state = 'importing', error = null, lines_total = :total,"
    " job_id = :job"
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
    "lines",
    "booked",
)
ADD_STATEMENTS = sa.text(
    "insert into app.statement (tenant_id, file_id, position, bank_account_id, number, page,"
    " currency, from_on, to_on, opening_minor, closing_minor, balances_agree, lines, booked_minor)"
    " select (select guard.tenant_id()), :file, u.* from unnest(cast(:position as int[]),"
    " cast(:account as uuid[]), cast(:number as text[]), cast(:page as text[]),"
    " cast(:currency as text[]), cast(:from_on as date[]), cast(:to_on as date[]),"
    " cast(:opening as bigint[]), cast(:closing as bigint[]), cast(:agree as boolean[]),"
    " cast(:lines as int[]), cast(:booked as bigint[])) u"
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
LINES_UNNESTED = (
    "cast(:account as uuid[]),"
    " cast(:statement as uuid[]), cast(:booked_on as date[]), cast(:value_on as date[]),"
    " cast(:amount as bigint[]), cast(:status as text[]), cast(:counterparty as text[]),"
    " cast(:counterparty_account as text[]), cast(:reference as text[]),"
    " cast(:end_to_end_id as text[]), cast(:bank_id as text[]), cast(:text as text[]),"
    " cast(:written as text[]), cast(:line as int[]), cast(:key as bytea[]),"
    " cast(:occurrence as int[])"
)
LINES_NAMED = (
    "account, statement, booked_on, value_on, amount, status,"
    " counterparty, counterparty_account, reference, end_to_end_id, bank_id, words, written, line,"
    " key, occurrence"
)
ADD_LINES = sa.text(
    "with added as (insert into app.bank_transaction as b (tenant_id, bank_account_id,"
    " statement_id, booked_on, value_on, amount_minor, currency, status, counterparty,"
    " counterparty_account, reference, end_to_end_id, bank_id, text, amount_written, line,"
    " dedupe_key, occurrence)"
    " select (select guard.tenant_id()), u.account, u.statement, u.booked_on, u.value_on,"
    " u.amount, a.currency, u.status, u.counterparty, u.counterparty_account, u.reference,"
    " u.end_to_end_id, u.bank_id, u.words, u.written, u.line, u.key, u.occurrence"
    f" from unnest({LINES_UNNESTED}) as u({LINES_NAMED}) join app.bank_account a"
    " on a.tenant_id = (select guard.tenant_id()) and a.id = u.account"
    " on conflict (tenant_id, bank_account_id, dedupe_key, occurrence) do update"
    " set status = 'booked', value_on = excluded.value_on, version = b.version + 1"
    " where b.status = 'pending' and excluded.status = 'booked'"
    " returning (xmax = 0) as new)"
    " select count(*) filter (where new) from added"
)
FINISH = sa.text(
    "update app.statement_file f set state = 'imported', error = null, lines_total = :total,"
    " lines_new = (select count(*) from app.bank_transaction b join app.statement s"
    " on s.tenant_id = b.tenant_id and s.id = b.statement_id"
    " where b.tenant_id = f.tenant_id and s.file_id = f.id)"
    " where f.tenant_id = (select guard.tenant_id()) and f.id = :id returning lines_new"
)
