"""Content-Type and Content-Disposition with their parameters (RFC 2045, 2183, 2231)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from app.mail import charsets, encoded_words

_BLANK = re.compile(r"[ \t]{60,}")
_TOKEN = re.compile(r"[^\s;=\"]+")
_PAIR = re.compile(
    r"""([A-Za-z0-9_.!#$%&'*+^`|~-]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))""",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_COMMENT = re.compile(r"\([^()]*\)\s*$")
_PIECE = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*)?)?$")
_BARE = re.compile(r"[\s,]{1,20}(?=[A-Za-z-]{2,30}=)")
_PATH = re.compile(r"^(?:[A-Za-z]:)?.*[\\/](?=[^\\/])", re.DOTALL)
MOST = 200


@dataclass(frozen=True, slots=True)
class Valued:
    """A header of the form `value; name=value`; `value` and the names are in lower case."""

    value: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def read(raw: bytes | None) -> Valued:
    """Read the header; missing semicolons, open quotes and encoded words are forgiven."""
    if raw is None:
        return Valued()
    text = _BLANK.sub(" ", charsets.decode(raw).replace("\r", "").replace("\n", "")).strip()
    first = _TOKEN.match(text)
    has_value = first is not None and not text[first.end() :].lstrip().startswith("=")
    value = first.group(0) if first is not None and has_value else ""
    pairs = _pairs(text[len(value) :])
    return Valued(value.lower().rstrip(","), _joined(pairs))


def file_name(disposition: Valued, content_type: Valued) -> str | None:
    """The name a part gives its file, without any folder; None where it gives none."""
    named = disposition.parameters.get("filename") or content_type.parameters.get("name")
    if not named:
        return None
    decoded = encoded_words.decode(named)
    return _PATH.sub("", decoded).strip() or None


def _pairs(text: str) -> list[tuple[str, str, bool]]:
    """Name, value, and whether it was quoted."""
    found: list[tuple[str, str, bool]] = []
    place = 0
    while len(found) < MOST and (match := _PAIR.search(text, place)) is not None:
        quoted, bare = match.group(2), match.group(3)
        place = match.end()
        if quoted is not None:
            found.append((match.group(1).lower(), _ESCAPED.sub(r"\1", quoted), True))
            continue
        cut = _BARE.search(bare)
        if cut is not None:
            place = match.start(3) + cut.start()
            bare = bare[: cut.start()]
        found.append((match.group(1).lower(), _COMMENT.sub("", bare).strip(), False))
    return found


def _joined(pairs: list[tuple[str, str, bool]]) -> dict[str, str]:
    """The parameters, those in pieces put together and decoded (RFC 2231)."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value, _quoted in pairs:
        match = _PIECE.fullmatch(name)
        if match is None:
            plain.setdefault(name, value)
            continue
        number, encoded = match.group(2), match.group(3) is not None or match.group(2) is None
        pieces.setdefault(match.group(1), {}).setdefault(int(number or 0), (value, encoded))
    for name, parts in pieces.items():
        plain[name] = _extended([parts[number] for number in sorted(parts)])
    return plain


def _extended(parts: list[tuple[str, bool]]) -> str:
    """`charset'language'percent-encoded`, in one or more pieces."""
    charset = ""
    collected = bytearray()
    for index, (value, encoded) in enumerate(parts):
        if encoded and index == 0 and value.count("'") >= 2:
            charset, _language, value = value.split("'", 2)
        raw = value.encode("utf-8", "surrogateescape")
        collected += unquote_to_bytes(raw) if encoded else raw
    return charsets.decode(bytes(collected), charset)
