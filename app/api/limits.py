"""Rate limits per token, session or address, counted in Valkey, locally while it is away."""

from __future__ import annotations

import hashlib

from flask import Flask, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from app.kernel.settings import Settings

KEY_PREFIX = "backoffice-api"
FALLBACK = "300 per minute"


def caller() -> str:
    """Whose budget this call uses: the secret's hash, so that no secret reaches Valkey."""
    cookie = request.cookies.get(current_app.config["API_SESSION_COOKIE"], "")
    secret = request.headers.get("Authorization", "") or cookie
    if secret:
        return "s:" + hashlib.sha256(secret.encode()).hexdigest()[:32]
    return "a:" + (get_remote_address() or "unknown")


def make(app: Flask) -> Limiter:
    """The limiter of this application; refusals are 429 with Retry-After and RateLimit headers."""
    settings: Settings = app.extensions["settings"]
    return Limiter(
        caller,
        app=app,
        storage_uri=settings.valkey_url,
        strategy="fixed-window",
        headers_enabled=True,
        in_memory_fallback_enabled=True,
        in_memory_fallback=[FALLBACK],
        key_prefix=KEY_PREFIX,
        enabled=bool(app.config.get("API_LIMITS", True)),
    )
