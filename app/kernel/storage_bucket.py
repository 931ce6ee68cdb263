"""The bucket: the few S3 calls we make, and the only import of boto3."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import IO, Any, TypeVar

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from flask import current_app

from app.kernel.errors import Unavailable
from app.kernel.settings import Settings

log = structlog.get_logger("storage")
RETRY_SECONDS = 12.0  # a local S3 server may answer 500 for more than six seconds after a restart
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object as it stands in the bucket."""

    key: str
    version: str
    written_at: datetime
    is_latest: bool = True


class Bucket:
    """One versioned bucket; every call retries faults of the server for `RETRY_SECONDS`."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.s3_bucket
        self._client = boto3.client(
            "s3",
            endpoint_url=settings.s3_endpoint_url,
            aws_access_key_id=settings.s3_access_key_id,
            aws_secret_access_key=settings.s3_secret_access_key,
            region_name=settings.s3_region,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=3,
                read_timeout=20,
                retries={"max_attempts": 1},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        self._ready = False

    def ensure(self) -> None:
        """Makes the bucket with versioning when it is not there yet."""
        if self._ready:
            return
        try:
            self._again(lambda: self._client.head_bucket(Bucket=self.name))
        except ClientError as error:
            if _status(error) != 404:
                raise
            self.create()
        self._ready = True

    def create(self, *, locks: bool = False) -> None:
        """Makes the bucket with versioning, and with object lock where `locks` says so."""
        self._again(
            lambda: self._client.create_bucket(
                Bucket=self.name, **({"ObjectLockEnabledForBucket": True} if locks else {})
            )
        )
        self._again(
            lambda: self._client.put_bucket_versioning(
                Bucket=self.name, VersioningConfiguration={"Status": "Enabled"}
            )
        )

    def put_if_absent(self, key: str, body: IO[bytes]) -> bool:
        """Writes an object where none stands; False when one does."""
        self.ensure()

        def once() -> Any:
            body.seek(0)
            return self._client.put_object(Bucket=self.name, Key=key, Body=body, IfNoneMatch="*")

        try:
            self._again(once)
        except ClientError as error:
            if _status(error) in (409, 412):
                return False
            raise
        return True

    def replace(self, key: str, body: IO[bytes]) -> None:
        """Writes a new version of an object; the bucket keeps the older ones."""
        self.ensure()

        def once() -> Any:
            body.seek(0)
            return self._client.put_object(Bucket=self.name, Key=key, Body=body)

        self._again(once)

    def get(self, key: str) -> Iterator[bytes]:
        """The object's bytes as they come; raises Unavailable when it is not there."""
        self.ensure()
        found = self._found(lambda: self._client.get_object(Bucket=self.name, Key=key))
        return iter(found["Body"].iter_chunks(256 * 1024))

    def get_version(self, key: str, version: str) -> Iterator[bytes]:
        """One version's bytes as they come, for a backup."""
        found = self._found(
            lambda: self._client.get_object(Bucket=self.name, Key=key, VersionId=version)
        )
        return iter(found["Body"].iter_chunks(256 * 1024))

    def beginning(self, key: str, length: int) -> bytes:
        """The first bytes of an object; raises Unavailable when it is not there."""
        self.ensure()
        wanted = f"bytes=0-{length - 1}"
        found = self._found(
            lambda: self._client.get_object(Bucket=self.name, Key=key, Range=wanted)
        )
        return bytes(found["Body"].read())

    def head(self, key: str) -> int | None:
        """The length of an object in bytes, None when it is not there."""
        self.ensure()
        try:
            found = self._again(lambda: self._client.head_object(Bucket=self.name, Key=key))
        except ClientError as error:
            if _status(error) == 404:
                return None
            raise
        return int(found["ContentLength"])

    def delete_version(self, key: str, version: str) -> bool:
        """Removes one version for good; False where a lock of the bucket holds it (S3's 403)."""
        try:
            self._again(
                lambda: self._client.delete_object(Bucket=self.name, Key=key, VersionId=version)
            )
        except ClientError as error:
            if _status(error) != 403:
                raise
            return False
        return True

    def lock_mode(self) -> str | None:
        """How the bucket locks versions: `GOVERNANCE` or `COMPLIANCE`; None where it does not.

        The mode of its default retention where it has one; else the one that its operator can lift.
        """
        self.ensure()
        try:
            found = self._again(
                lambda: self._client.get_object_lock_configuration(Bucket=self.name)
            )
        except ClientError as error:
            if _status(error) not in (400, 404, 501):
                log.warning("whether the bucket locks is unknown", status=_status(error))
            return None
        lock = found.get("ObjectLockConfiguration", {})
        if lock.get("ObjectLockEnabled") != "Enabled":
            return None
        mode: str | None = lock.get("Rule", {}).get("DefaultRetention", {}).get("Mode")
        return mode or "GOVERNANCE"

    def retained_until(self, key: str, version: str) -> datetime | None:
        """Until when a version is locked; None where it is not, or has gone."""
        try:
            found = self._again(
                lambda: self._client.get_object_retention(
                    Bucket=self.name, Key=key, VersionId=version
                )
            )
        except ClientError:
            return None
        until: datetime | None = found.get("Retention", {}).get("RetainUntilDate")
        return until

    def retain(self, key: str, version: str, *, until: datetime, mode: str = "GOVERNANCE") -> bool:
        """Locks a version until an instant; False where the server refuses or it has gone."""
        retention = {"Mode": mode, "RetainUntilDate": until}
        try:
            self._again(
                lambda: self._client.put_object_retention(
                    Bucket=self.name, Key=key, VersionId=version, Retention=retention
                )
            )
        except ClientError as error:
            log.warning("a version was not locked", status=_status(error))
            return False
        return True

    def delete_all(self, prefix: str) -> tuple[int, int]:
        """Removes all versions and marks below a prefix: how many went, how many are locked."""
        self.ensure()
        gone = locked = 0
        place: dict[str, str] = {}
        while True:
            found = self._again(partial(self._versions_page, prefix, place))
            for item in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]:
                if self.delete_version(item["Key"], item["VersionId"]):
                    gone += 1
                else:
                    locked += 1
            if not found.get("IsTruncated"):
                return gone, locked
            place = _next_place(found)

    def versions(self, prefix: str) -> Iterator[Version]:
        """Every version of every object below a prefix; marks of deleted ones are left out."""
        self.ensure()
        place: dict[str, str] = {}
        while True:
            found = self._again(partial(self._versions_page, prefix, place))
            for item in found.get("Versions", []):
                yield Version(
                    item["Key"], item["VersionId"], item["LastModified"], item["IsLatest"]
                )
            if not found.get("IsTruncated"):
                return
            place = _next_place(found)

    def _versions_page(self, prefix: str, place: dict[str, str]) -> Any:
        return self._client.list_object_versions(
            Bucket=self.name, Prefix=prefix, MaxKeys=1000, **place
        )

    def keys(self, prefix: str) -> Iterator[str]:
        """The names of the objects below a prefix."""
        self.ensure()
        after = ""
        while True:
            page = self._page(prefix, after)
            yield from page
            if len(page) < 1000:
                return
            after = page[-1]

    def _page(self, prefix: str, after: str) -> list[str]:
        found = self._again(
            lambda: self._client.list_objects_v2(
                Bucket=self.name, Prefix=prefix, StartAfter=after, MaxKeys=1000
            )
        )
        return [item["Key"] for item in found.get("Contents", [])]

    def _found(self, call: Callable[[], Any]) -> Any:
        try:
            return self._again(call)
        except ClientError as error:
            raise Unavailable("object-missing") from error

    def _again(self, call: Callable[[], T]) -> T:
        """Calls, and calls again while the server is at fault; a refusal leaves at once."""
        until, pause = time.monotonic() + RETRY_SECONDS, 0.1
        while True:
            try:
                return call()
            except ClientError as error:
                if _status(error) < 500 or _status(error) == 501:  # 501: it never will
                    raise
                if time.monotonic() > until:
                    raise Unavailable("storage-unavailable") from error
            except BotoCoreError as error:
                if time.monotonic() > until:
                    raise Unavailable("storage-unavailable") from error
            time.sleep(pause)
            pause = min(pause * 2, 2.0)


def _next_place(page: dict[str, Any]) -> dict[str, str]:
    """Where the next page of versions begins."""
    return {
        "KeyMarker": page["NextKeyMarker"],
        "VersionIdMarker": page.get("NextVersionIdMarker", ""),
    }


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def bucket() -> Bucket:
    """The bucket of this application, connected at its first use."""
    found: Bucket | None = current_app.extensions.get("bucket")
    if found is None:
        found = Bucket(current_app.extensions["settings"])
        current_app.extensions["bucket"] = found
    return found
