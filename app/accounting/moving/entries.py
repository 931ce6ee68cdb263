"""The rows of a ledger as entries: which belong together, and which cannot be held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from app.accounting import ledger
from app.accounting.moving import foreign as moving_foreign
from app.accounting.moving.values import Draft, Fault, Part


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a ledger before it is known which entry it belongs to."""

    row: int
    day: date
    name: str
    text: str
    parts: tuple[Part, ...]


def entries_of(lines: Sequence[Line], faults: Sequence[Fault]) -> list[Draft]:
    """The rows as entries, rounding evened out; what cannot be held carries its fault."""
    found = grouped(lines)
    for entry in found:
        moving_foreign.even_out(entry)
    _refuse_around(found, faults)
    return found


def grouped(lines: Sequence[Line]) -> list[Draft]:
    """The rows as entries: by their number, by day and text, or one after the other until they
    are in balance; whichever way leaves the fewest entries out of balance, in this order."""
    ways = [
        _by(lines, lambda line: (line.name, line.day) if line.name else None),
        _by(lines, lambda line: (line.day, line.text)),
        _in_turn(lines),
    ]
    if not any(line.name for line in lines):
        ways = ways[1:]
    return min(ways, key=lambda found: sum(1 for draft in found if not draft.balances))


def _by(lines: Sequence[Line], key: Callable[[Line], object]) -> list[Draft]:
    found: dict[object, Draft] = {}
    for line in lines:
        name = key(line) or ("row", line.row)
        draft = found.setdefault(name, Draft(line.row, line.day, line.text))
        draft.parts += line.parts
    return list(found.values())


def _in_turn(lines: Sequence[Line]) -> list[Draft]:
    found: list[Draft] = []
    for line in lines:
        last = found[-1] if found else None
        if last is None or last.balances or last.day != line.day:
            found.append(Draft(line.row, line.day, line.text, list(line.parts)))
        else:
            last.parts += line.parts
    return found


def _refuse_around(entries: Sequence[Draft], faults: Sequence[Fault]) -> None:
    """Refuses entries that cannot be held, with the unreadable row that is to blame if one is."""
    wrong = {fault.row for fault in faults}
    for entry in entries:
        entry.fault = _fault(entry, wrong)


def _fault(entry: Draft, wrong: set[int]) -> Fault | None:
    off = moving_foreign.off_in_currency(entry.parts)
    if entry.sum or off:
        near = {part.row + step for part in entry.parts for step in (-1, 1)} & wrong
        params: dict[str, object] = {"row": min(near, default=entry.row)}
        params["difference_minor"] = entry.sum
        if off and not entry.sum:
            params["currency"], params["difference_minor"] = off
        return Fault(entry.row, "unbalanced-entry", params)
    if len(entry.parts) < 2:
        return Fault(entry.row, "too-few-postings")
    if len(entry.parts) > ledger.MAX_POSTINGS:
        return Fault(entry.row, "too-many-postings", {"most": ledger.MAX_POSTINGS})
    return None
