"""The tree of parts of a mail (RFC 2046), built in one pass, without recursion, within bounds.

A delimiter counts for the innermost open multipart. The delimiter of an outer one ends the inner
ones where the outer is closed properly further on; where it is not, the bytes cannot be told from
text, and what follows stays in the part that was open (and is marked as cut off).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.mail import headers, parameters, transfer
from app.mail.headers import Headers
from app.mail.parameters import Valued

MOST_DEPTH = 64
MOST_PARTS = 1_000
_IDENTITY = frozenset({"", "7bit", "8bit", "binary"})
_SNIFF = re.compile(
    rb"(?:^|\n)--([^\s-][^\r\n]{0,90}?|-+[^\s-][^\r\n]{0,90}?)[ \t]*\r?\n(?=[\w-]+:)"
)
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]{0,80}>\s*)?<(?:!doctype\s+html|html|head|body|div|p|table)\b", re.I
)
_SNIFFED = 64 * 1024


@dataclass(slots=True)
class Part:
    """A node of the tree: a multipart with children, a message with one child, or a leaf."""

    headers: Headers
    content_type: Valued
    disposition: Valued
    encoding: str
    start: int
    end: int = -1
    children: list[Part] = field(default_factory=list)
    multipart: bool = False
    message: bool = False
    cut: bool = False
    body: bytes = b""
    sound: bool = True
    preamble: bytes = b""
    source: bytes = b""

    @property
    def raw(self) -> bytes:
        """The part's content: of a message its own bytes, else the decoded body."""
        if self.body or not self.message:
            return self.body
        return self.source[self.start : self.end if self.end >= 0 else None]

    @property
    def media_type(self) -> str:
        """`type/subtype` in lower case; what is missing or odd is plain text (RFC 2045, 5.2)."""
        value = self.content_type.value
        return value if value.count("/") == 1 and not value.endswith("/") else "text/plain"


@dataclass(slots=True)
class _Frame:
    """An open multipart."""

    part: Part
    boundary: bytes
    close: int | None = None
    opened: int = 0


def build(data: bytes) -> Part:
    """The tree of a raw mail; its leaves hold decoded bytes."""
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    builder = _Builder(data)
    root = builder.run()
    if not root.headers.looks_like_mail() and _HTML.match(data):
        return _bare_html(data)
    return root


