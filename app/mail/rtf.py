"""Outlook's compressed RTF (MS-OXRTFCP) as plain text: enough to read a body, no more."""

from __future__ import annotations

import re
import struct

from app.mail import charsets, html_text

_START = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_PACKED, _PLAIN = 0x75465A4C, 0x414C454D
MOST = 8 * 1024 * 1024
_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|([^\\{}]+)"
)
_HIDDEN = frozenset(
    (b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"themedata")
)
_BREAKS = frozenset((b"par", b"line", b"row", b"sect", b"page"))


def decompressed(data: bytes) -> bytes:
    """The RTF in a compressed stream; empty where it is none."""
    if len(data) < 16:
        return b""
    _size, raw, kind = struct.unpack_from("<III", data)
    if kind == _PLAIN:
        return data[16 : 16 + raw]
    if kind != _PACKED:
        return b""
    return _unpacked(data, min(raw, MOST))


def _unpacked(data: bytes, wanted: int) -> bytes:
    """LZ with a window of 4,096 bytes that starts with the usual words."""
    window = bytearray(4096)
    window[: len(_START)] = _START
    write, place, out = len(_START), 16, bytearray()
    while place < len(data) and len(out) < wanted:
        control = data[place]
        place += 1
        for bit in range(8):
            if place >= len(data):
                break
            if not control >> bit & 1:
                pieces = data[place : place + 1]
                place += 1
            else:
                if place + 1 >= len(data):
                    return bytes(out)
                offset, length = divmod(data[place] << 8 | data[place + 1], 16)
                place += 2
                if offset == write % 4096:
                    return bytes(out)
                pieces = _copied(window, offset, length + 2, write)
            for byte in pieces:
                window[write % 4096] = byte
                write += 1
            out += pieces
    return bytes(out[:wanted])


def _copied(window: bytearray, offset: int, length: int, write: int) -> bytes:
    """A run from the window; it may reach into what it is writing."""
    run = bytearray()
    gap = (write - offset) % 4096
    for step in range(length):
        run.append(run[step - gap] if step >= gap else window[(offset + step) % 4096])
    return bytes(run)


def text_of(data: bytes) -> str:
    """The words of an RTF text; HTML that was wrapped into RTF is taken out as HTML."""
    if b"\\fromhtml" in data[:400]:
        return html_text.text_of(_Reader(html=True).read(data[:MOST]))
    return _Reader(html=False).read(data[:MOST]).strip()


class _Reader:
    """Walks over the tokens of RTF with a stack of what is hidden."""

    def __init__(self, *, html: bool) -> None:
        self.html = html
        self.out: list[str] = []
        self.bytes = bytearray()
        self.hidden: list[bool] = [False]
        self.plain = False
        self.skip = 0
        self.codepage = ""

    def read(self, data: bytes) -> str:
        for match in _TOKEN.finditer(data):
            word, number, escaped, sign, brace, text = match.groups()
            if brace == b"{":
                self.hidden.append(self.hidden[-1])
            elif brace == b"}":
                self.flush()
                if len(self.hidden) > 1:
                    self.hidden.pop()
            elif word is not None:
                self.word(word, number)
            elif escaped is not None:
                self.put(bytes((int(escaped, 16),)))
            elif sign is not None:
                self.symbol(sign)
            elif text is not None:
                self.put(text.replace(b"\r", b"").replace(b"\n", b""))
        self.flush()
        return charsets.storable("".join(self.out))

    def word(self, word: bytes, number: bytes | None) -> None:
        if word in _HIDDEN:
            self.hidden[-1] = True
        elif word == b"ansicpg" and number:
            self.codepage = number.decode()
        elif word == b"htmlrtf":
            self.flush()
            self.plain = number != b"0"
        elif word == b"htmltag":
            self.hidden[-1] = not self.html
        elif word == b"u" and number:
            self.unicode(int(number))
        elif word in _BREAKS:
            self.put(b"\n")
        elif word == b"tab":
            self.put(b"\t")

    def symbol(self, sign: bytes) -> None:
        if sign == b"*":
            self.hidden[-1] = not self.html
        elif sign in b"\\{}":
            self.put(sign)
        elif sign == b"~":
            self.put(b" ")

    def unicode(self, number: int) -> None:
        if self.hidden[-1] or (self.html and self.plain):
            return
        self.flush()
        self.out.append(chr(number & 0xFFFF))  # two halves of one character come one by one
        self.skip = 1

    def put(self, data: bytes) -> None:
        if self.hidden[-1] or (self.html and self.plain):
            return
        if self.skip:
            data, self.skip = data[1:], 0
        self.bytes += data

    def flush(self) -> None:
        if self.bytes:
            self.out.append(charsets.decode(bytes(self.bytes), self.codepage))
            self.bytes.clear()
