"""The doctor's look at Valkey, the bucket, the public address and mail."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from app.cli.doctor.finding import Finding, fail, ok, warn
from app.kernel.settings import Settings

LOCAL = {"localhost", "127.0.0.1", "::1"}


def check_valkey(settings: Settings) -> Iterator[Finding]:
    """Check that Valkey answers, keeps what it has, and is not open to everybody."""
    import redis

    link = redis.Redis.from_url(settings.valkey_url, socket_timeout=5, socket_connect_timeout=5)
    try:
        info: Any = link.info()
        policy = str(info.get("maxmemory_policy", "noeviction"))
    except redis.RedisError as error:
        yield fail(
            "valkey",
            f"does not answer: {error}",
            means="Jobs wait (none is lost) until it is back.",
            remedy="Start it, or correct VALKEY_URL.",
        )
        return
    finally:
        link.close()
    yield ok("valkey", f"{info.get('valkey_version') or info.get('redis_version')}")
    if policy != "noeviction":
        yield warn(
            "valkey",
            f"maxmemory-policy is {policy}",
            remedy="CONFIG SET maxmemory-policy noeviction",
        )
    if not urlsplit(settings.valkey_url).password:
        yield warn("valkey", "no password in VALKEY_URL", remedy="Set requirepass or an ACL user.")


def check_storage(settings: Settings) -> Iterator[Finding]:
    """Check that the bucket is there, keeps versions and refuses to overwrite when asked."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    store = boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        aws_access_key_id=settings.s3_access_key_id,
        aws_secret_access_key=settings.s3_secret_access_key,
        region_name=settings.s3_region,
        config=Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2}),
    )
    try:
        store.head_bucket(Bucket=settings.s3_bucket)
        versions = store.get_bucket_versioning(Bucket=settings.s3_bucket).get("Status")
        yield ok("storage", f"bucket {settings.s3_bucket} answers")
        yield _versioning(versions)
        yield _conditional_put(store, settings.s3_bucket)
        yield _object_lock(store, settings.s3_bucket)
    except (BotoCoreError, ClientError) as error:
        yield fail(
            "storage",
            f"bucket {settings.s3_bucket}: {error}",
            means="Documents can be neither stored nor read.",
            remedy="Check S3_ENDPOINT_URL, S3_BUCKET and the keys.",
        )
        return
    if settings.s3_endpoint_url and urlsplit(settings.s3_endpoint_url).hostname not in LOCAL:
        yield warn(
            "storage",
            "ask its operator whether an acknowledged object is on disk (fsync)",
            means="No S3 call can tell; the embedded server is set to sync each object.",
        )


def _versioning(status: str | None) -> Finding:
    if status == "Enabled":
        return ok("storage", "versioning is on")
    return fail(
        "storage",
        "versioning is off",
        means="A deleted or overwritten object could not be brought back.",
        remedy="Enable versioning on the bucket.",
    )


def _object_lock(store: Any, bucket: str) -> Finding:
    """Say whether the bucket itself can refuse deletions; the database does so in any case."""
    from botocore.exceptions import ClientError

    try:
        found = store.get_object_lock_configuration(Bucket=bucket)
        lock = found.get("ObjectLockConfiguration", {})
    except ClientError:
        lock = {}
    rule = lock.get("Rule", {}).get("DefaultRetention", {})
    if rule.get("Mode"):
        span = f"{rule['Days']} days" if rule.get("Days") else f"{rule.get('Years')} years"
        return ok("storage", f"object lock: what the law keeps is locked; {span} by default")
    if lock.get("ObjectLockEnabled") == "Enabled":
        return ok("storage", "object lock: what the law keeps is locked until its time is over")
    return ok("storage", "no object lock: keeping and holds rest on the database alone")


def _conditional_put(store: Any, bucket: str) -> Finding:
    """Put one object twice under If-None-Match; the second must be refused."""
    from botocore.exceptions import ClientError

    key = f"doctor/{uuid.uuid4()}"
    store.put_object(Bucket=bucket, Key=key, Body=b"one", IfNoneMatch="*")
    try:
        store.put_object(Bucket=bucket, Key=key, Body=b"two", IfNoneMatch="*")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (409, 412):
            return ok("storage", "conditional writes are honoured")
        raise
    finally:
        _forget(store, bucket, key)
    return fail(
        "storage",
        "conditional writes are ignored",
        means="Two writers could overwrite each other's object.",
        remedy="Use an S3 server that honours If-None-Match.",
    )


