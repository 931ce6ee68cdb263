"""Links that open one list, or one thing of it, for somebody who does not sign in.

Opening one changes nothing, so that a mail scanner or a chat's
preview uses nothing up. It dies after 30 days, and with the grant of whoever made it.
"""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from app.kernel import db, ids
from app.kernel.db import session
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.scope import Scope, secret_hash
from app.tasks.client_requests import queries, secrets
from app.tasks.client_requests.models import Link, OpenedList, RequestList


def of_list(list_id: UUID, *, person_id: UUID | None = None, name: str = "") -> Link:
    """The living link of a whole list for a person (or for whoever gets it); made where none is."""
    for one in queries.links(list_id):
        if one.item_id is None and one.person_id == person_id:
            return one
    return _make(list_id, None, person_id=person_id, address=None, name=name)


def to_copy(found: RequestList) -> Link:
    """The link of an open list, to be copied into a chat: made where none lives.

    Raises Conflict for a draft and for a list that ended.
    """
    if found.state != "open":
        raise Conflict("request-list-draft" if found.state == "draft" else "request-list-ended")
    return of_list(found.id, person_id=found.to_person)


def hand_on(item_id: UUID, *, address: str, name: str = "") -> Link:
    """Hands one thing on to a colleague by mail, from the portal. Raises NotFound, Invalid."""
    item = queries.item(item_id)
    return _make(
        item.list_id, item_id, person_id=None, address=checked_address(address), name=name.strip()
    )


def _make(
    list_id: UUID, item_id: UUID | None, *, person_id: UUID | None, address: str | None, name: str
) -> Link:
    made = ids.uuid7()
    values: dict[str, object] = {"id": made, "list": list_id, "item": item_id, "person": person_id}
    values |= {"address": address, "name": name[:200], "sha": _sha(made)}
    session.execute(_MAKE, values)
    return queries.link(made)


def _sha(link_id: UUID) -> str:
    return secret_hash("prin", secrets.of_link(link_id))


def checked_address(address: str) -> str:
    """A mail address as one line; raises Invalid."""
    plain = address.strip()
    local, _at, host = plain.rpartition("@")
    if not local or "." not in host or len(plain) > 254 or any(sign.isspace() for sign in plain):
        raise Invalid.of("address", "address-invalid")
    return plain


def scope_of(text: str, *, request_id: str = "") -> Scope:
    """Who a link acts as; raises NotFound for one that opens nothing (any more)."""
    if not 40 <= len(text) <= 60:
        raise NotFound
    step = Scope.login_by_hash("prin", text, request_id=request_id)
    with db.transaction(step, read_only=True):
        found = session.execute(_PRINCIPAL).mappings().first()
    if found is None or not str(found["object_type"]).startswith("request_"):
        raise NotFound
    return Scope("t", found["tenant_id"], found["user_id"], found["id"], request_id=request_id)


def opened() -> OpenedList:
    """What the link of the open transaction shows; raises NotFound."""
    found = session.execute(sa.text("select app.request_by_link()")).scalar_one()
    return OpenedList.of(found)


def hand_on_by_link(item_id: UUID, *, address: str, name: str = "") -> None:
    """Hands one thing on; a job mails the new link. Raises NotFound, Invalid, Conflict."""
    made = ids.uuid7()
    values = {"id": made, "item": item_id, "address": checked_address(address)}
    values |= {"name": name.strip()[:200], "sha": _sha(made)}
    session.execute(_HAND_ON, values)


def give(item_id: UUID, *, text: str, confirmed: bool | None, upload_id: UUID | None) -> None:
    """Gives one thing as the holder of the open transaction's link. Raises NotFound, Conflict."""
    values = {"item": item_id, "text": text.strip(), "confirmed": confirmed, "upload": upload_id}
    session.execute(_GIVE, values)


def open_upload(item_id: UUID, *, name: str, size: int) -> UUID:
    """Opens the upload of a file for one thing; its parts follow. Raises NotFound, Conflict."""
    values = {"item": item_id, "name": name, "size": size}
    made: UUID = session.execute(_OPEN_UPLOAD, values).scalar_one()
    return made


_MAKE = sa.text(
    "select app.make_request_link(:id, :list, cast(:item as uuid), cast(:person as uuid),"
    " :address, :name, :sha)"
)
_HAND_ON = sa.text("select app.hand_on_by_link(:id, :item, :address, :name, :sha)")
_GIVE = sa.text(
    "select app.give_request_item(:item, :text, :confirmed, null, cast(:upload as uuid))"
)
_OPEN_UPLOAD = sa.text("select app.open_request_upload(:item, :name, :size)")
_PRINCIPAL = sa.text(
    "select id, user_id, tenant_id, object_type from guard.principal_for() where kind = 'link'"
)
