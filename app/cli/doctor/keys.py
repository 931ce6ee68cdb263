"""The doctor's look at keys: the guard's in the database, the key encryption key and its copy."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from app.cli.doctor.finding import Finding, fail, ok, warn
from app.cli.install import libpq_url
from app.kernel.settings import Settings


def check(settings: Settings) -> Iterator[Finding]:
    """Check that the keys are there, agree with the database, and are kept twice."""
    if settings.database_admin_url:
        yield _guard_key(settings, settings.database_admin_url)
    yield _key_copy(settings)
    if settings.kek_before is not None:
        yield warn(
            "keys",
            "the KEK is being changed",
            means="BACKOFFICE_KEK_BEFORE still opens what was not sealed anew.",
            remedy="backoffice keys rewrap  (then remove BACKOFFICE_KEK_BEFORE)",
        )
    if settings.environment == "production" and len(set(settings.secret_key)) < 8:
        yield fail(
            "keys", "BACKOFFICE_SECRET_KEY is no random value", remedy="openssl rand -hex 32"
        )


def _guard_key(settings: Settings, url: str) -> Finding:
    padded = bytes(byte ^ 0x5C for byte in bytes.fromhex(settings.guard_key).ljust(64, b"\0"))
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=5) as link:
            found = link.execute(
                "select o from guard.hmac_key where kid = %s", [settings.guard_key_id]
            ).fetchone()
    except psycopg.Error as error:
        return fail("keys", f"the guard key could not be read: {error}".splitlines()[0])
    if found is None or bytes(found[0]) != padded:
        return fail(
            "keys",
            f"the database does not know guard key {settings.guard_key_id}",
            means="Every request would be refused: the database cannot verify who acts.",
            remedy="backoffice migrate  (stores the key of BACKOFFICE_GUARD_KEY)",
        )
    return ok("keys", f"the database verifies contexts with guard key {settings.guard_key_id}")


def _key_copy(settings: Settings) -> Finding:
    means = "Without the key encryption key no stored document can ever be read again."
    remedy = (
        "Keep the value of BACKOFFICE_KEK in a second place (a safe, another secret store), mount\n"
        "it readable for the doctor, and name the file in BACKOFFICE_KEK_COPY."
    )
    if settings.kek_copy is None:
        return fail("keys", "the KEK has no second copy", means=means, remedy=remedy)
    try:
        same = settings.kek_copy.read_text().strip() == settings.kek
    except OSError as error:
        return fail("keys", f"the KEK's copy: {error.strerror}", means=means, remedy=remedy)
    if not same:
        return fail("keys", "the KEK's copy is another key", means=means, remedy=remedy)
    if settings.kek_copy.resolve().is_relative_to(settings.data_dir.resolve()):
        state = "the KEK's copy lies beside the data it opens"
        if settings.environment == "demo":
            return ok("keys", f"{state}, as a demo's may")
        return warn("keys", state, means="One lost disk loses both.", remedy=remedy)
    return ok("keys", "the KEK has a second copy")
