"""Addresses and message ids in headers (RFC 5322), also when they are badly written."""

from __future__ import annotations

import re

from app.mail import encoded_words
from app.mail.message import Address

MOST = 500
_ID = re.compile(r"<\s*([^<>\s]{1,998})\s*>")
_BARE_ID = re.compile(r"[^\s<>,;]{1,250}@[^\s<>,;]{1,250}")
_ANGLE = re.compile(r"<([^<>]*)>")
_COMMENT = re.compile(r"\(([^()]*)\)")
_PLAIN = re.compile(r"[^\s,;:<>()\"\[\]]{1,320}@[^\s,;:<>()\"]{1,320}")


def read(header: str) -> tuple[Address, ...]:
    """The mailboxes of a header in order; the names of groups are left out."""
    found = []
    for piece in _pieces(header[:65536]):
        address = _one(piece)
        if address is not None:
            found.append(address)
        if len(found) >= MOST:
            break
    return tuple(found)


def ids(header: str) -> tuple[str, ...]:
    """The message ids of a header without their brackets, each once."""
    found = _ID.findall(header[:65536]) or _BARE_ID.findall(header[:65536])
    return tuple(dict.fromkeys(found))[:MOST]


def _pieces(header: str) -> list[str]:
    """Cut at commas and semicolons that stand outside of quotes, comments and brackets."""
    pieces, start, depth, quoted, escaped = [], 0, 0, False, False
    for place, sign in enumerate(header):
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == '"':
            quoted = not quoted
        elif not quoted and sign in "(<":
            depth += 1
        elif not quoted and sign in ")>":
            depth = max(0, depth - 1)
        elif sign in ",;" and not quoted and not depth:
            pieces.append(header[start:place])
            start = place + 1
        elif sign == ":" and not quoted and not depth:
            start = place + 1
    pieces.append(header[start:])
    if quoted and len(pieces) == 1 and header.count("@") > 1:
        return re.split(r"[,;]", header)
    return pieces


def _one(piece: str) -> Address | None:
    text = piece.strip()
    if not text:
        return None
    angle = _ANGLE.search(text)
    if angle is not None:
        name = _name(text[: angle.start()]) or _name(text[angle.end() :])
        return Address(_address(angle.group(1)), name) if angle.group(1).strip() or name else None
    comment = _COMMENT.search(text)
    name = _name(comment.group(1)) if comment is not None else ""
    rest = _COMMENT.sub(" ", text).strip()
    plain = _PLAIN.search(rest)
    if plain is not None:
        return Address(_address(plain.group(0)), name or _name(rest[: plain.start()]))
    return Address("", encoded_words.decode(rest)) if rest.strip('"') else None


def _address(text: str) -> str:
    """The address as it is, without a source route; an encoded one is decoded."""
    address = encoded_words.decode(text).strip()
    if address.startswith("@") and ":" in address:
        address = address.partition(":")[2]
    return address.replace(" ", "")


def _name(text: str) -> str:
    name = text.strip()
    if len(name) > 1 and name[0] == '"' and name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return encoded_words.decode(name).strip().strip('"').strip()
