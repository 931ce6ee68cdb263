"""Bank statements at the portal: a client's person sends them and sees what became of them."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.accounting.bank import intake as bank_import
from app.accounting.bank import intake_words as bank_intake_words
from app.accounting.bank import queries as bank_queries
from app.accounting.bank import schemas
from app.accounting.bank.views import ROOM
from app.kernel import scope
from app.kernel.errors import Invalid
from app.web import forms
from app.web.pages import Pages, Surface
from app.web.render import redirect_to, render, toast
from connectors.catalog.bank.statement import MAX_BYTES

pages = Pages("portal_statements", __name__, surface=Surface.PORTAL)
SHOWN = 20


def card() -> dict[str, Any] | None:
    """The portal's card that leads here; None for people who may not send."""
    if not scope.current().rights.may("accounting.import"):
        return None
    newest = bank_queries.files(limit=1).rows
    return {"newest": newest[0].uploaded_at.date() if newest else None}


def statements() -> Response:
    """The form, and the newest files with their state."""
    found = bank_queries.files(limit=SHOWN)
    return render(
        "accounting/portal_statements.html",
        files=found.rows,
        states=bank_intake_words.AT_THE_PORTAL,
        may_send=scope.current().rights.may("accounting.import"),
        form=forms.current(schemas.UploadForm),
    )


pages.get("/portal/<client>/statements", needs="accounting.read", endpoint="statements")(statements)


@pages.post(
    "/portal/<client>/statements",
    needs="accounting.import",
    again=statements,
    max_bytes=MAX_BYTES + ROOM,
)
def send() -> Response:
    """Keeps a statement and imports it where account and columns are known."""
    chosen = forms.upload("file", max_bytes=MAX_BYTES)
    if chosen is None:
        raise Invalid.of("file", "file-missing")
    done = bank_import.upload_statement(data=chosen.data, name=chosen.name, source="portal")
    toast(bank_intake_words.portal_outcome(done))
    return redirect_to(".statements")
