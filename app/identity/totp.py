"""Time-based codes of an authenticator app (RFC 6238): seed, picture, check."""

from __future__ import annotations

import io
import time

import pyotp
import segno

STEP_SECONDS = 30
_DRIFT_STEPS = 1


def new_seed() -> str:
    """A fresh seed of 160 bits in base32, as authenticator apps read it."""
    return pyotp.random_base32(32)


def address(seed: str, *, email: str, issuer: str) -> str:
    """The otpauth address an authenticator app takes."""
    return pyotp.TOTP(seed).provisioning_uri(name=email, issuer_name=issuer)


def picture(uri: str) -> str:
    """The address as an inline SVG without style attributes, so that the strict CSP holds."""
    out = io.BytesIO()
    segno.make(uri, error="m").save(
        out, kind="svg", scale=4, border=4, xmldecl=False, svgns=True, light="#fff", title="QR"
    )
    return out.getvalue().decode()


def step_of(seed: str, code: str, *, at: float | None = None) -> int | None:
    """The time step the code belongs to (now, one before or after), or None.

    The caller opens a session at most once a step, so a code seen on the wire is worth nothing.
    """
    code = code.replace(" ", "")
    if len(code) != 6 or not code.isdigit() or not code.isascii():
        return None
    now = int(at if at is not None else time.time()) // STEP_SECONDS
    totp = pyotp.TOTP(seed)
    found = None
    for step in range(now - _DRIFT_STEPS, now + _DRIFT_STEPS + 1):
        if pyotp.utils.strings_equal(totp.at(step * STEP_SECONDS), code):
            found = step
    return found
