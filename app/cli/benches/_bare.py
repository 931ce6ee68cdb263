"""The reference of the bench of pages: one SQLAlchemy query, one template, no login, no RLS."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, render_template_string
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

_PAGE = """<!doctype html><title>Account</title><table>
{% for row in rows %}<tr><td>{{ row.entry_date }}</td><td>{{ row.description }}</td>
<td>{{ row.base }}</td></tr>{% endfor %}</table>"""
_QUERY = text(
    "select p.entry_date, e.description, p.base from ledger.posting p"
    " join ledger.entry e on e.tenant_id = p.tenant_id and e.id = p.entry_id"
    " where p.tenant_id = :tenant and p.account_id = :account"
    " order by p.entry_date, p.entry_id, p.no limit 50"
)


def create() -> Flask:
    """The bare application, as the administrator so that no policy applies."""
    made = Flask("bare")
    made.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_ADMIN_URL"]
    database = SQLAlchemy(made)
    asked = {"tenant": os.environ["BENCH_TENANT"], "account": os.environ["BENCH_ACCOUNT"]}

    @made.get("/")
    def page() -> Any:
        return render_template_string(_PAGE, rows=database.session.execute(_QUERY, asked).all())

    return made


app = create().wsgi_app if "BENCH_TENANT" in os.environ else None
