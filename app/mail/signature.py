"""Signatures: after the usual delimiter, of mobile programs, of lists, and disclaimers.

A farewell with a name is left in place: it is the writer's own words, and where it ends cannot be
told with certainty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.mail import wordings

_DELIMITER = re.compile(r"\s{0,3}(?:--|—|––|- -|__)\s*$")
_RULE = re.compile(r"[\s\u00a0]*(?:[-_=+~#*ᐧ—–•·.,]{1,}|ᐧ)[\s\u00a0]*$")
_LONG_RULE = re.compile(r"\s*[-_=*—–]{5,}\s*$")
_WORDS = wordings.read("signature")
_DEVICE = _WORDS["device"]
_SENT = _WORDS["sent"]
_WAY = f"(?:{_WORDS['way']})"
_MY = r"(?:my|mijn|meinem|meiner|mon|mi|min|mitt|mio|meu|minha|mojego|mobil)"
_SENT_BY = r"(?:gesendet|gesandt|geschrieben|verschickt)"
_MOBILE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_SENT}\s+{_WAY}\b.{{0,40}}?(?:{_DEVICE})\b\S*(?:\s\S+){{0,5}}$",
        rf"{_SENT}\s+{_WAY}\s+{_MY}\s+\S+(?:\s\S+){{0,3}}$",
        rf"(?:von|vom|mit)\s+(?:meine[mr]\s+)?.{{0,40}}(?:{_DEVICE}).{{0,40}}{_SENT_BY}",
        rf"diese\s+(?:nachricht|e-?mail|mail)\s+wurde\b.{{0,60}}(?:{_DEVICE}).{{0,40}}{_SENT_BY}",
        r"\S+(?:\s\S+)?\s+(?:from|via)\s+(?:my\s+)?(?:mobile|phone)$",
        rf"from\s+my\s+(?:{_DEVICE})\b(?:\s\S+){{0,2}}$",
        r"via\s+(?:my\s+)?(?:mobile|phone)$",
        rf"(?:{_WORDS['outlook']})\s+\[?outlook (?:for|für|pour|para|per|voor|för|til|dla)\b",
        r"(?:從|从|由)我的.{0,20}(?:傳送|发送|寄出|發送)",
        r"(?:发自|發自|寄自|送自)我?的?.{0,30}",
        r".{0,20}(?:から送信|より送信)",
        r"(?:나의|내)\s.{0,20}에서\s?보냄",
        rf".{{0,30}}(?:{_DEVICE})['’]?(?:dan|den|imdan|'?ümden|umdan|mdan)\s+gönderildi",
        rf"lähetetty\s+.{{0,30}}(?:{_DEVICE})",
        r"(?:mobil|mobiltelefon)\w*\s+(?:gesendet|sendt|skickat)",
    )
)
_EXCUSED = re.compile(_WORDS["excused"], re.IGNORECASE)
_WRAPPING = " \t\u00a0()<>[]*_~\"'.!-"
_FOOTER = re.compile(_WORDS["footer"], re.IGNORECASE)
_CONFIDENTIAL = re.compile(_WORDS["confidential"], re.IGNORECASE)
_ADDRESSEE = re.compile(_WORDS["addressee"], re.IGNORECASE)
MOST_LINES = 12
MOST_WORDS = 90


def is_mobile(line: str) -> bool:
    """Whether a line was added by a mail program, such as "Sent from my phone"."""
    if len(line) > 300:
        return False
    bare = line.strip(_WRAPPING)
    if not bare or len(bare) > 200:
        return False
    said, comma, rest = bare.partition(", ")
    if comma and not _EXCUSED.search(rest) and len(rest.split()) > 3:
        return False
    if not comma:
        said = re.split(r"(?<=[^\d])\.\s", bare)[0]
    return any(pattern.match(said.strip(" .")) for pattern in _MOBILE)


def is_rule(line: str) -> bool:
    """Whether a line is drawn, not written."""
    return bool(line.strip()) and _RULE.match(line) is not None


def trimmed(lines: Sequence[str]) -> int:
    """How many of the lines are the writer's; what follows is signature.

    The lines are those of one writer, without what was quoted.
    """
    last = len(lines)
    for place, line in enumerate(lines):
        if _DELIMITER.match(line) and _is_signature(
            lines[place + 1 :], sure=line.startswith("-- ")
        ):
            last = place
            break
        if _LONG_RULE.match(line) and _is_footer(lines[place + 1 :]):
            last = place
            break
    return _without_tail(lines, last)


def _without_tail(lines: Sequence[str], last: int) -> int:
    """Cut what stands at the end and is not written: rules, blanks, mobile lines, disclaimers."""
    while last:
        line = lines[last - 1]
        if not line.strip() or is_rule(line) or is_mobile(line):
            last -= 1
            continue
        start = _paragraph(lines, last)
        if start and _is_disclaimer(" ".join(lines[start:last])):
            last = start
            continue
        return last
    return last


def _paragraph(lines: Sequence[str], last: int) -> int:
    start = last
    while start and lines[start - 1].strip():
        start -= 1
    return start


def _is_signature(lines: Sequence[str], *, sure: bool) -> bool:
    written = [line for line in lines if line.strip()]
    if sure:
        return len(written) <= 4 * MOST_LINES
    return (
        len(written) <= MOST_LINES and sum(len(line.split()) for line in written) <= MOST_WORDS * 2
    )


def _is_footer(lines: Sequence[str]) -> bool:
    written = [line for line in lines if line.strip()]
    return (
        bool(written) and len(written) <= MOST_LINES and bool(_FOOTER.search(" ".join(written[:6])))
    )


def _is_disclaimer(text: str) -> bool:
    return len(text) > 100 and bool(_CONFIDENTIAL.search(text)) and bool(_ADDRESSEE.search(text))
