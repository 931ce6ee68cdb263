"""Step-up: some pages ask for a proof of identity that is at most five minutes old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from app.kernel import clock, scope
from app.kernel.errors import FreshSignInNeeded

FRESH_FOR = timedelta(minutes=5)

View = TypeVar("View", bound=Callable[..., Any])


def is_fresh() -> bool:
    """Whether the person of this scope has proved who they are in the last five minutes."""
    since = scope.current().rights.stepped_up_at
    return since is not None and datetime.fromisoformat(since) > clock.now() - FRESH_FOR


def needs_fresh(view: View) -> View:
    """Asks for the proof before the page is drawn, so that nobody fills a form in vain.

    The guard asks again when the form comes in: this spares work, it does not protect.
    """

    @wraps(view)
    def run(*values: Any, **named: Any) -> Any:
        if not is_fresh():
            raise FreshSignInNeeded("fresh-sign-in-needed")
        return view(*values, **named)

    return run  # type: ignore[return-value]  # the same view behind a check
