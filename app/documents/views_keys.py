"""The client's key on screen: renewed, or destroyed by two people; the certificates of that."""

from __future__ import annotations

import json
from uuid import UUID

import typst
from flask import Response

from app.documents import schemas
from app.documents.views import pages, portal
from app.kernel import client_keys, people, reads, words
from app.kernel.client_keys import Destruction
from app.kernel.errors import Invalid
from app.kernel.words import _
from app.web import context, forms
from app.web.fresh import needs_fresh
from app.web.render import download, redirect_to, render, toast

__all__ = ["pages", "portal"]
_CERTIFICATE = """#set page(margin: 25mm)
#set text(size: 11pt)
#let d = json(bytes(sys.inputs.data))
= #d.title
#v(6mm)
#for one in d.words [#one #parbreak()]
#v(4mm)
#table(columns: (auto, 1fr), stroke: 0.4pt, ..d.facts.flatten())
"""


def keys() -> Response:
    """Since when there is which key, and what was destroyed."""
    reads.leave(reads.Look("client.keys", "member"))
    found = client_keys.destructions()
    who = {one.requested_by for one in found} | {one.approved_by for one in found}
    return render(
        "documents/keys.html",
        key=client_keys.state(),
        destructions=found,
        names=people.names(who),
        form=forms.current(schemas.KeyForm),
        place=context.place().surface,
    )


def renew() -> Response:
    """A job seals everything under a new key, while people go on working."""
    client_keys.order_renewal()
    toast(_("The key is being renewed. Work goes on meanwhile."))
    return redirect_to(".keys")


@needs_fresh
def ask_to_destroy() -> Response:
    """Asks a second person; nothing is destroyed before they approve it."""
    form = forms.bind(schemas.KeyForm)
    name = context.client().name
    if form.name != name:
        raise Invalid.of("name", "key-name-differs")
    client_keys.request_destruction(name=name)
    toast(_("A second person has to approve this before the key is destroyed."))
    return redirect_to(".keys")


def certificate(destruction_id: UUID) -> Response:
    """The certificate as a PDF."""
    found = client_keys.destruction(destruction_id)
    data = json.dumps(_said(found), ensure_ascii=False)
    made = typst.compile(
        _CERTIFICATE.encode(), format="pdf", ignore_system_fonts=True, sys_inputs={"data": data}
    )
    reads.leave(reads.Look("key_destruction", "member", found.id, exported=True, rows=1))
    return download([bytes(made)], name="key-certificate.pdf", media_type="application/pdf")


def _said(found: Destruction) -> dict[str, object]:
    """What the certificate says, in the reader's words."""
    names = people.names([found.requested_by, found.approved_by])
    facts = [
        (_("Client"), context.client().name),
        (_("Destroyed"), words.format_instant(found.at)),
        (_("Asked for by"), names.get(found.requested_by, "–")),
        (_("Approved by"), names.get(found.approved_by, "–")),
        (_("Keys"), words.format_number(found.keys)),
        (_("Fingerprints"), " ".join(one[:32] for one in found.fingerprints)),
        (_("Stored files"), words.format_number(found.objects)),
        (_("Size"), words.format_size(found.bytes)),
        (_("Gone from backups"), words.format_date(found.aged_out_at.date())),
    ]
    return {
        "title": str(_("Certificate of a destroyed key")),
        "words": [str(one) for one in sentences(found)],
        "facts": [[str(title), str(value)] for title, value in facts],
    }


def sentences(found: Destruction) -> list[object]:
    """What was destroyed, and what is left in backups until when."""
    until = words.format_date(found.aged_out_at.date())
    return [
        _("Every paper of this client that was stored before is unreadable for everybody."),
        _(
            "What is left: names, dates, links and the audit log in the database; and until"
            " %(day)s, database backups that hold the wrapped key and bucket copies that hold"
            " sealed contents.",
            day=until,
        ),
        _("A backup made before is only readable with the installation's own key."),
    ]


for _surface, _place in ((pages, "/c/<client>"), (portal, "/portal/<client>")):
    _base = f"{_place}/documents/key"
    _surface.get(_base, needs="client.keys", endpoint="keys")(keys)
    _surface.post(f"{_base}/renew", needs="client.keys", endpoint="renew_key")(renew)
    _surface.post(f"{_base}/destroy", needs="client.keys", endpoint="destroy_key", again=keys)(
        ask_to_destroy
    )
    _surface.get(
        f"{_base}/<uuid:destruction_id>/certificate.pdf",
        needs="client.keys",
        endpoint="certificate",
    )(certificate)
