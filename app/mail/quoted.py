"""The new text of a reply: what its writer added, without quotes and signature.

Rules, in order: cut at the header block or separator of a quoted message; cut at "On … wrote"
where the quote follows the text; take the text below where it follows the quote; keep answers
between quoted lines together with these. When unsure, keep: a quote too much is better than a
word too few.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.mail import html_text, reply_marks, signature

MOST_LINES = 5_000
FEW = 7
"""Text below a quote that stands below text: fewer lines than this are a signature."""
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|day|afternoon|evening)|greetings|hallo|liebe[rs]?"
    r"|lieb|moin|servus"
    r"|guten (?:tag|morgen|abend)|sehr geehrte[rs]?|grüezi|bonjour|bonsoir|salut|cher|chère"
    r"|hola|estimad[oa]"
    r"|buen[oa]s|ciao|salve|buongiorno|gentile|caro|cara|olá|oi|bom dia|boa tarde|prezad[oa]"
    r"|beste|geachte|dag"
    r"|hej|hei|kära|kære|cześć|dzień dobry|szanown\w+|witam|ahoj|dobrý den|добрый|здравствуйте"
    r"|привет|вітаю"
    r"|merhaba|sayın|szia|tisztelt|kedves)\b[^\n]{0,60}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Split:
    """The new text, and the rest of the mail's text."""

    reply: str
    quoted: str


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    kind: str
    """t text, e empty, q quote, b attribution, h header block, f separator, s mobile signature."""


def split(text: str, html: str = "") -> Split:
    """Split the text of a mail; one that has HTML only is read from that."""
    if not text.strip() and html:
        text = html_text.text_of(html)
    raw = _INVISIBLE.sub("", text).split("\n")
    rest = raw[MOST_LINES:]
    lines = _classified([line.rstrip() for line in raw[:MOST_LINES]])
    kept = _kept(lines)
    goes_on = bool(kept) and kept[-1] == len(lines) - 1
    reply = _joined([lines[number].text for number in kept] + (rest if goes_on else []))
    if not reply.strip():
        return Split(_joined(raw), "")
    chosen = set(kept)
    gone = [line.text for number, line in enumerate(lines) if number not in chosen]
    return Split(reply, _joined(gone + ([] if goes_on else rest)))


def _joined(lines: list[str]) -> str:
    """Lines without the blank ones at both ends; the indent of the first stays."""
    return re.sub(r"\A(?:[ \t]*\n)+", "", "\n".join(lines)).rstrip()


def _classified(lines: list[str]) -> list[_Line]:
    kinds = ["t"] * len(lines)
    place, attributed = 0, False
    while place < len(lines):
        line = lines[place]
        count, kind = 1, "t"
        if not line.strip():
            kind = "e"
        elif reply_marks.is_quote(line) or (attributed and reply_marks.is_named_quote(line)):
            kind = "q"
        elif reply_marks.is_separator(line):
            kind = "f"
        elif (found := reply_marks.header_block(lines, place)) > 0:
            count, kind = found, "h"
        elif (found := reply_marks.attribution(lines, place)) > 0:
            count, kind, attributed = found, "b", True
        elif signature.is_mobile(line):
            kind = "s"
        kinds[place : place + count] = [kind] * count
        place += count
    return [_Line(text, kind) for text, kind in zip(lines, kinds, strict=True)]


def _kept(lines: list[_Line]) -> list[int]:
    """The numbers of the lines that are new."""
    numbers = [number for number, line in enumerate(lines)]
    numbers = _before_message(lines, numbers)
    numbers = _before_signature(lines, numbers)
    pattern = "".join(lines[number].kind for number in numbers)
    below = _below(pattern)
    numbers = numbers[below:] if below else _before_attribution(lines, numbers, pattern)
    written = [number for number in numbers if lines[number].kind not in "bs"]
    if any(lines[number].kind == "t" for number in written):
        while written and lines[written[-1]].kind in "eq":
            written.pop()
    return written


def _below(pattern: str) -> int:
    """Where the text begins that stands below everything quoted; nought where none does."""
    text = pattern.find("t")
    above = pattern[:text].lstrip("es")
    alone = text > 0 and not pattern[text:].strip("tes")
    return text if alone and above.startswith("b") and "q" in above else 0


def _before_message(lines: list[_Line], numbers: list[int]) -> list[int]:
    """Cut at a header block or separator, with the rule drawn above it, where text stands "
    "before."""
    text = False
    for place, number in enumerate(numbers):
        kind = lines[number].kind
        if kind in "fh" and text:
            end = place
            while end and (
                lines[numbers[end - 1]].kind == "e"
                or signature.is_rule(lines[numbers[end - 1]].text)
            ):
                end -= 1
            return numbers[:end]
        text = text or (kind == "t" and not signature.is_rule(lines[number].text))
    return numbers


def _before_signature(lines: list[_Line], numbers: list[int]) -> list[int]:
    """Cut the signature below the last quote, and the one of the text above the first."""
    numbers = _without_lower(lines, numbers)
    first = next((p for p, n in enumerate(numbers) if lines[n].kind == "b"), len(numbers))
    head = [lines[number].text for number in numbers[:first]]
    if not any(lines[number].kind == "t" for number in numbers[:first]):
        return numbers
    kept = signature.trimmed(head)
    if not _written(head[:kept]) or kept == len(head):
        return numbers
    ends = _written(head[kept:]) and first < len(numbers)
    return numbers[:kept] if ends else numbers[:kept] + numbers[first:]


def _without_lower(lines: list[_Line], numbers: list[int]) -> list[int]:
    start = max((p + 1 for p, n in enumerate(numbers) if lines[n].kind in "qb"), default=0)
    tail = [lines[number].text for number in numbers[start:]]
    if not start or not _written(tail):
        return numbers
    kept = signature.trimmed(tail)
    above = any(lines[number].kind == "t" for number in numbers[:start])
    return numbers[: start + kept] if above or _written(tail[:kept]) else numbers


def _written(lines: list[str]) -> bool:
    return any(line.strip() and not signature.is_rule(line) for line in lines)


def _before_attribution(lines: list[_Line], numbers: list[int], pattern: str) -> list[int]:
    """Cut at "On … wrote" below text, unless what follows holds answers."""
    marked = re.search(r"t[es]*b", pattern)
    if marked is None:
        return numbers
    cut = marked.end() - 1
    after = pattern[cut:]
    head = "\n".join(lines[number].text for number in numbers[:cut]).strip()
    if "q" not in after:
        return numbers[:cut]
    last = max(after.rfind(kind) for kind in "qbh") + 1
    if "t" in after[:last]:
        return _answers(lines, numbers, pattern, cut)
    texts = after[last:].count("t")
    if not texts or (texts < FEW and not _GREETING.fullmatch(head)):
        return numbers[:cut]
    return numbers


def _answers(lines: list[_Line], numbers: list[int], pattern: str, cut: int) -> list[int]:
    """Text between quotes below an attribution: answers, unless the quote itself was not marked."""
    first = re.search(r"b[be]*", pattern[cut:])
    follows = pattern[cut + first.end() : cut + first.end() + 1] if first is not None else ""
    return numbers if follows == "q" or not pattern[:cut].count("t") else numbers[:cut]
