"""The one place that lists the service lines of this installation."""

from __future__ import annotations

LINES: tuple[str, ...] = ("app.accounting",)
