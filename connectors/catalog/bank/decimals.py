"""Amounts as people's programs write them: the decimal mark is found out from the whole file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connectors.catalog.bank.statement import Notes, StatementRefused, _

_SIGNS = str.maketrans({"−": "-", "\u00a0": "", "\u202f": "", " ": "", "'": "", "’": ""})
_MONEY_SIGNS = "$€£¥"
_MARKS = re.compile(r"[.,]")


def bare(text: str) -> str:
    """The amount without blanks, apostrophes and currency signs; the sign is in front."""
    plain = text.translate(_SIGNS).strip().strip(_MONEY_SIGNS)
    if plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1]}"
    if plain.endswith(("-", "+")):
        plain = plain[-1] + plain[:-1]
    if plain[:1] in ("-", "+"):
        return plain[0] + plain[1:].strip(_MONEY_SIGNS)
    return plain


def mark_of(text: str) -> str | None:
    """The decimal mark that one amount proves, or None where it could be either."""
    marks = _MARKS.findall(text)
    if not marks:
        return None
    if len(set(marks)) == 2:
        return str(marks[-1])
    other = "," if marks[0] == "." else "."
    if len(marks) > 1:
        return other
    behind = len(text) - text.index(marks[0]) - 1
    before = text.index(marks[0]) - (text[:1] in ("-", "+"))
    return str(marks[0]) if behind != 3 or not 1 <= before <= 3 else None


def decimal_mark(texts: Iterable[tuple[str, int]], notes: Notes) -> str:
    """The decimal mark of a file, of its amounts each with its line.

    Refused where two amounts contradict each other; a point with a warning where none proves it.
    """
    proven: str | None = None
    doubtful: int | None = None
    for text, line in texts:
        found = mark_of(bare(text))
        if found is None:
            if doubtful is None and _MARKS.search(text):
                doubtful = line
            continue
        if proven is not None and found != proven:
            raise StatementRefused(
                "decimal-marks-contradict",
                _(
                    "“%(text)s” has another decimal mark than the amounts before it."
                    " Export the file again with one way of writing amounts.",
                    text=text.strip()[:40],
                ),
                line=line,
            )
        proven = found
    if proven is None and doubtful is not None:
        notes.warn(
            "decimal-mark-guessed",
            _("No amount says whether point or comma marks decimals; the point was taken."),
            line=doubtful,
        )
    return proven or "."


def plain(text: str, mark: str) -> str:
    """The amount with a point as decimal mark and nothing between thousands."""
    found = bare(text)
    other = "," if mark == "." else "."
    return found.replace(other, "").replace(mark, ".")
