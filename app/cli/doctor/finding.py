"""A finding of the doctor: what was looked at, how it is, what that means and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    state: Literal["ok", "warn", "fail"]
    subject: str
    said: str
    means: str = ""
    remedy: str = ""


def ok(subject: str, said: str) -> Finding:
    """All is well."""
    return Finding("ok", subject, said)


def warn(subject: str, said: str, *, means: str = "", remedy: str = "") -> Finding:
    """It works, but should be looked at."""
    return Finding("warn", subject, said, means, remedy)


def fail(subject: str, said: str, *, means: str = "", remedy: str = "") -> Finding:
    """It does not work, or what we promise does not hold."""
    return Finding("fail", subject, said, means, remedy)