def _forget(store: Any, bucket: str, key: str) -> None:
    kept = store.list_object_versions(Bucket=bucket, Prefix=key)
    for version in [*kept.get("Versions", []), *kept.get("DeleteMarkers", [])]:
        store.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])


def check_scanner(settings: Settings) -> Iterator[Finding]:
    """Check that the virus scanner answers, where one is named."""
    from app.documents import scanner

    if not settings.clamd:
        yield ok("scanner", "files are not scanned for viruses (no BACKOFFICE_CLAMD)")
        return
    try:
        said = scanner.said(settings.clamd, b"Asked by the doctor.")
    except OSError as error:
        said = str(error)
    if said.endswith(" OK"):
        yield ok("scanner", f"{settings.clamd} answers")
        return
    yield fail(
        "scanner",
        f"{settings.clamd}: {said or 'no answer'}",
        means="No file is taken in while it is away; what was sent waits.",
        remedy="Start clamd, or correct BACKOFFICE_CLAMD.",
    )


def check_address(settings: Settings) -> Iterator[Finding]:
    """Check that people's browsers may use passkeys and secure cookies at the public address."""
    parts = urlsplit(settings.public_url)
    host = parts.hostname or ""
    if host in LOCAL:
        state = ok if settings.environment != "production" else warn
        yield state("address", f"{settings.public_url}: this machine only")
        return
    if parts.scheme != "https":
        yield fail(
            "address",
            f"{settings.public_url} is not https",
            means="Browsers refuse passkeys and secure cookies there.",
            remedy="Put a proxy with TLS in front; docs/operating.md has a recipe.",
        )
    elif settings.trusted_proxies == 0:
        yield warn(
            "address",
            "https, but BACKOFFICE_TRUSTED_PROXIES is 0",
            means="Every visitor seems to come from the proxy's address: throttling hits all.",
            remedy="Set it to the number of proxies in front (mostly 1).",
        )
    else:
        yield ok("address", f"{settings.public_url} behind {settings.trusted_proxies} proxies")
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        yield warn("address", f"{host} is unknown to this machine's name service")


def check_mail_in(settings: Settings) -> Iterator[Finding]:
    """Check that replies by mail are taken from proven senders only."""
    if settings.mail_in_domain is None:
        yield ok("mail in", "no mail comes in (no BACKOFFICE_MAIL_IN_DOMAIN)")
    elif settings.mail_in_authserv_id is None:
        yield warn(
            "mail in",
            "BACKOFFICE_MAIL_IN_AUTHSERV_ID is not set",
            means="A reply counts by what stands in its From, which anybody can write.",
            remedy="Let the mail server check DMARC and set its authserv-id (see Operating, Mail).",
        )
    else:
        yield ok("mail in", f"senders are proven by {settings.mail_in_authserv_id}")


def check_mail(settings: Settings) -> Iterator[Finding]:
    """Check that the mail server takes a connection, and that somebody is named as the sender."""
    if not settings.smtp_url:
        if settings.environment == "production":
            yield fail(
                "mail",
                "BACKOFFICE_SMTP_URL is not set",
                means="Nobody can be invited and no reset can be sent.",
                remedy="BACKOFFICE_SMTP_URL=smtps://user:password@mail.example.com:465",
            )
        else:
            yield ok("mail", "kept on a local page, not sent (no BACKOFFICE_SMTP_URL)")
        return
    parts = urlsplit(settings.smtp_url)
    port = parts.port or (465 if parts.scheme == "smtps" else 587)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=5):
            yield ok("mail", f"{parts.hostname}:{port} answers")
    except OSError as error:
        yield fail("mail", f"{parts.hostname}:{port}: {error}", remedy="Check BACKOFFICE_SMTP_URL.")
    if settings.mail_from.endswith("@localhost"):
        yield warn("mail", "the sender is @localhost", remedy="Set BACKOFFICE_MAIL_FROM.")
