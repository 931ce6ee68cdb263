"""How mail programs introduce what they quote: "On … wrote", header blocks, separators.

The words are those of the programs people use (Outlook, Gmail, Apple Mail, Thunderbird and their
kin) in the languages they speak; the rules around them are the same for every language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from app.mail import wordings

_WORDS = wordings.read("reply_marks")
_VERBS = _WORDS["verbs"]
_VERB = rf"(?:\b(?:{_VERBS})(?!\w)|写道|写到|寫道|撰寫|さんは書きました|のメール|님이 작성|작성)"
_NAMES_FOLLOW = f"(?:{_WORDS['names_follow']})"
_WEEKDAYS = _WORDS["weekdays"]
_STARTS = _WORDS["starts"]
_START = re.compile(
    rf"\s*[*_]*(?:(?:{_STARTS})\s|(?:{_WEEKDAYS})\b|\d|[^\s\d]{{3,14}}(?:day|tag|dag|ник|ok|ца"
    rf"|ота|енье)\b"
    rf"|понедел|вторн|сред|четвер|пятни|суббот|воскрес|lunes|martes|mi[eé]rcoles|jueves"
    rf"|viernes|s[aá]bado"
    rf"|domingo|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|luned|marted|mercoled"
    rf"|gioved|venerd"
    rf"|sabato|domenica|segunda|ter[cç]a|quarta|quinta|sexta|在|于|於|Le\s)",
    re.IGNORECASE,
)
_WHEN = re.compile(r"(?:19|20)\d\d|\d{1,2}\s?[:.hH]\s?\d\d|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_MAILBOX = re.compile(
    r"<\s*(?:mailto:[^<>]{0,200}<?\s*)?[^\s<>]{1,200}@[^\s<>]{1,200}"
    r"(?:<mailto:[^<>\s]{1,200}>)?\s*>+"
)
_VERB_LAST = re.compile(rf"{_VERB}[\s*_]{{0,4}}[:：]?[\s*_]{{0,3}}$", re.IGNORECASE)
_COLON_LAST = re.compile(r"[:：][\s*_]{0,3}$")
_VERB_THEN_NAME = re.compile(
    rf"\b{_NAMES_FOLLOW}\b\s+(\S+(?:\s+\S+){{0,5}}?)\s*[:：]\s*$", re.IGNORECASE
)
_VERB_ANYWHERE = re.compile(_VERB, re.IGNORECASE)
_PERSON_FIRST = re.compile(
    rf"\s*[^<>]{{0,80}}<[^<>\s]{{1,200}}@[^<>\s]{{1,200}}>\s*{_VERB}", re.IGNORECASE
)
_MAILBOX_LAST = re.compile(r"@[^<>\s]{1,200}>+\s*[:：]\s*$")
_QUOTE = re.compile(r"\s{0,3}(?:[>›»|](?!\w*=)|&gt;)")
_NAMED_QUOTE = re.compile(r"\s{0,3}[\w.-]{1,20}>(?:\s|$)")
MOST_JOINED = 6
MOST_LENGTH = 500

_ORIGINAL = _WORDS["original"]
_SEPARATOR = re.compile(
    rf"\s*(?:[-_=*#]{{2,}}\s*(?:{_ORIGINAL})[^\n]{{0,80}}?[-_=*#]*|(?:begin forwarded message"
    rf"|anfang der"
    rf" weitergeleiteten (?:nachricht|e-mail)|début du message (?:réexpédié|transféré)"
    rf"|inizio messaggio inoltrato|inicio del mensaje reenviado"
    rf"|início da mensagem (?:reencaminhada|encaminhada)"
    rf"|begin doorgestuurd bericht|vidarebefordrat brev|start på videresendt (?:besked|melding)"
    rf"|начало переадресованного сообщения)\s*:?)\s*$",
    re.IGNORECASE,
)

_COLON_EARLY = re.compile(r"[^:：]{1,40}[:：]")
_HEADERS = {
    kind: _WORDS[f"header_{kind}"] for kind in ("from", "sent", "to", "cc", "subject", "other")
}
_HEADER = re.compile(
    r"\s{0,4}(?:[>|]\s?)*[*_]{0,2}(?:"
    + "|".join(f"(?P<{kind}>{words})" for kind, words in _HEADERS.items())
    + r")[*_]{0,2}\s?[:：](?:\s|[*_]|$|(?<=[：])|\S)",
    re.IGNORECASE,
)


def is_quote(line: str) -> bool:
    """Whether a line is quoted by a sign in front."""
    return _QUOTE.match(line) is not None


def is_named_quote(line: str) -> bool:
    """Whether a line is quoted with its writer's name in front: `Ann> hello`."""
    return _NAMED_QUOTE.match(line) is not None


