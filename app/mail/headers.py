"""The header block of a mail or a part: fields in order, as bytes, unfolded, within bounds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from app.mail import charsets, encoded_words

MOST_FIELDS = 2_000
MOST_BLOCK = 2 * 1024 * 1024
MOST_VALUE = 64 * 1024
_NAME = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")
_KNOWN = frozenset(
    "from to cc bcc subject date sender reply-to message-id in-reply-to references received"
    " return-path mime-version content-type content-transfer-encoding content-disposition"
    " delivered-to x-mailer user-agent list-id auto-submitted dkim-signature".split()
)


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of a block in their order, names in lower case; `stray` lines are no fields.

    `begins` says whether the first line was a field (or the envelope line of a mail folder).
    """

    fields: tuple[tuple[str, bytes], ...] = ()
    stray: tuple[bytes, ...] = field(default=(), repr=False)
    begins: bool = True

    def raw(self, name: str) -> bytes | None:
        """The last field of a name: a later one overrules, as mail programs read it."""
        for each, value in reversed(self.fields):
            if each == name:
                return value
        return None

    def first(self, name: str) -> str:
        """The first field of a name as text, without decoding; empty where there is none."""
        for each, value in self.fields:
            if each == name:
                return charsets.decode(value).strip()
        return ""

    def all(self, name: str) -> list[str]:
        """Every field of a name as text, without decoding."""
        return [charsets.decode(value).strip() for each, value in self.fields if each == name]

    def words(self, name: str) -> str:
        """The first field of a name with its encoded words decoded (RFC 2047)."""
        return encoded_words.decode(self.first(name))

    def looks_like_mail(self) -> bool:
        """Whether the block begins with a field, and one of its fields is one that mails have."""
        return self.begins and any(name in _KNOWN for name, _value in self.fields)


def read(data: bytes, start: int, ends: Callable[[bytes], bool]) -> tuple[Headers, int, bool]:
    """Read a block: its fields, where the body begins, and whether a blank line ended it.

    `ends` says of a line whether it is a delimiter of the multipart around, which ends the block
    without a body. A line of white space alone is folding (RFC 5322, 4.2).
    """
    fields: list[tuple[str, list[bytes]]] = []
    stray: list[bytes] = []
    place, last = start, min(len(data), start + MOST_BLOCK)
    ended = False
    open_: list[bytes] | None = None
    while place < last:
        stop = data.find(b"\n", place)
        after = len(data) if stop < 0 else stop + 1
        line = data[place:after].rstrip(b"\r\n")
        if not line:
            place, ended = after, True
            break
        if line.startswith(b"--") and ends(line):
            break
        open_ = _take(line, fields, stray, open_)
        place = after
    unfolded = tuple((name, b"".join(parts)[:MOST_VALUE]) for name, parts in fields)
    begins = (
        not stray or stray[0].startswith((b"From ", b">From ")) or not _leads(data, start, stray)
    )
    return Headers(unfolded, tuple(stray), begins), place, ended


def _leads(data: bytes, start: int, stray: list[bytes]) -> bool:
    """Whether the block begins with a line that is no field."""
    return data.startswith(stray[0], start)


def _take(
    line: bytes,
    fields: list[tuple[str, list[bytes]]],
    stray: list[bytes],
    open_: list[bytes] | None,
) -> list[bytes]:
    """Add a line: more of what is open, a field, or neither; what a folded line would add to."""
    if line[:1] in (b" ", b"\t") and open_ is not None:
        open_.append(line)
        return open_
    match = _NAME.match(line)
    if match is None or len(fields) >= MOST_FIELDS:
        stray.append(line)
        return stray
    fields.append((match.group(1).decode("ascii").lower(), [line[match.end() :]]))
    return fields[-1][1]
