"""Mails written for the tests."""

from __future__ import annotations

import base64
import struct


def letter(text: str, *headers: str, charset: str = "utf-8") -> bytes:
    """A plain mail with a body and some more headers."""
    head = ["From: Ann Example <ann@example.com>", "To: desk@example.net", "Subject: Printer"]
    kind = f"Content-Type: text/plain; charset={charset}"
    lines = [*head, *headers, kind, "Content-Transfer-Encoding: 8bit", "", ""]
    return "\r\n".join(lines).encode() + text.encode(charset)


def multipart(kind: str, *parts: str, boundary: str = "edge", closed: bool = True) -> bytes:
    """A multipart mail; each part is its headers, a blank line and its body."""
    lines = [
        "From: ann@example.com",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/{kind}; boundary="{boundary}"',
        "",
    ]
    for part in parts:
        lines += [f"--{boundary}", part]
    if closed:
        lines.append(f"--{boundary}--")
    return "\r\n".join([*lines, ""]).encode()


def file_part(name: str, data: bytes, *, media_type: str = "application/pdf") -> str:
    """A part that holds a file."""
    packed = base64.b64encode(data).decode()
    return (
        f"Content-Type: {media_type}\r\nContent-Disposition: attachment; {name}\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{packed}"
    )


def tnef(text: str, name: str, data: bytes) -> bytes:
    """A winmail.dat with a body and one file (MS-OXTNEF)."""
    found = struct.pack("<IH", 0x223E9F78, 1)
    for level, ident, kind, content in (
        (1, 0x9007, 6, struct.pack("<II", 1252, 0)),
        (1, 0x800C, 2, text.encode("cp1252") + b"\x00"),
        (2, 0x9002, 6, b"\x00" * 14),
        (2, 0x8010, 1, name.encode("cp1252") + b"\x00"),
        (2, 0x800F, 6, data),
    ):
        found += struct.pack("<BHHI", level, ident, kind, len(content)) + content
        found += struct.pack("<H", sum(content) & 0xFFFF)
    return found


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file (MS-CFB) with short streams at its root and in folders one deep."""
    folders = sorted({path.split("/")[0] for path in streams if "/" in path})
    entries: list[list[object]] = [["Root Entry", 5, -1, -1, 1, 0, 0]]
    mini = b""
    mini_fat: list[int] = []
    top = [name for name in streams if "/" not in name]
    children = {"": [*top, *folders]} | {
        folder: [path for path in streams if path.startswith(f"{folder}/")] for folder in folders
    }
    for folder, names in children.items():
        first = len(entries)
        if folder:
            entries[[entry[0] for entry in entries].index(folder)][4] = first
        for number, name in enumerate(names):
            right = first + number + 1 if number + 1 < len(names) else -1
            data = streams.get(name)
            entry: list[object] = [
                name.split("/")[-1],
                1 if data is None else 2,
                -1,
                right,
                -1,
                0,
                0,
            ]
            if data is not None:
                start = len(mini_fat)
                count = max(1, -(-len(data) // 64))
                mini_fat += [start + step + 1 for step in range(count - 1)] + [-2]
                mini += data.ljust(count * 64, b"\x00")
                entry[5:] = [start, len(data)]
            entries.append(entry)
    return _file(entries, mini, mini_fat)


def _file(entries: list[list[object]], mini: bytes, mini_fat: list[int]) -> bytes:
    directory = b"".join(_entry(entry) for entry in entries)
    directory = directory.ljust(-(-len(directory) // 512) * 512, b"\x00")
    minis = struct.pack(f"<{len(mini_fat)}i", *mini_fat)
    minis += b"\xff" * (-len(minis) % 512)
    mini += b"\x00" * (-len(mini) % 512)
    pieces = [directory, minis, mini]
    fat, starts, place = [], [], 1
    for piece in pieces:
        count = len(piece) // 512
        starts.append(place)
        fat += [place + step + 1 for step in range(count - 1)] + [-2]
        place += count
    fat = [-3, *fat]
    fat += [-1] * (128 - len(fat))
    directory = struct.pack("<iQ", starts[2], len(mini)).join((directory[:116], directory[128:]))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 16
    header += struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6) + b"\x00" * 6
    header += struct.pack(
        "<IIiIIiIiI", 0, 1, starts[0], 0, 4096, starts[1], len(minis) // 512, -2, 0
    )
    header += struct.pack("<i", 0) + b"\xff" * (108 * 4)
    return header + struct.pack("<128i", *fat) + directory + minis + mini


def _entry(entry: list[object]) -> bytes:
    name, kind, left, right, child, start, size = entry
    packed = str(name).encode("utf-16-le")
    found = packed.ljust(64, b"\x00") + struct.pack("<H", len(packed) + 2)
    found += struct.pack("<BBiii", kind, 1, left, right, child) + b"\x00" * 36
    return found + struct.pack("<iQ", start, size)
