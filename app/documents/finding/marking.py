"""The piece of a page around what was looked for, with the words marked; pure, without a database.

The same folding as in the database (`app.fold`), letter by letter, so that a place in the folded
text is a place in the text itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

AROUND = 80
LENGTH = 240
MOST = 200_000
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d{1,3}(?: \d{3})+[.,]\d{2}|\d+(?:[.,'’]\d+)+")
_LETTERS = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "t",
    "ı": "i",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
}
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Some letters of a text, and whether they are what was looked for."""

    text: str
    marked: bool


def fold(text: str) -> str:
    """Lower case, without accents, as the database folds."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(_LETTERS.get(sign, sign) for sign in plain if not "̀" <= sign <= "ͯ")


def snippet(text: str, marks: Sequence[str], begun: Sequence[str]) -> tuple[Piece, ...]:
    """At most `LENGTH` letters around the first marked words; the beginning where none is marked.

    `marks` are folded words and stems, `begun` the beginning of the last word.
    """
    shown = text[:MOST]
    hits = list(_hits(shown, frozenset(marks), tuple(begun)))
    start = _start(shown, _best(hits))
    end = min(len(shown), start + LENGTH)
    end = end if end == len(shown) else max(shown.rfind(" ", start, end), start + LENGTH // 2)
    pieces: list[Piece] = [Piece("… ", False)] if start else []
    place = start
    for first, last in hits:
        if first < place or last > end:
            continue
        if first > place:
            pieces.append(Piece(_plain(shown[place:first]), False))
        pieces.append(Piece(_plain(shown[first:last]), True))
        place = last
    if place < end:
        pieces.append(Piece(_plain(shown[place:end]), False))
    if end < len(shown):
        pieces.append(Piece(" …", False))
    return tuple(pieces)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _best(hits: Sequence[tuple[int, int]]) -> int:
    """Where the most hits stand within one snippet; the first of such places."""
    best, most = 0, 0
    for place, (first, _last) in enumerate(hits[:500]):
        n = sum(1 for other, _end in hits[place : place + 20] if other < first + LENGTH - AROUND)
        if n > most:
            best, most = first, n
    return best


def _start(text: str, hit: int) -> int:
    if hit <= AROUND:
        return 0
    blank = text.find(" ", hit - AROUND, hit)
    return hit - AROUND if blank < 0 else blank + 1


@lru_cache(maxsize=256)
def _candidate(
    marks: frozenset[str], begun: tuple[str, ...], *, folded: bool
) -> re.Pattern[str] | None:
    """Words that may be hits: they begin as a mark does, or (`folded`) hold letters that fold."""
    starts = "|".join(re.escape(one) for one in sorted({*marks, *begun} - {""}))
    ways = [f"(?:{starts})[^\\W_]*"] if starts else []
    if folded:
        ways.append(r"[^\W_]*[^\x00-\x7f\W_][^\W_]*")
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(ways)})", re.IGNORECASE) if ways else None


def _hits(text: str, marks: frozenset[str], begun: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    numbers: dict[int, int] = {}
    if any(one.isdigit() for one in (*marks, *begun)):
        numbers = {
            one.start(): one.end()
            for one in _NUMBER.finditer(text)
            if _is_number(re.sub(r"\D", "", one[0]), marks, begun)
        }
    found = _WORD if numbers else _candidate(marks, begun, folded=not text.isascii())
    if found is None:
        return
    until = 0
    for word in found.finditer(text):
        if word.start() < until:
            continue
        if word.start() in numbers:
            until = numbers[word.start()]
            yield word.start(), until
        elif _is_hit(word[0], marks, begun):
            yield word.start(), word.end()


def _is_number(digits: str, marks: frozenset[str], begun: tuple[str, ...]) -> bool:
    return digits in marks or any(digits.startswith(one) for one in begun if one.isdigit())


def _is_hit(word: str, marks: frozenset[str], begun: tuple[str, ...]) -> bool:
    plain = word.lower() if word.isascii() else fold(word)
    if plain in marks or plain.startswith(begun):
        return True
    if not word.isascii() and any(sign in _UMLAUTS for sign in word.lower()):
        other = fold("".join(_UMLAUTS.get(sign, sign) for sign in word.lower()))
        if other in marks or other.startswith(begun):
            return True
    if len(plain) < 5:
        return False
    # an inflected word begins with its stem and has few letters more
    return any(plain[:length] in marks for length in range(max(4, len(plain) - 3), len(plain)))
