"""What is stored is read again and measured; what is missing is said on the desk."""

from __future__ import annotations

import hashlib
import io
from decimal import Decimal

import pytest

from app.kernel import storage, usage
from app.kernel.storage_bucket import bucket
from tests.documents.keeping.stage import Keep


def test_the_scrub_finds_what_is_missing_and_the_desk_says_so(keep: Keep) -> None:
    body = b"it will vanish from the bucket"
    keep.add(body, name="vanishes.txt")
    sha = hashlib.sha256(body).hexdigest()
    place = f"t/{keep.place.tenant}/{sha[:2]}/{sha}"
    with keep.place.app.app_context():
        for one in list(bucket().versions(place)):
            bucket().delete_version(one.key, one.version)
    keep.fire("documents.scrub")
    assert _bad(keep) == 1
    assert _figure(keep) == 1
    with keep.place.acting(keep.place.owner):
        storage._store(io.BytesIO(body), sha)
    keep.fire("documents.scrub")
    assert _bad(keep) == 0
    assert _figure(keep) == 0


def test_the_scrub_reads_what_was_never_read_before_it_reads_anything_again(
    keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep.add(b"read long ago", name="long-ago.txt")
    keep.fire("documents.scrub")
    keep.admin.execute(
        "update app.object_scrub set checked_at = now() - interval '9 days' where tenant_id = %s",
        (keep.place.tenant,),
    )
    keep.admin.commit()
    body = b"never read yet"
    keep.add(body, name="never.txt")
    monkeypatch.setattr("app.documents.keeping.scrub.LEAST", 1)
    keep.fire("documents.scrub")
    row = keep.admin.execute(
        "select state from app.object_scrub where tenant_id = %s and sha256 = %s",
        (keep.place.tenant, hashlib.sha256(body).hexdigest()),
    ).fetchone()
    keep.admin.commit()
    assert row == ("ok",)


def test_stored_files_are_measured_once_a_day(keep: Keep) -> None:
    keep.add(b"x" * 3_000, name="measured.txt")
    keep.fire("documents.stored")
    keep.fire("documents.stored")
    with keep.place.job():
        (use,) = usage.events(meter="stored_day")
    assert use.unit == "GB"
    assert use.quantity >= Decimal("0.000003")


def _bad(keep: Keep) -> int:
    row = keep.admin.execute(
        "select count(*) from app.object_scrub where tenant_id = %s and state <> 'ok'",
        (keep.place.tenant,),
    ).fetchone()
    keep.admin.commit()
    assert row is not None
    return int(row[0])


def _figure(keep: Keep) -> int:
    row = keep.admin.execute(
        "select n from app.client_figure where tenant_id = %s and name = 'files_damaged'",
        (keep.place.tenant,),
    ).fetchone()
    keep.admin.commit()
    return int(row[0]) if row else 0
