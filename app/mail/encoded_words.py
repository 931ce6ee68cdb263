"""Encoded words in headers (RFC 2047), also the broken ones that programs send."""

from __future__ import annotations

import binascii
import re

from app.mail import charsets, transfer

_WORD = re.compile(
    r"=\?([^?\s]{1,40})\?([bBqQ])\?((?:[^?=]|\?(?!=)|=(?!\?[^=])){0,4000}?)\?=(?!=)", re.DOTALL
)
_BLANK = re.compile(r"\s+")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")


def decode(text: str) -> str:
    """A header's text with its encoded words decoded, on one line, without controls.

    Neighbours of one charset are joined before they are decoded: programs cut characters in two.
    """
    if "=?" not in text:
        return _tidy(text)
    pieces: list[str] = []
    pending, charset, place = bytearray(), "", 0
    for match in _WORD.finditer(text):
        between = text[place : match.start()]
        named = match.group(1).partition("*")[0].lower()
        apart = bool(between.strip()) or (named != charset and bool(pending))
        if apart:
            pieces.append(charsets.decode(bytes(pending), charset))
            pending.clear()
        if between.strip() or (not pieces and not pending):
            pieces.append(between)
        charset = named
        pending += _bytes(match.group(3), match.group(2).lower())
        place = match.end()
    pieces.append(charsets.decode(bytes(pending), charset))
    pieces.append(text[place:])
    return _tidy("".join(pieces))


def _bytes(text: str, encoding: str) -> bytes:
    raw = text.encode("latin-1", "replace")
    if encoding == "q":
        return transfer.quoted_printable(raw.replace(b"_", b"=20"))
    try:
        return transfer.decode(raw, "base64").data
    except (binascii.Error, ValueError):
        return raw


def _tidy(text: str) -> str:
    return _CONTROLS.sub(" ", _BLANK.sub(" ", text)).strip()
