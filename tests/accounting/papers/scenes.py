"""Payments, printed invoices and drafts for the tests of read papers in the books."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from app.accounting import queries
from app.accounting.bank import intake as bank_import
from app.kernel import clock
from app.kernel.db import session
from tests.documents.printed import papers
from tests.tasks.request_stage import IBAN, Place


def paid(place: Place, cents: int, name: str) -> tuple[UUID, UUID]:
    """A payment of today; the line and its bank account."""
    day = f"{clock.today():%y%m%d}"
    whole = f"{cents // 100},{cents % 100:02}"
    data = (
        f":20:S{cents}\n:25:{IBAN}\n:28C:1\n:60F:C{day}EUR{whole}\n"
        f":61:{day}D{whole}NTRFNONREF\n:86:{name}\n:62F:C{day}EUR0,00\n-\n"
    ).encode()
    with place.acting(place.staff):
        bank_import.upload_statement(data=data, name=f"{cents}.sta")
        row = session.execute(
            sa.text("select id, bank_account_id from app.bank_transaction where amount_minor = :a"),
            {"a": -cents},
        ).one()
    return row.id, row.bank_account_id


def paid_twice(place: Place, cents: int, name: str) -> list[tuple[UUID, UUID]]:
    """Two payments of today over one amount; each line and its bank account."""
    day = f"{clock.today():%y%m%d}"
    whole = f"{cents // 100},{cents % 100:02}"
    both = f"{2 * cents // 100},{2 * cents % 100:02}"
    lines = "".join(
        f":61:{day}D{whole}NTRFNONREF\n:86:{name} {place_of}\n" for place_of in ("ONE", "TWO")
    )
    data = (
        f":20:T{cents}\n:25:{IBAN}\n:28C:1\n:60F:C{day}EUR{both}\n{lines}:62F:C{day}EUR0,00\n-\n"
    ).encode()
    with place.acting(place.staff):
        bank_import.upload_statement(data=data, name=f"{cents}-twice.sta")
        rows = session.execute(
            sa.text(
                "select id, bank_account_id from app.bank_transaction where amount_minor = :a"
                " order by id"
            ),
            {"a": -cents},
        ).all()
    return [(row.id, row.bank_account_id) for row in rows]


def invoice(cents: int, *, number: str, sign: str = "€") -> str:
    """The English invoice of today over an amount without tax."""
    told = f"{sign} {cents // 100}.{cents % 100:02}"
    text = papers.ENGLISH.replace("14 March 2026", f"{clock.today():%d %B %Y}")
    text = text.replace("13 April 2026", "").replace("HP-2026/0093", number)
    text = text.replace("[VAT 20% on 265.50], [€ 53.10], ", "[VAT], [" + sign + " 0.00], ")
    return text.replace("€ 265.50", told).replace("€ 318.60", told)


def drafted(place: Place, document: UUID, cents: int, key: str) -> dict[str, str]:
    """The form of an entry between two accounts that name no contact."""
    with place.acting(place.staff):
        chart = [one for one in queries.accounts() if one.control is None]
    costs = [one.code for one in chart if one.type == "expense"]
    amount = f"{cents // 100}.{cents % 100:02}"
    return {
        "key": key,
        "on": clock.today().isoformat(),
        "description": "Harrow Press",
        "lines.0.account": costs[0],
        "lines.0.debit": amount,
        "lines.1.account": costs[1],
        "lines.1.credit": amount,
    }
