"""Organising, versions, share links, the mail address and the client's key, over the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from flask import g, request, url_for
from pydantic import Field
from werkzeug.datastructures import FileStorage

from app.api import Api, Page, PageRequest
from app.api.results import Accepted, Download
from app.api.schema import In, Out
from app.documents import checks, mail_in, organise, queries, shares, versions
from app.documents.api import DocumentOut, UndoOut, line_for, with_undo
from app.kernel import client_keys, paging, reads
from app.kernel.errors import FreshSignInNeeded, Invalid, TooLarge
from app.web.fresh import is_fresh

api = Api("papers")
Tag = Annotated[str, Field(min_length=1, max_length=organise.TAG_LENGTH)]


class OrganiseIn(In):
    """What is set on documents; what is left out stays as it is, an empty text clears it."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=organise.MOST)]
    type: Annotated[str, Field(pattern="^[a-z_]{0,30}$")] | None = None
    period: date | None = None
    clear_period: bool = False
    counterparty: Annotated[str, Field(max_length=200)] | None = None
    add_tags: Annotated[tuple[Tag, ...], Field(max_length=organise.MOST_TAGS)] = ()
    remove_tags: Annotated[tuple[Tag, ...], Field(max_length=organise.MOST_TAGS)] = ()


class ReplacedOut(DocumentOut):
    """A paper with a new version; `undo` is null where the content stood there already."""

    undo: UUID | None


class VersionOut(Out):
    """One content of a document; `sha256` is of its plain bytes."""

    id: UUID
    no: int
    sha256: str
    size: int
    media_type: str
    added_by: UUID
    added_at: datetime


class ShareIn(In):
    """A link to a document: for how many days, how often at most, and for whom."""

    days: Annotated[int, Field(ge=1, le=shares.MOST_DAYS)] = 7
    most_views: Annotated[int, Field(ge=1, le=10_000)] | None = None
    label: Annotated[str, Field(max_length=200)] = ""


class MadeShareOut(Out):
    """A new link; its address is shown once."""

    id: UUID
    url: str


class ShareOut(Out):
    """A link to a document."""

    id: UUID
    label: str
    expires_at: datetime
    most_views: int | None
    views: int
    made_by: UUID
    made_at: datetime
    ended_at: datetime | None
    is_open: bool


class AddressOut(Out):
    """Where papers of the client are mailed to; null without an address."""

    address: str | None


class ReceivedOut(Out):
    """A message that was kept."""

    id: UUID


class KeyOut(Out):
    """The client's key: its number, since when, how many there are (two while it is renewed)."""

    no: int
    made_at: datetime | None
    keys: int


class DestroyIn(In):
    """The client's name, written out, as the screen asks it."""

    name: Annotated[str, Field(max_length=200)]


class DestroyAskedOut(Out):
    """The approval that a second person decides."""

    approval_id: UUID


class DestructionOut(Out):
    """The certificate of a destroyed key; after `aged_out_at` no backup holds a copy."""

    id: UUID
    requested_by: UUID
    approved_by: UUID
    keys: int
    fingerprints: list[str]
    objects: int
    bytes: int
    backup_days: int
    at: datetime
    aged_out_at: datetime


@api.post(
    "/clients/<client>/documents/organise",
    needs="document.add",
    request=OrganiseIn,
    response=UndoOut,
    summary="Set type, month, counterparty and tags",
)
def organise_documents(body: OrganiseIn) -> object:
    """All of them or none; undone as one act."""
    change = organise.Change(
        type=body.type,
        period=body.period,
        clear_period=body.clear_period,
        counterparty=body.counterparty,
        add_tags=organise.tags_of(",".join(body.add_tags)),
        remove_tags=organise.tags_of(",".join(body.remove_tags)),
    )
    return {"undo": organise.organise(body.ids, change)}


@api.get(
    "/clients/<client>/documents/<uuid:document_id>/versions",
    needs="document.read",
    response=VersionOut,
    paged=True,
    summary="The contents a document had, newest first",
)
def document_versions(document_id: UUID, page: PageRequest) -> Page[Any]:
    """Versions are never changed; the newest is shown."""
    head = queries.head(document_id)
    reads.leave(reads.Look("document", head.line, head.id))
    cursor = paging.keys(page.after, int)
    below = cursor[0] if cursor else 2**31
    rows = [one for one in queries.versions(document_id) if one.no < below]
    found = paging.page(rows[: page.limit + 1], limit=page.limit, key=lambda row: [row.no])
    return Page(items=list(found.rows), next=found.next)


@api.post(
    "/clients/<client>/documents/<uuid:document_id>/versions",
    needs="document.add",
    upload="file",
    response=ReplacedOut,
    status=201,
    max_bytes=checks.MOST_BYTES + 1_000_000,
    summary="Replace a document with a new version",
)
def replace_document(document_id: UUID, upload: FileStorage) -> object:
    """What it was stays; the content that stands there already adds nothing."""
    data = upload.stream.read(checks.MOST_BYTES + 1)
    token = versions.replace(document_id, data, name=(upload.filename or "file")[-200:])
    return with_undo(queries.head(document_id), token)


