"""Bank lines and entries in words, for the questions, notes and papers that stand at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel import scope, words
from app.kernel.db import session
from app.kernel.registry import Subject, SubjectSource

_LINES = sa.text(
    "select t.id, t.booked_on, t.amount_minor, t.currency, t.counterparty, t.text, c.slug"
    " from app.bank_transaction t left join app.client c on c.tenant_id = t.tenant_id"
    " where t.id = any(:ids)"
)
_ENTRIES = sa.text(
    "select e.id, e.entry_date, e.journal, e.fiscal_year, e.number, e.description, c.slug"
    " from ledger.entry e left join app.client c on c.tenant_id = e.tenant_id"
    " where e.id = any(:ids)"
)


def _ids(keys: Sequence[str]) -> list[UUID]:
    found = []
    for key in keys:
        try:
            found.append(UUID(key))
        except ValueError:
            continue
    return found


def bank_lines(keys: Sequence[str]) -> Mapping[str, Subject]:
    """Bank lines: who, how much, when."""
    return {
        str(row.id): Subject(
            str(row.id),
            row.counterparty or row.text[:80] or words.format_date(row.booked_on),
            f"{words.format_money(row.amount_minor, row.currency)}"
            f" · {words.format_date(row.booked_on)}",
            _staff_url("accounting_bank.line", row.slug, line_id=row.id),
        )
        for row in session.execute(_LINES, {"ids": _ids(keys)})
    }


def entries(keys: Sequence[str]) -> Mapping[str, Subject]:
    """Journal entries: label, date, description."""
    return {
        str(row.id): Subject(
            str(row.id),
            f"{row.journal} {row.fiscal_year}/{row.number}",
            f"{words.format_date(row.entry_date)} · {row.description}",
            _staff_url("accounting.entry", row.slug, entry_id=row.id),
        )
        for row in session.execute(_ENTRIES, {"ids": _ids(keys)})
    }


_MONTHS = sa.text(
    "select p.tenant_id || ':' || p.id as key, p.id, p.starts, c.slug from ledger.period p"
    " join app.client c on c.tenant_id = p.tenant_id"
    " where p.tenant_id || ':' || p.id = any(:keys) and p.tenant_id = any(:tenants)"
).bindparams(sa.bindparam("tenants", type_=ARRAY(sa.Uuid())))


def months(keys: Sequence[str]) -> Mapping[str, Subject]:
    """Months of the close: the client's month by name."""
    values = {"keys": list(keys), "tenants": _ids([key.partition(":")[0] for key in keys])}
    return {
        row.key: Subject(
            row.key,
            words.format_month(row.starts),
            words.gettext("Close"),
            _staff_url("accounting_close.month", row.slug, period_id=row.id),
        )
        for row in session.execute(_MONTHS, values)
    }


def _staff_url(endpoint: str, slug: str | None, **values: Any) -> str:
    """Only staff have these pages; client people see the words."""
    if slug is None or scope.current().rights.side == "client":
        return ""
    return url_for(endpoint, client=slug, **values)


SOURCES = (
    SubjectSource("bank_transaction", "accounting", bank_lines),
    SubjectSource("entry", "accounting", entries),
    SubjectSource("month", "accounting", months),
)
