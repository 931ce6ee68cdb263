"""Pages of identity: signing in, the account, people and permissions, grants, the audit trail."""

from __future__ import annotations

from app.web.pages import Pages, Surface

pages = Pages("identity", "app.identity", surface=Surface.ME)

# Each module hangs its routes on `pages` when it is imported.
from app.identity.views import (  # noqa: E402  # the routes need `pages` first
    account,
    audit,
    grants,
    people,
    roles,
    sign_in,
    tokens,
    welcome,
)

__all__ = ["account", "audit", "grants", "pages", "people", "roles", "sign_in", "tokens", "welcome"]