@api.get(
    "/clients/<client>/documents/<uuid:document_id>/versions/<int:no>/content",
    needs="document.read",
    summary="The bytes of one version",
)
def version_content(document_id: UUID, no: int) -> Download:
    """Each time is logged."""
    head = queries.head(document_id)
    found = versions.version(document_id, no)
    reads.leave(reads.Look("document", head.line, head.id, exported=True, rows=1))
    name = versions.file_name(head, found.media_type)
    return Download(versions.content(document_id, no), found.media_type, name)


@api.get(
    "/clients/<client>/documents/<uuid:document_id>/shares",
    needs="document.share",
    response=ShareOut,
    paged=True,
    summary="The share links of a document",
)
def document_shares(document_id: UUID, page: PageRequest) -> Page[Any]:
    """The newest first, ended ones too."""
    queries.head(document_id)
    cursor = paging.keys(page.after, UUID)
    rows = shares.of(document_id, before=cursor[0] if cursor else None, limit=page.limit + 1)
    found = paging.page(rows, limit=page.limit, key=lambda row: [row.id])
    return Page(items=list(found.rows), next=found.next)


@api.post(
    "/clients/<client>/documents/<uuid:document_id>/shares",
    needs="document.share",
    request=ShareIn,
    response=MadeShareOut,
    status=201,
    secret=True,
    summary="Make a share link",
)
def share_document(document_id: UUID, body: ShareIn) -> object:
    """Whoever has the address sees this one document until it ends."""
    made, secret = shares.share(
        document_id, days=body.days, most_views=body.most_views, label=body.label
    )
    return {"id": made, "url": url_for("shared.landing", token_text=secret, _external=True)}


@api.delete(
    "/clients/<client>/documents/shares/<uuid:share_id>",
    needs="document.share",
    summary="End a share link",
)
def end_share(share_id: UUID) -> None:
    """It opens nothing from now on."""
    shares.end(share_id)


@api.get(
    "/clients/<client>/document-address",
    needs="link.make",
    response=AddressOut,
    summary="Where papers of the client are mailed to",
)
def document_address() -> object:
    """Null until one is made."""
    reads.leave(reads.Look("document_address", "member"))
    return {"address": mail_in.address()}


@api.post(
    "/clients/<client>/document-address",
    needs="link.make",
    response=AddressOut,
    secret=True,
    summary="Make a new mail address",
)
def renew_address() -> object:
    """The address before ends at once."""
    return {"address": mail_in.renew(line=line_for())}


@api.post(
    "/inbound/mail/<token_text>",
    where="public",
    response=ReceivedOut,
    status=201,
    raw="application/octet-stream",
    max_bytes=mail_in.MOST_BYTES,
    summary="A raw message for a client's address",
)
def inbound_mail(token_text: str) -> object:
    """The mail server hands a message over as it came (RFC 5322): it is kept, then taken apart.

    404 for an address that nobody has; with `BACKOFFICE_MAIL_IN_KEY` set, 403 without a proper
    `X-Mail-Signature: sha256=…`, the HMAC of the body in hexadecimal.
    """
    raw = request.get_data()
    if len(raw) > mail_in.MOST_BYTES:
        raise TooLarge("body-too-large")
    mail_in.check_signature(raw, request.headers.get("X-Mail-Signature", ""))
    made = mail_in.receive(token_text, raw, request_id=g.get("request_id", ""))
    return {"id": made}


@api.get(
    "/clients/<client>/key",
    needs="client.keys",
    response=KeyOut,
    summary="The client's key",
)
def key() -> object:
    """Never the key itself."""
    reads.leave(reads.Look("client.keys", "member"))
    found = client_keys.state()
    return found or {"no": 0, "made_at": None, "keys": 0}


@api.post(
    "/clients/<client>/key/renew",
    needs="client.keys",
    status=202,
    summary="Renew the client's key",
)
def renew_key() -> Accepted:
    """A job seals everything anew, while people go on working. Needs a fresh sign-in."""
    return Accepted(client_keys.order_renewal())


@api.post(
    "/clients/<client>/key/destroy",
    needs="client.keys",
    request=DestroyIn,
    response=DestroyAskedOut,
    status=201,
    summary="Ask for the client's key to be destroyed",
)
def destroy_key(body: DestroyIn) -> object:
    """Every paper becomes unreadable once a second person has approved it. Needs a person's own
    session with a fresh sign-in: a token is refused with 403."""
    if not is_fresh():
        raise FreshSignInNeeded("fresh-sign-in-needed")
    if body.name != g.api_client.name:
        raise Invalid.of("name", "key-name-differs")
    return {"approval_id": client_keys.request_destruction(name=body.name)}


@api.get(
    "/clients/<client>/key/destructions",
    needs="client.keys",
    response=DestructionOut,
    paged=True,
    summary="Certificates of destroyed keys",
)
def key_destructions(page: PageRequest) -> Page[Any]:
    """What was destroyed, by whom, and when it is gone from backups."""
    reads.leave(reads.Look("client.keys", "member"))
    cursor = paging.keys(page.after, UUID)
    rows = [one for one in client_keys.destructions() if not cursor or one.id < cursor[0]]
    found = paging.page(rows[: page.limit + 1], limit=page.limit, key=lambda row: [row.id])
    return Page(items=list(found.rows), next=found.next)
