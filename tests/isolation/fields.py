"""Where the ids of a route's parameters come from; one that is not here fails the replay."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg


@dataclass(frozen=True, slots=True)
class Ids:
    """Where ids of one client are found: any of these statements, `%s` is the tenant."""

    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A parameter that names no object of a client: always the same value."""

    value: str


def of(*tables: str) -> Ids:
    """Ids of rows of tenant tables."""
    return Ids(tuple(f"select id from {table} where tenant_id = %s limit 1" for table in tables))


# Every parameter of every route. Add yours with the table its ids come from.
PARAMETERS: dict[str, Ids | Fixed] = {
    "account_id": of("ledger.account"),
    "approval_id": of("app.approval"),
    "approval_rule_id": of("app.approval_policy"),
    "provider_rule_id": of("app.approval_policy"),
    "delegation_id": of("app.approval_delegation"),
    "alias_id": of("ledger.counterparty_alias"),
    "allocation_id": of("ledger.allocation"),
    "bank_account_id": of("app.bank_account"),
    "counterparty_id": of("ledger.counterparty"),
    "document_id": of("app.document"),
    "destruction_id": of("app.key_destruction"),
    "share_id": of("app.document_share"),
    "held_id": of("app.held_file"),
    "upload_id": of("app.upload"),
    "disposal_id": of("app.disposal"),
    "hold_id": of("app.legal_hold"),
    "kept_rule_id": of("app.retention_own"),
    "entry_id": of("ledger.entry"),
    "event_id": of("app.audit_event"),
    "file_id": of("app.statement_file"),
    "job_id": of("app.job"),
    "line_id": of("app.bank_transaction"),
    "note_id": of("app.note"),
    "notice_id": of("app.notice"),
    "list_id": of("app.request_list"),
    "item_id": of("app.request_item"),
    "reply_id": of("app.mail_reply"),
    "secret": Fixed("made-up-secret-of-a-link-that-opens-nothing-at-all"),
    "stop_secret": Fixed("made-up-secret-of-a-mail-that-stops-nothing"),
    "question_id": of("app.question"),
    "object_id": of("ledger.entry", "app.bank_transaction", "app.published_report"),
    "pack_id": of("app.report_pack"),
    "proposal_id": of("app.report_proposal"),
    "publication_id": of("app.published_pack"),
    "report_id": of("app.published_report"),
    "stored_id": of("app.stored_object"),
    "recode_id": of("app.recode"),
    "statement_id": of("app.statement"),
    "moving_id": of("app.moving_file"),
    "step_id": of("app.close_step"),
    "value_id": of("ledger.dimension_value"),
    "drop_id": of("app.statement_drop"),
    "tray_id": of("app.statement_tray"),
    "task_id": of("app.task"),
    "time_id": of("app.time_entry"),
    "rate_id": of("app.cost_rate"),
    "template_id": of("app.work_template"),
    "repeat_id": of("app.repeat"),
    "closure_id": of("app.closure"),
    "check_id": of("app.task_item"),
    "view_id": of("app.saved_view"),
    "person_id": Ids(("select user_id from guard.membership where tenant_id = %s limit 1",)),
    "request_id": of("guard.access_request"),
    "membership_id": of("guard.membership"),
    "credential_id": Ids(
        (
            (
                "select c.id from guard.credential c join guard.membership m"
                " on m.user_id = c.person_id where m.tenant_id = %s limit 1"
            ),
        )
    ),
    "principal_id": Ids(
        (
            (
                "select p.id from guard.principal p join guard.membership m"
                " on m.user_id = p.user_id where m.tenant_id = %s limit 1"
            ),
        )
    ),
    "token_id": Ids(
        ("select id from guard.principal where kind = 'token' and tenant_id = %s limit 1",)
    ),
    # what is the same for every client, or is secret by itself
    "code": Fixed("0" * 32),
    "month": Fixed("2026-10"),
    "period_id": Fixed("202604"),
    "name": Fixed("app.css"),
    "no": Fixed("1"),
    "print": Fixed("2457a6"),
    "report_key": Fixed("profit-and-loss"),
    "page": Fixed("1"),
    "role": Fixed("owner"),
    "rule_id": of("app.bank_rule"),
    "tax_code": Fixed("V20"),
    "theme": Fixed("dark"),
    "token": Fixed("0" * 32),
    "version": Fixed("1"),
    "token_text": Fixed("0" * 32),
}


def harvest(admin: psycopg.Connection, tenant: UUID) -> dict[str, str]:
    """An id of this client for each parameter; parameters whose tables hold none are left out."""
    found: dict[str, str] = {}
    for name, source in PARAMETERS.items():
        if isinstance(source, Fixed):
            found[name] = source.value
            continue
        for statement in source.statements:
            value = _first(admin, statement, tenant)
            if value is not None:
                found[name] = value
                break
    return found


def _first(admin: psycopg.Connection, statement: str, tenant: UUID) -> str | None:
    try:
        row = admin.execute(statement, (tenant,)).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        admin.rollback()
        return None
    return str(row[0]) if row else None


def unknown(name: str, value: str) -> str:
    """A value of the same form that nobody has."""
    source = PARAMETERS[name]
    if isinstance(source, Fixed):
        return source.value
    try:
        UUID(value)
    except ValueError:
        return "209912"
    return str(uuid4())
