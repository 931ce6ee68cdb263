"""Passwords: what is accepted, and argon2id hashes (RFC 9106, second recommended option)."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 12
MAX_LENGTH = 256

_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
_COMMON = frozenset(
    "password passwort 123456789012 qwertyuiop backoffice letmein welcome iloveyou".split()
)


def fault(password: str, *, email: str) -> str | None:
    """The code of what is wrong with a new password, or None (NIST SP 800-63B 3.1.1.2)."""
    if len(password) < MIN_LENGTH:
        return "password-short"
    if len(password) > MAX_LENGTH:
        return "password-long"
    plain = password.lower()
    name = email.partition("@")[0].lower()
    if len(set(plain)) < 5 or (len(name) > 3 and name in plain):
        return "password-guessable"
    if any(plain.replace(word, "").strip("0123456789!.?-_ ") == "" for word in _COMMON):
        return "password-guessable"
    return None


@lru_cache(maxsize=1)
def _nobody() -> str:
    """Compared with when an address is unknown, so that the answer takes as long as for a known."""
    return _hasher.hash("nobody has this password")


def hash_of(password: str) -> bytes:
    """The argon2id hash with its parameters and salt, in the PHC text form."""
    return _hasher.hash(password).encode()


def matches(stored: bytes | None, password: str) -> bool:
    """Whether the password has this hash; without a hash it takes as long and says no."""
    if len(password) > MAX_LENGTH:
        password = password[:MAX_LENGTH] + "-too-long"
    try:
        ok = _hasher.verify(stored.decode() if stored else _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(ok) and stored is not None
