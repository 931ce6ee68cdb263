"""An attack: raw SQL as a login role, with what each must come to.

`<name>` in the SQL is an id of the arena. `ends` is how an attack may end: a SQLSTATE, "nothing"
(no row, or no row changed) or "zero" (one row of nulls, zeros and falsehoods). A syntax error or a
failed cast is never an end: it would hide a hole.
"""

from __future__ import annotations

from dataclasses import dataclass

REFUSED = "42501"


@dataclass(frozen=True, slots=True)
class Attack:
    """One attempt: who tries (a context of test_attacks.CONTEXTS), what, and how it must end."""

    name: str
    who: str
    sql: str
    ends: str = REFUSED


def all_of(who: str, ends: str, *pairs: tuple[str, str]) -> list[Attack]:
    """Several attempts of one context with one end."""
    return [Attack(name, who, sql, ends) for name, sql in pairs]
