"""Uploads of papers in the storm: brought in parts until acknowledged, then looked for."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg

from app.documents import intake
from app.documents.uploads import PART_BYTES
from app.kernel import clock, db, jobs_catalog, storage, storage_sweep
from app.kernel.errors import DomainError
from app.kernel.scope import Scope
from app.kernel.storage_bucket import bucket
from tests.prove.storm.load import Caller, Record
from tests.prove.storm.product import Product

_WAITING = "select count(*) from app.upload where tenant_id = %s and state = 'complete'"
_CONTENT = (
    "select u.state, o.id from app.upload u left join app.document_version v"
    " on v.tenant_id = u.tenant_id and v.document_id = u.document_id and v.no = 1"
    " left join app.stored_object o on o.tenant_id = v.tenant_id and o.id = v.stored_object_id"
    " where u.id = %s"
)
_HEADS = "select distinct sha256 from app.stored_object where tenant_id = %s and state <> 'gone'"


@dataclass(slots=True)
class Papers:
    """What was acknowledged: the hash by the upload's id; `left` counts what is still to bring."""

    left: Iterator[int]
    acknowledged: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, count: int) -> Papers:
        """So many papers to bring."""
        return cls(iter(range(count)))


class Bringer(Caller):
    """Brings papers in parts, the last part first, until there are enough."""

    def __init__(
        self, product: Product, token: str, record: Record, papers: Papers, *, seed: int
    ) -> None:
        super().__init__(product, token, record, seed=seed)
        self.papers = papers

    def once(self) -> None:
        """Bring one paper; the next call after the last one ends the caller."""
        with self.papers.lock:
            number = next(self.papers.left, None)
        if number is None:
            self.ended.set()
            return
        data = self._content()
        about = {"name": f"{number}.txt", "size": len(data), "line": "accounting"}
        about["sha256"] = hashlib.sha256(data).hexdigest()
        upload = self._open(about)
        parts = [data[at : at + PART_BYTES] for at in range(0, len(data), PART_BYTES)]
        for no, part in reversed(list(enumerate(parts, start=1))):
            head = {"Content-Type": "application/octet-stream"}
            self.call(f"/uploads/{upload}/parts/{no}", part, head, method="PUT")
        self.call(f"/uploads/{upload}/complete", b"", {})
        with self.papers.lock:
            self.papers.acknowledged[upload] = str(about["sha256"])

    def _open(self, about: dict[str, Any]) -> str:
        head = {"Content-Type": "application/json"}
        return str(self.call("/uploads", json.dumps(about).encode(), head)["id"])

    def _content(self) -> bytes:
        """Text of its own, mostly some kilobytes, now and then of two or three parts."""
        size = self.dice.randrange(100, 80_000)
        if self.dice.random() < 0.08:
            size = PART_BYTES * self.dice.choice((1, 2)) + self.dice.randrange(1, 50_000)
        line = f"{uuid.uuid4().hex} a line of a paper in the storm\n".encode()
        return (line * (size // len(line) + 1))[:size]


def waiting(admin: psycopg.Connection, product: Product) -> int:
    """How many complete uploads no job has looked at yet."""
    row = admin.execute(_WAITING, (product.tenant,)).fetchone()
    assert row is not None
    return int(row[0])


def findings(product: Product, papers: Papers) -> Iterator[str]:
    """Every broken promise as a sentence."""
    with product.worker.app_context():
        db.db.engine.dispose()
    with product.admin() as admin:
        for upload, sha in papers.acknowledged.items():
            row = admin.execute(_CONTENT, (upload,)).fetchone()
            if row is None or row[0] != "done" or row[1] is None:
                yield f"acknowledged upload {upload} is {row}"
                continue
            try:
                same = _read(product, row[1]) == sha
            except DomainError as error:
                yield f"the bytes of upload {upload} cannot be read: {error.code}"
            else:
                if not same:
                    yield f"the bytes of upload {upload} are not what was sent"


def _operator(product: Product) -> Scope:
    person = jobs_catalog.SYSTEM_USERS["platform"]
    return Scope.system_job(product.tenant, person_id=person)


def _read(product: Product, object_id: uuid.UUID) -> str:
    digest = hashlib.sha256()
    with product.worker.app_context(), db.transaction(_operator(product), read_only=True):
        for piece in storage.open(object_id):
            digest.update(piece)
    return digest.hexdigest()


def swept(product: Product) -> tuple[int, list[str]]:
    """What the sweeps of two days later delete, and what then is in bucket or heads alone."""
    with product.admin() as admin:
        admin.execute(
            "update app.upload set opened_at = opened_at - interval '2 days' where tenant_id = %s",
            (product.tenant,),
        )
    deleted, prefix = 0, f"t/{product.tenant}/"
    with product.worker.app_context():
        with db.transaction(_operator(product)):
            intake.sweep({}, None)  # type: ignore[arg-type]  # a short one reports nothing
        old = iter(storage_sweep.old_versions(prefix, clock.now() + timedelta(days=1)))
        while batch := list(itertools.islice(old, storage_sweep.BATCH)):
            with db.transaction(_operator(product), read_only=True):
                orphans = storage_sweep.without_head(batch)
            deleted += len(orphans) - len(storage_sweep.delete(orphans))
        there = {name.rpartition("/")[2] for name in bucket().keys(prefix)}
        db.db.engine.dispose()  # its pool would outlive the product
    with product.admin() as admin:
        heads = {str(row[0]) for row in admin.execute(_HEADS, (product.tenant,))}
    return deleted, [
        *(f"{sha} lies in the bucket and has no head" for sha in sorted(there - heads)),
        *(f"{sha} has a head and is not in the bucket" for sha in sorted(heads - there)),
    ]


def quiet(product: Product, *, seconds: float) -> bool:
    """Waits until every complete upload was looked at; False when that takes longer."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with product.admin() as admin:
                if not waiting(admin, product):
                    return True
        except psycopg.OperationalError:
            pass
        time.sleep(1)
    return False
