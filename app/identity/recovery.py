"""Recovery codes: ten single-use codes for the day the phone is lost, kept as hashes only."""

from __future__ import annotations

import hashlib
import secrets

COUNT = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 3, 5


def new_codes() -> tuple[str, ...]:
    """Ten fresh codes of 74 bits each, in groups that are easy to read aloud."""
    return tuple(
        "-".join(
            "".join(secrets.choice(_LETTERS) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)
        )
        for _ in range(COUNT)
    )


def hash_of(code: str) -> str:
    """The hash a code is kept as; case, blanks and hyphens do not matter when it is typed."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(b"recovery:" + plain.encode()).hexdigest()