def is_separator(line: str) -> bool:
    """Whether a line says that another message begins."""
    return len(line) < 200 and _SEPARATOR.match(line) is not None


def attribution(lines: Sequence[str], at: int) -> int:
    """How many lines at a place form "On … wrote:"; nought where they do not."""
    first = lines[at]
    if not first.strip() or len(first) > MOST_LENGTH or is_quote(first):
        return 0
    if _introduces_quote(lines, at):
        return 1
    if not (_WHEN.search(first) or _MAILBOX.search(first)) or not _may_start(first):
        return 0
    joined, blanks = "", 0
    for count in range(1, MOST_JOINED + 1):
        if at + count > len(lines):
            return 0
        line = lines[at + count - 1].strip()
        blanks += not line
        if blanks > 1 or (
            is_quote(line) and not line.startswith(">  wrote") and not line.startswith("> ")
        ):
            return 0
        joined = f"{joined} {line}".strip()
        if len(joined) > MOST_LENGTH:
            return 0
        if count > 1 and _may_start(line) and _WHEN.search(line) and _is_attribution(line):
            return 0
        if _is_attribution(joined):
            return count
        if line.endswith((".", "!", "?")) and not line[-3:-1].isalpha() and count > 1:
            return 0
    return 0


def _may_start(line: str) -> bool:
    return bool(
        (_START.match(line) and _WHEN.search(line))
        or _PERSON_FIRST.match(line)
        or (_WHEN.search(line) and _MAILBOX.search(line))
    )


def _is_attribution(text: str) -> bool:
    """Whether a joined text is whole: when, who, wrote."""
    if not _WHEN.search(text):
        return False
    has_box = _MAILBOX.search(text) is not None
    if _VERB_LAST.search(text):
        return has_box or _START.match(text) is not None
    if not _COLON_LAST.search(text):
        return False
    if _VERB_THEN_NAME.search(text) and _START.match(text):
        return True
    if has_box and _VERB_ANYWHERE.search(text):
        return True
    return _MAILBOX_LAST.search(text) is not None and _START.match(text) is not None


def _introduces_quote(lines: Sequence[str], at: int) -> bool:
    """`Ann writes:`, or who and when in any form, right in front of a quote."""
    line = lines[at].strip()
    if len(line) > 160:
        return False
    ends = line.endswith((":", "*", "_", "：")) and _VERB_LAST.search(line)
    if not (ends and _COLON_LAST.search(line)) and not _who_and_when(line):
        return False
    for following in lines[at + 1 : at + 3]:
        if following.strip():
            return is_quote(following) or is_named_quote(following)
    return False


def _who_and_when(line: str) -> bool:
    if not _WHEN.search(line) or not _START.match(line):
        return False
    return bool(_VERB_ANYWHERE.search(line) or _MAILBOX.search(line))


@lru_cache(maxsize=1024)
def header_kind(line: str) -> str:
    """Which header of a quoted message a line is; empty where it is none."""
    if len(line) > 2_000 or not _COLON_EARLY.match(line):
        return ""
    match = _HEADER.match(line)
    return str(match.lastgroup) if match is not None else ""


def header_block(lines: Sequence[str], at: int) -> int:
    """How many lines at a place form the header block of a quoted message; nought where none do.

    It has a subject and two more headers, or a sender's address, a date and one more.
    """
    if not header_kind(lines[at]):
        return 0
    kinds: set[str] = set()
    place, last, extra = at, at, 0
    while place < len(lines) and place - at < 40:
        line = lines[place]
        kind = header_kind(line)
        if kind:
            kinds.add(kind)
            last, extra = place, 0
        elif not line.strip():
            follows = lines[place + 1 : place + 2]
            if not (follows and header_kind(follows[0])):
                break
        else:
            extra += 1
            if extra > 3:
                break
        place += 1
    text = "\n".join(lines[at : last + 1])
    if len(kinds) >= 3:
        if "subject" in kinds and kinds & {"from", "sent"}:
            return last + 1 - at
        if "@" in text and {"from", "sent"} <= kinds:
            return last + 1 - at
    return 0
