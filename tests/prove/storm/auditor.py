"""The auditor: what was acknowledged is there once, balanced and readable."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from uuid import UUID

import psycopg

from app.kernel import db, jobs_catalog, storage
from app.kernel.errors import DomainError
from app.kernel.scope import Scope
from tests.prove.storm.load import Record
from tests.prove.storm.product import Product

UNBALANCED = """
select e.id::text from ledger.entry e
left join ledger.posting p on p.tenant_id = e.tenant_id and p.entry_id = e.id
where e.tenant_id = %s
group by e.id, e.posting_count
having coalesce(sum(p.base), 1) <> 0 or count(p.*) <> e.posting_count
"""
ROLLUP_ADRIFT = """
select account_id::text from (
  select account_id, sum(base) as moved from ledger.posting where tenant_id = %(t)s group by 1) p
full join (
  select account_id, sum(base_debit - base_credit) as kept from ledger.balance
  where tenant_id = %(t)s and grain = 'd' group by 1) b using (account_id)
where moved is distinct from kept
"""
GAPS = """
select journal, fiscal_year, max(number), count(*) from ledger.entry where tenant_id = %s
group by 1, 2 having max(number) <> count(*)
"""
DOUBLED_LINES = """
select statement_id::text, reference, count(*) from app.bank_transaction where tenant_id = %s
group by statement_id, reference, text having count(*) > 1
"""


def unfinished(admin: psycopg.Connection, tenant: UUID) -> dict[str, int]:
    """Return the jobs that are not done, by state."""
    rows = admin.execute(
        "select state, count(*) from app.job where tenant_id = %s and state <> 'done' group by 1",
        (tenant,),
    )
    return {str(state): int(count) for state, count in rows}


def findings(product: Product, record: Record) -> Iterator[str]:
    """Yield every broken promise as a sentence."""
    yield from record.complaints
    with product.worker.app_context():
        db.db.engine.dispose()  # our own connections did not live through the storm either
    with product.admin() as admin:
        yield from _posts(admin, product, record)
        for (entry,) in admin.execute(UNBALANCED, (product.tenant,)):
            yield f"entry {entry} does not balance"
        for (account,) in admin.execute(ROLLUP_ADRIFT, {"t": product.tenant}):
            yield f"the balance of account {account} is not its postings"
        for row in admin.execute(GAPS, (product.tenant,)):
            yield f"numbers with a gap: {row}"
        for row in admin.execute(DOUBLED_LINES, (product.tenant,)):
            yield f"a bank line is there more than once: {row}"
        yield from _uploads(admin, product, record)
        for state, count in unfinished(admin, product.tenant).items():
            yield f"{count} jobs are {state}"


def _posts(admin: psycopg.Connection, product: Product, record: Record) -> Iterator[str]:
    kept: dict[str, list[tuple[str, int]]] = {}
    query = """
        select e.idem_key, e.id::text, sum(greatest(p.base, 0))::bigint from ledger.entry e
        join ledger.posting p on p.tenant_id = e.tenant_id and p.entry_id = e.id
        where e.tenant_id = %s and e.description = 'Storm' group by 1, 2"""
    for key, entry, amount in admin.execute(query, (product.tenant,)):
        kept.setdefault(key.rpartition(":")[2], []).append((entry, amount))
    for key, entry in record.posts.items():
        found = kept.get(key, [])
        if not found:
            yield f"acknowledged post {key} is lost"
        elif len(found) > 1:
            yield f"post {key} is there {len(found)} times"
        elif found[0] != (entry, record.amounts[key]):
            yield f"post {key} was acknowledged as {entry} and is {found[0]}"


def _uploads(admin: psycopg.Connection, product: Product, record: Record) -> Iterator[str]:
    files = {
        str(row[0]): row[1:]
        for row in admin.execute(
            "select sha256, id::text, state, lines_total, lines_new, stored_object_id"
            " from app.statement_file where tenant_id = %s",
            (product.tenant,),
        )
    }
    for digest, (file_id, lines) in record.uploads.items():
        found = files.get(digest)
        if found is None:
            yield f"acknowledged upload {file_id} is lost"
            continue
        if found[:4] != (file_id, "imported", lines, lines):
            yield f"upload {file_id} of {lines} lines is {found[:4]}"
        try:
            same = _stored(product, found[4]) == digest
        except DomainError as error:
            yield f"the bytes of upload {file_id} cannot be read: {error.code}"
        else:
            if not same:
                yield f"the bytes of upload {file_id} are not what was sent"
    expected = sum(int(row[2]) for row in files.values())
    row = admin.execute(
        "select count(*) from app.bank_transaction where tenant_id = %s", (product.tenant,)
    ).fetchone()
    if row != (expected,):
        yield f"{expected} bank lines were uploaded, {row} are there"


def _stored(product: Product, object_id: UUID) -> str:
    digest = hashlib.sha256()
    operator = Scope.system_job(product.tenant, person_id=jobs_catalog.SYSTEM_USERS["operator"])
    with product.worker.app_context(), db.transaction(operator, read_only=True):
        for part in storage.open(object_id):
            digest.update(part)
    return digest.hexdigest()
