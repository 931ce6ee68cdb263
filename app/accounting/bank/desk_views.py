"""Bank statements on the desk: drop many files at once, see where each went, empty the tray."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from app.accounting.bank import desk as bank_desk
from app.accounting.bank import intake_schemas as schemas
from app.accounting.bank import intake_words as bank_intake_words
from app.accounting.bank import tray as statement_tray
from app.accounting.bank import words as bank_words
from app.accounting.bank import zip as bank_zip
from app.accounting.bank.desk import Who
from app.accounting.bank.lists import FILE_STATES
from app.kernel import db, money, people, words
from app.kernel.errors import Invalid, NotFound
from app.kernel.scope import Scope
from app.kernel.words import _
from app.web import client_rows, context, forms, language
from app.web.context import Pin
from app.web.pages import SIGNED_IN, Pages, Surface
from app.web.render import download, redirect_to, render, toast
from connectors.catalog.bank.statement import MAX_BYTES

pages = Pages("desk_statements", __name__, surface=Surface.DESK)
MOST_BYTES = 100_000_000


def _who() -> Who:
    actor = context.actor()
    if actor.side != "staff":
        raise NotFound
    everywhere = Scope.worklist(
        person_id=actor.person_id,
        principal_id=actor.principal_id,
        request_id=context.request_id(),
    )
    return Who(
        inside=lambda tenant: language.scoped(context.scope_in(tenant)),
        worklist=language.scoped(everywhere),
        home=actor.home_tenant_id,
    )


def _clients() -> list[Pin]:
    found = client_rows.reached(context.actor().person_id)
    return [pin for pin in found if not pin.is_provider]


def index() -> Response:
    """Where files are dropped, and the tray of those nobody could place."""
    waiting = statement_tray.files()
    return render(
        "accounting/desk_statements.html",
        tray=waiting,
        droppers=people.names([one.dropped_by for one in waiting]),
        reasons=bank_intake_words.TRAY_REASONS,
        form=forms.current(schemas.DropForm),
    )


pages.get("/desk/statements", needs=SIGNED_IN, endpoint="index")(index)


@pages.post("/desk/statements", needs=SIGNED_IN, again=index, max_bytes=MOST_BYTES)
def drop() -> Response:
    """Takes every file to its client, in a transaction of its own."""
    who = _who()
    chosen = forms.uploads("files", max_bytes=MAX_BYTES, most=bank_zip.MOST_FILES)
    if not chosen:
        raise Invalid.of("files", "file-missing")
    outcomes = bank_desk.drop(bank_zip.pieces([(one.name, one.data) for one in chosen]), who)
    if who.home is None:
        raise NotFound
    with db.transaction(who.inside(who.home)):
        kept = bank_desk.keep_drop(outcomes)
    toast(words.ngettext("%(n)s file taken in.", "%(n)s files taken in.", len(outcomes)))
    return redirect_to(".dropped", drop_id=kept)


@pages.get("/desk/statements/drops/<uuid:drop_id>", needs=SIGNED_IN)
def dropped(drop_id: UUID) -> Response:
    """What became of each file of one drop."""
    items = bank_desk.drop_items(drop_id)
    clients = {str(pin.tenant_id): pin for pin in _clients()}
    return render(
        "accounting/desk_drop.html",
        rows=[_row(one, clients) for one in items],
        running=any(one.get("now") and one["now"].state == "importing" for one in items),
    )


def _row(item: dict[str, Any], clients: dict[str, Pin]) -> dict[str, Any]:
    """A file of a drop as its row: where it is, what is new, what is wrong."""
    now, client = item.get("now"), clients.get(item["tenant"] or "")
    if now is None or client is None:
        state = (_("In the tray"), "info") if item["state"] == "tray" else (_("Refused"), "bad")
        unread = bank_words.shown(item["error"]) if item.get("error") else None
        reason = words.error_text(item["code"], item["params"]) if item["code"] else ""
        return {
            "name": item["name"],
            "state": state,
            "reason": unread["message"] if unread else reason,
            "line": unread["line"] if unread else None,
            "client": None,
        }
    error = bank_words.shown(now.error) if now.error else None
    return {
        "name": item["name"],
        "client": client,
        "file": item["file"],
        "accounts": now.accounts or "",
        "now": now,
        "state": FILE_STATES[now.state],
        "reason": error["message"] if error else "",
        "line": error["line"] if error else None,
        "repeated": item["repeated"],
    }


def _tray_page(tray_id: UUID) -> Response:
    """A file of the tray with the choice of its client, then of its account."""
    file = statement_tray.file(tray_id)
    if file.state == "assigned":
        raise NotFound
    slug = request.args.get("to", "")
    clients = _clients()
    client = next((pin for pin in clients if pin.slug == slug), None)
    accounts = bank_desk.accounts_of(client.tenant_id) if client else []
    return render(
        "accounting/desk_tray.html",
        file=file,
        reason=bank_intake_words.TRAY_REASONS[file.reason],
        clients=[(pin.slug, pin.name) for pin in clients],
        chosen=client,
        options=[(str(one.id), f"{one.name} · {one.currency}") for one in accounts],
        currencies=[(code, code) for code in money.CURRENCIES],
        form=forms.current(schemas.AssignForm, values={"to": slug}),
    )


pages.get("/desk/statements/tray/<uuid:tray_id>", needs=SIGNED_IN, endpoint="tray")(_tray_page)


@pages.post("/desk/statements/tray/<uuid:tray_id>", needs=SIGNED_IN, again=_tray_page)
def assign(tray_id: UUID) -> Response:
    """Copies a file of the tray into its client and remembers the number there."""
    who, form = _who(), forms.bind(schemas.AssignForm)
    with db.transaction(who.worklist):
        client = next((pin for pin in _clients() if pin.slug == request.args.get("to")), None)
    if client is None:
        raise Invalid("tray-account")
    given = bank_desk.assign(
        tray_id,
        who,
        tenant=client.tenant_id,
        bank_account_id=form.bank_account_id,
        new_name=form.name,
        currency=form.currency,
    )
    toast(_("Given to %(name)s.", name=client.name))
    if given.state == "mapping":
        said = form.model_dump(mode="json", exclude_none=True)
        return redirect_to(
            "accounting_intake.mapping", client=client.slug, file_id=given.file_id, **said
        )
    return redirect_to("accounting_bank.file", client=client.slug, file_id=given.file_id)


@pages.post("/desk/statements/tray/<uuid:tray_id>/discard", needs=SIGNED_IN, again=_tray_page)
def discard(tray_id: UUID) -> Response:
    """Sets a file of the tray aside."""
    with _in_tray():
        statement_tray.discard(tray_id)
    toast(_("Set aside."), undo=url_for(".take_back", tray_id=tray_id))
    return redirect_to(".index")


@pages.post("/desk/statements/tray/<uuid:tray_id>/back", needs=SIGNED_IN)
def take_back(tray_id: UUID) -> Response:
    """Puts a file that was set aside into the tray again."""
    with _in_tray():
        statement_tray.take_back(tray_id)
    toast(_("It is in the tray again."))
    return redirect_to(".index")


@pages.get(
    "/desk/statements/tray/<uuid:tray_id>/raw",
    needs="accounting.import",
    surface=Surface.PROVIDER,
    frame=True,
)
def raw(tray_id: UUID) -> Response:
    """The file as it was dropped, never drawn; every download is written down."""
    found, pieces = statement_tray.raw(tray_id)
    return download(pieces, name=found.name, media_type="application/octet-stream")


def _in_tray() -> Any:
    who = _who()
    if who.home is None:
        raise NotFound
    return db.transaction(who.inside(who.home))
