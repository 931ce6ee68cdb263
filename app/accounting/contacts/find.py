"""What the palette finds of contacts: by name or alias."""

from __future__ import annotations

from flask import url_for

from app.accounting import queries
from app.accounting.contacts import queries as contacts_queries
from app.kernel import words
from app.kernel.registry import PaletteHit


def contacts(text: str, limit: int) -> list[PaletteHit]:
    """Contacts whose name or alias holds the text, with what is open."""
    found = contacts_queries.contacts(text=text, limit=limit).rows
    if not found:
        return []
    currency = queries.book().base_currency
    return [
        PaletteHit(
            one.name,
            words.format_money(one.receivable + one.payable, currency) if one.items else "",
            url_for("accounting_contacts.contact", counterparty_id=one.id),
            "id-card",
        )
        for one in found
    ]
