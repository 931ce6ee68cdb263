"""Papers of the demo: organised, replaced, shared, mailed in, and one that waits in quarantine."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from email.message import EmailMessage

from app.documents import commands, intake, mail_in, organise, queries, shares, versions
from app.documents.organise import Change
from app.kernel import db
from app.kernel.scope import Scope

LINE = "accounting"


def fill(staff: Scope, owner: Scope, *, today: date) -> None:
    """Gives papers of a client their month, where they have none, and tags; brings some more in."""
    month = today.replace(day=1)
    with db.transaction(staff):
        lease = commands.add(
            _text("Lease of the shop", today), name="lease.txt", line=LINE, source="staff"
        )
        organise.organise([lease], Change(type="contract", add_tags=("rent", "shop")))
        versions.replace(lease, _text("Lease of the shop, signed", today), name="lease.txt")
        shares.share(lease, days=14, most_views=5, label="Bank adviser")
        others = [
            one.id for one in queries.documents(limit=20) if one.id != lease and one.period is None
        ]
        if others:
            organise.organise(others, Change(period=month, add_tags=(f"{month:%Y}",)))
        address = mail_in.renew(line=LINE)
    with db.transaction(owner):
        intake.take(
            _archive("Scans of May, unpacked nowhere yet"),
            name="scans.zip",
            line=LINE,
            source="portal",
        )
    mail_in.receive(address, _mail(today))


def _text(title: str, on: date) -> bytes:
    return f"{title}\n{on.isoformat()}\n".encode()


def _archive(text: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        made.writestr(zipfile.ZipInfo("scans.txt"), text)
    return body.getvalue()


def _mail(today: date) -> bytes:
    made = EmailMessage()
    made["From"], made["To"] = "Tessa Vos <tessa@vos.example>", "papers@brightwater.example"
    made["Subject"], made["Date"] = "Electricity bill", f"{today:%a, %d %b %Y} 08:00:00 +0000"
    made.set_content("Here is the bill for the shop. Tessa")
    made.add_attachment(
        _text("Electricity of the shop, 214.60", today),
        maintype="text",
        subtype="plain",
        filename="electricity.txt",
    )
    return made.as_bytes()
