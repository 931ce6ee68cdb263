"""Microsoft's compound file (MS-CFB): its streams by path, read with bounds and no recursion."""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_ENTRIES = 20_000
MOST_STREAM = 64 * 1024 * 1024
_END = 0xFFFFFFFA  # this and above are marks, not sectors
_NONE = 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


def streams(data: bytes) -> dict[str, bytes]:
    """Every stream of a compound file by its path; what is damaged is left out."""
    if len(data) < 512 or not data.startswith(MAGIC):
        return {}
    try:
        return _File(data).streams()
    except (struct.error, IndexError, ValueError):
        return {}


class _File:
    """The sectors of a compound file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        major, _order, shift, mini_shift = struct.unpack_from("<HHHH", data, 26)
        if shift not in (9, 12) or mini_shift > shift:
            raise ValueError
        self.size, self.mini_size, self.major = 1 << shift, 1 << mini_shift, major
        _fats, directory, _sign, self.cutoff, mini, _minis, more, _mores = struct.unpack_from(
            "<IIIIIIII", data, 44
        )
        self.most = len(data) // self.size + 1
        self.fat = self._fat(more)
        self.mini_fat = self._numbers(self._chain(mini))
        self.entries = self._entries(self._chain(directory))
        root = self.entries[0]
        self.mini = self._chain(root.start)[: min(root.size, MOST_STREAM)]

    def streams(self) -> dict[str, bytes]:
        """Walk over the trees of storages; each entry counts once."""
        found: dict[str, bytes] = {}
        seen: set[int] = set()
        waiting = [(self.entries[0].child, "")]
        while waiting:
            number, folder = waiting.pop()
            if number >= len(self.entries) or number in seen:
                continue
            seen.add(number)
            entry = self.entries[number]
            waiting.extend(((entry.left, folder), (entry.right, folder)))
            if entry.kind == _STORAGE:
                waiting.append((entry.child, f"{folder}{entry.name}/"))
            elif entry.kind == _STREAM:
                found[folder + entry.name] = self._stream(entry)
        return found

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self.size
        return self.data[start : start + self.size]

    def _numbers(self, data: bytes) -> list[int]:
        whole = len(data) // 4
        return list(struct.unpack_from(f"<{whole}I", data)) if whole else []

    def _fat(self, more: int) -> list[int]:
        """The table of followers; its sectors are listed in the header and in a chain."""
        listed = list(struct.unpack_from("<109I", self.data, 76))
        turns = 0
        while more < _END and turns < self.most:
            numbers = self._numbers(self._sector(more))
            if not numbers:
                break
            listed.extend(numbers[:-1])
            more, turns = numbers[-1], turns + 1
        fat: list[int] = []
        for number in listed:
            if number < _END and len(fat) < self.most + 1024:
                fat.extend(self._numbers(self._sector(number)))
        return fat

    def _chain(self, start: int) -> bytes:
        pieces, number, turns = [], start, 0
        while number < len(self.fat) and turns < self.most:
            pieces.append(self._sector(number))
            number, turns = self.fat[number], turns + 1
        return b"".join(pieces)

    def _mini_chain(self, start: int, size: int) -> bytes:
        pieces, number, turns = [], start, 0
        while number < len(self.mini_fat) and turns * self.mini_size < size:
            place = number * self.mini_size
            pieces.append(self.mini[place : place + self.mini_size])
            number, turns = self.mini_fat[number], turns + 1
        return b"".join(pieces)[:size]

    def _stream(self, entry: _Entry) -> bytes:
        size = min(entry.size, MOST_STREAM)
        if size < self.cutoff:
            return self._mini_chain(entry.start, size)
        return self._chain(entry.start)[:size]

    def _entries(self, data: bytes) -> list[_Entry]:
        found = []
        for place in range(0, min(len(data), MOST_ENTRIES * 128) - 127, 128):
            length = min(struct.unpack_from("<H", data, place + 64)[0], 64)
            name = data[place : place + max(length - 2, 0)].decode("utf-16-le", "replace")
            kind, _colour, left, right, child = struct.unpack_from("<BBIII", data, place + 66)
            start, size = struct.unpack_from("<IQ", data, place + 116)
            if self.major < 4:
                size &= _NONE
            found.append(_Entry(name, kind, left, right, child, start, size))
        return found
