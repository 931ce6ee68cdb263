"""Pausing Python's search for reference cycles while a great many values are made at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """No collection inside: each would look through everything made so far and find nothing.

    For bounded work that makes no cycles, such as reading one file. Inside of another pause it
    does nothing.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
