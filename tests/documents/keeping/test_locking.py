"""What the law keeps is locked in the bucket, where the bucket can."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from pypdfium2 import PdfDocument

from app.documents.keeping import certificate, commands
from app.kernel import clock, storage, words
from app.kernel.errors import Conflict, Unavailable
from app.kernel.storage_bucket import Bucket, Version, bucket
from tests.documents.keeping.stage import Keep


def night(keep: Keep) -> None:
    """What the schedule does at night."""
    keep.fire("documents.lock")
    left = keep.admin.execute(
        "select state, error_code from app.job where kind = 'documents.lock' and tenant_id = %s"
        " and state <> 'done'",
        (keep.place.tenant,),
    ).fetchall()
    keep.admin.commit()
    assert not left


def version_of(keep: Keep, store: Bucket, document: UUID) -> Version:
    row = keep.admin.execute(
        "select sha256 from app.document_version where document_id = %s", (document,)
    ).fetchone()
    keep.admin.commit()
    assert row is not None
    sha = str(row[0])
    (found,) = store.versions(f"t/{keep.place.tenant}/{sha[:2]}/{sha}")
    return found


def until(keep: Keep, store: Bucket, document: UUID) -> date | None:
    found = version_of(keep, store, document)
    locked = store.retained_until(found.key, found.version)
    return locked.date() if locked else None


def test_what_the_law_keeps_is_locked_until_its_time_is_over(
    keep: Keep, locked_bucket: Bucket
) -> None:
    young, old, wages = (
        keep.add(uuid4().bytes.hex().encode(), name=name, kind=kind)
        for name, kind in (("a.txt", "normal"), ("b.txt", "normal"), ("c.txt", "payroll"))
    )
    keep.age(young, date(2024, 3, 1))
    keep.age(wages, date(2024, 3, 1))
    with keep.place.acting(keep.place.staff):
        other = storage.put(
            uuid4().bytes, kind="t", name="a", media_type="text/plain", line="accounting"
        )
        sha = storage.info(other).sha256
    assert locked_bucket.lock_mode() is not None
    assert version_of(keep, locked_bucket, young).is_latest
    night(keep)
    night(keep)
    assert until(keep, locked_bucket, young) == date(2035, 1, 1)
    assert until(keep, locked_bucket, wages) == date(2033, 1, 1)
    assert until(keep, locked_bucket, old) is None  # due long ago
    (plain,) = locked_bucket.versions(f"t/{keep.place.tenant}/{sha[:2]}/{sha}")
    assert locked_bucket.retained_until(plain.key, plain.version) is None  # no paper
    kept = version_of(keep, locked_bucket, young)
    assert not locked_bucket.delete_version(kept.key, kept.version)
    assert until(keep, locked_bucket, young) == date(2035, 1, 1)


def test_what_somebody_chose_to_keep_longer_is_not_locked(
    keep: Keep, locked_bucket: Bucket
) -> None:
    made = keep.add(uuid4().bytes.hex().encode(), name="chosen.txt")
    keep.age(made, date(2024, 3, 1))
    with keep.place.acting(keep.place.owner):
        rule = commands.add_rule(kind=None, years=30, runs_from="paper", reason="Our own archive")
    night(keep)
    assert until(keep, locked_bucket, made) == date(2035, 1, 1)
    with keep.place.acting(keep.place.owner):
        commands.end_rule(rule)


def test_a_bucket_without_locks_is_left_as_it_is(keep: Keep) -> None:
    made = keep.add(uuid4().bytes.hex().encode(), name="d.txt")
    keep.age(made, date(2024, 3, 1))
    night(keep)
    with keep.place.worker_app.app_context():
        assert bucket().lock_mode() is None
        assert until(keep, bucket(), made) is None


def away(*_args: object) -> list[Version]:
    raise Unavailable("storage-unavailable")


def test_a_certificate_says_what_a_lock_still_holds_and_until_when(
    keep: Keep, locked_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, free = (keep.add(uuid4().bytes.hex().encode(), name=f"{no}.txt") for no in range(2))
    kept, other = (version_of(keep, locked_bucket, one) for one in (locked, free))
    end = datetime(clock.today().year + 2, 1, 1, tzinfo=UTC)
    assert locked_bucket.retain(kept.key, kept.version, until=end)
    monkeypatch.setattr("app.kernel.storage_sweep.AGE", timedelta(seconds=-5))
    listed = keep.propose(locked, free)
    keep.approve(listed)
    with monkeypatch.context() as outage:
        outage.setattr("app.kernel.storage_sweep.forget", away)
        keep.work()
    assert keep.gone(locked)
    with keep.place.acting(keep.place.staff), pytest.raises(Conflict, match="disposal-not-done"):
        certificate.document(listed)  # the rows are emptied, the bytes are there
    keep.admin.execute("update app.job set run_after = now() where state = 'due'")
    keep.admin.commit()
    keep.work()
    (left,) = locked_bucket.versions(kept.key)
    assert left.version == kept.version
    assert not list(locked_bucket.versions(other.key))
    with keep.place.acting(keep.place.staff):
        found = {one["document"]: one for one in certificate.document(listed)["papers"]}
    assert found[str(locked)]["locked_versions"] == 1
    assert found[str(locked)]["locked_until"] == end.isoformat()
    assert found[str(free)]["locked_versions"] == 0
    base = f"/c/{keep.place.slug}/documents/keeping/{listed}"
    browser = keep.place.browser(keep.place.staff)
    assert "Not deleted yet: 1 sealed file" in browser.get(base).text
    pdf = PdfDocument(browser.client.get(f"{base}/certificate.pdf").data)
    text = pdf[0].get_textpage().get_text_range().replace("\r\n", "")
    assert f"until {words.format_date(end.date())} and goes" in text