class _Builder:
    """One pass over the bytes with the stack of open multiparts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.frames: list[_Frame] = []
        self.leaf: Part | None = None
        self.count = 0
        self.depth = 0
        self.messages: list[tuple[Part, int]] = []
        self.embedded: list[tuple[Part, int]] = []

    def run(self) -> Part:
        root = self._open(0, "text/plain")
        place = root.start
        while self.frames:
            line, after = self._next_line(place)
            if line < 0:
                break
            place = self._delimited(line, after) or after
        self._finish()
        while self.embedded and self.count < MOST_PARTS:
            part, depth = self.embedded.pop()
            inner = _Builder(part.body)
            inner.count, inner.depth = self.count, depth
            part.children.append(inner.run())
            self.count = inner.count
        return root

    def _next_line(self, place: int) -> tuple[int, int]:
        """Where the next line beginning with two dashes starts, and the line after it."""
        data = self.data
        while True:
            if data.startswith(b"--", place) and (place == 0 or data[place - 1] == 0x0A):
                found = place
            else:
                found = data.find(b"\n--", max(place - 1, 0)) + 1
                if found == 0:
                    return -1, -1
            stop = data.find(b"\n", found)
            after = len(data) if stop < 0 else stop + 1
            if after - found < 4096:
                return found, after
            place = after

    def _open(self, start: int, default: str) -> Part:
        """Open the part whose headers begin at a place, and the first inner one it holds."""
        top: Part | None = None
        parent: Part | None = None
        while True:
            part, ended = self._headed(start, default)
            top = top or part
            if parent is not None:
                parent.children.append(part)
            self.count += 1
            if part.media_type.startswith("multipart/") and self._push(part):
                return top
            nested = self._depth() < MOST_DEPTH and self.count < MOST_PARTS
            if _is_message(part) and part.encoding in _IDENTITY and ended and nested:
                part.message = True
                part.source = self.data
                self.messages.append((part, len(self.frames)))
                start, default, parent = part.start, "text/plain", part
                continue
            self.leaf = part
            return top

    def _headed(self, start: int, default: str) -> tuple[Part, bool]:
        block, body, ended = headers.read(self.data, start, self._ends)
        if not block.fields and not ended and self.frames:
            block, body, ended = Headers(), start, True
        raw = block.raw("content-type")
        content_type = parameters.read(raw) if raw else Valued(default)
        encoding = parameters.read(block.raw("content-transfer-encoding")).value
        disposition = parameters.read(block.raw("content-disposition"))
        return Part(block, content_type, disposition, encoding, body), ended

    def _push(self, part: Part) -> bool:
        """Open a multipart; one without a usable boundary stays a leaf."""
        if self._depth() >= MOST_DEPTH or self.count >= MOST_PARTS:
            return False
        named = part.content_type.parameters.get("boundary", "")
        boundary = named.encode("utf-8", "replace")
        if not boundary or self.data.find(b"--" + boundary, part.start) < 0:
            sniffed = _SNIFF.search(self.data, max(part.start - 1, 0), part.start + _SNIFFED)
            if sniffed is not None:
                boundary = sniffed.group(1)
            elif not boundary:
                return False
        part.multipart = True
        self.frames.append(_Frame(part, boundary, opened=part.start))
        return True

    def _depth(self) -> int:
        return self.depth + len(self.frames) + len(self.messages)

    def _ends(self, line: bytes) -> bool:
        return any(_matches(line, frame.boundary) for frame in self.frames)

    def _delimited(self, line: int, after: int) -> int | None:
        """Take a line that may be a delimiter; the place where reading goes on if it was one."""
        text = self.data[line:after].rstrip(b"\r\n")
        innermost = len(self.frames) - 1
        for index in range(innermost, -1, -1):
            frame = self.frames[index]
            kind = _matches(text, frame.boundary)
            if not kind:
                continue
            if index < innermost and not self._closed(frame, line):
                if not text[2:].startswith(self.frames[-1].boundary):
                    return None
                index, kind = innermost, "next"
            return self._ended(index, kind, line, after)
        return None

    def _ended(self, index: int, kind: str, line: int, after: int) -> int:
        self._close_leaf(line)
        while self.messages and self.messages[-1][1] > index:
            self.messages.pop()[0].end = self._before(line)
        del self.frames[index + 1 :]
        frame = self.frames[index]
        if not frame.part.children:
            frame.part.preamble = self.data[frame.opened : line]
        if kind == "close":
            del self.frames[index:]
            return after
        if after >= len(self.data) or self.count >= MOST_PARTS:
            return after
        digest = frame.part.media_type == "multipart/digest"
        child = self._open(after, "message/rfc822" if digest else "text/plain")
        frame.part.children.append(child)
        if self.leaf is not None:
            return self.leaf.start
        return self.frames[-1].part.start

    def _closed(self, frame: _Frame, line: int) -> bool:
        """Whether a multipart is closed at this line or further on."""
        if frame.close is None:
            mark = b"\n--" + frame.boundary + b"--"
            frame.close = self.data.rfind(mark, frame.opened) + 1
        return frame.close >= line

    def _close_leaf(self, line: int) -> None:
        """End the open leaf before the newline in front of a delimiter."""
        leaf, self.leaf = self.leaf, None
        if leaf is None:
            return
        self._fill(leaf, self.data[leaf.start : max(self._before(line), leaf.start)])

    def _before(self, line: int) -> int:
        """The end of the content in front of a delimiter, whose newline belongs to it."""
        if line and self.data[line - 1] == 0x0A:
            return line - 2 if line > 1 and self.data[line - 2] == 0x0D else line - 1
        return line

    def _finish(self) -> None:
        """End what the bytes left open."""
        leaf, self.leaf = self.leaf, None
        for frame in self.frames:
            if not frame.part.children:
                frame.part.preamble = self.data[frame.opened :]
        if leaf is None:
            return
        raw = self.data[leaf.start :]
        if self.frames:
            glued = b"--" + self.frames[-1].boundary + b"--"
            whole = raw.rstrip(b"\r\n \t")
            if whole.endswith(glued):
                raw = whole[: -len(glued)]
            else:
                leaf.cut = True
        self._fill(leaf, raw)

    def _fill(self, leaf: Part, raw: bytes) -> None:
        decoded = transfer.decode(raw, leaf.encoding)
        leaf.body, leaf.sound = (decoded.data if decoded.sound else raw), decoded.sound
        if _is_message(leaf) and decoded.sound and leaf.body and self._depth() < MOST_DEPTH:
            leaf.message = True
            self.embedded.append((leaf, self._depth() + 1))


def _matches(line: bytes, boundary: bytes) -> str:
    """`next` or `close` when a line is that delimiter, else nothing."""
    if not line.startswith(boundary, 2):
        return ""
    rest = line[2 + len(boundary) :]
    if not rest.strip():
        return "next"
    return "close" if rest[:2] == b"--" and not rest[2:].strip() else ""


def _is_message(part: Part) -> bool:
    return part.media_type in ("message/rfc822", "message/global", "message/news")


def _bare_html(data: bytes) -> Part:
    """A file that is HTML alone, without headers."""
    part = Part(Headers(), Valued("text/html"), Valued(), "", 0)
    part.body = data
    return part
