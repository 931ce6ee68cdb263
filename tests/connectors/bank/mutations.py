"""Ways in which files of banks break, each a function of bytes and chance."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

Mutation = Callable[[bytes, random.Random, Sequence[bytes]], bytes]
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00", b"\x1a", b"\r", b"\x01", b"\xa0")
NUMBERS = (
    b"9" * 40,
    b"-0",
    b"1e400",
    b"0" * 200,
    b"99999999999999",
    b"1,2.3,4",
    b"NaN",
    b"-",
    "٣٤".encode(),
    b"",
)
ENCODINGS = ("utf-16", "utf-16-be", "utf-32", "cp037", "utf-7", "cp850", "utf-8-sig", "shift_jis")
_DECLARED = re.compile(rb"(encoding=[\"']|CHARSET:|ENCODING:)[\w-]*", re.IGNORECASE)
NESTS = ((b"<a>", b"</a>"), (b"<STMTTRN>", b""), (b"<NtryDtls>", b"</NtryDtls>"), (b"{4:", b"}"))


def flipped(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Some bytes are others."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def bit_flipped(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """One bit of a few bytes is the other."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """The end, the beginning or a piece between is missing."""
    first, last = sorted(chance.randint(0, len(data)) for _ in range(2))
    return chance.choice((data[:first], data[last:], data[:first] + data[last:]))


def put(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Random bytes or a mark stand somewhere."""
    at = chance.randint(0, len(data))
    piece = chance.choice((*MARKS, chance.randbytes(chance.randint(1, 40))))
    return data[:at] + piece + data[at:]


def lines(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Lines are swapped, doubled, dropped, joined or turned around."""
    found = data.split(b"\n")
    for _ in range(chance.randint(1, 3)):
        here, there = chance.randrange(len(found)), chance.randrange(len(found))
        kind = chance.randrange(5)
        if kind == 0:
            found[here], found[there] = found[there], found[here]
        elif kind == 1:
            found.insert(there, found[here])
        elif kind == 2 and len(found) > 1:
            del found[here]
        elif kind == 3:
            found[here : here + 2] = [b"".join(found[here : here + 2])]
        else:
            found[here] = found[here][::-1]
    return b"\n".join(found)


def numbers(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """A number is huge, empty, or none at all."""
    found = list(re.finditer(rb"\d+", data))
    if not found:
        return data
    one = chance.choice(found)
    return data[: one.start()] + chance.choice(NUMBERS) + data[one.end() :]


def nested(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Elements or envelopes stand in each other tens of thousands deep."""
    opening, closing = chance.choice(NESTS)
    deep = chance.choice((300, 5_000, 40_000))
    at = chance.randint(0, len(data))
    return data[:at] + opening * deep + closing * deep + data[at:]


def encoded(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """The file is in another encoding than it says, or in none."""
    text = data.decode("latin-1")
    return text.encode(chance.choice(ENCODINGS), errors="replace")


def spliced(data: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """The beginning of one file and the end of another."""
    other = chance.choice(others)
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


def repeated(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """The file, a piece of it or one byte stands there many times."""
    at = chance.randint(0, max(len(data) - 1, 0))
    piece = data[at : at + chance.randint(1, 200)]
    times = chance.choice((2, 50, 2_000))
    return chance.choice((data * 2, data[:at] + piece * times + data[at:]))


def declared(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """What the head declares of encoding or character set is something else."""
    name = chance.choice((b"UTF-16", b"ISO-8859-15", b"x-none", b"EBCDIC-CP-US", b"idna", b"1252"))
    return _DECLARED.sub(rb"\g<1>" + name, data, count=1)


def folded(data: bytes, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    """Lines end otherwise, or nowhere."""
    return data.replace(b"\n", chance.choice((b"\r", b"\r\n", b"", b" ", b"\n\n", b"\r\r\n")))


MUTATIONS: tuple[Mutation, ...] = (
    flipped,
    bit_flipped,
    cut,
    put,
    lines,
    numbers,
    nested,
    encoded,
    spliced,
    repeated,
    declared,
    folded,
)


def mutated(seeds: Sequence[bytes], number: int, *, seed: int) -> tuple[str, bytes]:
    """The mutation of that number: its name, and the broken file."""
    chance = random.Random(seed * 10_000_019 + number)
    data = chance.choice(seeds)
    names = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        change = chance.choice(MUTATIONS)
        names.append(change.__name__)
        data = change(data, chance, seeds)
    return "+".join(names), data
